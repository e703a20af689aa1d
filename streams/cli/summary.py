"""A run in a few lines and one table, for the terminal and for machines."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
from rich.markup import escape
from rich.table import Table

from detectors.text.formatting import many, plain, shorten
from streams.cli.render import accounts, short_id
from streams.runs.folder import RunCounts
from streams.runs.loaded import LoadedRun
from streams.settings.load import Settings, to_values
from streams.times import moment

_TEXT = 60


class RumourLine(msgspec.Struct, frozen=True, kw_only=True):
    """One alerted cluster."""

    cluster_id: str
    first_alert: int  # ms
    level: int
    sharers: float  # in the end; of a run that was interrupted, the most that an alert told
    alerts: int
    text: str


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A run."""

    run: str
    complete: bool
    input: str
    counts: RunCounts
    code_version: str
    model_revision: str
    settings: dict[str, Any]  # those that are not this release's defaults
    by_state: dict[str, int]
    rumours: tuple[RumourLine, ...]  # the highest level first, then the most sharers


def summarise(run: LoadedRun) -> Summary:
    """Sum a run up."""
    manifest = run.manifest
    usual = msgspec.json.decode(msgspec.json.encode(to_values(Settings())))  # as a manifest has them
    rumours = [_rumour(run, str(id_)) for id_ in dict.fromkeys(run.alerts_table["cluster_id"])]
    return Summary(
        run=run.path.name,
        complete=manifest.complete,
        input=manifest.input.name,
        counts=manifest.counts,
        code_version=manifest.code_version,
        model_revision=manifest.model_revision,
        settings={name: value for name, value in manifest.settings.items() if usual.get(name) != value},
        by_state=dict(sorted(Counter(alert.state.value for alert in run.alerts).items())),
        rumours=tuple(sorted(rumours, key=lambda one: (-one.level, -one.sharers, one.cluster_id))),
    )


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
    """A run in lines."""
    unfinished = "" if found.complete else ", interrupted: the run is not complete"
    yield f"{plain(found.run)}: {plain(found.input)}{unfinished}"
    yield accounts(found.counts)
    counts = found.counts
    rumours = many(len(found.rumours), "rumour")
    yield f"{counts.clusters:,} clusters, {counts.shares:,} shares, {counts.alerts:,} alerts on {rumours}"
    if found.by_state:
        yield "alerts: " + ", ".join(f"{state} {count:,}" for state, count in found.by_state.items())
    yield f"code {found.code_version}, model {found.model_revision}"
    for name, value in found.settings.items():
        yield f"{name} = {value}"


def table(found: Summary, at_most: int) -> Table:
    """The rumours, the highest level first."""
    rest = f" (the first {at_most} of {len(found.rumours):,})" if len(found.rumours) > at_most else ""
    made = Table(title=f"rumours{rest}", title_justify="left")
    for name in ("first alert", "cluster", "level", "sharers", "alerts", "text"):
        made.add_column(name)
    for one in found.rumours[:at_most]:
        text = escape(shorten(plain(one.text), _TEXT))
        numbers = (str(one.level), f"{one.sharers:,.0f}", f"{one.alerts:,}")
        made.add_row(moment(one.first_alert), short_id(one.cluster_id), *numbers, text)
    return made


__all__ = ["Summary", "lines", "summarise", "table"]
