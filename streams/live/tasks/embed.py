"""Run the embed stage on one source partition: add the vectors of new texts to event batches, in order.

Other processes compute the vectors, so the event loop stays free.
"""

import asyncio
from collections import deque

import msgspec

from detectors.clustering.prefetch import Prefetcher
from schemas.event_batch import BatchEntry, EventBatch
from schemas.sighting import Position
from streams.live.app import StageApp
from streams.live.io.buffer import Record
from streams.live.tasks.base import StatelessTask
from streams.live.tasks.dead_letter import publish_dead_letter
from streams.live.vectors import TextVectors

SIGHTINGS, ORDERED = "sightings", "ordered"

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(EventBatch).decode


class EmbedTask(StatelessTask):
    """Embeds the new texts of several event batches at once, and sends the batches on in their order of arrival."""

    def __init__(self, app: StageApp, partition: int, prefetcher: Prefetcher, vectors: TextVectors) -> None:
        super().__init__(app, partition)
        self._prefetcher = prefetcher
        self._vectors = vectors
        self._pending: deque[tuple[int, asyncio.Task[bytes | None]]] = deque()

    async def step(self) -> None:
        """Start embedding all buffered event batches, and send the oldest batch when its vectors are complete."""
        worker = self.app.settings.worker
        while len(self.input) and len(self._pending) < worker.max_in_flight:
            record = self.input.take()
            task = asyncio.create_task(self._embed(record))
            self._pending.append((record.offset + 1, task))
        if self._pending:
            await self._send_oldest()
        elif not await self.input.wait(1.0):
            await self.in_flight.flush()
        await self.commit({SIGHTINGS: self.in_flight.done})

    async def stop(self, *, finish: bool) -> None:
        """Stop the task, and cancel the embedding of pending batches."""
        await super().stop(finish=finish)
        for _, task in self._pending:
            task.cancel()

    async def drain(self) -> None:
        """Send every pending event batch, then commit."""
        while self._pending:
            await self._send_oldest()
        await super().drain()

    async def _send_oldest(self) -> None:
        next_offset, task = self._pending[0]
        data = await task
        self._pending.popleft()
        sent = [] if data is None else [await self.app.send(ORDERED, 0, None, data)]
        self.in_flight.add(next_offset, sent)
        await self.in_flight.flush(self.app.settings.worker.max_in_flight)

    async def _embed(self, record: Record) -> bytes | None:
        try:
            batch = _unpack(record.value)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            position = Position(SIGHTINGS, self.partition, record.offset)
            await publish_dead_letter(self.app, position, record.value, error)
            return None
        self.app.metrics.events.labels("embed").inc(len(batch.entries))
        texts = self._prefetcher.texts_to_embed(entry.sighting for entry in batch.entries)
        if not texts:
            return record.value
        self.app.metrics.novel.inc(len(texts))
        vectors = dict(zip(texts, await self._vectors.of(texts), strict=True))
        return _pack(
            msgspec.structs.replace(batch, entries=tuple(_with_vector(entry, vectors) for entry in batch.entries))
        )


def _with_vector(entry: BatchEntry, vectors: dict[str, bytes]) -> BatchEntry:
    """Return the entry with its text's vector, and remove the vector: a batch carries each vector once."""
    vector = vectors.pop(entry.sighting.content.normal, None)
    return entry if vector is None else BatchEntry(entry.offset, msgspec.structs.replace(entry.sighting, vector=vector))
