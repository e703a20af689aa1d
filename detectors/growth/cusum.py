"""Add up the evidence that a cascade runs faster than an ordinary one (CUSUM).

Page 1954, doi:10.1093/biomet/41.1-2.100, with the log likelihood ratio of two Poisson rates.
"""

from math import log
from typing import Any, Self

from detectors.growth.baseline import Baseline, hourly
from detectors.growth.config import GrowthConfig


class Cusum(Baseline):
    """Score S: log likelihood ratio of rate rho x lambda against lambda, never below 0.

    Each share adds ln rho (`cusum_ratio`), each hour subtracts (rho - 1) x `ordinary_per_hour`. High means: the cascade
    has run faster than ordinary for some time, however long ago the change was. Levels: S after `L`'s reference burst
    (as many sharers, evenly spread over `window_ms`, as bring `L` to its cold threshold), after 4 and 16 times as many.

    S stops at 0, so the statistic is not linear: a late share counts as if it came at the clock (an upper bound of its
    contribution), `retract` corrects the size only, and `merge` adds both sums less ln rho for each duplicate (a lower
    bound: the drift of the common time was subtracted twice). An update is a handful of additions; the state is one
    number. CUSUM finds a lasting change of a known size soonest; `L` needs no ordinary rate.

    >>> detector = Cusum(GrowthConfig(detector="cusum", cusum_ratio=2.0))
    >>> [detector.update(0), detector.update(0), detector.update(1_800_000), detector.score(36_000_000)]
    [0.693147, 1.386294, 1.579442, 0.0]

    """

    __slots__ = ("_drift", "_gain", "_sum")

    name = "cusum"
    version = 1
    _state_type = tuple[float]

    _sum: float

    def __init__(self, config: GrowthConfig) -> None:
        self._gain = log(config.cusum_ratio)
        self._drift = (config.cusum_ratio - 1.0) * config.ordinary_per_hour
        super().__init__(config)

    def _burst(self, sharers: float) -> float:
        return sharers * self._gain - hourly(self._drift, self._config.window_ms)

    def _clear(self) -> None:
        self._sum = 0.0

    def _move(self, time: int) -> None:
        self._sum = self._value(time)

    def _add(self, time: int, weight: float) -> None:
        self._sum += weight * self._gain

    def _remove(self, time: int, weight: float) -> None:
        """Do nothing: the sum without the share is not known."""

    def _drop(self, time: int, weight: float) -> None:
        self._sum = max(0.0, self._sum - weight * self._gain)

    def _value(self, time: int) -> float:
        return max(0.0, self._sum - hourly(self._drift, time - self._clock))

    def _union(self, other: Self) -> None:
        self._sum += other._sum

    def _snapshot(self) -> tuple[Any, ...]:
        return (self._sum,)

    def _restore(self, state: tuple[float]) -> None:
        (self._sum,) = state
