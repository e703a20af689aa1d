"""Control one embedding process: start it, send requests with a deadline, stop it, and replace it after a failure.

ADR 17 explains why the pool uses plain pipes instead of a library.
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
from streams.embedders.pool.worker import (
    Answer,
    Failed,
    FailureKind,
    Job,
    Ready,
    TextBatch,
    Vectors,
    body_size,
    encode_message,
)

PROBE = b"Two hostages have left the cafe"
"""A harmless text: if a process cannot embed the probe, its model is broken."""

_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
_HEAD_BYTES = 4

_log = logging.getLogger(__name__)


class ChildFailure(Exception):  # noqa: N818  an expected outcome, handled close by
    """A process failed to answer a request."""

    def __init__(self, kind: FailureKind, reason: str = "") -> None:
        super().__init__(f"{kind}: {reason}" if reason else kind)
        self.kind = kind
        self.reason = reason


class PoolProcess:
    """A running process with a model. After a `ChildFailure` the process is unusable and must be stopped."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Wrap a process with pipes; `start_process` starts one."""
        self._process = process
        self._requests = cast(asyncio.StreamWriter, process.stdin)
        self._answers = cast(asyncio.StreamReader, process.stdout)

    async def load(self, job: Job, seconds: float) -> Ready:
        """Load the model and return its revision and dimension.

        Raises:
            ChildFailure: the model cannot be loaded, or not within `seconds`.

        """
        answer = await self._ask(job, seconds)
        if isinstance(answer, Ready):
            return answer
        raise _failure(answer)

    async def embed(self, texts: Sequence[bytes], seconds: float) -> list[bytes]:
        """Return one encoded vector for each text, in the texts' order.

        Raises:
            ChildFailure: the process returned no vectors or invalid vectors, or did not answer within `seconds`.

        """
        answer = await self._ask(TextBatch(list(texts)), seconds)
        if isinstance(answer, Vectors):
            return answer.rows
        raise _failure(answer)

    def kill(self) -> None:
        """Kill the process and its children; the process leads its own process group."""
        if self._process.returncode is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:  # already ended
                return

    async def stop(self) -> None:
        """Kill the process, and wait for the end of the process and the closing of all pipes."""
        self.kill()
        self._requests.close()
        await self._answers.read()
        await self._process.wait()

    async def _ask(self, message: msgspec.Struct, seconds: float) -> Answer:
        try:
            async with asyncio.timeout(seconds):
                self._requests.write(encode_message(message))
                await self._requests.drain()
                size = body_size(await self._answers.readexactly(_HEAD_BYTES))
                body = await self._answers.readexactly(size)
        except TimeoutError:
            raise ChildFailure("timeout", f"no answer for {seconds:g} s") from None
        except (OSError, EOFError):  # the process has closed its end of a pipe
            raise ChildFailure("died") from None
        return cast(Answer, msgspec.msgpack.decode(body, type=Answer))


class Supervisor:
    """Keeps one process running: starts it on demand, and replaces it after a failure, with growing delays.

    A supervisor belongs to one task of the event loop.

    Args:
        job: first message to each process.
        config: timeouts and delays.
        on_ready: called with each loaded model; may refuse the model with a `ChildFailure`.
        on_failure: called with each failure.
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
        """Number of failures in a row."""

    async def embed(self, texts: Sequence[bytes]) -> list[bytes] | None:
        """Return one encoded vector for each text, or None after a failure; the next call starts a fresh process."""
        try:
            child = self._child or await self._start()
            rows = await child.embed(texts, self._config.timeout_ms / 1000)
        except ChildFailure as failure:
            await self._replace(failure)
            return None
        self.failures = 0
        return rows

    async def probe(self) -> bool:
        """Wait until a process embeds the probe, over any number of failures; return True if there was no failure."""
        healthy = True
        while await self.embed([PROBE]) is None:
            healthy = False
        return healthy

    def kill(self) -> None:
        """Kill the process without waiting for its end."""
        if self._child:
            self._child.kill()

    async def stop(self) -> None:
        """Kill the process and wait until it has ended."""
        child, self._child = self._child, None
        if child:
            await child.stop()

    async def _start(self) -> PoolProcess:
        try:
            self._child = await start_process()
        except OSError as error:  # no memory or no process available
            raise ChildFailure("died", error.strerror or "") from None
        self._on_ready(await self._child.load(self._job, self._config.start_timeout_ms / 1000))
        return self._child

    async def _replace(self, failure: ChildFailure) -> None:
        await self.stop()
        self.failures += 1
        _log.warning("embedding process failed", extra={"kind": failure.kind, "reason": failure.reason})
        self._on_failure(failure)
        await asyncio.sleep(self._delay())

    def _delay(self) -> float:
        """Return the seconds before the next start: none after a first failure, often an accident."""
        if self.failures < 2:
            return 0.0
        doublings = min(self.failures - 2, 32)  # beyond any maximum
        return min(self._config.restart_delay_ms << doublings, self._config.max_restart_delay_ms) / 1000


async def start_process() -> PoolProcess:
    """Start a process that waits for its first message.

    On Linux the process ends with the thread of the event loop.

    Raises:
        OSError: the system cannot start another process.

    """
    return PoolProcess(
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # ignore a folder named `streams` in the worker's working directory
            "-m",
            "streams.embedders.pool.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | _ONE_THREAD | {"PYTHONPATH": _import_path()},
            start_new_session=True,  # only the parent receives an interrupt at the terminal; it stops its children
        )
    )


def _import_path() -> str:
    return os.pathsep.join(str(Path(path).absolute()) for path in sys.path)


def _failure(answer: Answer) -> ChildFailure:
    if isinstance(answer, Failed):
        return ChildFailure(answer.kind, answer.reason)
    return ChildFailure("invalid", f"an unexpected {type(answer).__name__}")
