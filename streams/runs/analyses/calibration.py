"""Compare the forecasts of a run with the outcomes, by platform, and find the factor that corrects the forecasts.

The outcome of a forecast is the final number of distinct sharers of the cascade. Cascades that may have grown after the
end of the recording are excluded, because they would make every forecast look too high.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import pandas as pd

from detectors.alerting.evidence import FORECAST_STATES
from detectors.growth.forecast import Forecast, calibration
from streams.runs.loaded import LoadedRun
from streams.settings.load import from_values

MIN_CASCADES = 5
"""Cascades required for a factor: on recorded streams a factor from five was about as good as one from forty."""
MIN_GAIN = 0.1
"""Gain in coverage of the later half, by the factor of the earlier half, from which a setting is suggested."""
_RANGE = ["low", "middle", "high"]
_OUTCOME = [*_RANGE, "actual"]
_ENDING = ["cluster_id", "status", "platform", "episode", "last_time", "sharers"]
_READ_AT = [state.value for state in FORECAST_STATES]


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of alerts with an outcome below, inside and above the forecast range."""

    below: float  # the outcome was below the range
    inside: float  # the target is 0.8
    above: float


class PlatformCalibration(msgspec.Struct, frozen=True, kw_only=True):
    """Accuracy of the forecasts on cascades that began on one platform."""

    platform: str
    cascades: int
    alerts: int
    coverage: Coverage
    current: float  # growth.calibration of the run for the platform
    calibration: float | None  # half of the corrected forecasts would be too high; None with too few cascades
    later_coverage: Coverage | None  # of the later half of the cascades, without correction
    later_corrected: Coverage | None  # of the later half, with the factor of the earlier half
    setting: str | None  # suggested setting for the command line; None without a clear gain in the later half


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """Accuracy of the forecasts of a run."""

    run: str
    complete: bool
    platforms: tuple[PlatformCalibration, ...]
    still_active: int  # excluded clusters with alerts: shared until near the end of the recording
    unknown_end: int  # excluded clusters with alerts: evicted, or the run was interrupted


class _Outcome(NamedTuple):
    forecast: Forecast
    actual: float


def calibrate(run: LoadedRun, inactive_ms: int) -> Calibration:
    """Compare the forecasts of alerts with the outcomes.

    Args:
        run: the run. Only detector L forecasts a range, so alerts of other detectors are skipped.
        inactive_ms: last part of the recording, in ms; an open cascade without a share in the part counts as ended.

    Returns:
        Coverage, factor and suggested setting by platform. A merged cluster counts with its final cluster.

    Raises:
        RunFolderError: the tables of the run cannot be read, as after a kill.

    """
    outcomes = _outcomes(run, inactive_ms)
    growth = from_values(run.manifest.settings).pipeline.growth
    ended = outcomes[outcomes["ended"]]
    unknown = outcomes["status"].isna() | (outcomes["status"] == "evicted")
    return Calibration(
        run=run.path.name,
        complete=run.manifest.complete,
        platforms=tuple(
            _platform(str(name), _by_cascade(rows), growth.on(str(name)).calibration)
            for name, rows in ended.groupby("platform", sort=True)
        ),
        still_active=int(outcomes.loc[~outcomes["ended"] & ~unknown, "cluster_id"].nunique()),
        unknown_end=int(outcomes.loc[unknown, "cluster_id"].nunique()),
    )


def _outcomes(run: LoadedRun, inactive_ms: int) -> pd.DataFrame:
    """Return one row per alert with a forecast range, with the end of its cascade."""
    growth = [alert.evidence.growth for alert in run.alerts]
    ranges = [(one.expected_low, one.expected_further, one.expected_high) for one in growth]
    alerts = run.alerts_table[["time", "cluster_id", "state", "sharers"]].join(pd.DataFrame(ranges, columns=_RANGE))
    alerts = alerts[alerts["state"].isin(_READ_AT) & (alerts["middle"] > 0)].dropna()
    endings = run.clusters.loc[run.clusters["status"] != "merged", _ENDING]
    silence_s = (endings["last_time"].max() - endings["last_time"]).dt.total_seconds()
    over = (endings["status"] == "open") & (silence_s * 1000 >= inactive_ms)
    endings = endings.assign(ended=over | (endings["status"] == "closed"))
    # A cluster has a row per episode; an alert belongs to the first episode that ends after the alert.
    found = pd.merge_asof(
        alerts.astype({"time": endings["last_time"].dtype, "cluster_id": endings["cluster_id"].dtype}).sort_values(
            "time"
        ),
        endings.rename(columns={"sharers": "final"}).sort_values("last_time"),
        left_on="time",
        right_on="last_time",
        by="cluster_id",
        direction="forward",
    )
    actual = (found["final"] - found["sharers"]).clip(lower=0.0)
    return found.assign(ended=found["ended"].eq(other=True), actual=actual)


def _by_cascade(rows: pd.DataFrame) -> list[list[_Outcome]]:
    """Return the outcomes of each cascade, in the order of the first alerts."""
    return [
        [
            _Outcome(Forecast(low, middle, high), actual)
            for low, middle, high, actual in cascade[_OUTCOME].to_numpy().tolist()
        ]
        for _, cascade in rows.groupby(["cluster_id", "episode"], sort=False)
    ]


def _platform(name: str, cascades: Sequence[Sequence[_Outcome]], current: float) -> PlatformCalibration:
    every = _flat(cascades)
    earlier, later = (_flat(half) for half in (cascades[: len(cascades) // 2], cascades[len(cascades) // 2 :]))
    checked = len(cascades) // 2 >= MIN_CASCADES
    factor = float(f"{current * _factor(every):.2g}")
    uncorrected, corrected = _coverage(later), _coverage(later, _factor(earlier) if checked else 1.0)
    better = checked and corrected.inside >= uncorrected.inside + MIN_GAIN
    return PlatformCalibration(
        platform=name,
        cascades=len(cascades),
        alerts=len(every),
        coverage=_coverage(every),
        current=current,
        calibration=factor if len(cascades) >= MIN_CASCADES else None,
        later_coverage=uncorrected if checked else None,
        later_corrected=corrected if checked else None,
        setting=f"growth.platforms.{name}.calibration={factor:g}" if better else None,
    )


def _flat(cascades: Sequence[Sequence[_Outcome]]) -> list[_Outcome]:
    return [one for cascade in cascades for one in cascade]


def _factor(outcomes: Sequence[_Outcome]) -> float:
    return calibration([one.forecast for one in outcomes], [one.actual for one in outcomes])


def _coverage(outcomes: Sequence[_Outcome], factor: float = 1.0) -> Coverage:
    ranges = [(one.forecast.scaled(factor), one.actual) for one in outcomes]
    inside = sum(forecast.contains(actual) for forecast, actual in ranges)
    above = sum(actual > forecast.high and not forecast.contains(actual) for forecast, actual in ranges)
    shares = [round(count / len(outcomes), 3) for count in (len(outcomes) - inside - above, inside, above)]
    return Coverage(below=shares[0], inside=shares[1], above=shares[2])


__all__ = ["MIN_CASCADES", "MIN_GAIN", "Calibration", "Coverage", "PlatformCalibration", "calibrate"]
