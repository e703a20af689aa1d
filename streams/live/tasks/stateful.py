"""What the lanes of the stages with state have in common: checkpoints, and when one is due.

A checkpoint is written when the input since the last one weighs a few times as much as the state itself, so that saving
stays a fraction of the work whatever the state's size; and when a lane falls silent or stops.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from detectors.snapshot import SnapshotError
from streams.errors import UserError
from streams.kafka.offsets import CommittedOffset
from streams.live.app import StageApp
from streams.live.io.checkpoints import Checkpoint, Checkpoints
from streams.live.tasks.base import PartitionTask

T = TypeVar("T")

_RARELY = 4  # bytes read for each byte of state that is written again

_log = logging.getLogger(__name__)


class StatefulTask(PartitionTask):
    """A lane whose state is a function of its input, saved now and then together with the input's positions."""

    def __init__(self, engine: StageApp, partition: int) -> None:
        super().__init__(engine, partition)
        assert engine.table is not None  # noqa: S101 - the stage is stateful
        self._checkpoints = Checkpoints(engine.table, partition)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"{engine.stage}-{partition}")
        self._read_bytes = 0  # of input since the last checkpoint
        self._saved_bytes = 0  # of the last checkpoint
        self._saved: dict[str, int] = {}
        self._quiet_since: float | None = None

    def positions(self) -> dict[str, int]:
        """By topic, the offset from which on the input has not been applied."""
        raise NotImplementedError

    def restore(self, checkpoint: Checkpoint | None) -> None:
        """Take up a checkpoint, or begin with nothing."""
        raise NotImplementedError

    async def snapshot(self) -> Checkpoint:
        """The state and what it stands for, when everything that it led to is acknowledged."""
        raise NotImplementedError

    async def work(self) -> bool:
        """Do one step of work; False where there was none for a while."""
        raise NotImplementedError

    async def in_thread(self, do: Callable[[], T]) -> T:
        """Do what takes time beside the event loop, so that heartbeats go on."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, do)

    async def open(self) -> None:
        """Restore the newest checkpoint; begin where it ends."""
        begun = time.monotonic()
        checkpoint = self._checkpoints.newest()
        places = {name: await self.engine.committed(name, self.partition) for name in self.inputs}
        committed = {name: place.offset for name, place in places.items()}
        if checkpoint is None:
            self._refuse_lost_state([place for place in places.values() if place.committed])
            positions = committed
        else:
            positions = checkpoint.positions
            self._saved_bytes = len(checkpoint.state)
        await self._restore(checkpoint)
        self._saved = dict(positions)
        self._committed = dict(committed)
        for name, one in self.inputs.items():
            one.open(positions[name])
        _log.info(
            "state restored",
            extra={
                "stage": self.engine.stage,
                "partition": self.partition,
                "bytes": self._saved_bytes,
                "seconds": round(time.monotonic() - begun, 3),
                "positions": positions,
            },
        )

    async def step(self) -> None:
        """Work; save when it is time to."""
        clock = asyncio.get_running_loop().time()
        if await self.work():
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = clock
        worker = self.engine.settings.worker
        silent = self._quiet_since is not None and clock - self._quiet_since >= worker.checkpoint_idle_ms / 1000
        if silent or self._read_bytes >= max(worker.checkpoint_bytes, _RARELY * self._saved_bytes):
            await self.save()

    async def settle(self) -> None:
        """Save before the partition goes to another worker."""
        await self.save()
        self._thread.shutdown(wait=False)

    async def save(self) -> None:
        """Write a checkpoint and commit its positions, unless nothing was read since the last."""
        if self.positions() == self._saved:
            return
        begun = time.monotonic()
        checkpoint = await self.snapshot()
        self._saved_bytes = await self._checkpoints.write(checkpoint)
        await self.commit(checkpoint.positions, now=True)
        self._saved, self._read_bytes = dict(checkpoint.positions), 0
        self._quiet_since = None
        self.engine.metrics.state_bytes.labels(self.engine.stage, str(self.partition)).set(self._saved_bytes)
        self.engine.metrics.checkpoint_seconds.labels(self.engine.stage).observe(time.monotonic() - begun)

    async def _restore(self, checkpoint: Checkpoint | None) -> None:
        try:
            await self.in_thread(lambda: self.restore(checkpoint))
        except SnapshotError as error:
            raise UserError(
                f"the saved state must be one that these settings can go on from; got {error} ({self.engine.stage}, "
                f"partition {self.partition}); set back every setting that was changed since, or start anew under "
                "another kafka.prefix"
            ) from error

    def _refuse_lost_state(self, committed: list[CommittedOffset]) -> None:
        if committed:
            raise UserError(
                f"a stage that has read must have its state; got committed offset {committed[0].offset} in partition "
                f"{self.partition} and no checkpoint in {self.engine.group}-checkpoints-changelog; restore that "
                "topic, or start anew under another kafka.prefix"
            )
