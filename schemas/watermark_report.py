"""`WatermarkReport`: the watermark of the ordered log, and the counts of its events."""

from schemas.base import Count, Message, Ms


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
    forced: Count = 0  # of the applied events: emitted early because the reorder buffer was full
    withheld: Count = 0  # cascades that met the base threshold while the alert budget required a higher one
    missing: Count = 0  # source offsets that the log no longer had when the cluster stage read it
