"""Decide whether dates such as 03/04/2026 name the day or the month first, from all dates of a table.

A number over 12 is a day. Where no number is, many changes of the date that run in one direction in one order and
back and forth in the other decide. The rows of a table may run forwards, backwards or in no order at all, so the other
evidence that a chat gives, such as the number that changes fastest, is not used: daily rows of one month and monthly
rows of one day look alike.
"""

MIN_CHANGES = 8
"""Changes of the date from row to row before their direction counts: eight run in one direction by chance in fewer than
1 of 100,000 files."""

_LARGEST_MONTH = 12


class DayOrder:
    """Evidence of the dates so far for their order, in memory of constant size."""

    def __init__(self) -> None:
        self._first_over = self._second_over = False
        self.is_empty = True
        self._day_first, self._month_first = _Run(), _Run()

    @property
    def is_proved(self) -> bool:
        """True once a number over 12 has named the day."""
        return self._first_over or self._second_over

    def see(self, first: int, second: int, year: int) -> None:
        """Take the next date: its first and second number, and its year."""
        self.is_empty = False
        self._first_over = self._first_over or first > _LARGEST_MONTH
        self._second_over = self._second_over or second > _LARGEST_MONTH
        self._day_first.see((year, second, first))
        self._month_first.see((year, first, second))

    def day_first(self) -> bool | None:
        """Return True for the day first, False for the month first; None if the dates do not show it."""
        if self._first_over != self._second_over:
            return self._first_over
        if self._first_over or self._day_first.is_sorted == self._month_first.is_sorted:
            return None
        return self._day_first.is_sorted


class _Run:
    """Direction of dates: year, month, day."""

    def __init__(self) -> None:
        self._last: tuple[int, int, int] | None = None
        self._up = self._down = 0

    def see(self, date: tuple[int, int, int]) -> None:
        if self._last is not None:
            self._up += date > self._last
            self._down += date < self._last
        self._last = date

    @property
    def is_sorted(self) -> bool:
        """True if enough changes run in one direction only."""
        return min(self._up, self._down) == 0 and self._up + self._down >= MIN_CHANGES


__all__ = ["MIN_CHANGES", "DayOrder"]
