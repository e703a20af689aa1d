"""Replays a recorded stream through the pipeline and keeps what it gives in a run folder.

The same code decides here as in live operation; a replay only reads, writes and shows. No setting of the batch or the
display changes an alert.
"""

import os
import platform
import resource
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec

from schemas.alert import Alert
from streams.process import rare_collection
from streams.recordings.base import SourceReader
from streams.recordings.open import FileSpec, SourceSpec
from streams.replay.build import PipelineFactory, make_pipeline, run_provenance
from streams.replay.driver import Driver
from streams.runs.folder import Manifest, RunCounts, RunWriter, Timings
from streams.settings.key import Key
from streams.settings.load import Settings

_MIB = 1024.0  # ru_maxrss counts KiB


class ReplayProgress(msgspec.Struct, frozen=True):
    """How far a replay is."""

    events: int
    alerts: int
    event_time: int  # the watermark, ms; negative before anything came
    done: int  # of `total`, in the source's own unit
    total: int | None


class ReplayObserver(Protocol):
    """Is told how a replay goes."""

    def progress(self, now: ReplayProgress) -> None:
        """A batch is done."""
        ...

    def alert(self, alert: Alert) -> None:
        """An alert was raised."""
        ...


class NullObserver:
    """A watcher that shows nothing."""

    def progress(self, now: ReplayProgress) -> None:
        """Nothing."""

    def alert(self, alert: Alert) -> None:
        """Nothing."""


class ReplayResult(msgspec.Struct, frozen=True, kw_only=True):
    """A replay that ended, or was interrupted."""

    folder: Path
    manifest: Manifest
    timings: Timings


class Stopwatch:
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


def replay(
    origin: SourceSpec | str,
    out: Path,
    settings: Settings,
    key: Key,
    *,
    at_most: int | None = None,
    overwrite: bool = False,
    watcher: ReplayObserver | None = None,
    make: PipelineFactory | None = None,
) -> ReplayResult:
    """Replay a source into a run folder.

    Args:
        origin: where the events come from; a text is a file's path, or "-".
        out: the run folder's place.
        settings: as `streams.settings.load.load` gave them.
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
    watcher = watcher or NullObserver()
    origin = FileSpec(origin) if isinstance(origin, str) else origin
    source = origin.open(settings.pipeline.intake.max_event_bytes)
    try:
        with RunWriter(out, overwrite=overwrite, row_group_rows=settings.replay.row_group_rows) as writer:
            made = (make or make_pipeline)(settings, key)
            made_from = run_provenance(settings, key, made)
            clock = Stopwatch()
            driver = Driver(source, made.engine, settings.replay.batch_events, at_most)
            writer.begin(made_from.manifest(source, at_most, RunCounts(), complete=False))
            with rare_collection():
                complete, counts = _drive(driver, source, writer, watcher)
            manifest = made_from.manifest(source, at_most, counts, complete=complete)
            timings = clock.timings(origin.place, counts.received)
            return ReplayResult(folder=writer.end(manifest, timings), manifest=manifest, timings=timings)
    finally:
        source.close()


def _drive(driver: Driver, source: SourceReader, writer: RunWriter, watcher: ReplayObserver) -> tuple[bool, RunCounts]:
    """Whether the source came to its end, and the counts after the last whole batch."""
    counts = RunCounts()
    try:
        for output in driver.outputs():
            writer.add(output.alerts, output.rejections, output.clusters, output.edges, output.wordings)
            counts = driver.counts(writer.alerts, writer.clusters, writer.shares)
            for alert in output.alerts:
                watcher.alert(alert)
            watcher.progress(
                ReplayProgress(counts.received, counts.alerts, driver.event_time, source.done, source.total)
            )
    except KeyboardInterrupt:
        return False, counts
    return True, counts
