"""Reads the tables of a run folder, and knows where clusters that were merged have gone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from detectors.growth import GrowthConfig, make_detector
from detectors.similarity.templates import CountedWording
from schemas.assignment import Timeliness
from streams.runs.folder import CLUSTERS, EDGES, WORDINGS, Run, RunFolderError

CERTAIN = 0.5
"""Confidence under which an inferred parent is unknown."""

RECORDED = frozenset({"explicit", "origin"})
"""How a parent is known that the platform recorded."""

_ON_TIME, _EXPIRED = Timeliness.ON_TIME, Timeliness.DROPPED_LATE


class Point(NamedTuple):
    """A cascade when one more distinct sharer had joined."""

    time: int  # ms
    sharers: int
    score: float


class RunTables:
    """The tables of one run; each read takes what it is asked for and no more."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def read(self, name: str, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> pa.Table:
        """A table, or some of its columns and rows.

        Raises:
            RunFolderError: it cannot be read, as after a kill or from before there was such a table.

        """
        try:
            return pq.read_table(self.run.path / name, columns=list(columns) if columns else None, filters=where)
        except (OSError, ValueError) as error:
            why = str(error).splitlines()[0]
            raise RunFolderError(
                f"a run's tables must be readable; got {why} for {name} in {self.run.path}; replay the source again"
            ) from None

    @cached_property
    def merged_into(self) -> dict[str, str]:
        """Where the clusters went that were merged away."""
        rows = self.read(CLUSTERS, ["cluster_id", "merged_into"]).to_pylist()
        return {row["cluster_id"]: row["merged_into"] for row in rows if row["merged_into"]}

    def final(self, cluster_id: str) -> str:
        """The id under which a cluster lived on."""
        while cluster_id in self.merged_into:
            cluster_id = self.merged_into[cluster_id]
        return cluster_id

    def members(self, cluster_ids: Sequence[str]) -> list[str]:
        """These clusters and all that were merged into them."""
        wanted = set(cluster_ids)
        return sorted(wanted | {id_ for id_ in self.merged_into if self.final(id_) in wanted})

    def of_clusters(self, name: str, cluster_ids: Sequence[str]) -> pa.Table:
        """The rows of a table that belong to some clusters by now."""
        return self.read(name, where=pc.field("cluster_id").isin(pa.array(self.members(cluster_ids), pa.string())))

    def shares(self, cluster_ids: Sequence[str]) -> pa.Table:
        """The shares of some clusters, in order of event time."""
        return in_order(self.of_clusters(EDGES, cluster_ids))

    def wordings(self, cluster_ids: Sequence[str]) -> pa.Table:
        """The wordings of some clusters, in order of event time."""
        return in_order(self.of_clusters(WORDINGS, cluster_ids))


def in_order(table: pa.Table) -> pa.Table:
    """By event time, then by event: the order in which a replay applies them."""
    return table.sort_by([("time", "ascending"), ("event_id", "ascending")])


def growth_curve(shares: Sequence[Mapping[str, Any]], config: GrowthConfig) -> list[Point]:
    """The score as it went, from one cluster's shares in order: only a sharer's first counts, a late one silently."""
    detector = make_detector(config)
    seen: set[str] = set()
    points = []
    for share in shares:
        if share["sharer"] in seen:
            continue
        seen.add(share["sharer"])
        at = milliseconds(share["time"])
        if share["timeliness"] == _ON_TIME:
            points.append(Point(at, len(seen), detector.update(at)))
        else:
            detector.late(at, 1.0, dropped_late=share["timeliness"] == _EXPIRED)
    return points


def told(
    representative: str, wordings: Sequence[Mapping[str, Any]], shares: Sequence[Mapping[str, Any]]
) -> list[CountedWording]:
    """How many messages bear each wording of one cluster, the representative first, then in the order given."""
    messages = Counter(share.get("fingerprint") for share in shares)
    texts = {row["fingerprint"]: row["text"] for row in reversed(wordings)}  # each as it was first seen
    order = list(dict.fromkeys(row["fingerprint"] for row in wordings))
    order.sort(key=lambda fingerprint: texts[fingerprint] != representative)
    return [CountedWording(texts[fingerprint], max(1, messages[fingerprint])) for fingerprint in order]


def milliseconds(moment: datetime) -> int:
    """A table's time as event time."""
    return round(moment.timestamp() * 1000)


__all__ = ["CERTAIN", "RECORDED", "Point", "RunTables", "growth_curve", "in_order", "milliseconds", "told"]
