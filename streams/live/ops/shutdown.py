"""The end of a worker's process: in time, whatever its libraries still wait for.

Faust waits for its consumer's thread without a limit and on the event loop itself, and native threads may outlive what
they use when the interpreter takes itself apart. By then everything that matters is done, positions are committed and
the log is written, so the process ends there and then.
"""

import asyncio
import contextlib
import faulthandler
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any, NoReturn

_log = logging.getLogger(__name__)


def leave(status: int) -> NoReturn:
    """End the process now, with what it has said on its way out."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


@contextlib.asynccontextmanager
async def in_time(seconds: float, status: int, last_line: str | None = None) -> AsyncIterator[None]:
    """A block that the process ends with, should it take longer; what everybody waits for goes to standard error.

    Args:
        seconds: that the block may take.
        status: of the process, if it ends so.
        last_line: said after all else, if it ends so: what a person can put right, and nobody else would tell then.
    """
    timer = threading.Timer(seconds, _give_up, (asyncio.get_running_loop(), seconds, status, last_line))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _give_up(loop: asyncio.AbstractEventLoop, seconds: float, status: int, last_line: str | None) -> None:
    _log.warning("worker did not hang up in time", extra={"seconds": seconds, "status": status})
    faulthandler.dump_traceback(sys.stderr)
    for task in asyncio.all_tasks(loop):
        _log.warning("still waiting", extra={"task": task.get_name(), "calls": list(_awaiting(task.get_coro()))})
    if last_line is not None:
        sys.stderr.write(f"{last_line}\n")
    leave(status)


def _awaiting(coroutine: Any) -> Iterator[str]:
    """The calls that a coroutine waits in, the outermost first; names only."""
    while coroutine is not None:
        yield getattr(coroutine, "__qualname__", type(coroutine).__qualname__)
        coroutine = getattr(coroutine, "cr_await", None)
