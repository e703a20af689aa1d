"""Write how a cluster reached each platform: the first sighting, the lag, and the match that joined the share.

Only platforms that an alert may show get here; see `detectors.spread.first_sightings.across`.
"""

from collections.abc import Sequence

from detectors.text.formatting import duration, many, moment, plain
from schemas.assignment import Method
from schemas.evidence import FirstSighting

_NAMED = 5  # platforms in a sentence
_SECOND = 1_000
_UNITS = {_SECOND: "a second", 60_000: "a minute", 3_600_000: "an hour", 86_400_000: "a day"}
_JOINED: dict[str, str] = {
    Method.LINK: "a link to a known message",
    Method.EXACT: "equal text",
    Method.LEXICAL: "nearly equal text",
    Method.EMBEDDING: "text of similar meaning",
    Method.URL: "an equal address",
    Method.MEDIA: "an equal picture",
}


def jumps(sightings: Sequence[FirstSighting], ist: bool = False) -> str:
    """Return one sentence on two or more first sightings, without a final point.

    Args:
        sightings: first sightings in order of time.
        ist: add Indian standard time to the time in UTC.

    """
    first = sightings[0]
    if first.lag_ms:  # the platform of the first share is not shown
        return f"Reached {_reached(sightings, 'after the first share')}"
    where = f"{plain(first.platform)} at {moment(first.first_seen_at, ist)}"
    return f"First seen on {where}; reached {_reached(sightings[1:])}"


def joined_by(sighting: FirstSighting) -> str:
    """Name the match that joined a share, with the similarity; empty for the share that started the cluster."""
    words = _JOINED.get(sighting.joined_by, "")
    return words if sighting.similarity is None else f"{words}, similarity {sighting.similarity:.2f}"


def lag(sighting: FirstSighting, after: str = "") -> str:
    """Return the time since the first share, no finer than the times are, with words to follow a known time."""
    unit = sighting.precision_ms or _SECOND
    if sighting.lag_ms < unit:
        return f"within {_UNITS[unit]}"
    return f"{duration(sighting.lag_ms - sighting.lag_ms % unit)} {after}".rstrip()


def _reached(sightings: Sequence[FirstSighting], after: str = "later") -> str:
    """List platforms with lag and match, the earliest first."""
    parts = []
    for one in sightings[:_NAMED]:
        words = joined_by(one)
        parts.append(f"{plain(one.platform)} {lag(one, after)}" + (f" (joined by {words})" if words else ""))
    if len(sightings) > _NAMED:
        parts.append(f"and {many(len(sightings) - _NAMED, 'more platform')}")
    return ", ".join(parts)


__all__ = ["joined_by", "jumps", "lag"]
