"""Export forward graphs and tables to the formats of other tools: Gephi, yEd, spreadsheets, DuckDB, pandas.

GraphML: http://graphml.graphdrawing.org; GEXF 1.2: https://gexf.net. An apostrophe before cells that begin like a
formula keeps spreadsheets from running the formula. Characters that XML does not allow are omitted. A run folder from
elsewhere may hold anything, so an id names a file only if the id is a digest, and no file is written through a link.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import networkx as nx

from streams.errors import UserError, already_exists
from streams.runs.loaded import LoadedRun, RunCluster

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DIGEST = re.compile("[0-9a-f]{8,64}")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_EDGE_COLUMNS = ("source", "target", "time", "how", "confidence", "inferred", "sharer", "chat", "platform", "kind")


def export(
    run: LoadedRun, cluster_ids: Sequence[str], out: Path, formats: Sequence[str], *, overwrite: bool = False
) -> Iterator[Path]:
    """Write each cluster in each format, and yield the path of each file once it is written.

    Args:
        run: an opened run.
        cluster_ids: ids of the clusters, or prefixes of ids that match one cluster each.
        out: a folder, created if missing.
        formats: names of `FORMATS`.
        overwrite: replace files of an earlier export.

    Raises:
        UserError: an unknown format or cluster, an id that is no digest, a link in the place of a file, a file that
            exists while `overwrite` is false (nothing is written then), or a file that cannot be written.

    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise UserError(
            f"unknown format {','.join(formats)[:80]!r}; pass --format with one or more of {', '.join(FORMATS)}, "
            "separated by commas"
        )
    clusters = [run.cluster(id_) for id_ in cluster_ids]
    _check([_path(out, cluster, name) for cluster in clusters for name in formats], overwrite=overwrite)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for cluster in clusters:
            graph = cluster.graph()
            for name in formats:
                path = _path(out, cluster, name)
                if name == "parquet":
                    cluster.shares.to_parquet(path, index=False)
                else:
                    _GRAPHS[name](graph, path)
                yield path
    except OSError as error:
        raise UserError(f"cannot write the export to {out}: {error.strerror}; choose another --out") from None


def _check(paths: Sequence[Path], *, overwrite: bool) -> None:
    for path in paths:
        if path.is_symlink():
            raise UserError(
                f"{path} is a link, and an export stays in its folder; remove the link, or choose another --out"
            )
        if path.exists() and not overwrite:
            raise UserError(already_exists(path))


def _path(out: Path, cluster: RunCluster, name: str) -> Path:
    if not _DIGEST.fullmatch(cluster.cluster_id):
        raise UserError(
            f"the run has a cluster id of {len(cluster.cluster_id)} characters that is not a digest, so it cannot "
            "name a file; replay the source again"
        )
    return out / f"{cluster.cluster_id[:12]}.{name}"


def write_graphml(graph: nx.DiGraph, path: Path) -> None:
    """Write a graph as GraphML, with times as text and in ms."""
    nx.write_graphml(_cleaned(graph), path, named_key_ids=True)


def write_gexf(graph: nx.DiGraph, path: Path) -> None:
    """Write a graph as GEXF, with the start of each node and edge for the timeline of Gephi."""
    cleaned = _cleaned(graph)
    for _, attributes in cleaned.nodes(data=True):
        attributes["start"] = attributes["when"]
    for _, below, attributes in cleaned.edges(data=True):
        attributes["start"] = cleaned.nodes[below]["when"]
    nx.write_gexf(cleaned, path)


def write_csv(graph: nx.DiGraph, path: Path) -> None:
    """Write one line per edge, from a message to its forward. The file has a UTF-8 mark, for spreadsheets."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(_EDGE_COLUMNS)
        for above, below, edge in graph.edges(data=True):
            node = graph.nodes[below]
            row = (above, below, _when(node["time"]), edge["source"], edge["confidence"], edge["inferred"])
            out.writerow(_safe((*row, node["sharer"], node["chat"], node["platform"], node["kind"])))


def _cleaned(graph: nx.DiGraph) -> nx.DiGraph:
    """Return a copy for XML: without control characters, with times as text and in ms."""
    copy = nx.DiGraph()
    for node, attributes in graph.nodes(data=True):
        texts = {name: _xml(value) if isinstance(value, str) else value for name, value in attributes.items()}
        copy.add_node(_xml(node), **texts, label=_xml(node)[:12], when=_when(attributes["time"]))
    for above, below, attributes in graph.edges(data=True):
        # "source" of a GEXF edge is the start node.
        texts = {"how" if name == "source" else name: value for name, value in attributes.items()}
        copy.add_edge(_xml(above), _xml(below), **texts)
    return copy


def _when(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _xml(text: str) -> str:
    return _NO_XML.sub("", text)


def _safe(row: Iterable[object]) -> list[object]:
    return [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in row]


_GRAPHS: dict[str, Callable[[nx.DiGraph, Path], None]] = {
    "graphml": write_graphml,
    "gexf": write_gexf,
    "csv": write_csv,
}
FORMATS = (*_GRAPHS, "parquet")

__all__ = ["FORMATS", "export", "write_csv", "write_gexf", "write_graphml"]
