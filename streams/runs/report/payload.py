"""What the page is told of a run: plain data, with nothing of a person that the run folder does not have."""

from typing import Any

import msgspec

from schemas.alert import Alert


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A forward graph as it is drawn: one entry a node in each list; times in ms, rows from 0 down."""

    time: list[int]
    row: list[float]
    parent: list[int]  # index of the parent; -1 for a root and where the parent is unknown
    recorded: list[int]  # 1: the edge to the parent is recorded, 0: inferred
    depth: list[int]
    children: list[int]  # direct, all of them
    descendants: list[int]  # all of them
    hidden: list[int]  # descendants that are not drawn, counted at the nearest node that is
    message: list[str]  # pseudonyms, shortened
    total: int  # messages in all


class Forwarder(msgspec.Struct, frozen=True, kw_only=True):
    """A message that many came after."""

    message: str
    sharer: str
    time: int
    depth: int
    children: int  # messages that name it, or are inferred to follow it, as their parent
    descendants: int  # those and all after them


class WordingPayload(msgspec.Struct, frozen=True, kw_only=True):
    """One text of a cluster."""

    text: str
    time: int
    method: str
    similarity: float | None
    variants: str


class FamilyShown(msgspec.Struct, frozen=True, kw_only=True):
    """Wordings that are one sentence but for its slots."""

    template: str
    messages: int
    wordings: int
    variants: list[str]  # how its representative differs from the cluster's
    slots: list[tuple[str, list[tuple[str, int]]]]  # name; values, each with the messages that bear it


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """How a cascade grew: distinct sharers and the detector's score, at most some hundred points."""

    time: list[int]
    sharers: list[int]
    score: list[float]
    limits: list[float]  # the score from which level 1, 2, 3 is reached


class RumourPayload(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster that was alerted."""

    cluster_id: str
    status: str
    first_time: int
    last_time: int
    sharers: float
    posts: int
    chats: int
    text: str
    lang: str | None
    alerts: list[Alert]  # in order
    curve: Curve
    shape: Shape
    forwarders: list[Forwarder]
    wordings: list[WordingPayload]
    wordings_total: int
    families: list[FamilyShown]
    platforms: list[tuple[str, int]]
    busiest_chats: list[tuple[str, int]]


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """Shares over time."""

    start: int
    step: int  # ms
    shares: list[int]


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """The whole page."""

    title: str
    manifest: dict[str, Any]
    volume: Volume
    rumours: list[RumourPayload]
