"""Define the four stages of a worker: inputs, outputs, state, and the creation of tasks."""

from collections.abc import Callable

import msgspec

from detectors.clustering.prefetch import Prefetcher
from detectors.pipeline.pipeline import provenance
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

TaskFactory = Callable[[StageApp, int], PartitionTask]


class Stage(msgspec.Struct, frozen=True):
    """Input topics, output topics, state and partition count of a stage."""

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
"""The stages by name, in the order of the data flow."""

WITH_MODEL = frozenset({"embed", "cluster", "cascade"})
"""The stages that need the model: for vectors, or for the model's name in alerts."""


class Model(msgspec.Struct, frozen=True):
    """The model and the reference data for the stages after intake."""

    vectors: TextVectors
    reference_digest: str
    matcher: ReferenceMatcher | None  # only if the worker runs the cluster stage


def make_app(stage: str, effective: ResolvedSettings, metrics: Metrics, model: Model | None) -> StageApp:
    """Create a stage's application, ready to start."""
    kind, settings = STAGES[stage], effective.settings
    app = StageApp(
        stage,
        effective,
        metrics,
        inputs=kind.inputs,
        stateful=kind.stateful,
        partitions=kind.partitions(settings.kafka),
    )
    app.make_task = _task_factory(stage, effective, model)
    return app


def _task_factory(stage: str, effective: ResolvedSettings, model: Model | None) -> TaskFactory:
    if stage == "intake":
        return IntakeTask
    assert model is not None  # noqa: S101 - the worker has loaded the model for these stages
    settings, vectors = effective.settings, model.vectors
    if stage == "embed":
        prefetcher = Prefetcher(settings.pipeline.clustering, settings.worker.known_texts)
        return lambda app, partition: EmbedTask(app, partition, prefetcher, vectors)
    if stage == "cluster":
        return lambda app, partition: ClusterTask(app, partition, vectors, model.matcher)
    alert_provenance = provenance(
        settings.pipeline, code_version(), vectors.revision, effective.key.id, model.reference_digest
    )
    return lambda app, partition: CascadeTask(app, partition, alert_provenance)
