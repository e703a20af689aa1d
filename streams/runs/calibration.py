"""Whether a run's forecasts came true, by platform, and the one factor that would have put them right.

What an alert said is held against the distinct sharers that its cascade had in the end. Cascades that may still have
grown when the recording ended are left out: they would make every forecast look too high.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import pandas as pd

from detectors.growth.forecast import Forecast, calibration
from schemas.alert import Lifecycle
from streams.runs.loaded import LoadedRun
from streams.settings.load import from_values

LEAST = 5
"""Cascades from which a factor is told: on recorded streams it was about as good as one from forty."""
MARGIN = 0.1
"""A setting is named where the factor of the earlier half brings so much more of the later half into the range."""
_RANGE = ["low", "middle", "high"]
_ASKED = [*_RANGE, "came"]
_ENDING = ["cluster_id", "status", "platform", "episode", "last_time", "sharers"]
_READ_AT = [Lifecycle.OPENED.value, Lifecycle.ESCALATED.value, Lifecycle.RESURFACED.value]


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Where what came lay, as shares of the alerts."""

    below: float  # fewer came than the range's low end
    inside: float  # .8 is the aim
    above: float


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """The forecasts on the cascades that began on one platform."""

    platform: str
    cascades: int
    alerts: int
    told: Coverage
    now: float  # the run's own growth.calibration there
    calibration: float | None  # by which half of the alerts would have told too much; none from too few cascades
    later_told: Coverage | None  # of the later half of the cascades, as told
    later_corrected: Coverage | None  # of the same, by the factor of the earlier half
    setting: str | None  # what to set, as the command line takes it; only where the later half gains clearly by it


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """A run's forecasts."""

    run: str
    complete: bool
    platforms: tuple[Platform, ...]
    growing: int  # alerted clusters left out: they were shared until near the recording's end
    lost: int  # likewise: the run does not say how they ended; it was interrupted, or had no room for them


class _Asked(NamedTuple):
    told: Forecast
    came: float


def calibrate(run: LoadedRun, settled_after_ms: int) -> Calibration:
    """Hold what alerts forecast against what came.

    Args:
        run: only L forecasts a range, so alerts of other detectors are passed over.
        settled_after_ms: an open cascade without a share in this last part of the recording is taken to be over.

    Returns:
        A cluster that was merged into another later counts with all that it became.

    Raises:
        RunFolderError: a run whose tables cannot be read, as after a kill.

    """
    asked = _asked(run, settled_after_ms)
    growth = from_values(run.manifest.settings).pipeline.growth
    settled = asked[asked["settled"]]
    lost = asked["status"].isna() | (asked["status"] == "evicted")
    return Calibration(
        run=run.path.name,
        complete=run.manifest.complete,
        platforms=tuple(
            _platform(str(name), _by_cascade(rows), growth.on(str(name)).calibration)
            for name, rows in settled.groupby("platform", sort=True)
        ),
        growing=int(asked.loc[~asked["settled"] & ~lost, "cluster_id"].nunique()),
        lost=int(asked.loc[lost, "cluster_id"].nunique()),
    )


def _asked(run: LoadedRun, settled_after_ms: int) -> pd.DataFrame:
    """One row an alert that forecast a range, beside how its cascade stood in the end."""
    growth = [alert.evidence.growth for alert in run.alerts]
    ranges = [(one.expected_low, one.expected_further, one.expected_high) for one in growth]
    alerts = run.alerts_table[["time", "cluster_id", "state", "sharers"]].join(pd.DataFrame(ranges, columns=_RANGE))
    alerts = alerts[alerts["state"].isin(_READ_AT) & (alerts["middle"] > 0)].dropna()
    endings = run.clusters.loc[run.clusters["status"] != "merged", _ENDING]
    silence_s = (endings["last_time"].max() - endings["last_time"]).dt.total_seconds()
    over = (endings["status"] == "open") & (silence_s * 1000 >= settled_after_ms)
    endings = endings.assign(settled=over | (endings["status"] == "closed"))
    found = pd.merge_asof(  # a cluster has a row for each episode; an alert is of the first that ended after it
        alerts.astype({"time": endings["last_time"].dtype, "cluster_id": endings["cluster_id"].dtype}).sort_values(
            "time"
        ),
        endings.rename(columns={"sharers": "final"}).sort_values("last_time"),
        left_on="time",
        right_on="last_time",
        by="cluster_id",
        direction="forward",
    )
    came = (found["final"] - found["sharers"]).clip(lower=0.0)
    return found.assign(settled=found["settled"].eq(other=True), came=came)


def _by_cascade(rows: pd.DataFrame) -> list[list[_Asked]]:
    """What was asked of each cascade, in the order of their first alerts."""
    return [
        [_Asked(Forecast(low, middle, high), came) for low, middle, high, came in cascade[_ASKED].to_numpy().tolist()]
        for _, cascade in rows.groupby(["cluster_id", "episode"], sort=False)
    ]


def _platform(name: str, cascades: Sequence[Sequence[_Asked]], now: float) -> Platform:
    every = _flat(cascades)
    earlier, later = (_flat(half) for half in (cascades[: len(cascades) // 2], cascades[len(cascades) // 2 :]))
    checked = len(cascades) // 2 >= LEAST
    factor = float(f"{now * _factor(every):.2g}")
    as_told, corrected = _coverage(later), _coverage(later, _factor(earlier) if checked else 1.0)
    better = checked and corrected.inside >= as_told.inside + MARGIN
    return Platform(
        platform=name,
        cascades=len(cascades),
        alerts=len(every),
        told=_coverage(every),
        now=now,
        calibration=factor if len(cascades) >= LEAST else None,
        later_told=as_told if checked else None,
        later_corrected=corrected if checked else None,
        setting=f"growth.platforms.{name}.calibration={factor:g}" if better else None,
    )


def _flat(cascades: Sequence[Sequence[_Asked]]) -> list[_Asked]:
    return [one for cascade in cascades for one in cascade]


def _factor(asked: Sequence[_Asked]) -> float:
    return calibration([one.told for one in asked], [one.came for one in asked])


def _coverage(asked: Sequence[_Asked], factor: float = 1.0) -> Coverage:
    told = [one.told.scaled(factor) for one in asked]
    inside = sum(range_.contains(one.came) for range_, one in zip(told, asked, strict=True))
    over = (one.came > range_.high and not range_.contains(one.came) for range_, one in zip(told, asked, strict=True))
    above = sum(over)
    shares = [round(count / len(asked), 3) for count in (len(asked) - inside - above, inside, above)]
    return Coverage(below=shares[0], inside=shares[1], above=shares[2])


__all__ = ["LEAST", "MARGIN", "Calibration", "Coverage", "Platform", "calibrate"]
