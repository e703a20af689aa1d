"""Keep a task's state in checkpoints, and decide when to write the next checkpoint.

A task writes a checkpoint when it has read several times as many bytes of input as its state has, so the cost of saving
stays a fraction of the work at any state size. A task also writes a checkpoint after a silence and when it stops.
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

_INPUT_PER_STATE = 4  # bytes of input to read for each byte of state that is written again

_log = logging.getLogger(__name__)


class StatefulTask(PartitionTask):
    """A task whose state is a function of its input, and is saved with the input offsets."""

    def __init__(self, app: StageApp, partition: int) -> None:
        super().__init__(app, partition)
        assert app.table is not None  # noqa: S101 - the stage is stateful
        self._checkpoints = Checkpoints(app.table, partition)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"{app.stage}-{partition}")
        self._read_bytes = 0  # of input since the last checkpoint
        self._saved_bytes = 0  # of the last checkpoint
        self._saved: dict[str, int] = {}
        self._quiet_since: float | None = None

    def offsets(self) -> dict[str, int]:
        """Return, by input topic, the offset of the first unapplied record."""
        raise NotImplementedError

    def restore(self, checkpoint: Checkpoint | None) -> None:
        """Restore the state from a checkpoint, or start with empty state for None."""
        raise NotImplementedError

    async def snapshot(self) -> Checkpoint:
        """Return the state and its offsets, once every resulting record is acknowledged."""
        raise NotImplementedError

    async def work(self) -> bool:
        """Do one step of work; return False after a wait without input."""
        raise NotImplementedError

    async def in_thread(self, do: Callable[[], T]) -> T:
        """Run a slow call in the task's own thread, so the event loop can send heartbeats."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, do)

    async def prepare(self) -> None:
        """Restore the latest checkpoint, and open each input at the checkpoint's offset.

        Raises:
            UserError: the state cannot be restored under the current settings, or the changelog has lost the state.
        """
        begun = time.monotonic()
        checkpoint = self._checkpoints.latest()
        committed = {name: await self.app.committed(name, self.partition) for name in self.inputs}
        self._committed = {name: one.offset for name, one in committed.items()}
        if checkpoint is None:
            self._refuse_lost_state([one for one in committed.values() if one.committed])
            offsets = dict(self._committed)
        else:
            offsets = checkpoint.offsets
            self._saved_bytes = len(checkpoint.state)
        await self._restore(checkpoint)
        self._saved = dict(offsets)
        for name, buffer in self.inputs.items():
            buffer.open(offsets[name])
        _log.info(
            "state restored",
            extra={
                "stage": self.app.stage,
                "partition": self.partition,
                "bytes": self._saved_bytes,
                "seconds": round(time.monotonic() - begun, 3),
                "offsets": offsets,
            },
        )

    async def step(self) -> None:
        """Do one step of work, and write a checkpoint if necessary."""
        clock = asyncio.get_running_loop().time()
        if await self.work():
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = clock
        worker = self.app.settings.worker
        silent = self._quiet_since is not None and clock - self._quiet_since >= worker.checkpoint_idle_ms / 1000
        if silent or self._read_bytes >= max(worker.checkpoint_bytes, _INPUT_PER_STATE * self._saved_bytes):
            await self.save()

    async def drain(self) -> None:
        """Write a last checkpoint before the partition moves to another worker."""
        await self.save()
        self._thread.shutdown(wait=False)

    async def save(self) -> None:
        """Write a checkpoint and commit its offsets, unless no input was read since the last checkpoint."""
        if self.offsets() == self._saved:
            return
        begun = time.monotonic()
        checkpoint = await self.snapshot()
        self._saved_bytes = await self._checkpoints.write(checkpoint)
        await self.commit(checkpoint.offsets, now=True)
        self._saved, self._read_bytes = dict(checkpoint.offsets), 0
        self._quiet_since = None
        self.app.metrics.state_bytes.labels(self.app.stage, str(self.partition)).set(self._saved_bytes)
        self.app.metrics.checkpoint_seconds.labels(self.app.stage).observe(time.monotonic() - begun)

    async def _restore(self, checkpoint: Checkpoint | None) -> None:
        try:
            await self.in_thread(lambda: self.restore(checkpoint))
        except SnapshotError as error:
            raise UserError(
                f"cannot restore the state of stage {self.app.stage}, partition {self.partition}, under the current "
                f"settings: {error}; set back every setting that was changed since, or start anew under another "
                "kafka.prefix"
            ) from error

    def _refuse_lost_state(self, committed: list[CommittedOffset]) -> None:
        if committed:
            raise UserError(
                f"the state of stage {self.app.stage}, partition {self.partition}, is lost: its group has committed "
                f"offset {committed[0].offset}, but there is no checkpoint in "
                f"{self.app.group}-checkpoints-changelog; restore that topic, or start anew under another kafka.prefix"
            )
