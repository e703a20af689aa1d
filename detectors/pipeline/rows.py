"""Rows of the analyst's tables: one per share, one per wording, one per cluster.

A run folder stores the rows next to the alerts. Rows carry no more personal data than alerts do.
"""

import msgspec

from detectors.spread.edges import InferredEdge
from detectors.spread.graph import Placement
from schemas.assignment import Assignment, Method, Role, Timeliness
from schemas.base import Ms
from schemas.event import Kind
from schemas.evidence import FirstSighting

BROADCAST_SHARERS = 3
"""Sharers of a broadcast at most: one account, or one with helpers."""

BROADCAST_CHATS = 20
"""Chats of a broadcast at least; WhatsApp and Telegram forward to at most five chats at once."""


class EdgeRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One share or quote: its message, its parent, and the match that assigned it to the cluster."""

    cluster_id: str  # at the time of the share; `ClusterRow.merged_into` leads to the later id
    time: Ms
    event_id: str
    kind: Kind
    platform: str
    message: str
    parent: str | None
    source: str  # how the parent is known; see detectors/spread/edges.py
    confidence: float
    placed: Placement  # result in the forward graph, which may refuse a recorded parent, as in a cycle
    sharer: str
    chat: str | None
    fingerprint: str  # of the wording; empty for a message without words and for a comment
    method: Method
    similarity: float | None
    variants: str  # comma-separated
    timeliness: Timeliness
    role: Role  # `comment` for a quote with words of its own, which is no share
    suggestion: str | None  # a near cluster that the share did not join
    suggestion_similarity: float | None
    counts_in: str | None  # the first cluster of the address, if the growth of that cluster counts the sharer


class WordingRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One wording of a cluster, at its first share there."""

    cluster_id: str  # at the time of the share; `ClusterRow.merged_into` leads to the later id
    time: Ms
    event_id: str
    fingerprint: str
    text: str  # masked, for people
    lang: str | None
    method: Method  # how the wording matched
    similarity: float | None
    variants: str  # comma-separated


class CounterSummary(msgspec.Struct, frozen=True):
    """The platforms' own counters of a cluster, for its row and for the counts of its alerts."""

    views: int | None = None
    forwards: int | None = None
    views_rise: int | None = None  # largest rise in a window; None: no message with two snapshots
    forwards_rise: int | None = None
    level: int = 0  # highest level of a counter alert


class ClusterRow(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster at the end of its life: closed, merged, evicted, or open at the end of the stream."""

    cluster_id: str
    status: str  # open, closed, merged or evicted
    merged_into: str | None
    first_time: Ms
    last_time: Ms
    first_event: str
    representative: str
    sha256: str
    lang: str | None
    platform: str | None  # of the first post
    sharers: float
    posts: int
    chats: int
    replies: int
    quotes: int  # with words of their own; not among the posts
    members: int  # of the chats, where the events give the size
    wordings: int
    level: int  # the highest level reached
    max_score: float
    episode: int
    nodes: int
    unseen: int
    trees: int
    depth: int
    max_breadth: int
    mean_depth: float
    structural_virality: float
    edge_coverage: float
    debunks: int
    claims: int  # checked claims that the cluster repeats
    frame: str | None  # the property by which the shares differ: addresses, media or numbers
    related: str  # comma-separated: how a cluster is linked (same_address or same_words), a space, its id
    harm: str | None  # category of the nearest harm example
    reports: int
    late: int
    deleted: int
    views: int | None  # by the platforms' own counters; None without a counter
    forwards: int | None
    first_sightings: tuple[FirstSighting, ...]  # first share on each platform, in order of time
    views_rise: int | None = None  # largest rise of the counter in a window; None: no message with two snapshots
    forwards_rise: int | None = None
    counter_level: int = 0  # highest level of a counter alert

    @property
    def is_broadcast(self) -> bool:
        """True if a few accounts posted the message in many chats: a reach that no growth of sharers shows."""
        few = 0 < self.sharers <= BROADCAST_SHARERS
        return few and self.chats >= BROADCAST_CHATS and self.merged_into is None


def edge_row(assignment: Assignment, edge: InferredEdge, placement: Placement, sharer: str) -> EdgeRow:
    """Build the row of one share."""
    sighting, suggestion = assignment.sighting, assignment.suggestion
    return EdgeRow(
        cluster_id=assignment.cluster_id,
        time=sighting.time,
        event_id=sighting.event_id,
        kind=sighting.kind,
        platform=sighting.platform,
        message=edge.child,
        parent=edge.parent,
        source=edge.source,
        confidence=edge.confidence,
        placed=placement,
        sharer=sharer,
        chat=sighting.chat,
        fingerprint="" if assignment.role is Role.COMMENT else sighting.content.fingerprint,
        method=assignment.method,
        similarity=assignment.similarity,
        variants=",".join(assignment.variants),
        timeliness=assignment.timeliness,
        role=assignment.role,
        suggestion=None if suggestion is None else suggestion.cluster_id,
        suggestion_similarity=None if suggestion is None else suggestion.similarity,
        counts_in=assignment.counts_in,
    )


def wording_row(assignment: Assignment) -> WordingRow:
    """Build the row of a wording from its first share in the cluster."""
    sighting = assignment.sighting
    return WordingRow(
        cluster_id=assignment.cluster_id,
        time=sighting.time,
        event_id=sighting.event_id,
        fingerprint=sighting.content.fingerprint,
        text=sighting.content.text,
        lang=sighting.lang,
        method=assignment.method,
        similarity=assignment.similarity,
        variants=",".join(assignment.variants),
    )
