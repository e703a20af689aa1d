"""What every growth detector is: the protocol, and the bookkeeping that they have in common.

One instance follows one cascade, so that its state can live, move and merge with the cascade.
"""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from math import floor
from typing import Any, ClassVar, Self

from detectors.growth.config import GrowthConfig
from detectors.snapshot import pack, unpack
from detectors.text.formatting import duration
from schemas.alert import GrowthEvidence

NEVER = -(1 << 62)
"""The clock of a detector that has seen nothing, in ms; earlier than every event time."""
LEVEL_STEP = 4
"""Each level asks four times as much as the one below."""
_HORIZON_MS = 400 * 86_400_000


def rounded(value: float) -> float:
    """`value` to six decimals: what meets a threshold, so that the last bit of a sum never decides."""
    return floor(value * 1e6 + 0.5) / 1e6


class GrowthDetector(ABC):
    """The bookkeeping of one cascade that every detector shares: clock, size, thresholds, merging, state.

    A detector says how its statistic moves with the clock (`_move`), takes a share (`_add`), loses one (`_remove`),
    reads itself at a later time (`_value`), starts afresh (`_clear`), takes in another's (`_union`) and is written
    down (`_state`, `_load`). Everything else is here, once.
    """

    __slots__ = ("_clock", "_config", "_fresh_from", "_levels", "_size")

    name: ClassVar[str]
    version: ClassVar[int] = 1
    _state_type: ClassVar[Any]  # what `_state` returns, for decoding

    def __init__(self, config: GrowthConfig) -> None:
        self._config = config
        self._levels = self._thresholds()
        self._size = 0.0
        self._clock = NEVER
        self._fresh_from = NEVER  # shares before it count in the size only: the cascade was reopened then
        self._clear()

    @property
    def size(self) -> float:
        """N: distinct sharers, by weight."""
        return self._size

    def update(self, time: int, weight: float = 1.0) -> float:
        """Take a first share of a distinct sharer; return the score at the clock, rounded to 1e-6.

        Args:
            time: event time in ms; one that is not after the clock is fine.
            weight: 1, or what one sampled sharer stands for.

        """
        self._take(time, weight)
        return rounded(self._value(self._clock))

    def late(self, time: int, weight: float = 1.0, dropped_late: bool = False) -> None:
        """Take a first share behind the watermark: like any other, or, when `expired`, counted in the size only."""
        if dropped_late:
            self._size += weight
        else:
            self._take(time, weight)

    def retract(self, time: int, weight: float = 1.0) -> None:
        """Take a first share back, by the time and weight that it came with. The clock stays where it is."""
        self._size = max(0.0, self._size - weight)
        if time >= self._fresh_from:
            self._remove(time, weight)

    def score(self, time: int) -> float:
        """Read the score at `time`, or at the clock if that is later, rounded to 1e-6; nothing changes."""
        return rounded(self._value(max(time, self._clock)))

    def level(self, score: float) -> int:
        """Count the thresholds that `score` meets, 0 to 3; 0 while the size is below `min_sharers`."""
        if self._size < self._config.min_sharers:
            return 0
        return bisect_right(self._levels, score)

    def merge(self, other: Self, duplicates: Sequence[tuple[int, float]] = ()) -> None:
        """Become the union of both cascades; `other` stays as it is.

        Args:
            other: a detector of the same kind and settings.
            duplicates: (time, weight) of the later of the two first shares of each sharer who is in both.

        Raises:
            TypeError: `other` is of another kind or has other settings.

        """
        if type(other) is not type(self) or other._config != self._config:
            raise TypeError(f"a merge needs two {self.name} detectors with equal settings; got {type(other).__name__}")
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
        """Begin again at `time` after a long silence: the size stays, earlier shares are no longer fresh."""
        self._advance(time)
        self._fresh_from = max(self._fresh_from, time)
        self._clear()

    def levels(self) -> tuple[float, float, float]:
        """List the thresholds of levels 1 to 3, in the unit of the score."""
        return self._levels

    def threshold(self, threshold_offset: float = 0.0) -> float:
        """Say the threshold of level 1, `raised` by so many levels: on the line through those of levels 1, 2 and 3."""
        if not threshold_offset:
            return self._levels[0]
        below = min(int(threshold_offset), 1)
        low, high = self._levels[below : below + 2]
        return rounded(low + (threshold_offset - below) * (high - low))

    def rule(self) -> str:
        """Say in words what fixed the thresholds."""
        return self._cold_rule() if self._config.threshold is None else "threshold set by the operator"

    def explain(self, time: int, level: int = 1, threshold_offset: float = 0.0) -> GrowthEvidence:
        """Put the score at `time` beside the threshold of `level` (0 reads as 1), for people; costs a search.

        `raised` is for level 1: by how many levels the budget of alerts has raised its threshold.
        """
        level = max(level, 1)
        limit = self.threshold(threshold_offset) if level == 1 else self._levels[level - 1]
        details = self._details(max(time, self._clock), limit)
        if level == 1 and threshold_offset:  # a field at its default is not written
            details["threshold_offset"] = threshold_offset
        return GrowthEvidence(
            detector=self.name,
            score=self.score(time),
            threshold=limit,
            rule=self._rule_of(level, threshold_offset),
            lowers_when=self._lowers_when(self._levels[level - 1], max(time, self._clock)),
            target_size=self._config.target_size if self._config.threshold is None else None,
            **details,
        )

    def falls_below(self, value: float, time: int) -> int | None:
        """Find the first ms from `time` on at which the score is under `value` if nobody shares any more.

        Returns:
            the time; None where that takes more than 400 days. Some 40 readings of the score.

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
        """Tell whether nobody has shared for `quiet_ms` before `time`."""
        return time - self._clock >= self._config.quiet_ms

    def snapshot(self) -> bytes:
        """State as bytes; equal states give equal bytes."""
        state = (self._clock, self._fresh_from, self._size, self._state())
        return pack(f"growth.{self.name}", self.version, state)

    def restore(self, data: bytes) -> None:
        """Take on the state that `snapshot` wrote under the same settings.

        Raises:
            SnapshotError: not a state of this detector and version.

        """
        whole: Any = tuple
        state = unpack(f"growth.{self.name}", self.version, whole[int, int, float, self._state_type], data)
        self._clock, self._fresh_from, self._size, inner = state
        self._load(inner)

    def _take(self, time: int, weight: float) -> None:
        self._advance(time)
        self._size += weight
        if time >= self._fresh_from:
            self._add(time, weight)

    def _advance(self, time: int) -> None:
        if time > self._clock:
            self._move(time)
            self._clock = time

    def _lowers_when(self, limit: float, time: int) -> str:
        under = self.falls_below(limit, time)
        if under is None:
            return "deleted shares; silence alone does not lower it within 400 days"
        if under == time:
            return "the score is below the threshold already"
        return f"no new distinct sharer for {duration(under - time)}"

    def _details(self, time: int, limit: float) -> dict[str, Any]:
        return {}

    def _thresholds(self) -> tuple[float, float, float]:
        first = self._config.threshold
        return self._cold_levels() if first is None else self._steps(first)

    def _steps(self, first: float) -> tuple[float, float, float]:
        """Thresholds of levels 1 to 3 from the first: here each `LEVEL_STEP` times the one below."""
        return rounded(first), rounded(LEVEL_STEP * first), rounded(LEVEL_STEP**2 * first)

    def _rule_of(self, level: int, threshold_offset: float) -> str:
        if level > 1:
            return f"{self.rule()}; {self._raised(LEVEL_STEP ** (level - 1))} at level {level}"
        if threshold_offset:
            return f"{self.rule()}; raised by {threshold_offset:.2f} levels because alerts exceed policy.alerts_a_day"
        return self.rule()

    @abstractmethod
    def _cold_levels(self) -> tuple[float, float, float]:
        """Thresholds that derive from `big` alone."""

    @abstractmethod
    def _cold_rule(self) -> str:
        """Those thresholds in words."""

    def _raised(self, times: int) -> str:
        """What a level that asks `times` as much as the first adds to the rule."""
        return f"times {times}"

    @abstractmethod
    def _clear(self) -> None:
        """Forget every share; the clock stays."""

    @abstractmethod
    def _move(self, time: int) -> None:
        """Carry the statistic from the clock to `time`, which is later."""

    @abstractmethod
    def _add(self, time: int, weight: float) -> None:
        """Take a share at `time`, which is not after the clock."""

    @abstractmethod
    def _remove(self, time: int, weight: float) -> None:
        """Lose a share at `time`, which is not after the clock."""

    def _drop(self, time: int, weight: float) -> None:
        """Lose a share that a merge counted twice."""
        self._remove(time, weight)

    @abstractmethod
    def _value(self, time: int) -> float:
        """Read the statistic at `time`, which is not before the clock; finite."""

    @abstractmethod
    def _union(self, other: Self) -> None:
        """Take in the statistic of `other`, whose clock is equal."""

    @abstractmethod
    def _state(self) -> tuple[Any, ...]:
        """The statistic as plain values."""

    @abstractmethod
    def _load(self, state: Any) -> None:  # noqa: ANN401 - each detector narrows it to its own type
        """Take on what `_state` returned."""
