"""The intake lane: raw events of one source partition become frames of sightings; what cannot be used, rejections."""

import asyncio
import contextlib
import logging
from typing import Any

import msgspec

from detectors.ordering.idleness import Idleness
from detectors.pipeline.intake import Intake
from detectors.privacy.pseudonym import Pseudonymiser
from schemas.base import encode
from schemas.frame import BatchEntry, EventBatch
from schemas.rejection import Rejection
from schemas.sighting import Position
from streams.live.app import StageApp
from streams.live.io.buffer import Record
from streams.live.tasks.base import StatelessTask

FORWARDS, SIGHTINGS, REJECTIONS = "forwards", "sightings", "rejections"

_log = logging.getLogger(__name__)
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(EventBatch).decode
_LOOK_BACK = 16  # records on `sightings`: the last may be somebody else's


class IntakeTask(StatelessTask):
    """Validates, pseudonymises and normalises the events of one partition.

    It keeps nothing: how far the partition has come, by which the watermark downstream goes, stands in the frames that
    were sent. To learn it anew would take some events more, and a stream that is at its end has none.
    """

    def __init__(self, engine: StageApp, partition: int, pseudonymiser: Pseudonymiser) -> None:
        super().__init__(engine, partition)
        pipeline = engine.settings.pipeline
        self._intake = Intake(pipeline.intake, pipeline.order, pseudonymiser)
        self._idleness = Idleness(pipeline.order)
        self._check_s = min(1.0, pipeline.order.idle_timeout_ms / 4000)
        self._progress = 0

    async def open(self) -> None:
        """Begin where the group stands, and where the last frames say that the partition had come."""
        for value in await self.engine.newest(SIGHTINGS, self.partition, _LOOK_BACK):
            with contextlib.suppress(msgspec.DecodeError, msgspec.ValidationError):  # not ours; embed refuses it
                self._progress = max(self._progress, _unpack(value).progress)
        self._intake.resume(self.partition, self._progress)
        await super().open()

    async def step(self) -> None:
        """Make one frame of what is there, or see whether the partition is idle."""
        if await self.input.wait(self._check_s):
            await self._frame()
        elif not self.closing:
            await self.outbox.settle()
            await self._see_whether_idle()
        await self.commit({FORWARDS: self.outbox.done})

    async def _frame(self) -> None:
        worker = self.engine.settings.worker
        begin = end = self.outbox.done if not len(self.outbox) else self._end
        seen: list[BatchEntry] = []
        refused: list[int] = []
        sent: list[asyncio.Future[Any]] = []
        size = 0
        deadline = asyncio.get_running_loop().time() + worker.linger_ms / 1000
        while len(seen) + len(refused) < worker.batch_max_events and size < worker.batch_max_bytes:
            if not len(self.input) and not await self.input.wait(deadline - asyncio.get_running_loop().time()):
                break
            record = self.input.take()
            size += len(record.value)
            end = record.offset + 1
            result = self._read(record)
            if isinstance(result, Rejection):
                refused.append(record.offset)
                sent.append(await self._reject(result))
            else:
                seen.append(BatchEntry(record.offset, result))
        await self._send(begin, end, seen, refused, sent)

    def _read(self, record: Record) -> Any:
        position = Position(FORWARDS, self.partition, record.offset)
        return self._intake.update(record.value, position)

    async def _reject(self, rejection: Rejection) -> "asyncio.Future[Any]":
        self.engine.metrics.rejections.labels("intake", rejection.reason.value).inc()
        key = f"{rejection.position.source}/{rejection.position.partition}/{rejection.position.offset}".encode()
        return await self.engine.send(REJECTIONS, 0, key, encode(rejection))

    async def _send(
        self, begin: int, end: int, seen: list[BatchEntry], refused: list[int], sent: "list[asyncio.Future[Any]]",
        *, idle: bool = False,
    ) -> None:  # fmt: skip
        if seen:
            self._progress = seen[-1].sighting.progress
        frame = EventBatch(
            partition=self.partition,
            partitions=self.engine.partitions,
            start=begin,
            end=end,
            entries=tuple(seen),
            rejected=tuple(refused),
            idle=idle,
            progress=self._progress,
        )
        sent.append(await self.engine.send(SIGHTINGS, self.partition, None, _pack(frame)))
        self._end = end
        self.outbox.add(end, sent)
        self.engine.metrics.events.labels("intake").inc(len(seen) + len(refused))
        if seen:
            self.engine.metrics.progress.labels(str(self.partition)).set(self._progress / 1000)
            self._idleness.note_event()
        await self.outbox.settle(self.engine.settings.worker.max_in_flight)

    async def _see_whether_idle(self) -> None:
        caught_up = await self.engine.caught_up(FORWARDS, self.partition, self.input.due) and not len(self.input)
        if self._idleness.check(_now_ms(), caught_up=caught_up):
            _log.info("partition idle", extra={"partition": self.partition, "offset": self.input.due})
            await self._send(self.outbox.done, self.outbox.done, [], [], [], idle=True)

    _end = 0


def _now_ms() -> int:
    """Milliseconds of the loop's clock: only differences count."""
    return int(asyncio.get_running_loop().time() * 1000)
