"""From raw bytes to alerts: the stages in their order, and the accounts that add up.

A replay drives this one object; live workers drive its stages one by one. Both apply the same events in the same order.
"""

from collections.abc import Sequence

import msgspec

from detectors.clustering import Clustering
from detectors.embedding import Embedder
from detectors.evidence import Author
from detectors.pipeline.cascades import Cascades, Outputs, Trace
from detectors.pipeline.config import PipelineConfig
from detectors.pipeline.intake import Intake
from detectors.pseudonym import Pseudonymiser
from detectors.snapshot import pack, unpack
from detectors.watermark import ReorderBuffer
from schemas.alert import Provenance
from schemas.assignment import Arrival
from schemas.rejection import Reason, Rejection
from schemas.sighting import Position, Sighting

RULE_VERSION = 1
"""Part of every alert's id: raised when the same evidence would be judged differently."""


class Output(Outputs):
    """What a batch gave, in order."""

    rejections: list[Rejection] = msgspec.field(default_factory=list)


class Counts(msgspec.Struct, frozen=True):
    """Where the events went: after `finish`, received = applied + duplicates + late + rejected."""

    received: int
    applied: int
    duplicates: int
    late: int
    rejected: int
    waiting: int
    unmatched: int  # of those applied: statements about a message that nobody saw
    forced: int  # of those applied: released early because the reorder buffer was full

    @property
    def balanced(self) -> bool:
        """Whether every event is accounted for."""
        return self.received == self.applied + self.duplicates + self.late + self.rejected + self.waiting


class _State(msgspec.Struct, array_like=True):
    intake: dict[int, bytes]
    order: bytes
    clustering: bytes
    cascades: bytes
    received: int
    applied: int
    late: int
    rejected: int


class Pipeline:
    """Feeds batches of raw events through every stage.

    Args:
        config: every setting that can change an outcome.
        embedder: the model; called with batches of normal texts that no cheaper rung of the ladder knows.
        pseudonymiser: the key that identifiers are digested with.
        code_version: of the program, for provenance.
        trace: called with (name, struct) for every decision, for explanations; slows the run down.
    """

    def __init__(
        self,
        config: PipelineConfig,
        embedder: Embedder,
        pseudonymiser: Pseudonymiser,
        code_version: str,
        trace: Trace | None = None,
    ) -> None:
        provenance = Provenance(
            code_version=code_version,
            rule_version=RULE_VERSION,
            detector=config.growth.detector,
            settings_digest=config.digest(),
            model_revision=embedder.revision,
            key_id=pseudonymiser.key_id,
        )
        self.config = config
        self.intake = Intake(config.intake, config.order, pseudonymiser)
        self.order = ReorderBuffer(config.order)
        self.clustering = Clustering(config.clustering, embedder.embed)
        self.cascades = Cascades(config.parts(), Author(config.evidence, config.policy, provenance), trace)
        self._trace = trace
        self._received = self._applied = self._late = self._rejected = 0

    def feed(self, batch: Sequence[tuple[bytes, Position]]) -> Output:
        """Take raw events in the order in which they came; give what they led to."""
        out = Output()
        sightings = []
        for raw, position in batch:
            sighting = self.intake.update(raw, position)
            if isinstance(sighting, Rejection):
                out.rejections.append(sighting)
            else:
                sightings.append(sighting)
        self._received += len(batch)
        self._rejected += len(out.rejections)
        self._advance(sightings, out)
        self.cascades.advance(self.order.watermark, out)
        return out

    def refuse(self, raw: bytes, position: Position, reason: Reason, detail: str) -> Rejection:
        """Count and describe what the source itself could not hand over as an event."""
        self._received += 1
        self._rejected += 1
        return self.intake.reject(raw, position, reason, detail)

    def finish(self) -> Output:
        """Apply what still waits for the watermark, and describe what is open: a recorded stream has ended."""
        out = Output()
        self._apply(self.order.flush(), out)
        self.cascades.finish(out)
        return out

    def _advance(self, sightings: Sequence[Sighting], out: Output) -> None:
        """Apply what is released; before a late one the timers that are due fire, whatever the batches are."""
        update = self.order.update
        ordered: list[tuple[Sighting, Arrival]] = []
        for sighting in sightings:
            released = update(sighting)
            if released and released[0][1] is not Arrival.ON_TIME:
                self._apply(ordered, out)
                self.cascades.advance(self.order.watermark, out)
                ordered = []
            ordered += released
        self._apply(ordered, out)

    def _apply(self, ordered: Sequence[tuple[Sighting, Arrival]], out: Output) -> None:
        if not ordered:
            return
        self.clustering.prepare([sighting for sighting, _ in ordered])
        cluster, cascade = self.clustering.update, self.cascades.update
        for sighting, arrival in ordered:
            if arrival is Arrival.ON_TIME:
                self._applied += 1
            else:
                self._late += 1
            for item in cluster(sighting, arrival):
                cascade(item, out)

    @property
    def counts(self) -> Counts:
        """Where the events went so far."""
        return Counts(
            received=self._received,
            applied=self._applied,
            duplicates=self.order.duplicates,
            late=self._late,
            rejected=self._rejected,
            waiting=self.order.waiting,
            unmatched=self.clustering.unmatched,
            forced=self.order.forced,
        )

    def snapshot(self) -> bytes:
        """Every stage's state, at a boundary between batches."""
        state = _State(
            self.intake.snapshot(),
            self.order.snapshot(),
            self.clustering.snapshot(),
            self.cascades.snapshot(),
            self._received,
            self._applied,
            self._late,
            self._rejected,
        )
        return pack(f"pipeline {self.config.digest()}", 1, state)

    def restore(self, data: bytes) -> None:
        """Take up where `snapshot` was taken, with the same settings.

        Raises:
            SnapshotError: another version's state, or one made with other settings.
        """
        state = unpack(f"pipeline {self.config.digest()}", 1, _State, data)
        self.intake.restore(state.intake)
        self.order.restore(state.order)
        self.clustering.restore(state.clustering)
        self.cascades.restore(state.cascades)
        self._received, self._applied = state.received, state.applied
        self._late, self._rejected = state.late, state.rejected


__all__ = ["RULE_VERSION", "Counts", "Output", "Pipeline"]
