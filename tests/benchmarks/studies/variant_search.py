"""How much any score of these terms could win: a random search for their weights, with a stream left out.

What the search wins on the streams that it sees is a bound; what it wins on the one that it does not see is what a
platform could expect from it.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from detectors.growth.expected_growth import EVEN, PRIOR
from tests.benchmarks.corpora.shares import Flags, Floats, judged, pf_of
from tests.benchmarks.metrics.variant_scores import Case, exponent, mass, recent

TRIES = 200
SEED = 3
TERMS = ("ln A", "ln N", "ln R", "exponent", "1 / root N", "lately", "quick to slow", "slow to slowest")
START = (1.0, 0.5, 0.0, 0.5, 0.5, 0.0, 0.0, 0.0)  # L
REACH = (0.0, 0.2, 0.3, 0.3, 0.7, 0.3, 0.1, 0.1)
"""Standard deviation of a step."""
MOVED = 0.4
"""Of the weights, in each step."""


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """A stream, and which of its cascades are positives at which budget."""

    case: Case
    terms: Floats  # shape (rows, terms)
    aims: Sequence[tuple[Flags, float]]  # (which are positive, alerts for each)

    def pf(self, weights: Floats) -> float:
        """Mean PF over the aims."""
        found = judged(self.case.shares, self.terms @ weights)
        once = np.ones((len(found.final), 1))
        return float(np.mean([pf_of(found, positive, once, factor) for positive, factor in self.aims]))


def terms(case: Case) -> Floats:
    """What a score may be made of at every share, shape (rows, terms)."""
    shares, fresh = case.shares, mass(case.shares)
    ratio = (PRIOR + shares.size - 1.0) / (PRIOR + shares.size - fresh)
    return np.column_stack(
        [
            np.log(ratio * fresh),
            np.log(shares.size),
            np.log(ratio),
            np.log(exponent(shares)),
            -1 / np.sqrt(shares.size),
            np.log((recent(shares, 0.3) + EVEN) / (shares.size + EVEN)),
            np.log(shares.sums[:, 1] / shares.sums[:, 3]),
            np.log(shares.sums[:, 3] / shares.sums[:, 5]),
        ]
    )


def search(streams: Sequence[Searched]) -> Floats:
    """The weights that are furthest ahead of L on the mean of the streams, shape (terms,)."""
    draw = np.random.default_rng(SEED)
    best, ahead, start = np.array(START), 0.0, [one.pf(np.array(START)) for one in streams]
    for attempt in range(TRIES):
        pace = 1.0 if attempt < TRIES / 2 else 0.4
        step = draw.normal(size=len(TERMS)) * np.array(REACH) * (draw.random(len(TERMS)) < MOVED) * pace
        gain = float(np.mean([one.pf(best + step) - before for one, before in zip(streams, start, strict=True)]))
        if gain > ahead:
            best, ahead = best + step, gain
    return best


def left_out(streams: Mapping[str, Searched]) -> dict[str, tuple[float, float]]:
    """For each stream how far the search was ahead of L on the others, on average, and on it."""
    found = {}
    for name in streams:
        others = [one for other, one in streams.items() if other != name]
        weights = search(others)
        seen = float(np.mean([_ahead(one, weights) for one in others]))
        found[name] = (seen, _ahead(streams[name], weights))
    return found


def _ahead(one: Searched, weights: Floats) -> float:
    return one.pf(weights) - one.pf(np.array(START))
