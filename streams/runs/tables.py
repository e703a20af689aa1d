"""Compute growth curves, counts of wordings and first sightings from the rows of a run's tables."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from detectors.growth import GrowthConfig, make_detector
from detectors.privacy.small_groups import without_small
from detectors.similarity.templates import CountedWording
from detectors.spread.first_sightings import across
from schemas.assignment import Role, Timeliness
from schemas.evidence import FirstSighting

MIN_CONFIDENCE = 0.5
"""Confidence below which an inferred parent counts as unknown."""

RECORDED = frozenset({"explicit", "origin"})
"""Sources of parents that the platform recorded."""


def is_share(row: Mapping[str, Any]) -> bool:
    """Return True for a row of `edges.parquet` that counts as a share: not for a quote with words of its own."""
    return bool(row.get("role", Role.SHARE) != Role.COMMENT)


def shown_sightings(
    records: Iterable[Mapping[str, Any]], shares: Iterable[Mapping[str, Any]], least: int
) -> tuple[FirstSighting, ...]:
    """Return the first sightings of a cluster on two or more platforms that are no small group, in order of time.

    Args:
        records: `first_sightings` of the row of the cluster in `clusters.parquet`.
        shares: rows of the cluster in `edges.parquet`.
        least: posts from which a platform may be shown.

    """
    posts = Counter(share["platform"] for share in shares if is_share(share))
    values = [{**one, "first_seen_at": milliseconds(one["first_seen_at"])} for one in records]
    found = msgspec.convert(values, list[FirstSighting])
    return across(found, without_small(tuple(posts.items()), least))


class GrowthPoint(NamedTuple):
    """State of a cascade at a new distinct sharer."""

    time: int  # ms
    sharers: int
    score: float


def growth_curve(shares: Sequence[Mapping[str, Any]], config: GrowthConfig) -> list[GrowthPoint]:
    """Return the score of the growth detector at each new distinct sharer of a cluster.

    Args:
        shares: rows of the cluster in `edges.parquet`, in order of event time. Only the first share of a sharer counts;
            a late share updates the detector without a point of its own.
        config: settings of the growth detector.

    """
    detector = make_detector(config)
    sharers: set[str] = set()
    points = []
    for share in shares:
        if share["sharer"] in sharers or not is_share(share):
            continue
        sharers.add(share["sharer"])
        time = milliseconds(share["time"])
        if share["timeliness"] == Timeliness.ON_TIME:
            points.append(GrowthPoint(time, len(sharers), detector.update(time)))
        else:
            detector.late(time, 1.0, dropped_late=share["timeliness"] == Timeliness.DROPPED_LATE)
    return points


def counted_wordings(
    representative: str, wordings: Sequence[Mapping[str, Any]], shares: Sequence[Mapping[str, Any]]
) -> list[CountedWording]:
    """Return the wordings of a cluster with their numbers of messages: the representative, then the given order."""
    messages = Counter(share.get("fingerprint") for share in shares if is_share(share))
    texts = {row["fingerprint"]: row["text"] for row in reversed(wordings)}  # the first text of each fingerprint
    order = list(dict.fromkeys(row["fingerprint"] for row in wordings))
    order.sort(key=lambda fingerprint: texts[fingerprint] != representative)
    return [CountedWording(texts[fingerprint], max(1, messages[fingerprint])) for fingerprint in order]


def milliseconds(moment: datetime) -> int:
    """Return the time of a table as event time, in ms."""
    return round(moment.timestamp() * 1000)


__all__ = [
    "MIN_CONFIDENCE",
    "RECORDED",
    "GrowthPoint",
    "counted_wordings",
    "growth_curve",
    "is_share",
    "milliseconds",
    "shown_sightings",
]
