"""How well clusters match the truth, and how early alerts come: the figures that the benchmarks print.

scikit-learn where it has the figure; here are only those that it lacks. B-cubed: Bagga and Baldwin 1998
(DOI 10.3115/980451.980859), Amigó et al. 2009 (DOI 10.1007/s10791-008-9066-8). The share of reach that is still ahead
at the alert (PF), its budget and its rule for ties: docs/concepts.md.
"""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata
from sklearn.metrics import f1_score, precision_recall_curve
from sklearn.metrics.cluster import pair_confusion_matrix

Labels = Sequence[Hashable]
Floats = NDArray[np.float64]
OVERSHOOT = 1.25  # ties may exceed the budget by this factor; beyond it the next stricter threshold is taken


class Agreement(msgspec.Struct, frozen=True):
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean; 0 where both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


# --- Clusters ----------------------------------------------------------------------------------------------------


def b_cubed(truth: Labels, found: Labels) -> Agreement:
    """B-cubed agreement of two clusterings of the same items, in one pass over the cells of their table.

    Precision: for the average item, the share of its found cluster that is of its true cluster; recall the other way
    round. Singletons count in full. Both are 1 for no items at all.

    Raises:
        ValueError: unequal lengths.
    """
    cells = Counter(zip(truth, found, strict=True))
    of_truth, of_found = Counter(truth), Counter(found)
    items = max(1, len(truth))
    precision = math.fsum(n * n / of_found[cluster] for (_, cluster), n in cells.items()) / items
    recall = math.fsum(n * n / of_truth[cluster] for (cluster, _), n in cells.items()) / items
    return Agreement(precision, recall) if cells else Agreement(1.0, 1.0)


def pairs(truth: Labels, found: Labels) -> Agreement:
    """Agreement over pairs of items: of the pairs put together, those that belong together, and the other way round.

    Large clusters weigh quadratically. Where no pair was put together precision is 1; where none belongs together
    recall is 1.

    Raises:
        ValueError: unequal lengths.
    """
    matrix = pair_confusion_matrix(_codes(truth), _codes(found))
    together = int(matrix[1, 1])
    put, belong = together + int(matrix[0, 1]), together + int(matrix[1, 0])
    return Agreement(together / put if put else 1.0, together / belong if belong else 1.0)


def _codes(labels: Labels) -> NDArray[np.int64]:
    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(label, len(seen)) for label in labels], dtype=np.int64)


# --- Scores ------------------------------------------------------------------------------------------------------


def auc(positive: ArrayLike, scores: ArrayLike) -> float:
    """Probability that a positive scores higher than a negative, a tie counting half (Mann and Whitney 1947).

    Not a number where one of the two kinds is missing.
    """
    above = np.asarray(positive, dtype=np.bool_)
    yes = int(above.sum())
    no = len(above) - yes
    if not (yes and no):
        return math.nan
    return float(rankdata(scores)[above].sum() - yes * (yes + 1) / 2) / (yes * no)  # a bootstrap asks very often


def f1_at(positive: Sequence[bool], scores: ArrayLike, threshold: float) -> float:
    """F1 of calling positive what scores at least the threshold; 0 where nothing is."""
    return float(f1_score(positive, np.asarray(scores) >= threshold, zero_division=0.0))


def best_f1(positive: Sequence[bool], scores: ArrayLike) -> tuple[float, float]:
    """The highest F1 over all thresholds, and the smallest threshold that reaches it.

    Raises:
        ValueError: no positive, so that no threshold means anything.
    """
    if not any(positive):
        raise ValueError("best_f1 needs at least one positive; got none; check the labels")
    precision, recall, thresholds = precision_recall_curve(positive, scores)
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)[:-1]
    at = int(np.argmax(np.round(f1, 12)))
    return float(f1[at]), float(thresholds[at])


# --- Alerts ------------------------------------------------------------------------------------------------------


class Trace(msgspec.Struct, frozen=True):
    """What a detector said of one cascade: its score after each distinct sharer, at the sharers it spoke at."""

    final: int  # distinct sharers in the end
    scores: Sequence[float]
    sharers: Sequence[int] = ()  # distinct sharers at each score; 1, 2, 3, ... by default
    times: Sequence[float] = ()  # minutes at each score
    half_time: float = math.nan  # minutes at which half the final sharers had shared

    def first(self, threshold: float) -> int | None:
        """Position of the first score that reaches the threshold."""
        return next((i for i, score in enumerate(self.scores) if score >= threshold), None)

    def sharers_at(self, i: int) -> int:
        """Distinct sharers at a score."""
        return self.sharers[i] if self.sharers else i + 1


class Earliness(msgspec.Struct, frozen=True, kw_only=True):
    """How early a detector was at one threshold. Not a number where there was nothing to average."""

    alerts: int
    positives: int
    cascades: int
    precision: float  # alerts on positives / alerts
    recall: float  # positives alerted / positives
    pf: float  # mean over all positives of the share of reach still ahead; 0 for a missed one
    lead: float  # the same over the alerted positives only
    er50: float  # positives alerted before half their size / positives
    minutes_before_half: float  # median over alerted positives; negative: too late

    @property
    def alerts_per_thousand(self) -> float:
        """Alerts for each thousand cascades: the budget, always to be printed."""
        return 1000 * self.alerts / self.cascades if self.cascades else math.nan


def threshold_for(peaks: Sequence[float], budget: int) -> float:
    """The lowest threshold that gives about `budget` alerts, one a cascade.

    Ties: scores can be equal, and then no threshold gives the budget exactly. One that overshoots by up to a quarter
    is taken; otherwise the next stricter one, even if it falls short.

    Args:
        peaks: each cascade's highest score; -inf for one that never had a score.
        budget: wanted alerts; infinity is returned for 0 or where nobody scored.
    """
    scored = sorted((peak for peak in peaks if peak > -math.inf), reverse=True)
    if budget < 1 or not scored:
        return math.inf
    threshold = scored[min(budget, len(scored)) - 1]
    count = sum(peak >= threshold for peak in scored)
    if count <= OVERSHOOT * budget:
        return threshold
    return min((peak for peak in scored if peak > threshold), default=math.inf)


def earliness(traces: Sequence[Trace], positive: Sequence[bool], threshold: float) -> Earliness:
    """The figures of alerting at the first score that reaches the threshold."""
    hits = [trace.first(threshold) for trace in traces]
    alerts = sum(hit is not None for hit in hits)
    positives = sum(positive)
    found = [(t, hit) for t, hit, yes in zip(traces, hits, positive, strict=True) if yes and hit is not None]
    ahead = [1.0 - trace.sharers_at(hit) / trace.final for trace, hit in found]
    minutes = [trace.half_time - trace.times[hit] for trace, hit in found if trace.times]
    return Earliness(
        alerts=alerts,
        positives=positives,
        cascades=len(traces),
        precision=len(found) / alerts if alerts else math.nan,
        recall=len(found) / positives if positives else math.nan,
        pf=math.fsum(ahead) / positives if positives else math.nan,
        lead=math.fsum(ahead) / len(ahead) if ahead else math.nan,
        er50=sum(share > 0.5 for share in ahead) / positives if positives else math.nan,
        minutes_before_half=float(np.median(minutes)) if minutes else math.nan,
    )


def at_budget(traces: Sequence[Trace], positive: Sequence[bool], factor: float = 1.0) -> Earliness:
    """The figures at the threshold that gives `factor` alerts for each positive."""
    peaks = [max(trace.scores, default=-math.inf) for trace in traces]
    return earliness(traces, positive, threshold_for(peaks, round(factor * sum(positive))))


# --- Uncertainty -------------------------------------------------------------------------------------------------


class Interval(msgspec.Struct, frozen=True):
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


def bootstrap(
    figure: Callable[[NDArray[np.int64]], float], items: int, *, seed: int = 7, rounds: int = 1000
) -> Interval:
    """Percentile bootstrap over items (Efron 1979, DOI 10.1214/aos/1176344552); rounds without a number are left out.

    Args:
        figure: of a sample given as positions; a threshold that it chooses is chosen anew each time.
        items: how many there are.
        seed: of the resampling.
        rounds: how often to resample.
    """
    generator = np.random.default_rng(seed)
    drawn = [figure(generator.integers(0, items, items)) for _ in range(rounds)]
    kept = [value for value in drawn if not math.isnan(value)]
    low, high = np.percentile(kept, [2.5, 97.5]) if kept else (math.nan, math.nan)
    return Interval(figure(np.arange(items)), float(low), float(high))


def reliability(
    claimed: Mapping[str, float], happened: Mapping[str, bool], bins: int = 10
) -> list[tuple[float, float, int]]:
    """Claimed probability against what happened, by bins of equal width: (mean claim, share that happened, count)."""
    found = []
    for i in range(bins):
        keys = sorted(key for key, claim in claimed.items() if min(int(claim * bins), bins - 1) == i)
        if keys:
            mean = math.fsum(claimed[key] for key in keys) / len(keys)
            found.append((mean, sum(happened[key] for key in keys) / len(keys), len(keys)))
    return found
