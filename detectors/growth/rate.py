"""Count the distinct sharers of the last hour: the baseline that teams know.

The window is a ring of buckets on a fixed time grid, so memory is bounded and late shares find their bucket.
"""

from typing import Any, Self

from detectors.growth.baseline import Baseline
from detectors.growth.config import GrowthConfig


class Rate(Baseline):
    """Score: distinct sharers in the trailing window of `window_ms`, on a grid of `window_buckets`.

    The window is the bucket of the clock and the `window_buckets` - 1 before, so its length lies between
    `window_ms` less one bucket and `window_ms`. High means: many joined just now, relative to the target size.
    Levels: as many sharers as bring `L` to its cold threshold when evenly spread over one window, then 4 and 16
    times as many. Linear: the order of arrival does not matter, `retract` and `merge` are exact; a time shift by
    whole buckets changes nothing. An update costs one sum over the ring, some two microseconds; memory is
    `window_buckets` numbers. As good as `L` where the window has been tuned to the platform, which takes labelled
    history.

    >>> detector = Rate(GrowthConfig(detector="rate"))
    >>> [detector.update(minute * 60_000) for minute in (0, 1, 59, 60, 61)]
    [1.0, 2.0, 3.0, 3.0, 3.0]

    """

    __slots__ = ("_bucket_ms", "_ring")

    name = "rate"
    version = 1
    _state_type = list[float]

    _ring: list[float]

    def __init__(self, config: GrowthConfig) -> None:
        self._bucket_ms = config.window_ms // config.window_buckets
        super().__init__(config)

    def _burst(self, sharers: float) -> float:
        return sharers

    def _clear(self) -> None:
        self._ring = [0.0] * self._config.window_buckets

    def _move(self, time: int) -> None:
        old, new, size = self._clock // self._bucket_ms, time // self._bucket_ms, self._config.window_buckets
        for bucket in range(old + 1, min(new, old + size) + 1):
            self._ring[bucket % size] = 0.0

    def _add(self, time: int, weight: float) -> None:
        bucket, size = time // self._bucket_ms, self._config.window_buckets
        if bucket > self._clock // self._bucket_ms - size:
            self._ring[bucket % size] += weight

    def _remove(self, time: int, weight: float) -> None:
        self._add(time, -weight)

    def _value(self, time: int) -> float:
        old, new, size = self._clock // self._bucket_ms, time // self._bucket_ms, self._config.window_buckets
        if new == old:
            return sum(self._ring)
        return sum(self._ring[bucket % size] for bucket in range(new - size + 1, old + 1))

    def _union(self, other: Self) -> None:
        self._ring = [mine + theirs for mine, theirs in zip(self._ring, other._ring, strict=True)]

    def _snapshot(self) -> tuple[Any, ...]:
        return tuple(self._ring)

    def _restore(self, state: list[float]) -> None:
        self._ring = state
