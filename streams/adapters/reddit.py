"""Convert submissions and comments of Reddit: the dumps of Pushshift and Arctic Shift, and listings of the API.

A submission is a post, a crosspost a forward that names its direct parent, and a comment a reply, so a comment is never
a share. A dump holds the state at its collection, some seconds to months after the post: the text may be removed, and
the number of crossposts is that of the time of collection (`retrieved_on`; for later dumps `_meta.retrieved_2nd_on`).
Reddit API, listings; Arctic Shift, explanation of the files.

Reasons to skip: `removed` (nothing of the content is left), `more_comments` (a placeholder of the API for comments that
it did not send), `other_kind` (an account, a subreddit), `empty_listing`. Reasons to refuse: `not_an_object`,
`missing_field`, `wrong_type`, `out_of_range`, `time_out_of_range`.
"""

import re
from collections.abc import Iterator
from typing import Any

from schemas.event import Counters, ForwardEvent, IdScope, Kind, ParentEvidence
from schemas.event import Source as Origin
from streams.adapters.base import (
    Capabilities,
    Converted,
    Format,
    Item,
    Options,
    Outcome,
    Refused,
    Skipped,
    Source,
    date_counter,
)
from streams.adapters.fields import FieldError, Fields, is_possible, short_id
from streams.adapters.items import json_values
from streams.adapters.opening import Opening
from streams.adapters.platforms import REDDIT

ADAPTER = "reddit"
TEXT_REMOVED = "the text below the title was removed before the collection"
EDITED = "a text was edited after posting, and the file has the later one"
MAX_LISTED = 1 << 20
"""Objects in one listing with its replies; more than any page of the API holds."""

_GONE = frozenset({"[removed]", "[deleted]", "[ Removed by Reddit ]", "[removed by reddit]", "[deleted by user]"})
_fullname = re.compile(r"t[13]_[0-9a-z]{1,16}").fullmatch
_number = re.compile(r"\d{1,12}(?:\.\d{1,9})?", re.ASCII).fullmatch
_Events = tuple[ForwardEvent, ...]


def convert_line(value: object, _: Options) -> list[Outcome]:
    """Return the outcomes of one JSON value: one for each object of a listing, else one; never raises."""
    return [one if isinstance(one, Refused) else convert(one) for one in _unfolded(value)] or [Skipped("empty_listing")]


def convert(value: object) -> Outcome:
    """Return the outcome of one submission or comment, with or without the API's envelope; never raises."""
    if not isinstance(value, dict):
        return Refused("not_an_object", "the item is not a JSON object")
    kind = value.get("kind")
    if isinstance(kind, str) and isinstance(value.get("data"), dict):
        if kind not in {"t1", "t3"}:
            return Skipped("more_comments" if kind == "more" else "other_kind")
        value = value["data"]
    fields = Fields(value)
    try:
        if "title" in fields:
            return _submission(fields)
        if "body" in fields:
            return _comment(fields)
    except FieldError as error:
        return Refused(error.reason, error.detail)
    return Refused("missing_field", "`title` and `body` are missing; the item is neither a submission nor a comment")


def read(source: Source, options: Options) -> Iterator[Item]:
    """Yield the outcome of each submission and comment: one a line, an array, or listings of the API."""
    for position, value in json_values(source.chunks()):
        if isinstance(value, Refused):
            yield position, value
        else:
            for outcome in convert_line(value, options):
                yield position, outcome


def recognises(opening: Opening) -> bool:
    """Return True for submissions and comments."""
    return opening.has("created_utc", "title|body", "subreddit|subreddit_id|link_id", "id|name")


FORMAT = Format(
    name=ADAPTER,
    title="a dump or listing of Reddit (submissions or comments)",
    platforms=(REDDIT,),
    capabilities=Capabilities(
        people="names of accounts",
        parents="the direct parent of comments and crossposts",
        hops="none",
        counters="crossposts, at the time of collection",
        times="Reddit's clock, in seconds",
    ),
    recognises=recognises,
    read=read,
)


def _unfolded(value: object) -> Iterator[object]:
    """Yield the objects of a value in their order: of listings, of the replies in comments, of `data` lists."""
    stack, count = [value], 0
    while stack:
        one = stack.pop()
        inner = _children(one)
        if inner is None:
            count += 1
            if count > MAX_LISTED:
                yield Refused("out_of_range", f"the listing holds more than {MAX_LISTED} objects")
                return
            yield one
            inner = _replies(one)
        stack += reversed(inner)


def _children(value: object) -> list[Any] | None:
    """Return the elements of a list or listing; None for a single object."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return None
    data = value.get("data")
    if isinstance(data, dict) and isinstance(data.get("children"), list):
        return list(data["children"])
    return data if isinstance(data, list) and "id" not in value else None


def _replies(value: object) -> list[Any]:
    data = value.get("data") if isinstance(value, dict) else None
    replies = data.get("replies") if isinstance(data, dict) else None
    return _children(replies) or [] if isinstance(replies, dict) else []


def _submission(fields: Fields) -> Outcome:
    message_id = _name(fields, "t3_")
    title, body = _content(fields, "title"), _content(fields, "selftext")
    parent = _parent(fields, "crosspost_parent")
    urls = _urls(fields, message_id, parent)
    is_removed = "removed_by_category" in fields or _is_gone(fields, "selftext") or _is_gone(fields, "title")
    if not (title or body or urls or parent):
        return Skipped("removed") if is_removed else Refused("missing_field", "`title` is empty")
    event = _event(
        fields,
        Kind.FORWARD if parent else Kind.POST,
        message_id,
        text=f"{title}\n{body}".strip("\n"),
        root_ref=_root(fields) or parent,
        parent_ref=parent,
        urls=urls,
    )
    notes = ((TEXT_REMOVED,) if is_removed else ()) + _edited(fields)
    return Converted((event, *_counter(fields, message_id)), notes)


def _comment(fields: Fields) -> Outcome:
    message_id = _name(fields, "t1_")
    text = _content(fields, "body")
    if not text:
        return Skipped("removed")
    link = _parent(fields, "link_id")
    event = _event(
        fields,
        Kind.REPLY,
        message_id,
        text=text,
        root_ref=link,
        parent_ref=_parent(fields, "parent_id"),
    )
    return Converted((event,), _edited(fields))


def _event(
    fields: Fields,
    kind: Kind,
    message_id: str,
    *,
    text: str,
    root_ref: str | None,
    parent_ref: str | None,
    urls: tuple[str, ...] = (),
) -> ForwardEvent:
    author = fields.id("author")
    return ForwardEvent(
        event_id=message_id,
        platform=REDDIT,
        kind=kind,
        created_at=_time(fields),
        message_id=message_id,
        id_scope=IdScope.PLATFORM,
        root_ref=root_ref,
        parent_ref=parent_ref,
        parent_evidence=ParentEvidence.API_PARENT if parent_ref else ParentEvidence.NONE,
        actor=None if author in _GONE else author or fields.id("author_fullname"),
        chat=fields.id("subreddit"),
        chat_size=fields.count("subreddit_subscribers"),
        text=text,
        urls=urls,
        source=Origin(ADAPTER),
    )


def _counter(fields: Fields, message_id: str) -> _Events:
    crossposts = fields.count("num_crossposts")
    if crossposts is None:
        return ()
    meta = fields.within("_meta")
    stamps = (meta.get("retrieved_2nd_on"), fields.get("retrieved_on"), fields.get("retrieved_utc"))
    collected_at = next((at for stamp in stamps if (at := _ms(stamp)) is not None), None)
    event = ForwardEvent(
        event_id=message_id,
        platform=REDDIT,
        kind=Kind.COUNTER,
        created_at=collected_at,
        observed_at=collected_at,
        message_id=message_id,
        id_scope=IdScope.PLATFORM,
        counters=Counters(forwards=crossposts),
        source=Origin(ADAPTER),
    )
    return (event if collected_at is None else date_counter(event, collected_at),)


def _name(fields: Fields, prefix: str) -> str:
    """Return the full name of an object, such as `t3_1abcd`; old dumps have the id alone."""
    name = fields.id("name")
    if name is not None and name.startswith(prefix):
        return name
    return short_id(prefix + fields.need_id("id").removeprefix(prefix), "id")


def _parent(fields: Fields, field: str) -> str | None:
    """Return the full name in a field; None for another value, such as the bare number in some answers of Pushshift."""
    name = fields.word(field)
    return name if _fullname(name) else None


def _root(fields: Fields) -> str | None:
    """Return the original of a crosspost whose parent is a crosspost itself."""
    return next((_parent(one, "crosspost_parent") for one in fields.objects("crosspost_parent_list")), None)


def _time(fields: Fields) -> int:
    if "created_utc" not in fields:
        raise FieldError("missing_field", "`created_utc` is missing")
    at = _ms(fields.get("created_utc"))
    if at is None:
        raise FieldError("time_out_of_range", "`created_utc` is no time in seconds between 2000 and 2100")
    return at


def _ms(value: object) -> int | None:
    """Return a number of seconds since 1970, also as a text, in ms; None for any other value."""
    if isinstance(value, str) and _number(value):
        value = float(value)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e10:
        return None
    at = int(value * 1000)
    return at if is_possible(at) else None


def _content(fields: Fields, name: str) -> str:
    """Return a text without the escapes of `<`, `>` and `&`; "" for the placeholder of a removed one."""
    text = fields.text(name)
    if text.strip() in _GONE:
        return ""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _is_gone(fields: Fields, name: str) -> bool:
    return fields.word(name).strip() in _GONE


def _edited(fields: Fields) -> tuple[str, ...]:
    return (EDITED,) if fields.get("edited") or fields.within("_meta").get("is_edited") is True else ()


def _urls(fields: Fields, message_id: str, parent: str | None) -> tuple[str, ...]:
    """Return the address that a submission links to; none for a text of its own, and for a page of the post itself."""
    url = fields.word("url_overridden_by_dest") or fields.word("url")
    if fields.get("is_self") is True or not url.startswith(("http://", "https://")):
        return ()
    own = {one.partition("_")[2] for one in (message_id, parent) if one}
    is_reddit = re.match(r"https?://(?:\w+\.)?(?:reddit\.com|redd\.it)/", url) is not None
    if is_reddit and own & set(re.split(r"[/?#]", url)):
        return ()
    return (url.replace("&amp;", "&"),)


__all__ = ["ADAPTER", "FORMAT", "MAX_LISTED", "convert", "convert_line", "read", "recognises"]
