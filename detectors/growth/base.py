"""Define the interface of every growth detector, and the bookkeeping that all detectors share.

One instance follows one cascade, so the state of the detector can live, move and merge with the cascade.
"""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from math import floor
from typing import Any, ClassVar, Self

from detectors.growth.config import GrowthConfig
from detectors.snapshot import pack, unpack
from schemas.evidence import GrowthEvidence

NEVER = -(1 << 62)
"""Clock of a detector without shares, in ms; earlier than every event time."""
LEVEL_STEP = 4
"""Each level requires four times as much as the level below."""
_HORIZON_MS = 400 * 86_400_000

Thresholds = tuple[float, float, float]
"""Thresholds of levels 1 to 3, in the unit of the score."""


def rounded(value: float) -> float:
    """Round to six decimals, so the last bit of a sum never decides whether a score reaches a threshold."""
    return floor(value * 1e6 + 0.5) / 1e6


class GrowthDetector(ABC):
    """Bookkeeping of one cascade that every detector shares: clock, size, thresholds, merging and state.

    A subclass implements the statistic: `_move` advances it in time, `_add` and `_remove` change it by a share,
    `_value` reads it at a later time, `_clear` resets it, `_union` adds another cascade's, and `_snapshot` and
    `_restore` convert it to plain values and back.
    """

    __slots__ = ("_clock", "_config", "_fresh_from", "_size", "_thresholds")

    name: ClassVar[str]
    version: ClassVar[int] = 1
    _state_type: ClassVar[Any]  # the type of `_snapshot`'s result, for decoding

    def __init__(self, config: GrowthConfig) -> None:
        self._config = config
        first = config.threshold
        self._thresholds = self._cold_thresholds() if first is None else self._thresholds_from(first)
        self._size = 0.0
        self._clock = NEVER
        self._fresh_from = NEVER  # earlier shares count in the size only: the cascade was reopened then
        self._clear()

    @property
    def size(self) -> float:
        """Return N, the number of distinct sharers by weight."""
        return self._size

    def update(self, time: int, weight: float = 1.0) -> float:
        """Add the first share of a distinct sharer; return the score at the clock, rounded to 1e-6.

        Args:
            time: event time in ms; may be before the clock.
            weight: 1, or the number of sharers behind a sampled sharer.

        """
        self._take(time, weight)
        return rounded(self._value(self._clock))

    def late(self, time: int, weight: float = 1.0, dropped_late: bool = False) -> None:
        """Add a late first share; a share dropped late only adds to the size."""
        if dropped_late:
            self._size += weight
        else:
            self._take(time, weight)

    def retract(self, time: int, weight: float = 1.0) -> None:
        """Remove a first share by the time and weight of the addition. The clock does not move."""
        self._size = max(0.0, self._size - weight)
        if time >= self._fresh_from:
            self._remove(time, weight)

    def score(self, time: int) -> float:
        """Return the score at `time`, or at the clock if the clock is later, rounded to 1e-6; changes nothing."""
        return rounded(self._value(max(time, self._clock)))

    def level(self, score: float) -> int:
        """Count the thresholds up to `score`, 0 to 3; 0 while the size is below `min_sharers`."""
        if self._size < self._config.min_sharers:
            return 0
        return bisect_right(self._thresholds, score)

    def merge(self, other: Self, duplicates: Sequence[tuple[int, float]] = ()) -> None:
        """Become the union of both cascades; `other` does not change.

        Args:
            other: a detector of the same kind and settings.
            duplicates: (time, weight) of the later first share of each sharer who is in both cascades.

        Raises:
            TypeError: `other` is of another kind or has other settings.

        """
        if type(other) is not type(self) or other._config != self._config:
            raise TypeError(
                f"cannot merge {type(other).__name__} into {self.name}; use the same detector with equal settings"
            )
        twin = type(self)(self._config)
        twin.restore(other.snapshot())
        clock = max(self._clock, twin._clock)
        self._advance(clock)
        twin._advance(clock)
        self._size += twin._size
        self._union(twin)
        self._fresh_from = min(self._fresh_from, twin._fresh_from)
        for time, weight in duplicates:
            self._size = max(0.0, self._size - weight)
            if time >= self._fresh_from:
                self._drop(time, weight)

    def reopen(self, time: int) -> None:
        """Restart at `time` after a long silence: keep the size, and treat earlier shares as no longer fresh."""
        self._advance(time)
        self._fresh_from = max(self._fresh_from, time)
        self._clear()

    def thresholds(self) -> Thresholds:
        """Return the thresholds of levels 1 to 3, in the unit of the score."""
        return self._thresholds

    def threshold(self, threshold_offset: float = 0.0) -> float:
        """Return the level-1 threshold, shifted by an offset in levels, interpolated between level thresholds."""
        if not threshold_offset:
            return self._thresholds[0]
        below = min(int(threshold_offset), 1)
        low, high = self._thresholds[below : below + 2]
        return rounded(low + (threshold_offset - below) * (high - low))

    def rule(self) -> str:
        """Describe the origin of the thresholds."""
        return self._cold_rule() if self._config.threshold is None else "threshold set by the operator"

    def explain(self, time: int, level: int = 1, threshold_offset: float = 0.0) -> GrowthEvidence:
        """Compare the score at `time` with the threshold of `level` (0 means 1).

        `threshold_offset` applies to level 1 only: the raise of the threshold by the alert budget, in levels.
        """
        level = max(level, 1)
        threshold = self.threshold(threshold_offset) if level == 1 else self._thresholds[level - 1]
        details = self._details(max(time, self._clock), threshold)
        if level == 1 and threshold_offset:  # a field at its default is not written
            details["threshold_offset"] = threshold_offset
        return GrowthEvidence(
            detector=self.name,
            score=self.score(time),
            threshold=threshold,
            rule=self._rule_of(level, threshold_offset),
            target_size=self._config.target_size if self._config.threshold is None else None,
            **details,
        )

    def falls_below(self, value: float, time: int) -> int | None:
        """Find the first ms from `time` on with a score below `value`, without further shares.

        Returns:
            The time, or None beyond 400 days. Costs some 40 readings of the score.

        """
        low = max(time, self._clock)
        if self.score(low) < value:
            return low
        high = low + _HORIZON_MS
        if self.score(high) >= value:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.score(middle) < value else (middle, high)
        return high

    def quiet(self, time: int) -> bool:
        """Return True if no share came within `quiet_ms` before `time`."""
        return time - self._clock >= self._config.quiet_ms

    def snapshot(self) -> bytes:
        """Return the state as bytes; equal states give equal bytes."""
        state = (self._clock, self._fresh_from, self._size, self._snapshot())
        return pack(f"growth.{self.name}", self.version, state)

    def restore(self, data: bytes) -> None:
        """Restore a state written by `snapshot` under the same settings.

        Raises:
            SnapshotError: not a state of the same detector and version.

        """
        whole: Any = tuple
        state = unpack(f"growth.{self.name}", self.version, whole[int, int, float, self._state_type], data)
        self._clock, self._fresh_from, self._size, inner = state
        self._restore(inner)

    def _take(self, time: int, weight: float) -> None:
        self._advance(time)
        self._size += weight
        if time >= self._fresh_from:
            self._add(time, weight)

    def _advance(self, time: int) -> None:
        if time > self._clock:
            self._move(time)
            self._clock = time

    def _details(self, time: int, threshold: float) -> dict[str, Any]:
        return {}

    def _thresholds_from(self, first: float) -> Thresholds:
        """Derive the thresholds of levels 1 to 3 from the first: each `LEVEL_STEP` times the previous."""
        return rounded(first), rounded(LEVEL_STEP * first), rounded(LEVEL_STEP**2 * first)

    def _rule_of(self, level: int, threshold_offset: float) -> str:
        if level > 1:
            return f"{self.rule()}; {self._step_rule(LEVEL_STEP ** (level - 1))} at level {level}"
        if threshold_offset:
            return (
                f"{self.rule()}; raised by {threshold_offset:.2f} levels because openings exceed policy.openings_a_day"
            )
        return self.rule()

    @abstractmethod
    def _cold_thresholds(self) -> Thresholds:
        """Derive the thresholds from `target_size` alone."""

    @abstractmethod
    def _cold_rule(self) -> str:
        """Describe the thresholds of `_cold_thresholds`."""

    def _step_rule(self, times: int) -> str:
        """Describe the addition to the rule for a level at `times` as much as level 1."""
        return f"times {times}"

    @abstractmethod
    def _clear(self) -> None:
        """Forget every share; the clock does not move."""

    @abstractmethod
    def _move(self, time: int) -> None:
        """Advance the statistic from the clock to a later `time`."""

    @abstractmethod
    def _add(self, time: int, weight: float) -> None:
        """Add a share at `time`, not after the clock."""

    @abstractmethod
    def _remove(self, time: int, weight: float) -> None:
        """Remove a share at `time`, not after the clock."""

    def _drop(self, time: int, weight: float) -> None:
        """Remove a share counted twice in a merge."""
        self._remove(time, weight)

    @abstractmethod
    def _value(self, time: int) -> float:
        """Read the statistic at `time`, not before the clock; the result is finite."""

    @abstractmethod
    def _union(self, other: Self) -> None:
        """Add the statistic of `other`, whose clock is equal."""

    @abstractmethod
    def _snapshot(self) -> tuple[Any, ...]:
        """Return the statistic as plain values."""

    @abstractmethod
    def _restore(self, state: Any) -> None:  # noqa: ANN401 - each detector narrows the type
        """Restore the result of `_snapshot`."""
