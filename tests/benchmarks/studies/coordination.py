"""Whether sharing within seconds tells coordinated cascades from organic ones.

Run as python -m tests.benchmarks.studies.coordination.

An alert should not call a crowd coordinated on a sign that crowds show too, so each candidate score is judged before it
may enter one. Scores of first-share times: a plain share of near neighbours, two that are corrected for the pace, and
one that remembers pairs of sharers from cascade to cascade. What the table means: docs/methods/content.md.

Local variation: Shinomoto, Shima and Tanji 2003, doi:10.1162/089976603322518759.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.corpora.tracks import require_data, table
from tests.benchmarks.metrics.scores import Interval, auc, bootstrap
from tests.realdata import loaders

COORDINATED = "coortweet_russian_dev"
ORGANIC = ("pheme_dev_events", "twitter1516_dev_events")
WITHIN_S = 10.0
AROUND_S = 300.0  # the pace is taken from the sharers this near
NEXT = 5  # sharers that follow one and may be its partners; bounds the pairs of a dense burst
MIN_SHARERS = 10
BANDS = ((10, None), (10, 20), (20, 50), (50, 200))
ROUNDS = 300

Seconds = NDArray[np.float64]


class Spread(msgspec.Struct, frozen=True):
    """One recorded cascade's sharers in order of their first shares."""

    sharers: Sequence[str]
    times: Seconds  # s, ascending


def main() -> None:
    """Print a table for each organic stream."""
    require_data()
    coordinated = scored(read(COORDINATED))
    for name in ORGANIC:
        organic = scored(read(name))
        rows = [row for low, high in BANDS for row in judged(coordinated, organic, low, high)]
        names = ("score", "sharers", "coordinated", "organic", "median c.", "median o.", "AUC", "low", "high")
        table(f"{COORDINATED} against {name}: AUC with 95 % bootstrap interval", names, rows)


def read(name: str) -> list[Spread]:
    """The cascades of a file with at least `MIN_SHARERS` named sharers; replies are left out."""
    firsts: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for row in loaders.rows(name):
        if row["kind"] == "reply" or row["t"] is None or not row["user_id"]:
            continue
        sharers = firsts[str(row["cascade_id"])]
        sharer, time = str(row["user_id"]), float(row["t"])
        sharers[sharer] = min(time, sharers.get(sharer, time))
    return [spread(times) for times in firsts.values() if len(times) >= MIN_SHARERS]


def spread(firsts: Mapping[str, float]) -> Spread:
    """A cascade from each sharer's first time, s."""
    order = sorted(firsts, key=lambda sharer: (firsts[sharer], sharer))
    return Spread(order, np.array([firsts[sharer] for sharer in order], dtype=np.float64))


# --- scores of one cascade --------------------------------------------------------------------------------------------


def near(times: Seconds) -> float:
    """Share of sharers within `WITHIN_S` of another."""
    close = np.diff(times) <= WITHIN_S
    return float(np.mean(np.append(close, False) | np.insert(close, 0, False)))


def excess(times: Seconds) -> float:
    """Pairs within `WITHIN_S`, over those expected from the pairs within `AROUND_S`; about 1 for a steady pace."""
    return (_pairs(times, WITHIN_S) + 0.5) / (_pairs(times, AROUND_S) * WITHIN_S / AROUND_S + 0.5)


def _pairs(times: Seconds, within: float) -> int:
    return int(np.sum(np.searchsorted(times, times + within, side="right") - np.arange(len(times)) - 1))


def local_variation(times: Seconds) -> float:
    """Lv: 1 for a Poisson process of any pace that changes slowly, 0 for a clock, up to 3 for bursts."""
    gaps = np.diff(times)
    sums = gaps[:-1] + gaps[1:]
    kept = sums > 0
    return float(3 * np.mean(((gaps[:-1] - gaps[1:])[kept] / sums[kept]) ** 2)) if kept.any() else 0.0


# --- scores that need the other cascades ------------------------------------------------------------------------------


def repeated(spreads: Sequence[Spread]) -> list[float]:
    """For each cascade: share of sharers who are within `WITHIN_S` of the same partner in another cascade as well."""
    pairs = [set(_partners(one)) for one in spreads]
    seen = Counter(pair for found in pairs for pair in found)
    again = [{sharer for pair in found if seen[pair] > 1 for sharer in pair} for found in pairs]
    return [len(sharers) / len(one.sharers) for sharers, one in zip(again, spreads, strict=True)]


def _partners(one: Spread) -> Iterator[tuple[str, str]]:
    for first, sharer in enumerate(one.sharers):
        for second in range(first + 1, min(first + 1 + NEXT, len(one.sharers))):
            if one.times[second] - one.times[first] <= WITHIN_S:
                other = one.sharers[second]
                yield min(sharer, other), max(sharer, other)


# --- judging ----------------------------------------------------------------------------------------------------------


def alone(score: Callable[[Seconds], float]) -> Callable[[Sequence[Spread]], list[float]]:
    """A score of single cascades, for many."""
    return lambda spreads: [score(one.times) for one in spreads]


SCORES: dict[str, Callable[[Sequence[Spread]], list[float]]] = {
    "near another sharer": alone(near),
    "pairs over those expected": alone(excess),
    "local variation": alone(local_variation),
    "pairs seen in other cascades": repeated,
}


class Scored(msgspec.Struct, frozen=True):
    """A stream's cascades, by size and score."""

    sizes: Sequence[int]
    scores: Mapping[str, Sequence[float]]  # by the score's name, in the order of sizes

    def of_size(self, name: str, low: int, high: int | None) -> list[float]:
        """One score of the cascades with `low` sharers or more and, where there is an end, under `high`."""
        pairs = zip(self.sizes, self.scores[name], strict=True)
        return [score for size, score in pairs if size >= low and (high is None or size < high)]


def scored(spreads: Sequence[Spread]) -> Scored:
    """Every score of every cascade."""
    return Scored([len(one.sharers) for one in spreads], {name: score(spreads) for name, score in SCORES.items()})


def judged(coordinated: Scored, organic: Scored, low: int, high: int | None) -> Iterator[tuple[object, ...]]:
    """A row for each score over the cascades of one size."""
    band = f"{low}+" if high is None else f"{low} to {high - 1}"
    for name in SCORES:
        ours, theirs = coordinated.of_size(name, low, high), organic.of_size(name, low, high)
        if ours and theirs:
            found = separation(ours, theirs)
            middles = float(np.median(ours)), float(np.median(theirs))
            yield name, band, len(ours), len(theirs), *middles, found.value, found.low, found.high


def separation(coordinated: Sequence[float], organic: Sequence[float]) -> Interval:
    """Probability that a coordinated cascade scores higher than an organic one; 0.5 says nothing."""
    labels = [True] * len(coordinated) + [False] * len(organic)
    scores = np.array([*coordinated, *organic])
    return bootstrap(lambda chosen: auc([labels[i] for i in chosen], scores[chosen]), len(labels), rounds=ROUNDS)


if __name__ == "__main__":
    main()
