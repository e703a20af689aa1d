"""Every share of many cascades beside the state that L has at it, as arrays, so that any score is one expression.

A score may use what is linear in the shares, and so can be retracted, merged and read in any order: sizes, sums over the
six time constants, the same sums of marks; and the time of the first. How early a score alerts is found for all resamples
at once.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.growth.expected_growth import TAU_MS
from schemas.event import Kind
from tests.benchmarks.corpora.recorded import Recorded
from tests.benchmarks.corpora.tracks import Track
from tests.benchmarks.metrics.scores import OVERSHOOT, Interval, Trace
from tests.realdata import loaders

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

ROUNDS = 200
SEED = 7
DIGITS = 6  # of a score: L rounds so
NEVER = 1 << 40  # above every rank


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """The shares of cascades that follow one another; a row is a share, its own effect included."""

    first: Ints  # the row at which each cascade begins, and the number of rows; shape (cascades + 1,)
    final: Ints  # distinct sharers in the end, shape (cascades,)
    least: int  # sharers from which scores count
    sharers: Ints  # distinct sharers so far, shape (rows,)
    size: Floats  # the same as the detector counts them
    sums: Floats  # of exp(-age / tau) over the shares so far, shape (rows, 6)
    before: Floats  # the same just before, the shares of the same millisecond not counted: what brought this one
    age_ms: Floats  # since the cascade began
    mean_age_ms: Floats  # of the shares so far
    marks: Floats  # of the shares so far, added up; 1 each where none are known
    marked: Floats  # the sums with each share times its mark, shape (rows, 6)

    @property
    def cascade(self) -> Ints:
        """The cascade of each row."""
        return np.repeat(np.arange(len(self.final)), np.diff(self.first))


def shares_of(
    found: Sequence[Track], least: int, *, together_ms: int = 0, marks: Mapping[str, Sequence[float]] | None = None
) -> Shares:
    """The states at every share.

    Args:
        found: the cascades.
        least: sharers from which scores count.
        together_ms: a share so soon after the one before counts as one with it, and has no row.
        marks: for each cascade, a mark for each share.
    """
    rows = [_rows(track, together_ms, (marks or {}).get(track.name)) for track in found]
    first = np.cumsum([0, *(len(one) for one in rows)])
    table = np.concatenate(rows)
    return Shares(
        first=first,
        final=np.array([track.final for track in found]),
        least=least,
        sharers=table[:, 0].astype(np.int64),
        size=table[:, 1],
        age_ms=table[:, 2],
        mean_age_ms=table[:, 3],
        marks=table[:, 4],
        sums=table[:, 5:11],
        before=table[:, 11:17],
        marked=table[:, 17:23],
    )


def _rows(track: Track, together_ms: int, marks: Sequence[float] | None) -> Floats:
    """A cascade's columns, shape (shares, 23)."""
    times = np.array(track.times, dtype=np.float64)
    gaps = np.diff(times, prepend=-math.inf)
    alone = gaps > together_ms if together_ms else np.ones(len(times), dtype=bool)
    mark = np.ones(len(times)) if marks is None else np.array(marks, dtype=np.float64)
    sharers, times, mark = np.flatnonzero(alone) + 1.0, times[alone], mark[alone]
    size, age = np.arange(1.0, len(times) + 1), times - times[0]
    alike = np.column_stack([sharers, size, age, age - age.cumsum() / size, mark.cumsum()])
    return np.concatenate([alike, _sums(times, mark)], axis=1)


def _sums(times: Floats, marks: Floats) -> Floats:
    """The sums over time constants at each share: plain, just before it, marked; shape (shares, 18)."""
    out = np.empty((len(times), 18))
    gaps = np.diff(times, prepend=times[0])
    fade = np.exp(-gaps[:, None] / np.array(TAU_MS))
    plain, before, marked = np.zeros(6), np.zeros(6), np.zeros(6)
    for row, (kept, gap, mark) in enumerate(zip(fade, gaps.tolist(), marks.tolist(), strict=True)):
        if gap:
            before = plain * kept
        plain = plain * kept + 1.0
        marked = marked * kept + mark
        out[row, :6], out[row, 6:12], out[row, 12:] = plain, before, marked
    return out


def audiences(stream: Recorded) -> dict[str, list[float]]:
    """For each cascade as `recorded.tracks` has it, followers or views of each first share; -1 where unknown."""
    rows = {str(row["event_id"]): row for row in loaders.rows(stream.events_file)}
    firsts: defaultdict[str, dict[str, tuple[int, float]]] = defaultdict(dict)
    for event in stream.load():
        if event.kind == Kind.REPLY:
            continue
        row, sharer = rows[event.event_id], event.actor or event.event_id
        audience = row.get("followers", row.get("views"))
        share = (event.created_at, -1.0 if audience is None else float(str(audience)))
        sharers = firsts[str(row["cascade_id"])]
        if sharer not in sharers or share[0] < sharers[sharer][0]:
            sharers[sharer] = share
    return {name: [mark for _, mark in sorted(one.values(), key=_time)] for name, one in firsts.items()}


def _time(share: tuple[int, float]) -> int:
    return share[0]


# --- how early a score alerts -----------------------------------------------------------------------------------------


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A score at every share, by rank, ready to be cut at any threshold."""

    keys: Ints  # highest rank so far, plus its cascade's number times `span`: they never fall
    span: int
    peaks: Ints  # each cascade's highest rank; 0 for none
    sharers: Ints
    final: Ints


def judged(shares: Shares, scores: Floats) -> Judged:
    """Rank the scores of shares that count.

    Args:
        shares: of any cascades.
        scores: at each row, shape (rows,).
    """
    counts = shares.sharers >= shares.least
    ranks = np.zeros(len(scores), dtype=np.int64)
    ranks[counts] = np.unique(np.round(scores[counts], DIGITS), return_inverse=True)[1] + 1
    span = int(ranks.max(initial=0)) + 2
    keys = np.maximum.accumulate(ranks + shares.cascade * span)
    peaks = keys[shares.first[1:] - 1] % span
    return Judged(keys=keys, span=span, peaks=peaks, sharers=shares.sharers, final=shares.final)


def judged_traces(traces: Sequence[Trace]) -> Judged:
    """The same of what detectors said of cascades."""
    scores = [score for trace in traces for score in trace.scores]
    cascade = np.repeat(np.arange(len(traces)), [len(trace.scores) for trace in traces])
    ranks = np.unique(np.array(scores, dtype=np.float64), return_inverse=True)[1].astype(np.int64) + 1
    span = int(ranks.max(initial=0)) + 2
    peaks = np.zeros(len(traces), dtype=np.int64)
    np.maximum.at(peaks, cascade, ranks)
    return Judged(
        keys=np.maximum.accumulate(ranks + cascade * span),
        span=span,
        peaks=peaks,
        sharers=np.array([trace.sharers_at(n) for trace in traces for n in range(len(trace.scores))], dtype=np.int64),
        final=np.array([trace.final for trace in traces]),
    )


def resamples(cascades: int, begin: int = 0, end: int | None = None) -> Floats:
    """How often each cascade counts: those of a part once each, then drawn anew in each round.

    Returns:
        shape (cascades, 1 + rounds); 0 for all that are not in the part.
    """
    end = cascades if end is None else end
    found = np.zeros((cascades, 1 + ROUNDS))
    found[begin:end, 0] = 1.0
    draw = np.random.default_rng(SEED)
    found[begin:end, 1:] = draw.multinomial(end - begin, np.full(end - begin, 1 / (end - begin)), ROUNDS).T
    return found


def pf_of(one: Judged, positive: Flags, times: Floats, factor: float = 1.0) -> Floats:
    """`scores.at_budget`'s PF in each resample; not a number where it has no positives.

    Args:
        one: the score.
        positive: shape (cascades,).
        times: how often each cascade counts, shape (cascades, resamples).
        factor: alerts for each positive.
    """
    return pf_at(one, positive, times, thresholds(one, positive, times, factor))


def thresholds(one: Judged, counted: Flags, times: Floats, factor: float = 1.0) -> Ints:
    """The rank from which each resample has `factor` alerts for each cascade that is counted; shape (resamples,)."""
    return _thresholds(one.peaks, times, np.rint(factor * times[counted].sum(axis=0)))


def alerted(one: Judged, threshold: Ints) -> Flags:
    """Which cascades ever reach each threshold, shape (cascades, resamples)."""
    found: Flags = one.peaks[:, None] >= threshold
    return found


def pf_at(one: Judged, positive: Flags, times: Floats, thresholds: Ints) -> Floats:
    """PF of the positives at each resample's threshold; not a number where it has none."""
    some = np.flatnonzero(positive)
    wanted = times[some].sum(axis=0)
    threshold, which = np.unique(thresholds, return_inverse=True)
    rows = np.searchsorted(one.keys, some[:, None] * one.span + np.minimum(threshold, one.span))
    sharers = one.sharers[np.minimum(rows, len(one.keys) - 1)]
    ahead = np.where(one.peaks[some, None] >= threshold, 1.0 - sharers / one.final[some, None], 0.0)
    reach = np.einsum("ij,ij->j", times[some], ahead[:, which])
    return np.where(wanted > 0, reach / np.maximum(wanted, 1.0), math.nan)


def _thresholds(peaks: Ints, times: Floats, budget: Floats) -> Ints:
    """`scores.threshold_for` on ranks, for all resamples at once; shape (resamples,)."""
    order = np.argsort(-peaks, kind="stable")[: int(np.count_nonzero(peaks))]
    if not len(order):
        return np.full(times.shape[1], NEVER)
    ranks, count = peaks[order], times[order].cumsum(axis=0)
    column = np.arange(times.shape[1])
    threshold = ranks[_first(count, np.minimum(budget, count[-1]))]
    alerts = count[np.searchsorted(-ranks, -threshold, side="right") - 1, column]
    above = np.searchsorted(-ranks, -threshold)  # how many cascades have higher peaks
    stricter = np.where(above > 0, count[np.maximum(above - 1, 0), column], 0.0)
    next_one = np.where(stricter > 0, ranks[_first(count, np.maximum(stricter, 1.0))], NEVER)
    threshold = np.where(alerts <= OVERSHOOT * budget, threshold, next_one)
    return np.where((budget < 1) | (count[-1] == 0), NEVER, threshold)


def _first(count: Floats, least: Floats) -> Ints:
    """Where each column of running counts first reaches so much."""
    return np.minimum(np.count_nonzero(count < least, axis=0), len(count) - 1)


def interval(values: Floats) -> Interval:
    """A figure and its 95 % interval from its resamples; rounds without a number are left out."""
    kept = values[1:][~np.isnan(values[1:])]
    low, high = np.percentile(kept, [2.5, 97.5]) if len(kept) else (math.nan, math.nan)
    return Interval(float(values[0]), float(low), float(high))
