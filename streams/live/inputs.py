"""One input partition as a lane sees it: each record once, in order, and none left out.

Faust starts again from the committed position after every rebalance, and has been seen to pass records over around a
recovery. So each record is held against the offset that is due: an earlier one is dropped, and a later one sends the
consumer back for what is missing.
"""

import asyncio
from collections import deque
from typing import Any, NamedTuple

from faust.types import TP, AppT, EventT

_PATIENCE_S = 5.0  # after which a seek that led to nothing is made again


class Record(NamedTuple):
    """A record's bytes, and the offsets that it stands for: from `begin`, where the log left some out before it."""

    begin: int
    offset: int
    value: bytes


class Input:
    """Records of one partition, waiting for its lane; `put` waits where the lane is slower."""

    def __init__(self, app: AppT[Any], topic: str, partition: int, bound: int) -> None:
        self.tp = TP(topic, partition)
        self._app = app
        self._bound = bound
        self._records: deque[Record] = deque()
        self._changed = asyncio.Event()
        self._ready = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._due = 0
        self._gap_at: int | None = None  # where the record stood that came too early
        self._sought = 0.0
        self.skipped = 0  # offsets that the log does not have
        self.again = 0  # records that came again
        self.closed = False

    @property
    def due(self) -> int:
        """The offset that is read next."""
        return self._due

    def __len__(self) -> int:
        return len(self._records)

    def open(self, position: int) -> None:
        """Begin at a position; until then `put` waits."""
        self._due = position
        self._ready.set()

    def close(self) -> None:
        """Take no more, and let nobody wait."""
        self.closed = True
        self._records.clear()
        for event in (self._ready, self._room, self._changed):
            event.set()

    async def put(self, event: EventT[Any]) -> None:
        """Hand records in, as they came from Faust."""
        await self._ready.wait()
        for offset, value in event.message.value.records:
            while len(self._records) >= self._bound and not self.closed:
                self._room.clear()
                await self._room.wait()
            if self.closed:
                return
            if offset == self._due or await self._is_due(offset):
                self._accept(offset, value)

    def _accept(self, offset: int, value: bytes) -> None:
        self._records.append(Record(self._due, offset, value))
        self._due = offset + 1
        self._gap_at = None
        self._changed.set()

    async def wait(self, seconds: float) -> bool:
        """Wait for a record, at most so long; whether there is one."""
        if not self._records and not self.closed:
            self._changed.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
            except TimeoutError:
                return False
        return bool(self._records)

    def take(self) -> Record:
        """The next record."""
        record = self._records.popleft()
        if len(self._records) < self._bound:
            self._room.set()
        return record

    def take_some(self, most: int) -> deque[Record]:
        """The next records, as many as there are."""
        return deque(self.take() for _ in range(min(most, len(self._records))))

    def give_back(self, records: deque[Record]) -> None:
        """Put back what was taken and not used, before the others."""
        self._records.extendleft(reversed(records))

    async def _is_due(self, offset: int) -> bool:
        """Whether a record that is not the next one is due all the same."""
        if offset < self._due:
            self.again += 1
            return False
        if offset == self._gap_at:  # it came again right after the seek: the log has nothing before it
            self.skipped += offset - self._due
            return True
        now = asyncio.get_running_loop().time()
        if self._gap_at is None or now - self._sought > _PATIENCE_S:
            self._gap_at, self._sought = offset, now
            await self._app.consumer.seek(self.tp, self._due)
        return False
