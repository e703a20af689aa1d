"""One input partition as a lane sees it: each record once, in order, and none left out.

Faust starts again from the committed position after every rebalance, and passes over what it fetched for a partition
that it has paused since. So each record is held against the offset that is due: an earlier one is dropped, and a later
one sends the consumer back for what is missing.

A lane that is slower than the broker must not hold the others up, because one of them may be what it waits for: handing
records in never waits. A partition with enough of them is not fetched until its lane has caught up.
"""

import asyncio
from collections import deque
from typing import NamedTuple

from faust.types import TP

from streams.live.io.transport import Consumer, FetchedBatch

_PATIENCE_S = 5.0  # after which a rewind that led to nothing is made again


class Record(NamedTuple):
    """A record's bytes, and the offsets that it stands for: from `begin`, where the log left some out before it."""

    begin: int
    offset: int
    value: bytes


class PartitionBuffer:
    """Records of one partition, waiting for its lane: `bound` of them, and what was on its way when they were there."""

    def __init__(self, consumer: Consumer, tp: TP, bound: int) -> None:
        self.tp = tp
        self._consumer = consumer
        self._bound = bound
        self._early: list[FetchedBatch] = []  # came before the position was known
        self._records: deque[Record] = deque()
        self._changed = asyncio.Event()
        self._open = self._closed = False
        self._due = 0
        self._gap_at: int | None = None  # where the record stood that came too early
        self._rewound = self._came = 0.0
        self._rewinding: asyncio.Task[None] | None = None

    @property
    def due(self) -> int:
        """The offset that is read next."""
        return self._due

    def __len__(self) -> int:
        return len(self._records)

    def open(self, position: int) -> None:
        """Begin at a position."""
        self._due, self._open = position, True
        early, self._early = self._early, []
        for batch in early:
            self._admit(batch)
        self._regulate()

    def close(self) -> None:
        """Take no more, and let nobody wait."""
        self._closed = True
        self._records.clear()
        self._early.clear()
        self._consumer.release(self.tp)
        self._changed.set()

    def put(self, batch: FetchedBatch) -> None:
        """Hand records in."""
        if self._closed:
            return
        if self._open:
            self._admit(batch)
        else:
            self._early.append(batch)
        self._regulate()

    async def wait(self, seconds: float) -> bool:
        """Wait for a record, at most so long; whether there is one."""
        if not self._records and not self._closed and seconds > 0:
            self._changed.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
            except TimeoutError:
                self.look_after()
                return False
        return bool(self._records)

    def take(self) -> Record:
        """The next record."""
        record = self._records.popleft()
        self._regulate()
        return record

    def take_some(self, most: int) -> deque[Record]:
        """The next records, as many as there are."""
        return deque(self.take() for _ in range(min(most, len(self._records))))

    def give_back(self, records: deque[Record]) -> None:
        """Put back what was taken and not used, before the others."""
        self._records.extendleft(reversed(records))

    def _regulate(self) -> None:
        """Let the partition be fetched or not. What was dropped makes room too: nobody takes it."""
        size = len(self._records) + sum(len(early.records) for early in self._early)
        if size >= self._bound:
            self._consumer.hold(self.tp)
        elif 2 * size < self._bound:
            self._consumer.release(self.tp)

    def _admit(self, batch: FetchedBatch) -> None:
        for offset, value in batch.records:
            if offset == self._due or self._is_due(offset):
                self._records.append(Record(self._due, offset, value))
                self._due, self._gap_at = offset + 1, None
        if self._records:
            self._came = asyncio.get_running_loop().time()
            self._changed.set()

    def _is_due(self, offset: int) -> bool:
        """Whether a record that is not the next one is due all the same."""
        if offset < self._due:
            return False
        if offset == self._gap_at:  # it came again right after the rewind: the log has nothing before it
            return True
        if self._gap_at is None:
            self._gap_at = offset
            self._rewind()
        else:
            self.look_after()
        return False

    def _rewind(self) -> None:
        self._rewound = asyncio.get_running_loop().time()
        self._rewinding = asyncio.create_task(self._consumer.rewind(self.tp, self._due))

    def look_after(self) -> None:
        """Send the consumer back where the broker has more and nothing comes.

        A rewind may have led to nothing; what was fetched just before a rebalance is for nobody, so that of a
        partition's last records none may follow that would show the gap; and one that no fetch has told of may be one
        that is not fetched.
        """
        if self._closed or not self._open or self._records:
            return
        end = self._consumer.end(self.tp)
        missing = self._gap_at is not None or end is None or end > self._due
        now = asyncio.get_running_loop().time()
        if missing and now - max(self._rewound, self._came) > _PATIENCE_S:
            self._rewind()
