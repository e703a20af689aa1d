"""Read the ordered log, batch by batch: the input of the live cluster stage, and of a replay that repeats a live run.

The log has the order in which events of all partitions arrived, and the partitions that fell silent. So each reader of
the log finds the same events late. A batch may be there twice, or be cut differently the second time.
"""

from detectors.pipeline.ordered.clustering import OrderedClustering, OrderedItems
from schemas.event_batch import EventBatch
from schemas.sighting import Sighting


class OrderedLog:
    """Position in the ordered log, and counts of its events. Memory: one integer for each source partition."""

    def __init__(self, ordered_clustering: OrderedClustering) -> None:
        self._ordered_clustering = ordered_clustering
        self.next_offset: dict[int, int] = {}  # by source partition
        self.source_partitions = 0
        self.received = self.rejected = 0
        self.missing = 0  # source offsets that the log does not cover

    def reorder(self, batch: EventBatch) -> OrderedItems:
        """Push the new events of a batch into the reorder buffer; return the items to assign."""
        ordered_clustering = self._ordered_clustering
        if batch.partitions > self.source_partitions:
            ordered_clustering.order.expect(range(self.source_partitions, batch.partitions))
            self.source_partitions = batch.partitions
        items = ordered_clustering.reorder(self._take_new(batch))
        if batch.idle and batch.end >= self.next_offset[batch.partition]:
            items += ordered_clustering.mark_idle(batch.partition)
        return items

    def _take_new(self, batch: EventBatch) -> list[Sighting]:
        """Return the sightings not covered by an earlier batch; count new events and offsets missing from the log."""
        begin = self.next_offset.get(batch.partition, 0)
        if batch.start > begin:
            self.missing += batch.start - begin
        new = [entry.sighting for entry in batch.entries if entry.offset >= begin]
        rejected = sum(1 for offset in batch.rejected if offset >= begin)
        self.received += len(new) + rejected
        self.rejected += rejected
        self.next_offset[batch.partition] = max(begin, batch.end)
        return new
