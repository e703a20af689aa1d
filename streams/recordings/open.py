"""Where a replay's events come from: a file, several in one, a range of a topic.

An origin can be opened again and again, so that a run can be made, explained and swept from one word. What it opens
gives events in an order of event time as far as its parts have one, and says which partitions are there and when each
ends: the watermark is then the same as in live operation, where no partition may run ahead of another.
"""

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import msgspec

from schemas.sighting import Position
from streams.errors import UserError
from streams.kafka.connection import KafkaSettings
from streams.kafka.reader import BEGINNING, END, OffsetSpec, TopicReader, TopicRecord, open_topic
from streams.recordings.base import (
    ControlEvent,
    EndOfPartition,
    PartitionsAssigned,
    Record,
    RecordReader,
    SourceReader,
    UnreadableRecord,
    printable,
)
from streams.recordings.open_file import open_source
from streams.recordings.peek import created_at

TOPIC = "topic"
"""The format of what was read from a topic."""

NOWHERE = "-"
"""The place of what cannot be found again."""


class SourceSpec(Protocol):
    """Somewhere that events come from."""

    @property
    def place(self) -> str:
        """For whoever looks for it again; "-" where it cannot be found again by a name in UTF-8."""
        ...

    @property
    def stem(self) -> str:
        """A name for a run of it."""
        ...

    def open(self, max_bytes: int) -> SourceReader:
        """Begin to read; a longer event than this becomes a `UnreadableRecord`.

        Raises:
            UserError: it cannot be read at all.

        """
        ...


class FileSpec(msgspec.Struct, frozen=True):
    """One file, or standard input."""

    path: str

    @property
    def place(self) -> str:
        """See `SourceSpec`."""
        place = str(Path(self.path).resolve())
        return place if self.path != "-" and printable(place) == place else NOWHERE

    @property
    def stem(self) -> str:
        """See `SourceSpec`."""
        return "stdin" if self.path == "-" else Path(self.path).name.split(".")[0] or "run"

    def open(self, max_bytes: int) -> SourceReader:
        """See `SourceSpec`."""
        return open_source(self.path, max_bytes)


class FilesSpec(msgspec.Struct, frozen=True):
    """Several files as the partitions of one stream."""

    paths: tuple[str, ...]

    @property
    def place(self) -> str:
        """See `SourceSpec`; several places have no single name."""
        return NOWHERE

    @property
    def stem(self) -> str:
        """See `SourceSpec`."""
        return f"{FileSpec(self.paths[0]).stem}-and-{len(self.paths) - 1}-more"

    def open(self, max_bytes: int) -> SourceReader:
        """See `SourceSpec`."""
        if "-" in self.paths:
            raise UserError("several sources are files; got - among them; save standard input to a file")
        if len(set(self.paths)) < len(self.paths):
            raise UserError("several sources are different files; got one twice; name each once")
        with ExitStack() as stack:
            opened = []
            for path in self.paths:
                opened.append(open_source(path, max_bytes))
                stack.callback(opened[-1].close)
            stack.pop_all()
            return _Merged(opened)


class _RangeOrigin(msgspec.Struct, frozen=True):
    """A range of a topic, fixed when it is opened; no group is joined."""

    settings: KafkaSettings
    password: str | None
    topic: str

    @property
    def place(self) -> str:
        """See `SourceSpec`; a topic forgets, so a recording is what can be found again."""
        return NOWHERE

    @property
    def stem(self) -> str:
        """See `SourceSpec`."""
        return self.topic

    def open(self, max_bytes: int) -> SourceReader:
        """See `SourceSpec`."""
        stack = ExitStack()
        try:
            reader = stack.enter_context(open_topic(self.settings, self.password, self.topic))
            starts, ends = self._range(reader)
        except BaseException:
            stack.close()
            raise
        return _Topic(self.topic, reader, starts, ends, stack)

    def _range(self, reader: TopicReader) -> tuple[dict[int, int], dict[int, int]]:
        raise NotImplementedError


class TopicSpec(_RangeOrigin, frozen=True):
    """What a topic has between two places now."""

    begin: OffsetSpec = BEGINNING
    end: OffsetSpec = END

    def _range(self, reader: TopicReader) -> tuple[dict[int, int], dict[int, int]]:
        return reader.range(self.begin, self.end)


class OffsetsSpec(_RangeOrigin, frozen=True):
    """The records of a topic between given offsets of its partitions: what an earlier run read."""

    starts: dict[int, int] = {}
    ends: dict[int, int] = {}

    def _range(self, reader: TopicReader) -> tuple[dict[int, int], dict[int, int]]:
        first, last = reader.offsets(BEGINNING), reader.offsets(END)
        lost = any(at < first.get(partition, END.offset) for partition, at in self.starts.items())
        if lost or any(at > last.get(partition, 0) for partition, at in self.ends.items()):
            raise UserError(
                f"the topic must still have what the run was made from; got {self.topic} from {_shown(first)} to "
                f"{_shown(last)} (partition:offset) for {_shown(self.starts)} to {_shown(self.ends)}; "
                "a recording lasts longer: `hearsay record`"
            )
        return self.starts, self.ends


def _digest_of(digests: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


class _Merged:
    """Several sources in one, by the newest time that each has claimed. Memory: one event of each."""

    format = "files"

    def __init__(self, sources: Sequence[RecordReader]) -> None:
        self._sources = sources
        self.name = ", ".join(source.name for source in sources)
        totals = [source.total for source in sources]
        self.total = None if None in totals else sum(total or 0 for total in totals)

    def __iter__(self) -> Iterator[Record | ControlEvent]:
        """The events of all, each file a partition; a file's own order always stands."""
        yield PartitionsAssigned(tuple(range(len(self._sources))))
        streams = [_keyed(number, source) for number, source in enumerate(self._sources)]
        for _, _, record in heapq.merge(*streams, key=lambda item: item[:2]):
            yield record

    @property
    def done(self) -> int:
        """Bytes of all that were read."""
        return sum(source.done for source in self._sources)

    def sha256(self) -> str | None:
        """Digest of the files' digests, in their order."""
        digests = [source.sha256() for source in self._sources]
        return None if None in digests else _digest_of(map(str, digests))

    def close(self) -> None:
        """Let go of all."""
        for source in self._sources:
            source.close()


def _keyed(partition: int, source: Iterable[Record]) -> Iterator[tuple[int, int, Record | ControlEvent]]:
    """With the key that the merge compares: the newest time claimed so far, then the file's place among the files."""
    newest = 0
    for record in source:
        if isinstance(record, UnreadableRecord):
            placed: Record = msgspec.structs.replace(record, position=_moved(record.position, partition))
        else:
            raw, position = record
            newest = max(newest, created_at(raw) or 0)
            placed = (raw, _moved(position, partition))
        yield newest, partition, placed
    yield newest, partition, EndOfPartition(partition)


def _moved(position: Position, partition: int) -> Position:
    return Position(position.source, partition, position.offset)


class _Topic:
    """A topic's range, its partitions merged by the time of publishing."""

    format = TOPIC

    def __init__(
        self, name: str, reader: TopicReader, starts: dict[int, int], ends: dict[int, int], stack: ExitStack
    ) -> None:
        self.name = f"{name} {_shown(starts)} to {_shown(ends)}"
        self.total: int | None = sum(max(0, ends[partition] - starts[partition]) for partition in ends)
        self.done = 0
        self._topic = name
        self._reader, self._starts, self._ends, self._stack = reader, starts, ends, stack
        self._digest = hashlib.sha256()

    def __iter__(self) -> Iterator[Record | ControlEvent]:
        """Every record with its place in the topic."""
        yield PartitionsAssigned(tuple(sorted(self._ends)))
        for partition, end in sorted(self._ends.items()):
            if self._starts[partition] >= end:
                yield EndOfPartition(partition)
        for record in self._reader.merged(self._starts, self._ends, lambda value: created_at(value) or 0):
            self.done += 1
            self._note(record)
            yield record.value, Position(self._topic, record.partition, record.offset)
            if record.offset + 1 == self._ends[record.partition]:
                yield EndOfPartition(record.partition)

    def sha256(self) -> str | None:
        """Digest of the records with their places, of a range that was read to its end."""
        return self._digest.hexdigest() if self.done == self.total else None

    def close(self) -> None:
        """Leave the broker."""
        self._stack.close()

    def _note(self, record: TopicRecord) -> None:
        self._digest.update(f"{record.partition}:{record.offset}:{len(record.value)}:".encode())
        self._digest.update(record.value)


def _shown(offsets: dict[int, int]) -> str:
    return ",".join(f"{partition}:{offset}" for partition, offset in sorted(offsets.items()))


def _range_of(name: str) -> tuple[str, dict[int, int], dict[int, int]]:
    """The topic and offsets that a `_Topic` is named for."""
    topic, starts, _, ends = name.split(" ")
    return topic, _offsets(starts), _offsets(ends)


def _offsets(shown: str) -> dict[int, int]:
    return {int(partition): int(offset) for partition, offset in (one.split(":") for one in shown.split(","))}


__all__ = [
    "NOWHERE",
    "TOPIC",
    "FileSpec",
    "FilesSpec",
    "OffsetsSpec",
    "SourceSpec",
    "TopicSpec",
]
