"""Run the cascade stage on one partition: commands and transferred cascades become alerts."""

import asyncio
from collections import deque
from typing import Any

import msgspec

from detectors.pipeline.cascade_stage import CascadeStage, StageOutput
from schemas.alert import Alert, Provenance
from schemas.base import encode
from schemas.cascade_commands import CascadeCommands
from schemas.sighting import Position
from schemas.state_transfer_chunk import StateTransferChunk
from streams.live.app import StageApp
from streams.live.io.buffer import Record
from streams.live.io.checkpoints import Checkpoint
from streams.live.io.in_flight import InFlightSends
from streams.live.tasks.cluster import ASSIGNMENTS
from streams.live.tasks.dead_letter import publish_dead_letter
from streams.live.tasks.stateful import StatefulTask

STATE_TRANSFERS, ALERTS = "state-transfers", "alerts"

_pack = msgspec.msgpack.Encoder().encode
_unpack_commands = msgspec.msgpack.Decoder(CascadeCommands).decode
_unpack_chunk = msgspec.msgpack.Decoder(StateTransferChunk).decode


class CascadeTask(StatefulTask):
    """Drives a `CascadeStage`.

    After a restart the task processes some input again and produces alerts that are already on the topic. It reads the
    ids of published alerts back first, and publishes none twice.
    """

    def __init__(self, app: StageApp, partition: int, provenance: Provenance) -> None:
        super().__init__(app, partition)
        settings = app.settings
        self._stage = CascadeStage(settings.pipeline, provenance, partition, settings.kafka.cascade_partitions)
        self._commands, self._transfers = self.inputs[ASSIGNMENTS], self.inputs[STATE_TRANSFERS]
        self._in_flight = InFlightSends(0)
        self._offsets = {ASSIGNMENTS: 0, STATE_TRANSFERS: 0}
        self._published_ids: set[str] = set()  # on the topic, and not yet produced again by this state
        self._read_back_from = 0  # offset on `alerts` from which `_published_ids` were read
        self._published_offset = 0  # offset on `alerts` behind the last known alert

    def offsets(self) -> dict[str, int]:
        """See `StatefulTask`."""
        return dict(self._offsets)

    def restore(self, checkpoint: Checkpoint | None) -> None:
        """See `StatefulTask`."""
        if checkpoint is not None:
            self._stage.restore(checkpoint.state)
            self._offsets = dict(checkpoint.offsets)
            self._read_back_from = checkpoint.published_offset

    async def prepare(self) -> None:
        """Restore the state, and read back the ids of alerts published after the checkpoint."""
        await super().prepare()
        self._published_ids, self._published_offset = await self.app.published_alert_ids(
            ALERTS, self.partition, self._read_back_from
        )

    async def snapshot(self) -> Checkpoint:
        """See `StatefulTask`."""
        await self._in_flight.flush()
        published_offset = self._read_back_from if self._published_ids else self._published_offset
        return Checkpoint(self.offsets(), await self.in_thread(self._stage.snapshot), published_offset)

    async def work(self) -> bool:
        """Apply buffered input: a state transfer first, else commands."""
        if len(self._transfers):
            await self._receive_transfer()
        elif self._stage.awaited_merge is None and len(self._commands):
            await self._apply_commands()
        else:
            await self._in_flight.flush()
            return await self._wait()
        await self._in_flight.flush(self.app.settings.worker.max_in_flight)
        return True

    async def _wait(self) -> bool:
        """Wait for either input, or for a state transfer alone while a merge needs the transfer."""
        inputs = [self._transfers] if self._stage.awaited_merge is not None else [self._transfers, self._commands]
        waits = [asyncio.create_task(one.wait(1.0)) for one in inputs]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        for one in self.inputs.values():
            one.rewind_if_stalled()
        return any(len(one) for one in inputs)

    async def _receive_transfer(self) -> None:
        record = self._transfers.take()
        self._read_bytes += len(record.value)
        waited = self._stage.awaited_merge is not None
        try:
            chunk = _unpack_chunk(record.value)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            position = Position(STATE_TRANSFERS, self.partition, record.offset)
            await publish_dead_letter(self.app, position, record.value, error)
        else:
            await self._send(await self.in_thread(lambda: self._stage.receive(chunk)))
        self._offsets[STATE_TRANSFERS] = record.offset + 1
        if waited and self._stage.awaited_merge is None:
            self._offsets[ASSIGNMENTS] += 1  # the record that had to wait is applied now

    async def _apply_commands(self) -> None:
        """Apply buffered commands, up to a merge that has to wait for a state transfer."""
        records = self._commands.take_many(self.app.settings.worker.max_in_flight)
        unreadable: list[tuple[Record, Exception]] = []
        output = await self.in_thread(lambda: self._apply(records, unreadable))
        await self._send(output)
        for record, error in unreadable:
            position = Position(ASSIGNMENTS, self.partition, record.offset)
            await publish_dead_letter(self.app, position, record.value, error)
        self._commands.put_back(records)
        self.app.metrics.cascades.labels(str(self.partition)).set(len(self._stage.cascades))

    def _apply(self, records: deque[Record], unreadable: list[tuple[Record, Exception]]) -> StageOutput:
        output = StageOutput(alerts=[], transfers=[])
        while records and self._stage.awaited_merge is None:
            record = records.popleft()
            self._read_bytes += len(record.value)
            self._offsets[ASSIGNMENTS] = record.offset
            try:
                batch = _unpack_commands(record.value)
            except (msgspec.DecodeError, msgspec.ValidationError) as error:
                unreadable.append((record, error))
            else:
                step = self._stage.update(batch)
                output.alerts += step.alerts
                output.transfers += step.transfers
                self.app.metrics.events.labels("cascade").inc(
                    sum(command.assignment is not None for command in batch.commands)
                )
            if self._stage.awaited_merge is None:
                self._offsets[ASSIGNMENTS] = record.offset + 1
        return output

    async def _send(self, output: StageOutput) -> None:
        sent: list[asyncio.Future[Any]] = []
        for target, chunk in output.transfers:
            sent.append(await self.app.send(STATE_TRANSFERS, target, None, _pack(chunk)))
        for alert in output.alerts:
            if alert.alert_id in self._published_ids:
                self._published_ids.remove(alert.alert_id)
            else:
                sent.append(await self._publish(alert))
        if sent:
            self._in_flight.add(0, sent)

    async def _publish(self, alert: Alert) -> "asyncio.Future[Any]":
        future = await self.app.send(ALERTS, self.partition, alert.cluster_id.encode(), encode(alert))
        future.add_done_callback(self._note_published)
        self.app.metrics.observe_alert(alert)
        return future

    def _note_published(self, future: "asyncio.Future[Any]") -> None:
        """Advance the offset behind the last acknowledged alert."""
        if not future.cancelled() and future.exception() is None:
            self._published_offset = max(self._published_offset, future.result().offset + 1)
