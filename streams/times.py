"""Parse and format durations and times.

Durations are written as in settings ("1h30m"); the texts of alerts round durations instead, see
`detectors.text.formatting`.
"""

import re
from datetime import UTC, datetime

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])")

LONGEST = 10_000 * _UNITS["d"]
"""Longest duration in ms; a larger number is a time since 1970."""


def parse_duration(text: str) -> int:
    """Return a duration such as "90s", "10m", "1h30m" or "7d" in ms.

    Raises:
        ValueError: not a duration, or not a whole number of milliseconds.

    """
    parts = _PART.findall(text.strip())
    if not parts or _PART.sub("", text.strip()).strip():
        raise ValueError('a duration is a number and a unit, e.g. "30s", "10m", "2h", "7d"')
    total = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if total != int(total):
        raise ValueError("a duration is a whole number of milliseconds")
    return int(total)


def format_duration(ms: int) -> str | int:
    """Return a duration in its largest exact unit; the number itself if not positive, or a time since 1970."""
    if ms <= 0 or ms > LONGEST:
        return ms
    unit = next(name for name in ("d", "h", "m", "s", "ms") if ms % _UNITS[name] == 0)
    return f"{ms // _UNITS[unit]}{unit}"


def format_time(ms: int) -> str:
    """Return an event time in UTC, to the second; the number of ms for a year outside the calendar."""
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms"
