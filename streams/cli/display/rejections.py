"""Print rejected events by reason."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from detectors.text.formatting import plain
from schemas.rejection import Rejection
from schemas.sighting import Position
from streams.cli.display.tables import Column, Table


class RejectionCount(msgspec.Struct, frozen=True, kw_only=True):
    """Rejected events of one reason."""

    reason: str
    events: int
    first: Position
    detail: str  # of the first


def count_rejections(rejections: Iterable[Rejection]) -> list[RejectionCount]:
    """Count rejections by reason, the most frequent first."""
    counts: Counter[str] = Counter()
    first: dict[str, Rejection] = {}
    for rejection in rejections:
        counts[rejection.reason] += 1
        first.setdefault(rejection.reason, rejection)
    return [
        RejectionCount(reason=reason, events=count, first=first[reason].position, detail=first[reason].detail)
        for reason, count in counts.most_common()
    ]


def rejections_table(counts: Sequence[RejectionCount]) -> Table:
    """Return one row for each reason."""
    columns = (Column("reason"), Column("events", right=True), Column("first at"), Column("detail", wrap=True))
    rows = [
        (
            one.reason,
            f"{one.events:,}",
            f"{plain(one.first.source)}, event {one.first.offset + 1:,}",
            plain(one.detail),
        )
        for one in counts
    ]
    return Table(columns, list(rows))


__all__ = ["RejectionCount", "count_rejections", "rejections_table"]
