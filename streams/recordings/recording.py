"""Read the recording of a topic: each record with its partition, offset and timestamp.

The watermark is the minimum over all partitions, so a replay must know each partition before the first event, and the
end of each after its last. A recording does not list them: it is scanned once before it is read. So a recording needs
no header or index, one made by kcat serves as well, and so does one that was filtered or cut.
"""

import hashlib
from collections.abc import Iterator
from typing import Protocol

import msgspec

from schemas.rejection import Reason
from schemas.sighting import Position, RawEvent
from streams.kafka.recorded_at import recorded_at
from streams.kafka.topics import BY_NAME, is_ordered_log
from streams.recordings.base import (
    ControlEvent,
    EndOfPartition,
    PartitionsAssigned,
    Record,
    SourceError,
    Tombstone,
    UnreadableRecord,
    too_large,
)
from streams.recordings.envelope import Envelope

LOG_BYTES = BY_NAME["ordered"].max_bytes
"""Size of the largest record of the ordered log."""

_TOPICS_NAMED = 3


class EnvelopeReader(Protocol):
    """An open file of recorded records."""

    name: str
    format: str
    total: int | None

    def __iter__(self) -> Iterator[Envelope | UnreadableRecord]:
        """Yield each record, in the order of the file."""
        ...

    @property
    def done(self) -> int:
        """See `SourceReader`."""
        ...

    def sha256(self) -> str | None:
        """See `SourceReader`."""
        ...

    def close(self) -> None:
        """See `SourceReader`."""
        ...


class RecordedTopic(msgspec.Struct, frozen=True):
    """The topic of a recording, and the place of the last record of each partition in the file, counted from 0."""

    name: str
    last: dict[int, int]


def survey(file: str, places: Iterator[tuple[str, int] | None]) -> RecordedTopic:
    """Return the topic and the partitions of a recording.

    Args:
        file: name of the file, for the error.
        places: topic and partition of each record, None for an unreadable one, in the order of the file.

    Raises:
        SourceError: the file has records of several topics.

    """
    last: dict[int, int] = {}
    topics: set[str] = set()
    for number, place in enumerate(places):
        if place is not None:
            topics.add(place[0])
            last[place[1]] = number
    if len(topics) > 1:
        named = ", ".join(sorted(topics)[:_TOPICS_NAMED])
        raise SourceError(
            f"{file} has records of {len(topics)} topics ({named}); a replay reads one, so keep one, as in "
            f"jq -c 'select(.topic == \"{min(topics)}\")'"
        )
    return RecordedTopic(next(iter(topics), ""), last)


class RecordingReader:
    """Reader of the recording of a topic; memory is bounded by the largest record and the number of partitions.

    Partitions interleave as in the file. A partition ends after its last record.
    """

    def __init__(self, records: EnvelopeReader, topic: RecordedTopic, max_bytes: int) -> None:
        """Open a recording; a value of more than `max_bytes` is not delivered, except a batch of the ordered log."""
        self.name = records.name
        self.format = f"recording.{records.format}"
        self.total = records.total
        self.topic = topic.name
        self.partitions = tuple(sorted(topic.last))
        self._records = records
        self._ends = {number: partition for partition, number in topic.last.items()}
        self._max = LOG_BYTES if is_ordered_log(topic.name) else max_bytes

    @property
    def done(self) -> int:
        """The bytes read so far, as stored."""
        return self._records.done

    def sha256(self) -> str | None:
        """Return the digest of the file as stored; see `SourceReader`."""
        return self._records.sha256()

    def close(self) -> None:
        """Close the file."""
        self._records.close()

    def envelopes(self) -> Iterator[Envelope | UnreadableRecord]:
        """Yield the records as recorded, with key and headers, to publish them again."""
        return iter(self._records)

    def __iter__(self) -> Iterator[Record | ControlEvent]:
        """Yield each event at its position in the topic, and control events."""
        yield PartitionsAssigned(self.partitions)
        for number, record in enumerate(self._records):
            yield record if isinstance(record, UnreadableRecord) else self._record_of(record)
            if number in self._ends:
                yield EndOfPartition(self._ends[number])

    def _record_of(self, record: Envelope) -> Record:
        position = Position(record.topic, record.partition, record.offset)
        value = record.value
        if value is None:
            return Tombstone(position)
        if len(value) > self._max:
            return too_large(position, len(value), hashlib.sha256(value).hexdigest(), self._max, value)
        return RawEvent(value, position, recorded_at(record.timestamp, record.headers))


def unreadable_line(line: bytes, position: Position, detail: str) -> UnreadableRecord:
    """Return the record of a line, or a row, in a recording that is no record of a topic."""
    digest = hashlib.sha256(line).hexdigest()
    return UnreadableRecord(Reason.FOREIGN_RECORD, detail, position, len(line), digest, line)
