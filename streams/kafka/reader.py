"""Reads a topic without joining a group: from an offset or a time to an end that is fixed at the start, or for ever.

Partitions of one topic have no common order. What was published in an order is given back in it as far as the broker
knows it: the partitions are merged by the time that each record bears, and where two bear the same millisecond, by what
the caller says of them. Memory is bounded by what one fetch of each partition brings.
"""

import heapq
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from streams.errors import UserError
from streams.kafka import clients
from streams.kafka.connection import KafkaSettings

_FETCH = 1_000_000  # records at most of what one fetch brought, which is all of them
_WAIT_MS = 500
_OFFSET = re.compile(r"[0-9]{1,18}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class OffsetSpec(msgspec.Struct, frozen=True):
    """A place in each partition of a topic: an offset, or the first record of a time or later."""

    offset: int = 0
    time_ms: int | None = None


BEGINNING, END = OffsetSpec(offset=0), OffsetSpec(offset=1 << 62)  # what lies outside a partition is moved to its edge
_ENDS = {"beginning": BEGINNING, "end": END}


class TopicRecord(msgspec.Struct, frozen=True, gc=False):
    """A record where it stands."""

    partition: int
    offset: int
    time_ms: int  # when it was published, by its producer's clock
    value: bytes  # none at all is given as no bytes


def parse_offset(text: str, option: str) -> OffsetSpec:
    """`beginning`, `end`, an offset ("1200") or a time ("2026-11-24", "2026-11-24T10:30Z"; UTC without a zone).

    Raises:
        UserError: none of them.

    """
    if text in _ENDS:
        return _ENDS[text]
    if _OFFSET.fullmatch(text):
        return OffsetSpec(offset=int(text))
    at = _milliseconds(text)
    if at is None:
        raise UserError(
            f"{option} must be a time, an offset, beginning or end; got {text[:40]!r}; try 2026-11-24T10:30Z or 1200"
        )
    return OffsetSpec(time_ms=max(0, at))


class TopicReader:
    """A topic's partitions, open for reading."""

    def __init__(self, consumer: KafkaConsumer, topic: str) -> None:
        found = consumer.partitions_for_topic(topic)
        if not found:
            raise UserError(
                f"a topic must be there to be read; got {topic}, which the broker does not have; "
                "`hearsay topics` lists what it has, kafka.prefix is put before each name"
            )
        self._topic = topic
        self._consumer = consumer
        self._parts = [TopicPartition(topic, number) for number in sorted(found)]

    def offsets(self, place: OffsetSpec) -> dict[int, int]:
        """The offset in each partition that a place stands for now."""
        first, last = self._consumer.beginning_offsets(self._parts), self._consumer.end_offsets(self._parts)
        found = (
            dict.fromkeys(self._parts, place.offset) if place.time_ms is None else self._of_time(place.time_ms, last)
        )
        return {part.partition: min(max(found[part], first[part]), last[part]) for part in self._parts}

    def range(self, begin: OffsetSpec, end: OffsetSpec) -> tuple[dict[int, int], dict[int, int]]:
        """The first offset of each partition, and the one behind its last, as they are now.

        Raises:
            UserError: nothing lies between them.

        """
        starts, ends = self.offsets(begin), self.offsets(end)
        if all(starts[part] >= ends[part] for part in starts):
            raise UserError(
                f"a range must hold a record; got none in {self._topic} from {_shown(starts)} to {_shown(ends)} "
                "(partition:offset); check --from and --to"
            )
        return starts, ends

    def merged(
        self, starts: Mapping[int, int], ends: Mapping[int, int], tie: Callable[[bytes], int] = lambda value: 0
    ) -> Iterator[TopicRecord]:
        """The records of a range, by the time they bear, then by `tie`, then by partition and offset.

        A partition's own order always stands, even where a record bears an earlier time than the one before it.
        """
        streams = [
            self._keyed(self._partition(part, starts[part.partition], ends[part.partition]), tie)
            for part in self._parts
        ]
        for _, record in heapq.merge(*streams, key=lambda pair: pair[0]):
            yield record

    def follow(self, starts: Mapping[int, int]) -> Iterator[TopicRecord]:
        """Every record from there on, as it comes; never ends."""
        self._consumer.assign(self._parts)
        for part in self._parts:
            self._consumer.seek(part, starts[part.partition])
        while True:
            for records in self._consumer.poll(timeout_ms=_WAIT_MS).values():
                yield from map(_record, records)

    def _of_time(self, time_ms: int, last: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        found = self._consumer.offsets_for_times(dict.fromkeys(self._parts, time_ms))
        return {part: last[part] if found.get(part) is None else found[part].offset for part in self._parts}

    def _partition(self, part: TopicPartition, at: int, end: int) -> Iterator[TopicRecord]:
        while at < end:
            records, at = self._fetch(part, at)
            yield from (record for record in records if record.offset < end)

    def _fetch(self, part: TopicPartition, at: int) -> tuple[list[TopicRecord], int]:
        """Records of one partition and the offset behind them.

        The partition is assigned alone, so that nothing piles up of others; a paused one is not always taken up again.
        """
        self._consumer.assign([part])
        self._consumer.seek(part, at)
        while True:
            records = self._consumer.poll(timeout_ms=_WAIT_MS).get(part, [])
            behind = self._consumer.position(part)
            if records or behind > at:
                return [_record(record) for record in records], behind
            self._consumer.end_offsets([part])  # there are records, so the broker is slow, or this raises

    @staticmethod
    def _keyed(
        records: Iterator[TopicRecord], tie: Callable[[bytes], int]
    ) -> Iterator[tuple[tuple[int, int], TopicRecord]]:
        """With the key that the merge compares; times within a partition never run back."""
        newest, newest_tie = -1, 0
        for record in records:
            if record.time_ms > newest:
                newest, newest_tie = record.time_ms, tie(record.value)
            else:
                newest_tie = max(newest_tie, tie(record.value))
            yield (newest, newest_tie), record


@contextmanager
def open_topic(settings: KafkaSettings, password: str | None, name: str) -> Iterator[TopicReader]:
    """A topic, by its name without the prefix.

    Raises:
        UserError: the broker does not answer, or has no such topic.

    """
    with clients.consumer(
        settings,
        password,
        auto_offset_reset="earliest",  # of what is still kept
        max_poll_records=_FETCH,
        fetch_max_wait_ms=50,  # a partition read to its end does not keep the others waiting
    ) as consumer:
        yield TopicReader(consumer, settings.prefix + name)


def _shown(offsets: Mapping[int, int]) -> str:
    return ", ".join(f"{partition}:{offset}" for partition, offset in offsets.items())


def _record(record: ConsumerRecord) -> TopicRecord:
    return TopicRecord(record.partition, record.offset, record.timestamp, record.value or b"")


def _milliseconds(text: str) -> int | None:
    if not _DATE.match(text):  # Python takes more forms, some of which look like offsets
        return None
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
