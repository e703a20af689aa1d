"""Rows of an analyst's tables: one per share, one per cluster.

They are what a run folder keeps beside the alerts, and carry no more of a person than the alerts do.
"""

import msgspec

from detectors.spread.graph import Placement
from schemas.assignment import Method, Timeliness
from schemas.base import Ms
from schemas.event import Kind


class EdgeRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One share: which message, after which parent, known how surely, and how its text found the cluster."""

    cluster_id: str  # at the time; `ClusterRow.merged_into` leads on
    time: Ms
    event_id: str
    kind: Kind
    platform: str
    message: str
    parent: str | None
    source: str  # how the parent is known; see detectors/spread/edges.py
    confidence: float
    placed: Placement  # what the forward graph made of it: a recorded parent may be refused, as in a cycle
    sharer: str
    chat: str | None
    fingerprint: str  # of its wording; empty where it has no words
    method: Method
    similarity: float | None
    variants: str  # comma-separated
    timeliness: Timeliness
    suggestion: str | None  # a near cluster that it did not join
    suggestion_similarity: float | None


class WordingRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One wording of a cluster, when it was first seen there."""

    cluster_id: str  # at the time; `ClusterRow.merged_into` leads on
    time: Ms
    event_id: str
    fingerprint: str
    text: str  # masked for people
    lang: str | None
    method: Method  # how it was recognised
    similarity: float | None
    variants: str  # comma-separated


class ClusterRow(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster as it stood when it closed, was merged away, was evicted, or when the stream ended."""

    cluster_id: str
    status: str  # open, closed, merged or evicted
    merged_into: str | None
    first_time: Ms
    last_time: Ms
    first_event: str
    representative: str
    sha256: str
    lang: str | None
    platform: str | None  # of its first post
    sharers: float
    posts: int
    chats: int
    replies: int
    wordings: int
    level: int  # the highest it reached
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
    claims: int  # checked claims that it repeats
    harm: str | None  # the category of the nearest example
    reports: int
    late: int
    deleted: int
