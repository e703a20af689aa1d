"""Change Faust's aiokafka driver in four ways, for delivery in order, at least once and on time.

The producer is idempotent: a retry after a broker's restart neither duplicates nor reorders records. The consumer
commits nothing by itself: a task commits an offset once every resulting record is acknowledged. The consumer passes
records to a stream in batches, because Faust's overhead for each item of a stream is ten times our own work. The
isolation level is a setting; Faust ties it to transactions of its own.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka
from faust.types import TP, Message

from streams.kafka.recorded_at import recorded_at

MAX_RECORD_BYTES = 8 * 1024 * 1024  # of an event batch with one event of maximum size; the topics allow as much


_BATCH_RECORDS = 512
_BATCH_BYTES = 512 * 1024


class FetchedRecord(NamedTuple):
    """A record as fetched."""

    offset: int
    value: bytes | None  # None: a tombstone
    recorded_at: int | None  # ms; see `streams.kafka.recorded_at`


class FetchedBatch(msgspec.Struct, frozen=True, gc=False):
    """Consecutive records of one partition, as one item of a stream.

    Offsets without a record belong to transactions: to their markers, or to the records of aborted ones.
    """

    begin: int  # the log has no record from here to the first one
    records: tuple[FetchedRecord, ...]


class _ReadOffsets(dict[TP, int | None]):
    """Offsets up to which Faust considers a partition as read; Faust drops earlier records.

    Only offsets of changelogs are stored. Faust updates the offset after each record and would undo a rewind in
    between; for other topics `PartitionBuffer` knows which records have arrived.
    """

    def __init__(self, is_changelog: Callable[[TP], bool]) -> None:
        super().__init__()
        self._is_changelog = is_changelog

    def __missing__(self, tp: TP) -> None:
        return None

    def __setitem__(self, tp: TP, offset: int | None) -> None:
        if self._is_changelog(tp):
            super().__setitem__(tp, offset)

    def update(self, *others: Any, **_: Any) -> None:
        """Set each offset; `dict.update` would bypass `__setitem__`."""
        for tp, offset in dict(*others).items():
            self[tp] = offset


class _ConsumerThread(aiokafka.AIOKafkaConsumerThread):
    """The thread of a consumer, which reads with an isolation level of its own."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = transport.isolation
        return consumer

    def highwater(self, tp: TP) -> Any:
        """Return the offset up to which the consumer may read, as of the last fetch; None before the first."""
        consumer: Any = self._ensure_consumer()
        committed = self.transport.isolation == "read_committed"  # type: ignore[attr-defined]
        return consumer.last_stable_offset(tp) if committed else consumer.highwater(tp)


class Consumer(aiokafka.Consumer):
    """A consumer that yields records in batches, and commits offsets only when `commit_offsets` is called."""

    def _new_consumer_thread(self) -> _ConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._fetch_paused: set[TP] = set()  # partitions whose buffers are full
        self._resume_pending: set[TP] = set()  # partitions whose buffers have room, and that are not fetched yet
        self._read_offset = _ReadOffsets(self._is_changelog_tp)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        """Yield fetched records in batches by partition; yield a changelog's records singly, as recovery expects."""
        self._resume_pending_partitions()
        records, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            # Drop the fetched records. When flow resumes, the consumer fetches them again from the offset that recovery
            # sets. A seek fails for a partition that is being reassigned, and is not needed there.
            with contextlib.suppress(KafkaError):
                await self.perform_seek()
            return
        for tp, fetched in records.items():
            for message in self._messages(tp, fetched):
                if not self.flow_active or self.app.consumer_generation_id != generation:
                    return
                if active is None or tp in active or tp in self._fetch_paused or tp in self._buffered_partitions:
                    self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
                    yield tp, message

    async def rewind(self, tp: TP, offset: int) -> None:
        """Read an assigned partition again from an offset.

        The seek runs in the fetching thread, where seeking is safe. The partition is also resumed in case Faust left
        the partition paused after a rebalance, unless `pause_fetching` has paused the partition.
        """
        with contextlib.suppress(KafkaError, TimeoutError):  # the caller sees no records arrive, and rewinds again
            await self.seek_wait({tp: offset})
            self._read_offset.pop(tp, None)
        if tp not in self._fetch_paused:
            self._resume_pending.add(tp)
            self._resume_pending_partitions()

    def log_end(self, tp: TP) -> int | None:
        """Return a partition's log end offset as of the last fetch, or None before the first fetch."""
        return self.highwater(tp) if tp in self.assignment() else None

    def pause_fetching(self, tp: TP) -> None:
        """Stop fetching a partition until `resume_fetching`."""
        if tp not in self._fetch_paused:
            self._fetch_paused.add(tp)
            self._resume_pending.discard(tp)
            self.pause_partitions({tp})

    def resume_fetching(self, tp: TP) -> None:
        """Fetch a paused partition again, as soon as no rebalance and no recovery is in progress."""
        if tp in self._fetch_paused:
            self._fetch_paused.remove(tp)
            self._resume_pending.add(tp)
            self._resume_pending_partitions()

    def _resume_pending_partitions(self) -> None:
        if self._resume_pending and not self.app.rebalancing and not self.app.in_recovery:
            self.resume_partitions(self._resume_pending & self.assignment())
            self._resume_pending.clear()

    def _messages(self, tp: TP, fetched: Sequence[Any]) -> Iterator[Message]:
        if self._is_changelog_tp(tp):
            yield from (self._to_message(tp, record) for record in fetched)
            return
        begin = fetched[0].offset if fetched else 0
        for part in _split(fetched):
            message = self._to_message(tp, part[-1])
            batch: Any = FetchedBatch(begin, tuple(map(_fetched, part)))
            begin = part[-1].offset + 1
            message.value = batch  # Faust passes a value on unchanged
            yield message

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commit nothing: Faust would also commit records skipped at a rebalance."""
        return False

    async def commit_offsets(self, next_offsets: Mapping[TP, int]) -> bool:
        """Commit the next offset to read of each partition; return True if the group accepted the commit."""
        return bool(await self._commit(next_offsets))


def _fetched(record: Any) -> FetchedRecord:
    return FetchedRecord(record.offset, record.value, recorded_at(record.timestamp, record.headers))


def _split(fetched: Sequence[Any]) -> Iterator[Sequence[Any]]:
    begin = size = 0
    for end, record in enumerate(fetched):
        if end - begin == _BATCH_RECORDS or size > _BATCH_BYTES:
            yield fetched[begin:end]
            begin, size = end, 0
        size += len(record.value or b"")
    if begin < len(fetched):
        yield fetched[begin:]


class Producer(aiokafka.Producer):
    """A producer that writes each record once, in order."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class Transport(aiokafka.Transport):
    """The driver that creates `Consumer` and `Producer`."""

    Consumer = Consumer
    Producer = Producer

    def __init__(self, urls: Any, app: Any, isolation: str) -> None:
        super().__init__(urls, app)
        self.isolation = isolation


__all__ = ["MAX_RECORD_BYTES", "Consumer", "FetchedBatch", "FetchedRecord", "Producer", "Transport"]
