"""Decide the order of day, month and year in the dates of one file.

03/04/26 is the third of April or the fourth of March. The dates of the whole file decide: a day that no month has,
dates that would run backwards, dates in the names of attachments, and the number that changes fastest. Dates that are
possible in both orders are not guessed.
"""

from enum import StrEnum
from typing import NamedTuple

from streams.adapters.whatsapp.calendars import day_number, is_islamic

_CLEAR = 3
"""Changes of one number alone from which that number is the day, and times by which they must exceed the other's."""

Numbers = tuple[int, int, int]


class DateOrder(StrEnum):
    """Order of the three numbers of a date."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"
    YEAR_FIRST = "year first"

    def day(self, numbers: Numbers) -> int | None:
        """Return the number of the day; None if the numbers are no date in this order."""
        a, b, c = numbers
        if self is DateOrder.DAY_FIRST:
            return day_number(c, b, a)
        if self is DateOrder.MONTH_FIRST:
            return day_number(c, a, b)
        return day_number(a, b, c)


_DAY_PLACE = {DateOrder.DAY_FIRST: 0, DateOrder.MONTH_FIRST: 1, DateOrder.YEAR_FIRST: 2}


class Decision(NamedTuple):
    """The order of the dates of a file, and its evidence in words."""

    order: DateOrder
    evidence: str


class _Reading:
    """One order, tried on all dates."""

    def __init__(self, order: DateOrder) -> None:
        self.order = order
        self.faults = 0  # dates that are none, or that run backwards
        self.named = 0  # dates that agree with the name of an attachment
        self.begins = True  # the first date is one; nothing is above the first header, so it is of no pasted chat
        self._last = 0

    def add(self, numbers: Numbers, *, first: bool) -> None:
        day = self.order.day(numbers)
        if first:
            self.begins = day is not None
        if day is None or day < self._last - 1:
            self.faults += 1
        else:
            self._last = max(day, self._last)


class DayOrder:
    """Collects the dates of a file in their order, in constant memory."""

    def __init__(self) -> None:
        self._last: Numbers | None = None
        self._dates = 0  # changes of the date
        self._readings = [_Reading(order) for order in DateOrder]
        self._alone = [0, 0, 0]  # changes of one number while the other two stay
        self._long = [False, False, False]  # numbers with more than two digits
        self._islamic = 0

    def add(self, numbers: Numbers) -> None:
        """Take the date of the next header."""
        if numbers == self._last:
            return
        self._dates += 1
        for reading in self._readings:
            reading.add(numbers, first=self._last is None)
        for place, number in enumerate(numbers):
            self._long[place] |= number > 99
            self._islamic += is_islamic(number)
        if self._last is not None:
            changed = [place for place in range(3) if numbers[place] != self._last[place]]
            if len(changed) == 1:
                self._alone[changed[0]] += 1
        self._last = numbers

    def add_name(self, numbers: Numbers, day: int) -> None:
        """Take the day in the name of an attachment, with the date of its header."""
        for reading in self._readings:
            reading.named += reading.order.day(numbers) == day

    @property
    def is_islamic(self) -> bool:
        """True if most years are of the Islamic calendar."""
        return 2 * self._islamic > self._dates

    def decide(self, day_first: bool | None, *, year_first: bool = False) -> Decision | None:
        """Return the order; None if the dates allow several and no option chooses.

        Args:
            day_first: the user's choice between day and month, for dates that allow both.
            year_first: the language of the file puts the year first.

        """
        readings = self._possible(year_first=year_first)
        if len(readings) == 1:
            return Decision(readings[0].order, "by the dates of the file")
        named = [reading for reading in readings if reading.named]
        if len(named) == 1:
            return Decision(named[0].order, "by the names of attachments")
        for reading in readings:
            if self._changes_fastest(reading, readings):
                return Decision(reading.order, "by the number that changes fastest")
        if day_first is None or not readings:
            return None
        wanted = DateOrder.DAY_FIRST if day_first else DateOrder.MONTH_FIRST
        return Decision(wanted, "by option") if any(one.order is wanted for one in readings) else None

    def _possible(self, *, year_first: bool) -> list[_Reading]:
        """Return the readings with the fewest faults; pasted headers cause some in each reading."""
        by_place = self._readings
        if self._long[0] or (year_first and not self._long[2]):
            by_place = [one for one in by_place if one.order is DateOrder.YEAR_FIRST]
        elif self._long[2]:
            by_place = [one for one in by_place if one.order is not DateOrder.YEAR_FIRST]
        begun = [one for one in by_place if one.begins]
        if len(begun) < 2:
            return begun
        fewest = min(one.faults for one in begun)
        good = [one for one in begun if one.faults <= 2 * fewest]
        # Two digits of a year in front are rare: with two other readings open, only the changes can show them.
        others = [one for one in good if one.order is not DateOrder.YEAR_FIRST]
        if others and len(good) > len(others) and not self._changes_fastest(self._readings[2], good):
            return others
        return good

    def _changes_fastest(self, reading: _Reading, among: list[_Reading]) -> bool:
        own = self._alone[_DAY_PLACE[reading.order]]
        rest = max((self._alone[_DAY_PLACE[one.order]] for one in among if one is not reading), default=0)
        return own >= _CLEAR and own >= _CLEAR * rest


__all__ = ["DateOrder", "DayOrder", "Decision", "Numbers"]
