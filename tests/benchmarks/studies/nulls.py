"""How many false alarms a stream gives in which nothing takes off: python -m tests.benchmarks.studies.nulls.

Organic background is broadcasts: everybody shares from the root, nobody passes on, sizes are heavy-tailed. It is given
a day's swing, a month in which the platform grows, a day on which everything does. Beside the cold rule stand the budget
of alerts, which raises the threshold while more come, and two rules that learn from closed cascades: a rolling quantile that
aims at a number of alerts a day, and Benjamini-Hochberg over the cascades of a day
(doi:10.1111/j.2517-6161.1995.tb02031.x). What the budget costs where something takes off: `studies.budget`.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from detectors.alerting.budget import AlertBudget
from detectors.growth import GrowthConfig
from detectors.growth.expected_growth import FLOOR, ExpectedGrowth, cold_threshold
from streams.devtools.simulator.clock import Day, reaction_seconds
from tests.benchmarks.corpora.recorded import STREAMS, halves, tracks
from tests.benchmarks.corpora.tracks import Track, require_data, table

BIG = 50
BUDGET = 2.0
"""Alerts a day that the operator can look at."""
DAYS = 90
CASCADES_A_DAY = 150
MONTH = 30
DAY_MS = 86_400_000
CLOSED_AFTER = 7
"""Days from the start after which a cascade's highest score counts as known."""
ENOUGH = 500
"""Closed cascades from which the learnt threshold holds alone."""
REACH = 1.5
"""A learnt threshold stays this near to the cold one."""
FALSE_SHARE = 0.1
SEED = 7
SIZE_MEDIAN, SIZE_SPREAD = 3.0, 1.1  # of the log-normal mean size of a broadcast

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Null(msgspec.Struct, frozen=True, kw_only=True):
    """A stream in which nothing takes off."""

    swing: float = 0.0  # of activity over the day
    growth: Callable[[int], float] = lambda day: 1.0  # how much larger the broadcasts of a day are


def _last_month_larger(day: int) -> float:
    return 2.0 if day >= 2 * MONTH else 1.0


def _creeping(day: int) -> float:
    return 1.0 + 1.5 * day / DAYS


def _surge(day: int) -> float:
    return 5.0 if day == 2 * MONTH + 15 else 1.0


NULLS: Mapping[str, Null] = {
    "even": Null(),
    "day and night": Null(swing=0.75),
    "last month twice as large": Null(swing=0.75, growth=_last_month_larger),
    "growing all the time": Null(swing=0.75, growth=_creeping),
    "one day five times as large": Null(swing=0.75, growth=_surge),
}


def main() -> None:
    """Print both tables."""
    report_background()
    require_data()
    report_shuffled()


def report_background() -> None:
    """Alerts a day in the last two months under each rule, and how often a day exceeds the budget twofold."""
    rows = []
    for name, null in NULLS.items():
        stream = background(null, np.random.default_rng(SEED))
        cascades = int(np.sum(stream.start >= MONTH))
        for rule, days in rules(stream).items():
            daily = [np.bincount(days, minlength=DAYS)[first : first + MONTH] for first in (MONTH, 2 * MONTH)]
            both = np.concatenate(daily)
            over = float(np.mean(both > 2 * BUDGET))
            spoken = 1000 * float(np.sum(both)) / cascades
            rows.append((f"{name}: {rule}", spoken, *(float(np.mean(month)) for month in daily), over, max(daily[1])))
    names = ("stream: rule", "alerts/1k", "a day, month 2", "a day, month 3", "days over twice", "worst day")
    table(f"nothing takes off: {CASCADES_A_DAY} broadcasts a day, q {BIG}, budget {BUDGET:g} alerts a day", names, rows)


class Reached(msgspec.Struct, frozen=True, order=True):
    """A share with which a cascade is at or over the plain threshold; the smaller is the earlier."""

    at: int  # ms
    cascade: int
    sharers: int  # this one included
    score: float


class Broadcasts(msgspec.Struct, frozen=True):
    """What there is to know of a stream's broadcasts, by start."""

    start: Ints  # day
    peak: Floats  # highest score from the least number of sharers on; `FLOOR` for one that never got there
    high: Sequence[Reached]  # by time


def background(null: Null, draw: np.random.Generator) -> Broadcasts:
    """Ninety days of broadcasts."""
    clock = Day(swing=null.swing)
    start, peak, high = list[int](), list[float](), list[Reached]()
    for day in range(DAYS):
        for _ in range(int(draw.poisson(CASCADES_A_DAY))):
            root = clock.moment(day * DAY_MS, (day + 1) * DAY_MS, float(draw.random()))
            mean = SIZE_MEDIAN * null.growth(day) * math.exp(SIZE_SPREAD * float(draw.standard_normal()))
            delays = (reaction_seconds(float(draw.random())) for _ in range(int(draw.poisson(mean))))
            times = [root, *sorted(clock.later(root, delay) for delay in delays)]
            scores = scored(times, GrowthConfig(target_size=BIG))
            high += reached(len(start), times, scores, cold_threshold(BIG))
            start.append(day)
            peak.append(max(scores))
    return Broadcasts(np.array(start), np.array(peak), sorted(high))


def scored(times: Sequence[int], config: GrowthConfig) -> list[float]:
    """L's score at each share; `FLOOR` below the least number of sharers."""
    detector = ExpectedGrowth(config)
    scores = [detector.update(at) for at in times]
    small = min(config.min_sharers - 1, len(scores))
    return [FLOOR] * small + scores[small:]


def reached(cascade: int, times: Sequence[int], scores: Sequence[float], limit: float) -> list[Reached]:
    """The shares of a cascade at which its score is at the threshold or over it."""
    shares = enumerate(zip(times, scores, strict=True), start=1)
    return [Reached(at, cascade, n, score) for n, (at, score) in shares if score >= limit]


def rules(stream: Broadcasts) -> dict[str, Ints]:
    """The day of each alert under each rule."""
    start, peak = stream.start, stream.peak
    rolling = np.array([rolling_limit(start, peak, day) for day in range(DAYS)])
    found = np.concatenate([discoveries(start, peak, day) for day in range(DAYS)])
    opened = openings(stream.high, GrowthConfig(target_size=BIG), AlertBudget(BUDGET))
    return {
        "cold": start[peak >= cold_threshold(BIG)],
        "budget": np.array([one.at for one in opened], dtype=np.int64) // DAY_MS,
        "rolling": start[peak >= rolling[start]],
        "Benjamini-Hochberg": start[found],
    }


def openings(
    high: Sequence[Reached], config: GrowthConfig, budget: AlertBudget, steepness: float = 1.0
) -> list[Reached]:
    """The shares, given by time, at which a budget of alerts lets a cascade open; each opens once."""
    threshold = ExpectedGrowth(config).threshold
    opened: dict[int, Reached] = {}
    for one in high:
        if one.cascade not in opened and one.score >= threshold(steepness * budget.threshold_offset(one.at)):
            opened[one.cascade] = one
            budget.spend(one.at)
    return list(opened.values())


def _known(start: Ints, peak: Floats, day: int) -> Floats:
    """Highest scores of the cascades of the last month that have closed by `day`."""
    found: Floats = peak[(start < day - CLOSED_AFTER) & (start >= day - CLOSED_AFTER - MONTH)]
    return found


def rolling_limit(start: Ints, peak: Floats, day: int) -> float:
    """The score that so many cascades a day exceeded, mixed with the cold threshold while little is known."""
    cold, known = cold_threshold(BIG), _known(start, peak, day)
    if not len(known):
        return cold
    days = min(day - CLOSED_AFTER, MONTH)
    learnt = float(np.sort(known)[::-1][min(round(BUDGET * days), len(known) - 1)])
    mixed = cold + min(1.0, len(known) / ENOUGH) * (learnt - cold)
    return min(max(mixed, cold - REACH), cold + REACH)


def discoveries(start: Ints, peak: Floats, day: int) -> NDArray[np.bool_]:
    """Which cascades of a day stand out from the closed ones, a tenth of them falsely at most on average."""
    today, known = peak[start == day], np.sort(_known(start, peak, day))
    if len(known) < ENOUGH or not len(today):
        return today >= cold_threshold(BIG)
    rarity = (1 + len(known) - np.searchsorted(known, today, side="left")) / (1 + len(known))
    found: NDArray[np.bool_] = false_discovery_control(rarity) <= FALSE_SHARE
    return found


def report_shuffled() -> None:
    """Alerts of the cold rule on recorded streams as they were, and with all times dealt out anew among the shares."""
    rows = []
    for stream in STREAMS:
        q, test = halves(stream, tracks(stream))
        config = GrowthConfig(target_size=q, min_sharers=stream.min_sharers)
        mixed = shuffled(test, np.random.default_rng(SEED))
        alerts = [sum(_alerts(track.times, config) for track in found) for found in (test, mixed)]
        rows.append((stream.name, q, len(test), *alerts, *(1000 * n / len(test) for n in alerts)))
    names = ("stream", "q", "cascades", "alerts", "shuffled", "alerts/1k", "shuffled/1k")
    table("cold rule on recorded cascades, and with the times of all shares dealt out anew", names, rows)


def shuffled(found: Sequence[Track], draw: np.random.Generator) -> list[Track]:
    """The same sizes, each share at the time of any share of the stream."""
    times = draw.permutation(np.concatenate([track.times for track in found]))
    ends = np.cumsum([track.final for track in found])[:-1]
    return [Track(track.name, np.sort(part).tolist()) for track, part in zip(found, np.split(times, ends), strict=True)]


def _alerts(times: Sequence[int], config: GrowthConfig) -> bool:
    detector = ExpectedGrowth(config)
    return any(detector.level(detector.update(at)) for at in times)


if __name__ == "__main__":
    main()
