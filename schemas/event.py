"""Define `ForwardEvent`: one message of a message trail, as a platform adapter publishes it on `forwards`.

The contract holds everything that public platform interfaces provide, including the kinds that are easy to forget: a
counter snapshot where a platform shows no single shares, a deletion, the suspension of an account, a report by a person
and a fact-check.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.base import Count, Id, Message, Ms

Hops = Annotated[int, Meta(ge=0, le=1_000_000)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Kind(StrEnum):
    """Kind of an event.

    The first four kinds carry a message, an edit carries the new text of a message, and the others are statements about
    a message or an account.
    """

    POST = "post"
    FORWARD = "forward"
    QUOTE = "quote"
    REPLY = "reply"
    EDIT = "edit"
    COUNTER = "counter"
    DELETE = "delete"
    ACCOUNT_STATE = "account_state"
    REPORT = "report"
    DEBUNK = "debunk"


class IdScope(StrEnum):
    """Scope in which a message id is unique: the platform, or one chat."""

    PLATFORM = "platform"
    CHAT = "chat"


class ParentEvidence(StrEnum):
    """Source of the parent: a recorded `via`, the API's parent field, the origin only, or no source."""

    VIA = "via"
    API_PARENT = "api_parent"
    ORIGIN_ONLY = "origin_only"
    NONE = "none"


class AccountStatus(StrEnum):
    """State of an account as the platform reports it; every state except `active` retracts the account's shares."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    SUSPENDED = "suspended"
    TAKENDOWN = "takendown"
    DELETED = "deleted"


class Media(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A picture, clip or file by its hashes; the bytes are never sent."""

    sha256: Annotated[
        Sha256,
        Meta(
            description="SHA-256 of the file's bytes, in hexadecimal.",
            examples=["82433e9f2a2de9dba316e419dcf8ff4fc1564695e060d41750d97bb20ac3191f"],
        ),
    ]
    pdq: Annotated[
        Sha256 | None,
        Meta(
            description="PDQ perceptual hash of a picture, in hexadecimal.",
            examples=["f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"],
        ),
    ] = None
    pdq_quality: Annotated[
        Annotated[int, Meta(ge=0, le=100)] | None,
        Meta(description="Quality that the PDQ algorithm reports for its hash, 0 to 100.", examples=[94]),
    ] = None


class Counters(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The platform's own counters of a message at `created_at`."""

    views: Annotated[Count | None, Meta(description="Total views of the message.", examples=[282])] = None
    forwards: Annotated[Count | None, Meta(description="Total forwards of the message.", examples=[7])] = None


class Debunk(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A published fact-check of the claim in the event's `text`, or of the message that the event refers to."""

    publisher: Annotated[str, Meta(description="Name of the fact-checker.", examples=["Desk of Doubt"])]
    verdict: Annotated[str, Meta(description="Verdict in the fact-checker's own words.", examples=["false"])]
    url: Annotated[
        str | None,
        Meta(description="Address of the published fact-check.", examples=["https://facts.example.org/517b6799"]),
    ] = None


class Report(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A person's complaint about a message; the person is the event's `actor`."""

    category: Annotated[
        str, Meta(description="Reason of the complaint in the platform's words.", examples=["violence"])
    ]


class Source(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The adapter that received the event, and the event's position in the platform's own stream."""

    adapter: Annotated[str, Meta(description="Name of the adapter.", examples=["bluesky-jetstream"])]
    cursor: Annotated[
        str | None,
        Meta(
            description="Position in the platform's stream, in the platform's notation.", examples=["1772436541558000"]
        ),
    ] = None


class ForwardEvent(Message, frozen=True, kw_only=True):
    """One event of a message trail, as an adapter publishes it.

    `event_id`, `actor`, `chat`, `message_id`, `group_id`, `root_ref`, `parent_ref`, `root_chat` and `parent_chat` are
    raw platform identifiers unless `key_id` is set; with `key_id`, the adapter has already replaced the identifiers by
    digests under the named key. Intake replaces raw identifiers by digests before anything leaves intake.
    """

    event_id: Annotated[
        Id,
        Meta(
            description="The adapter's id of the event: unique on its platform (in its chat for the scope `chat`), and "
            "equal for each delivery, so a second delivery is recognised.",
            examples=["wamid.HBgMSBJ7E7NOYF7V9UWPY4A06BZQHS2M"],
        ),
    ]
    platform: Annotated[
        str,
        Meta(
            pattern="^[a-z0-9][a-z0-9_.-]{0,31}$",
            description="Name of the platform. Equal identifiers on two platforms are two people.",
            examples=["whatsapp"],
        ),
    ]
    kind: Annotated[Kind, Meta(description="Kind of the event.", examples=["forward"])]
    created_at: Annotated[
        Ms | None,
        Meta(
            description="Time of the event by the platform's server, in milliseconds since 1970-01-01T00:00Z. One of "
            "`created_at`, `claimed_at` and `observed_at` is required. Without `observed_at`, an adapter may give the "
            "sender's time here; see `order.max_out_of_orderness_ms`.",
            examples=[1772530141909],
        ),
    ] = None
    claimed_at: Annotated[
        Ms | None,
        Meta(
            description="Time that the sender's device claims, in milliseconds since 1970-01-01T00:00Z. Used only "
            "where neither a server nor an observer gives a time.",
            examples=[1772530141500],
        ),
    ] = None
    observed_at: Annotated[
        Ms | None,
        Meta(
            description="Witness of the time: the earliest stamp that the sender does not control, of a server, a "
            "firehose or the receiver, in milliseconds since 1970-01-01T00:00Z. Replaces a `created_at` that differs "
            "by more than `order.max_out_of_orderness_ms` in either direction.",
            examples=[1772530147134],
        ),
    ] = None
    message_id: Annotated[
        Id | None,
        Meta(
            description="Id of the message: the event's own message for post, forward, quote and reply, otherwise the "
            "message that is edited or that the event is about.",
            examples=["wamid.HBgMSBJ7E7NOYF7V9UWPY4A06BZQHS2M"],
        ),
    ] = None
    id_scope: Annotated[
        IdScope | None,
        Meta(
            description="Scope in which `message_id`, `parent_ref` and `root_ref` are unique. If absent, an id of at "
            "most 10 digits is taken as unique in its chat where a chat is given, any other id as unique on the "
            "platform.",
            examples=["chat"],
        ),
    ] = None
    group_id: Annotated[
        Id | None,
        Meta(
            description="Id that the parts of one post have in common, such as the pictures of an album; the parts "
            "count as one share.",
            examples=["13893310244962341"],
        ),
    ] = None
    root_ref: Annotated[
        Id | None,
        Meta(
            description="Id of the original message at the start of the chain, if the platform names it.",
            examples=["at://did:plc:z6yl5mgjn4dpixcex2m7mvns/app.bsky.feed.post/3tk272dwsujle"],
        ),
    ] = None
    parent_ref: Annotated[
        Id | None,
        Meta(
            description="Id of the message that was forwarded, quoted or answered, if the platform names it.",
            examples=["at://did:plc:clrz2dor4orqkvvqr3qwrary/app.bsky.feed.repost/3mptapkp6vz27"],
        ),
    ] = None
    root_chat: Annotated[
        Id | None,
        Meta(
            description="Chat of the original message, if another than `chat`; for ids of the scope `chat`.",
            examples=["-1001022861517"],
        ),
    ] = None
    parent_chat: Annotated[
        Id | None,
        Meta(
            description="Chat of the message of `parent_ref`, if another than `chat`; for ids of the scope `chat`.",
            examples=["-1001022861517"],
        ),
    ] = None
    parent_evidence: Annotated[
        ParentEvidence,
        Meta(
            description="Source of `parent_ref`: `via` is a recorded share, `api_parent` the API's parent field, "
            "`origin_only` the original alone, `none` no source.",
            examples=["via"],
        ),
    ] = ParentEvidence.NONE
    hops_min: Annotated[
        Hops,
        Meta(
            description="Least number of times that the message was passed on before, by the platform's mark.",
            examples=[1],
        ),
    ] = 0
    hops_max: Annotated[
        Hops | None,
        Meta(
            description="Largest number of times that the message was passed on before; absent if unbounded.",
            examples=[4],
        ),
    ] = None
    frequently_forwarded: Annotated[
        bool | None,
        Meta(
            description="The platform's mark for messages forwarded many times; counts as at least 5 hops.",
            examples=[False],
        ),
    ] = None
    actor: Annotated[
        Id | None,
        Meta(
            description="Id of the sender, of the reporting person or of the account. Without an actor, the chat "
            "counts as the sharer.",
            examples=["did:plc:ywsq6lhlth7hghncueftye4m"],
        ),
    ] = None
    chat: Annotated[
        Id | None,
        Meta(
            description="Id of the group, channel or other place of the message.",
            examples=["120363009309264520@g.us"],
        ),
    ] = None
    key_id: Annotated[
        Annotated[str, Meta(min_length=1, max_length=64)] | None,
        Meta(
            description="Name of the key with which the adapter has replaced the identifiers by digests; absent for "
            "raw identifiers.",
            examples=["2026-01"],
        ),
    ] = None
    chat_size: Annotated[Count | None, Meta(description="Members of the chat.", examples=[30])] = None
    followers: Annotated[Count | None, Meta(description="Followers of the sender.", examples=[87])] = None
    text: Annotated[
        str,
        Meta(
            description="The message, complete and unchanged; for a debunk, the claim. Empty for media without text.",
            examples=["The bridge at Lower Mill is closing tonight. Tell everyone."],
        ),
    ] = ""
    lang: Annotated[
        Annotated[str, Meta(max_length=35)] | None,
        Meta(description="Language of the text as a BCP 47 tag, if the platform names it.", examples=["en"]),
    ] = None
    urls: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses that are not part of the text, such as a link card.",
            examples=[["https://news.example.com/a/4711"]],
        ),
    ] = ()
    media: Annotated[
        tuple[Media, ...], Meta(description="Pictures, clips and files of the message, by their hashes.")
    ] = ()
    counters: Annotated[Counters | None, Meta(description="The platform's counters; for the kind counter.")] = None
    account_status: Annotated[
        AccountStatus | None,
        Meta(description="New state of the account `actor`; for the kind account_state.", examples=["suspended"]),
    ] = None
    report: Annotated[Report | None, Meta(description="A person's complaint; for the kind report.")] = None
    debunk: Annotated[Debunk | None, Meta(description="A published fact-check; for the kind debunk.")] = None
    source: Annotated[
        Source | None,
        Meta(description="Origin of the event in the adapter, for debugging; intake does not pass the origin on."),
    ] = None

    @property
    def stamped_at(self) -> int:
        """Return the first given stamp of `created_at`, `claimed_at` and `observed_at`; 0 without any.

        Intake decides the event time, which may be another.
        """
        if self.created_at is not None:
            return self.created_at
        return self.claimed_at if self.claimed_at is not None else self.observed_at or 0
