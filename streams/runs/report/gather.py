"""Collect the contents of the report from a run folder: the alerted rumours with curve, graph and wordings."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from detectors.alerting.jumps import joined_by, lag
from detectors.growth import GrowthConfig, make_detector
from detectors.pipeline.config import PipelineConfig
from detectors.privacy.small_groups import Groups, without_small
from detectors.similarity.templates import CountedWording, find_templates
from schemas.alert import Alert
from streams.runs.folder import CLUSTERS, EDGES, WORDINGS, Run
from streams.runs.report.payload import (
    Curve,
    Payload,
    RumourPayload,
    SightingPayload,
    TemplatePayload,
    Volume,
    WordingPayload,
)
from streams.runs.report.shape import Share, lay_out
from streams.runs.tables import (
    GrowthPoint,
    counted_wordings,
    growth_curve,
    is_share,
    milliseconds,
    shown_sightings,
)
from streams.settings.load import from_values

_BINS = 240  # bins of the volume over time
_POINTS = 400  # points of a curve
_SHORT = 12  # digits of a pseudonym
_GROUPS = 8  # chats and platforms in a list
_OTHER_PLATFORMS = "other platforms"
_FORWARDERS = 10
_WORDINGS = 40
_VALUES = 12  # values of a slot


class ReportLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Largest amounts on one page."""

    rumours: int = 200  # ranked by level, then by sharers
    nodes: int = 4_000  # drawn messages of one graph


def gather(run: Run, limits: ReportLimits) -> Payload:
    """Return the contents of the page of a run.

    Raises:
        RunFolderError: the tables of the run cannot be read.

    """
    rows = {row["cluster_id"]: row for row in run.table(CLUSTERS).to_pylist() if not row["merged_into"]}
    alerts = _by_cluster(run)
    chosen = _chosen(alerts, rows, limits.rumours)
    shares = _grouped(run, EDGES, chosen)
    wordings = _grouped(run, WORDINGS, chosen)
    echoes: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for share in run.shares_counted_in(chosen).to_pylist():
        echoes[run.final(share["counts_in"])].append(share)
    pipeline = from_values(run.manifest.settings).pipeline
    return Payload(
        title=run.path.name,
        manifest=msgspec.to_builtins(run.manifest),
        volume=_volume(run.table(EDGES, ["time"])["time"]),
        rumours=[
            _rumour(
                _Cluster(rows[id_], alerts[id_], shares.get(id_, []), wordings.get(id_, []), echoes[id_]),
                pipeline,
                limits.nodes,
            )
            for id_ in chosen
        ],
    )


def _by_cluster(run: Run) -> dict[str, list[Alert]]:
    found: dict[str, list[Alert]] = defaultdict(list)
    for alert in run.alerts():
        found[run.final(alert.cluster_id)].append(alert)
    return found


def _chosen(alerts: Mapping[str, list[Alert]], rows: Mapping[str, dict[str, Any]], max_rumours: int) -> list[str]:
    known = [id_ for id_ in alerts if id_ in rows]
    known.sort(key=lambda id_: (-max(a.level for a in alerts[id_]), -rows[id_]["sharers"], id_))
    return sorted(known[:max_rumours], key=lambda id_: alerts[id_][0].time)


def _grouped(run: Run, name: str, cluster_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a table by final cluster, in order of event time."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in run.rows_of(name, cluster_ids).to_pylist():
        found[run.final(row["cluster_id"])].append(row)
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


class _Cluster(NamedTuple):
    """Rows and alerts of one cluster."""

    row: Mapping[str, Any]
    alerts: list[Alert]
    shares: list[dict[str, Any]]
    wordings: list[dict[str, Any]]
    echoes: list[dict[str, Any]]  # shares of linked clusters whose sharers count here


def _rumour(cluster: _Cluster, config: PipelineConfig, max_nodes: int) -> RumourPayload:
    row, alerts, shares, wordings, echoes = cluster
    nodes = [
        Share(one["message"], one["parent"], milliseconds(one["time"]), one["sharer"], one["source"], one["confidence"])
        for one in shares
    ]
    shape, forwarders = lay_out(nodes, max_nodes, _FORWARDERS)
    chats = Counter(one["chat"][:_SHORT] for one in shares if one["chat"] and is_share(one))
    platforms = Counter(one["platform"] for one in shares if is_share(one))
    return RumourPayload(
        cluster_id=row["cluster_id"],
        status=row["status"],
        first_time=milliseconds(row["first_time"]),
        last_time=milliseconds(row["last_time"]),
        sharers=row["sharers"],
        posts=row["posts"],
        quotes=row.get("quotes", 0),
        chats=row["chats"],
        text=row["representative"],
        lang=row["lang"],
        alerts=alerts,
        curve=_curve(sorted([*shares, *echoes], key=itemgetter("time")), config.growth.on(row.get("platform"))),
        shape=shape,
        forwarders=forwarders,
        wordings=list(_wordings(wordings)),
        wordings_total=len(wordings),
        templates=list(_templates(counted_wordings(row["representative"], wordings, shares))),
        platforms=_platforms(tuple(platforms.items()), config.evidence.k_anonymity),
        first_sightings=list(_sightings(cluster, config.evidence.k_anonymity)),
        busiest_chats=_largest(chats.items()),
    )


def _platforms(groups: Groups, least: int) -> list[tuple[str, int]]:
    """Return the largest platforms, then the rest as one group; the counts add up to the posts."""
    shown = _largest(without_small(groups, least))
    rest = sum(posts for _, posts in groups) - sum(posts for _, posts in shown)
    return [*shown, (_OTHER_PLATFORMS, rest)] if rest else shown


def _sightings(cluster: _Cluster, least: int) -> Iterator[SightingPayload]:
    for one in shown_sightings(cluster.row.get("first_sightings") or (), cluster.shares, least):
        yield SightingPayload(
            platform=one.platform,
            time=one.first_seen_at,
            lag=lag(one) if one.lag_ms else "",
            joined_by=joined_by(one),
        )


def _largest(groups: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(groups, key=lambda group: (-group[1], group[0]))[:_GROUPS]


def _wordings(rows: list[dict[str, Any]]) -> Iterator[WordingPayload]:
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


def _templates(wordings: list[CountedWording]) -> Iterator[TemplatePayload]:
    for template in find_templates(wordings).templates:
        if template.slots:
            yield TemplatePayload(
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
    points = _thinned(growth_curve(shares, config))
    return Curve(
        time=[point.time for point in points],
        sharers=[point.sharers for point in points],
        score=[round(point.score, 4) for point in points],
        thresholds=list(make_detector(config).thresholds()),
    )


def _thinned(points: list[GrowthPoint]) -> list[GrowthPoint]:
    """Thin a curve evenly; keep the highest score of each stretch, so no crossing of a threshold is lost."""
    if len(points) <= _POINTS:
        return points
    stretch = -(-len(points) // (_POINTS // 2))
    kept = []
    for begin in range(0, len(points), stretch):
        part = points[begin : begin + stretch]
        kept += sorted({part[0], max(part, key=lambda point: point.score)})
    return [*kept, points[-1]] if kept[-1] != points[-1] else kept


__all__ = ["ReportLimits", "gather"]
