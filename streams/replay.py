"""Replays a recorded stream through the pipeline and keeps what it gives in a run folder.

The same code decides here as in live operation; a replay only reads, writes and shows. No setting of the batch or the
display changes an alert.
"""

import gc
import os
import platform
import resource
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

import schemas
from detectors.embedding import Embedder
from detectors.pipeline.cascades import Trace
from detectors.pipeline.pipeline import Counts, Output, Pipeline
from schemas.alert import Alert
from schemas.base import Message
from schemas.rejection import Reason, Rejection
from schemas.sighting import Position
from streams.embedders import make_embedder
from streams.errors import UserError
from streams.feed import Ended, Feed, Mark
from streams.knowledge import load_knowledge
from streams.origins import TOPIC, FileOrigin, Origin
from streams.run_folder import InputFile, Manifest, RunCounts, RunWriter, Timings
from streams.settings import Key, Settings, to_values
from streams.sources import Record, Refused
from streams.version import code_version

_MIB = 1024.0  # ru_maxrss counts KiB
_ALLOCATIONS = 100_000  # objects between two searches for circular garbage; Python's own figure is 700


class Engine(Protocol):
    """What a replay drives: the pipeline, or a test's stand-in for it."""

    def feed(self, batch: Sequence[tuple[bytes, Position]]) -> Output:
        """Take raw events."""
        ...

    def expect(self, partitions: Iterable[int]) -> None:
        """Wait for these partitions."""
        ...

    def end(self, partition: int) -> Output:
        """Wait no longer for one."""
        ...

    def refuse(self, raw: bytes, position: Position, reason: Reason, detail: str) -> Rejection:
        """Count and describe what the source could not hand over."""
        ...

    def finish(self) -> Output:
        """Give what still waits, and the clusters that are open."""
        ...

    @property
    def counts(self) -> Counts:
        """Where the events went so far."""
        ...

    @property
    def event_time(self) -> int:
        """How far the stream has come, in event time."""
        ...


class Progress(msgspec.Struct, frozen=True):
    """How far a replay is."""

    events: int
    alerts: int
    event_time: int  # the watermark, ms; negative before anything came
    done: int  # of `total`, in the source's own unit
    total: int | None


class Watcher(Protocol):
    """Is told how a replay goes."""

    def progress(self, now: Progress) -> None:
        """A batch is done."""
        ...

    def alert(self, alert: Alert) -> None:
        """An alert was raised."""
        ...


class Silent:
    """A watcher that shows nothing."""

    def progress(self, now: Progress) -> None:
        """Nothing."""

    def alert(self, alert: Alert) -> None:
        """Nothing."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A replay that ended, or was interrupted."""

    folder: Path
    manifest: Manifest
    timings: Timings


class Driver:
    """Feeds a source to an engine in batches, and hands each batch's output on.

    What the source refused without its bytes is counted here, because the engine never sees it.
    """

    def __init__(self, source: Feed, engine: Engine, batch_events: int, at_most: int | None = None) -> None:
        self._source = source
        self._engine = engine
        self._batch_events = batch_events
        self._at_most = at_most
        self._refused = 0

    def outputs(self) -> Iterator[Output]:
        """What each batch gave, in the source's order; lastly what `finish` gave."""
        batch: list[tuple[bytes, Position]] = []
        for record in self._records():
            if not isinstance(record, tuple):
                if batch:
                    yield self._engine.feed(batch)
                yield self._aside(record)
                batch = []
                continue
            batch.append(record)
            if len(batch) == self._batch_events:
                yield self._engine.feed(batch)
                batch = []
        if batch:
            yield self._engine.feed(batch)
        yield self._engine.finish()

    def _records(self) -> Iterator[Record | Mark]:
        records, left = iter(self._source), self._at_most
        while left is None or left > 0:
            record = next(records, None)
            if record is None:
                return
            yield record
            if left is not None and not isinstance(record, Mark):
                left -= 1

    def _aside(self, record: Refused | Mark) -> Output:
        if isinstance(record, Refused):
            return self._rejected(record)
        if isinstance(record, Ended):
            return self._engine.end(record.partition)
        self._engine.expect(record.partitions)
        return Output()

    def _rejected(self, refused: Refused) -> Output:
        if refused.raw is not None:
            rejection = self._engine.refuse(refused.raw, refused.position, refused.reason, refused.detail)
        else:
            self._refused += 1
            rejection = Rejection(
                reason=refused.reason,
                detail=refused.detail,
                position=refused.position,
                size=refused.size,
                sha256=refused.sha256,
            )
        return Output(rejections=[rejection])

    @property
    def event_time(self) -> int:
        """How far the stream has come, in event time."""
        return self._engine.event_time

    def counts(self, alerts: int = 0, clusters: int = 0, shares: int = 0, seen: Counts | None = None) -> RunCounts:
        """Where the events went, those that the source refused among them; `seen` by another than the engine."""
        seen = seen or self._engine.counts
        return RunCounts(
            received=seen.received + self._refused,
            applied=seen.applied,
            duplicates=seen.duplicates,
            late=seen.late,
            rejected=seen.rejected + self._refused,
            waiting=seen.waiting,
            unmatched=seen.unmatched,
            forced=seen.forced,
            withheld=seen.withheld,
            alerts=alerts,
            clusters=clusters,
            shares=shares,
        )


class Clock:
    """Wall and processor time since it was made."""

    def __init__(self) -> None:
        self.started_at = datetime.now(UTC).isoformat(timespec="seconds")
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def timings(self, source: str, events: int) -> Timings:
        """What is worth knowing about the speed of a run."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return Timings(
            started_at=self.started_at,
            wall_seconds=round(wall, 3),
            cpu_seconds=round(cpu, 3),
            events_per_second=round(events / max(wall, 1e-9), 1),
            events_per_cpu_second=round(events / max(cpu, 1e-9), 1),
            peak_memory_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB, 1),
            source=source,
            machine=platform.machine(),
            python=platform.python_version(),
            cores=os.cpu_count() or 1,
        )


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What a manifest says of a run beside its input and counts."""

    settings: dict[str, Any]
    settings_digest: str
    code_version: str
    schema_versions: dict[str, int]
    model_revision: str
    knowledge_digest: str | None
    key_id: str

    def manifest(self, source: Feed, at_most: int | None, counts: RunCounts, *, complete: bool) -> Manifest:
        """The manifest of a run of this recipe."""
        digest = source.sha256() if complete else None
        size = source.total if source.total is not None else (source.done if digest else None)
        size = None if source.format == TOPIC else size
        return Manifest(
            complete=complete,
            input=InputFile(name=source.name, format=source.format, bytes=size, sha256=digest),
            at_most=at_most,
            counts=counts,
            **msgspec.structs.asdict(self),
        )


class Made(msgspec.Struct, frozen=True):
    """What a replay drives, and what it was made from beside the settings."""

    engine: Engine
    model_revision: str
    knowledge_digest: str | None = None


def recipe(settings: Settings, key: Key, made: Made) -> Recipe:
    """What a run with these settings is made from; nothing in it tells where it ran."""
    places = ("embedder.cache_dir", "embedder.hub", "claims.file", "harm.file")
    private = (*places, "key.", "replay.", "pool.", "worker.", "kafka.")
    values = {name: value for name, value in to_values(settings).items() if not name.startswith(private)}
    return Recipe(
        settings=values,
        settings_digest=settings.pipeline.digest(),
        code_version=code_version(),
        schema_versions=schema_versions(),
        model_revision=made.model_revision,
        knowledge_digest=made.knowledge_digest,
        key_id=key.id,
    )


def schema_versions() -> dict[str, int]:
    """The version of each message's schema."""
    kinds = [getattr(schemas, name) for name in schemas.__all__]
    return {kind.__name__: _version(kind) for kind in kinds if issubclass(kind, Message)}


def _version(kind: type[Message]) -> int:
    (field,) = (field for field in msgspec.structs.fields(kind) if field.name == "schema_version")
    return int(field.default_factory())


class ModelMissingError(UserError):
    """The model does not load. The message says what came and what to try."""


class Maker(Protocol):
    """Makes what a replay drives, and says what is in it."""

    def __call__(self, settings: Settings, key: Key, trace: Trace | None = None) -> Made:
        """The engine, and what it was made from."""
        ...


def load_embedder(settings: Settings) -> Embedder:
    """The model.

    Raises:
        ModelMissingError: it does not load.

    """
    try:
        return make_embedder(settings.embedder)
    except ValueError as error:
        raise ModelMissingError(f"the model must load; got: {error}; `hearsay doctor` tells more") from error


def make_pipeline(settings: Settings, key: Key, trace: Trace | None = None) -> Made:
    """The real pipeline with the real model and all that is known."""
    knowledge = load_knowledge(settings.claims, settings.harm)
    embedder = load_embedder(settings)
    limits, cache_dir = settings.pipeline.clustering, settings.embedder.cache_dir
    recogniser = knowledge.recogniser(limits, embedder, cache_dir)
    engine = Pipeline(settings.pipeline, embedder, key.pseudonymiser(), code_version(), trace, recogniser=recogniser)
    return Made(engine, embedder.revision, recogniser.digest)


def replay(
    origin: Origin | str,
    out: Path,
    settings: Settings,
    key: Key,
    *,
    at_most: int | None = None,
    overwrite: bool = False,
    watcher: Watcher | None = None,
    make: Maker | None = None,
) -> Result:
    """Replay a source into a run folder.

    Args:
        origin: where the events come from; a text is a file's path, or "-".
        out: the run folder's place.
        settings: as `streams.settings.load` gave them.
        key: to pseudonymise with.
        at_most: events to read; all by default.
        overwrite: whether `out` may be an older run.
        watcher: told of progress and alerts.
        make: the pipeline with its model; a test's stand-in may take its place.

    Returns:
        Where the results are. A keyboard interrupt ends the run early and is no error: the manifest says so.

    Raises:
        SourceError: the source cannot be read at all.
        RunFolderError: the folder cannot be written.

    """
    watcher = watcher or Silent()
    origin = FileOrigin(origin) if isinstance(origin, str) else origin
    source = origin.open(settings.pipeline.intake.max_event_bytes)
    try:
        with RunWriter(out, overwrite=overwrite, row_group_rows=settings.replay.row_group_rows) as writer:
            made = (make or make_pipeline)(settings, key)
            made_from = recipe(settings, key, made)
            clock = Clock()
            driver = Driver(source, made.engine, settings.replay.batch_events, at_most)
            writer.begin(made_from.manifest(source, at_most, RunCounts(), complete=False))
            with rare_collection():
                complete, counts = _drive(driver, source, writer, watcher)
            manifest = made_from.manifest(source, at_most, counts, complete=complete)
            timings = clock.timings(origin.place, counts.received)
            return Result(folder=writer.end(manifest, timings), manifest=manifest, timings=timings)
    finally:
        source.close()


@contextmanager
def rare_collection() -> Iterator[None]:
    """Look for circular garbage less often: the pipeline makes none, and the search costs a seventh of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _drive(driver: Driver, source: Feed, writer: RunWriter, watcher: Watcher) -> tuple[bool, RunCounts]:
    """Whether the source came to its end, and the counts after the last whole batch."""
    counts = RunCounts()
    try:
        for output in driver.outputs():
            writer.add(output.alerts, output.rejections, output.clusters, output.edges, output.wordings)
            counts = driver.counts(writer.alerts, writer.clusters, writer.shares)
            for alert in output.alerts:
                watcher.alert(alert)
            watcher.progress(Progress(counts.received, counts.alerts, driver.event_time, source.done, source.total))
    except KeyboardInterrupt:
        return False, counts
    return True, counts
