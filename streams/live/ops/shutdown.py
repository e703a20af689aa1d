"""End a worker's process within a time limit, whatever its libraries still wait for.

Faust waits for its consumer's thread on the event loop without a time limit, and native threads may use freed memory
while the interpreter shuts down. At that point all work is done, offsets are committed and the log is written, so the
process exits at once.
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


def exit_now(status: int) -> NoReturn:
    """Flush the log, standard output and standard error, and end the process."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


@contextlib.asynccontextmanager
async def exit_after(seconds: float, status: int, last_line: str | None = None) -> AsyncIterator[None]:
    """End the process if the block takes longer than `seconds`, after writing all stacks to standard error.

    Args:
        seconds: time limit of the block.
        status: exit status in that case.
        last_line: last line on standard error in that case: an error that the caller could not report any more.
    """
    timer = threading.Timer(seconds, _exit_late, (asyncio.get_running_loop(), seconds, status, last_line))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _exit_late(loop: asyncio.AbstractEventLoop, seconds: float, status: int, last_line: str | None) -> None:
    _log.warning("shutdown timed out", extra={"seconds": seconds, "status": status})
    faulthandler.dump_traceback(sys.stderr)
    for task in asyncio.all_tasks(loop):
        _log.warning("task still running", extra={"task": task.get_name(), "calls": list(_awaiting(task.get_coro()))})
    if last_line is not None:
        sys.stderr.write(f"{last_line}\n")
    exit_now(status)


def _awaiting(coroutine: Any) -> Iterator[str]:
    """Yield the names of the nested calls in which a coroutine waits, the outermost first."""
    while coroutine is not None:
        yield getattr(coroutine, "__qualname__", type(coroutine).__qualname__)
        coroutine = getattr(coroutine, "cr_await", None)
