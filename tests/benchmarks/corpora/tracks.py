"""Runs the whole pipeline over a recorded stream, and follows the clusters that it found.

The benchmarks judge what a user gets: not detectors fed with perfect cascades, but cascades as the program cut them.
"""

import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np

from detectors.growth import GrowthConfig, make_detector
from detectors.pipeline.config import PipelineConfig
from detectors.pipeline.pipeline import Pipeline, PipelineOutput, StreamCounts
from detectors.pipeline.rows import EdgeRow
from detectors.privacy.pseudonym import Pseudonymiser
from detectors.similarity.embedding import Embedder, Vectors
from schemas.alert import Alert, Lifecycle
from schemas.event import ForwardEvent
from schemas.sighting import Position
from streams.embedders import EmbedderConfig, make_embedder
from streams.embedders.store import embed_stored
from tests.benchmarks.metrics.scores import Trace
from tests.realdata.loaders import data_folder, encoded

NAMES = Pseudonymiser(b"a key for recorded streams only!", "benchmark")
BATCH = 512
SHARED = "EVALUATION_VECTORS"
"""The environment variable that names the folder of vectors which one run of `evaluate` shares."""
GROWING = frozenset({Lifecycle.OPENED, Lifecycle.ESCALATED, Lifecycle.RESURFACED})


class Measured:
    """An embedder that says what it cost."""

    def __init__(self, model: Embedder) -> None:
        self._model = model
        self.dimension, self.revision = model.dimension, model.revision
        self.embedded, self.cpu_s = 0, 0.0

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row per text."""
        begin = time.process_time()
        vectors = self._model.embed(texts)
        self.cpu_s += time.process_time() - begin
        self.embedded += len(texts)
        return vectors


class Remembering:
    """An embedder that runs the model once for each text, and says what the model cost.

    Args:
        model: that is asked.
        shared: a folder with vectors that other processes have made, and are told of those made here; none without one.
    """

    def __init__(self, model: Embedder, shared: str | None = None) -> None:
        self.model = Measured(model)
        self._shared = shared
        self._known: dict[str, Vectors] = {}
        self.dimension, self.revision = model.dimension, model.revision

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row per text."""
        novel = [text for text in dict.fromkeys(texts) if text not in self._known]
        if novel:
            self._known.update(zip(novel, self._made(novel), strict=True))
        empty = np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._known[text] for text in texts]) if texts else empty

    def _made(self, texts: Sequence[str]) -> Vectors:
        return self.model.embed(texts) if self._shared is None else embed_stored(self.model, texts, self._shared)


def shipped() -> Remembering:
    """The model that Hearsay ships with; evaluations that run together read each text once between them."""
    return Remembering(make_embedder(EmbedderConfig()), os.environ.get(SHARED))


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What one pass over a stream gave, and what it cost."""

    counts: StreamCounts
    methods: Mapping[str, int]  # spreading events by the method that placed them
    merged: int
    clusters: int  # founded, less those merged away
    edges: Sequence[EdgeRow]
    alerts: Sequence[Alert]
    merged_into: Mapping[str, str]  # absorbed cluster -> the one that took it in
    closed: frozenset[str]  # clusters that were closed at some time, by their final id
    wall_s: float
    cpu_s: float
    model_cpu_s: float
    embedded: int

    def resolve(self, cluster_id: str) -> str:
        """The id that a cluster ended under."""
        return resolve(cluster_id, self.merged_into)

    def cluster_of(self) -> dict[str, str]:
        """Event digest -> final cluster."""
        return {edge.event_id: self.resolve(edge.cluster_id) for edge in self.edges}

    def alerted(self) -> set[str]:
        """Clusters that a growth level, not a milestone or other evidence, raised an alert for."""
        return {self.resolve(a.cluster_id) for a in self.alerts if a.level >= 1 and a.state in GROWING}


class Track(msgspec.Struct, frozen=True):
    """One cascade as growth detectors see it: when each distinct sharer first shared, ms, in order."""

    name: str
    times: Sequence[int]

    @property
    def final(self) -> int:
        """Distinct sharers in the end."""
        return len(self.times)


def resolve(cluster_id: str, merged_into: Mapping[str, str]) -> str:
    """Follow the merges to the end."""
    while cluster_id in merged_into:
        cluster_id = merged_into[cluster_id]
    return cluster_id


def run(events: Sequence[ForwardEvent], config: PipelineConfig, embedder: Remembering) -> Run:
    """Feed a stream in its order, in batches, to its end."""
    return drive(encoded(events), Pipeline(config, embedder, NAMES, "benchmark"), embedder)


def drive(lines: Sequence[bytes], pipeline: Pipeline, embedder: Remembering) -> Run:
    """Feed lines as they were recorded to a pipeline that was made with this embedder."""
    model = embedder.model
    before, embedded = model.cpu_s, model.embedded
    wall, cpu = time.perf_counter(), time.process_time()
    outputs = [
        pipeline.feed([(raw, Position("recorded", 0, start + i)) for i, raw in enumerate(lines[start : start + BATCH])])
        for start in range(0, len(lines), BATCH)
    ]
    outputs.append(pipeline.finish())
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    merged_into = _merged_into(outputs)
    return Run(
        counts=pipeline.counts,
        methods={str(method): n for method, n in pipeline.ordered_clustering.clustering.methods.items()},
        merged=pipeline.ordered_clustering.clustering.merged,
        clusters=pipeline.ordered_clustering.clustering.created - pipeline.ordered_clustering.clustering.merged,
        edges=[edge for out in outputs for edge in out.edges],
        alerts=[alert for out in outputs for alert in out.alerts],
        merged_into=merged_into,
        closed=frozenset(
            resolve(row.cluster_id, merged_into) for out in outputs for row in out.clusters if row.status == "closed"
        ),
        wall_s=wall,
        cpu_s=cpu,
        model_cpu_s=model.cpu_s - before,
        embedded=model.embedded - embedded,
    )


def _merged_into(outputs: Iterable[PipelineOutput]) -> dict[str, str]:
    rows = (row for out in outputs for row in out.clusters if row.status == "merged")
    return {row.cluster_id: row.merged_into for row in rows if row.merged_into}


def found_tracks(found: Run) -> list[Track]:
    """The cascades that the pipeline found, by start."""
    return _tracks((found.resolve(edge.cluster_id), edge.sharer, edge.time) for edge in found.edges)


def true_tracks(found: Run, truth: Mapping[str, str]) -> list[Track]:
    """The same shares by the cascade that the data set puts them in (event digest -> cascade), by start."""
    return _tracks((truth[edge.event_id], edge.sharer, edge.time) for edge in found.edges)


def _tracks(shares: Iterable[tuple[str, str, int]]) -> list[Track]:
    firsts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for cascade, sharer, at in shares:
        known = firsts[cascade].get(sharer)
        firsts[cascade][sharer] = at if known is None else min(known, at)
    tracks = [Track(name, sorted(times.values())) for name, times in firsts.items()]
    return sorted(tracks, key=lambda track: (track.times[0], track.name))


def digests(events: Iterable[ForwardEvent], cascade_of: Mapping[str, str]) -> dict[str, str]:
    """Event digest -> true cascade, from each event's own id -> true cascade."""
    return {NAMES.event(e.event_id, e.platform): cascade_of[e.event_id] for e in events}


def trace(track: Track, config: GrowthConfig) -> Trace:
    """A detector's record scores over a cascade: only a new record can be the first to reach a threshold."""
    detector = make_detector(config)
    best = -np.inf
    scores, sharers, minutes = [], [], []
    for n, at in enumerate(track.times, start=1):
        score = detector.update(at)
        if n >= config.min_sharers and score > best:
            best = score
            scores.append(score)
            sharers.append(n)
            minutes.append((at - track.times[0]) / 60_000)
    half = (track.times[(track.final - 1) // 2] - track.times[0]) / 60_000
    return Trace(final=track.final, scores=scores, sharers=sharers, times=minutes, half_time=half)


def split_and_mixed(pairs: Iterable[tuple[str, str]]) -> tuple[int, int, int, int]:
    """From (true cascade, found cluster): cascades, those in several clusters, clusters, those of several cascades."""
    of_cascade: defaultdict[str, set[str]] = defaultdict(set)
    of_cluster: defaultdict[str, set[str]] = defaultdict(set)
    for cascade, cluster in pairs:
        of_cascade[cascade].add(cluster)
        of_cluster[cluster].add(cascade)
    several = [sum(len(others) > 1 for others in sets.values()) for sets in (of_cascade, of_cluster)]
    return len(of_cascade), several[0], len(of_cluster), several[1]


def shares(counts: Mapping[str, int]) -> str:
    """Counts as percentages, greatest first."""
    total = sum(counts.values()) or 1
    ordered = sorted(Counter(counts).items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {100 * n / total:.1f} %" for name, n in ordered if n)


def table(title: str, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows in aligned columns; the first column to the left, numbers to the right."""
    cells = [list(names), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(names))]
    print(f"\n{title}")
    for row in cells:
        padded = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        print("  " + "  ".join([row[0].ljust(widths[0]), *padded[1:]]))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "-" if value != value else f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return str(value)


def require_data() -> None:
    """Leave with a reason where the development data are absent."""
    if data_folder() is None:
        print("skipped: no development data; set HEARSAY_DATA to their folder (docs/evaluation.md)")
        sys.exit(0)
    print(f"one thread: OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}")
