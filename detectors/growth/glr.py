"""Find the strongest evidence, over windows of many lengths, that shares come faster than ordinary (GLR).

Generalised likelihood ratio for a Poisson rate (Willsky and Jones 1976, doi:10.1109/TAC.1976.1101146) at dyadic
scales, so that memory grows with the logarithm of the longest window only.
"""

from math import log
from typing import Any, Self

from detectors.growth.baseline import Baseline, hourly
from detectors.growth.config import GrowthConfig

_PARTS = 4  # buckets of each window


class Glr(Baseline):
    """Score: the largest log likelihood ratio n ln(n / mu) - (n - mu) over `glr_windows` trailing windows.

    Window k is `glr_min_window_ms` x 2^k long, on a grid of quarters; n is the number of sharers in the window, mu the
    number at `ordinary_per_hour`. High means: at some scale, chance hardly explains the number of sharers. Levels: the
    score of `L`'s reference burst (as many sharers, evenly spread over `window_ms`, as bring `L` to its cold
    threshold), then of 4 and 16 times as many. Linear counts: the order of arrival does not matter, `retract` and
    `merge` are exact; a time shift by whole multiples of the longest quarter changes nothing. An update visits every
    scale, some ten microseconds; memory is four numbers a scale. GLR is strong at hundreds of sharers, and overreacts
    to three chats of one owner that post in the same second, where `L` waits.

    >>> detector = Glr(GrowthConfig(detector="glr"))
    >>> [detector.update(0), detector.update(30_000), detector.update(30_000)]
    [3.111011, 7.59165, 12.595537]

    """

    __slots__ = ("_counts", "_grid", "_means")

    name = "glr"
    version = 1
    _state_type = list[list[float]]

    _counts: list[list[float]]

    def __init__(self, config: GrowthConfig) -> None:
        lengths = [config.glr_min_window_ms << scale for scale in range(config.glr_windows)]
        self._grid = [length // _PARTS for length in lengths]
        self._means = [hourly(config.ordinary_per_hour, length) for length in lengths]
        super().__init__(config)

    def _burst(self, sharers: float) -> float:
        return _ratio(sharers, hourly(self._config.ordinary_per_hour, self._config.window_ms))

    def _clear(self) -> None:
        self._counts = [[0.0] * _PARTS for _ in self._grid]

    def _move(self, time: int) -> None:
        for width, ring in zip(self._grid, self._counts, strict=True):
            old, new = self._clock // width, time // width
            for bucket in range(old + 1, min(new, old + _PARTS) + 1):
                ring[bucket % _PARTS] = 0.0

    def _add(self, time: int, weight: float) -> None:
        for width, ring in zip(self._grid, self._counts, strict=True):
            bucket = time // width
            if bucket > self._clock // width - _PARTS:
                ring[bucket % _PARTS] += weight

    def _remove(self, time: int, weight: float) -> None:
        self._add(time, -weight)

    def _value(self, time: int) -> float:
        best = 0.0
        for width, mean, ring in zip(self._grid, self._means, self._counts, strict=True):
            old, new = self._clock // width, time // width
            count = sum(ring) if old == new else sum(ring[bucket % _PARTS] for bucket in range(new - 3, old + 1))
            if count > mean:
                best = max(best, _ratio(count, mean))
        return best

    def _union(self, other: Self) -> None:
        for mine, theirs in zip(self._counts, other._counts, strict=True):
            for part in range(_PARTS):
                mine[part] += theirs[part]

    def _snapshot(self) -> tuple[Any, ...]:
        return tuple(tuple(ring) for ring in self._counts)

    def _restore(self, state: list[list[float]]) -> None:
        self._counts = state


def _ratio(count: float, mean: float) -> float:
    """Return the log likelihood ratio of a Poisson rate of `count` against `mean`; 0 unless the count is above."""
    return count * log(count / mean) - (count - mean) if count > mean else 0.0
