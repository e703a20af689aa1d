"""Run the cluster stage: the ordered log becomes numbered commands for each cascade partition."""

import asyncio
from collections import deque
from functools import partial

import msgspec

from detectors.pipeline.cluster_stage import ClusterStage
from detectors.pipeline.ordered.clustering import OrderedItems
from detectors.reference.matcher import ReferenceMatcher
from schemas.base import encode
from schemas.cascade_commands import CascadeCommands
from schemas.event_batch import EventBatch
from schemas.sighting import Position
from schemas.watermark_report import WatermarkReport
from streams.live.app import StageApp
from streams.live.io.buffer import Record
from streams.live.io.checkpoints import Checkpoint
from streams.live.io.in_flight import InFlightSends
from streams.live.tasks.dead_letter import publish_dead_letter
from streams.live.tasks.embed import ORDERED
from streams.live.tasks.stateful import StatefulTask
from streams.live.vectors import TextVectors, to_rows

ASSIGNMENTS, WATERMARKS = "assignments", "watermarks"

_REPORT_S = 1.0  # between two watermark reports, at least

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(EventBatch).decode


class ClusterTask(StatefulTask):
    """Drives a `ClusterStage`. Its input is one partition, because one writer decides for the whole realm."""

    def __init__(
        self, app: StageApp, partition: int, vectors: TextVectors, matcher: ReferenceMatcher | None = None
    ) -> None:
        super().__init__(app, partition)
        settings = app.settings
        self._stage = ClusterStage(settings.pipeline, vectors, settings.kafka.cascade_partitions, matcher)
        self._vectors = vectors
        self._input = self.inputs[ORDERED]
        self._in_flight = InFlightSends(0)
        self._next_offset = 0
        self._reported_at = 0.0
        self._reported: WatermarkReport | None = None

    def offsets(self) -> dict[str, int]:
        """See `StatefulTask`."""
        return {ORDERED: self._next_offset}

    def restore(self, checkpoint: Checkpoint | None) -> None:
        """See `StatefulTask`."""
        if checkpoint is not None:
            self._stage.restore(checkpoint.state)
            self._next_offset = checkpoint.offsets[ORDERED]

    async def snapshot(self) -> Checkpoint:
        """See `StatefulTask`."""
        await self._in_flight.flush()
        return Checkpoint(self.offsets(), await self.in_thread(self._stage.snapshot))

    async def work(self) -> bool:
        """Apply the buffered event batches, and send the resulting commands."""
        max_in_flight = self.app.settings.worker.max_in_flight
        if not await self._input.wait(1.0):
            await self._report_watermark(now=True)
            await self._in_flight.flush()
            return False
        records = self._input.take_many(max_in_flight)
        self._read_bytes += sum(len(record.value) for record in records)
        next_offset = records[-1].offset + 1
        commands = await self._apply(records)
        sent = [await self.app.send(ASSIGNMENTS, one.partition, None, _pack(one)) for one in commands]
        self._next_offset = next_offset
        self._in_flight.add(next_offset, sent)
        await self._report_watermark()
        await self._in_flight.flush(max_in_flight)
        return True

    async def _apply(self, records: deque[Record]) -> list[CascadeCommands]:
        commands: list[CascadeCommands] = []
        unreadable: list[tuple[Record, Exception]] = []
        while records:
            items, wanted = await self.in_thread(partial(self._apply_known, records, commands, unreadable))
            if wanted:
                rows = to_rows(await self._vectors.of(wanted))
                commands += await self.in_thread(partial(self._stage.assign, items, wanted, rows))
        for record, error in unreadable:
            position = Position(ORDERED, self.partition, record.offset)
            await publish_dead_letter(self.app, position, record.value, error)
        return commands

    def _apply_known(
        self, records: deque[Record], commands: list[CascadeCommands], unreadable: list[tuple[Record, Exception]]
    ) -> tuple[OrderedItems, list[str]]:
        """Apply event batches until a batch needs vectors.

        Returns:
            The ordered, unapplied items of the batch that needs vectors, and the texts to embed; both are empty
            when all records are applied.
        """
        while records:
            record = records.popleft()
            try:
                batch = _unpack(record.value)
            except (msgspec.DecodeError, msgspec.ValidationError) as error:
                unreadable.append((record, error))
                continue
            self.app.metrics.events.labels("cluster").inc(len(batch.entries))
            items = self._stage.reorder(batch)
            wanted = self._stage.ordered_clustering.texts_to_embed(items)
            if wanted:
                return items, wanted
            commands += self._stage.assign(items)
        return [], []

    async def _report_watermark(self, *, now: bool = False) -> None:
        """Publish the watermark and the event counts, once a second at most unless `now`."""
        clock = asyncio.get_running_loop().time()
        if not now and clock - self._reported_at < _REPORT_S:
            return
        report = self._stage.report()
        if report == self._reported:
            return
        self._reported, self._reported_at = report, clock
        sent = [await self.app.send(WATERMARKS, 0, report.realm.encode(), encode(report))]
        self._in_flight.add(self._next_offset, sent)
        self.app.metrics.observe_report(report, len(self._stage.ordered_clustering.clustering))
