"""Events per CPU-second of the pipeline and of the naive composition, on the same stream, in one run.

    python -m tests.benchmarks.speed.pipeline [--events 20000] [--seed 7] [--cap 120] [--cached] [--json FILE]

The naive composition stops when its CPU time is spent. Both are compared on the prefix that it managed, at the quality
that both reached there; the pipeline then does the whole stream. The naive rate falls as its graphs grow, so that the
ratio over the whole stream is a lower bound. The stream is simulated: rankings carry over to real messages, absolute
figures need not. Names of figures are permanent. CPU time is the process's own (`time.process_time`), in one thread.
"""

import argparse
import gc
import resource
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from typing import Any
from unittest import mock

import msgspec
import numpy as np

from detectors.alerting.evidence import build_alert
from detectors.pipeline.cascades import CascadeOutput
from detectors.pipeline.config import PipelineConfig
from detectors.pipeline.pipeline import Pipeline
from detectors.privacy.pseudonym import Pseudonymiser
from detectors.similarity.embedding import Embedder, HashingEmbedder, Vectors
from schemas.assignment import Assignment, Merge, Timeliness
from schemas.rejection import Rejection
from schemas.sighting import SPREADING, Position
from streams.devtools.simulator import SAMPLE, Simulation, simulate
from streams.embedders import EmbedderConfig, make_embedder
from streams.process import rare_collection
from tests.benchmarks.metrics.scores import Agreement, b_cubed
from tests.benchmarks.speed.naive import Naive

BATCH = 512
NAMES = Pseudonymiser(b"a key for benchmarks only, 32 by", "bench")
Batch = list[tuple[bytes, Position]]


class Figure(msgspec.Struct, frozen=True):
    """One line of the report."""

    name: str
    value: float
    unit: str


class Counting:
    """An embedder that keeps account of its texts and its CPU time."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.dimension, self.revision = inner.dimension, inner.revision
        self.texts, self.seconds = 0, 0.0

    def embed(self, texts: Sequence[str]) -> Vectors:
        """What the embedder gives."""
        start = process_time()
        vectors = self._inner.embed(texts)
        self.seconds += process_time() - start
        self.texts += len(texts)
        return vectors


class Clock:
    """CPU seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Charge what happens inside to a stage."""
        start = process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + process_time() - start

    def charged(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, whose time is charged to a stage."""

        def timed(*arguments: Any) -> Any:
            with self.stage(name):
                return function(*arguments)

        return timed


def batches(lines: Sequence[bytes], size: int = BATCH) -> list[Batch]:
    """A stream of one partition as a driver hands it over."""
    numbered = [(raw, Position("bench", 0, i)) for i, raw in enumerate(lines)]
    return [numbered[i : i + size] for i in range(0, len(numbered), size)]


def new_pipeline(embedder: Embedder) -> Pipeline:
    """With the default settings."""
    return Pipeline(PipelineConfig(), embedder, NAMES, "bench")


# --- The whole stream, and a prefix of it ------------------------------------------------------------------------


def run_pipeline(lines: Sequence[bytes], embedder: Embedder) -> tuple[float, Pipeline, int]:
    """CPU seconds for the lines, the pipeline after them, and how many alerts it raised."""
    fed = batches(lines)
    pipeline = new_pipeline(embedder)
    gc.collect()
    start = process_time()
    alerts = sum(len(pipeline.feed(batch).alerts) for batch in fed) + len(pipeline.finish().alerts)
    return process_time() - start, pipeline, alerts


def run_naive(lines: Sequence[bytes], naive: Naive, cap: float) -> tuple[float, int]:
    """CPU seconds and how many lines were done when the time was spent."""
    gc.collect()
    start = process_time()
    for done, raw in enumerate(lines, 1):
        naive.apply(raw)
        if process_time() - start >= cap:
            return process_time() - start, done
    return process_time() - start, len(lines)


# --- Stage by stage ----------------------------------------------------------------------------------------------


class Staged:
    """Drives the pipeline's own stages as it does, with the time of each; and remembers who went where."""

    def __init__(self, embedder: Embedder) -> None:
        self.clock = Clock()
        self.embedder = Counting(embedder)
        self.pipeline = new_pipeline(self.embedder)
        self.cluster_of: dict[str, str] = {}
        self.absorbed: dict[str, str] = {}
        self.alerts = 0

    def run(self, fed: Sequence[Batch]) -> None:
        """All batches, and the end of the stream."""
        composing = self.clock.charged("alert", build_alert)
        with mock.patch("detectors.pipeline.cascades.build_alert", composing):
            for batch in fed:
                self._batch(batch)
            with self.clock.stage("order"):
                left = self.pipeline.ordered_clustering.order.flush()
            self._decide(left, CascadeOutput())
        self._subtract()

    def _batch(self, batch: Batch) -> None:
        pipeline, out = self.pipeline, CascadeOutput()
        with self.clock.stage("intake"):
            read = [pipeline.intake.update(raw, position) for raw, position in batch]
        with self.clock.stage("order"):
            ordered = [
                row
                for it in read
                if not isinstance(it, Rejection)
                for row in pipeline.ordered_clustering.order.update(it)
            ]
        self._decide(ordered, out)
        with self.clock.stage("cascade"):
            pipeline.cascades.advance(pipeline.ordered_clustering.order.watermark, out)
        self.alerts += len(out.alerts)

    def _decide(self, ordered: list[tuple[Any, Timeliness]], out: CascadeOutput) -> None:
        pipeline = self.pipeline
        with self.clock.stage("cluster"):
            pipeline.ordered_clustering.clustering.prefetch([sighting for sighting, _ in ordered])
            decided = [
                item
                for sighting, timeliness in ordered
                for item in pipeline.ordered_clustering.clustering.update(sighting, timeliness)
            ]
        with self.clock.stage("cascade"):
            before = len(out.alerts)
            for item in decided:
                pipeline.cascades.update(item, out)
        self.alerts += len(out.alerts) - before
        del out.alerts[:]
        for item in decided:
            self._note(item)

    def _note(self, item: Assignment | Merge) -> None:
        if isinstance(item, Merge):
            self.absorbed[item.absorbed] = item.survivor
        elif item.sighting.kind in SPREADING:
            self.cluster_of[item.sighting.event_id] = item.cluster_id

    def _subtract(self) -> None:
        """What ran inside another stage is charged once."""
        seconds = self.clock.seconds
        seconds["embed"] = self.embedder.seconds
        seconds["cluster"] -= seconds["embed"]
        seconds["cascade"] -= seconds.setdefault("alert", 0.0)

    def cluster(self, event_id: str, platform: str) -> str | None:
        """The final cluster of an event by its raw name."""
        found = self.cluster_of.get(NAMES.event(event_id, platform))
        while found in self.absorbed:
            found = self.absorbed[found]
        return found


def quality(simulation: Simulation, prefix: int, found: Callable[[str, str], str | None]) -> Agreement:
    """B-cubed over the messages among the first lines that a run assigned; one that it did not is alone."""
    truth = simulation.truth.clusters()
    names = {}
    for raw, event in zip(range(prefix), _events(simulation), strict=False):
        if event is not None and event.kind in SPREADING:
            names[event.event_id] = (truth[event.event_id], found(event.event_id, event.platform) or f"alone {raw}")
    return b_cubed([true for true, _ in names.values()], [cluster for _, cluster in names.values()])


def _events(simulation: Simulation) -> Iterator[Any]:
    odd = {line for line, _ in simulation.malformed}
    events = iter(simulation.events)
    for line in range(len(simulation.events) + len(odd)):
        yield None if line in odd else next(events)


# --- Known texts -------------------------------------------------------------------------------------------------


def echoes(simulation: Simulation, count: int) -> list[bytes]:
    """New messages by known people with texts that were seen before, after the end of the stream."""
    known = [event for event in simulation.events if event.kind in SPREADING and event.text and event.root_ref is None]
    later = SAMPLE.end_ms - SAMPLE.start_ms + 60_000
    rows = []
    for i in range(count):
        event = known[i * 7919 % len(known)]
        name = f"echo-{i}"
        time = event.created_at + later
        rows.append(
            msgspec.structs.replace(
                event, event_id=name, message_id=name, created_at=time, observed_at=time, parent_ref=None
            )
        )
    rows.sort(key=lambda event: event.created_at)
    return [msgspec.json.encode(event) for event in rows]


def known_text(pipeline: Pipeline, lines: Sequence[bytes], counting: Counting) -> tuple[float, int]:
    """Median over batches of microseconds an event beside the model, and how many texts the model was asked for."""
    asked = counting.texts
    micros = []
    gc.collect()
    for batch in batches(lines, 256):
        inside, start = counting.seconds, process_time()
        pipeline.feed(batch)
        spent = process_time() - start - (counting.seconds - inside)
        micros.append(1e6 * spent / len(batch))
    return statistics.median(micros), counting.texts - asked


# --- The report --------------------------------------------------------------------------------------------------


def measure(events: int, seed: int, cap: float, *, cached: bool, embedder: Embedder) -> Iterator[Figure]:
    """All figures, as they become known."""
    simulation = simulate(msgspec.structs.replace(SAMPLE, events=events, seed=seed))
    lines = list(simulation.lines())
    yield Figure("stream.lines", len(lines), "")
    yield Figure("stream.distinct_texts", len({event.text for event in simulation.events}), "")

    seconds, _, alerts = run_pipeline(lines, embedder)
    full_rate = len(lines) / seconds
    yield Figure("pipeline.full.events_per_cpu_second", full_rate, "1/s")
    yield Figure("pipeline.full.alerts", alerts, "")
    staged = Staged(embedder)
    staged.run(batches(lines))
    _require(staged.alerts == alerts, "the stages driven one by one must raise as many alerts as the pipeline")
    for name, spent in staged.clock.seconds.items():
        yield Figure(f"pipeline.stage.{name}", 1e6 * spent / len(lines), "us/event")
    yield Figure("pipeline.embedded_texts", staged.embedder.texts, "")
    yield from _agreement("pipeline.full", quality(simulation, len(lines), staged.cluster))
    micros, asked = known_text(staged.pipeline, echoes(simulation, 20 * 256), staged.embedder)
    yield Figure("pipeline.known_text.p50", micros, "us/event")
    yield Figure("pipeline.known_text.asked_the_model", asked, "texts")
    yield Figure("pipeline.peak_rss", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB")

    for name in ("naive", "naive_cached") if cached else ("naive",):
        yield from compare(name, simulation, lines, embedder, cap, full_rate)


def compare(
    name: str, simulation: Simulation, lines: Sequence[bytes], embedder: Embedder, cap: float, full_rate: float
) -> Iterator[Figure]:
    """The naive composition, the pipeline on the same prefix, and how they relate."""
    encode = (lambda text: embedder.embed([text])[0]) if isinstance(embedder, HashingEmbedder) else None
    naive = Naive(PipelineConfig().clustering.embedding_threshold, encode, remember=name == "naive_cached")
    naive.encode("warm")
    spent, prefix = run_naive(lines, naive, cap)
    naive_rate = prefix / spent
    yield Figure(f"{name}.prefix", prefix, "lines")
    yield Figure(f"{name}.events_per_cpu_second", naive_rate, "1/s")
    yield from _agreement(name, quality(simulation, prefix, lambda event, _: naive.clusters.get(event)))
    seconds, _, _ = run_pipeline(lines[:prefix], embedder)
    staged = Staged(embedder)
    staged.run(batches(lines[:prefix]))
    yield Figure(f"pipeline.on_{name}_prefix.events_per_cpu_second", prefix / seconds, "1/s")
    yield from _agreement(f"pipeline.on_{name}_prefix", quality(simulation, prefix, staged.cluster))
    yield Figure(f"ratio.{name}.same_prefix", prefix / seconds / naive_rate, "x")
    yield Figure(f"ratio.{name}.full_stream_at_least", full_rate / naive_rate, "x")


def _agreement(name: str, score: Agreement) -> Iterator[Figure]:
    yield Figure(f"{name}.bcubed_precision", score.precision, "")
    yield Figure(f"{name}.bcubed_recall", score.recall, "")
    yield Figure(f"{name}.bcubed_f1", score.f1, "")


def _require(holds: bool, rule: str) -> None:
    if not holds:
        sys.exit(f"benchmark void: {rule}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures, and keep them where asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cap", type=float, default=120.0, help="CPU seconds for the naive composition")
    parser.add_argument("--cached", action="store_true", help="also the naive composition with a memory of texts")
    parser.add_argument("--runtime", default="onnx", choices=("onnx", "sentence-transformers", "hashing"))
    parser.add_argument("--json", type=Path, help="keep the figures here")
    options = parser.parse_args(arguments)
    embedder = make_embedder(EmbedderConfig(runtime=options.runtime))
    embedder.embed(["warm"])
    figures = []
    with rare_collection():  # as a replay runs; the naive composition has it too
        for figure in measure(options.events, options.seed, options.cap, cached=options.cached, embedder=embedder):
            print(f"{figure.name:55} {np.format_float_positional(figure.value, 3):>12} {figure.unit}", flush=True)
            figures.append(figure)
    if options.json is not None:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")


if __name__ == "__main__":
    main()
