"""Open a run for pandas and networkx: `from streams import load_run`.

Tables are read on first access; a cluster reads only its own rows. Notebooks show messages as text, never as markup.
"""

import html
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any, cast

import networkx as nx
import pandas as pd

from detectors.similarity.templates import Templates, find_templates
from schemas.alert import Alert
from schemas.evidence import FirstSighting
from streams.runs.folder import CLUSTERS, EDGES, WORDINGS, Run, sorted_by_time
from streams.runs.ids import normalise_prefix, resolve_id
from streams.runs.manifest import Manifest
from streams.runs.tables import (
    MIN_CONFIDENCE,
    RECORDED,
    counted_wordings,
    growth_curve,
    is_share,
    shown_sightings,
)
from streams.settings.load import from_values

_ALERT_COLUMNS = (
    "time", "alert_id", "cluster_id", "state", "level", "episode", "sharers", "score", "threshold", "headline", "text",
    "basis",
)  # fmt: skip
_SHOWN = 10
_TEXT = 120


def load_run(path: str | Path) -> "LoadedRun":
    """Open a run folder.

    Raises:
        RunFolderError: the path is no run folder, or a folder of another version.

    """
    return LoadedRun(Run(Path(path)))


class LoadedRun:
    """Results of a replay as objects, tables and graphs."""

    def __init__(self, run: Run) -> None:
        self.path = run.path
        self.manifest: Manifest = run.manifest
        self._run = run

    def __repr__(self) -> str:
        return f"LoadedRun({str(self.path)!r}, {len(self.alerts)} alerts)"

    @cached_property
    def alerts(self) -> list[Alert]:
        """Return the alerts in their order."""
        return list(self._run.alerts())

    @cached_property
    def alerts_table(self) -> pd.DataFrame:
        """Return one row per alert: time, final cluster, state, level, sharers, score, headline, text, basis."""
        rows = [
            {
                "time": pd.Timestamp(alert.time, unit="ms", tz="UTC"),
                "alert_id": alert.alert_id,
                "cluster_id": self._run.final(alert.cluster_id),
                "state": alert.state.value,
                "level": alert.level,
                "episode": alert.episode,
                "sharers": alert.evidence.counts.sharers,
                "score": alert.evidence.growth.score,
                "threshold": alert.evidence.growth.threshold,
                "headline": alert.headline,
                "text": alert.evidence.text.representative,
                "basis": alert.basis.value,
            }
            for alert in self.alerts
        ]
        return pd.DataFrame(rows, columns=list(_ALERT_COLUMNS))

    @cached_property
    def clusters(self) -> pd.DataFrame:
        """Return one row per cluster, including merged clusters."""
        return _frame(self._run.table(CLUSTERS))

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Return one row per share or quote, in order of event time; large. `cluster_id` is the final cluster.

        A quote with words of its own has the `role` comment and counts neither as a share nor as a sharer.
        """
        frame = _frame(sorted_by_time(self._run.table(EDGES)))
        frame["cluster_id"] = frame["cluster_id"].map(self._run.final)
        return frame

    def cluster(self, name: str) -> "RunCluster":
        """Return a cluster by its id, a prefix of its id, or the id of a cluster merged into the cluster.

        Raises:
            UserError: no cluster matches, or several do.

        """
        ids = self.clusters["cluster_id"]
        prefix = normalise_prefix(name)
        found = {self._run.final(id_) for id_ in ids[ids.str.startswith(prefix)]} if prefix else set()
        hint = f"`hearsay show {self.path}` lists the clusters with alerts, `run.clusters` all of them"
        return RunCluster(self, resolve_id(name, sorted(found), "cluster", self.path, hint))

    def rows_of(self, name: str, cluster_id: str) -> pd.DataFrame:
        """Return the rows of a table that belong to a cluster, in order of event time."""
        return _frame(self._run.rows_of(name, [cluster_id]))

    def shares_counted_in(self, cluster_id: str) -> pd.DataFrame:
        """Return the shares of linked clusters whose sharers count in a cluster, in order of event time."""
        return _frame(self._run.shares_counted_in([cluster_id]))

    def _repr_html_(self) -> str:
        counts = self.manifest.counts
        head = f"{counts.received:,} events, {counts.clusters:,} clusters, {counts.alerts:,} alerts"
        columns = ["time", "level", "state", "sharers", "headline", "text"]
        return f"<p><b>{html.escape(self.path.name)}</b>: {head}</p>{_table(self.alerts_table[columns].head(_SHOWN))}"


class RunCluster:
    """Cluster of a run, with all clusters merged into the cluster."""

    def __init__(self, run: LoadedRun, cluster_id: str) -> None:
        self.cluster_id = cluster_id
        self._run = run

    def __repr__(self) -> str:
        return f"RunCluster({self.cluster_id[:12]!r}, {len(self.shares)} shares, {len(self.alerts)} alerts)"

    @cached_property
    def row(self) -> pd.Series:
        """Return the last row of the cluster in `clusters`."""
        rows = self._run.clusters[self._run.clusters["cluster_id"] == self.cluster_id]
        return rows.iloc[-1]

    @cached_property
    def alerts(self) -> list[Alert]:
        """Return the alerts of the cluster in their order."""
        table = self._run.alerts_table
        return [self._run.alerts[at] for at in table.index[table["cluster_id"] == self.cluster_id]]

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Return the shares and quotes in order of event time; a quote with words of its own has the role comment."""
        return self._run.rows_of(EDGES, self.cluster_id)

    @cached_property
    def wordings(self) -> pd.DataFrame:
        """Return the wordings, each at its first share."""
        rows = self._run.rows_of(WORDINGS, self.cluster_id)
        return rows.drop_duplicates("fingerprint", ignore_index=True)

    def graph(self, *, inferred: bool = True) -> nx.DiGraph:
        """Return the forward graph, with an edge from each message to each of its forwards.

        Args:
            inferred: True to include inferred parents with a confidence of at least 0.5.

        Returns:
            Graph of pseudonyms. Nodes have `time` (ms), `sharer`, `chat`, `platform`, `kind`, `depth` from the root,
            and `seen`, which is false for a message known only as a parent. Edges have `source`, `confidence` and
            `inferred`.

        """
        graph = nx.DiGraph(cluster_id=self.cluster_id)
        for share in _records(self.shares):
            _add_share(graph, share, inferred=inferred)
        _add_depths(graph)
        return graph

    def timeline(self, freq: str = "1h") -> pd.DataFrame:
        """Return posts and new distinct sharers per interval; `freq` is a frequency of pandas, e.g. "15min", "1D"."""
        at = self.shares[[is_share(share) for share in _records(self.shares)]].set_index("time")
        posts = at["message"].resample(freq).count()
        joined = at.drop_duplicates("sharer")["sharer"].resample(freq).count()
        frame = pd.DataFrame({"posts": posts, "joined": joined}).fillna(0).astype("int64")
        frame["sharers"] = frame["joined"].cumsum()
        return frame

    def growth(self) -> pd.DataFrame:
        """Return the score of the growth detector at each new distinct sharer, with the settings of the run."""
        config = from_values(self._run.manifest.settings).pipeline.growth
        echoes = self._run.shares_counted_in(self.cluster_id)
        shares = sorted([*_records(self.shares), *_records(echoes)], key=itemgetter("time"))
        points = growth_curve(shares, config.on(_known(self.row.get("platform"))))
        frame = pd.DataFrame(points, columns=["time", "sharers", "score"])
        frame["time"] = pd.to_datetime(frame["time"], unit="ms", utc=True)
        return frame

    def first_sightings(self) -> tuple[FirstSighting, ...]:
        """Return the first share on each platform in order of time; none with fewer than two platforms.

        Platforms with fewer posts than `evidence.k_anonymity` are left out, as in the alerts.
        """
        records = self.row.get("first_sightings")
        if records is None:  # a run of an older release
            return ()
        least = from_values(self._run.manifest.settings).pipeline.evidence.k_anonymity
        return shown_sightings(records, _records(self.shares), least)

    def templates(self) -> Templates:
        """Summarise the wordings as templates with slots, with the number of messages for each value of a slot."""
        return find_templates(
            counted_wordings(str(self.row["representative"]), _records(self.wordings), _records(self.shares))
        )

    def _repr_html_(self) -> str:
        row = self.row
        text = html.escape(str(row["representative"]))
        head = f"{row['sharers']:,.0f} distinct sharers, {row['posts']:,} posts, level {row['level']}, {row['status']}"
        lines = [(alert.state.value, alert.level, alert.headline) for alert in self.alerts]
        alerts = pd.DataFrame(lines, columns=["state", "level", "headline"])
        return f'<blockquote dir="auto">{text}</blockquote><p>{head}</p>{_table(alerts)}'


def _frame(table: Any) -> pd.DataFrame:  # noqa: ANN401 - pyarrow has no types
    return cast(pd.DataFrame, table.to_pandas())


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], frame.to_dict("records"))


def _table(frame: pd.DataFrame) -> str:
    """Return an HTML table; isolated cells keep a right-to-left text from reordering its neighbours."""
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in frame.columns)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in frame.itertuples(index=False))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(value: object) -> str:
    text = str(value)
    short = text if len(text) <= _TEXT else f"{text[:_TEXT]}…"
    return f'<td dir="auto">{html.escape(short)}</td>'


def _add_share(graph: nx.DiGraph, share: dict[str, Any], *, inferred: bool) -> None:
    message, parent = share["message"], _known(share["parent"])
    if message not in graph or not graph.nodes[message]["seen"]:
        graph.add_node(
            message,
            time=round(share["time"].timestamp() * 1000),
            sharer=share["sharer"],
            chat=_known(share["chat"]),
            platform=share["platform"],
            kind=share["kind"],
            seen=True,
        )
    recorded = share["source"] in RECORDED
    certain = recorded or (inferred and share["confidence"] >= MIN_CONFIDENCE)
    if not parent or parent == message or not certain or graph.in_degree(message):
        return
    if parent not in graph:
        graph.add_node(parent, time=graph.nodes[message]["time"], sharer="", chat="", platform="", kind="", seen=False)
    graph.add_edge(parent, message, source=share["source"], confidence=share["confidence"], inferred=not recorded)


def _known(value: object) -> str:
    """Return a text, or an empty text for a missing value, for which pandas may give NaN."""
    return value if isinstance(value, str) else ""


def _add_depths(graph: nx.DiGraph) -> None:
    """Set the depth of each node from its root; a cycle of parents starts at its first message."""
    depths: dict[str, int] = {}
    for root in (*(node for node, degree in graph.in_degree() if not degree), *graph):
        if root not in depths:
            depths[root] = 0
            for above, below in nx.bfs_edges(graph, root):
                depths.setdefault(below, depths[above] + 1)
    nx.set_node_attributes(graph, depths, "depth")


__all__ = ["LoadedRun", "RunCluster", "load_run"]
