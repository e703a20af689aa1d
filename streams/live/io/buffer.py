"""Buffer one input partition for its task: each record once, in order, without gaps.

After a rebalance Faust reads again from the committed offset, and it skips records that it fetched for a partition and
paused since. So the buffer compares each record with the next expected offset: it drops an earlier record, and sends
the consumer back when a later record reveals a gap.

A slow task must not block other tasks, because the slow task may wait for one of them: `put` never waits. When a buffer
is full, the consumer stops fetching its partition until the task has caught up.
"""

import asyncio
from collections import deque
from typing import NamedTuple

from faust.types import TP

from streams.live.io.transport import Consumer, FetchedBatch

_STALL_S = 5.0  # without new records, after which a rewind is repeated


class Record(NamedTuple):
    """A record, and the offset from which it covers the log: the log may lack offsets between `begin` and `offset`."""

    begin: int
    offset: int
    value: bytes  # empty for a tombstone
    is_tombstone: bool
    recorded_at: int | None  # ms; see `streams.kafka.recorded_at`


class PartitionBuffer:
    """Bounded buffer of the fetched records of one partition.

    Fetching pauses at `max_records` records. Records that were in flight by then may exceed the bound.
    """

    def __init__(self, consumer: Consumer, tp: TP, max_records: int) -> None:
        self.tp = tp
        self._consumer = consumer
        self._max_records = max_records
        self._early: list[FetchedBatch] = []  # arrived before the first offset was known
        self._records: deque[Record] = deque()
        self._changed = asyncio.Event()
        self._open = self._closed = False
        self._next_offset = 0
        self._gap_at: int | None = None  # offset of a record that arrived too early
        self._rewound_at = self._received_at = 0.0
        self._rewinding: asyncio.Task[None] | None = None

    @property
    def next_offset(self) -> int:
        """Return the offset of the next record to buffer."""
        return self._next_offset

    def __len__(self) -> int:
        return len(self._records)

    def open(self, offset: int) -> None:
        """Start at an offset, with all records received so far."""
        self._next_offset, self._open = offset, True
        early, self._early = self._early, []
        for batch in early:
            self._append(batch)
        self._regulate_fetching()

    def close(self) -> None:
        """Drop all records, accept no more, and wake up a waiting task."""
        self._closed = True
        self._records.clear()
        self._early.clear()
        self._consumer.resume_fetching(self.tp)
        self._changed.set()

    def put(self, batch: FetchedBatch) -> None:
        """Add fetched records."""
        if self._closed:
            return
        if self._open:
            self._append(batch)
        else:
            self._early.append(batch)
        self._regulate_fetching()

    def skip_to(self, offset: int) -> None:
        """Expect the next record at `offset`, because the log has none before it. No effect if one has come since."""
        if not self._records and offset > self._next_offset:
            self._next_offset, self._gap_at = offset, None

    async def wait(self, seconds: float) -> bool:
        """Wait up to `seconds` for a record; return True if the buffer has a record."""
        if not self._records and not self._closed and seconds > 0:
            self._changed.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
            except TimeoutError:
                self.rewind_if_stalled()
                return False
        return bool(self._records)

    def take(self) -> Record:
        """Remove and return the next record."""
        record = self._records.popleft()
        self._regulate_fetching()
        return record

    def take_many(self, at_most: int) -> deque[Record]:
        """Remove and return up to `at_most` records."""
        return deque(self.take() for _ in range(min(at_most, len(self._records))))

    def put_back(self, records: deque[Record]) -> None:
        """Return unused records to the front of the buffer."""
        self._records.extendleft(reversed(records))

    def rewind_if_stalled(self) -> None:
        """Send the consumer back to the next offset if the broker has more records and none arrive.

        Three cases need a rewind: an earlier rewind had no effect; records fetched just before a rebalance were lost,
        and no later record follows to reveal the gap; or no fetch has covered the partition yet.
        """
        if self._closed or not self._open or self._records:
            return
        end = self._consumer.log_end(self.tp)
        missing = self._gap_at is not None or end is None or end > self._next_offset
        now = asyncio.get_running_loop().time()
        if missing and now - max(self._rewound_at, self._received_at) > _STALL_S:
            self._rewind()

    def _regulate_fetching(self) -> None:
        """Pause fetching when the buffer is full, resume below half. Dropped records count as free room."""
        size = len(self._records) + sum(len(early.records) for early in self._early)
        if size >= self._max_records:
            self._consumer.pause_fetching(self.tp)
        elif 2 * size < self._max_records:
            self._consumer.resume_fetching(self.tp)

    def _append(self, batch: FetchedBatch) -> None:
        begin = batch.begin
        for offset, value, recorded_at in batch.records:
            known = begin <= self._next_offset <= offset  # the log has no record between the two
            begin = offset + 1
            if known or self._closes_gap(offset):
                self._records.append(Record(self._next_offset, offset, value or b"", value is None, recorded_at))
                self._next_offset, self._gap_at = offset + 1, None
        if self._records:
            self._received_at = asyncio.get_running_loop().time()
            self._changed.set()

    def _closes_gap(self, offset: int) -> bool:
        """Return True for a record beyond the next offset if the log itself has no record between; else rewind."""
        if offset < self._next_offset:
            return False
        if offset == self._gap_at:  # the same record again, right after the rewind: the log has nothing before it
            return True
        if self._gap_at is None:
            self._gap_at = offset
            self._rewind()
        else:
            self.rewind_if_stalled()
        return False

    def _rewind(self) -> None:
        self._rewound_at = asyncio.get_running_loop().time()
        self._rewinding = asyncio.create_task(self._consumer.rewind(self.tp, self._next_offset))
