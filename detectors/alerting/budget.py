"""How many growth alerts a day may be opened, held by raising the limit while they come too often.

A leaky bucket: each opening pours a part of a day's allowance in, and a day's allowance runs out in a day. While more
than that stands in it, what would open must be stronger, by one level for each day's allowance. No stream, however it
drifts, can keep the rate above the allowance, since the limit rises until nothing reaches it. Nothing is learnt from
the past, so nothing has to be known of it.

The limit as an integral controller: Gibbs and Candes 2021, doi:10.48550/arXiv.2106.00170; the bucket: Turner 1986,
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
    """By how many levels the limit of an opening is raised, from the openings so far. Times are event times in ms.

    In any T days at most `a_day` (T + `free` + r) + 1 openings are let through, r being the most levels by which any
    cascade exceeds the limit. A question or an opening costs under a microsecond; the state is two numbers. Where a
    platform is steady and its past is known, a fixed `growth.threshold` does as well.

    Args:
        a_day: openings that the operator can look at in a day, above 0.
        free: days' allowances that may stand in the bucket before the limit rises, 0 or more.

    >>> budget = AlertBudget(2.0)
    >>> for hour in range(4):
    ...     budget.spend(hour * 3_600_000)
    >>> budget.raised(3 * 3_600_000), budget.raised(27 * 3_600_000)
    (0.875, 0.0)

    """

    __slots__ = ("_a_day", "_fill", "_free", "_time")

    def __init__(self, a_day: float, free: float = _FREE) -> None:
        self._a_day, self._free = a_day, free
        self._fill = 0.0  # days' allowances, at `_time`
        self._time = 0

    def threshold_offset(self, time: int) -> float:
        """Levels, 0 or more, by which an opening at `time` must exceed the plain limit; rounded to 1e-6."""
        return max(0.0, floor((self._left(time) - self._free) * 1e6 + 0.5) / 1e6)

    def spend(self, time: int) -> None:
        """Count an opening."""
        self._fill = self._left(time) + 1.0 / self._a_day
        self._time = max(self._time, time)

    def _left(self, time: int) -> float:
        return max(0.0, self._fill - max(0, time - self._time) / _DAY_MS)

    def snapshot(self) -> bytes:
        """The two numbers."""
        return pack("budget", 1, _State(self._fill, self._time))

    def restore(self, data: bytes) -> None:
        """Take on the state that `snapshot` wrote under the same settings.

        Raises:
            SnapshotError: not a budget's state, or another version's.

        """
        state = unpack("budget", 1, _State, data)
        self._fill, self._time = state.fill, state.time
