"""The embed lane: the vectors of new texts, computed off the event loop, travel on with their frames in order."""

import asyncio
from collections import deque

import msgspec

from detectors.pipeline.prefetch import Prefetcher
from schemas.frame import BatchEntry, EventBatch
from schemas.sighting import Position
from streams.live.app import StageApp
from streams.live.io.buffer import Record
from streams.live.tasks.base import StatelessTask
from streams.live.tasks.dead_letter import poison
from streams.live.vectors import TextVectors

SIGHTINGS, ORDERED = "sightings", "ordered"

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(EventBatch).decode


class EmbedTask(StatelessTask):
    """Hands the new texts of several frames to the model at once; frames leave in the order in which they came."""

    def __init__(self, engine: StageApp, partition: int, novelty: Prefetcher, vectors: TextVectors) -> None:
        super().__init__(engine, partition)
        self._novelty = novelty
        self._vectors = vectors
        self._under_way: deque[tuple[int, asyncio.Task[bytes | None]]] = deque()

    async def step(self) -> None:
        """Begin with the frames that are there; send on the oldest one that is done."""
        worker = self.engine.settings.worker
        while len(self.input) and len(self._under_way) < worker.max_in_flight:
            record = self.input.take()
            task = asyncio.create_task(self._embedded(record))
            self._under_way.append((record.offset + 1, task))
        if self._under_way:
            await self._send_oldest()
        elif not await self.input.wait(1.0):
            await self.outbox.settle()
        await self.commit({SIGHTINGS: self.outbox.done})

    async def close(self, *, finish: bool) -> None:
        """Stop, and wait for no vector any more."""
        await super().close(finish=finish)
        for _, task in self._under_way:
            task.cancel()

    async def settle(self) -> None:
        """Finish what was begun."""
        while self._under_way:
            await self._send_oldest()
        await super().settle()

    async def _send_oldest(self) -> None:
        position, task = self._under_way[0]
        data = await task
        self._under_way.popleft()
        sent = [] if data is None else [await self.engine.send(ORDERED, 0, None, data)]
        self.outbox.add(position, sent)
        await self.outbox.settle(self.engine.settings.worker.max_in_flight)

    async def _embedded(self, record: Record) -> bytes | None:
        try:
            frame = _unpack(record.value)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            await poison(self.engine, Position(SIGHTINGS, self.partition, record.offset), record.value, error)
            return None
        self.engine.metrics.events.labels("embed").inc(len(frame.entries))
        texts = self._novelty.texts_to_embed(seen.sighting for seen in frame.entries)
        if not texts:
            return record.value
        self.engine.metrics.novel.inc(len(texts))
        vectors = dict(zip(texts, await self._vectors.of(texts), strict=True))
        return _pack(
            msgspec.structs.replace(frame, entries=tuple(_with_vector(seen, vectors) for seen in frame.entries))
        )


def _with_vector(seen: BatchEntry, vectors: dict[str, bytes]) -> BatchEntry:
    """The sighting with its text's vector; each vector travels once in a frame."""
    vector = vectors.pop(seen.sighting.content.normal, None)
    return seen if vector is None else BatchEntry(seen.offset, msgspec.structs.replace(seen.sighting, vector=vector))
