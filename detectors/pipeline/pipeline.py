"""From raw bytes to alerts: the stages in their order, and the accounts that add up.

A replay drives this one object; live workers drive its stages one by one. Both apply the same events in the same order.
"""

from collections.abc import Iterable, Sequence

import msgspec

from detectors.alerting.evidence import AlertContext
from detectors.pipeline.cascades import CascadeOutput, Cascades, Trace
from detectors.pipeline.config import PipelineConfig
from detectors.pipeline.intake import Intake
from detectors.pipeline.ordered_clustering import OrderedClustering, OrderedItems, WatermarkMark
from detectors.privacy.pseudonym import Pseudonymiser
from detectors.reference.matcher import ReferenceMatcher
from detectors.similarity.embedding import Embedder
from detectors.snapshot import pack, unpack
from schemas.alert import Provenance
from schemas.rejection import Reason, Rejection
from schemas.sighting import Position, Sighting

RULE_VERSION = 1
"""Part of every alert's id: raised when the same evidence would be judged differently."""


class PipelineOutput(CascadeOutput):
    """What a batch gave, in order."""

    rejections: list[Rejection] = msgspec.field(default_factory=list)


class Read(msgspec.Struct, frozen=True):
    """A batch after intake: what nothing but the intake's own settings decides."""

    sightings: list[Sighting]
    rejections: list[Rejection]


class StreamCounts(msgspec.Struct, frozen=True):
    """Where the events went: after `finish`, received = applied + duplicates + late + rejected."""

    received: int
    applied: int
    duplicates: int
    late: int
    rejected: int
    waiting: int
    unmatched: int  # of those applied: statements about a message that nobody saw
    forced: int  # of those applied: released early because the reorder buffer was full
    withheld: int  # cascades that reached the limit when the budget of alerts asked for more

    @property
    def balanced(self) -> bool:
        """Whether every event is accounted for."""
        return self.received == self.applied + self.duplicates + self.late + self.rejected + self.waiting


class _State(msgspec.Struct, array_like=True):
    intake: dict[int, bytes]
    ordered_clustering: bytes
    cascades: bytes
    received: int
    rejected: int


class Pipeline:
    """Feeds batches of raw events through every stage.

    Args:
        config: every setting that can change an outcome.
        embedder: the model; called with batches of normal texts that no cheaper rung of the ladder knows.
        pseudonymiser: the key that identifiers are digested with.
        code_version: of the program, for provenance.
        trace: called with (name, struct) for every decision, for explanations; slows the run down.
        matcher: claims and harm examples to compare new wordings with.
    """

    def __init__(
        self,
        config: PipelineConfig,
        embedder: Embedder,
        pseudonymiser: Pseudonymiser,
        code_version: str,
        trace: Trace | None = None,
        *,
        matcher: ReferenceMatcher | None = None,
    ) -> None:
        known = None if matcher is None else matcher.digest
        made = provenance(config, code_version, embedder.revision, pseudonymiser.key_id, known)
        self.config = config
        self.intake = Intake(config.intake, config.order, pseudonymiser)
        self.ordered_clustering = OrderedClustering(config, embedder, matcher)
        self.cascades = Cascades(config.parts(), AlertContext(config.evidence, config.policy, made), trace)
        self._received = self._rejected = 0

    def feed(self, batch: Sequence[tuple[bytes, Position]]) -> PipelineOutput:
        """Take raw events in the order in which they came; give what they led to."""
        return self.apply(self.read(batch))

    def read(self, batch: Sequence[tuple[bytes, Position]]) -> Read:
        """Take raw events through intake alone; pipelines with the same intake may share what it gives."""
        read = Read([], [])
        for raw, position in batch:
            sighting = self.intake.update(raw, position)
            if isinstance(sighting, Rejection):
                read.rejections.append(sighting)
            else:
                read.sightings.append(sighting)
        return read

    def apply(self, read: Read) -> PipelineOutput:
        """Take what intake gave through every other stage."""
        out = PipelineOutput(rejections=list(read.rejections))
        self._received += len(read.sightings) + len(read.rejections)
        self._rejected += len(read.rejections)
        self._apply(self.ordered_clustering.reorder(read.sightings), out)
        self.cascades.advance(self.ordered_clustering.order.watermark, out)
        return out

    def expect(self, partitions: Iterable[int]) -> None:
        """Name the partitions that are about to come; until they report or end, the watermark waits for them."""
        self.ordered_clustering.order.expect(partitions)

    def end(self, partition: int) -> PipelineOutput:
        """Wait no longer for a partition that has come to its end; give what waited for it alone."""
        out = PipelineOutput()
        self._apply(self.ordered_clustering.mark_idle(partition), out)
        self.cascades.advance(self.ordered_clustering.order.watermark, out)
        return out

    def reject(self, raw: bytes, position: Position, reason: Reason, detail: str) -> Rejection:
        """Count and describe what the source itself could not hand over as an event."""
        self._received += 1
        self._rejected += 1
        return self.intake.reject(raw, position, reason, detail)

    def finish(self) -> PipelineOutput:
        """Apply what still waits for the watermark, and describe what is open: a recorded stream has ended."""
        out = PipelineOutput()
        self._apply(self.ordered_clustering.flush(), out)
        self.cascades.finish(out)
        return out

    @property
    def event_time(self) -> int:
        """How far the stream has come: the watermark, in ms; negative before anything came."""
        return self.ordered_clustering.order.watermark

    def _apply(self, items: OrderedItems, out: PipelineOutput) -> None:
        for item in self.ordered_clustering.assign(items):
            if isinstance(item, WatermarkMark):
                self.cascades.advance(item.time, out)
            else:
                self.cascades.update(item, out)

    @property
    def counts(self) -> StreamCounts:
        """Where the events went so far."""
        return StreamCounts(
            received=self._received,
            applied=self.ordered_clustering.applied,
            duplicates=self.ordered_clustering.order.duplicates,
            late=self.ordered_clustering.late,
            rejected=self._rejected,
            waiting=self.ordered_clustering.order.waiting,
            unmatched=self.ordered_clustering.clustering.unmatched,
            forced=self.ordered_clustering.order.forced,
            withheld=self.ordered_clustering.withheld,
        )

    def snapshot(self) -> bytes:
        """Every stage's state, at a boundary between batches."""
        state = _State(
            self.intake.snapshot(),
            self.ordered_clustering.snapshot(),
            self.cascades.snapshot(),
            self._received,
            self._rejected,
        )
        return pack(f"pipeline {self.config.digest()}", 2, state)

    def restore(self, data: bytes) -> None:
        """Take up where `snapshot` was taken, with the same settings.

        Raises:
            SnapshotError: another version's state, or one made with other settings.
        """
        state = unpack(f"pipeline {self.config.digest()}", 2, _State, data)
        self.intake.restore(state.intake)
        self.ordered_clustering.restore(state.ordered_clustering)
        self.cascades.restore(state.cascades)
        self._received, self._rejected = state.received, state.rejected


def provenance(
    config: PipelineConfig, code_version: str, model_revision: str, key_id: str, knowledge: str | None = None
) -> Provenance:
    """What an alert says of how it was made."""
    return Provenance(
        code_version=code_version,
        rule_version=RULE_VERSION,
        detector=config.growth.detector,
        settings_digest=config.digest(),
        model_revision=model_revision,
        key_id=key_id,
        reference_digest=knowledge,
    )


__all__ = ["RULE_VERSION", "Pipeline", "PipelineOutput", "Read", "StreamCounts", "provenance"]
