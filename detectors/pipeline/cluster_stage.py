"""The live cluster stage: frames of the ordered log in, numbered steps for each cascade partition out.

It is a function of the ordered log alone. Frames that come again are recognised by their offsets; the steps that they
would lead to were numbered the first time. So whoever takes the stage over repeats at worst, and never differs.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from detectors.pipeline.config import PipelineConfig
from detectors.pipeline.ordered_clustering import OrderedClustering, Released
from detectors.reference.matcher import ReferenceMatcher
from detectors.similarity.embedding import Embedder, Vectors
from detectors.snapshot import SnapshotError, pack, unpack
from schemas.assignment import Assignment, Merge
from schemas.frame import CascadeCommand, CascadeCommands, EventBatch, WatermarkReport
from schemas.sighting import Sighting


class _State(msgspec.Struct, array_like=True):
    assigner: bytes
    next_offset: dict[int, int]
    next_step: list[int]
    told: int
    expected: int
    merges: int
    received: int
    rejected: int
    missing: int


def partition_for(cluster_id: str, partitions: int) -> int:
    """The cascade partition that a cluster lives on."""
    digest = hashlib.blake2b(cluster_id.encode(), digest_size=8, person=b"hearsay:home").digest()
    return int.from_bytes(digest, "big") % partitions


class ClusterStage:
    """Orders and clusters one realm's events; the only writer of its cascades' steps.

    Memory is that of `OrderedClustering`, and two integers for each source and cascade partition.
    """

    def __init__(
        self, config: PipelineConfig, embedder: Embedder, partitions: int, recogniser: ReferenceMatcher | None = None
    ) -> None:
        """`partitions` is the number of cascade partitions; it is part of the state. The recogniser is not."""
        self.assigner = OrderedClustering(config, embedder, recogniser)
        self._config = config
        self._partitions = partitions
        self._next_offset: dict[int, int] = {}
        self._next_step = [0] * partitions
        self._told = -config.order.max_out_of_orderness_ms
        self._expected = self._merges = 0
        self._received = self._rejected = 0
        self.missing = 0

    def release(self, frame: EventBatch) -> Released:
        """Take what is new in a frame; give the sightings whose turn has come, for `apply`."""
        order = self.assigner.order
        if frame.partitions > self._expected:
            order.expect(range(self._expected, frame.partitions))
            self._expected = frame.partitions
        fresh = self._fresh(frame)
        released = self.assigner.release(fresh)
        if frame.idle and frame.end >= self._next_offset[frame.partition]:
            released += self.assigner.mark_idle(frame.partition)
        return released

    def apply(
        self, released: Released, texts: Sequence[str] = (), vectors: Vectors | None = None
    ) -> list[CascadeCommands]:
        """Cluster what was released; give the steps of each cascade partition that has any, numbered."""
        steps: list[list[CascadeCommand]] = [[] for _ in range(self._partitions)]
        for item in self.assigner.apply(released, texts, vectors):
            if isinstance(item, int):
                self._tell(steps, item)
            elif isinstance(item, Merge):
                self._merges += 1
                for partition in sorted(
                    {partition_for(item.absorbed, len(steps)), partition_for(item.survivor, len(steps))}
                ):
                    steps[partition].append(CascadeCommand(merge=item, merge_number=self._merges))
            else:
                steps[partition_for(item.cluster_id, len(steps))].append(CascadeCommand(assignment=_light(item)))
        if self.assigner.order.watermark > self._told:
            self._told = self.assigner.order.watermark
            self._tell(steps, self._told)
        return [self._number(partition, given) for partition, given in enumerate(steps) if given]

    def account(self) -> WatermarkReport:
        """How far the log has come, and where its events went."""
        order, clustering = self.assigner.order, self.assigner.clustering
        return WatermarkReport(
            realm=self._config.clustering.realm,
            time=order.watermark,
            received=self._received,
            applied=self.assigner.applied,
            duplicates=order.duplicates,
            late=self.assigner.late,
            rejected=self._rejected,
            waiting=order.waiting,
            unmatched=clustering.unmatched,
            forced=order.forced,
            withheld=self.assigner.withheld,
            missing=self.missing,
        )

    def snapshot(self) -> bytes:
        """Everything, at a boundary between frames."""
        state = _State(
            self.assigner.snapshot(),
            self._next_offset,
            self._next_step,
            self._told,
            self._expected,
            self._merges,
            self._received,
            self._rejected,
            self.missing,
        )
        return pack(f"cluster {self._config.digest()}", 1, state)

    def restore(self, data: bytes) -> None:
        """Take up where `snapshot` was taken.

        Raises:
            SnapshotError: another version's state, one made with other settings, or for another number of partitions.
        """
        state = unpack(f"cluster {self._config.digest()}", 1, _State, data)
        if len(state.next_step) != self._partitions:
            raise SnapshotError(
                f"the cascade partitions must be those that the state was made with; got {self._partitions}, were "
                f"{len(state.next_step)}; set kafka.cascade_partitions back, or start a new prefix and replay the log"
            )
        self.assigner.restore(state.assigner)
        self._next_offset, self._next_step = state.next_offset, state.next_step
        self._told, self._expected, self._merges = state.told, state.expected, state.merges
        self._received, self._rejected, self.missing = state.received, state.rejected, state.missing

    def _fresh(self, frame: EventBatch) -> list[Sighting]:
        """The sightings that no earlier frame stood for; counts what is new, and what the log had lost before."""
        begin = self._next_offset.get(frame.partition, 0)
        if frame.start > begin:
            self.missing += frame.start - begin
        fresh = [seen.sighting for seen in frame.entries if seen.offset >= begin]
        refused = sum(1 for offset in frame.rejected if offset >= begin)
        self._received += len(fresh) + refused
        self._rejected += refused
        self._next_offset[frame.partition] = max(begin, frame.end)
        return fresh

    def _tell(self, steps: list[list[CascadeCommand]], watermark: int) -> None:
        for partition in steps:
            partition.append(CascadeCommand(watermark=watermark))

    def _number(self, partition: int, steps: list[CascadeCommand]) -> CascadeCommands:
        first = self._next_step[partition]
        self._next_step[partition] = first + len(steps)
        return CascadeCommands(partition=partition, partitions=self._partitions, first=first, commands=tuple(steps))


def _light(assignment: Assignment) -> Assignment:
    """Leave the vector behind: no cascade asks for it."""
    if assignment.sighting.vector is None:
        return assignment
    return msgspec.structs.replace(assignment, sighting=msgspec.structs.replace(assignment.sighting, vector=None))
