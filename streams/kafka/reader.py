"""Read a topic without a consumer group: from an offset or a time to an end fixed at the start, or continuously.

Partitions of a topic have no common order. The reader restores the order of publication as far as the broker knows the
order: it merges the partitions by the timestamps of the records, and breaks ties within a millisecond by a function of
the caller. Memory is bounded by one fetch of each partition.
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
from streams.kafka.recorded_at import recorded_at

_FETCH = 1_000_000  # maximum number of records of one fetch: all of them
_WAIT_MS = 500
_OFFSET = re.compile(r"[0-9]{1,18}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class OffsetSpec(msgspec.Struct, frozen=True):
    """A position in each partition of a topic: an offset, or the first record at or after a time."""

    offset: int = 0
    time_ms: int | None = None


BEGINNING, END = OffsetSpec(offset=0), OffsetSpec(offset=1 << 62)  # offsets outside a partition are clamped
_ENDS = {"beginning": BEGINNING, "end": END}


class TopicRecord(msgspec.Struct, frozen=True, gc=False):
    """A record and its position."""

    partition: int
    offset: int
    time_ms: int  # of publication, by the clock of the producer or, for `timestamp_type` 1, of the broker
    value: bytes | None  # None for a tombstone
    timestamp_type: int = 0
    key: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()

    @property
    def recorded_at(self) -> int | None:
        """Return the time of the first recording in ms; see `streams.kafka.recorded_at`."""
        return recorded_at(self.time_ms, self.headers)


class EndOfRange(msgspec.Struct, frozen=True):
    """The end of a range in one partition. The last offsets may be markers of transactions, no records."""

    partition: int


def parse_offset(text: str, option: str) -> OffsetSpec:
    """Parse `beginning`, `end`, an offset ("1200") or a time ("2026-11-24", "2026-11-24T10:30Z"; UTC without a zone).

    Raises:
        UserError: the text has another form; the message names `option`.

    """
    if text in _ENDS:
        return _ENDS[text]
    if _OFFSET.fullmatch(text):
        return OffsetSpec(offset=int(text))
    at = _milliseconds(text)
    if at is None:
        raise UserError(
            f"invalid {option}: {text[:40]!r}; give a time such as 2026-11-24T10:30Z, an offset such as 1200, "
            "beginning or end"
        )
    return OffsetSpec(time_ms=max(0, at))


class TopicReader:
    """Reads the partitions of a topic."""

    def __init__(self, consumer: KafkaConsumer, topic: str) -> None:
        found = consumer.partitions_for_topic(topic)
        if not found:
            raise UserError(
                f"topic {topic!r} does not exist; run `hearsay topics` to list the topics, and check kafka.prefix, "
                "the prefix of each name"
            )
        self._topic = topic
        self._consumer = consumer
        self._parts = [TopicPartition(topic, number) for number in sorted(found)]

    def offsets(self, spec: OffsetSpec) -> dict[int, int]:
        """Return the current offset of a position, by partition."""
        first, last = self._consumer.beginning_offsets(self._parts), self._consumer.end_offsets(self._parts)
        found = dict.fromkeys(self._parts, spec.offset) if spec.time_ms is None else self._of_time(spec.time_ms, last)
        return {part.partition: min(max(found[part], first[part]), last[part]) for part in self._parts}

    def range(self, begin: OffsetSpec, end: OffsetSpec) -> tuple[dict[int, int], dict[int, int]]:
        """Return the first offset of a range and the offset after its last record, by partition.

        Raises:
            UserError: the range is empty.

        """
        starts, ends = self.offsets(begin), self.offsets(end)
        if all(starts[part] >= ends[part] for part in starts):
            raise UserError(
                f"{self._topic} has no record from {_format(starts)} to {_format(ends)} (partition:offset); check "
                "--from and --to"
            )
        return starts, ends

    def merged(
        self, starts: Mapping[int, int], ends: Mapping[int, int], tie: Callable[[bytes], int] = lambda value: 0
    ) -> Iterator[TopicRecord | EndOfRange]:
        """Yield the records of a range, ordered by timestamp, then by `tie`, then by partition and offset.

        The order within a partition is always kept, even if a record has an earlier timestamp than its predecessor.
        An `EndOfRange` follows the last record of each partition; those of partitions without a record come first.

        Args:
            starts: first offset, by partition.
            ends: offset after the last record, by partition.
            tie: key of a record's value, for records with equal timestamps.
        """
        streams = [
            self._keyed(part.partition, self._partition(part, starts[part.partition], ends[part.partition]), tie)
            for part in self._parts
        ]
        for _, record in heapq.merge(*streams, key=lambda pair: pair[0]):
            yield record

    def records(self, starts: Mapping[int, int], ends: Mapping[int, int]) -> Iterator[TopicRecord]:
        """Yield the records of a range as `merged` does, without the ends."""
        return (one for one in self.merged(starts, ends) if isinstance(one, TopicRecord))

    def follow(self, starts: Mapping[int, int]) -> Iterator[TopicRecord]:
        """Yield every record from the given offsets, in the order of arrival, without end."""
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
        """Fetch records of one partition; return the records and the next offset.

        Only this partition is assigned, so records of other partitions do not accumulate. Pausing the others would not
        do: a paused partition does not always resume.
        """
        self._consumer.assign([part])
        self._consumer.seek(part, at)
        while True:
            records = self._consumer.poll(timeout_ms=_WAIT_MS).get(part, [])
            next_offset = self._consumer.position(part)
            if records or next_offset > at:
                return [_record(record) for record in records], next_offset
            self._consumer.end_offsets([part])  # records exist, so the broker is slow; raises if the broker is away

    @staticmethod
    def _keyed(
        partition: int, records: Iterator[TopicRecord], tie: Callable[[bytes], int]
    ) -> Iterator[tuple[tuple[int, int], TopicRecord | EndOfRange]]:
        """Yield each record, and at last the end, with its merge key; keys of a partition never decrease."""
        newest, newest_tie = -1, 0
        for record in records:
            tied = tie(record.value or b"")
            newest_tie = tied if record.time_ms > newest else max(newest_tie, tied)
            newest = max(newest, record.time_ms)
            yield (newest, newest_tie), record
        yield (newest, newest_tie), EndOfRange(partition)


@contextmanager
def open_topic(settings: KafkaSettings, password: str | None, name: str) -> Iterator[TopicReader]:
    """Open a topic for reading, by its name without the prefix.

    Raises:
        UserError: the broker does not answer, or the topic does not exist.

    """
    with clients.consumer(
        settings,
        password,
        auto_offset_reset="earliest",  # if the offset is already deleted
        max_poll_records=_FETCH,
        fetch_max_wait_ms=50,  # a partition at its end must not delay the others
    ) as consumer:
        yield TopicReader(consumer, settings.prefix + name)


def _format(offsets: Mapping[int, int]) -> str:
    return ", ".join(f"{partition}:{offset}" for partition, offset in offsets.items())


def _record(record: ConsumerRecord) -> TopicRecord:
    return TopicRecord(
        record.partition,
        record.offset,
        record.timestamp,
        record.value,
        record.timestamp_type or 0,
        record.key,
        tuple(record.headers or ()),
    )


def _milliseconds(text: str) -> int | None:
    if not _DATE.match(text):  # Python parses further forms, some of which look like offsets
        return None
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
