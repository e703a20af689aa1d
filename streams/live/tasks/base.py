"""A lane does one partition's work in order; what every stage's lane has in common is here.

No exception escapes an agent, because Faust would skip the event that raised it: whatever a lane cannot do stops the
worker, with nothing committed, and the next worker takes it up where the last position stands.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

from faust.types import TP, EventT

from streams.live.app import StageApp
from streams.live.io.buffer import PartitionBuffer
from streams.live.io.in_flight import InFlightSends


class PartitionTask:
    """One partition of a stage. A subclass opens it at a position and does one step after the other."""

    def __init__(self, engine: StageApp, partition: int) -> None:
        self.engine = engine
        self.partition = partition
        bound = (
            2 * engine.settings.worker.batch_max_events
            if engine.reads_events
            else 2 * engine.settings.worker.max_in_flight
        )
        self.inputs = {
            name: PartitionBuffer(engine.consumer, TP(engine.topic(name), partition), bound) for name in engine.inputs
        }
        self.closing = False
        self._task: asyncio.Task[None] | None = None
        self._event: EventT[Any] | None = None
        self._committed_at = 0.0
        self._committed: dict[str, int] = {}

    async def open(self) -> None:
        """Find the position, restore what there is, and open each input."""
        raise NotImplementedError

    async def step(self) -> None:
        """Do some work, or wait for some; come back every second at least."""
        raise NotImplementedError

    async def settle(self) -> None:
        """Finish what was begun and commit, before the partition goes to another worker."""
        raise NotImplementedError

    def start(self, event: EventT[Any] | None = None) -> None:
        """Begin. The tables know the partition by the event in whose context the lane began, so it is kept."""
        self._event = event
        self._task = asyncio.create_task(self._run(), name=f"{self.engine.stage}-{self.partition}")

    async def close(self, *, finish: bool) -> None:
        """Stop: after the step at hand and the commit of what it led to, or at once."""
        self.closing = True
        task = self._task
        if task is None:
            return
        if finish:
            await asyncio.wait([task], timeout=self.engine.settings.worker.drain_timeout_ms / 1000)
        for one in self.inputs.values():
            one.close()
        self.engine.metrics.forget(self.engine.stage, self.partition)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def commit(self, positions: Mapping[str, int], *, now: bool = False) -> None:
        """Commit input positions by topic, at most once in `worker.commit_interval_ms` unless it must be `now`."""
        clock = asyncio.get_running_loop().time()
        due = clock - self._committed_at >= self.engine.settings.worker.commit_interval_ms / 1000
        if positions == self._committed or not (now or due):
            return
        await self.engine.commit({TP(self.engine.topic(name), self.partition): at for name, at in positions.items()})
        self._committed, self._committed_at = dict(positions), clock

    async def _run(self) -> None:
        try:
            await self.open()
            while not self.closing:
                await self.step()
            await self.settle()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - see the head of this module
            self.engine.fail(error, partition=self.partition)


class StatelessTask(PartitionTask):
    """A lane of a stage that keeps no state: its position is what the group has committed."""

    def __init__(self, engine: StageApp, partition: int) -> None:
        super().__init__(engine, partition)
        (self.name,) = engine.inputs
        self.input = self.inputs[self.name]
        self.outbox = InFlightSends()

    async def open(self) -> None:
        """Begin where the group stands."""
        position = (await self.engine.committed(self.name, self.partition)).offset
        self.outbox.done = position
        self._committed = {self.name: position}
        self.input.open(position)

    async def settle(self) -> None:
        """Wait for what was sent, then commit it."""
        await self.outbox.settle()
        await self.commit({self.name: self.outbox.done}, now=True)
