"""Hold the growth alerts opened per day to a budget, by raising the threshold while alerts come too often.

The budget is a leaky bucket. Each opening adds a part of a day's allowance, and one day's allowance drains in a day.
While the bucket holds more than one allowance, the level-1 threshold rises by one level for each further allowance. No
stream, however it drifts, can keep the rate above the allowance, because the threshold rises until no cascade reaches
it. The budget learns nothing from the past, so it needs no history.

The threshold as an integral controller: Gibbs and Candes 2021, doi:10.48550/arXiv.2106.00170; the bucket: Turner 1986,
doi:10.1109/MCOM.1986.1092946.
"""

from math import floor

import msgspec

from detectors.snapshot import pack, unpack

_DAY_MS = 86_400_000
_FREE = 1.0


class _State(msgspec.Struct, array_like=True):
    fill: float
    time: int


class AlertBudget:
    """Threshold offset in levels, derived from the openings so far. Times are event times in ms.

    In any T days at most `a_day` (T + `free` + r) + 1 openings pass, where r is the largest number of levels by which a
    cascade exceeds the threshold. A query or an opening costs under a microsecond; the state is two numbers. Where a
    platform is steady and its past is known, a fixed `growth.threshold` does as well.

    Args:
        a_day: openings that a team can review in a day, above 0.
        free: days' allowances that the bucket may hold before the threshold rises, 0 or more.

    >>> budget = AlertBudget(2.0)
    >>> for hour in range(4):
    ...     budget.spend(hour * 3_600_000)
    >>> budget.threshold_offset(3 * 3_600_000), budget.threshold_offset(27 * 3_600_000)
    (0.875, 0.0)

    """

    __slots__ = ("_a_day", "_fill", "_free", "_time")

    def __init__(self, a_day: float, free: float = _FREE) -> None:
        self._a_day, self._free = a_day, free
        self._fill = 0.0  # days' allowances, at `_time`
        self._time = 0

    def threshold_offset(self, time: int) -> float:
        """Return the raise of the threshold at `time` in levels, 0 or more; rounded to 1e-6."""
        return max(0.0, floor((self._left(time) - self._free) * 1e6 + 0.5) / 1e6)

    def spend(self, time: int) -> None:
        """Count an opening."""
        self._fill = self._left(time) + 1.0 / self._a_day
        self._time = max(self._time, time)

    def _left(self, time: int) -> float:
        return max(0.0, self._fill - max(0, time - self._time) / _DAY_MS)

    def snapshot(self) -> bytes:
        """Return the state as bytes; equal states give equal bytes."""
        return pack("budget", 1, _State(self._fill, self._time))

    def restore(self, data: bytes) -> None:
        """Restore a state written by `snapshot` under the same settings.

        Raises:
            SnapshotError: not the state of a budget, or of another version.

        """
        state = unpack("budget", 1, _State, data)
        self._fill, self._time = state.fill, state.time
