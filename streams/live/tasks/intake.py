"""Run the intake stage on one source partition: raw events become event batches of sightings, or rejections."""

import asyncio
import contextlib
import logging
from typing import Any

import msgspec

from detectors.ordering.idleness import Idleness
from detectors.pipeline.intake import Intake
from schemas.base import encode
from schemas.event_batch import BatchEntry, EventBatch
from schemas.rejection import Rejection
from schemas.sighting import Position
from streams.live.app import StageApp
from streams.live.io.buffer import Record
from streams.live.tasks.base import StatelessTask

FORWARDS, SIGHTINGS, REJECTIONS = "forwards", "sightings", "rejections"

_log = logging.getLogger(__name__)
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(EventBatch).decode
_EVENTS_A_TURN = 4  # that are read again for each of the recent senders that count
_LOOK_BACK = 16  # records on `sightings` to read at the start: some may be foreign


class IntakeTask(StatelessTask):
    """Validates, pseudonymises and normalises the events of one partition.

    The task stores no state. At its start it reads the partition's progress in event time, from which the watermark is
    computed downstream, back from the event batches that were sent last: estimating the progress anew would take
    several events, and a stream near its end has too few. Then the task reads the events before its first one again,
    without sending them, because recent senders and late readings decide the time of the next events.
    """

    def __init__(self, app: StageApp, partition: int) -> None:
        super().__init__(app, partition)
        pipeline = app.settings.pipeline
        self._intake = Intake(pipeline.intake, pipeline.order, app.pseudonymiser)
        self._idleness = Idleness(pipeline.order)
        self._check_s = min(1.0, pipeline.order.idle_timeout_ms / 4000)
        self._progress = 0
        self._end = 0  # the next offset after the last batch that was sent

    async def prepare(self) -> None:
        """Restore the partition's progress from the last event batches, and open the input at the committed offset."""
        for value in await self.app.last_values(SIGHTINGS, self.partition, _LOOK_BACK):
            with contextlib.suppress(msgspec.DecodeError, msgspec.ValidationError):  # a foreign record
                self._progress = max(self._progress, _unpack(value).progress)
        self._intake.set_progress(self.partition, self._progress)
        await super().prepare()
        begin = self.in_flight.done
        span = range(max(0, begin - _EVENTS_A_TURN * self.app.settings.pipeline.order.confirmation_window), begin)
        for event in await self.app.events_of(FORWARDS, self.partition, span):
            self._intake.update(*event)

    async def step(self) -> None:
        """Send one event batch, or check whether the partition is idle; then commit."""
        if await self.input.wait(self._check_s):
            await self._read_batch()
        elif not self.stopping:
            await self.in_flight.flush()
            await self._check_idle()
        await self.commit({FORWARDS: self.in_flight.done})

    async def _read_batch(self) -> None:
        worker = self.app.settings.worker
        begin = end = self.in_flight.done if not len(self.in_flight) else self._end
        entries: list[BatchEntry] = []
        rejected: list[int] = []
        sent: list[asyncio.Future[Any]] = []
        size = count = 0
        deadline = asyncio.get_running_loop().time() + worker.linger_ms / 1000
        while count < worker.batch_max_events and size < worker.batch_max_bytes:
            if not len(self.input) and not await self.input.wait(deadline - asyncio.get_running_loop().time()):
                break
            record = self.input.take()
            count += 1
            size += len(record.value)
            end = record.offset + 1
            if record.is_tombstone:
                self.app.metrics.tombstones.inc()
                continue
            result = self._read(record)
            if isinstance(result, Rejection):
                rejected.append(record.offset)
                sent.append(await self._reject(result))
            else:
                entries.append(BatchEntry(record.offset, result))
        await self._send(begin, end, entries, rejected, sent)

    def _read(self, record: Record) -> Any:
        position = Position(FORWARDS, self.partition, record.offset)
        return self._intake.update(record.value, position, record.recorded_at)

    async def _reject(self, rejection: Rejection) -> "asyncio.Future[Any]":
        self.app.metrics.rejections.labels("intake", rejection.reason.value).inc()
        key = f"{rejection.position.source}/{rejection.position.partition}/{rejection.position.offset}".encode()
        return await self.app.send(REJECTIONS, 0, key, encode(rejection))

    async def _send(
        self, begin: int, end: int, entries: list[BatchEntry], rejected: list[int], sent: "list[asyncio.Future[Any]]",
        *, idle: bool = False,
    ) -> None:  # fmt: skip
        if entries:
            self._progress = entries[-1].sighting.progress
        batch = EventBatch(
            partition=self.partition,
            partitions=self.app.partitions,
            start=begin,
            end=end,
            entries=tuple(entries),
            rejected=tuple(rejected),
            idle=idle,
            progress=self._progress,
        )
        sent.append(await self.app.send(SIGHTINGS, self.partition, None, _pack(batch)))
        self._end = end
        self.in_flight.add(end, sent)
        self.app.metrics.events.labels("intake").inc(len(entries) + len(rejected))
        if entries:
            self.app.metrics.partition_watermark.labels(str(self.partition)).set(self._progress / 1000)
            self._idleness.note_event()
        await self.in_flight.flush(self.app.settings.worker.max_in_flight)

    async def _check_idle(self) -> None:
        end = await self.app.log_end_behind(FORWARDS, self.partition, self.input.next_offset)
        if end is not None:
            self.input.skip_to(end)
        if self._idleness.check(_now_ms(), caught_up=end is not None and not len(self.input)):
            _log.info("partition idle", extra={"partition": self.partition, "offset": self.input.next_offset})
            await self._send(self.in_flight.done, self.in_flight.done, [], [], [], idle=True)


def _now_ms() -> int:
    """Return the event loop's clock in milliseconds; only differences are meaningful."""
    return int(asyncio.get_running_loop().time() * 1000)
