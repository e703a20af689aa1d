"""Read answers of the TikTok Research API: videos and comments.

A video is a post, its shares and views are counters, and a comment is a reply. The API records no single share. What a
machine heard in a video (`voice_to_text`) is no text that a person wrote, so it is left out and counted in the report.

Reasons to skip: `empty`, `error_answer`, `reposts` (lists of reposted or liked videos name neither the account that
reposted nor the time). Reasons to refuse: those of `fields`, and those of `items.json_members`.
"""

from collections.abc import Iterator

from schemas.event import Counters, ForwardEvent, IdScope, Kind, ParentEvidence
from schemas.event import Source as Origin
from streams.adapters.base import Capabilities, Converted, Format, Item, Options, Outcome, Refused, Skipped, Source
from streams.adapters.fields import FieldError, Fields
from streams.adapters.items import encode, json_members
from streams.adapters.opening import Opening
from streams.adapters.platforms import TIKTOK
from streams.adapters.values import count, seconds

_NAME = "tiktok-research"
_ORIGIN = Origin(adapter=_NAME)
_LISTS_WITHOUT_SHARES = ("user_reposted_videos", "reposted_videos", "user_liked_videos", "user_pinned_videos")
_HEARD = "what a machine heard in a video (voice_to_text) is not read"


def convert(value: object) -> Outcome:
    """Return the outcome of one video, comment or answer without either; never raises."""
    if not isinstance(value, dict):
        return Refused("not_an_object", "the item is not a JSON object")
    try:
        return _convert(Fields(value))
    except FieldError as error:
        return Refused(error.reason, error.detail, encode(value))


def _convert(item: Fields) -> Outcome:
    if "video_id" in item or "parent_comment_id" in item:
        return _comment(item)
    if "id" in item:
        return _video(item)
    if any(name in item.within("data") for name in _LISTS_WITHOUT_SHARES):
        return Skipped("reposts")
    if "error" in item:
        return Skipped("error_answer")
    raise FieldError("missing_field", "`id` is missing")


def _video(item: Fields) -> Outcome:
    video, text = item.need_id("id"), item.text("video_description").strip()
    notes = (_HEARD,) if item.word("voice_to_text").strip() else ()
    if not text:
        return Skipped("empty", notes)
    post = ForwardEvent(
        event_id=video,
        platform=TIKTOK,
        kind=Kind.POST,
        created_at=_created(item),
        message_id=video,
        id_scope=IdScope.PLATFORM,
        actor=item.id("username") if item.get("username") else None,
        text=text,
        source=_ORIGIN,
    )
    counters = Counters(views=count(item.get("view_count")), forwards=count(item.get("share_count")))
    if counters.views is None and counters.forwards is None:
        return Converted((post,), notes)
    counter = ForwardEvent(
        event_id=video,
        platform=TIKTOK,
        kind=Kind.COUNTER,
        message_id=video,
        id_scope=IdScope.PLATFORM,
        counters=counters,
        source=_ORIGIN,
    )
    return Converted((post, counter), notes)


def _comment(item: Fields) -> Outcome:
    """Return a comment as a reply to the comment that it answers, else to the video; the API names no author."""
    comment, text, video = item.need_id("id"), item.text("text").strip(), item.id("video_id")
    if not text:
        return Skipped("empty")
    parent = (item.id("parent_comment_id") if item.get("parent_comment_id") else None) or video
    reply = ForwardEvent(
        event_id=comment,
        platform=TIKTOK,
        kind=Kind.REPLY,
        created_at=_created(item),
        message_id=comment,
        id_scope=IdScope.PLATFORM,
        root_ref=video,
        parent_ref=parent,
        parent_evidence=ParentEvidence.API_PARENT if parent else ParentEvidence.NONE,
        text=text,
        source=_ORIGIN,
    )
    return Converted((reply,))


def _created(item: Fields) -> int:
    if "create_time" not in item:
        raise FieldError("missing_field", "`create_time` is missing; ask the API for it")
    at = seconds(item.get("create_time"))
    if at is None:
        raise FieldError("time_out_of_range", "`create_time` is no Unix time in seconds between 2000 and 2100")
    return at


def recognises(opening: Opening) -> bool:
    """Return True for an answer with videos or comments, or for videos and comments themselves."""
    if not opening.is_json:
        return False
    is_answer = opening.has("data", "cursor|has_more|search_id", "videos|comments")
    videos = opening.has("create_time", "video_description")
    comments = opening.has("video_id", "create_time", "text", "parent_comment_id|reply_count")
    return videos or comments or (is_answer and opening.has("error", "log_id|code"))


def read(source: Source, options: Options) -> Iterator[Item]:
    """Yield the outcome of each video and comment: one answer a line, one document, or an array."""
    for number, value in json_members(source.chunks(), "data.videos", "data.comments"):
        yield number, value if isinstance(value, Refused) else convert(value)


FORMAT = Format(
    name=_NAME,
    title="answers of the TikTok Research API (JSON)",
    platforms=(TIKTOK,),
    capabilities=Capabilities(
        people="names of accounts; none for comments",
        parents="the comment or video that a comment answers; shares are not recorded",
        hops="none",
        counters="views and shares",
        times="TikTok's clock, seconds",
    ),
    recognises=recognises,
    read=read,
)
"""Answers of the TikTok Research API."""


__all__ = ["FORMAT", "convert", "read", "recognises"]
