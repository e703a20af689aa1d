"""Convert items that the browser extension Zeeschuimer captured from the pages of X, and of TikTok.

The extension keeps what the page received: an envelope with the time of collection, and in it the post as the page's
own interface names it. 4CAT stores the same without the envelope (`__import_meta`). The time of collection dates the
counters; it does not date the post, because a person scrolls through old posts in a minute. Fields as 4CAT reads them.

Reasons to skip: `other_platform` (the extension captures a dozen), `unavailable_post`, `cut_repost`, `empty`. Reasons
to refuse: `not_an_object`, `missing_field`, `wrong_type`, `out_of_range`, `time_out_of_range`.
"""

from collections.abc import Iterator
from typing import NamedTuple

from schemas.event import ForwardEvent
from streams.adapters import tiktok_page
from streams.adapters.base import Capabilities, Converted, Format, Item, Options, Outcome, Refused, Skipped, Source
from streams.adapters.fields import FieldError, Fields
from streams.adapters.items import json_values
from streams.adapters.opening import Opening
from streams.adapters.platforms import TIKTOK, X
from streams.adapters.x.post import Post, counter_of, event_of, is_empty, link_of, read_ms, shared, time_of, total
from streams.adapters.x.text import addresses, language, plain

ADAPTER = "zeeschuimer"
_PLATFORMS = frozenset({"twitter.com", "x.com", "twitter", "x", ""})
_TIKTOK = frozenset({"tiktok.com", "tiktok"})
_TOMBSTONES = frozenset({"TweetTombstone", "TweetUnavailable"})


class _Captured(NamedTuple):
    """A post in the form of the page's interface."""

    post: Fields
    legacy: Fields  # the fields of version 1.1


def convert(value: object, _: Options) -> Outcome:
    """Return the outcome of one captured item; never raises."""
    if not isinstance(value, dict):
        return Refused("not_an_object", "the item is not a JSON object")
    item = Fields(value)
    meta = item.within("__import_meta") if "__import_meta" in item else item
    platform = meta.word("source_platform").lower().removeprefix("www.")
    content, collected_at = item.within("data") if "data" in item else item, read_ms(meta.get("timestamp_collected"))
    try:
        if platform in _TIKTOK:
            return tiktok_page.convert(content, collected_at, ADAPTER)
        if platform not in _PLATFORMS:
            return Skipped("other_platform")
        return _post(_captured(content), collected_at)
    except FieldError as error:
        return Refused(error.reason, error.detail)


def read(source: Source, options: Options) -> Iterator[Item]:
    """Yield the outcome of each captured item: one a line, or an array."""
    for position, value in json_values(source.chunks()):
        yield position, value if isinstance(value, Refused) else convert(value, options)


def recognises(opening: Opening) -> bool:
    """Return True for envelopes of the extension, and for posts of X that 4CAT took out of them."""
    if opening.has("timestamp_collected", "source_platform", "data|__import_meta"):
        return True
    return opening.has("rest_id", "legacy", "full_text")


FORMAT = Format(
    name=ADAPTER,
    title="a capture of X or TikTok by Zeeschuimer",
    platforms=(X, TIKTOK),
    capabilities=Capabilities(
        people="ids; names of accounts for TikTok",
        parents="the direct parent of replies and quotes; the original of reposts",
        hops="none",
        counters="views, and reposts with quotes, or shares, at the time of collection",
        times="the platform's clock, in seconds",
    ),
    recognises=recognises,
    read=read,
)


def _captured(item: Fields) -> _Captured:
    """Return a post, out of the wrapper of posts with limited visibility."""
    post = item.within("tweet") if "tweet" in item and "legacy" not in item else item
    return _Captured(post, post.within("legacy"))


def _inner(fields: Fields, name: str) -> _Captured:
    """Return the post in a field such as `retweeted_status_result`."""
    return _captured(fields.within(name).within("result"))


def _id(captured: _Captured) -> str | None:
    return captured.post.id("rest_id") or captured.legacy.id("id_str")


def _text(captured: _Captured) -> str:
    note = captured.post.within("note_tweet").within("note_tweet_results").within("result")
    return plain(note.word("text") or captured.legacy.text("full_text"))


def _post(captured: _Captured, collected_at: int | None) -> Outcome:
    post, legacy = captured
    if post.word("__typename") in _TOMBSTONES or "tombstone" in post:
        return Skipped("unavailable_post")
    post_id = _id(captured)
    if post_id is None:
        raise FieldError("missing_field", "`rest_id` is missing")
    at, notes = time_of(legacy, post_id)
    original = _inner(legacy, "retweeted_status_result")
    quoted = legacy.id("quoted_status_id_str") or _id(_inner(post, "quoted_status_result"))
    text = _text(captured)
    link = link_of(
        reposted=_id(original) or legacy.id("retweeted_status_id_str"),
        quoted=quoted,
        answered=legacy.id("in_reply_to_status_id_str"),
        thread=legacy.id("conversation_id_str"),
        text=text,
    )
    link, text = shared(link, text, _text(original))
    user = post.within("user") if "user" in post else post.within("core").within("user_results").within("result")
    event = Post(
        id=post_id,
        at=at,
        link=link,
        actor=legacy.id("user_id_str") or user.id("rest_id") or user.id("id_str"),
        text=text,
        lang=language(legacy.word("lang")),
        urls=addresses(_entities(original, captured), (post_id, link.root_ref, quoted)),
        followers=user.within("legacy").count("followers_count"),
    )
    if is_empty(event):
        return Skipped("cut_repost", notes)
    return Converted((event_of(event, ADAPTER), *_counter(captured, original, event, collected_at)), notes)


def _entities(*captured: _Captured) -> Iterator[Fields]:
    for post, legacy in captured:
        yield post.within("note_tweet").within("note_tweet_results").within("result").within("entity_set")
        yield legacy.within("entities")


def _counter(
    captured: _Captured, original: _Captured, event: Post, collected_at: int | None
) -> tuple[ForwardEvent, ...]:
    counted = original if "retweet_count" in original.legacy else captured
    views = counted.post.within("views" if "views" in counted.post else "ext_views")
    return counter_of(
        event,
        ADAPTER,
        views=views.count("count"),
        forwards=total(counted.legacy.count("retweet_count"), counted.legacy.count("quote_count")),
        collected_at=collected_at,
    )


__all__ = ["ADAPTER", "FORMAT", "convert", "read", "recognises"]
