"""Reads a run folder and gathers what its page shows: the alerted rumours, each with its curve, graph and wordings."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from detectors.growth import GrowthConfig, make_detector
from schemas.alert import Alert
from schemas.assignment import Arrival
from streams.report.payload import Curve, Payload, Rumour, Volume, Wording
from streams.report.shape import Share, lay_out
from streams.run_folder import CLUSTERS, EDGES, WORDINGS, Run, RunFolderError
from streams.settings import from_values

_BINS = 240  # of the volume over time
_POINTS = 400  # of a curve
_SHORT = 12
_GROUPS = 8  # chats and platforms that are listed
_FORWARDERS = 10
_WORDINGS = 40
_ON_TIME = Arrival.ON_TIME


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much one page holds."""

    rumours: int = 200  # those with the highest level, then the most sharers
    nodes: int = 4_000  # drawn of one graph


def gather(run: Run, limits: Limits) -> Payload:
    """Everything that the page of a run shows.

    Raises:
        RunFolderError: a run without readable tables.

    """
    leads_to, rows = _clusters(run)
    alerts = _by_cluster(run.alerts(), leads_to)
    chosen = _chosen(alerts, rows, limits.rumours)
    shares = _grouped(run, EDGES, chosen, leads_to)
    wordings = _grouped(run, WORDINGS, chosen, leads_to)
    growth = from_values(run.manifest.settings).pipeline.growth
    return Payload(
        title=run.path.name,
        manifest=msgspec.to_builtins(run.manifest),
        volume=_volume(run),
        rumours=[
            _rumour(_Found(rows[id_], alerts[id_], shares.get(id_, []), wordings.get(id_, [])), growth, limits.nodes)
            for id_ in chosen
        ],
    )


def _table(run: Run, name: str, columns: list[str] | None = None) -> pa.Table:
    try:
        return pq.read_table(run.path / name, columns=columns)
    except (OSError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise RunFolderError(
            f"a report needs a run's tables; got {why} for {name} in {run.path}; replay the source again"
        ) from None


def _clusters(run: Run) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Where merged clusters went, and each living cluster's last row."""
    leads_to, rows = {}, {}
    for row in _table(run, CLUSTERS).to_pylist():
        if row["merged_into"]:
            leads_to[row["cluster_id"]] = row["merged_into"]
        else:
            rows[row["cluster_id"]] = row
    return leads_to, rows


def _final(cluster_id: str, leads_to: Mapping[str, str]) -> str:
    while cluster_id in leads_to:
        cluster_id = leads_to[cluster_id]
    return cluster_id


def _by_cluster(alerts: Iterable[Alert], leads_to: Mapping[str, str]) -> dict[str, list[Alert]]:
    found: dict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        found[_final(alert.cluster_id, leads_to)].append(alert)
    return found


def _chosen(alerts: Mapping[str, list[Alert]], rows: Mapping[str, dict[str, Any]], most: int) -> list[str]:
    known = [id_ for id_ in alerts if id_ in rows]
    known.sort(key=lambda id_: (-max(a.level for a in alerts[id_]), -rows[id_]["sharers"], id_))
    return sorted(known[:most], key=lambda id_: alerts[id_][0].time)


def _grouped(run: Run, name: str, chosen: list[str], leads_to: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """A table's rows of the chosen clusters, those of clusters that were merged into them included."""
    members = {*chosen, *(id_ for id_ in leads_to if _final(id_, leads_to) in set(chosen))}
    table = _table(run, name)
    wanted = pc.is_in(table["cluster_id"], pa.array(sorted(members), pa.string()))
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.filter(wanted).to_pylist():
        found[_final(row["cluster_id"], leads_to)].append(row)
    return found


def _volume(run: Run) -> Volume:
    times = _table(run, EDGES, ["time"])["time"].cast(pa.int64())
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


def _rumour(found: _Found, growth: GrowthConfig, most: int) -> Rumour:
    row, alerts, shares, wordings = found
    nodes = [
        Share(one["message"], one["parent"], _ms(one["time"]), one["sharer"], one["source"], one["confidence"])
        for one in shares
    ]
    shape, forwarders = lay_out(nodes, most, _FORWARDERS)
    chats = Counter(one["chat"][:_SHORT] for one in shares if one["chat"])
    return Rumour(
        cluster_id=row["cluster_id"],
        status=row["status"],
        first_time=_ms(row["first_time"]),
        last_time=_ms(row["last_time"]),
        sharers=row["sharers"],
        posts=row["posts"],
        chats=row["chats"],
        text=row["representative"],
        lang=row["lang"],
        alerts=alerts,
        curve=_curve(shares, growth),
        shape=shape,
        forwarders=forwarders,
        wordings=list(_texts(wordings)),
        wordings_total=len(wordings),
        platforms=_most(alerts[-1].evidence.counts.platforms),
        busiest_chats=_most(chats.items()),
    )


def _most(groups: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(groups, key=lambda group: (-group[1], group[0]))[:_GROUPS]


def _texts(rows: list[dict[str, Any]]) -> Iterator[Wording]:
    seen: set[str] = set()
    for row in sorted(rows, key=lambda row: row["time"]):
        if row["fingerprint"] not in seen and len(seen) < _WORDINGS:
            seen.add(row["fingerprint"])
            yield Wording(
                text=row["text"],
                time=_ms(row["time"]),
                method=row["method"],
                similarity=row["similarity"],
                variants=row["variants"],
            )


def _curve(shares: list[dict[str, Any]], config: GrowthConfig) -> Curve:
    """The score as it went, from the first shares of distinct sharers; late ones count and raise nothing."""
    detector = make_detector(config)
    seen: set[str] = set()
    points = []
    for share in sorted(shares, key=lambda one: (one["time"], one["event_id"])):
        if share["sharer"] in seen:
            continue
        seen.add(share["sharer"])
        at = _ms(share["time"])
        if share["arrival"] == _ON_TIME:
            points.append((at, float(len(seen)), detector.update(at)))
        else:
            detector.late(at, 1.0, expired=share["arrival"] == Arrival.EXPIRED)
    kept = _thinned(points)
    return Curve(
        time=[at for at, _, _ in kept],
        sharers=[count for _, count, _ in kept],
        score=[round(score, 4) for _, _, score in kept],
        limits=list(detector.levels()),
    )


def _thinned(points: list[tuple[int, float, float]]) -> list[tuple[int, float, float]]:
    """Evenly in number, and always the highest score of each stretch, so that no crossing is lost."""
    if len(points) <= _POINTS:
        return points
    stretch = -(-len(points) // (_POINTS // 2))
    kept = []
    for begin in range(0, len(points), stretch):
        part = points[begin : begin + stretch]
        kept += sorted({part[0], max(part, key=lambda point: point[2])})
    return [*kept, points[-1]] if kept[-1] != points[-1] else kept


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


__all__ = ["Limits", "gather"]
