"""Describe one cascade at one moment: the facts that an alert is written from.

The pipeline fills a `CascadeSnapshot`. `evidence` turns the snapshot into fields and `sentences` turns it into text, so
both describe the same moment.
"""

import msgspec

from detectors.ordering.resolution import Resolution
from detectors.reading.profile import FieldCounts
from schemas.assignment import RelatedCluster
from schemas.evidence import (
    CascadeCounts,
    ContentEvidence,
    CounterEvidence,
    FirstSighting,
    GrowthEvidence,
    Structure,
    TextEvidence,
)


class DataNotes(msgspec.Struct, frozen=True, kw_only=True):
    """Gaps and adjustments in the data behind the counts."""

    late: int = 0  # posts that arrived after the watermark
    corrected: int = 0  # posts whose claimed time was replaced by the time of observation
    ahead: int = 0  # posts held back, because later events contradicted their time
    catching_up: int = 0  # posts read by a listener that was behind
    resolution: Resolution = Resolution.FINE  # of the times
    deleted: int = 0  # posts deleted, or taken down with their account
    merged_at: tuple[int, ...] = ()  # event times at which another cluster was merged in
    unseen: int = 0  # messages that other messages refer to
    sampled: bool = False  # the count of sharers is an estimate
    busy_sharers: int = 0  # sharers with many posts
    capped: int = 0  # messages deeper than the graph follows
    overflow: int = 0  # messages beyond the graph's size limit
    before_closing: float = 0.0  # sharers counted before the cascade was closed
    fields: FieldCounts = msgspec.field(default_factory=FieldCounts)  # filled by the posts
    echoes: int = 0  # posts of linked clusters with the same address
    counters_fell: int = 0  # counter alert: snapshots below an earlier snapshot of the message
    counters_ignored: int = 0  # counter alert: implausible values


class CascadeSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One cascade at one moment, as its detectors report it."""

    cluster_id: str
    time: int
    first_event: str
    counts: CascadeCounts
    growth: GrowthEvidence
    structure: Structure
    text: TextEvidence
    content: ContentEvidence
    trigger_event: str | None = None
    fall_threshold: float  # the active level begins to fall below this score, in the detector's own unit
    lowered_at: int | None = None  # event time at which the level falls without further sharers; None: unknown
    aliases: tuple[str, ...] = ()
    withheld: bool = False  # over the base threshold but below the budget's, and not opened since
    related: tuple[RelatedCluster, ...] = ()
    first_sightings: tuple[FirstSighting, ...] = ()  # in order of time
    counters: CounterEvidence | None = None  # the rise that a counter alert rests on; None for an alert about sharers
    notes: DataNotes = DataNotes()


__all__ = ["CascadeSnapshot", "DataNotes"]
