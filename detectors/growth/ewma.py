"""Compare an exponentially weighted count (EWMA) with that of an ordinary cascade.

Roberts 1959, doi:10.1080/00401706.1959.10489860, in continuous time: each share fades with one time constant.
"""

from math import exp, sqrt
from typing import Any, Self

from detectors.growth.baseline import Baseline, hourly
from detectors.growth.config import GrowthConfig


class Ewma(Baseline):
    """Score: standard deviations by which the fading count exceeds that of an ordinary cascade.

    A(t) = sum of w exp(-(t - t_i) / tau), tau = `ewma_ms`. Under a Poisson stream of `ordinary_per_hour` its mean
    is rate x tau and its variance half of that, which centres and scales it: z = (A - mean) / sqrt(mean / 2).
    High means: faster than ordinary for about tau. Levels: z after `L`'s reference burst (as many sharers, evenly
    spread over tau, as bring `L` to its cold threshold), after 4 and 16 times as many. Linear: the order of
    arrival does not matter, `retract` and `merge` are exact. An update costs one exponential; the state is one
    number. EWMA has one time scale where `L` has six, and no notion of how much a share brings.

    >>> detector = Ewma(GrowthConfig(detector="ewma", ordinary_per_hour=2.0))
    >>> [detector.update(0), detector.update(0), detector.update(0)]
    [-1.0, 0.0, 1.0]

    """

    __slots__ = ("_fading", "_mean")

    name = "ewma"
    version = 1
    _state_type = tuple[float]

    _fading: float

    def __init__(self, config: GrowthConfig) -> None:
        self._mean = hourly(config.ordinary_per_hour, config.ewma_ms)
        super().__init__(config)

    def _window(self) -> int:
        return self._config.ewma_ms

    def _burst(self, sharers: float) -> float:
        return self._z(sharers * (1.0 - exp(-1.0)))  # the part of sharers evenly spread over tau that has not faded

    def _z(self, fading: float) -> float:
        return (fading - self._mean) / sqrt(self._mean / 2)

    def _faded(self, value: float, gap: int) -> float:
        return value * exp(-gap / self._config.ewma_ms)

    def _clear(self) -> None:
        self._fading = 0.0

    def _move(self, time: int) -> None:
        self._fading = self._faded(self._fading, time - self._clock)

    def _add(self, time: int, weight: float) -> None:
        self._fading += self._faded(weight, self._clock - time)

    def _remove(self, time: int, weight: float) -> None:
        self._add(time, -weight)

    def _value(self, time: int) -> float:
        return self._z(self._faded(self._fading, time - self._clock))

    def _union(self, other: Self) -> None:
        self._fading += other._fading

    def _snapshot(self) -> tuple[Any, ...]:
        return (self._fading,)

    def _restore(self, state: tuple[float]) -> None:
        (self._fading,) = state
