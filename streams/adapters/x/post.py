"""Build the events of a post on X: the post, its counters, the deletion of its earlier versions.

All interfaces of X give a post through this module, so a post has one id and one form whichever way it arrives. X names
the original of a repost and never the repost through which it was seen, so reposts are a star around the original
(`origin_only`). The counters in a repost are those of the original.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from schemas.event import Counters, ForwardEvent, IdScope, Kind, ParentEvidence, Source
from streams.adapters.base import date_counter
from streams.adapters.fields import FieldError, Fields, is_possible, read_time, short_id
from streams.adapters.platforms import X
from streams.adapters.x import snowflake
from streams.adapters.x.text import has_own_words, is_repost, reposted

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_dated = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{2}) (\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2}) (\d{4})", re.ASCII
).fullmatch

DATED_BY_ID = "created_at is absent or no time; the time is that in the id"


class Link(NamedTuple):
    """Kind of a post, and the posts that it refers to."""

    kind: Kind
    root_ref: str | None = None
    parent_ref: str | None = None
    evidence: ParentEvidence = ParentEvidence.NONE


class Post(NamedTuple):
    """One post, as every interface describes it."""

    id: str
    at: int  # ms since 1970, by the server
    link: Link
    actor: str | None
    text: str
    lang: str | None = None
    urls: tuple[str, ...] = ()
    followers: int | None = None
    community: str | None = None

    @property
    def counted(self) -> str:
        """The post that the counters describe: of a repost, the original."""
        return (self.link.root_ref if self.link.kind is Kind.FORWARD else None) or self.id


def link_of(
    *, reposted: str | None, quoted: str | None, answered: str | None, thread: str | None = None, text: str = ""
) -> Link:
    """Return the kind of a post from the posts that it names.

    An answer that quotes is a reply if it has words of its own, else a quote: the quoted post is its content.

    Args:
        reposted: the original of a repost.
        quoted: the quoted post.
        answered: the post that is answered.
        thread: the first post of the conversation.
        text: the text of the post.

    """
    if reposted is not None:
        return Link(Kind.FORWARD, root_ref=reposted, evidence=ParentEvidence.ORIGIN_ONLY)
    if answered is not None and (quoted is None or has_own_words(text)):
        return Link(Kind.REPLY, thread, answered, ParentEvidence.API_PARENT)
    if quoted is not None:
        return Link(Kind.QUOTE, None, quoted, ParentEvidence.API_PARENT)
    return Link(Kind.POST)


def shared(link: Link, text: str, original: str) -> tuple[Link, str]:
    """Return the link and the text of a post, where a repost has the text of the original.

    A post that opens as reposts do, and names no original, is a repost without a known original: the collector did not
    ask for the field, or the sender typed the words.

    Args:
        link: the kind of the post, from its fields.
        text: the text of the post.
        original: the text of the original of a repost; "" if it is not at hand.

    """
    if link.kind is Kind.FORWARD:
        return link, original or reposted(text)
    if link.kind is Kind.POST and is_repost(text):
        return link._replace(kind=Kind.FORWARD), reposted(text)
    return link, text


def is_empty(post: Post) -> bool:
    """Return True for a repost that shows neither the original nor any content of it."""
    return post.link.kind is Kind.FORWARD and not (post.link.root_ref or post.text or post.urls)


def time_of(fields: Fields, post_id: str) -> tuple[int, tuple[str, ...]]:
    """Return the time of a post in ms, from `created_at` or from its id, and a note in the latter case.

    Raises:
        FieldError: neither has a time.

    """
    at = read_stamp(fields.get("created_at"))
    if at is not None:
        return at, ()
    at = snowflake.time_of(post_id)
    if at is None:
        raise FieldError("missing_field", "`created_at` is missing or no time, and the id holds no time")
    return at, (DATED_BY_ID,)


def read_stamp(value: object) -> int | None:
    """Return a time in ISO 8601, or as version 1.1 writes it, as ms since 1970; None for any other value.

    >>> read_stamp("Wed Apr 01 09:00:00 +0000 2026")
    1775034000000
    """
    if not isinstance(value, str):
        return None
    found = _dated(value.strip()) if len(value) < 64 else None
    if found is None or found[1] not in _MONTHS:
        return read_time(value)
    month, day, clock, hours, minutes, year = found.groups()
    return read_time(f"{year}-{_MONTHS.index(month) + 1:02d}-{day}T{clock}{hours}:{minutes}")


def read_ms(value: object) -> int | None:
    """Return a time in ms since 1970, as a number or as digits; None for any other value."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    is_time = isinstance(value, int) and not isinstance(value, bool) and is_possible(value)
    return value if is_time and isinstance(value, int) else None


def event_of(post: Post, adapter: str) -> ForwardEvent:
    """Return the event of a post."""
    return ForwardEvent(
        event_id=post.id,
        platform=X,
        kind=post.link.kind,
        created_at=post.at,
        message_id=post.id,
        id_scope=IdScope.PLATFORM,
        root_ref=post.link.root_ref,
        parent_ref=post.link.parent_ref,
        parent_evidence=post.link.evidence,
        actor=post.actor,
        chat=post.community,
        followers=post.followers,
        text=post.text,
        lang=post.lang,
        urls=post.urls,
        source=Source(adapter),
    )


def counter_of(
    post: Post,
    adapter: str,
    *,
    views: int | None,
    forwards: int | None,
    collected_at: int | None,
    delivered_at: int | None = None,
) -> tuple[ForwardEvent, ...]:
    """Return the counter of a post, or of the original of a repost; nothing without a count.

    The event id names the counted post. All reposts in a page have the same counts of their original, so their counters
    are one statement with one id.

    Args:
        post: the post with the counts.
        adapter: the name of the adapter.
        views: total views; 0 counts as unknown, since the field is 0 wherever views are not counted.
        forwards: total reposts and quotes.
        collected_at: time of collection in ms, if the file has it.
        delivered_at: time of a post that a stream delivered, in ms; the stream read the counts within seconds of the
            post, so they are dated one millisecond after the post.

    """
    if not views and forwards is None:
        return ()
    at = collected_at if collected_at is not None or delivered_at is None else delivered_at + 1
    event = ForwardEvent(
        event_id=post.counted,
        platform=X,
        kind=Kind.COUNTER,
        created_at=at,
        observed_at=collected_at,
        message_id=post.counted,
        id_scope=IdScope.PLATFORM,
        counters=Counters(views=views or None, forwards=forwards),
        source=Source(adapter),
    )
    return (event,) if at is None else (date_counter(event, at),)


def total(*counts: int | None) -> int | None:
    """Return the sum of the counts that are known; None if none is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def deletions(ids: Iterable[str], at: int, adapter: str) -> tuple[ForwardEvent, ...]:
    """Return a deletion of each post at a time in ms."""
    return tuple(
        ForwardEvent(
            event_id=short_id(f"{one}#d", "id"),
            platform=X,
            kind=Kind.DELETE,
            created_at=at,
            message_id=one,
            id_scope=IdScope.PLATFORM,
            source=Source(adapter),
        )
        for one in ids
    )


__all__ = [
    "DATED_BY_ID", "Link", "Post", "counter_of", "deletions", "event_of", "is_empty", "link_of", "read_ms",
    "read_stamp", "shared", "time_of", "total",
]  # fmt: skip
