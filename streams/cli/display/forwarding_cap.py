"""Print the effect of a limit on the forwards of each message."""

from collections.abc import Iterator

from streams.cli.display.tables import Column, Table, first_rows, short_id
from streams.runs.analyses.forwarding_cap import Capped


def lines(found: Capped) -> Iterator[str]:
    """Yield the messages and sharers that remain under the limit."""
    yield f"with at most {found.at_most:,} forwards of each message, at least this much would remain:"
    for name, reach in (("recorded parents only", found.recorded), ("recorded and inferred parents", found.inferred)):
        share = reach.messages / found.messages if found.messages else 1.0
        yield (
            f"  {name}: {reach.cut:,} of {reach.edges:,} edges removed; {reach.messages:,} of {found.messages:,} "
            f"messages ({share:.0%}) and {reach.sharers:,} of {found.sharers:,} sharers remain"
        )


def clusters_table(found: Capped, at_most: int) -> tuple[Table, list[str]]:
    """Return the clusters that lose messages, the largest loss first, and a remark if some were left out."""
    columns = (
        Column("cluster"),
        *(Column(name, right=True) for name in ("messages", "remain (recorded)", "remain (inferred)")),
    )
    rows = [
        (
            short_id(one.cluster_id),
            f"{one.messages:,}",
            f"{one.recorded.messages:,}",
            f"{one.inferred.messages:,}",
        )
        for one in found.clusters
    ]
    shown, remarks = first_rows("clusters", rows, at_most)
    return Table(columns, list(shown)), remarks


__all__ = ["clusters_table", "lines"]
