"""What was sent and is not acknowledged yet, in the order of the input that led to it.

A position may be committed when everything before it is acknowledged; this object knows up to where that is.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

Sent = Sequence["asyncio.Future[Any]"]


class InFlightSends:
    """Futures of sent records by input position; `settle` waits for the oldest."""

    def __init__(self, done: int = 0) -> None:
        self._pending: deque[tuple[int, Sent]] = deque()
        self.done = done  # everything before this input position is acknowledged

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, position: int, sent: Sent) -> None:
        """Note that the input before `position` has led to these records."""
        self._pending.append((position, sent))

    async def settle(self, at_most: int = 0) -> None:
        """Wait until at most so many positions are open; those that are acknowledged already go at once.

        Raises:
            KafkaError: a record that the broker did not take.
        """
        while self._pending:
            position, sent = self._pending[0]
            if len(self._pending) <= at_most and not all(future.done() for future in sent):
                return
            await asyncio.gather(*sent)
            self._pending.popleft()
            self.done = position
