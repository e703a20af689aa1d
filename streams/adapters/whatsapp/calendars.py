"""Turn dates and times of a phone's clock into times in UTC.

Phones in Thailand may count years of the Buddhist calendar, and phones in Iran those of the Persian calendar; the year
tells which, because WhatsApp began in 2009.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from streams.adapters.base import FormatError

FIRST_YEAR = 2009
LAST_YEAR = 2099

DAY_MS = 86_400_000

_BUDDHIST = 543  # years before the common era
_PERSIAN = range(1388, 1430)
_ISLAMIC = range(1430, 1490)
_NEW_YEAR_1388 = date(2009, 3, 21).toordinal()
_EPOCH = date(1970, 1, 1).toordinal()


def day_number(year: int, month: int, day: int) -> int | None:
    """Return the number of a day since 1 January of the year 1; None for a day that no export can have."""
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return None
    if year < 100:
        year += 2000
    if year in _PERSIAN:
        return _persian(year, month, day)
    if FIRST_YEAR + _BUDDHIST <= year <= LAST_YEAR + _BUDDHIST:
        year -= _BUDDHIST
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, day).toordinal()
    except ValueError:
        return None


def is_islamic(year: int) -> bool:
    """Return True for a year of the Islamic calendar, whose days depend on the country and cannot be computed."""
    return year in _ISLAMIC


def _persian(year: int, month: int, day: int) -> int | None:
    lengths = [31] * 6 + [30] * 5 + [29 + _is_leap(year)]
    if day > lengths[month - 1]:
        return None
    before = sum(365 + _is_leap(earlier) for earlier in range(_PERSIAN.start, year))
    return _NEW_YEAR_1388 + before + sum(lengths[: month - 1]) + day - 1


def _is_leap(year: int) -> bool:
    """Return True for a Persian year of 366 days, by the cycle of 33 years."""
    return (25 * year + 11) % 33 < 8


class LocalClock:
    """Converts local times of one zone to UTC.

    An hour that a change of the clock repeats is read as its first occurrence, unless the previous message is later
    than that; an hour that the change leaves out is read with the offset before the change.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._day = 0
        self._offset: int | None = None  # ms; None on a day with a change

    def to_utc(self, day: int, second: int, previous: int | None = None) -> int:
        """Return the time in ms since 1970 of a second of a local day; `previous`: the time of the message before."""
        if day != self._day:
            self._day, self._offset = day, self._offset_of(day)
        local = ((day - _EPOCH) * 86_400 + second) * 1000
        if self._offset is not None:
            return local - self._offset
        at = datetime.fromordinal(day) + timedelta(seconds=second)
        first, again = (self._ms(at.replace(fold=fold)) for fold in (0, 1))
        return again if previous is not None and first < previous <= again + DAY_MS and first < again else first

    def _offset_of(self, day: int) -> int | None:
        start = datetime.fromordinal(day)
        offsets = {self._zone.utcoffset(start + timedelta(hours=hours)) for hours in (-1, 12, 25)}
        return None if len(offsets) > 1 else int((offsets.pop() or timedelta()).total_seconds() * 1000)

    def _ms(self, at: datetime) -> int:
        return int((at.replace(tzinfo=self._zone).astimezone(UTC)).timestamp() * 1000)


def find_zone(name: str | None) -> ZoneInfo:
    """Return a time zone by its name.

    Raises:
        FormatError: no name is given, or no zone has the name.

    """
    example = "name the zone of the phone that exported the chat, e.g. --zone Asia/Kolkata"
    if name is None:
        raise FormatError(f"a WhatsApp export has times without a time zone; {example}")
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, UnicodeError):
        raise FormatError(f"no time zone is named {name[:40]!r}; {example}") from None


__all__ = ["DAY_MS", "LocalClock", "day_number", "find_zone", "is_islamic"]
