"""The cluster lane: the ordered log becomes steps for each cascade partition."""

import asyncio
from collections import deque
from functools import partial
from typing import Any

import msgspec

from detectors.pipeline.cluster_stage import ClusterStage
from detectors.pipeline.ordered_clustering import Released
from detectors.reference.matcher import ReferenceMatcher
from schemas.base import encode
from schemas.frame import CascadeCommands, EventBatch
from schemas.sighting import Position
from streams.live.app import StageApp
from streams.live.io.buffer import Record
from streams.live.io.checkpoints import Checkpoint
from streams.live.io.in_flight import InFlightSends
from streams.live.tasks.dead_letter import poison
from streams.live.tasks.embed import ORDERED
from streams.live.tasks.stateful import StatefulTask
from streams.live.vectors import TextVectors, to_rows

ASSIGNMENTS, WATERMARKS = "assignments", "watermarks"

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(EventBatch).decode


class ClusterTask(StatefulTask):
    """Drives a `ClusterStage`; its input is one partition, because one writer decides for the whole realm."""

    def __init__(
        self, engine: StageApp, partition: int, vectors: TextVectors, recogniser: ReferenceMatcher | None = None
    ) -> None:
        super().__init__(engine, partition)
        settings = engine.settings
        self._stage = ClusterStage(settings.pipeline, vectors, settings.kafka.cascade_partitions, recogniser)
        self._vectors = vectors
        self._input = self.inputs[ORDERED]
        self._outbox = InFlightSends()
        self._position = 0
        self._told_at = 0.0
        self._told: Any = None

    def positions(self) -> dict[str, int]:
        """See `StatefulTask`."""
        return {ORDERED: self._position}

    def restore(self, checkpoint: Checkpoint | None) -> None:
        """See `StatefulTask`."""
        if checkpoint is not None:
            self._stage.restore(checkpoint.state)
            self._position = checkpoint.positions[ORDERED]

    async def snapshot(self) -> Checkpoint:
        """See `StatefulTask`."""
        await self._outbox.settle()
        return Checkpoint(self.positions(), await self.in_thread(self._stage.snapshot))

    async def work(self) -> bool:
        """Apply the frames that are there."""
        most = self.engine.settings.worker.max_in_flight
        if not await self._input.wait(1.0):
            await self._tell(now=True)
            await self._outbox.settle()
            return False
        records = self._input.take_some(most)
        self._read_bytes += sum(len(record.value) for record in records)
        position = records[-1].offset + 1
        steps = await self._apply(records)
        sent = [await self.engine.send(ASSIGNMENTS, one.partition, None, _pack(one)) for one in steps]
        self._position = position
        self._outbox.add(position, sent)
        await self._tell()
        await self._outbox.settle(most)
        return True

    async def _apply(self, records: deque[Record]) -> list[CascadeCommands]:
        steps: list[CascadeCommands] = []
        poisoned: list[tuple[Record, Exception]] = []
        while records:
            released, wanted = await self.in_thread(partial(self._go_on, records, steps, poisoned))
            if wanted:
                rows = to_rows(await self._vectors.of(wanted))
                steps += await self.in_thread(partial(self._stage.apply, released, wanted, rows))
        for record, error in poisoned:
            await poison(self.engine, Position(ORDERED, self.partition, record.offset), record.value, error)
        return steps

    def _go_on(
        self, records: deque[Record], steps: list[CascadeCommands], poisoned: list[tuple[Record, Exception]]
    ) -> tuple[Released, list[str]]:
        """Apply frames one after the other, until one wants vectors: its sightings are released and not applied."""
        while records:
            record = records.popleft()
            try:
                frame = _unpack(record.value)
            except (msgspec.DecodeError, msgspec.ValidationError) as error:
                poisoned.append((record, error))
                continue
            self.engine.metrics.events.labels("cluster").inc(len(frame.entries))
            released = self._stage.release(frame)
            wanted = self._stage.assigner.texts_to_embed(released)
            if wanted:
                return released, wanted
            steps += self._stage.apply(released)
        return [], []

    async def _tell(self, *, now: bool = False) -> None:
        """Publish how far the log has come, once a second at most."""
        clock = asyncio.get_running_loop().time()
        if not now and clock - self._told_at < 1.0:
            return
        account = self._stage.account()
        if account == self._told:
            return
        self._told, self._told_at = account, clock
        sent = [await self.engine.send(WATERMARKS, 0, account.realm.encode(), encode(account))]
        self._outbox.add(self._position, sent)
        self.engine.metrics.tell(account, self._stage.assigner)
