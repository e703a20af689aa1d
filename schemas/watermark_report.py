"""`WatermarkReport`: the watermark of the ordered log, and the counts of its events."""

import msgspec

from schemas.base import Count, Digest, Message, Ms


class LateStream(msgspec.Struct, frozen=True, gc=False):
    """Events and late events of one platform, or of one of its chats."""

    platform: str
    chat: Digest | None  # None: all events of the platform
    events: Count
    late: Count  # of the events: behind the watermark on arrival
    behind_ms: Count = 0  # of the late events: the mean time behind the watermark


class WatermarkReport(Message, frozen=True, kw_only=True):
    """Watermark and event counts of one realm, on the topic `watermarks`.

    received = applied + duplicates + late + rejected + waiting.
    """

    realm: str
    time: Ms  # the watermark: no on-time event before this event time is expected
    received: Count
    applied: Count
    duplicates: Count
    late: Count
    rejected: Count
    waiting: Count
    unmatched: Count = 0  # of the applied events: statements about an unknown message
    conflicts: Count = 0  # of the duplicates: another event with the event_id of an earlier one
    revised: Count = 0  # of the applied events: edits and further parts of posts that count already
    forced: Count = 0  # of the applied events: emitted early because the reorder buffer was full
    withheld: Count = 0  # cascades that met the base threshold while the alert budget required a higher one
    missing: Count = 0  # source offsets that the log no longer had when the cluster stage read it
    corrected: Count = 0  # events whose claimed time was replaced by the time of observation
    ahead: Count = 0  # events held back: their time is ahead of the stream, and later events contradict it
    catching_up: Count = 0  # events read by a listener that is behind: their own time is used, not the reader's
    late_streams: tuple[LateStream, ...] = ()  # platforms and chats with a late share above a tenth, largest first
    # platforms whose times are full days, hours or minutes only: "day", "hour", "minute"
    coarse_times: dict[str, str] = msgspec.field(default_factory=dict)


__all__ = ["LateStream", "WatermarkReport"]
