"""Query the broker for committed offsets, log end offsets, and the last records of a topic.

A partition task that starts needs the broker's answer; the memory of another client may be outdated.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError

from schemas.alert import Alert
from schemas.sighting import Position, RawEvent
from streams.kafka import clients
from streams.kafka.connection import KafkaSettings
from streams.kafka.recorded_at import recorded_at

_decode_alert = msgspec.json.Decoder(Alert).decode
_MAX_FETCH_BYTES = 8 * 1024 * 1024  # the largest record of any topic
_POLL_MS = 1_000
_FRESH_S = 0.2
_RETRY_S = 0.5

T = TypeVar("T")


class CommittedOffset(msgspec.Struct, frozen=True):
    """The next offset of a group in a partition; with `committed=False`, the log start, because none is committed."""

    offset: int
    committed: bool


async def retry_query(query: Callable[[], T], seconds: float) -> T:
    """Run a query in a thread, and repeat the query while the broker is away or elects a leader.

    Raises:
        KafkaError: a permanent error, or an error for more than `seconds`.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            return await asyncio.to_thread(query)
        except KafkaError as error:
            if not error.retriable or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(_RETRY_S)


class LogEndOffsets:
    """The log end offsets of a topic's partitions, queried by a client of its own and cached for a fifth of a second.

    Faust's consumer could answer too, but only between two fetches.
    """

    def __init__(self, settings: KafkaSettings, password: str | None) -> None:
        self._settings = settings
        self._password = password
        self._consumer: KafkaConsumer | None = None
        self._lock = asyncio.Lock()
        self._offsets: dict[int, int] = {}
        self._queried_at = 0.0

    async def get(self, topic: str, partition: int) -> int | None:
        """Return the log end offset of a partition, or None if the broker does not answer."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if now - self._queried_at > _FRESH_S:
                self._offsets = await asyncio.to_thread(self._query, topic)
                self._queried_at = now
        return self._offsets.get(partition)

    async def end_behind(self, topic: str, partition: int, offset: int) -> int | None:
        """Return the log end if no record lies between `offset` and the log end, else None.

        The end may be behind `offset` without a record between them: the markers that end transactions have offsets
        too, and so have the records of aborted transactions. None if the broker does not answer.
        """
        end = await self.get(topic, partition)
        if end is None or end <= offset:
            return end if end == offset else None
        async with self._lock:
            return (
                end if await asyncio.to_thread(self._is_empty, TopicPartition(topic, partition), offset, end) else None
            )

    async def close(self) -> None:
        """Close the client."""
        async with self._lock:
            if self._consumer is not None:
                await asyncio.to_thread(self._consumer.close)
                self._consumer = None

    def _query(self, topic: str) -> dict[int, int]:
        try:
            consumer = self._open()
            partitions = consumer.partitions_for_topic(topic) or ()
            ends = consumer.end_offsets([TopicPartition(topic, number) for number in partitions])
            return {tp.partition: end for tp, end in ends.items()}
        except KafkaError:
            return {}

    def _is_empty(self, tp: TopicPartition, begin: int, end: int) -> bool:
        """Return True if a fetch passes from `begin` to `end` without a record; False without an answer in a second."""
        try:
            consumer = self._open()
            consumer.assign([tp])
            consumer.seek(tp, begin)
            deadline = time.monotonic() + _POLL_MS / 1000
            while consumer.position(tp) < end and time.monotonic() < deadline:
                if consumer.poll(timeout_ms=_POLL_MS, max_records=1):
                    return False
            return bool(consumer.position(tp) >= end)
        except KafkaError:
            return False

    def _open(self) -> KafkaConsumer:
        if self._consumer is None:
            self._consumer = clients.open_consumer(
                self._settings, self._password, max_partition_fetch_bytes=_MAX_FETCH_BYTES, fetch_max_wait_ms=50
            )
        return self._consumer


def committed_offset(
    settings: KafkaSettings, password: str | None, group: str, topic: str, partition: int
) -> CommittedOffset:
    """Return the committed offset of a consumer group in a partition, or the log start if none is committed.

    Args:
        settings: of the broker.
        password: for SASL.
        group: the consumer group.
        topic: name on the broker, prefix included.
        partition: of the topic.

    Raises:
        KafkaError: the broker does not answer.
    """
    tp = TopicPartition(topic, partition)
    with clients.open_admin(settings, password) as admin:
        known = admin.list_group_offsets({group: [tp]})[group].get(tp)
    if known is not None and known.offset >= 0:
        return CommittedOffset(known.offset, committed=True)
    with clients.open_consumer(settings, password) as consumer:
        return CommittedOffset(consumer.beginning_offsets([tp])[tp], committed=False)


def last_values(settings: KafkaSettings, password: str | None, topic: str, partition: int, at_most: int) -> list[bytes]:
    """Return the values of the last records of a partition, without empty values.

    Raises:
        KafkaError: the broker does not answer.
    """
    tp = TopicPartition(topic, partition)
    with clients.open_consumer(settings, password, max_partition_fetch_bytes=_MAX_FETCH_BYTES) as consumer:
        end = consumer.end_offsets([tp])[tp]
        return list(_values(consumer, tp, end - at_most, end))


def events_of(settings: KafkaSettings, password: str | None, topic: str, partition: int, span: range) -> list[RawEvent]:
    """Return the events in a span of offsets of a partition, as far as the broker has them, oldest first.

    Raises:
        KafkaError: the broker does not answer.
    """
    tp = TopicPartition(topic, partition)
    with clients.open_consumer(settings, password, max_partition_fetch_bytes=_MAX_FETCH_BYTES) as consumer:
        return [
            RawEvent(
                record.value,
                Position(topic, partition, record.offset),
                recorded_at(record.timestamp, record.headers or ()),
            )
            for record in _records(consumer, tp, span.start, span.stop)
            if record.value and record.offset in span
        ]


def published_alert_ids(
    settings: KafkaSettings, password: str | None, topic: str, partition: int, begin: int
) -> tuple[set[str], int]:
    """Return the ids of the alerts in a partition from offset `begin`, and the log end offset.

    Raises:
        KafkaError: the broker does not answer.
    """
    tp = TopicPartition(topic, partition)
    ids: set[str] = set()
    with clients.open_consumer(settings, password, max_partition_fetch_bytes=_MAX_FETCH_BYTES) as consumer:
        end = consumer.end_offsets([tp])[tp]
        for value in _values(consumer, tp, begin, end):
            ids |= _alert_id(value)
    return ids, end


def _values(consumer: KafkaConsumer, tp: TopicPartition, begin: int, end: int) -> Iterator[bytes]:
    """Yield the values of a partition's records between two offsets, without empty values."""
    return (record.value for record in _records(consumer, tp, begin, end) if record.value)


def _records(consumer: KafkaConsumer, tp: TopicPartition, begin: int, end: int) -> Iterator[ConsumerRecord]:
    """Yield a partition's records between two offsets, and those fetched together with the last."""
    consumer.assign([tp])
    consumer.seek(tp, max(begin, consumer.beginning_offsets([tp])[tp]))
    while consumer.position(tp) < end:
        yield from consumer.poll(timeout_ms=_POLL_MS).get(tp, [])


def _alert_id(value: bytes) -> set[str]:
    try:
        return {_decode_alert(value).alert_id}
    except (msgspec.DecodeError, msgspec.ValidationError):
        return set()  # a foreign record
