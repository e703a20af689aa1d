"""Read answers of the YouTube Data API: videos, search results, comments and threads of comments.

YouTube records no share: a video is a post, its views are a counter, and a comment is a reply, never a share. A share
of a video elsewhere is an address in a post of that platform.

Reasons to skip: `empty`, `other_kind` (channels, playlists and the like), `no_statistics` (an item of statistics alone
that has none), `error_answer`. Reasons to refuse: those of `fields`, and those of `items.json_members`.
"""

from collections.abc import Callable, Iterator
from html import unescape

from detectors.text.url_finder import find_urls
from schemas.event import Counters, ForwardEvent, IdScope, Kind, ParentEvidence
from schemas.event import Source as Origin
from streams.adapters.base import Capabilities, Converted, Format, Item, Options, Outcome, Refused, Skipped, Source
from streams.adapters.fields import FieldError, Fields
from streams.adapters.items import encode, json_members
from streams.adapters.mastodon.html import read_html
from streams.adapters.opening import Opening
from streams.adapters.platforms import YOUTUBE
from streams.adapters.values import count

_NAME = "youtube-api"
_ORIGIN = Origin(adapter=_NAME)
_VIDEO, _FOUND, _THREAD, _COMMENT = "youtube#video", "youtube#searchResult", "youtube#commentThread", "youtube#comment"
_CUT = "search results hold the first words of a description only: ask videos.list for the whole"


def convert(value: object) -> Outcome:
    """Return the outcome of one item of an answer; never raises."""
    if not isinstance(value, dict):
        return Refused("not_an_object", "the item is not a JSON object")
    try:
        return _convert(Fields(value))
    except FieldError as error:
        return Refused(error.reason, error.detail, encode(value))


def _convert(item: Fields) -> Outcome:
    kind = item.word("kind") or _kind_of(item)
    if kind in _READERS:
        return _READERS[kind](item)
    if "error" in item:
        return Skipped("error_answer")
    if kind.startswith("youtube#"):
        return Skipped("other_kind")
    raise FieldError("missing_field", "`kind` names no item of the YouTube Data API")


def _kind_of(item: Fields) -> str:
    """Return the kind of an item in a partial answer (parameter `fields`), which may lack it; "" if none fits."""
    snippet = item.within("snippet")
    if "videoId" in item.within("id"):
        return _FOUND
    if "topLevelComment" in snippet:
        return _THREAD
    if "textOriginal" in snippet or "textDisplay" in snippet:
        return _COMMENT
    return _VIDEO if "title" in snippet or "viewCount" in item.within("statistics") else ""


def _found(item: Fields) -> Outcome:
    """Return a search result, which may be a channel or a playlist."""
    if "videoId" not in item.within("id"):
        return Skipped("other_kind")
    return _video(item, item.within("id").need_id("videoId"), is_search=True)


def _video(item: Fields, video: str, *, is_search: bool = False) -> Outcome:
    events: list[ForwardEvent] = []
    if "snippet" in item:
        snippet = item.within("snippet")
        title, description = snippet.text("title").strip(), snippet.text("description").strip()
        text = "\n".join(filter(None, (unescape(title) if is_search else title, description)))
        if not text:
            return Skipped("empty")
        language = snippet.word("defaultLanguage") or snippet.word("defaultAudioLanguage")
        post = ForwardEvent(
            event_id=video,
            platform=YOUTUBE,
            kind=Kind.POST,
            created_at=snippet.need_time("publishedAt"),
            message_id=video,
            id_scope=IdScope.PLATFORM,
            actor=snippet.id("channelId"),
            text=text,
            lang=language if 0 < len(language) <= _MAX_LANGUAGE else None,
            urls=find_urls(description),
            source=_ORIGIN,
        )
        events.append(post)
    views = count(item.within("statistics").get("viewCount"))
    if views is not None:
        counter = ForwardEvent(
            event_id=video,
            platform=YOUTUBE,
            kind=Kind.COUNTER,
            message_id=video,
            id_scope=IdScope.PLATFORM,
            counters=Counters(views=views),
            source=_ORIGIN,
        )
        events.append(counter)
    return Converted(tuple(events), (_CUT,) if is_search else ()) if events else Skipped("no_statistics")


_MAX_LANGUAGE = 35


def _thread(item: Fields) -> Outcome:
    """Return the comments of a thread: the first, and its answers as far as the API has put them there."""
    snippet = item.within("snippet")
    answers = list(item.within("replies").objects("comments"))
    missing = (snippet.count("totalReplyCount") or 0) - len(answers)
    notes = ("threads lack some of their answers: ask comments.list for them",) if missing > 0 else ()
    return _replies([snippet.within("topLevelComment"), *answers], video=snippet.id("videoId"), notes=notes)


def _replies(comments: list[Fields], video: str | None, notes: tuple[str, ...] = ()) -> Outcome:
    events = tuple(event for one in comments if (event := _reply(one, video)) is not None)
    return Converted(events, notes) if events else Skipped("empty")


def _reply(comment: Fields, video: str | None) -> ForwardEvent | None:
    """Return a comment as a reply to the comment that it answers, else to the video; None without a text."""
    message, snippet = comment.need_id("id"), comment.within("snippet")
    text = snippet.text("textOriginal") or read_html(snippet.text("textDisplay"))[0]
    if not text.strip():
        return None
    written, changed = snippet.need_time("publishedAt"), snippet.time("updatedAt")
    about = snippet.id("videoId") or video
    parent = snippet.id("parentId") or about
    return ForwardEvent(
        event_id=message if changed is None or changed <= written else f"{message}@{changed // 1000}",
        platform=YOUTUBE,
        kind=Kind.REPLY,
        created_at=written,
        message_id=message,
        id_scope=IdScope.PLATFORM,
        root_ref=about,
        parent_ref=parent,
        parent_evidence=ParentEvidence.API_PARENT if parent else ParentEvidence.NONE,
        actor=snippet.within("authorChannelId").id("value"),
        text=text,
        source=_ORIGIN,
    )


_READERS: dict[str, Callable[[Fields], Outcome]] = {
    _VIDEO: lambda item: _video(item, item.need_id("id")),
    _FOUND: _found,
    _THREAD: _thread,
    _COMMENT: lambda item: _replies([item], video=None),
}


def recognises(opening: Opening) -> bool:
    """Return True for an answer of the API, or for its items."""
    if opening.has("kind", "id|items") and any(f'"{kind}' in opening.text for kind in _READERS):
        return True
    return opening.has("snippet", "publishedAt", "textOriginal|textDisplay|title", "id")


def read(source: Source, options: Options) -> Iterator[Item]:
    """Yield the outcome of each item: one answer a line, one document, or an array."""
    for number, value in json_members(source.chunks(), "items"):
        yield number, value if isinstance(value, Refused) else convert(value)


FORMAT = Format(
    name=_NAME,
    title="answers of the YouTube Data API (JSON)",
    platforms=(YOUTUBE,),
    capabilities=Capabilities(
        people="ids of channels",
        parents="the comment or video that a comment answers; shares are not recorded",
        hops="none",
        counters="views",
        times="YouTube's clock, seconds",
    ),
    recognises=recognises,
    read=read,
)
"""Answers of the YouTube Data API."""


__all__ = ["FORMAT", "convert", "read", "recognises"]
