"""`EventBatch` and `CascadeCommands`: what travels between our own stages, many events in one record.

One record an event would cost more than the event: a frame shares that cost. Each says exactly which part of its source
it stands for, so that whoever reads it twice, or reads two cuts of the same log, knows what is new in it.
"""

import msgspec

from schemas.assignment import Assignment, Merge
from schemas.base import Count, Message, Ms
from schemas.sighting import Sighting


class BatchEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One sighting and the offset of its event in the source partition."""

    offset: Count
    sighting: Sighting


class EventBatch(Message, frozen=True, kw_only=True):
    """Consecutive events of one source partition, on the topics `sightings` and `ordered`.

    `start` to `end` (exclusive) are the offsets it stands for: those in `entries`, those in `rejected`, and those
    that the log itself left out.
    """

    partition: Count
    partitions: Count  # how many the source has: the watermark waits for each
    start: Count
    end: Count
    entries: tuple[BatchEntry, ...] = ()
    rejected: tuple[Count, ...] = ()  # offsets of events that became rejections
    idle: bool = False  # the partition has nothing more for now; it holds nobody up
    progress: Ms = 0  # how far the partition has come by then; whoever reads on from here goes on from it


class CascadeCommand(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing for a cascade partition to do; exactly one of the first three is set."""

    assignment: Assignment | None = None
    merge: Merge | None = None
    watermark: Ms | None = None  # timers due at or before it fire
    merge_number: Count = 0  # of a merge, counted from 1 over all partitions: both sides know it by that


class CascadeCommands(Message, frozen=True, kw_only=True):
    """Consecutive steps of one cascade partition, on the topic `assignments`.

    Steps are numbered for each partition without a gap. The numbers are a function of the ordered log, so a step that
    is sent again has the number that it had.
    """

    partition: Count  # of cascades
    partitions: Count
    first: Count  # number of the first step
    commands: tuple[CascadeCommand, ...]


class StateTransferChunk(Message, frozen=True, kw_only=True):
    """A piece of the state of a cascade that moves to another partition because it was merged, on `state-transfers`."""

    merge_number: Count
    part: Count
    parts: Count
    data: bytes


class WatermarkReport(Message, frozen=True, kw_only=True):
    """How far the ordered log has come, and where its events went, on the topic `watermarks`.

    received = applied + duplicates + late + rejected + waiting.
    """

    realm: str
    time: Ms  # event time before which nothing on time is expected any more
    received: Count
    applied: Count
    duplicates: Count
    late: Count
    rejected: Count
    waiting: Count
    unmatched: Count = 0
    forced: Count = 0
    withheld: Count = 0  # cascades that reached the limit when the budget of alerts asked for more
    missing: Count = 0  # source offsets that the log no longer had when it was read
