"""Replay a recorded stream through the pipeline into a run folder.

The same code decides here as in live operation; a replay only reads, writes and shows. No setting of the batch or the
display changes an alert.
"""

import os
import platform
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec

from schemas.alert import Alert
from streams.process import deferred_interrupts, rare_collection
from streams.recordings.base import SourceReader
from streams.recordings.open import FileSpec, SourceSpec
from streams.replay.build import PipelineFactory, make_pipeline, run_provenance
from streams.replay.driver import Driver
from streams.replay.input_report import input_report
from streams.replay.ordered import batch_records, pipeline_for
from streams.runs.folder import RunWriter
from streams.runs.manifest import Manifest, RunCounts, Timings
from streams.settings.key import Key
from streams.settings.load import ReplaySettings, Settings

_MIB = 1024.0  # ru_maxrss counts KiB


class ReplayProgress(msgspec.Struct, frozen=True):
    """Progress of a replay after a batch."""

    events: int
    alerts: int
    event_time: int  # watermark, ms; negative before the first event
    done: int  # of `total`, in the unit of the source
    total: int | None


class ReplayObserver(Protocol):
    """Receiver of the progress and the alerts of a replay."""

    def progress(self, now: ReplayProgress) -> None:
        """Receive the progress; called after each batch."""
        ...

    def alert(self, alert: Alert) -> None:
        """Receive an alert; called in the order of the alerts, after the alert is written."""
        ...


class NullObserver:
    """Observer that ignores every call."""

    def progress(self, now: ReplayProgress) -> None:
        """Ignore the progress."""

    def alert(self, alert: Alert) -> None:
        """Ignore the alert."""


class ReplayResult(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of a replay that ended or was interrupted."""

    folder: Path
    manifest: Manifest
    timings: Timings


class Stopwatch:
    """Wall and processor time since construction."""

    def __init__(self) -> None:
        self.started_at = datetime.now(UTC).isoformat(timespec="seconds")
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def timings(self, source: str, events: int) -> Timings:
        """Return the elapsed times, the event rates, the peak memory and the machine."""
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
    source: SourceSpec | str,
    out: Path,
    settings: Settings,
    key: Key,
    *,
    at_most: int | None = None,
    overwrite: bool = False,
    observer: ReplayObserver | None = None,
    factory: PipelineFactory = make_pipeline,
) -> ReplayResult:
    """Replay a source into a run folder.

    Args:
        source: origin of the events; a string is the path of a file, or "-" for standard input.
        out: path of the run folder.
        settings: settings as `streams.settings.load.load` returns them.
        key: key of the pseudonyms.
        at_most: events to read; all by default.
        overwrite: True to replace an older run at `out`.
        observer: receiver of progress and alerts.
        factory: builder of the pipeline; tests pass a stand-in.

    Returns:
        The run folder, its manifest and the timings. A keyboard interrupt ends the run early and is no error; the
        manifest then has `complete` false and counts the written batches.

    Raises:
        SourceError: the source cannot be read at all.
        RunFolderError: the folder cannot be written.

    """
    observer = observer or NullObserver()
    source = FileSpec(source) if isinstance(source, str) else source
    reader = source.open(settings.pipeline.intake.max_event_bytes)
    try:
        with open_writer(out, settings.replay, overwrite=overwrite) as writer:
            build = factory(settings, key)
            provenance = run_provenance(settings, key, build)
            stopwatch = Stopwatch()
            driver = Driver(reader, pipeline_for(reader, build.pipeline), batch_records(reader, settings), at_most)
            describe = partial(provenance.manifest, reader, at_most)
            writer.begin(describe(RunCounts(), complete=False))
            with rare_collection():
                manifest = _drive(driver, reader, writer, observer, describe)
            timings = stopwatch.timings(source.location, manifest.counts.received)
            with deferred_interrupts():
                return ReplayResult(folder=writer.end(manifest, timings), manifest=manifest, timings=timings)
    finally:
        reader.close()


def open_writer(out: Path, settings: ReplaySettings, *, overwrite: bool) -> RunWriter:
    """Open the writer of a run folder with the bounds of the settings."""
    return RunWriter(
        out,
        overwrite=overwrite,
        row_group_rows=settings.row_group_rows,
        max_rejections=settings.max_rejections,
        max_sealed_bytes=settings.max_sealed_bytes,
    )


def _drive(
    driver: Driver,
    reader: SourceReader,
    writer: RunWriter,
    observer: ReplayObserver,
    describe: Callable[..., Manifest],
) -> Manifest:
    """Write the output of each batch; return the manifest, which counts the written batches."""
    counts = RunCounts()
    try:
        for output in driver.outputs():
            with deferred_interrupts():  # the manifest must count each batch in the folder
                writer.add(output.alerts, output.rejections, output.clusters, output.edges, output.wordings)
                counts = driver.counts(writer.rows)
            for alert in output.alerts:
                observer.alert(alert)
            observer.progress(
                ReplayProgress(counts.received, counts.alerts, driver.event_time, reader.done, reader.total)
            )
        return describe(counts, input_report(driver, writer.rejections, counts, complete=True), complete=True)
    except KeyboardInterrupt:
        return describe(counts, input_report(driver, writer.rejections, counts, complete=False), complete=False)
