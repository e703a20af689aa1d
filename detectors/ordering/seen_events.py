"""Recognise an event delivered twice, and an event id that names two different events.

An adapter that reuses an id for an edit, or for another chat's message, loses events without a trace. The content is
therefore compared as well, and the first event is kept.
"""

import zlib
from collections import deque
from enum import Enum

from schemas.sighting import Sighting

UNKNOWN = -1  # the checksum of an event of which only the id is known


class Delivery(Enum):
    """Relation of a sighting to the earlier sightings with its event id."""

    NEW = "new"
    DUPLICATE = "duplicate"  # the same event again
    CONFLICT = "conflict"  # another event with the same id


class SeenEvents:
    """Event ids with a checksum of the content: of waiting sightings, and of the last `bound` released sightings.

    A look-up costs about a microsecond, and an id takes about 170 bytes.
    """

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._checksums: dict[str, int] = {}  # of waiting and of released sightings
        self._ids: deque[str] = deque()  # of released sightings, in the order of release
        self._times: deque[int] = deque()  # the watermark at each release

    def add(self, sighting: Sighting) -> Delivery:
        """Compare a sighting with the known events, and add the sighting if its id is new."""
        known, checksum = self._checksums.get(sighting.event_id), content_checksum(sighting)
        if known is None:
            self._checksums[sighting.event_id] = checksum
            return Delivery.NEW
        return Delivery.DUPLICATE if known in {checksum, UNKNOWN} else Delivery.CONFLICT

    def release(self, event_id: str, watermark: int) -> None:
        """Keep the id of a released sighting until `forget`, or until the bound is reached."""
        self._ids.append(event_id)
        self._times.append(watermark)
        if len(self._ids) > self._bound:
            self._drop_oldest()

    def forget(self, before: int) -> None:
        """Forget the ids released at an earlier watermark, in ms."""
        times = self._times
        while times and times[0] < before:
            self._drop_oldest()

    def __len__(self) -> int:
        return len(self._checksums)

    def snapshot(self) -> tuple[list[str], list[int], list[int]]:
        """Return the ids of released sightings in order, their watermarks and their checksums."""
        return list(self._ids), list(self._times), [self._checksums[id_] for id_ in self._ids]

    def restore(self, ids: list[str], times: list[int], checksums: list[int], waiting: list[Sighting]) -> None:
        """Continue from a snapshot, with the waiting sightings."""
        self._ids, self._times = deque(ids), deque(times)
        self._checksums = {sighting.event_id: content_checksum(sighting) for sighting in waiting}
        self._checksums.update(zip(ids, checksums, strict=True))

    def _drop_oldest(self) -> None:
        self._times.popleft()
        del self._checksums[self._ids.popleft()]


def content_checksum(sighting: Sighting) -> int:
    """Return a CRC-32 of the fields in which two events with one id would contradict each other.

    Times, hop counts, sizes and the language may differ between two deliveries of one event and are left out.
    """
    content = sighting.content
    fields = (
        sighting.kind,
        sighting.message or "",
        sighting.root or "",
        sighting.parent or "",
        sighting.actor or "",
        sighting.chat or "",
        content.sha256,
        *content.urls,
        *(media.sha256 for media in sighting.media),
    )
    checksum = zlib.crc32("\n".join(fields).encode("utf-8", "surrogatepass"))
    statement = (sighting.counters, sighting.account_status, sighting.report, sighting.debunk)
    return checksum if statement == (None, None, None, None) else zlib.crc32(repr(statement).encode(), checksum)


__all__ = ["UNKNOWN", "Delivery", "SeenEvents", "content_checksum"]
