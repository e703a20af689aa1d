"""Read the fields of a JSON object of any shape: each field has one expected type, or is refused by its name.

An item from outside may hold any JSON type in any place. A field that decides an event's identity, time or text is read
strictly; a field that only adds to an event, such as a list of links, is read leniently, and foreign parts of it are
passed over.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from detectors.reading.json_value import mend

MAX_ID_CHARS = 512
_EARLIEST_MS, _LATEST_MS = 946_684_800_000, 4_102_444_800_000  # the years 2000 to 2100, as intake accepts
_MAX_DIGITS = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class FieldError(ValueError):
    """A field that is missing, has another type, or lies out of bounds.

    Args:
        reason: a short word with underscores, as in `Refused`.
        detail: the problem and the name of the field, never its value.

    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Fields:
    """A JSON object, and the path at which the object lies in its item.

    Args:
        value: the object; any other value counts as an object without fields.
        path: names of the objects around it, each with a dot: "commit.record.".

    """

    __slots__ = ("_path", "_value")

    def __init__(self, value: object, path: str = "") -> None:
        self._value = value if isinstance(value, dict) else {}
        self._path = path

    def __contains__(self, name: str) -> bool:
        return self._value.get(name) is not None

    def get(self, name: str) -> object:
        """Return a field as decoded; None if absent or null."""
        return self._value.get(name)

    def within(self, name: str) -> "Fields":
        """Return the object in a field; an object without fields if there is none."""
        return Fields(self._value.get(name), f"{self._path}{name}.")

    def objects(self, name: str) -> Iterator["Fields"]:
        """Yield the objects of a list; other values are passed over."""
        values = self._value.get(name)
        if isinstance(values, list):
            for value in values:
                if isinstance(value, dict):
                    yield Fields(value, f"{self._path}{name}.")

    def text(self, name: str) -> str:
        """Return a text; "" if absent or null.

        Raises:
            FieldError: another type.

        """
        value = self._value.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise FieldError("wrong_type", f"`{self._path}{name}` is not a text")
        return value if value.isascii() else mend(value)[0]

    def word(self, name: str) -> str:
        """Return a text that only adds to an event; "" if absent or of another type."""
        value = self._value.get(name)
        return mend(value)[0] if isinstance(value, str) else ""

    def id(self, name: str) -> str | None:
        """Return an identifier: a text, or a whole number as its digits; None if absent or null.

        Raises:
            FieldError: another type, an empty text, or more than `MAX_ID_CHARS` characters.

        """
        value = self._value.get(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**_MAX_DIGITS:
            value = str(value)
        if not isinstance(value, str):
            raise FieldError("wrong_type", f"`{self._path}{name}` is not an identifier")
        if not 0 < len(value) <= MAX_ID_CHARS:
            raise FieldError(
                "out_of_range", f"`{self._path}{name}` is not an identifier of 1 to {MAX_ID_CHARS} characters"
            )
        return value if value.isascii() else mend(value)[0]

    def need_id(self, name: str) -> str:
        """Return an identifier that the event needs.

        Raises:
            FieldError: absent, another type, empty, or too long.

        """
        value = self.id(name)
        if value is None:
            raise FieldError("missing_field", f"`{self._path}{name}` is missing")
        return value

    def whole(self, name: str) -> int | None:
        """Return a whole number of at most 20 digits, also from a text of digits; None if absent or null.

        Raises:
            FieldError: another value.

        """
        value = self._value.get(name)
        if value is None:
            return None
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 10**_MAX_DIGITS:
            raise FieldError("wrong_type", f"`{self._path}{name}` is not a whole number")
        return value

    def count(self, name: str) -> int | None:
        """Return a number of at least 0 that only adds to an event, also from a text of digits; None for any other."""
        try:
            value = self.whole(name)
        except FieldError:
            return None
        return value if value is not None and 0 <= value <= 1 << 53 else None

    def time(self, name: str) -> int | None:
        """Return a date with time and zone as ms since 1970; None for any other value."""
        return read_time(self._value.get(name))

    def need_time(self, name: str) -> int:
        """Return a date with time and zone as ms since 1970.

        Raises:
            FieldError: absent, or no such date between 2000 and 2100.

        """
        if self._value.get(name) is None:
            raise FieldError("missing_field", f"`{self._path}{name}` is missing")
        at = read_time(self._value[name])
        if at is None:
            raise FieldError("time_out_of_range", f"`{self._path}{name}` is no time between 2000 and 2100 with a zone")
        return at


def read_time(value: object, zone: tzinfo | None = None) -> int | None:
    """Return an ISO 8601 time as ms since 1970; None for any other value, and outside 2000 to 2100.

    Args:
        value: the time; a time without a zone is in `zone`, or no time without `zone`.
        zone: zone of a local time; the earlier time of the two where a clock is set back.

    """
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = moment if moment.tzinfo is not None or zone is None else moment.replace(tzinfo=zone)
        at = (moment - _EPOCH) // _MS if moment.tzinfo is not None else 0
    except (ValueError, OverflowError):
        return None
    return at if is_possible(at) else None


def is_possible(at: int) -> bool:
    """Return True for a time in ms between 2000 and 2100, the years that intake accepts."""
    return _EARLIEST_MS <= at < _LATEST_MS


def short_id(value: str, name: str) -> str:
    """Return an identifier that was put together.

    Raises:
        FieldError: more than `MAX_ID_CHARS` characters.

    """
    if len(value) > MAX_ID_CHARS:
        raise FieldError("out_of_range", f"`{name}` gives an identifier of more than {MAX_ID_CHARS} characters")
    return value


__all__ = ["MAX_ID_CHARS", "FieldError", "Fields", "is_possible", "read_time", "short_id"]
