"""A run for whoever thinks with pandas and networkx: `from streams import load_run`.

Tables are read when they are asked for, and of one cluster only its rows. What a notebook shows of a message is text
and never markup.
"""

import html
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import networkx as nx
import pandas as pd

from detectors.similarity.templates import Templates, find_templates
from schemas.alert import Alert
from streams.runs.folder import CLUSTERS, EDGES, WORDINGS, Manifest, Run
from streams.runs.ids import normalise_prefix, resolve_id
from streams.runs.tables import CERTAIN, RECORDED, RunTables, growth_curve, in_order, told
from streams.settings.load import from_values

_ALERT_COLUMNS = (
    "time", "alert_id", "cluster_id", "state", "level", "episode", "sharers", "score", "threshold", "headline", "text",
)  # fmt: skip
_SHOWN = 10
_TEXT = 120


def load_run(path: str | Path) -> "LoadedRun":
    """A run folder to look at.

    Raises:
        RunFolderError: no run folder, or one of another version.

    """
    return LoadedRun(Run(Path(path)))


class LoadedRun:
    """What a replay found, as objects, tables and graphs."""

    def __init__(self, run: Run) -> None:
        self.path = run.path
        self.manifest: Manifest = run.manifest
        self._run = run
        self._tables = RunTables(run)

    def __repr__(self) -> str:
        return f"LoadedRun({str(self.path)!r}, {len(self.alerts)} alerts)"

    @cached_property
    def alerts(self) -> list[Alert]:
        """Every alert, in the order in which they were raised."""
        return list(self._run.alerts())

    @cached_property
    def alerts_table(self) -> pd.DataFrame:
        """One row an alert: time, cluster (as it is called by now), state, level, sharers, score, headline, text."""
        rows = [
            {
                "time": pd.Timestamp(alert.time, unit="ms", tz="UTC"),
                "alert_id": alert.alert_id,
                "cluster_id": self._tables.final(alert.cluster_id),
                "state": alert.state.value,
                "level": alert.level,
                "episode": alert.episode,
                "sharers": alert.evidence.counts.sharers,
                "score": alert.evidence.growth.score,
                "threshold": alert.evidence.growth.threshold,
                "headline": alert.headline,
                "text": alert.evidence.text.representative,
            }
            for alert in self.alerts
        ]
        return pd.DataFrame(rows, columns=list(_ALERT_COLUMNS))

    @cached_property
    def clusters(self) -> pd.DataFrame:
        """One row a cluster, those that were merged away included."""
        return _frame(self._tables.read(CLUSTERS))

    @cached_property
    def shares(self) -> pd.DataFrame:
        """One row a share, in order of event time; large. `cluster_id` is what the cluster is called by now."""
        frame = _frame(in_order(self._tables.read(EDGES)))
        frame["cluster_id"] = frame["cluster_id"].map(self._tables.final)
        return frame

    def cluster(self, name: str) -> "RunCluster":
        """Return one cluster by its id, a prefix of the id, or the id of a cluster that was merged into it.

        Raises:
            UserError: no cluster matches, or several do.

        """
        ids = self.clusters["cluster_id"]
        prefix = normalise_prefix(name)
        found = {self._tables.final(id_) for id_ in ids[ids.str.startswith(prefix)]} if prefix else set()
        hint = f"`hearsay show {self.path}` lists the clusters with alerts, `run.clusters` all of them"
        return RunCluster(self, resolve_id(name, sorted(found), "cluster", self.path, hint))

    def of_cluster(self, name: str, cluster_id: str) -> pd.DataFrame:
        """The rows of one of the run's tables that belong to a cluster, in order of event time."""
        return _frame(in_order(self._tables.of_clusters(name, [cluster_id])))

    def _repr_html_(self) -> str:
        counts = self.manifest.counts
        head = f"{counts.received:,} events, {counts.clusters:,} clusters, {counts.alerts:,} alerts"
        columns = ["time", "level", "state", "sharers", "headline", "text"]
        return f"<p><b>{html.escape(self.path.name)}</b>: {head}</p>{_table(self.alerts_table[columns].head(_SHOWN))}"


class RunCluster:
    """One cluster of a run, with all that was merged into it."""

    def __init__(self, run: LoadedRun, cluster_id: str) -> None:
        self.cluster_id = cluster_id
        self._run = run

    def __repr__(self) -> str:
        return f"RunCluster({self.cluster_id[:12]!r}, {len(self.shares)} shares, {len(self.alerts)} alerts)"

    @cached_property
    def row(self) -> pd.Series:
        """The cluster as it stood in the end."""
        rows = self._run.clusters[self._run.clusters["cluster_id"] == self.cluster_id]
        return rows.iloc[-1]

    @cached_property
    def alerts(self) -> list[Alert]:
        """What was said of it, in order."""
        table = self._run.alerts_table
        return [self._run.alerts[at] for at in table.index[table["cluster_id"] == self.cluster_id]]

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Its shares, in order of event time."""
        return self._run.of_cluster(EDGES, self.cluster_id)

    @cached_property
    def wordings(self) -> pd.DataFrame:
        """Its wordings, where each was first seen."""
        rows = self._run.of_cluster(WORDINGS, self.cluster_id)
        return rows.drop_duplicates("fingerprint", ignore_index=True)

    def graph(self, *, inferred: bool = True) -> nx.DiGraph:
        """The forward graph: an edge leads from a message to one that passes it on.

        Args:
            inferred: whether parents that are only inferred, with a confidence of a half or more, are edges too.

        Returns:
            Nodes by pseudonym, with `time` (ms), `sharer`, `chat`, `platform`, `kind` and `depth` from their root; a
            message that others name and nobody saw has `seen` false. Edges have `source`, `confidence` and `inferred`.

        """
        graph = nx.DiGraph(cluster_id=self.cluster_id)
        for share in _records(self.shares):
            _add_share(graph, share, inferred=inferred)
        _add_depths(graph)
        return graph

    def timeline(self, freq: str = "1h") -> pd.DataFrame:
        """Posts and newly joined distinct sharers in each stretch of time, by pandas's words for it ("15min", "1D")."""
        at = self.shares.set_index("time")
        posts = at["message"].resample(freq).count()
        joined = at.drop_duplicates("sharer")["sharer"].resample(freq).count()
        frame = pd.DataFrame({"posts": posts, "joined": joined}).fillna(0).astype("int64")
        frame["sharers"] = frame["joined"].cumsum()
        return frame

    def growth(self) -> pd.DataFrame:
        """The detector's score at each new distinct sharer, worked out again with the run's settings."""
        config = from_values(self._run.manifest.settings).pipeline.growth
        points = growth_curve(_records(self.shares), config.on(_known(self.row.get("platform"))))
        frame = pd.DataFrame(points, columns=["time", "sharers", "score"])
        frame["time"] = pd.to_datetime(frame["time"], unit="ms", utc=True)
        return frame

    def templates(self) -> Templates:
        """Summarise the wordings as templates with slots, with the number of messages for each value of a slot."""
        return find_templates(told(str(self.row["representative"]), _records(self.wordings), _records(self.shares)))

    def _repr_html_(self) -> str:
        row = self.row
        text = html.escape(str(row["representative"]))
        head = f"{row['sharers']:,.0f} distinct sharers, {row['posts']:,} posts, level {row['level']}, {row['status']}"
        lines = [(alert.state.value, alert.level, alert.headline) for alert in self.alerts]
        said = pd.DataFrame(lines, columns=["state", "level", "headline"])
        return f'<blockquote dir="auto">{text}</blockquote><p>{head}</p>{_table(said)}'


def _frame(table: Any) -> pd.DataFrame:  # noqa: ANN401 - pyarrow has no types
    return cast(pd.DataFrame, table.to_pandas())


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], frame.to_dict("records"))


def _table(frame: pd.DataFrame) -> str:
    """A table whose cells are isolated from one another: a text from right to left turns nothing else around."""
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
    certain = recorded or (inferred and share["confidence"] >= CERTAIN)
    if not parent or parent == message or not certain or graph.in_degree(message):
        return
    if parent not in graph:
        graph.add_node(parent, time=graph.nodes[message]["time"], sharer="", chat="", platform="", kind="", seen=False)
    graph.add_edge(parent, message, source=share["source"], confidence=share["confidence"], inferred=not recorded)


def _known(value: object) -> str:
    """A text; none where a table holds nothing, which pandas may give as a number that is none."""
    return value if isinstance(value, str) else ""


def _add_depths(graph: nx.DiGraph) -> None:
    """From each root; a circle of parents has none, and is begun at its first message."""
    depths: dict[str, int] = {}
    for root in (*(node for node, degree in graph.in_degree() if not degree), *graph):
        if root not in depths:
            depths[root] = 0
            for above, below in nx.bfs_edges(graph, root):
                depths.setdefault(below, depths[above] + 1)
    nx.set_node_attributes(graph, depths, "depth")


__all__ = ["LoadedRun", "RunCluster", "load_run"]
