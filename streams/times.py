"""Write and read durations and instants as people do."""

import re
from datetime import UTC, datetime

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


LONGEST = 10_000 * _UNITS["d"]  # longer ones are instants


_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])")


def milliseconds(text: str) -> int:
    """`"90s"`, `"10m"`, `"1h30m"` or `"7d"` as milliseconds.

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


def duration(value: int) -> str | int:
    """The shortest exact way to write milliseconds; a number where that is an instant rather than a length."""
    if value <= 0 or value > LONGEST:
        return value
    unit = next(name for name in ("d", "h", "m", "s", "ms") if value % _UNITS[name] == 0)
    return f"{value // _UNITS[unit]}{unit}"


def moment(ms: int) -> str:
    """Event time for people, in UTC; as the number where no calendar reaches."""
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms"
