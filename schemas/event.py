"""`ForwardEvent`: what a platform adapter publishes on `forwards`, one message of a message trail.

It carries what public platform interfaces really give, among them the kinds that a naive schema forgets: a counter
snapshot where a platform shows no single shares, a deletion, an account's suspension, a report by a person, a debunk.
"""

from enum import StrEnum
from typing import Annotated

import msgspec

from schemas.base import Count, Id, Message, Ms


class Kind(StrEnum):
    """What happened. The first four carry a message; the others say something about one."""

    POST = "post"
    FORWARD = "forward"
    QUOTE = "quote"
    REPLY = "reply"
    COUNTER = "counter"
    DELETE = "delete"
    ACCOUNT_STATE = "account_state"
    REPORT = "report"
    DEBUNK = "debunk"


class ParentEvidence(StrEnum):
    """How the platform knows the parent: a recorded `via`, an API's parent field, only the origin, or not at all."""

    VIA = "via"
    API_PARENT = "api_parent"
    ORIGIN_ONLY = "origin_only"
    NONE = "none"


class AccountStatus(StrEnum):
    """An account's state as the platform reports it; everything but `active` retracts its shares."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    SUSPENDED = "suspended"
    TAKENDOWN = "takendown"
    DELETED = "deleted"


class Media(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A picture, clip or file by its hashes; the bytes never travel."""

    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    pdq: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")] | None = None
    pdq_quality: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None


class Counters(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What the platform's own counters showed at `created_at`."""

    views: Count | None = None
    forwards: Count | None = None


class Debunk(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A published fact-check of the claim in the event's `text` or of the message it refers to."""

    publisher: str
    verdict: str
    url: str | None = None


class Report(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A person's complaint about a message; the person is the event's `actor`."""

    category: str


class Source(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Which adapter saw the event, and where in the platform's own stream."""

    adapter: str
    cursor: str | None = None


class ForwardEvent(Message, frozen=True, kw_only=True):
    """One event of a message trail, as an adapter publishes it.

    `actor`, `chat`, `message_id`, `root_ref` and `parent_ref` are raw platform identifiers unless `key_id` is set;
    then the adapter has pseudonymised them with that key already. Intake pseudonymises what is raw before anything
    leaves it.
    """

    event_id: Id
    platform: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_.-]{0,31}$")]
    kind: Kind
    created_at: Ms  # claimed by the client; it may lie
    observed_at: Ms | None = None  # when the adapter saw it
    message_id: Id | None = None
    root_ref: Id | None = None
    parent_ref: Id | None = None
    parent_evidence: ParentEvidence = ParentEvidence.NONE
    hops_min: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    hops_max: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    frequently_forwarded: bool | None = None
    actor: Id | None = None
    chat: Id | None = None
    key_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None
    chat_size: Count | None = None
    followers: Count | None = None
    text: str = ""
    lang: Annotated[str, msgspec.Meta(max_length=35)] | None = None
    urls: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    counters: Counters | None = None
    account_status: AccountStatus | None = None
    report: Report | None = None
    debunk: Debunk | None = None
    source: Source | None = None
