"""The end of a worker's process: in time, whatever its libraries still wait for.

Faust waits for its consumer's thread without a limit and on the event loop itself, and native threads may outlive what
they use when the interpreter takes itself apart. By then everything that matters is done, positions are committed and
the log is written, so the process ends there and then.
"""

import contextlib
import faulthandler
import logging
import os
import sys
import threading
from collections.abc import Iterator
from typing import NoReturn

_log = logging.getLogger(__name__)


def leave(status: int) -> NoReturn:
    """End the process now, with what it has said on its way out."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


@contextlib.contextmanager
def in_time(seconds: float, status: int) -> Iterator[None]:
    """A block that the process ends with, should it take longer; what each thread waits for goes to standard error."""
    timer = threading.Timer(seconds, _give_up, (seconds, status))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _give_up(seconds: float, status: int) -> None:
    _log.warning("worker did not hang up in time", extra={"seconds": seconds, "status": status})
    faulthandler.dump_traceback(sys.stderr)
    leave(status)
