"""Read the times of a table: seconds, milliseconds, ISO 8601, dates in numbers, or a pattern of strptime."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from streams.adapters.base import FormatError
from streams.adapters.tables.day_order import DayOrder
from streams.adapters.tables.zones import ABBREVIATIONS, abbreviated, offset_name

UNIX_S, UNIX_MS, ISO, NUMERIC = "unix_s", "unix_ms", "iso", "numeric"
STRPTIME = "strptime:"

_EARLIEST, _LATEST = 946_684_800_000, 4_102_444_800_000  # the years 2000 to 2100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_seconds = re.compile(r"(\d{1,12})(?:\.(\d{1,12}))?").fullmatch
_milliseconds = re.compile(r"(\d{1,15})(?:\.\d*)?").fullmatch
_abbreviation = re.compile(r"(.*(?:\d|[ap]\.?\s?m\.?)) ?([A-Z]{2,5})", re.IGNORECASE).fullmatch
_spaced_offset = re.compile(r"(.*\d) ([+-]\d{2}(?::?\d{2})?)").fullmatch
_numbers = re.compile(
    r"(?P<first>\d{1,4})(?:[-/]|\. ?)(?P<second>\d{1,2})(?:[-/]|\. ?)(?P<third>\d{4}|\d{2})\.?"
    r"(?:[,T]?\s*(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second_of>\d{2}))?"
    r"(?:\s*(?P<half>[AaPp])\.?\s?[Mm]\.?)?)?",
).fullmatch
Read = Callable[[str], datetime]


class TimeProblem(Exception):  # noqa: N818 - an outcome of one row, not a failure of the program
    """A time that cannot be read: the reason, and the detail for the report."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


class TimeReader:
    """Times of one file, in ms since 1970.

    Args:
        formats: their notations, tried in order.
        zone: the zone of times without one; None if it is unknown.
        given: the zone of the command line, which decides between the meanings of an abbreviation.
        day_first: the order of dates in numbers.
        note: called with each remark for the report, once.

    """

    def __init__(
        self,
        formats: Sequence[str],
        zone: tzinfo | None,
        given: tzinfo | None,
        day_first: bool,
        note: Callable[[str], None],
    ) -> None:
        self._zone, self._given, self._note, self._day_first = zone, given, note, day_first
        self._noted: set[str] = set()
        self._readers = [self._reader(one) for one in formats]
        self._formats = ", ".join(formats)

    def read(self, text: str) -> int:
        """Return a time in ms.

        Raises:
            TimeProblem: `no_time`, `bad_time`, `no_zone` or `time_out_of_range`.

        """
        text = text.strip()
        if not text:
            raise TimeProblem("no_time", "the row has no time")
        for reader in self._readers:
            try:
                at = reader(text)
            except (ValueError, OverflowError):
                continue
            if not _EARLIEST <= at <= _LATEST:
                raise TimeProblem("time_out_of_range", "the time is before 2000 or after 2100; is its unit right?")
            return at
        raise TimeProblem("bad_time", f"the time has another form than {self._formats}")

    def _reader(self, form: str) -> Callable[[str], int]:
        if form == UNIX_S:
            return _unix_seconds
        if form == UNIX_MS:
            return _unix_milliseconds
        if form == ISO:
            return lambda text: self._instant(self._iso(text))
        if form == NUMERIC:
            return lambda text: self._instant(self._in_numbers(text))
        pattern = form.removeprefix(STRPTIME)
        return lambda text: self._instant(datetime.strptime(text, pattern))  # noqa: DTZ007 - _instant adds the zone

    def _instant(self, when: datetime) -> int:
        if when.tzinfo is None:
            if self._zone is None:
                raise TimeProblem("no_zone", "the time has no zone; give the zone of the table with --zone")
            when = when.replace(tzinfo=self._zone)
        return (when - _EPOCH) // _MS

    def _iso(self, text: str) -> datetime:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            spaced = _spaced_offset(text)
            if spaced:
                return datetime.fromisoformat(spaced[1] + spaced[2])
            return self._with_abbreviation(text, datetime.fromisoformat)

    def _in_numbers(self, text: str) -> datetime:
        try:
            return _date_in_numbers(text, day_first=self._day_first)
        except ValueError:
            return self._with_abbreviation(text, lambda rest: _date_in_numbers(rest, day_first=self._day_first))

    def _with_abbreviation(self, text: str, read: Read) -> datetime:
        found = _abbreviation(text)
        if found is None:
            raise ValueError
        local, name = read(found[1]), found[2].upper()
        if local.tzinfo is not None:
            raise ValueError
        named = abbreviated(name, local, self._given)
        if named is None:
            return local  # as a time without a zone
        if named.is_choice and name not in self._noted:
            self._noted.add(name)
            self._note(
                f"the zone {name} is read as {offset_name(ABBREVIATIONS[name][0])}; other places use {name} too: give "
                "--zone if the table is of another"
            )
        return local.replace(tzinfo=named.zone)


def day_order(times: Iterator[str]) -> DayOrder:
    """Return what the dates of a file show of the order of day and month; stops at the first proof."""
    order = DayOrder()
    for text in times:
        found = _numbers(text.strip())
        if found is None:
            shortened = _abbreviation(text.strip())
            found = _numbers(shortened[1]) if shortened else None
        if found is not None and len(found["first"]) <= 2:
            order.see(int(found["first"]), int(found["second"]), _year(found["third"]))
            if order.is_proved:
                break
    return order


def check_format(form: str) -> None:
    """Check a notation of times.

    Raises:
        FormatError: the notation is unknown, or its pattern is none of strptime.

    """
    if form in {UNIX_S, UNIX_MS, ISO, NUMERIC}:
        return
    if not form.startswith(STRPTIME):
        raise FormatError(
            f"the time format {form[:40]!r} is unknown; write unix_s, unix_ms, iso, numeric or strptime:PATTERN, "
            "such as strptime:%d/%m/%Y %H:%M"
        )
    pattern = form.removeprefix(STRPTIME)
    sample = datetime(2026, 11, 23, 21, 43, 56, tzinfo=UTC)
    try:
        again = datetime.strptime(sample.strftime(pattern), pattern)  # noqa: DTZ007 - only the date is compared
    except (ValueError, re.error):
        raise FormatError(f"the time format {form[:60]!r} is no pattern of strptime") from None
    if (again.year, again.month, again.day) != (2026, 11, 23):
        raise FormatError(f"the time format {form[:60]!r} does not give the year, the month and the day")


def lacks_zone(form: str) -> bool:
    """Return True if no time in this notation can name its zone."""
    return form.startswith(STRPTIME) and "%z" not in form and "%Z" not in form


def _unix_seconds(text: str) -> int:
    found = _seconds(text)
    if found is None:
        raise ValueError
    return int(found[1]) * 1000 + (int(found[2][:3].ljust(3, "0")) if found[2] else 0)


def _unix_milliseconds(text: str) -> int:
    found = _milliseconds(text)
    if found is None:
        raise ValueError
    return int(found[1])


def _date_in_numbers(text: str, *, day_first: bool) -> datetime:
    found = _numbers(text)
    if found is None:
        raise ValueError
    first, second, third = found["first"], int(found["second"]), found["third"]
    if len(first) > 2:
        year, month, day = int(first), second, int(third)
    else:
        day, month = (int(first), second) if day_first else (second, int(first))
        year = _year(third)
    hour = int(found["hour"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
    return datetime(year, month, day, hour, int(found["minute"] or 0), int(found["second_of"] or 0))  # noqa: DTZ001


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) <= 2 else 0)


__all__ = [
    "ISO", "NUMERIC", "STRPTIME", "UNIX_MS", "UNIX_S", "TimeProblem", "TimeReader", "check_format", "day_order",
    "lacks_zone",
]  # fmt: skip
