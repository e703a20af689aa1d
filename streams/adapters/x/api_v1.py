"""Convert posts of the API version 1.1: search results, streams and archived dumps of both.

Version 1.1 puts the original of a repost into the repost, complete where the repost's own text is cut. A deletion in a
stream often has no time; `read` places it at the time of the line before, since a stream is in the order of its events.
Standard v1.1 data dictionary; streaming message types.

Reasons to skip: `cut_repost` (a repost of which neither the original nor its whole text is there),
`undated_deletion`, `empty_page`, `errors`, and the names of stream messages: `limit`, `scrub_geo`, `user_withheld`,
`disconnect`, `warning`, `friends`, `event`. Reasons to refuse: `not_an_object`, `missing_field`, `wrong_type`,
`out_of_range`.
"""

from collections.abc import Iterator
from typing import Any

from schemas.event import ForwardEvent, Kind
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
    read_ms,
    shared,
    time_of,
    total,
)
from streams.adapters.x.text import addresses, is_cut, language, plain

ADAPTER = "x-api-v1"
TEXT_CUT = "the text of a post is cut, because the tool did not ask for the whole text"
PLACED = "a deletion without a time has the time of the line before it"

_MESSAGES = ("limit", "scrub_geo", "user_withheld", "disconnect", "warning", "friends", "event")
_LIMIT_SIGNS = 3  # a stream message has one key, with a date two


def convert_line(value: object, _: Options, before: int | None = None) -> list[Outcome]:
    """Return the outcomes of one JSON value: one for each post of a search result, else one; never raises.

    Args:
        value: a post, a message of a stream, or a search result with `statuses`.
        before: time of the event before in ms, for deletions without a time.

    """
    if isinstance(value, dict) and isinstance(value.get("statuses"), list):
        return [convert(one, before, f"statuses[{index}].") for index, one in enumerate(value["statuses"])] or [
            Skipped("empty_page")
        ]
    return [convert(value, before)]


def convert(value: object, before: int | None = None, path: str = "") -> Outcome:
    """Return the outcome of one post or message of a stream; never raises."""
    if not isinstance(value, dict):
        return Refused("not_an_object", f"`{path.rstrip('.') or 'the item'}` is not a JSON object")
    try:
        if "id_str" not in value and "id" not in value:
            return _message(value, before)
        return post_outcome(Fields(value, path), ADAPTER)
    except FieldError as error:
        return Refused(error.reason, error.detail)


def read(source: Source, options: Options) -> Iterator[Item]:
    """Yield the outcome of each post or message: one a line, or an array."""
    before = None
    for position, value in json_values(source.chunks()):
        outcomes: list[Outcome] = [value] if isinstance(value, Refused) else convert_line(value, options, before)
        for outcome in outcomes:
            if isinstance(outcome, Converted):
                before = outcome.events[0].created_at
            yield position, outcome


def recognises(opening: Opening) -> bool:
    """Return True for posts of version 1.1, whose ids are in `id_str` too, and for messages of its streams."""
    if opening.has("source_platform|timestamp_collected|__import_meta|rest_id"):
        return False
    if opening.has("id_str", "text|full_text", "user|retweeted_status|in_reply_to_status_id_str|extended_tweet"):
        return True
    if opening.has("full_text", "id|id_str", "created_at|user|user_id_str"):  # no other interface says `full_text`
        return True
    return opening.has("delete|status_withheld", "status|withheld_in_countries", "user_id|user_id_str")


FORMAT = Format(
    name=ADAPTER,
    title="a file of the X API version 1.1",
    platforms=(X,),
    capabilities=Capabilities(
        people="ids",
        parents="the direct parent of replies and quotes; the original of reposts",
        hops="none",
        counters="reposts with quotes; in a repost, those of the original",
        times="X's clock, in seconds",
    ),
    recognises=recognises,
    read=read,
)


def post_outcome(fields: Fields, adapter: str, owner: str | None = None) -> Outcome:
    """Return the outcome of a post in the form of version 1.1.

    Args:
        fields: the post.
        adapter: the name of the adapter.
        owner: the author if the post has no `user`.

    Raises:
        FieldError: a field that the event needs is missing or has another type.

    """
    post_id = _id(fields, "id_str", "id")
    if post_id is None:
        raise FieldError("missing_field", "`id_str` is missing")
    at, notes = time_of(fields, post_id)
    original = fields.within("retweeted_status")
    text = _text(fields)
    root = _id(original, "id_str", "id")
    quoted = _id(fields, "quoted_status_id_str", "quoted_status_id")
    link = link_of(
        reposted=root,
        quoted=quoted,
        answered=_id(fields, "in_reply_to_status_id_str", "in_reply_to_status_id"),
        text=text,
    )
    link, text = shared(link, text, _text(original))
    if link.kind is not Kind.FORWARD and fields.get("truncated") is True and is_cut(text):
        notes = (*notes, TEXT_CUT)
    user = fields.within("user")
    post = Post(
        id=post_id,
        at=at,
        link=link,
        actor=_id(user, "id_str", "id") or owner,
        text=text,
        lang=language(fields.word("lang")),
        urls=addresses(_entities(original, fields), (post_id, root, quoted)),
        followers=user.count("followers_count"),
    )
    if is_empty(post):
        return Skipped("cut_repost", notes)
    return Converted((event_of(post, adapter), *_counter(fields, original, post, adapter)), notes)


def _id(fields: Fields, *names: str) -> str | None:
    """Return the first of several forms of an id; a number in `id` may have lost digits, a text in `id_str` has not."""
    return next((found for name in names if (found := fields.id(name)) is not None), None)


def _text(fields: Fields) -> str:
    whole = fields.within("extended_tweet").text("full_text")
    return plain(whole or fields.text("full_text") or fields.text("text"))


def _entities(*posts: Fields) -> Iterator[Fields]:
    for one in posts:
        yield one.within("extended_tweet").within("entities")
        yield one.within("entities")


def _counter(fields: Fields, original: Fields, post: Post, adapter: str) -> tuple[ForwardEvent, ...]:
    counted = original if "retweet_count" in original else fields
    return counter_of(
        post,
        adapter,
        views=None,
        forwards=total(counted.count("retweet_count"), counted.count("quote_count")),
        collected_at=None,
        delivered_at=read_ms(fields.get("timestamp_ms")),  # only streams have the field
    )


def _message(value: dict[str, Any], before: int | None) -> Outcome:
    """Return the outcome of a message of a stream: a deletion, the state of an account, or another."""
    if isinstance(value.get("delete"), dict):
        deletion = Fields(value).within("delete")
        return _deletion(deletion.within("status"), deletion.get("timestamp_ms"), before)
    if isinstance(value.get("status_withheld"), dict):
        withheld = Fields(value).within("status_withheld")
        return _deletion(withheld, withheld.get("timestamp_ms"), before)
    if (name := compliance.event_name(value)) and name.startswith("user_") and name in compliance.STATES:
        return compliance.convert(value, name, ADAPTER)
    if len(value) < _LIMIT_SIGNS and (name := next((one for one in _MESSAGES if one in value), None)):
        return Skipped(name)
    if "errors" in value or "error" in value:
        return Skipped("errors")
    return Refused("missing_field", "`id_str` is missing")


def _deletion(status: Fields, stamp: object, before: int | None) -> Outcome:
    post_id = _id(status, "id_str", "id")
    if post_id is None:
        raise FieldError("missing_field", "`delete.status.id_str` is missing")
    at = read_ms(stamp)
    if at is not None:
        return Converted(deletions([post_id], at, ADAPTER))
    known = [one for one in (before, snowflake.time_of(post_id)) if one is not None]
    return Converted(deletions([post_id], max(known), ADAPTER), (PLACED,)) if known else Skipped("undated_deletion")


__all__ = ["ADAPTER", "FORMAT", "convert", "convert_line", "post_outcome", "read", "recognises"]
