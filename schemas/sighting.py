"""Define `Sighting`: an event after intake, pseudonymised, normalised and fingerprinted, and safe to publish."""

from typing import Annotated, NamedTuple

import msgspec

from schemas.base import Count, Digest, Message, Ms
from schemas.event import AccountStatus, Counters, Debunk, Kind, Media, ParentEvidence, Report


class Position(msgspec.Struct, frozen=True, gc=False):
    """Position of an event in its source: a Kafka topic's partition and offset, or a file's line, counted from 0."""

    source: str
    partition: Count
    offset: Count


class RawEvent(NamedTuple):
    """One event as its source delivers it, before intake."""

    raw: bytes
    position: Position
    recorded_at: int | None = None  # timestamp of the Kafka record in ms; None if the source has none


class TextContent(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Text of a message, as the detectors see it; one object for each distinct text, shared by its sightings."""

    text: str = ""  # for people: mentions, telephone numbers and addresses masked
    normal: str = ""  # for matching: script-safe normal form of `text`
    fingerprint: str = ""  # digest of `normal`; empty if `normal` is empty
    sha256: str = ""  # of the exact UTF-8 bytes of the message
    words: int = 0  # of `normal`
    urls: tuple[str, ...] = ()  # canonical, without tracking parameters
    boilerplate: str = ""  # class of a text that is no message: placeholder, banner, caption or greeting


class Sighting(Message, frozen=True, kw_only=True):
    """One event of a message trail without the identity of any person.

    Every identifier is a keyed digest (`key_id` names the key). `time` is the event time that all detectors use;
    `progress` is the event time that the event's source partition had reached, the input of the watermark.
    """

    event_id: Digest
    platform: str
    kind: Kind
    time: Ms
    key_id: str
    content: TextContent
    message: Digest | None = None
    group: Digest | None = None  # of the parts of one post
    root: Digest | None = None
    parent: Digest | None = None
    parent_evidence: ParentEvidence = ParentEvidence.NONE
    hops_min: int = 0
    hops_max: int | None = None
    frequently_forwarded: bool = False
    actor: Digest | None = None
    chat: Digest | None = None
    chat_size: int | None = None
    followers: int | None = None
    lang: str | None = None
    media: tuple[Media, ...] = ()
    counters: Counters | None = None
    account_status: AccountStatus | None = None
    report: Report | None = None
    debunk: Debunk | None = None
    partition: Count = 0
    progress: Ms = 0
    replaced: Ms | None = None  # the claimed time that the time of observation replaced
    catching_up: bool = False  # read by a listener that was behind the stream
    witnessed: bool = False  # a stamp that the sender does not control confirms the time
    ahead: bool = False  # held back, because later events contradicted the time
    vector: Annotated[bytes, msgspec.Meta(description="unit embedding, little-endian float32")] | None = None


SPREADING = frozenset({Kind.POST, Kind.FORWARD, Kind.QUOTE, Kind.REPLY})
"""Kinds that carry a message; the other kinds are an edit, or statements about a message or an account."""

__all__ = ["SPREADING", "Position", "RawEvent", "Sighting", "TextContent"]
