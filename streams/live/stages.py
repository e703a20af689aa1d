"""The four stages of a worker: what each reads, whether it keeps state, and how its lanes are made."""

from collections.abc import Callable

import msgspec

from detectors.pipeline.pipeline import provenance
from detectors.pipeline.prefetch import Prefetcher
from detectors.reference.matcher import ReferenceMatcher
from streams.kafka.connection import KafkaSettings
from streams.live.app import StageApp
from streams.live.ops.metrics import Metrics
from streams.live.tasks.base import PartitionTask
from streams.live.tasks.cascade import CascadeTask
from streams.live.tasks.cluster import ClusterTask
from streams.live.tasks.embed import EmbedTask
from streams.live.tasks.intake import IntakeTask
from streams.live.vectors import TextVectors
from streams.settings.load import ResolvedSettings
from streams.version import code_version

LaneMaker = Callable[[StageApp, int], PartitionTask]


class Stage(msgspec.Struct, frozen=True):
    """What a stage is made of."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    stateful: bool
    partitions: Callable[[KafkaSettings], int]


STAGES = {
    "intake": Stage(("forwards",), ("sightings", "rejections"), False, lambda kafka: kafka.source_partitions),
    "embed": Stage(("sightings",), ("ordered", "rejections"), False, lambda kafka: kafka.source_partitions),
    "cluster": Stage(("ordered",), ("assignments", "watermarks", "rejections"), True, lambda _: 1),
    "cascade": Stage(
        ("assignments", "state-transfers"),
        ("state-transfers", "alerts", "rejections"),
        True,
        lambda kafka: kafka.cascade_partitions,
    ),
}
"""In the order in which data flows."""

WITH_MODEL = frozenset({"embed", "cluster", "cascade"})
"""The stages that ask the model: for vectors, or for the name that its alerts carry."""


class Model(msgspec.Struct, frozen=True):
    """What the stages beyond intake are given."""

    vectors: TextVectors
    reference_digest: str
    recogniser: ReferenceMatcher | None  # only where the cluster stage runs


def make_engine(stage: str, effective: ResolvedSettings, metrics: Metrics, model: Model | None) -> StageApp:
    """A stage's application, ready to start."""
    kind, settings = STAGES[stage], effective.settings
    engine = StageApp(
        stage,
        effective,
        metrics,
        inputs=kind.inputs,
        stateful=kind.stateful,
        partitions=kind.partitions(settings.kafka),
    )
    engine.make_lane = _lane_maker(stage, effective, model)
    return engine


def _lane_maker(stage: str, effective: ResolvedSettings, model: Model | None) -> LaneMaker:
    if stage == "intake":
        pseudonymiser = effective.key.pseudonymiser()
        return lambda engine, partition: IntakeTask(engine, partition, pseudonymiser)
    assert model is not None  # noqa: S101 - the worker has the model for these stages
    settings, vectors = effective.settings, model.vectors
    if stage == "embed":
        novelty = Prefetcher(settings.pipeline.clustering, settings.worker.remembered_texts)
        return lambda engine, partition: EmbedTask(engine, partition, novelty, vectors)
    if stage == "cluster":
        return lambda engine, partition: ClusterTask(engine, partition, vectors, model.recogniser)
    made = provenance(settings.pipeline, code_version(), vectors.revision, effective.key.id, model.reference_digest)
    return lambda engine, partition: CascadeTask(engine, partition, made)
