"""Adjust the running process: garbage collection and keyboard interrupts."""

import gc
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ALLOCATIONS = 100_000  # objects allocated between two garbage collections; Python's default is 700


@contextmanager
def rare_collection() -> Iterator[None]:
    """Collect garbage less often: the pipeline creates no cycles, and collections take a seventh of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@contextmanager
def deferred_interrupts() -> Iterator[None]:
    """Run a block to its end before SIGINT or SIGTERM takes effect.

    A signal that arrives during the block reaches its former handler when the block ends. Signals without a Python
    handler act at once. Only the main thread handles signals, so the block runs unchanged in other threads.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    handlers = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}
    received: list[tuple[int, FrameType | None]] = []
    for number in handlers:
        signal.signal(number, lambda number, frame: received.append((number, frame)))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if received:
        first, frame = received[0]
        handlers[signal.Signals(first)](first, frame)
