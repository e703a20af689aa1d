"""The cascade lane: steps of one partition, and the cascades handed over to it, become alerts."""

import asyncio
from collections import deque
from typing import Any

import msgspec

from detectors.pipeline.cascade_stage import CascadeStage, Spread
from schemas.alert import Alert, Provenance
from schemas.base import encode
from schemas.frame import CascadeCommands, StateTransferChunk
from schemas.sighting import Position
from streams.live.app import StageApp
from streams.live.io.buffer import Record
from streams.live.io.checkpoints import Checkpoint
from streams.live.io.in_flight import InFlightSends
from streams.live.tasks.cluster import ASSIGNMENTS
from streams.live.tasks.dead_letter import poison
from streams.live.tasks.stateful import StatefulTask

STATE_TRANSFERS, ALERTS = "state-transfers", "alerts"

_pack = msgspec.msgpack.Encoder().encode
_unpack_steps = msgspec.msgpack.Decoder(CascadeCommands).decode
_unpack_part = msgspec.msgpack.Decoder(StateTransferChunk).decode


class CascadeTask(StatefulTask):
    """Drives a `CascadeStage`.

    After a restart it goes through some input again and comes to alerts that stand on the topic already. It reads them
    back first, and says none of them twice.
    """

    def __init__(self, engine: StageApp, partition: int, provenance: Provenance) -> None:
        super().__init__(engine, partition)
        settings = engine.settings
        self._stage = CascadeStage(settings.pipeline, provenance, partition, settings.kafka.cascade_partitions)
        self._steps, self._handovers = self.inputs[ASSIGNMENTS], self.inputs[STATE_TRANSFERS]
        self._outbox = InFlightSends()
        self._at = {ASSIGNMENTS: 0, STATE_TRANSFERS: 0}
        self._said: set[str] = set()  # on the topic, and not yet come to by this state
        self._said_from = self._said_until = 0  # where on the topic those begin, and where all that is known ends

    def positions(self) -> dict[str, int]:
        """See `StatefulTask`."""
        return dict(self._at)

    def restore(self, checkpoint: Checkpoint | None) -> None:
        """See `StatefulTask`."""
        if checkpoint is not None:
            self._stage.restore(checkpoint.state)
            self._at = dict(checkpoint.positions)
            self._said_from = checkpoint.said_until

    async def open(self) -> None:
        """Restore, and see which alerts stand on the topic that the state does not know of."""
        await super().open()
        self._said, self._said_until = await self.engine.said(ALERTS, self.partition, self._said_from)

    async def snapshot(self) -> Checkpoint:
        """See `StatefulTask`."""
        await self._outbox.settle()
        said_until = self._said_from if self._said else self._said_until
        return Checkpoint(self.positions(), await self.in_thread(self._stage.snapshot), said_until)

    async def work(self) -> bool:
        """Apply one record, of a handover before one of steps."""
        if len(self._handovers):
            await self._receive()
        elif self._stage.waits_for is None and len(self._steps):
            await self._go_on()
        else:
            await self._outbox.settle()
            return await self._wait()
        await self._outbox.settle(self.engine.settings.worker.max_in_flight)
        return True

    async def _wait(self) -> bool:
        """Wait for either input; while a merge waits for a handover, for that one alone."""
        inputs = [self._handovers] if self._stage.waits_for is not None else [self._handovers, self._steps]
        waits = [asyncio.create_task(one.wait(1.0)) for one in inputs]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        for one in self.inputs.values():
            one.look_after()
        return any(len(one) for one in inputs)

    async def _receive(self) -> None:
        record = self._handovers.take()
        self._read_bytes += len(record.value)
        waited = self._stage.waits_for is not None
        try:
            part = _unpack_part(record.value)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            await poison(self.engine, Position(STATE_TRANSFERS, self.partition, record.offset), record.value, error)
        else:
            await self._spread(await self.in_thread(lambda: self._stage.receive(part)))
        self._at[STATE_TRANSFERS] = record.offset + 1
        if waited and self._stage.waits_for is None:
            self._at[ASSIGNMENTS] += 1  # the record that had to wait is done now

    async def _go_on(self) -> None:
        """Apply the steps that are there, up to a merge that has to wait."""
        records = self._steps.take_some(self.engine.settings.worker.max_in_flight)
        poisoned: list[tuple[Record, Exception]] = []
        spread = await self.in_thread(lambda: self._apply(records, poisoned))
        await self._spread(spread)
        for record, error in poisoned:
            await poison(self.engine, Position(ASSIGNMENTS, self.partition, record.offset), record.value, error)
        self._steps.give_back(records)
        self.engine.metrics.cascades.labels(str(self.partition)).set(len(self._stage.cascades))

    def _apply(self, records: deque[Record], poisoned: list[tuple[Record, Exception]]) -> Spread:
        out = Spread(alerts=[], transfers=[])
        while records and self._stage.waits_for is None:
            record = records.popleft()
            self._read_bytes += len(record.value)
            self._at[ASSIGNMENTS] = record.offset
            try:
                steps = _unpack_steps(record.value)
            except (msgspec.DecodeError, msgspec.ValidationError) as error:
                poisoned.append((record, error))
            else:
                spread = self._stage.update(steps)
                out.alerts += spread.alerts
                out.transfers += spread.transfers
                self.engine.metrics.events.labels("cascade").inc(
                    sum(one.assignment is not None for one in steps.commands)
                )
            if self._stage.waits_for is None:
                self._at[ASSIGNMENTS] = record.offset + 1
        return out

    async def _spread(self, spread: Spread) -> None:
        sent: list[asyncio.Future[Any]] = []
        for target, part in spread.transfers:
            sent.append(await self.engine.send(STATE_TRANSFERS, target, None, _pack(part)))
        for alert in spread.alerts:
            if alert.alert_id in self._said:
                self._said.remove(alert.alert_id)
            else:
                sent.append(await self._say(alert))
        if sent:
            self._outbox.add(0, sent)

    async def _say(self, alert: Alert) -> "asyncio.Future[Any]":
        future = await self.engine.send(ALERTS, self.partition, alert.cluster_id.encode(), encode(alert))
        future.add_done_callback(self._note)
        self.engine.metrics.alert(alert)
        return future

    def _note(self, future: "asyncio.Future[Any]") -> None:
        """Remember up to where the topic holds what this state has said."""
        if not future.cancelled() and future.exception() is None:
            self._said_until = max(self._said_until, future.result().offset + 1)
