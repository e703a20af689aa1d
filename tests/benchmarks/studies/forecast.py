"""How far to trust "so many more will share": python -m tests.benchmarks.studies.forecast.

Whether the range holds eight of ten, on streams that the constants saw and on a stream left out, as it stands and by
one factor from the stream's own past; how far SEISMIC is off with and without followers; and how often the interval of
the reproduction number holds a known one.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import QuantileRegressor

from detectors.alerting.config import PolicyConfig
from detectors.alerting.policy import AlertPolicy
from detectors.alerting.transition import Transition
from detectors.growth import GrowthConfig
from detectors.growth.expected_growth import ExpectedGrowth, cold_threshold, expected_further
from detectors.growth.forecast import LEAST, MOST, Forecast, calibration, forecast
from tests.benchmarks.corpora.recorded import LARGE, STREAMS, cut, tracks
from tests.benchmarks.corpora.tracks import Track, require_data, table
from tests.benchmarks.studies.reproduction import report as report_reproduction
from tests.benchmarks.studies.seismic import report as report_seismic

BIG = (5, 10, 20, 50, 100, 200, 500)
"""Ideas of big whose alerts are asked: the forecast is read where a person reads it, at an alert."""
LEVELS = tuple(sorted(cold_threshold(q) + step * math.log(4) for q in BIG for step in range(3)))
BANDS = ((3, 10), (10, 30), (30, 100), (100, math.inf))
QUANTILES = (0.1, 0.5, 0.9)
CALIBRATED_AT = (5, 20, 50, 200)
STATES_AT = (5, 20, 50, 100)
"""Ideas of big whose alerts are followed to their end: an alert's state decides whether it publishes a forecast."""
FEW, DRAWS, SEED = 5, 100, 11
"""As many cascades as `hearsay calibrate` asks for, drawn so often from the earlier half."""
ENOUGH = 20  # alerts on which a row is judged
LEAST_SHARERS = 3

Floats = NDArray[np.float64]
Ends: TypeAlias = Sequence[tuple[float, float]]
"""(ln c, b) of the low end, the middle and the high end."""


class Asked(msgspec.Struct, frozen=True):
    """Forecasts at the alerts of one stream, with what came: arrays of one length, in sharers."""

    size: Floats
    expected: Floats  # A, as L expects it
    came: Floats


def main() -> None:
    """Print all three."""
    require_data()
    report_range()
    report_seismic()
    report_reproduction()


def report_range() -> None:
    """Coverage of the range, by size, and with the constants fitted without the stream."""
    found = {stream.name: tracks(stream) for stream in (*STREAMS, LARGE)}
    asked = {name: at_alerts(one) for name, one in found.items()}
    rows: list[Sequence[object]] = []
    for name, one in asked.items():
        covered = inside(one)
        parts = [covered[(one.size >= low) & (one.size < high)] for low, high in BANDS]
        rows.append((name, len(covered), _mean(covered), *(_mean(part) for part in parts), _mean(factor_two(one))))
    names = ("stream", "alerts", "all", *(f"N {low}-{high:g}" for low, high in BANDS), "factor 2 of A")
    table("share of alerts whose further sharers came to lie in the 80 % range; .8 is the aim", names, rows)
    chosen = [stream.name for stream in STREAMS]
    print_fit("as shipped, fitted on all but TiDeH", fitted([asked[name] for name in chosen]))
    others = {name: fitted([asked[other] for other in chosen if other != name]) for name in found}
    left_out = [(name, *_where(_ranges(others[name], asked[name]), asked[name].came)) for name in found]
    table("fitted without the stream: share inside, below, above", ("stream", "inside", "below", "above"), left_out)
    report_calibrated(found, others)
    report_states({name: one for name, one in found.items() if name in chosen})


def report_states(found: Mapping[str, Sequence[Track]]) -> None:
    """Coverage of the range in each state of an alert; a forecast is published where it is near .8."""
    held: dict[tuple[str, int], dict[str, list[bool]]] = {}
    for name, one in found.items():
        least = next(stream.min_sharers for stream in STREAMS if stream.name == name)
        for q in STATES_AT:
            config = GrowthConfig(target_size=q, min_sharers=least)
            for track in one:
                for transition, size, expected in alerts_of(track, config):
                    covered = forecast(size, expected).contains(track.final - size)
                    state = (str(transition.state), min(transition.level, 1))
                    held.setdefault(state, {}).setdefault(name, []).append(covered)
    rows = [
        (
            state,
            level,
            *(f"{np.mean(streams[name]):.2f} of {len(streams[name])}" if name in streams else "" for name in found),
        )
        for (state, level), streams in sorted(held.items())
    ]
    table("share of alerts within the 80 % range, by state of the alert", ("state", "level", *found), rows)


def alerts_of(track: Track, config: GrowthConfig) -> list[tuple[Transition, float, float]]:
    """Follow one cascade through the alert policy to its end: each alert, the size and L's expectation at its time."""
    detector, found = ExpectedGrowth(config), list[tuple[Transition, float, float]]()
    policy = AlertPolicy(PolicyConfig(), detector.thresholds(), config.target_size, config.min_sharers)

    def note(transitions: Sequence[Transition]) -> None:
        found.extend(
            (one, detector.size, expected_further(detector.size, detector.mass(one.time))) for one in transitions
        )

    def tick(until: float) -> None:
        while (due := policy.next_timer()) is not None and due < until:
            note(policy.tick(due, detector.score(due), detector.quiet(due)))

    for at in track.times:
        tick(at)
        if policy.closed:
            detector.reopen(at)
            policy.reopen(at)
        note(policy.update(at, detector.update(at), detector.size))
    tick(math.inf)
    return found


def report_calibrated(found: Mapping[str, Sequence[Track]], others: Mapping[str, Ends]) -> None:
    """What one factor of each stream's own past does, by idea of big, where there are alerts enough to tell."""
    rows = []
    for stream in (*STREAMS, LARGE):
        earlier, later = cut(found[stream.name])
        for q in CALIBRATED_AT:
            config = GrowthConfig(target_size=q, min_sharers=stream.min_sharers)
            past = [one for one in (at_alerts([track], config) for track in earlier) if len(one.came)]
            judged = at_alerts(later, config)
            if len(past) >= FEW and len(judged.came) >= ENOUGH:
                rows.append(
                    (stream.name, q, len(past), len(judged.came), *calibrated(others[stream.name], past, judged))
                )
    title = f"fitted without the stream, times one factor of its earlier half, on the later; also from {FEW} of its cascades"
    names = ("stream", "q", "past", "alerts", "as fitted", "factor", "inside", "below", "above")
    table(title, (*names, f"by {FEW}: mean", "worst tenth", "all six"), rows)


def calibrated(ends: Ends, past: Sequence[Asked], judged: Asked) -> tuple[float, ...]:
    """What one factor of the stream's own past does for constants that never saw it.

    Args:
        ends: the constants.
        past: one for each cascade of the earlier half.
        judged: all alerts of the later half.

    Returns:
        shares of the alerts judged: inside as fitted; the factor from all of the past, and with it inside, below and
        above; inside by factors from `FEW` cascades, the mean and the worst tenth of the draws; and inside with all six
        constants fitted to the past instead.

    """
    told = _ranges(ends, judged)

    def factor_from(chosen: Sequence[Asked]) -> float:
        ranges = [one for part in chosen for one in _ranges(ends, part)]
        return calibration(ranges, [float(came) for part in chosen for came in part.came])

    def corrected(factor: float) -> tuple[float, float, float]:
        return _where([one.scaled(factor) for one in told], judged.came)

    draw = np.random.default_rng(SEED)
    drawn = [draw.choice(len(past), FEW, replace=False) for _ in range(DRAWS)]
    few = [corrected(factor_from([past[at] for at in chosen]))[0] for chosen in drawn]
    factor = factor_from(past)
    whole = Asked(*(np.concatenate([getattr(one, name) for one in past]) for name in ("size", "expected", "came")))
    anew = _where(_ranges(fitted([whole]), judged), judged.came)[0]
    as_fitted = corrected(1.0)[0]
    return (as_fitted, factor, *corrected(factor), float(np.mean(few)), float(np.quantile(few, 0.1)), anew)


def at_alerts(found: Sequence[Track], config: GrowthConfig | None = None) -> Asked:
    """Follow each cascade and ask whenever its score first reaches a level, of one idea of big or of all."""
    levels, least = (
        (LEVELS, LEAST_SHARERS) if config is None else (ExpectedGrowth(config).thresholds(), config.min_sharers)
    )
    rows = [row for track in found for row in _asked_of(track, levels, least)]
    size, expected, came = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return Asked(size, expected, came)


def _asked_of(track: Track, levels: Sequence[float], least: int) -> list[tuple[float, float, float]]:
    detector, met, rows = ExpectedGrowth(GrowthConfig()), 0, []
    for n, at in enumerate(track.times, start=1):
        score = detector.update(at)
        if n < least:
            continue
        reached = sum(score >= level for level in levels)
        if reached > met:
            met = reached
            rows.append((float(n), expected_further(n, detector.mass(at)), float(track.final - n)))
    return rows


def inside(asked: Asked) -> NDArray[np.bool_]:
    """Whether each range, as printed in whole sharers, held what came."""
    told = [forecast(size, expected) for size, expected in zip(asked.size, asked.expected, strict=True)]
    return np.array([one.contains(came) for one, came in zip(told, asked.came, strict=True)], dtype=np.bool_)


def factor_two(asked: Asked) -> NDArray[np.bool_]:
    """Whether what came is within a factor of two of A: the convention that the range stands against."""
    return (asked.came >= asked.expected / 2) & (asked.came <= asked.expected * 2)


def fitted(streams: Sequence[Asked]) -> list[tuple[float, float]]:
    """(ln c, b) of the low end, the middle and the high end: quantile regression, each stream weighing the same."""
    x = np.concatenate([_log_size(one) for one in streams])[:, None]
    y = np.concatenate([np.log((one.came + 1) / (one.expected + 1)) for one in streams])
    weight = np.concatenate([np.full(len(one.size), 1000 / len(one.size)) for one in streams])
    models = [QuantileRegressor(quantile=q, alpha=0.0).fit(x, y, sample_weight=weight) for q in QUANTILES]
    return [(float(model.intercept_), float(model.coef_[0])) for model in models]


def _log_size(asked: Asked) -> Floats:
    return np.log(np.clip(asked.size, LEAST, MOST) / LEAST)


def _predicted(line: tuple[float, float], asked: Asked) -> Floats:
    predicted: Floats = asked.expected * np.exp(line[0] + line[1] * _log_size(asked))
    return predicted


def _ranges(ends: Ends, asked: Asked) -> list[Forecast]:
    return [Forecast(*map(float, one)) for one in zip(*(_predicted(end, asked) for end in ends), strict=True)]


def _where(told: Sequence[Forecast], came: Floats) -> tuple[float, float, float]:
    """Shares of what came inside, below and above the ranges."""
    held = np.array([one.contains(further) for one, further in zip(told, came, strict=True)], dtype=np.bool_)
    under = came < np.array([one.middle for one in told])
    return _mean(held), _mean(~held & under), _mean(~held & ~under)


def print_fit(title: str, ends: Ends) -> None:
    """The constants that the data ask for today, beside which those in the code can be laid."""
    rows = [(f"{q:.0%} quantile", math.exp(line[0]), line[1]) for q, line in zip(QUANTILES, ends, strict=True)]
    table(f"A c (N / {LEAST:g})^b, {title}", ("end", "c", "b"), rows)


def _mean(values: NDArray[np.bool_]) -> float:
    return float(np.mean(values)) if len(values) else math.nan


if __name__ == "__main__":
    main()
