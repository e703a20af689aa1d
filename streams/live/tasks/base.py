"""Process one partition in order: the base classes of every stage's task.

Faust would skip an event whose agent raised an exception. So no exception reaches the agent: a task that fails stops
the worker without a commit, and the next worker resumes from the last committed offset.
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
    """The work on one partition of a stage. A subclass implements `prepare`, `step` and `drain`."""

    def __init__(self, app: StageApp, partition: int) -> None:
        self.app = app
        self.partition = partition
        worker = app.settings.worker
        max_records = 2 * (worker.batch_max_events if app.reads_events else worker.max_in_flight)
        self.inputs = {
            name: PartitionBuffer(app.consumer, TP(app.topic(name), partition), max_records) for name in app.inputs
        }
        self.stopping = False
        self._task: asyncio.Task[None] | None = None
        self._event: EventT[Any] | None = None
        self._committed_at = 0.0
        self._committed: dict[str, int] = {}

    async def prepare(self) -> None:
        """Restore the state, if any, and open each input at its next offset."""
        raise NotImplementedError

    async def step(self) -> None:
        """Do some work or wait for input; return at least once a second."""
        raise NotImplementedError

    async def drain(self) -> None:
        """Finish pending work and commit, before the partition moves to another worker."""
        raise NotImplementedError

    def start(self, event: EventT[Any] | None = None) -> None:
        """Start the task. Faust tables read the partition from the current event, so `event` is kept alive."""
        self._event = event
        self._task = asyncio.create_task(self._run(), name=f"{self.app.stage}-{self.partition}")

    async def stop(self, *, finish: bool) -> None:
        """Stop the task.

        Args:
            finish: complete the current step, drain and commit first, within `worker.drain_timeout_ms`; False cancels
                the task at once.
        """
        self.stopping = True
        task = self._task
        if task is None:
            return
        if finish:
            await asyncio.wait([task], timeout=self.app.settings.worker.drain_timeout_ms / 1000)
        for buffer in self.inputs.values():
            buffer.close()
        self.app.metrics.forget(self.app.stage, self.partition)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def commit(self, next_offsets: Mapping[str, int], *, now: bool = False) -> None:
        """Commit the next offset of each input topic.

        Args:
            next_offsets: by topic; committing the same offsets again does nothing.
            now: commit even if the last commit is less than `worker.commit_interval_ms` ago.
        """
        clock = asyncio.get_running_loop().time()
        due = clock - self._committed_at >= self.app.settings.worker.commit_interval_ms / 1000
        if next_offsets == self._committed or not (now or due):
            return
        await self.app.commit(
            {TP(self.app.topic(name), self.partition): offset for name, offset in next_offsets.items()}
        )
        self._committed, self._committed_at = dict(next_offsets), clock

    async def _run(self) -> None:
        try:
            await self.prepare()
            while not self.stopping:
                await self.step()
            await self.drain()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - see the module's docstring
            self.app.fail(error, partition=self.partition)


class StatelessTask(PartitionTask):
    """A task without state: its offset is the committed offset of the group."""

    def __init__(self, app: StageApp, partition: int) -> None:
        super().__init__(app, partition)
        (self.name,) = app.inputs
        self.input = self.inputs[self.name]
        self.in_flight = InFlightSends(0)

    async def prepare(self) -> None:
        """Open the input at the group's committed offset."""
        offset = (await self.app.committed(self.name, self.partition)).offset
        self.in_flight.done = offset
        self._committed = {self.name: offset}
        self.input.open(offset)

    async def drain(self) -> None:
        """Wait for the acknowledgement of all sent records, then commit."""
        await self.in_flight.flush()
        await self.commit({self.name: self.in_flight.done}, now=True)
