"""Live cluster stage: event batches of the ordered log in, numbered commands for each cascade partition out.

The stage is a function of the ordered log. It recognises repeated batches by their offsets, and numbers commands in the
order of the log. A worker that takes over the stage may repeat commands, and never issues different ones.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from detectors.pipeline.config import PipelineConfig
from detectors.pipeline.ordered.clustering import OrderedClustering, OrderedItems, WatermarkMark
from detectors.pipeline.ordered.log import OrderedLog
from detectors.reference.matcher import ReferenceMatcher
from detectors.similarity.embedding import Embedder, Vectors
from detectors.snapshot import SnapshotError, pack, unchanged, unpack
from schemas.assignment import Merge
from schemas.cascade_commands import CascadeCommand, CascadeCommands
from schemas.event_batch import EventBatch
from schemas.watermark_report import WatermarkReport

_Commands = list[list[CascadeCommand]]  # by cascade partition


class _State(msgspec.Struct, array_like=True):
    ordered_clustering: bytes
    next_offset: dict[int, int]
    next_command: list[int]
    sent_watermark: int
    source_partitions: int
    merges: int
    received: int
    rejected: int
    missing: int


def partition_for(cluster_id: str, partitions: int) -> int:
    """Return the cascade partition of a cluster, 0 to `partitions` - 1."""
    digest = hashlib.blake2b(cluster_id.encode(), digest_size=8, person=b"hearsay:home").digest()
    return int.from_bytes(digest, "big") % partitions


class ClusterStage:
    """Orders and clusters the events of one realm; the only writer of its cascade commands.

    Memory is that of `OrderedClustering`, and two integers per source partition and cascade partition.

    Args:
        config: every setting that can change an outcome.
        embedder: the embedding model.
        partitions: number of cascade partitions; part of the state.
        matcher: claims and harm examples to compare new wordings with; no part of the state.
    """

    def __init__(
        self, config: PipelineConfig, embedder: Embedder, partitions: int, matcher: ReferenceMatcher | None = None
    ) -> None:
        self.ordered_clustering = OrderedClustering(config, embedder, matcher)
        self._config = config
        self._partitions = partitions
        self._log = OrderedLog(self.ordered_clustering)
        self._next_command = [0] * partitions
        self._sent_watermark = -config.order.max_out_of_orderness_ms
        self._merges = 0

    def reorder(self, batch: EventBatch) -> OrderedItems:
        """Push the new events of a batch into the reorder buffer; return the items to `assign`."""
        return self._log.reorder(batch)

    def assign(
        self, items: OrderedItems, texts: Sequence[str] = (), vectors: Vectors | None = None
    ) -> list[CascadeCommands]:
        """Assign ordered items to clusters; return the numbered commands of each partition with commands.

        For `texts` and `vectors` see `OrderedClustering.assign`.
        """
        commands: _Commands = [[] for _ in range(self._partitions)]
        for item in self.ordered_clustering.assign(items, texts, vectors):
            if isinstance(item, WatermarkMark):
                _broadcast_watermark(commands, item.time)
            elif isinstance(item, Merge):
                self._add_merge(commands, item)
            else:
                commands[partition_for(item.cluster_id, self._partitions)].append(CascadeCommand(assignment=item))
        watermark = self.ordered_clustering.order.watermark
        if watermark > self._sent_watermark:
            self._sent_watermark = watermark
            _broadcast_watermark(commands, watermark)
        return [self._number(partition, given) for partition, given in enumerate(commands) if given]

    def report(self) -> WatermarkReport:
        """Report the watermark and the event counts."""
        log, ordered_clustering, order = self._log, self.ordered_clustering, self.ordered_clustering.order
        return WatermarkReport(
            realm=self._config.clustering.realm,
            time=order.watermark,
            received=log.received,
            applied=ordered_clustering.applied,
            duplicates=order.duplicates,
            late=ordered_clustering.late,
            rejected=log.rejected,
            waiting=order.waiting,
            unmatched=ordered_clustering.clustering.unmatched,
            conflicts=order.conflicts,
            revised=ordered_clustering.clustering.revised,
            forced=order.forced,
            withheld=ordered_clustering.withheld,
            missing=log.missing,
            corrected=ordered_clustering.corrected,
            ahead=order.outliers.total,
            catching_up=ordered_clustering.catching_up,
            late_streams=order.lateness.report(),
            coarse_times=ordered_clustering.resolution.report(),
        )

    def snapshot(self) -> bytes:
        """Return the state, at a boundary between batches."""
        state = _State(
            self.ordered_clustering.snapshot(),
            self._log.next_offset,
            self._next_command,
            self._sent_watermark,
            self._log.source_partitions,
            self._merges,
            self._log.received,
            self._log.rejected,
            self._log.missing,
        )
        return pack(f"cluster {self._config.digest()}", 3, state)

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot.

        Raises:
            SnapshotError: the snapshot has another version, other settings, or another number of partitions.
        """
        state = unpack(f"cluster {self._config.digest()}", 3, _State, data, {1: unchanged, 2: unchanged})
        if len(state.next_command) != self._partitions:
            raise SnapshotError(
                f"the state was saved with {len(state.next_command)} cascade partitions, but {self._partitions} are "
                "configured; set kafka.cascade_partitions back, or start a new kafka.prefix and replay the log"
            )
        self.ordered_clustering.restore(state.ordered_clustering)
        self._next_command = state.next_command
        self._sent_watermark, self._merges = state.sent_watermark, state.merges
        log = self._log
        log.next_offset, log.source_partitions = state.next_offset, state.source_partitions
        log.received, log.rejected, log.missing = state.received, state.rejected, state.missing

    def _add_merge(self, commands: _Commands, merge: Merge) -> None:
        """Number a merge, and command both sides to merge."""
        self._merges += 1
        sides = {partition_for(cluster_id, self._partitions) for cluster_id in (merge.absorbed, merge.survivor)}
        for partition in sorted(sides):
            commands[partition].append(CascadeCommand(merge=merge, merge_number=self._merges))

    def _number(self, partition: int, commands: list[CascadeCommand]) -> CascadeCommands:
        first = self._next_command[partition]
        self._next_command[partition] = first + len(commands)
        return CascadeCommands(partition=partition, partitions=self._partitions, first=first, commands=tuple(commands))


def _broadcast_watermark(commands: _Commands, watermark: int) -> None:
    for partition in commands:
        partition.append(CascadeCommand(watermark=watermark))
