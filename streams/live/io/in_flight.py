"""Track sent records until the broker acknowledges them, in the order of the input that led to them.

An input offset may be committed once every record before it is acknowledged; `InFlightSends.done` is that offset.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

Sent = Sequence["asyncio.Future[Any]"]


class InFlightSends:
    """Futures of sent records, by the input offset that follows their cause."""

    def __init__(self, done: int = 0) -> None:
        self._pending: deque[tuple[int, Sent]] = deque()
        self.done = done  # everything before this input offset is acknowledged

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, next_offset: int, sent: Sent) -> None:
        """Register the records to which the input before `next_offset` has led."""
        self._pending.append((next_offset, sent))

    async def flush(self, at_most: int = 0) -> None:
        """Remove acknowledged entries, and wait until at most `at_most` entries are pending.

        Raises:
            KafkaError: the broker did not accept a record.
        """
        while self._pending:
            next_offset, sent = self._pending[0]
            if len(self._pending) <= at_most and not all(future.done() for future in sent):
                return
            await asyncio.gather(*sent)
            self._pending.popleft()
            self.done = next_offset
