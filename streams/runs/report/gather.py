"""Reads a run folder and gathers what its page shows: the alerted rumours, each with its curve, graph and wordings."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from detectors.growth import GrowthConfig, make_detector
from detectors.similarity.templates import CountedWording, find_templates
from schemas.alert import Alert
from streams.runs.folder import CLUSTERS, EDGES, Run
from streams.runs.report.payload import Curve, FamilyShown, Payload, RumourPayload, Volume, WordingPayload
from streams.runs.report.shape import Share, lay_out
from streams.runs.tables import Point, RunTables, growth_curve, milliseconds, told
from streams.settings.load import from_values

_BINS = 240  # of the volume over time
_POINTS = 400  # of a curve
_SHORT = 12
_GROUPS = 8  # chats and platforms that are listed
_FORWARDERS = 10
_WORDINGS = 40
_VALUES = 12  # of a slot


class ReportLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much one page holds."""

    rumours: int = 200  # those with the highest level, then the most sharers
    nodes: int = 4_000  # drawn of one graph


def gather(run: Run, limits: ReportLimits) -> Payload:
    """Everything that the page of a run shows.

    Raises:
        RunFolderError: a run without readable tables.

    """
    tables = RunTables(run)
    rows = {row["cluster_id"]: row for row in tables.read(CLUSTERS).to_pylist() if not row["merged_into"]}
    alerts = _by_cluster(run.alerts(), tables)
    chosen = _chosen(alerts, rows, limits.rumours)
    shares = _grouped(tables.shares(chosen), tables)
    wordings = _grouped(tables.wordings(chosen), tables)
    growth = from_values(run.manifest.settings).pipeline.growth
    return Payload(
        title=run.path.name,
        manifest=msgspec.to_builtins(run.manifest),
        volume=_volume(tables.read(EDGES, ["time"])["time"]),
        rumours=[
            _rumour(_Found(rows[id_], alerts[id_], shares.get(id_, []), wordings.get(id_, [])), growth, limits.nodes)
            for id_ in chosen
        ],
    )


def _by_cluster(alerts: Iterable[Alert], tables: RunTables) -> dict[str, list[Alert]]:
    found: dict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        found[tables.final(alert.cluster_id)].append(alert)
    return found


def _chosen(alerts: Mapping[str, list[Alert]], rows: Mapping[str, dict[str, Any]], most: int) -> list[str]:
    known = [id_ for id_ in alerts if id_ in rows]
    known.sort(key=lambda id_: (-max(a.level for a in alerts[id_]), -rows[id_]["sharers"], id_))
    return sorted(known[:most], key=lambda id_: alerts[id_][0].time)


def _grouped(table: pa.Table, tables: RunTables) -> dict[str, list[dict[str, Any]]]:
    """A table's rows by the cluster that they belong to by now."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_pylist():
        found[tables.final(row["cluster_id"])].append(row)
    return found


def _volume(column: pa.ChunkedArray) -> Volume:
    times = column.cast(pa.int64())
    if not len(times):
        return Volume(start=0, step=1, shares=[])
    first, last = pc.min(times).as_py(), pc.max(times).as_py()
    step = max(1000, -(-(last - first + 1) // _BINS))
    counts = pc.value_counts(pc.divide(pc.subtract(times, first), step)).to_pylist()
    shares = [0] * ((last - first) // step + 1)
    for one in counts:
        shares[one["values"]] = one["counts"]
    return Volume(start=first, step=step, shares=shares)


class _Found(NamedTuple):
    """What a run's files hold about one cluster."""

    row: Mapping[str, Any]
    alerts: list[Alert]
    shares: list[dict[str, Any]]
    wordings: list[dict[str, Any]]


def _rumour(found: _Found, growth: GrowthConfig, most: int) -> RumourPayload:
    row, alerts, shares, wordings = found
    nodes = [
        Share(one["message"], one["parent"], milliseconds(one["time"]), one["sharer"], one["source"], one["confidence"])
        for one in shares
    ]
    shape, forwarders = lay_out(nodes, most, _FORWARDERS)
    chats = Counter(one["chat"][:_SHORT] for one in shares if one["chat"])
    return RumourPayload(
        cluster_id=row["cluster_id"],
        status=row["status"],
        first_time=milliseconds(row["first_time"]),
        last_time=milliseconds(row["last_time"]),
        sharers=row["sharers"],
        posts=row["posts"],
        chats=row["chats"],
        text=row["representative"],
        lang=row["lang"],
        alerts=alerts,
        curve=_curve(shares, growth.on(row.get("platform"))),
        shape=shape,
        forwarders=forwarders,
        wordings=list(_texts(wordings)),
        wordings_total=len(wordings),
        families=list(_families(told(row["representative"], wordings, shares))),
        platforms=_most(alerts[-1].evidence.counts.platforms),
        busiest_chats=_most(chats.items()),
    )


def _most(groups: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(groups, key=lambda group: (-group[1], group[0]))[:_GROUPS]


def _texts(rows: list[dict[str, Any]]) -> Iterator[WordingPayload]:
    seen: set[str] = set()
    for row in rows:
        if row["fingerprint"] not in seen and len(seen) < _WORDINGS:
            seen.add(row["fingerprint"])
            yield WordingPayload(
                text=row["text"],
                time=milliseconds(row["time"]),
                method=row["method"],
                similarity=row["similarity"],
                variants=row["variants"],
            )


def _families(wordings: list[CountedWording]) -> Iterator[FamilyShown]:
    for template in find_templates(wordings).templates:
        if template.slots:
            yield FamilyShown(
                template=template.text,
                messages=template.messages,
                wordings=len(template.members),
                variants=list(template.variants),
                slots=[
                    (slot.name, [(value.text, value.messages) for value in slot.values[:_VALUES]])
                    for slot in template.slots
                ],
            )


def _curve(shares: list[dict[str, Any]], config: GrowthConfig) -> Curve:
    kept = _thinned(growth_curve(shares, config))
    return Curve(
        time=[point.time for point in kept],
        sharers=[point.sharers for point in kept],
        score=[round(point.score, 4) for point in kept],
        limits=list(make_detector(config).thresholds()),
    )


def _thinned(points: list[Point]) -> list[Point]:
    """Evenly in number, and always the highest score of each stretch, so that no crossing is lost."""
    if len(points) <= _POINTS:
        return points
    stretch = -(-len(points) // (_POINTS // 2))
    kept = []
    for begin in range(0, len(points), stretch):
        part = points[begin : begin + stretch]
        kept += sorted({part[0], max(part, key=lambda point: point.score)})
    return [*kept, points[-1]] if kept[-1] != points[-1] else kept


__all__ = ["ReportLimits", "gather"]
