"""Track sent records until the broker acknowledges them, in the order of the input that led to them.

An input offset may be committed once every record before it is acknowledged; `InFlightSends.done` is that offset.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

T = TypeVar("T")

Sent = Sequence["asyncio.Future[Any]"]


class InFlightSends(Generic[T]):
    """Futures of sent records, by the input offset that follows their cause, or by another mark of the input."""

    def __init__(self, done: T) -> None:
        self._pending: deque[tuple[T, Sent]] = deque()
        self.done = done  # everything before this input offset is acknowledged

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, next_offset: T, sent: Sent) -> None:
        """Register the records to which the input before `next_offset` has led."""
        self._pending.append((next_offset, sent))

    async def flush(self, at_most: int = 0) -> None:
        """Remove acknowledged entries, and wait until at most `at_most` entries are pending.

        Raises:
            KafkaError: the broker did not accept a record.
        """
        while self._pending:
            next_offset, sent = self._pending[0]
            waiting = [future for future in sent if not future.done()]
            if waiting:
                if len(self._pending) <= at_most:
                    return
                await asyncio.wait(waiting)  # which leaves the futures alone if the caller is cancelled
                continue  # another caller may have removed the entry
            errors = [error for future in sent if (error := future.exception()) is not None]
            if errors:
                raise errors[0]
            self._pending.popleft()
            self.done = next_offset
