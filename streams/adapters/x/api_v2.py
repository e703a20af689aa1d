"""Convert objects of the X API version 2: pages, lines of the filtered stream, posts of twarc2 and 4CAT.

A page holds posts (`data`) and the objects that they refer to (`includes`); `twarc2 flatten` and 4CAT put those objects
into the posts. Included posts are context of the posts that were asked for, and no events of their own. The newest
version of an edited post is one event, and its earlier versions are deleted, because X gives each version an id and
counters of its own. X API v2 data dictionary; twarc `expansions.py`.

Reasons to skip: `errors`, `empty_page`, `account_record`, `stream_control`, `cut_repost` (a repost without its
original and without its whole text), and those of `compliance`. Reasons to refuse: `not_an_object`, `missing_field`,
`wrong_type`, `out_of_range`.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from schemas.event import Kind
from streams.adapters.base import Capabilities, Converted, Format, Item, Options, Outcome, Refused, Skipped, Source
from streams.adapters.fields import FieldError, Fields
from streams.adapters.items import json_values
from streams.adapters.opening import Opening
from streams.adapters.platforms import X
from streams.adapters.x import compliance, snowflake
from streams.adapters.x.post import (
    Post,
    counter_of,
    deletions,
    event_of,
    is_empty,
    link_of,
    shared,
    time_of,
    total,
)
from streams.adapters.x.text import addresses, language, plain

ADAPTER = "x-api-v2"
_SIGNS = (
    "author_id", "edit_history_tweet_ids", "referenced_tweets", "matching_rules", "newest_id", "conversation_id",
    "public_metrics",
)  # fmt: skip
_BARE = frozenset({"data", "id", "text", "created_at", "lang", "meta", "result_count", "next_token"})
_first_id = re.compile(r'"id"\s*:\s*"?(\d{1,19})\b').search
_MAX_VERSIONS = 64  # X allows five edits


class _Page(NamedTuple):
    """Context of the posts in one object."""

    users: dict[str, Any]
    posts: dict[str, Any]
    collected_at: int | None  # ms since 1970
    is_stream: bool  # delivered by a stream, so within seconds of its creation


def convert_line(value: object, _: Options) -> list[Outcome]:
    """Return the outcomes of one JSON value: one for each post of a page, else one; never raises."""
    if not isinstance(value, dict):
        return [Refused("not_an_object", "the item is not a JSON object")]
    page = _page_of(value)
    if "data" not in value:
        return [_outcome(value, "", page)]
    data = value["data"]
    if isinstance(data, list):
        return [_outcome(one, f"data[{index}].", page) for index, one in enumerate(data)] or [Skipped("empty_page")]
    if data is None:
        return [Skipped("errors" if value.get("errors") else "empty_page")]
    return [_outcome(data, "data.", page)]


def read(source: Source, options: Options) -> Iterator[Item]:
    """Yield the outcome of each post in a file of pages, of stream lines or of posts: one a line, or an array."""
    for position, value in json_values(source.chunks()):
        if isinstance(value, Refused):
            yield position, value
        else:
            for outcome in convert_line(value, options):
                yield position, outcome


def recognises(opening: Opening) -> bool:
    """Return True for posts of version 2, whose ids are in `id` alone, and for compliance events."""
    if opening.has("id_str|source_platform|timestamp_collected|__import_meta"):
        return False
    if opening.has("event_at|eventAt", "id"):
        return not opening.keys.isdisjoint(compliance.NAMES) or opening.has("userDelete|userSuspend|userProtect")
    return opening.has("id", "text") and (opening.has("|".join(_SIGNS)) or _is_bare(opening))


def _is_bare(opening: Opening) -> bool:
    """Return True for an answer whose posts have little more than the fields that X gives unasked: `id` and `text`."""
    found = _first_id(opening.text)
    return opening.has("data") and opening.keys <= _BARE and found is not None and bool(snowflake.time_of(found[1]))


FORMAT = Format(
    name=ADAPTER,
    title="a file of the X API version 2 (pages, a stream or twarc2)",
    platforms=(X,),
    capabilities=Capabilities(
        people="ids",
        parents="the direct parent of replies and quotes; the original of reposts",
        hops="none",
        counters="views, and reposts with quotes; in a repost, those of the original",
        times="X's clock, in milliseconds",
    ),
    recognises=recognises,
    read=read,
)


def _page_of(value: dict[str, Any]) -> _Page:
    fields = Fields(value)
    includes = fields.within("includes")
    return _Page(
        users=_by_id(includes, "users"),
        posts=_by_id(includes, "tweets"),
        collected_at=fields.within("__twarc").time("retrieved_at"),
        is_stream="matching_rules" in fields,
    )


def _by_id(includes: Fields, name: str) -> dict[str, Any]:
    values = includes.get(name)
    if not isinstance(values, list):
        return {}
    return {str(one["id"]): one for one in values if isinstance(one, dict) and isinstance(one.get("id"), str | int)}


def _outcome(value: object, path: str, page: _Page) -> Outcome:
    if not isinstance(value, dict):
        return Refused("not_an_object", f"`{path.rstrip('.') or 'the item'}` is not a JSON object")
    try:
        if "id" not in value:
            return _without_id(value)
        if "username" in value and "text" not in value:
            return Skipped("account_record")
        return _post(Fields(value, path), page)
    except FieldError as error:
        return Refused(error.reason, error.detail)


def _without_id(value: dict[str, Any]) -> Outcome:
    if name := compliance.event_name(value):
        return compliance.convert(value, name, ADAPTER)
    if "disconnect_type" in value or "connection_issue" in value:
        return Skipped("stream_control")
    if value.get("errors"):
        return Skipped("errors")
    if value.get("meta") is not None:
        return Skipped("empty_page")
    return Refused("missing_field", "`id` is missing")


def _post(fields: Fields, page: _Page) -> Outcome:
    post_id = fields.need_id("id")
    at, notes = time_of(fields, post_id)
    refs = _references(fields)
    original = _original(refs.get("retweeted"), page)
    text = _text(fields)
    link = link_of(
        reposted=_id(refs.get("retweeted")),
        quoted=_id(refs.get("quoted")),
        answered=_id(refs.get("replied_to")),
        thread=fields.id("conversation_id"),
        text=text,
    )
    link, text = shared(link, text, _text(original))
    named = (post_id, link.root_ref, _id(refs.get("quoted")))
    actor = fields.id("author_id")
    post = Post(
        id=post_id,
        at=at,
        link=link,
        actor=actor,
        text=text,
        lang=language(fields.word("lang")),
        urls=addresses(_entities(fields, original), named),
        followers=_followers(fields, actor, page),
        community=fields.id("community_id"),
    )
    if is_empty(post):
        return Skipped("cut_repost", notes)
    versions = deletions(_earlier_versions(fields, post_id), at, ADAPTER)
    return Converted((event_of(post, ADAPTER), *_counter(fields, post, original, page), *versions), notes)


def _references(fields: Fields) -> dict[str, Fields]:
    """Return the first reference of each type: retweeted, quoted, replied_to."""
    found: dict[str, Fields] = {}
    for one in fields.objects("referenced_tweets"):
        found.setdefault(one.word("type"), one)
    return found


def _id(reference: Fields | None) -> str | None:
    return reference.need_id("id") if reference is not None else None


def _original(reference: Fields | None, page: _Page) -> Fields:
    """Return the original of a repost from the page, or from the reference itself; no fields if it is not there."""
    if reference is None:
        return Fields({})
    included = page.posts.get(reference.need_id("id"))
    return reference if included is None else Fields(included, "includes.tweets.")


def _text(fields: Fields) -> str:
    return plain(fields.within("note_tweet").word("text") or fields.text("text"))


def _entities(fields: Fields, original: Fields) -> Iterator[Fields]:
    for one in (original, fields):
        yield one.within("note_tweet").within("entities")
        yield one.within("entities")


def _followers(fields: Fields, actor: str | None, page: _Page) -> int | None:
    user = Fields(page.users.get(actor or ""))
    for author in (user, fields.within("author"), fields.within("author_user")):
        if (count := author.within("public_metrics").count("followers_count")) is not None:
            return count
    return None


def _counter(fields: Fields, post: Post, original: Fields, page: _Page) -> Iterator[Any]:
    own = fields.within("public_metrics")
    metrics = original.within("public_metrics") if "public_metrics" in original else own
    is_copy = post.link.kind is Kind.FORWARD and metrics is own
    collected_at = page.collected_at
    if collected_at is None:
        collected_at = fields.within("__twarc").time("retrieved_at")
    yield from counter_of(
        post,
        ADAPTER,
        views=None if is_copy else metrics.count("impression_count"),
        forwards=total(metrics.count("retweet_count"), metrics.count("quote_count")),
        collected_at=collected_at,
        delivered_at=post.at if page.is_stream or "matching_rules" in fields else None,
    )


def _earlier_versions(fields: Fields, post_id: str) -> list[str]:
    """Return the ids of the versions before this one; none if the history does not hold this one."""
    history = fields.get("edit_history_tweet_ids")
    if not isinstance(history, list):
        return []
    ids = [str(one) for one in history[:_MAX_VERSIONS] if isinstance(one, str | int) and not isinstance(one, bool)]
    return [one for one in ids[: ids.index(post_id)] if one] if post_id in ids else []


__all__ = ["ADAPTER", "FORMAT", "convert_line", "read", "recognises"]
