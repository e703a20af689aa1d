"""One embedding process as its parent sees it: started, asked with a deadline, ended; a failing one is replaced.

Plain pipes to a program of our own rather than multiprocessing or pebble: the event loop reads them without a thread,
a child gets its own environment (one thread each) and does not run the parent's main module again, and a process is
ours to kill and prove at every failure, where a pool library would hide which process had seen which text.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import msgspec

from streams.embedders.pool.config import PoolConfig
from streams.embedders.pool.worker import Answer, Failed, FailureKind, Job, Ready, TextBatch, Vectors, body_size, frame

PROBE = b"Two hostages have left the cafe"
"""A harmless text: a process that cannot embed it has a broken model."""

_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
_HEAD_BYTES = 4

_log = logging.getLogger(__name__)


class ChildFailure(Exception):  # noqa: N818  an expected outcome, handled where it arises
    """A process did not do what it was asked."""

    def __init__(self, kind: FailureKind, reason: str = "") -> None:
        super().__init__(f"{kind}: {reason}" if reason else kind)
        self.kind = kind
        self.reason = reason


class PoolProcess:
    """One running process with a model in it. After a `ChildFailure` it is of no more use and must be ended."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Hold a process that was started with pipes; use `start` to have one."""
        self._process = process
        self._requests = cast(asyncio.StreamWriter, process.stdin)
        self._answers = cast(asyncio.StreamReader, process.stdout)

    async def load(self, job: Job, seconds: float) -> Ready:
        """What its model is, once it is loaded.

        Raises:
            ChildFailure: no model can be made, or not in time.

        """
        answer = await self._ask(job, seconds)
        if isinstance(answer, Ready):
            return answer
        raise _failure(answer)

    async def embed(self, texts: Sequence[bytes], seconds: float) -> list[bytes]:
        """One vector a text, in the texts' order.

        Raises:
            ChildFailure: the vectors are wrong or absent, or not there in time.

        """
        answer = await self._ask(TextBatch(list(texts)), seconds)
        if isinstance(answer, Vectors):
            return answer.rows
        raise _failure(answer)

    def kill(self) -> None:
        """End it now, and what it has started: it leads a process group of its own."""
        if self._process.returncode is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:  # it ended just now
                return

    async def end(self) -> None:
        """Kill it, and wait until it is gone and its pipes are closed."""
        self.kill()
        self._requests.close()
        await self._answers.read()
        await self._process.wait()

    async def _ask(self, message: msgspec.Struct, seconds: float) -> Answer:
        try:
            async with asyncio.timeout(seconds):
                self._requests.write(frame(message))
                await self._requests.drain()
                size = body_size(await self._answers.readexactly(_HEAD_BYTES))
                body = await self._answers.readexactly(size)
        except TimeoutError:
            raise ChildFailure("timeout", f"silent for {seconds:g} s") from None
        except (OSError, EOFError):  # its end of a pipe is closed
            raise ChildFailure("died") from None
        return cast(Answer, msgspec.msgpack.decode(body, type=Answer))


class Keeper:
    """Keeps one process at work: starts it when it is needed, and after a failure a fresh one, with growing pauses.

    It belongs to one task. Each model that is loaded is shown to `on_ready`, which may refuse it with a `ChildFailure`.
    """

    def __init__(
        self,
        job: Job,
        config: PoolConfig,
        on_ready: Callable[[Ready], None],
        on_failure: Callable[[ChildFailure], None],
    ) -> None:
        self._job = job
        self._config = config
        self._on_ready = on_ready
        self._on_failure = on_failure
        self._child: PoolProcess | None = None
        self.failures = 0
        """How many there were in a row until now."""

    async def embed(self, texts: Sequence[bytes]) -> list[bytes] | None:
        """One vector a text, or None after a failure, which a fresh process is then due for."""
        try:
            child = self._child or await self._start()
            rows = await child.embed(texts, self._config.timeout_ms / 1000)
        except ChildFailure as failure:
            await self._replace(failure)
            return None
        self.failures = 0
        return rows

    async def prove(self) -> bool:
        """Wait, over any number of failures, until a process embeds the probe; whether there were none."""
        at_once = True
        while await self.embed([PROBE]) is None:
            at_once = False
        return at_once

    def kill(self) -> None:
        """End the process now, whatever it is doing."""
        if self._child:
            self._child.kill()

    async def end(self) -> None:
        """Kill the process and wait until it is gone."""
        child, self._child = self._child, None
        if child:
            await child.end()

    async def _start(self) -> PoolProcess:
        try:
            self._child = await start()
        except OSError as error:  # no memory or no process to be had
            raise ChildFailure("died", error.strerror or "") from None
        self._on_ready(await self._child.load(self._job, self._config.start_timeout_ms / 1000))
        return self._child

    async def _replace(self, failure: ChildFailure) -> None:
        await self.end()
        self.failures += 1
        _log.warning("embedding process failed", extra={"kind": failure.kind, "reason": failure.reason})
        self._on_failure(failure)
        await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        """Seconds before the next start: none after a first failure, which is most often an accident."""
        if self.failures < 2:
            return 0.0
        doublings = min(self.failures - 2, 32)  # past any limit
        return min(self._config.restart_delay_ms << doublings, self._config.max_restart_delay_ms) / 1000


async def start() -> PoolProcess:
    """A process that waits for its first message.

    On Linux it ends with the thread that starts it, which is the event loop's.

    Raises:
        OSError: the system has no room for another process.

    """
    return PoolProcess(
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # a folder that happens to be called `streams` where the worker was started is not ours
            "-m",
            "streams.embedders.pool.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | _ONE_THREAD | {"PYTHONPATH": _import_path()},
            start_new_session=True,  # an interrupt at the terminal is for the parent, which then ends its children
        )
    )


def _import_path() -> str:
    return os.pathsep.join(str(Path(path).absolute()) for path in sys.path)


def _failure(answer: Answer) -> ChildFailure:
    if isinstance(answer, Failed):
        return ChildFailure(answer.kind, answer.reason)
    return ChildFailure("invalid", f"a {type(answer).__name__} that was not asked for")
