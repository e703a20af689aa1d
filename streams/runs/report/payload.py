"""Define the data of the report page. The data contain no personal data beyond the pseudonyms of the run folder."""

from typing import Any

import msgspec

from schemas.alert import Alert


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Drawn forward graph: one entry per node in each list; times in ms, rows numbered from 0 at the top."""

    time: list[int]
    row: list[float]
    parent: list[int]  # index of the parent; -1 for a root or an unknown parent
    recorded: list[int]  # 1: the edge to the parent is recorded, 0: inferred
    depth: list[int]
    children: list[int]  # direct forwards, drawn or not
    descendants: list[int]  # total forwards, drawn or not
    hidden: list[int]  # descendants that are not drawn, counted at the nearest drawn ancestor
    message: list[str]  # pseudonyms, shortened
    total: int  # messages in all


class Forwarder(msgspec.Struct, frozen=True, kw_only=True):
    """Message with many forwards."""

    message: str
    sharer: str
    time: int
    depth: int
    children: int  # direct forwards, by recorded and inferred parents
    descendants: int  # total forwards


class WordingPayload(msgspec.Struct, frozen=True, kw_only=True):
    """Text of a cluster."""

    text: str
    time: int
    method: str
    similarity: float | None
    variants: str


class TemplatePayload(msgspec.Struct, frozen=True, kw_only=True):
    """Template of wordings that differ only in slots."""

    template: str
    messages: int
    wordings: int
    variants: list[str]  # differences from the representative of the cluster
    slots: list[tuple[str, list[tuple[str, int]]]]  # name; values with the number of messages


class SightingPayload(msgspec.Struct, frozen=True, kw_only=True):
    """First share of a cluster on one platform."""

    platform: str
    time: int
    lag: str  # since the first share, in words; empty for the first share
    joined_by: str  # match that joined the share, in words; empty for the share that started the cluster


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """Growth of a cascade: distinct sharers and the score of the detector, at most some hundred points."""

    time: list[int]
    sharers: list[int]
    score: list[float]
    thresholds: list[float]  # score of level 1, 2, 3


class RumourPayload(msgspec.Struct, frozen=True, kw_only=True):
    """Cluster with alerts. Counts are those at the end of the run; each alert has the counts of its own time."""

    cluster_id: str
    status: str
    first_time: int
    last_time: int
    sharers: float
    posts: int
    quotes: int  # with words of their own; no posts
    chats: int
    text: str
    lang: str | None
    alerts: list[Alert]  # in order
    curve: Curve
    shape: Shape
    forwarders: list[Forwarder]
    wordings: list[WordingPayload]
    wordings_total: int
    templates: list[TemplatePayload]
    platforms: list[tuple[str, int]]  # posts at the end of the run; small groups and the rest as one group
    first_sightings: list[SightingPayload]  # in order of time; empty with fewer than two platforms that are shown
    busiest_chats: list[tuple[str, int]]


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """Number of shares over time."""

    start: int
    step: int  # ms
    shares: list[int]


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """Contents of the page."""

    title: str
    manifest: dict[str, Any]
    volume: Volume
    rumours: list[RumourPayload]
