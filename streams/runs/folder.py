"""A replay's results as a folder: alerts, rejections and tables as they come, then a manifest of what made them.

Everything but `timings.json` is byte-stable: the same input and settings give the same bytes, so two runs compare with
`diff`. A run writes into `NAME.partial` beside its place and takes the place at its end. A run that was interrupted, or
killed, stays `NAME.partial` with `"complete": false` in its manifest, and what was at NAME stays untouched.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar

import msgspec

from detectors.pipeline.rows import ClusterRow, EdgeRow, WordingRow
from schemas.alert import Alert
from schemas.base import Message, encode
from schemas.rejection import Rejection
from streams.errors import UserError, already_exists
from streams.runs.parquet import TableWriter

ALERTS = "alerts.jsonl"
REJECTIONS = "rejections.jsonl"
CLUSTERS = "clusters.parquet"
EDGES = "edges.parquet"
WORDINGS = "wordings.parquet"
MANIFEST = "manifest.json"
TIMINGS = "timings.json"
MANIFEST_VERSION = 1
S = TypeVar("S", bound=msgspec.Struct)
M = TypeVar("M", bound=Message)
_OURS = frozenset({ALERTS, REJECTIONS, CLUSTERS, EDGES, WORDINGS, MANIFEST, TIMINGS})


class RunFolderError(UserError):
    """A run folder that cannot be written or read. The message says rule, what came, where, and what to try."""


class InputFile(msgspec.Struct, frozen=True, kw_only=True):
    """What was read."""

    name: str
    format: str
    bytes: int | None  # as stored; None for a pipe whose end was not seen
    sha256: str | None  # of the bytes as stored; None likewise


class RunCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Where the events went, and what came out: received = applied + duplicates + late + rejected + waiting."""

    received: int = 0
    applied: int = 0
    duplicates: int = 0
    late: int = 0
    rejected: int = 0
    waiting: int = 0  # for the watermark; none after a complete run
    unmatched: int = 0  # of those applied: statements about a message that nobody saw
    forced: int = 0  # of those applied: released early because the reorder buffer was full
    withheld: int = 0  # cascades that reached the limit when the budget of alerts asked for more
    alerts: int = 0
    clusters: int = 0
    shares: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every event is accounted for."""
        return self.received == self.applied + self.duplicates + self.late + self.rejected + self.waiting


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What made a run, exactly enough to make it again."""

    manifest_version: int = MANIFEST_VERSION
    complete: bool
    input: InputFile
    at_most: int | None
    settings: dict[str, Any]
    settings_digest: str
    code_version: str
    schema_versions: dict[str, int]
    model_revision: str
    reference_digest: str | None = None  # of the checked claims and examples of harm; absent in a run before they were
    key_id: str
    counts: RunCounts


class _Version(msgspec.Struct, frozen=True):
    """The one field of a manifest that every release writes."""

    manifest_version: int


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between two runs of the same thing."""

    started_at: str
    wall_seconds: float
    cpu_seconds: float
    events_per_second: float
    events_per_cpu_second: float
    peak_memory_mib: float
    source: str  # where the input was
    machine: str
    python: str
    cores: int


def partial(out: Path) -> Path:
    """Where a run that is not at its end is found."""
    return out.with_name(f"{out.name}.partial")


class RunWriter:
    """Writes one run's folder as the run goes on; memory is bounded by one row group a table.

    Args:
        out: the folder's place.
        overwrite: whether a run may be there already.
        row_group_rows: rows of a table that are held before they are written.

    Raises:
        RunFolderError: something is there already, or the folder cannot be made.

    """

    def __init__(self, out: Path, *, overwrite: bool, row_group_rows: int) -> None:
        check_free(out, overwrite=overwrite)
        self._out = out
        self.path = partial(out)
        try:
            _clear(self.path)
            self.path.mkdir(parents=True)
        except OSError as error:
            raise RunFolderError(
                f"a run needs a folder to write to; got {error.strerror} for {self.path}; name another with --out"
            ) from None
        self._alerts = (self.path / ALERTS).open("wb")
        self._rejections = (self.path / REJECTIONS).open("wb")
        self._clusters = TableWriter(self.path / CLUSTERS, ClusterRow, row_group_rows)
        self._edges = TableWriter(self.path / EDGES, EdgeRow, row_group_rows)
        self._wordings = TableWriter(self.path / WORDINGS, WordingRow, row_group_rows)
        self.alerts = self.clusters = self.shares = 0

    def begin(self, manifest: Manifest) -> None:
        """Leave a manifest that says "not complete", for the case that the run is killed."""
        self._write(MANIFEST, manifest)

    def add(
        self,
        alerts: Iterable[Alert] = (),
        rejections: Iterable[Rejection] = (),
        clusters: Iterable[ClusterRow] = (),
        edges: Iterable[EdgeRow] = (),
        wordings: Iterable[WordingRow] = (),
    ) -> None:
        """Write what a batch gave."""
        self.alerts += _lines(self._alerts, alerts)
        _lines(self._rejections, rejections)
        self.clusters += self._clusters.add(clusters)
        self.shares += self._edges.add(edges)
        self._wordings.add(wordings)

    def end(self, manifest: Manifest, timings: Timings) -> Path:
        """Close the tables, write the manifest, and move a complete run to its place; gives the folder."""
        self.close()
        self._write(MANIFEST, manifest)
        self._write(TIMINGS, timings)
        if not manifest.complete:
            return self.path
        _clear(self._out)
        self.path.rename(self._out)
        return self._out

    def close(self) -> None:
        """Let go of the files; what was added so far can be read. May be called twice."""
        for file in (self._alerts, self._rejections, self._clusters, self._edges, self._wordings):
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _write(self, name: str, content: msgspec.Struct) -> None:
        text = msgspec.json.format(msgspec.json.encode(content, order="sorted"), indent=2)
        (self.path / name).write_bytes(text + b"\n")


class Run:
    """A run folder to read from.

    Raises:
        RunFolderError: no run folder, or one of another version.

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        version = self._read(MANIFEST, _Version).manifest_version
        if version != MANIFEST_VERSION:
            raise RunFolderError(
                f"this release reads run folders of version {MANIFEST_VERSION}; got version {version} in {path}; "
                "use the release that wrote it, or replay the source again"
            )
        self.manifest = self._read(MANIFEST, Manifest)

    @property
    def source(self) -> str | None:
        """Where the input was when the run was made, if the folder still says so."""
        if not (self.path / TIMINGS).is_file():
            return None
        return self._read(TIMINGS, Timings).source

    def alerts(self) -> Iterable[Alert]:
        """The alerts, in order."""
        return self._messages(ALERTS, Alert)

    def rejections(self) -> Iterable[Rejection]:
        """The rejections, in order."""
        return self._messages(REJECTIONS, Rejection)

    def _messages(self, name: str, kind: type[M]) -> Iterable[M]:
        decode = msgspec.json.Decoder(kind).decode
        with self._open(name) as lines:
            for line in lines:
                if line.endswith(b"\n"):  # a killed run may leave half a line
                    yield decode(line)

    def _read(self, name: str, kind: type[S]) -> S:
        with self._open(name) as file:
            try:
                return msgspec.json.decode(file.read(), type=kind)
            except msgspec.MsgspecError as error:
                raise RunFolderError(
                    f"{name} must be what this release writes; got {error} in {self.path}; replay the source again"
                ) from None

    def _open(self, name: str) -> BinaryIO:
        try:
            return (self.path / name).open("rb")
        except OSError as error:
            raise RunFolderError(
                f"a run folder holds {name}; got {error.strerror} in {self.path}; "
                "name the folder that `hearsay replay` printed"
            ) from None


def newest(runs: Path) -> Path:
    """The run folder below `runs` whose manifest was written last.

    Raises:
        RunFolderError: there is none.

    """
    manifests = sorted(runs.glob(f"*/{MANIFEST}"), key=lambda path: (path.stat().st_mtime_ns, str(path)))
    if not manifests:
        raise RunFolderError(f"no run folder below {runs}; name a run folder, or make one with `hearsay replay FILE`")
    return manifests[-1].parent


def free_place(runs: Path, stem: str) -> Path:
    """Return a path below `runs` that neither a run nor an interrupted run uses: the stem, or the stem and a number."""
    place, number = runs / stem, 2
    while place.exists() or partial(place).exists():
        place, number = runs / f"{stem}-{number}", number + 1
    return place


def check_free(out: Path, *, overwrite: bool) -> None:
    """Refuse to write over anything but a run, and over a run unless asked to.

    Raises:
        RunFolderError: something is in the way.

    """
    if not (out.exists() or out.is_symlink()):
        return
    if not is_run(out):
        raise RunFolderError(
            f"{out} already exists and is not a run folder, so --overwrite does not replace it; choose another --out"
        )
    if not overwrite and any(out.iterdir()):
        raise RunFolderError(already_exists(out))


def is_run(path: Path) -> bool:
    """Whether a folder is a run's and may be replaced as one; an empty one may be."""
    if path.is_symlink() or not path.is_dir():
        return False
    return (path / MANIFEST).is_file() or {file.name for file in path.iterdir()} <= _OURS


def _clear(path: Path) -> None:
    if is_run(path):
        shutil.rmtree(path)


def _lines(file: BinaryIO, messages: Iterable[Message]) -> int:
    count = 0
    for message in messages:
        file.write(encode(message) + b"\n")
        count += 1
    if count:
        file.flush()
    return count
