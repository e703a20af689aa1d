"""Count: the distinct sharers so far, the plainest baseline.

Every alert that it raises is right, and late: it says what has happened, not what is coming.
"""

from typing import Any, Self

from detectors.growth.base import LEVEL_STEP, GrowthDetector


class Count(GrowthDetector):
    """Score N, the distinct sharers so far. Levels at q, 4q and 16q.

    High means: the cascade is big already. An update is one addition, the state one number; the order of arrival
    does not matter, `retract` and `merge` are exact. `L` speaks earlier; take this one where only size matters, or
    beside it to catch slow burns.

    >>> from detectors.growth.config import GrowthConfig
    >>> detector = Count(GrowthConfig(detector="count", big=3))
    >>> [detector.level(detector.update(0)) for _ in range(5)]
    [0, 0, 0, 0, 1]

    """

    __slots__ = ()

    name = "count"
    version = 1
    _state_type = tuple[()]

    def _cold_levels(self) -> tuple[float, float, float]:
        target_size = float(self._config.target_size)
        return target_size, LEVEL_STEP * target_size, LEVEL_STEP**2 * target_size

    def _cold_rule(self) -> str:
        return f"q distinct sharers with q = {self._config.target_size}, cold-start rule"

    def _clear(self) -> None:
        """Keep the size: nothing else is remembered."""

    def _move(self, time: int) -> None:
        """Stand still: a count does not age."""

    def _add(self, time: int, weight: float) -> None:
        """Leave the size to the caller, who has added it."""

    def _remove(self, time: int, weight: float) -> None:
        """Leave the size to the caller, who has subtracted it."""

    def _value(self, time: int) -> float:
        return self._size

    def _union(self, other: Self) -> None:
        """Leave the size to the caller, who has added it."""

    def _state(self) -> tuple[Any, ...]:
        return ()

    def _load(self, state: tuple[()]) -> None:
        """Take nothing: the size is all there is."""
