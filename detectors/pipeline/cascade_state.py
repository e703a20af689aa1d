"""State of a cascade, open or closed, as stored in a checkpoint and sent to another partition."""

import msgspec

from detectors.pipeline.cascade_stats import CascadeStats


class CascadeState(msgspec.Struct, frozen=True, array_like=True):
    """State of an open cascade: the stats, then the snapshot of each detector; empty for a detector that is off."""

    stats: CascadeStats
    graph: bytes
    edges: bytes
    sharers: bytes
    chats: bytes
    wordings: bytes
    reporters: bytes
    recent: bytes
    growth: bytes
    policy: bytes


class ClosedCascade(msgspec.Struct, frozen=True, array_like=True):
    """State of a closed cascade, some hundreds of bytes: a reopened cascade continues to count from here."""

    stats: CascadeStats
    growth: bytes
    policy: bytes
    until: int  # event time in ms; the closed cascade is forgotten afterwards


class StateTransfer(msgspec.Struct, frozen=True, array_like=True):
    """State of an absorbed cascade and of its counters on the way to the survivor's partition; None without either."""

    cascade: CascadeState | None = None
    counters: bytes | None = None
