"""Write and read the folder of a run: alerts, rejections and tables, and a manifest of their provenance.

Every file except `timings.json` is byte-stable: equal input and settings give equal bytes, so `diff` compares two runs.
A run writes to `NAME.partial` and is renamed to `NAME` at its end. An interrupted or killed run remains `NAME.partial`
with `"complete": false` in its manifest, and an older run at `NAME` remains unchanged. `streams.runs.location` marks
and locks the folder.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from detectors.pipeline.rows import ClusterRow, EdgeRow, WordingRow
from schemas.alert import Alert
from schemas.assignment import Role
from schemas.base import Message, encode
from schemas.rejection import Rejection
from streams.errors import already_exists
from streams.runs.location import RunFiles, RunFolderError, is_in_use
from streams.runs.manifest import MANIFEST_VERSION, Manifest, ManifestVersion, RowCounts, Timings
from streams.runs.parquet import TableWriter, schema_of
from streams.runs.rejection_log import RejectionLog

ALERTS = "alerts.jsonl"
REJECTIONS = "rejections.jsonl"
CLUSTERS = "clusters.parquet"
EDGES = "edges.parquet"
WORDINGS = "wordings.parquet"
MANIFEST = "manifest.json"
TIMINGS = "timings.json"
S = TypeVar("S", bound=msgspec.Struct)
M = TypeVar("M", bound=Message)
_UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_TABLES: dict[str, tuple[type[msgspec.Struct], frozenset[str]]] = {
    CLUSTERS: (ClusterRow, frozenset({"cluster_id", "merged_into", "representative", "sharers", "posts", "status"})),
    EDGES: (EdgeRow, frozenset({"cluster_id", "event_id", "message", "parent", "sharer", "time", "confidence"})),
    WORDINGS: (WordingRow, frozenset({"cluster_id", "fingerprint", "text", "time", "method", "similarity"})),
}
"""Type of the rows of each table, and the columns that tables of every release have."""
_FILES = RunFiles((ALERTS, REJECTIONS, CLUSTERS, EDGES, WORDINGS, MANIFEST), (TIMINGS,), MANIFEST)


def partial(out: Path) -> Path:
    """Return the path of a run before its end.

    Raises:
        RunFolderError: the path ends without a name.

    """
    if out.name in {"", ".."}:
        raise RunFolderError(f"{out} has no name for a run folder; choose another --out")
    return out.with_name(f"{out.name}.partial")


class RunWriter:
    """Writer of a run folder during the run. Memory is bounded by one row group per table.

    Args:
        out: path of the run folder.
        overwrite: True to replace an older run.
        row_group_rows: rows per row group of a table.
        max_rejections: rejections to write; see `RejectionLog`.
        max_sealed_bytes: sum of the sealed payloads to keep; see `RejectionLog`.

    Raises:
        RunFolderError: the path is taken, another run is writing to it, or the folder cannot be created.

    """

    def __init__(
        self, out: Path, *, overwrite: bool, row_group_rows: int, max_rejections: int, max_sealed_bytes: int
    ) -> None:
        check_free(out, overwrite=overwrite)
        self._out = out
        self.path = partial(out)
        try:
            self._lock = _FILES.claim(self.path)
            self._alerts = (self.path / ALERTS).open("wb")
            self.rejections = RejectionLog(self.path / REJECTIONS, max_rejections, max_sealed_bytes)
            self._clusters = TableWriter(self.path / CLUSTERS, ClusterRow, row_group_rows)
            self._edges = TableWriter(self.path / EDGES, EdgeRow, row_group_rows)
            self._wordings = TableWriter(self.path / WORDINGS, WordingRow, row_group_rows)
        except OSError as error:
            raise RunFolderError(
                f"cannot create the run folder {self.path}: {error.strerror}; choose another --out"
            ) from None
        self.rows = RowCounts()

    def begin(self, manifest: Manifest) -> None:
        """Write the manifest of an incomplete run, in case the run is killed."""
        self._write(MANIFEST, manifest)

    def add(
        self,
        alerts: Iterable[Alert] = (),
        rejections: Iterable[Rejection] = (),
        clusters: Iterable[ClusterRow] = (),
        edges: Iterable[EdgeRow] = (),
        wordings: Iterable[WordingRow] = (),
    ) -> None:
        """Write the output of a batch."""
        clusters, edges, rows = list(clusters), list(edges), self.rows
        quotes = sum(edge.role is Role.COMMENT for edge in edges)
        self.rejections.add(rejections)
        self._wordings.add(wordings)
        self.rows = RowCounts(
            alerts=rows.alerts + _write_lines(self._alerts, alerts),
            clusters=rows.clusters + self._clusters.add(clusters),
            shares=rows.shares + self._edges.add(edges) - quotes,
            quotes=rows.quotes + quotes,
            broadcasts=rows.broadcasts + sum(cluster.is_broadcast for cluster in clusters),
        )

    def end(self, manifest: Manifest, timings: Timings) -> Path:
        """Close the tables, write the manifest, and rename a complete run; return the path of the folder.

        Raises:
            RunFolderError: other content has appeared at the path of the run folder.

        """
        self._close_files()
        self._write(MANIFEST, manifest)
        self._write(TIMINGS, timings)
        if not manifest.complete:
            return self.path
        try:
            _FILES.remove(self._out)
            self.path.rename(self._out)
        except (OSError, RunFolderError) as error:
            cause = error.strerror if isinstance(error, OSError) else error
            raise RunFolderError(
                f"cannot rename the complete run {self.path} to {self._out}: {cause}; rename it yourself"
            ) from None
        return self._out

    def close(self) -> None:
        """Close the files, so the written rows can be read, and release the folder. May be called twice."""
        try:
            self._close_files()
        finally:
            self._lock.close()

    def _close_files(self) -> None:
        for file in (self._alerts, self.rejections, self._clusters, self._edges, self._wordings):
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _write(self, name: str, content: msgspec.Struct) -> None:
        text = msgspec.json.format(msgspec.json.encode(content, order="sorted"), indent=2)
        (self.path / name).write_bytes(text + b"\n")


class Run:
    """Reader of a run folder. Each call reads one file, or some rows and columns of one table.

    Args:
        path: path of the run folder.

    Raises:
        RunFolderError: the path is no run folder, or a folder of another version.

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        version = self._decode(MANIFEST, ManifestVersion).manifest_version
        if version != MANIFEST_VERSION:
            raise RunFolderError(
                f"{path} is a run folder of version {version}, and this release reads version {MANIFEST_VERSION}; "
                "use the release that wrote the folder, or replay the source again"
            )
        self.manifest = self._decode(MANIFEST, Manifest)

    @property
    def source(self) -> str | None:
        """Return the path of the input at the time of the run; None if the folder has no timings."""
        if not (self.path / TIMINGS).is_file():
            return None
        return self._decode(TIMINGS, Timings).source

    def alerts(self) -> Iterable[Alert]:
        """Yield the alerts in their order."""
        return self._messages(ALERTS, Alert)

    def rejections(self) -> Iterable[Rejection]:
        """Yield the rejections in their order."""
        return self._messages(REJECTIONS, Rejection)

    def table(self, name: str, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> pa.Table:
        """Read a table, or some of its columns and rows.

        Raises:
            RunFolderError: the table is missing or cannot be read, as after a kill.

        """
        try:
            file = self.path / name
            _check_columns(pq.read_schema(file), name)
            return pq.read_table(file, columns=list(columns) if columns else None, filters=where)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise RunFolderError(
                f"cannot read {name} in {self.path}: {str(error).splitlines()[0]}; replay the source again"
            ) from None

    @cached_property
    def merged_into(self) -> dict[str, str]:
        """Return the surviving cluster of each merged cluster."""
        rows = self.table(CLUSTERS, ["cluster_id", "merged_into"]).to_pylist()
        return {row["cluster_id"]: row["merged_into"] for row in rows if row["merged_into"]}

    def final(self, cluster_id: str) -> str:
        """Return the id of a cluster after all merges.

        Raises:
            RunFolderError: the table cannot be read, or its merges form a circle.

        """
        for _ in range(len(self.merged_into) + 1):
            if cluster_id not in self.merged_into:
                return cluster_id
            cluster_id = self.merged_into[cluster_id]
        raise RunFolderError(
            f"cannot read {CLUSTERS} in {self.path}: its merges form a circle; replay the source again"
        )

    def members(self, cluster_ids: Sequence[str]) -> list[str]:
        """Return the ids of the clusters and of all clusters merged into them."""
        wanted = set(cluster_ids)
        return sorted(wanted | {id_ for id_ in self.merged_into if self.final(id_) in wanted})

    def rows_of(self, name: str, cluster_ids: Sequence[str]) -> pa.Table:
        """Return the rows of a table that belong to the clusters after all merges, in order of event time.

        Raises:
            RunFolderError: the table is missing or cannot be read.

        """
        members = pa.array(self.members(cluster_ids), pa.string())
        return sorted_by_time(self.table(name, where=pc.field("cluster_id").isin(members)))

    def shares_counted_in(self, cluster_ids: Sequence[str]) -> pa.Table:
        """Return the shares of other clusters whose sharers count in the clusters: captions of the same address.

        Raises:
            RunFolderError: the table is missing or cannot be read.

        """
        members = pa.array(self.members(cluster_ids), pa.string())
        return sorted_by_time(self.table(EDGES, where=pc.field("counts_in").isin(members)))

    def _messages(self, name: str, kind: type[M]) -> Iterable[M]:
        decode = msgspec.json.Decoder(kind).decode
        with self._open(name) as lines:
            for number, line in enumerate(lines, 1):
                if line.endswith(b"\n"):  # a killed run may leave half a line
                    try:
                        message = decode(line)
                    except _UNDECODABLE as error:
                        raise self._unreadable(f"line {number} of {name}", error) from None
                    yield message

    def _decode(self, name: str, kind: type[S]) -> S:
        with self._open(name) as file:
            try:
                return msgspec.json.decode(file.read(), type=kind)
            except _UNDECODABLE as error:
                raise self._unreadable(name, error) from None

    def _unreadable(self, what: str, error: Exception) -> RunFolderError:
        problem = "it is nested too deeply" if isinstance(error, RecursionError) else error
        problem = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else problem
        return RunFolderError(f"cannot read {what} in {self.path}: {problem}; replay the source again")

    def _open(self, name: str) -> BinaryIO:
        try:
            return (self.path / name).open("rb")
        except OSError as error:
            raise RunFolderError(
                f"{self.path} is no run folder: {name}: {error.strerror}; give the path that `hearsay replay` printed"
            ) from None


def _check_columns(found: pa.Schema, name: str) -> None:
    """Check that a table has the columns of its kind, with their types; later releases may have added others.

    Raises:
        ValueError: a column is missing or has another type.

    """
    kind, needed = _TABLES[name]
    for field in schema_of(kind):
        if field.name in needed and (field.name not in found.names or found.field(field.name).type != field.type):
            raise ValueError(f"the table has no column {field.name} of {field.type}")


def sorted_by_time(table: pa.Table) -> pa.Table:
    """Return a table by event time, then by event id: the order in which a replay applies events."""
    return table.sort_by([("time", "ascending"), ("event_id", "ascending")])


def newest(runs: Path) -> Path:
    """Return the run folder below `runs` with the newest manifest.

    Raises:
        RunFolderError: there is no run folder.

    """
    manifests = sorted(runs.glob(f"*/{MANIFEST}"), key=lambda path: (path.stat().st_mtime_ns, str(path)))
    if not manifests:
        raise RunFolderError(f"no run folder below {runs}; name a run folder, or make one with `hearsay replay FILE`")
    return manifests[-1].parent


def free_path(runs: Path, stem: str) -> Path:
    """Return a path below `runs` that neither a run nor an interrupted run uses: the stem, or the stem and a number."""
    path, number = runs / stem, 2
    while path.exists() or partial(path).exists():
        path, number = runs / f"{stem}-{number}", number + 1
    return path


def is_left_over(out: Path) -> bool:
    """Return True if an interrupted run is in the way of a run, and no other run is writing to it."""
    path = partial(out)
    return path.exists() and not is_in_use(path)


def check_free(out: Path, *, overwrite: bool) -> None:
    """Check that a run may be written to a path.

    Raises:
        RunFolderError: the path has other content, or a run while `overwrite` is false.

    """
    if not (out.exists() or out.is_symlink()):
        return
    try:
        obstacle, empty = _FILES.obstacle(out), out.is_dir() and not any(out.iterdir())
    except OSError as error:
        raise RunFolderError(f"cannot read {out}: {error.strerror}; choose another --out") from None
    if obstacle:
        raise RunFolderError(
            f"{out} already exists and {obstacle}, so --overwrite does not replace it; choose another --out"
        )
    if not (overwrite or empty):
        raise RunFolderError(already_exists(out))


def _write_lines(file: BinaryIO, messages: Iterable[Message]) -> int:
    count = 0
    for message in messages:
        file.write(encode(message) + b"\n")
        count += 1
    if count:
        file.flush()
    return count
