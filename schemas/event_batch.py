"""`EventBatch`: sightings on their way between our own stages, many events in one record.

One record per event would cost more than the event. A batch names the exact source offsets that it covers, so a reader
that receives a batch twice, or differently cut, knows which events are new.
"""

import msgspec

from schemas.base import Count, Message, Ms
from schemas.sighting import Sighting


class BatchEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One sighting and the offset of its event in the source partition."""

    offset: Count
    sighting: Sighting


class EventBatch(Message, frozen=True, kw_only=True):
    """Consecutive events of one source partition, on the topics `sightings` and `ordered`.

    A batch covers the offsets from `start` to `end` (exclusive): those in `entries`, those in `rejected`, and offsets
    that the log itself skips.
    """

    partition: Count
    partitions: Count  # of the source; the watermark waits for each partition
    start: Count
    end: Count
    entries: tuple[BatchEntry, ...] = ()
    rejected: tuple[Count, ...] = ()  # offsets of rejected events
    idle: bool = False  # no further input for now; the watermark does not wait for the partition
    progress: Ms = 0  # event time that the partition has reached at `end`; a restarted intake continues from here
