"""Count the distinct sharers so far: the plainest baseline.

Every alert of this detector is right, and late: a count describes the past, not the future.
"""

from typing import Any, Self

from detectors.growth.base import LEVEL_STEP, GrowthDetector, Thresholds


class Count(GrowthDetector):
    """Score N, the distinct sharers so far. Levels at q, 4q and 16q.

    High means: the cascade is big already. An update is one addition, the state one number; the order of arrival
    does not matter, `retract` and `merge` are exact. `L` alerts earlier; use `count` where only size matters, or next
    to `L` to catch slow burns.

    >>> from detectors.growth.config import GrowthConfig
    >>> detector = Count(GrowthConfig(detector="count", target_size=3))
    >>> [detector.level(detector.update(0)) for _ in range(5)]
    [0, 0, 0, 0, 1]

    """

    __slots__ = ()

    name = "count"
    version = 1
    _state_type = tuple[()]

    def _cold_thresholds(self) -> Thresholds:
        target_size = float(self._config.target_size)
        return target_size, LEVEL_STEP * target_size, LEVEL_STEP**2 * target_size

    def _cold_rule(self) -> str:
        return f"q distinct sharers with q = {self._config.target_size}, cold-start rule"

    def _clear(self) -> None:
        """Keep the size, the only number."""

    def _move(self, time: int) -> None:
        """Do nothing: a count does not age."""

    def _add(self, time: int, weight: float) -> None:
        """Do nothing: the caller has added to the size."""

    def _remove(self, time: int, weight: float) -> None:
        """Do nothing: the caller has subtracted from the size."""

    def _value(self, time: int) -> float:
        return self._size

    def _union(self, other: Self) -> None:
        """Do nothing: the caller has added to the size."""

    def _snapshot(self) -> tuple[Any, ...]:
        return ()

    def _restore(self, state: tuple[()]) -> None:
        """Do nothing: the size is the whole state."""
