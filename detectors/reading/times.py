"""Read an instant that is not written in milliseconds, where only one reading of it is possible.

A number is read as seconds, microseconds or nanoseconds if the accepted range of times allows no other unit; the ranges
of the four units do not overlap. A date needs a zone: without one it may mean any of 38 hours.
ISO 8601 in the profile of RFC 3339, DOI 10.17487/RFC3339.
"""

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from detectors.reading.config import IntakeConfig
from detectors.reading.rules import InvalidEventError
from schemas.base import Ms
from schemas.rejection import Reason

_UNITS = {
    "seconds": Fraction(1000),
    "microseconds": Fraction(1, 1000),
    "nanoseconds": Fraction(1, 1_000_000),
}
"""Milliseconds in one of each unit."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_is_number = re.compile(r"[+-]?\d{1,32}(\.\d{1,32})?").fullmatch
_is_date = re.compile(r"\d{4}-\d\d-\d\d").match
_iso = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[Tt ](?P<time>\d\d:\d\d(?::\d\d)?)(?:[.,](?P<fraction>\d{1,12}))?"
    r" ?(?P<zone>[Zz]|UTC|GMT|[+-]\d\d(?::?\d\d)?)"
).fullmatch
_FIX = "write an integer of milliseconds since 1970, or ISO 8601 with its zone, such as 2026-03-04T10:16:30+05:30"


class ReadTime(NamedTuple):
    """An instant in ms since 1970, and the form that it had; an empty form for milliseconds as an integer."""

    time: Ms
    form: str


def read_time(name: str, value: object, config: IntakeConfig) -> ReadTime:
    """Read the value of a time field.

    Args:
        name: of the field, for the error.
        value: a JSON value other than null.
        config: holds the accepted range of times.

    Raises:
        InvalidEventError: the value is no instant, has no zone, or fits no unit. The error does not quote the value.

    """
    if type(value) is int and config.earliest_ms <= value <= config.latest_ms:
        return ReadTime(value, "")
    if isinstance(value, str):
        text = value.strip()
        return _read_number(Fraction(text), config, "text") if _is_number(text) else _read_date(name, text)
    if isinstance(value, bool) or not isinstance(value, int | float) or value - value:  # not for inf
        raise InvalidEventError(Reason.WRONG_TYPE, f"`$.{name}` is no time but {_kind(value)}; {_FIX}")
    exact = Fraction(repr(value))  # the decimal number that the sender wrote, not the nearest binary one
    return _read_number(exact, config, "fractions of a millisecond" if value % 1 else "")


def _read_number(value: Fraction, config: IntakeConfig, form: str) -> ReadTime:
    if config.earliest_ms <= value <= config.latest_ms:
        return ReadTime(int(value), form)
    fitting = [
        (int(value * factor), unit)
        for unit, factor in _UNITS.items()
        if config.earliest_ms <= value * factor <= config.latest_ms
    ]
    if len(fitting) == 1:
        return ReadTime(*fitting[0])
    return ReadTime(int(value), form)  # out of range: `check` names the rule


def _read_date(name: str, text: str) -> ReadTime:
    found = _iso(text)
    if found is None:
        why = "is a date or time without a zone" if _is_date(text) else "is text in another form"
        raise InvalidEventError(Reason.WRONG_TYPE, f"`$.{name}` {why}; {_FIX}")
    zone = found["zone"].upper().replace("UTC", "Z").replace("GMT", "Z")
    try:
        whole = datetime.fromisoformat(f"{found['date']}T{found['time']}{'+00:00' if zone == 'Z' else zone}")
    except ValueError:
        raise InvalidEventError(
            Reason.OUT_OF_RANGE, f"`$.{name}` is ISO 8601 with a day, hour or zone that does not exist; {_FIX}"
        ) from None
    ms = (whole - _EPOCH) // timedelta(milliseconds=1)
    return ReadTime(ms + int((found["fraction"] or "0")[:3].ljust(3, "0")), "ISO 8601")


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return "another value"


__all__ = ["ReadTime", "read_time"]
