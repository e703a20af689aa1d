"""Read single values of untrusted JSON, in formats that write one value in several forms or come by the million.

A field may hold any JSON type. Each function returns the value in one type, and None or an empty value for anything
else. `fields` reads whole objects, and refuses a foreign type by the name of its field.
"""

from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from detectors.reading.json_value import mend
from streams.adapters.base import FormatError
from streams.adapters.fields import is_possible

_MAX_DIGITS = 20
_MAX_INTEGER = 1 << 63
_MAX_EXACT = 1 << 53  # the integers that a float holds exactly


def integer(value: object) -> int | None:
    """Return a whole number, given as such or as its digits; None if digits may be lost, and for anything else."""
    if type(value) is int:
        return value if -_MAX_INTEGER < value < _MAX_INTEGER else None
    if type(value) is str and len(value) <= _MAX_DIGITS and value.isascii() and value.removeprefix("-").isdecimal():
        return int(value)
    if type(value) is float and abs(value) < _MAX_EXACT and value.is_integer():
        return int(value)
    return None


def count(value: object) -> int | None:
    """Return a whole number that is not negative; None for anything else."""
    number = integer(value)
    return None if number is None or not 0 <= number <= _MAX_EXACT else number


def seconds(value: object) -> int | None:
    """Return a Unix time in seconds, as a number or as digits, in ms; None outside the years 2000 to 2100."""
    if type(value) is float:
        ms = round(value * 1000) if abs(value) < _MAX_EXACT else 0
    else:
        number = integer(value)
        ms = 0 if number is None else number * 1000
    return ms if is_possible(ms) else None


@lru_cache(maxsize=16)
def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Raises:
        FormatError: no such zone.

    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise FormatError(
            f"{name[:40]!r} is no time zone; give an IANA name such as Asia/Kolkata, Africa/Lagos or UTC to --zone"
        ) from None


def text(value: object) -> str:
    """Return a text without halves of characters; the empty text for anything else."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else mend(value)[0]


def members(value: object) -> dict[str, Any]:
    """Return a JSON object; an empty object for anything else."""
    return value if isinstance(value, dict) else {}


def entries(value: object) -> list[Any]:
    """Return a JSON array; an empty array for anything else."""
    return value if isinstance(value, list) else []


__all__ = ["count", "entries", "integer", "members", "seconds", "text", "zone"]
