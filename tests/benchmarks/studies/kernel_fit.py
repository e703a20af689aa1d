"""Fits L's kernel to recorded shares: how likely each time constant is to have brought the next sharer.

Expectation-maximisation for a self-exciting process with one reproduction number for all cascades, which falls out of
the weights (Veen and Schoenberg 2008, doi:10.1198/016214508000000148): one for each cascade makes the kernel degenerate.
"""

import numpy as np

from detectors.growth.expected_growth import TAU_MS
from tests.benchmarks.corpora.shares import Shares

STEPS = 60
MOST = 300
"""Shares of a cascade that are used, so that the largest one does not decide alone."""


def kernel_of(shares: Shares, cascades: int | None = None) -> tuple[float, ...]:
    """The weights of the six time constants, which add up to 1.

    Args:
        shares: at least two, not all at one time.
        cascades: use only so many, the earliest.
    """
    rows = int(shares.first[len(shares.final) if cascades is None else cascades])
    before = shares.before[:rows]
    used = (shares.sharers[:rows] <= MOST) & (before.sum(axis=1) > 0)
    density = before[used] / (np.array(TAU_MS) / TAU_MS[0])
    weights = np.full(len(TAU_MS), 1 / len(TAU_MS))
    for _ in range(STEPS):
        blame = density * weights
        weights = (blame / blame.sum(axis=1, keepdims=True)).mean(axis=0)
    return tuple(weights.tolist())
