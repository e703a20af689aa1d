"""Replay one stream under several settings; the stream is read, pseudonymised, normalised and embedded once.

Each combination of settings gets a run folder, byte for byte equal to the folder of a replay with these settings.
"""

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from detectors.pipeline.pipeline import Pipeline, PipelineOutput, StreamCounts
from detectors.reading.profile import InputProfile
from detectors.similarity.embedding import Embedder, Vectors
from schemas.rejection import Reason, Rejection
from schemas.sighting import Position, RawEvent
from streams.errors import UserError
from streams.process import deferred_interrupts, rare_collection
from streams.recordings.base import SourceReader
from streams.recordings.open import SourceSpec
from streams.reference.load import load_reference_data
from streams.replay.build import PipelineBuild, load_embedder, run_provenance
from streams.replay.driver import Driver
from streams.replay.input_report import input_report
from streams.replay.ordered import reads_ordered_log
from streams.replay.replay import NullObserver, ReplayObserver, ReplayProgress, ReplayResult, Stopwatch, open_writer
from streams.runs.folder import RunWriter
from streams.runs.manifest import Manifest, RunCounts
from streams.settings.key import Key
from streams.settings.load import Settings
from streams.version import code_version

_CACHED_VECTORS = 65_536  # 100 MB
_SHARED = ("intake.", "order.", "embedder.", "key.", "claims.", "harm.", "replay.", "pool.", "worker.", "kafka.")
_MAX_POINTS = 64
_EXAMPLE = "try --vary growth.target_size=25,50,100"


class SweepPoint(msgspec.Struct, frozen=True):
    """One combination of settings."""

    name: str  # name of the run folder
    overrides: tuple[str, ...]


def sweep_points(vary: Sequence[str]) -> list[SweepPoint]:
    """Return every combination of `name=value,value,...`, in the order given.

    Raises:
        UserError: a setting that all points share, a setting without values, no setting, or over 64 combinations.

    """
    if not vary:
        raise UserError(f"a sweep needs at least one setting to vary; {_EXAMPLE}")
    points = [SweepPoint(",".join(picked), picked) for picked in itertools.product(*map(_choices, vary))]
    if len(points) > _MAX_POINTS:
        raise UserError(f"a sweep takes at most {_MAX_POINTS} combinations, not {len(points)}; pass fewer values")
    return points


def _choices(option: str) -> list[str]:
    name, _, values = option.partition("=")
    choices = [f"{name}={value}" for value in dict.fromkeys(filter(None, values.split(",")))]
    if not choices:
        raise UserError(f"cannot read --vary {option[:80]!r}: expected name=value,value,...; {_EXAMPLE}")
    if name.startswith(_SHARED):
        raise UserError(
            f"a sweep cannot vary {name}: all runs share the reading and embedding of the texts; "
            "run `hearsay replay` with --set for each value"
        )
    return choices


def sweep(
    source: SourceSpec,
    out: Path,
    settings: Sequence[tuple[str, Settings]],
    key: Key,
    *,
    at_most: int | None = None,
    overwrite: bool = False,
    observer: ReplayObserver | None = None,
) -> list[ReplayResult]:
    """Replay a source under several settings.

    Args:
        source: origin of the events.
        out: folder of the run folders, one per combination of settings.
        settings: name and settings of each run; settings of intake, order and model are equal in all of them.
        key: key of the pseudonyms.
        at_most: events to read; all by default.
        overwrite: True to replace older runs in `out`.
        observer: receiver of the progress; a sweep reports no alerts.

    Returns:
        The results in the order of the settings. A keyboard interrupt ends all runs early, as for a replay.

    Raises:
        UserError: the source cannot be read, or a folder cannot be written.

    """
    observer = observer or NullObserver()
    first = settings[0][1]
    reader = source.open(first.pipeline.intake.max_event_bytes)
    try:
        if reads_ordered_log(reader):
            raise UserError(
                "a sweep reads events, but the source is the ordered log; run `hearsay replay` with --set for each"
            )
        with ExitStack() as stack:
            writers = [
                stack.enter_context(open_writer(out / name, first.replay, overwrite=overwrite)) for name, _ in settings
            ]
            builds = _build([one for _, one in settings], key)
            provenances = [run_provenance(one, key, build) for (_, one), build in zip(settings, builds, strict=True)]
            runs = [
                _OpenRun(writer, partial(provenance.manifest, reader, at_most))
                for writer, provenance in zip(writers, provenances, strict=True)
            ]
            pipelines = _Pipelines([build.pipeline for build in builds if isinstance(build.pipeline, Pipeline)])
            stopwatch = Stopwatch()
            for run in runs:
                run.writer.begin(run.describe(RunCounts(), complete=False))
            driver = Driver(reader, pipelines, first.replay.batch_events, at_most)
            with rare_collection():
                manifests = _drive(driver, pipelines, reader, runs, observer)
            results = []
            with deferred_interrupts():
                for run, manifest in zip(runs, manifests, strict=True):
                    timings = stopwatch.timings(source.location, manifest.counts.received)
                    folder = run.writer.end(manifest, timings)
                    results.append(ReplayResult(folder=folder, manifest=manifest, timings=timings))
            return results
    finally:
        reader.close()


class _OpenRun(NamedTuple):
    """Writer of a run folder, and the function that returns its manifest."""

    writer: RunWriter
    describe: Callable[..., Manifest]


def _build(settings: Sequence[Settings], key: Key) -> list[PipelineBuild]:
    """Build a pipeline for each settings, with one model for all."""
    reference = load_reference_data(settings[0].claims, settings[0].harm)
    embedder = _CachedEmbedder(load_embedder(settings[0]))
    builds = []
    for one in settings:
        matcher = reference.matcher(one.pipeline.clustering, embedder, one.embedder.cache_dir)
        pipeline = Pipeline(one.pipeline, embedder, key.pseudonymiser(), code_version(), matcher=matcher)
        builds.append(PipelineBuild(pipeline, embedder.revision, matcher.digest))
    return builds


class _CachedEmbedder:
    """Embedder that keeps the newest vectors, so several pipelines embed each text once."""

    def __init__(self, model: Embedder) -> None:
        self._model = model
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()
        self.dimension, self.revision = model.dimension, model.revision

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `detectors.similarity.embedding.Embedder`."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if missing:
            self._vectors.update(zip(missing, self._model.embed(missing), strict=True))
        rows = [self._vectors[text] for text in texts]
        while len(self._vectors) > _CACHED_VECTORS:
            self._vectors.popitem(last=False)
        return np.stack(rows) if rows else np.zeros((0, self.dimension), dtype=np.float32)


class _Pipelines:
    """Several pipelines behind the interface of one. The intake of the first reads for all."""

    def __init__(self, pipelines: Sequence[Pipeline]) -> None:
        self._pipelines = pipelines
        self._outputs: list[PipelineOutput] = []

    def feed(self, batch: Sequence[RawEvent]) -> PipelineOutput:
        """See `ReplayPipeline`."""
        read = self._pipelines[0].read(batch)
        return self._keep([pipeline.apply(read) for pipeline in self._pipelines])

    def expect(self, partitions: Iterable[int]) -> None:
        """See `ReplayPipeline`."""
        expected = list(partitions)
        for pipeline in self._pipelines:
            pipeline.expect(expected)

    def end(self, partition: int) -> PipelineOutput:
        """See `ReplayPipeline`."""
        return self._keep([pipeline.end(partition) for pipeline in self._pipelines])

    def reject(self, raw: bytes, position: Position, reason: Reason, detail: str) -> Rejection:
        """See `ReplayPipeline`; all pipelines give the same rejection."""
        refused = [pipeline.reject(raw, position, reason, detail) for pipeline in self._pipelines]
        return refused[0]

    def finish(self) -> PipelineOutput:
        """See `ReplayPipeline`."""
        return self._keep([pipeline.finish() for pipeline in self._pipelines])

    @property
    def counts(self) -> StreamCounts:
        """Return the counts of the first pipeline."""
        return self._pipelines[0].counts

    @property
    def profile(self) -> InputProfile:
        """Return the profile of the first pipeline, which reads for all."""
        return self._pipelines[0].profile

    @property
    def event_time(self) -> int:
        """Return the watermark of the first pipeline, in ms."""
        return self._pipelines[0].event_time

    @property
    def all_counts(self) -> list[StreamCounts]:
        """Return the counts of each pipeline."""
        return [pipeline.counts for pipeline in self._pipelines]

    def take(self, common: PipelineOutput) -> list[PipelineOutput]:
        """Return the last output of each pipeline, or `common` for each if the output came from the driver."""
        outputs, self._outputs = self._outputs or [common] * len(self._pipelines), []
        return outputs

    def _keep(self, outputs: list[PipelineOutput]) -> PipelineOutput:
        self._outputs = outputs
        return outputs[0]


def _drive(
    driver: Driver, pipelines: _Pipelines, reader: SourceReader, runs: Sequence[_OpenRun], observer: ReplayObserver
) -> list[Manifest]:
    """Write the outputs of each batch; return the manifests, which count the written batches."""
    counts = [RunCounts() for _ in runs]
    try:
        for common in driver.outputs():
            with deferred_interrupts():  # each manifest must count each batch in its folder
                for run, output in zip(runs, pipelines.take(common), strict=True):
                    run.writer.add(output.alerts, output.rejections, output.clusters, output.edges, output.wordings)
                counts = [
                    driver.counts(run.writer.rows, seen) for run, seen in zip(runs, pipelines.all_counts, strict=True)
                ]
            alerts = sum(one.alerts for one in counts)
            observer.progress(ReplayProgress(counts[0].received, alerts, driver.event_time, reader.done, reader.total))
        return _manifests(driver, runs, counts, complete=True)
    except KeyboardInterrupt:
        return _manifests(driver, runs, counts, complete=False)


def _manifests(
    driver: Driver, runs: Sequence[_OpenRun], counts: Sequence[RunCounts], *, complete: bool
) -> list[Manifest]:
    return [
        run.describe(one, input_report(driver, run.writer.rejections, one, complete=complete), complete=complete)
        for run, one in zip(runs, counts, strict=True)
    ]


__all__ = ["SweepPoint", "sweep", "sweep_points"]
