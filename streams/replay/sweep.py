"""One stream under several settings at once: it is read, pseudonymised, normalised and embedded once for all of them.

Each variant is a run folder like any other, byte for byte what a replay of its own would write.
"""

import itertools
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import numpy as np

from detectors.pipeline.pipeline import Output, Pipeline, StreamCounts
from detectors.similarity.embedding import Embedder, Vectors
from schemas.rejection import Reason, Rejection
from schemas.sighting import Position
from streams.errors import UserError
from streams.process import rare_collection
from streams.recordings.base import SourceReader
from streams.recordings.open import SourceSpec
from streams.reference.load import load_reference_data
from streams.replay.build import PipelineBuild, load_embedder, run_provenance
from streams.replay.driver import Driver
from streams.replay.replay import NullObserver, ReplayObserver, ReplayProgress, ReplayResult, Stopwatch
from streams.runs.folder import RunCounts, RunWriter
from streams.settings.key import Key
from streams.settings.load import Settings
from streams.version import code_version

_REMEMBERED = 65_536  # vectors; 100 MB
_SHARED = ("intake.", "order.", "embedder.", "key.", "claims.", "harm.", "replay.", "pool.", "worker.", "kafka.")
_MOST = 64


class SweepPoint(msgspec.Struct, frozen=True):
    """One combination of settings."""

    name: str  # of its run folder
    overrides: tuple[str, ...]


def sweep_points(vary: Sequence[str]) -> list[SweepPoint]:
    """Every combination of `name=value,value,...`, in the order given.

    Raises:
        UserError: a setting that all variants share, one without values, or too many combinations.

    """
    choices = []
    for one in vary:
        name, equals, values = one.partition("=")
        if not equals:
            raise UserError(
                f"--vary takes name=value,value,...; got {one[:80]!r}; try --vary growth.target_size=25,50,100"
            )
        if name.startswith(_SHARED):
            raise UserError(
                f"a sweep varies what is decided after a text is read and embedded; got {name}; "
                "replay it alone with --set"
            )
        choices.append([f"{name}={value}" for value in dict.fromkeys(filter(None, values.split(",")))])
        if not choices[-1]:
            raise UserError(
                f"--vary takes name=value,value,...; got {one[:80]!r}; try --vary growth.target_size=25,50,100"
            )
    made = [SweepPoint(",".join(picked), picked) for picked in itertools.product(*choices)]
    if not vary:
        raise UserError("a sweep varies at least one setting; got none; try --vary growth.target_size=25,50,100")
    if len(made) > _MOST:
        raise UserError(f"a sweep has at most {_MOST} variants; got {len(made)}; vary less at once")
    return made


def sweep(
    origin: SourceSpec,
    out: Path,
    settings: Sequence[tuple[str, Settings]],
    key: Key,
    *,
    at_most: int | None = None,
    overwrite: bool = False,
    watcher: ReplayObserver | None = None,
) -> list[ReplayResult]:
    """Replay an origin under several settings; gives the runs in their order.

    Args:
        origin: where the events come from.
        out: the folder that takes one run folder a variant.
        settings: each variant's name and settings; they differ in nothing that intake and the model read.
        key: to pseudonymise with.
        at_most: events to read; all by default.
        overwrite: whether a variant's folder may be an older run.
        watcher: told of progress; of no alert.

    Raises:
        UserError: the source cannot be read, or a folder cannot be written.

    """
    watcher = watcher or NullObserver()
    first = settings[0][1]
    source = origin.open(first.pipeline.intake.max_event_bytes)
    try:
        with ExitStack() as stack:
            rows = first.replay.row_group_rows
            places = [out / name for name, _ in settings]
            writers = [
                stack.enter_context(RunWriter(place, overwrite=overwrite, row_group_rows=rows)) for place in places
            ]
            made = _make([one for _, one in settings], key)
            recipes = [run_provenance(one, key, each) for (_, one), each in zip(settings, made, strict=True)]
            fan = _Fan([each.engine for each in made if isinstance(each.engine, Pipeline)])
            clock = Stopwatch()
            for writer, made_from in zip(writers, recipes, strict=True):
                writer.begin(made_from.manifest(source, at_most, RunCounts(), complete=False))
            driver = Driver(source, fan, first.replay.batch_events, at_most)
            with rare_collection():
                complete, counts = _drive(driver, fan, source, writers, watcher)
            results = []
            for writer, made_from, each in zip(writers, recipes, counts, strict=True):
                manifest = made_from.manifest(source, at_most, each, complete=complete)
                timings = clock.timings(origin.place, each.received)
                results.append(ReplayResult(folder=writer.end(manifest, timings), manifest=manifest, timings=timings))
            return results
    finally:
        source.close()


def _make(settings: Sequence[Settings], key: Key) -> list[PipelineBuild]:
    """A pipeline for each variant, with one model for all."""
    knowledge = load_reference_data(settings[0].claims, settings[0].harm)
    embedder = _Shared(load_embedder(settings[0]))
    made = []
    for one in settings:
        recogniser = knowledge.recogniser(one.pipeline.clustering, embedder, one.embedder.cache_dir)
        engine = Pipeline(one.pipeline, embedder, key.pseudonymiser(), code_version(), recogniser=recogniser)
        made.append(PipelineBuild(engine, embedder.revision, recogniser.digest))
    return made


class _Shared:
    """An embedder that asks the model once for what several pipelines want at about the same time."""

    def __init__(self, model: Embedder) -> None:
        self._model = model
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self.dimension, self.revision = model.dimension, model.revision

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `detectors.similarity.embedding.Embedder`."""
        novel = [text for text in dict.fromkeys(texts) if text not in self._known]
        if novel:
            self._known.update(zip(novel, self._model.embed(novel), strict=True))
        rows = [self._known[text] for text in texts]
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return np.stack(rows) if rows else np.zeros((0, self.dimension), dtype=np.float32)


class _Fan:
    """Several pipelines as one engine; the first one's intake reads for all. Keeps each one's last output."""

    def __init__(self, pipelines: Sequence[Pipeline]) -> None:
        self._pipelines = pipelines
        self._outputs: list[Output] = []

    def feed(self, batch: Sequence[tuple[bytes, Position]]) -> Output:
        """Take raw events."""
        read = self._pipelines[0].read(batch)
        return self._keep([pipeline.apply(read) for pipeline in self._pipelines])

    def expect(self, partitions: Iterable[int]) -> None:
        """Wait for these partitions."""
        expected = list(partitions)
        for pipeline in self._pipelines:
            pipeline.expect(expected)

    def end(self, partition: int) -> Output:
        """Wait no longer for one."""
        return self._keep([pipeline.end(partition) for pipeline in self._pipelines])

    def refuse(self, raw: bytes, position: Position, reason: Reason, detail: str) -> Rejection:
        """Count and describe what the source could not hand over."""
        refused = [pipeline.refuse(raw, position, reason, detail) for pipeline in self._pipelines]
        return refused[0]

    def finish(self) -> Output:
        """Give what still waits, and the clusters that are open."""
        return self._keep([pipeline.finish() for pipeline in self._pipelines])

    @property
    def counts(self) -> StreamCounts:
        """Where the events of the first went."""
        return self._pipelines[0].counts

    @property
    def event_time(self) -> int:
        """How far the first has come."""
        return self._pipelines[0].event_time

    @property
    def all_counts(self) -> list[StreamCounts]:
        """Where the events of each went."""
        return [pipeline.counts for pipeline in self._pipelines]

    def take(self, common: Output) -> list[Output]:
        """Each pipeline's last output; what did not go through them is the same for all."""
        outputs, self._outputs = self._outputs or [common] * len(self._pipelines), []
        return outputs

    def _keep(self, outputs: list[Output]) -> Output:
        self._outputs = outputs
        return outputs[0]


def _drive(
    driver: Driver, fan: _Fan, source: SourceReader, writers: Sequence[RunWriter], watcher: ReplayObserver
) -> tuple[bool, list[RunCounts]]:
    counts = [RunCounts() for _ in writers]
    try:
        for common in driver.outputs():
            for writer, output in zip(writers, fan.take(common), strict=True):
                writer.add(output.alerts, output.rejections, output.clusters, output.edges, output.wordings)
            counts = [
                driver.counts(writer.alerts, writer.clusters, writer.shares, seen)
                for writer, seen in zip(writers, fan.all_counts, strict=True)
            ]
            done = ReplayProgress(
                counts[0].received, sum(c.alerts for c in counts), driver.event_time, source.done, source.total
            )
            watcher.progress(done)
    except KeyboardInterrupt:
        return False, counts
    return True, counts


__all__ = ["SweepPoint", "sweep", "sweep_points"]
