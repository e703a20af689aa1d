"""Summarise a run in a few lines and one table, for people and for programs."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from detectors.alerting.jumps import jumps
from detectors.pipeline.rows import BROADCAST_CHATS, BROADCAST_SHARERS
from detectors.similarity.templates import format_templates
from detectors.text.formatting import many, plain
from streams.cli.display.imports import report_lines
from streams.cli.display.input_report import input_lines
from streams.cli.display.replay import accounts, remarks, totals
from streams.cli.display.tables import Column, Table, first_rows, minute, short_id
from streams.recordings.imports.report import FileReport
from streams.runs.loaded import LoadedRun, RunCluster
from streams.runs.manifest import InputReport, RunCounts
from streams.settings.load import Settings, to_values

_BROADCASTS = 5  # listed


class RumourLine(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster with alerts."""

    cluster_id: str
    first_alert: int  # ms
    level: int  # the highest
    sharers: float  # at the end; of an interrupted run, the highest number in an alert
    alerts: int
    text: str


class BroadcastLine(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster that a few accounts posted in many chats."""

    cluster_id: str
    sharers: float
    chats: int
    members: int  # of the chats, where the events give the size


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A run."""

    run: str
    complete: bool
    input: str
    files: tuple[FileReport, ...]  # of foreign formats
    counts: RunCounts
    code_version: str
    model_revision: str
    settings: dict[str, Any]  # those that differ from the defaults of this release
    by_state: dict[str, int]
    report: InputReport
    broadcasts: tuple[BroadcastLine, ...]  # the most chats first
    rumours: tuple[RumourLine, ...]  # the highest level first, then the most sharers


def summarise(run: LoadedRun) -> Summary:
    """Summarise a run."""
    manifest = run.manifest
    defaults = msgspec.json.decode(msgspec.json.encode(to_values(Settings())))  # in the form of a manifest
    rumours = [_rumour(run, str(id_)) for id_ in dict.fromkeys(run.alerts_table["cluster_id"])]
    return Summary(
        run=run.path.name,
        complete=manifest.complete,
        input=manifest.input.name,
        files=manifest.input.files,
        counts=manifest.counts,
        code_version=manifest.code_version,
        model_revision=manifest.model_revision,
        settings={name: value for name, value in manifest.settings.items() if defaults.get(name) != value},
        by_state=dict(sorted(Counter(alert.state.value for alert in run.alerts).items())),
        report=manifest.report,
        broadcasts=tuple(_broadcasts(run)),
        rumours=tuple(sorted(rumours, key=lambda one: (-one.level, -one.sharers, one.cluster_id))),
    )


def _broadcasts(run: LoadedRun) -> Iterator[BroadcastLine]:
    """Yield the broadcasts with the most chats."""
    rows = run.clusters
    few = rows["sharers"].between(0, BROADCAST_SHARERS, inclusive="right")
    rows = rows[few & (rows["chats"] >= BROADCAST_CHATS) & rows["merged_into"].isna()]
    for row in rows.sort_values(["chats", "cluster_id"], ascending=[False, True]).head(_BROADCASTS).to_dict("records"):
        yield BroadcastLine(
            cluster_id=row["cluster_id"], sharers=row["sharers"], chats=row["chats"], members=row.get("members", 0)
        )


def _broadcast(one: BroadcastLine) -> str:
    members = f" ({many(one.members, 'member')})" if one.members else ""
    who = many(one.sharers, "account")
    return f"cluster {short_id(one.cluster_id)}: {who} posted it in {many(one.chats, 'chat')}{members}"


def _rumour(run: LoadedRun, cluster_id: str) -> RumourLine:
    table = run.alerts_table
    alerts = [run.alerts[at] for at in table.index[table["cluster_id"] == cluster_id]]
    final = run.clusters.loc[run.clusters["cluster_id"] == cluster_id, "sharers"]
    return RumourLine(
        cluster_id=cluster_id,
        first_alert=alerts[0].time,
        level=max(alert.level for alert in alerts),
        sharers=float(final.iloc[-1]) if len(final) else max(alert.evidence.counts.sharers for alert in alerts),
        alerts=len(alerts),
        text=alerts[-1].evidence.text.representative,
    )


def lines(found: Summary) -> Iterator[str]:
    """Yield the input, counts, versions and changed settings of a run."""
    unfinished = "" if found.complete else ", interrupted: the run is not complete"
    yield f"{plain(found.run)}: {plain(found.input)}{unfinished}"
    yield accounts(found.counts)
    counts = found.counts
    rumours = many(len(found.rumours), "rumour")
    yield f"{totals(counts)} on {rumours}"
    yield from report_lines(found.files)
    yield from remarks(counts, imported=bool(found.files))
    yield from map(_broadcast, found.broadcasts)
    if found.by_state:
        yield "alerts: " + ", ".join(f"{state} {count:,}" for state, count in found.by_state.items())
    yield from input_lines(found.report, found.counts.received)
    if found.report.failure:
        yield found.report.failure
    yield f"code {found.code_version}, model {found.model_revision}"
    for name, value in found.settings.items():
        yield f"{name} = {value}"


def rumours_table(found: Summary, at_most: int) -> tuple[Table, list[str]]:
    """Return the rumours, the highest level first, and a remark if some were left out."""
    columns = (
        Column("first alert"),
        Column("cluster"),
        Column("level", right=True),
        Column("sharers", right=True),
        Column("alerts", right=True, wide=True),
        Column("text", cut=True),
    )
    rows = [
        (
            minute(one.first_alert),
            short_id(one.cluster_id),
            str(one.level),
            f"{one.sharers:,.0f}",
            f"{one.alerts:,}",
            plain(one.text),
        )
        for one in found.rumours
    ]
    shown, remarks = first_rows("rumours", rows, at_most)
    return Table(columns, list(shown)), remarks


def cluster_json(cluster: RunCluster) -> dict[str, Any]:
    """Return the wordings, the first sightings and the alerts of a cluster for programs."""
    alerts = [
        {"alert_id": one.alert_id, "time": one.time, "state": one.state, "level": one.level, "basis": one.basis}
        for one in cluster.alerts
    ]
    wordings = msgspec.structs.asdict(cluster.templates())
    sightings = msgspec.to_builtins(cluster.first_sightings())
    return {"cluster_id": cluster.cluster_id, "alerts": alerts, "first_sightings": sightings, **wordings}


def cluster_lines(cluster: RunCluster) -> list[str]:
    """Return the wordings of a cluster as sentences with slots, then the platforms that the cluster has reached."""
    sightings = cluster.first_sightings()
    wordings = format_templates(cluster.templates()).split("\n")
    return [*wordings, f"{jumps(sightings)}."] if sightings else wordings


def alerts_table(cluster: RunCluster) -> Table:
    """Return the alerts of a cluster in order of time."""
    columns = (
        Column("time"),
        Column("alert"),
        Column("state"),
        Column("level", right=True),
        Column("sharers", right=True),
        Column("basis", wide=True),
        Column("headline", cut=True),
    )
    rows = [
        (
            minute(alert.time),
            short_id(alert.alert_id),
            alert.state.value,
            str(alert.level),
            f"{alert.evidence.counts.sharers:,.0f}",
            alert.basis.value,
            plain(alert.headline),
        )
        for alert in cluster.alerts
    ]
    return Table(columns, list(rows))


__all__ = ["Summary", "alerts_table", "cluster_json", "cluster_lines", "lines", "rumours_table", "summarise"]
