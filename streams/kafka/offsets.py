"""Where a consumer group stands, and what stands on a topic already: asked of the broker, not of a client's memory."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from schemas.alert import Alert

_id_of = msgspec.json.Decoder(Alert).decode
_POLL_MS = 1_000
_FRESH_S = 0.2
_AGAIN_S = 0.5

T = TypeVar("T")


class CommittedOffset(msgspec.Struct, frozen=True):
    """The next offset that a group reads in a partition; whether it has committed it, or it is the first there is."""

    offset: int
    committed: bool


async def patiently(ask: Callable[[], T], seconds: float) -> T:
    """What a question to the broker gives; while the broker is away or electing, it is asked again.

    Raises:
        KafkaError: an error that no patience mends, or one that lasted longer than this.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            return await asyncio.to_thread(ask)
        except KafkaError as error:
            if not error.retriable or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(_AGAIN_S)


class LogEndOffsets:
    """The ends of a topic's partitions, asked of the broker by a client of its own; an answer serves all for a moment.

    Faust's consumer would answer too, but only between two fetches.
    """

    def __init__(self, client: dict[str, Any]) -> None:
        self._client = client
        self._consumer: KafkaConsumer | None = None
        self._asking = asyncio.Lock()
        self._known: dict[int, int] = {}
        self._asked = 0.0

    async def of(self, topic: str, partition: int) -> int | None:
        """The offset behind a partition's last record; None where the broker does not answer."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if now - self._asked > _FRESH_S:
                self._known = await asyncio.to_thread(self._ask, topic)
                self._asked = now
        return self._known.get(partition)

    async def close(self) -> None:
        """Hang up."""
        async with self._asking:
            if self._consumer is not None:
                await asyncio.to_thread(self._consumer.close)
                self._consumer = None

    def _ask(self, topic: str) -> dict[int, int]:
        try:
            if self._consumer is None:
                self._consumer = KafkaConsumer(**self._client, enable_auto_commit=False)
            parts = [TopicPartition(topic, number) for number in self._consumer.partitions_for_topic(topic) or ()]
            return {tp.partition: end for tp, end in self._consumer.end_offsets(parts).items()}
        except KafkaError:
            return {}


def of_group(client: dict[str, Any], group: str, topic: str, partition: int) -> CommittedOffset:
    """Where a group stands.

    Args:
        client: options for kafka-python, as `connection.client_options` gives them.
        group: the consumer group.
        topic: as the broker knows it.
        partition: of it.
    """
    tp = TopicPartition(topic, partition)
    admin = KafkaAdminClient(**client)
    try:
        known = admin.list_group_offsets({group: [tp]})[group].get(tp)
    finally:
        admin.close()
    if known is not None and known.offset >= 0:
        return CommittedOffset(known.offset, committed=True)
    consumer = KafkaConsumer(**client, enable_auto_commit=False)
    try:
        return CommittedOffset(consumer.beginning_offsets([tp])[tp], committed=False)
    finally:
        consumer.close()


def newest(client: dict[str, Any], topic: str, partition: int, most: int) -> list[bytes]:
    """The values of a topic's partition's last records, at most so many; what has none is left out."""
    tp = TopicPartition(topic, partition)
    consumer = KafkaConsumer(**client, enable_auto_commit=False, max_partition_fetch_bytes=8 * 1024 * 1024)
    values: list[bytes] = []
    try:
        consumer.assign([tp])
        end = consumer.end_offsets([tp])[tp]
        consumer.seek(tp, max(end - most, consumer.beginning_offsets([tp])[tp]))
        while consumer.position(tp) < end:
            values += [record.value for record in consumer.poll(timeout_ms=_POLL_MS).get(tp, []) if record.value]
    finally:
        consumer.close()
    return values


def said(client: dict[str, Any], topic: str, partition: int, begin: int) -> tuple[set[str], int]:
    """The ids of the alerts that stand on a topic's partition from an offset on, and the offset behind the last."""
    tp = TopicPartition(topic, partition)
    consumer = KafkaConsumer(**client, enable_auto_commit=False, max_partition_fetch_bytes=8 * 1024 * 1024)
    ids: set[str] = set()
    try:
        consumer.assign([tp])
        end = consumer.end_offsets([tp])[tp]
        consumer.seek(tp, max(begin, consumer.beginning_offsets([tp])[tp]))
        while consumer.position(tp) < end:
            for record in consumer.poll(timeout_ms=_POLL_MS).get(tp, []):
                ids |= _ids(record.value)
    finally:
        consumer.close()
    return ids, end


def _ids(value: bytes | None) -> set[str]:
    try:
        return {_id_of(value or b"").alert_id}
    except (msgspec.DecodeError, msgspec.ValidationError):
        return set()  # not ours
