"""Find out when a record was first recorded: by the broker's timestamp, or by a header that `hearsay publish` writes.

The broker's timestamp of a republished event is the time of republishing, which witnesses nothing. Setting the old
timestamp on the new record would not do: the broker deletes records by their timestamps, so it would delete a history
of last spring within minutes, and it refuses timestamps of the future. A header has neither effect.
"""

from collections.abc import Iterable

HEADER = "hearsay-recorded-at"
"""Header with the time of the first recording in ms since 1970, in decimal digits; empty if no time is known."""

_LONGEST = 15  # digits; later than the year 30000

Headers = Iterable[tuple[str, bytes | None]]


def recorded_at(timestamp: int | None, headers: Headers) -> int | None:
    """Return the time of a record in ms: of the header if there is one, else of the broker; None if unknown.

    Args:
        timestamp: timestamp of the record, of its producer or of the broker; None or negative if there is none.
        headers: name and value of each header.

    """
    for name, value in headers:
        if name == HEADER:
            return int(value) if value and value.isdigit() and len(value) <= _LONGEST else None
    return timestamp if timestamp is not None and timestamp > 0 else None


def republished(headers: Headers, time_ms: int | None) -> list[tuple[str, bytes]]:
    """Return the headers of a record for publishing again, with the time of its first recording.

    A header without a value gets an empty one: kafka-python sends no other.
    """
    kept = [(name, value or b"") for name, value in headers if name != HEADER]
    return [*kept, (HEADER, b"" if time_ms is None else str(time_ms).encode())]
