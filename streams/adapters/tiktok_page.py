"""Convert a video as TikTok's own pages hold it, which browser extensions capture.

The names differ from those of the Research API, and the meaning is the same: a video is a post, its shares and views
are counters, and no single share is known. Fields as 4CAT reads them.

Reasons to skip: `empty` (a video without a description). Reasons to refuse: those of `fields`.
"""

from schemas.event import Counters, ForwardEvent, IdScope, Kind, Source
from streams.adapters.base import Converted, Outcome, Skipped, date_counter
from streams.adapters.fields import FieldError, Fields
from streams.adapters.platforms import TIKTOK
from streams.adapters.values import count, seconds


def convert(item: Fields, collected_at: int | None, adapter: str) -> Outcome:
    """Return the outcome of a captured video.

    Args:
        item: the video.
        collected_at: time of collection in ms, which dates the counters.
        adapter: the name of the adapter.

    Raises:
        FieldError: a field that the event needs is missing or has another type.

    """
    video, text = item.need_id("id"), item.text("desc").strip()
    if not text:
        return Skipped("empty")
    created_at = seconds(item.get("createTime"))
    if created_at is None:
        raise FieldError("time_out_of_range", "`createTime` is no Unix time in seconds between 2000 and 2100")
    post = ForwardEvent(
        event_id=video,
        platform=TIKTOK,
        kind=Kind.POST,
        created_at=created_at,
        message_id=video,
        id_scope=IdScope.PLATFORM,
        actor=_author(item),
        text=text,
        source=Source(adapter),
    )
    return Converted((post, *_counter(item, post, collected_at)))


def _author(item: Fields) -> str | None:
    """Return the name of the account, as the Research API and the tables of 4CAT name people too."""
    return item.within("author").id("uniqueId") if isinstance(item.get("author"), dict) else item.id("author")


def _counter(item: Fields, post: ForwardEvent, collected_at: int | None) -> tuple[ForwardEvent, ...]:
    stats = item.within("stats" if "stats" in item else "statsV2")
    counters = Counters(views=count(stats.get("playCount")), forwards=count(stats.get("shareCount")))
    if counters.views is None and counters.forwards is None:
        return ()
    event = ForwardEvent(
        event_id=post.event_id,
        platform=TIKTOK,
        kind=Kind.COUNTER,
        created_at=collected_at,
        observed_at=collected_at,
        message_id=post.message_id,
        id_scope=IdScope.PLATFORM,
        counters=counters,
        source=post.source,
    )
    return (event,) if collected_at is None else (date_counter(event, collected_at),)


__all__ = ["convert"]
