"""All stages in one object, from raw events to alerts, with counts that add up.

A replay drives this object; live workers drive the same stages one by one. Both apply the same events in the same
order, so both reach the same decisions.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from detectors.alerting.evidence import AlertContext
from detectors.ordering.event_time import event_time_state
from detectors.pipeline.cascades import CascadeOutput, Cascades, Trace
from detectors.pipeline.config import PipelineConfig
from detectors.pipeline.intake import Intake
from detectors.pipeline.ordered.clustering import OrderedClustering, OrderedItems, WatermarkMark
from detectors.privacy.pseudonym import Pseudonymiser
from detectors.reading.profile import InputProfile
from detectors.reference.matcher import ReferenceMatcher
from detectors.similarity.embedding import Embedder
from detectors.snapshot import Older, pack, unchanged, unpack
from schemas.alert import Provenance
from schemas.rejection import Reason, Rejection
from schemas.sighting import Position, RawEvent, Sighting
from schemas.watermark_report import LateStream

RULE_VERSION = 1
"""Version of the alerting rules, part of every alert's id: raised when equal evidence leads to another decision."""


class PipelineOutput(CascadeOutput):
    """Alerts, table rows and rejections of a batch, each list in order."""

    rejections: list[Rejection] = msgspec.field(default_factory=list)


class IntakeResult(msgspec.Struct, frozen=True):
    """A batch after intake. Pipelines with equal intake settings may share the result."""

    sightings: list[Sighting]
    rejections: list[Rejection]


class StreamCounts(msgspec.Struct, frozen=True):
    """Number of events by outcome; after `finish`, received = applied + duplicates + late + rejected."""

    received: int
    applied: int
    duplicates: int
    late: int
    rejected: int
    waiting: int
    unmatched: int  # of the applied events: statements about an unknown message
    conflicts: int  # of the duplicates: another event with the event_id of an earlier one
    revised: int  # of the applied events: edits and further parts of posts that count already
    forced: int  # of the applied events: emitted early because the reorder buffer was full
    withheld: int  # cascades that met the base threshold while the alert budget required a higher one
    corrected: int = 0  # events whose claimed time was replaced by the time of observation
    ahead: int = 0  # of the applied events: held back, because later events contradict their time
    catching_up: int = 0  # events read by a listener that was behind
    late_streams: tuple[LateStream, ...] = ()  # platforms and chats with many late events
    frames: int = 0  # clusters recognised as a frame
    coarse_times: dict[str, str] = {}  # platforms whose times are full days, hours or minutes only: "day", ...

    @property
    def balanced(self) -> bool:
        """True if the outcomes add up to the received events."""
        return self.received == self.applied + self.duplicates + self.late + self.rejected + self.waiting


class _State(msgspec.Struct, array_like=True):
    intake: dict[int, bytes]
    ordered_clustering: bytes
    cascades: bytes
    received: int
    rejected: int


def _with_event_times(state: list[Any]) -> list[Any]:
    """Convert version 2, with the progress of each partition: its event time begins without late readings."""
    progress, *rest = state
    return [{partition: event_time_state(data) for partition, data in progress.items()}, *rest]


class Pipeline:
    """Feeds batches of raw events through every stage.

    Args:
        config: every setting that can change an outcome.
        embedder: the embedding model; called with batches of normal texts without an exact or lexical match.
        pseudonymiser: holds the key of the identifiers' digests.
        code_version: of the program, for provenance.
        trace: called with a name and a struct for every decision, for explanations; slows the run down.
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
        reference_digest = None if matcher is None else matcher.digest
        made_by = provenance(config, code_version, embedder.revision, pseudonymiser.key_id, reference_digest)
        self.config = config
        self.intake = Intake(config.intake, config.order, pseudonymiser)
        self.ordered_clustering = OrderedClustering(config, embedder, matcher)
        context = AlertContext(config.evidence, config.policy, made_by)
        self.cascades = Cascades(config.cascade_settings(), context, trace)
        self._received = self._rejected = 0

    def feed(self, batch: Sequence[RawEvent]) -> PipelineOutput:
        """Process raw events in order of arrival."""
        return self.apply(self.read(batch))

    def read(self, batch: Sequence[RawEvent]) -> IntakeResult:
        """Pass raw events through intake alone."""
        result = IntakeResult([], [])
        for event in batch:
            sighting = self.intake.update(*event)
            if isinstance(sighting, Rejection):
                result.rejections.append(sighting)
            else:
                result.sightings.append(sighting)
        return result

    def apply(self, result: IntakeResult) -> PipelineOutput:
        """Pass a result of intake through every other stage."""
        out = PipelineOutput(rejections=list(result.rejections))
        self._received += len(result.sightings) + len(result.rejections)
        self._rejected += len(result.rejections)
        self.emit(self.ordered_clustering.reorder(result.sightings), out)
        return out

    def expect(self, partitions: Iterable[int]) -> None:
        """Hold the watermark until each of the partitions has delivered an event or ended."""
        self.ordered_clustering.order.expect(partitions)

    def end(self, partition: int) -> PipelineOutput:
        """Release the watermark from an ended partition; return the output of the emitted events."""
        out = PipelineOutput()
        self.emit(self.ordered_clustering.mark_idle(partition), out)
        return out

    def emit(self, items: OrderedItems, out: PipelineOutput) -> None:
        """Pass items of the reorder buffer through every later stage, and add the results to an output."""
        self._apply(items, out)
        self.cascades.advance(self.event_time, out)

    def reject(self, raw: bytes, position: Position, reason: Reason, detail: str) -> Rejection:
        """Count a record without a deliverable event, and return the rejection."""
        self._received += 1
        self._rejected += 1
        return self.intake.reject(raw, position, reason, detail)

    def finish(self) -> PipelineOutput:
        """Apply all waiting events, and add the rows of open clusters, at the end of a recording."""
        out = PipelineOutput()
        items = self.ordered_clustering.flush()
        self.cascades.stop_timers(self.event_time)
        self._apply(items, out)
        self.cascades.finish(out)
        return out

    @property
    def event_time(self) -> int:
        """Watermark in ms of event time; negative before the first event."""
        return self.ordered_clustering.order.watermark

    @property
    def profile(self) -> InputProfile:
        """Fields, repairs and envelopes of the events since the start of the process."""
        return self.intake.profile

    @property
    def counts(self) -> StreamCounts:
        """Number of events by outcome so far."""
        ordered_clustering, order = self.ordered_clustering, self.ordered_clustering.order
        return StreamCounts(
            received=self._received,
            applied=ordered_clustering.applied,
            duplicates=order.duplicates,
            late=ordered_clustering.late,
            rejected=self._rejected,
            waiting=order.waiting,
            unmatched=ordered_clustering.clustering.unmatched,
            conflicts=order.conflicts,
            revised=ordered_clustering.clustering.revised,
            forced=order.forced,
            withheld=ordered_clustering.withheld,
            frames=ordered_clustering.clustering.frames,
            corrected=ordered_clustering.corrected,
            ahead=order.outliers.total,
            catching_up=ordered_clustering.catching_up,
            late_streams=order.lateness.report(),
            coarse_times=ordered_clustering.resolution.report(),
        )

    def snapshot(self) -> bytes:
        """Return the state of every stage, at a boundary between batches."""
        state = _State(
            self.intake.snapshot(),
            self.ordered_clustering.snapshot(),
            self.cascades.snapshot(),
            self._received,
            self._rejected,
        )
        return pack(f"pipeline {self.config.digest()}", 7, state)

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot made with the same settings.

        Raises:
            SnapshotError: `data` is not such a snapshot, or has another version or other settings.
        """
        older: Older = {2: _with_event_times, 3: unchanged, 4: unchanged, 5: unchanged, 6: unchanged}
        state = unpack(f"pipeline {self.config.digest()}", 7, _State, data, older)
        self.intake.restore(state.intake)
        self.ordered_clustering.restore(state.ordered_clustering)
        self.cascades.restore(state.cascades)
        self._received, self._rejected = state.received, state.rejected

    def _apply(self, items: OrderedItems, out: PipelineOutput) -> None:
        for item in self.ordered_clustering.assign(items):
            if isinstance(item, WatermarkMark):
                self.cascades.advance(item.time, out)
            else:
                self.cascades.update(item, out)


def provenance(
    config: PipelineConfig, code_version: str, model_revision: str, key_id: str, reference_digest: str | None = None
) -> Provenance:
    """Build the provenance of every alert."""
    return Provenance(
        code_version=code_version,
        rule_version=RULE_VERSION,
        detector=config.growth.detector,
        settings_digest=config.digest(),
        model_revision=model_revision,
        key_id=key_id,
        reference_digest=reference_digest,
    )
