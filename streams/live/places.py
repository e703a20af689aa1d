"""Where a consumer group stands, and what stands on a topic already: asked of the broker, not of a client's memory."""

from typing import Any

import msgspec
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from schemas.alert import Alert

_id_of = msgspec.json.Decoder(Alert).decode
_POLL_MS = 1_000


class Place(msgspec.Struct, frozen=True):
    """The next offset that a group reads in a partition; whether it has committed it, or it is the first there is."""

    offset: int
    committed: bool


def of_group(client: dict[str, Any], group: str, topic: str, partition: int) -> Place:
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
        known = admin.list_group_offsets(group).get(tp)
    finally:
        admin.close()
    if known is not None and known.offset >= 0:
        return Place(known.offset, committed=True)
    consumer = KafkaConsumer(**client, enable_auto_commit=False)
    try:
        return Place(consumer.beginning_offsets([tp])[tp], committed=False)
    finally:
        consumer.close()


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
