"""Describe and open the sources of a replay: a file, several files as one stream, a range of a topic.

A source can be opened repeatedly, so a run can be made, explained and swept from one description. A reader of several
partitions merges them by time and yields control events for their start and end; the watermark is then the same as
live, where no partition may run ahead of another.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import msgspec

from schemas.sighting import Position, RawEvent
from streams.errors import UserError
from streams.kafka.connection import KafkaSettings
from streams.kafka.reader import BEGINNING, END, EndOfRange, OffsetSpec, TopicReader, TopicRecord, open_topic
from streams.recordings.base import (
    ControlEvent,
    EndOfPartition,
    PartitionsAssigned,
    Record,
    SourceReader,
    Tombstone,
    combine_digests,
    printable,
    sha256_of,
)
from streams.recordings.imports.choices import DEFAULTS, ImportChoices
from streams.recordings.imports.locate import locate
from streams.recordings.imports.reader import ImportedReader
from streams.recordings.open_file import open_source
from streams.recordings.peek import created_at
from streams.recordings.recording import RecordingReader

TOPIC = "topic"
"""The format of a source read from a topic."""

_CHATS = {".txt", ".zip"}

NOWHERE = "-"
"""The location of a source that cannot be found again."""


class SourceSpec(Protocol):
    """Description of a source of events."""

    @property
    def location(self) -> str:
        """The path to find the source again; "-" if no path in UTF-8 leads there."""
        ...

    @property
    def stem(self) -> str:
        """A name for a run of this source."""
        ...

    def open(self, max_bytes: int) -> SourceReader:
        """Open the source; an event of more than `max_bytes` becomes an `UnreadableRecord`.

        Raises:
            UserError: the source cannot be read.

        """
        ...


class FileSpec(msgspec.Struct, frozen=True):
    """One file, a folder of files, or standard input."""

    path: str
    imports: ImportChoices = DEFAULTS

    @property
    def location(self) -> str:
        """See `SourceSpec`."""
        path = str(Path(self.path).resolve())
        return path if self.path != "-" and printable(path) == path else NOWHERE

    @property
    def stem(self) -> str:
        """See `SourceSpec`; a chat's export has the name of a person or a group, so its run has another."""
        if self.path == "-":
            return "stdin"
        name = Path(self.path).resolve().name
        return "import" if Path(name).suffix.lower() in _CHATS else name.split(".")[0] or "run"

    def open(self, max_bytes: int) -> SourceReader:
        """See `SourceSpec`."""
        return open_files((self.path,), max_bytes, self.imports)


class FilesSpec(msgspec.Struct, frozen=True):
    """Several files or folders as one stream: each file of events is a partition."""

    paths: tuple[str, ...]
    imports: ImportChoices = DEFAULTS

    @property
    def location(self) -> str:
        """See `SourceSpec`; several files have no single path."""
        return NOWHERE

    @property
    def stem(self) -> str:
        """See `SourceSpec`."""
        return f"{FileSpec(self.paths[0]).stem}-and-{len(self.paths) - 1}-more"

    def open(self, max_bytes: int) -> SourceReader:
        """See `SourceSpec`."""
        if "-" in self.paths:
            raise UserError("standard input (-) cannot be one of several sources; save it to a file and name the file")
        if len(set(self.paths)) < len(self.paths):
            raise UserError("a file is given twice as a source; name each file once")
        return open_files(self.paths, max_bytes, self.imports)


def open_files(paths: Sequence[str], max_bytes: int, imports: ImportChoices) -> SourceReader:
    """Open files and folders as one stream: files of events, and files of foreign formats, in any mixture.

    Raises:
        UserError: a file cannot be read, its format is ambiguous, or recordings are mixed with other files.

    """
    located = locate(paths, imports)
    with ExitStack() as stack:
        opened: list[SourceReader] = []
        for path in located.events:
            opened.append(open_source(path, max_bytes))
            stack.callback(opened[-1].close)
        if located.foreign:
            opened.append(ImportedReader(located.foreign, imports))
        merged = opened[0] if len(opened) == 1 else _merge(opened)
        stack.pop_all()
        return merged


def digest_of(paths: Sequence[str], imports: ImportChoices) -> str:
    """Return the digest that the reader of these files has after its end."""
    located = locate(paths, imports)
    digests = [sha256_of(path) for path in located.events]
    if located.foreign:
        digests.append(str(ImportedReader(located.foreign, imports).sha256()))
    return digests[0] if len(digests) == 1 else combine_digests(digests)


def imported(reader: SourceReader) -> ImportedReader | None:
    """Return the part of a reader that reads foreign formats; None if there is none."""
    if isinstance(reader, ImportedReader):
        return reader
    return next(filter(None, map(imported, reader.sources)), None) if isinstance(reader, _MergedReader) else None


class _RangeSpec(msgspec.Struct, frozen=True):
    """A range of a topic, fixed when the source is opened; the reader joins no consumer group."""

    settings: KafkaSettings
    password: str | None
    topic: str

    @property
    def location(self) -> str:
        """See `SourceSpec`; a topic expires, so only a recording can be found again."""
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
        return _RangeReader(self.topic, reader, starts, ends, stack)

    def _range(self, reader: TopicReader) -> tuple[dict[int, int], dict[int, int]]:
        raise NotImplementedError


class TopicSpec(_RangeSpec, frozen=True):
    """The records of a topic between two offset descriptions, resolved when the source is opened."""

    begin: OffsetSpec = BEGINNING
    end: OffsetSpec = END

    def _range(self, reader: TopicReader) -> tuple[dict[int, int], dict[int, int]]:
        return reader.range(self.begin, self.end)


class OffsetsSpec(_RangeSpec, frozen=True):
    """The records of a topic between fixed offsets: the input of an earlier run."""

    starts: dict[int, int] = {}
    ends: dict[int, int] = {}

    def _range(self, reader: TopicReader) -> tuple[dict[int, int], dict[int, int]]:
        first, last = reader.offsets(BEGINNING), reader.offsets(END)
        lost = any(at < first.get(partition, END.offset) for partition, at in self.starts.items())
        if lost or any(at > last.get(partition, 0) for partition, at in self.ends.items()):
            raise UserError(
                f"topic {self.topic} no longer has the input of the run, {_shown(self.starts)} to {_shown(self.ends)} "
                f"(partition:offset); it has {_shown(first)} to {_shown(last)}; `hearsay record` keeps the input of "
                "future runs"
            )
        return self.starts, self.ends


def _merge(sources: Sequence[SourceReader]) -> SourceReader:
    """Return several files as one stream.

    Raises:
        UserError: only some are recordings of a topic, or they are recordings of several topics.

    """
    recordings = [source for source in sources if isinstance(source, RecordingReader)]
    if not recordings:
        return _MergedFiles(sources)
    if len(recordings) < len(sources):
        plain = next(source.name for source in sources if not isinstance(source, RecordingReader))
        raise UserError(
            f"{recordings[0].name} is a recording of a topic and {plain} is not, so their partitions cannot be "
            "compared; replay them one by one, or publish both to a topic and replay the topic"
        )
    topics = sorted({source.topic for source in recordings if source.partitions})
    if len(topics) > 1:
        raise UserError(
            f"the files are recordings of several topics ({', '.join(topics[:3])}); name those of one topic"
        )
    return _MergedRecordings(recordings)


class _MergedReader:
    """Several files merged by time. Memory: one event per file."""

    format = "files"

    def __init__(self, sources: Sequence[SourceReader]) -> None:
        self.sources = sources
        self.name = ", ".join(source.name for source in sources)
        totals = [source.total for source in sources]
        self.total = None if None in totals else sum(total or 0 for total in totals)
        self.topic = sources[0].topic

    def __iter__(self) -> Iterator[Record | ControlEvent]:
        """See `SourceReader`."""
        raise NotImplementedError

    @property
    def done(self) -> int:
        """The bytes read so far, over all files."""
        return sum(source.done for source in self.sources)

    def sha256(self) -> str | None:
        """Return the combined digest of the files."""
        digests = [source.sha256() for source in self.sources]
        return None if None in digests else combine_digests(map(str, digests))

    def close(self) -> None:
        """Close all files."""
        for source in self.sources:
            source.close()


class _MergedFiles(_MergedReader):
    """Files of events merged by the newest claimed time of each: each file is a partition."""

    def __iter__(self) -> Iterator[Record | ControlEvent]:
        """Yield the records of all files; each file keeps its own order."""
        yield PartitionsAssigned(tuple(range(len(self.sources))))
        streams = [_keyed(number, source) for number, source in enumerate(self.sources)]
        for _, _, record in heapq.merge(*streams, key=lambda item: item[:2]):
            yield record


class _MergedRecordings(_MergedReader):
    """Recordings of one topic merged by the newest timestamp of each: a partition may go on in another file."""

    def __iter__(self) -> Iterator[Record | ControlEvent]:
        """Yield the records of all files; a partition ends after its last record in any file."""
        recordings = [source for source in self.sources if isinstance(source, RecordingReader)]
        files = Counter(partition for recording in recordings for partition in recording.partitions)
        yield PartitionsAssigned(tuple(sorted(files)))
        streams = [_by_timestamp(number, recording) for number, recording in enumerate(recordings)]
        for _, _, record in heapq.merge(*streams, key=lambda item: item[:2]):
            if isinstance(record, EndOfPartition):
                files[record.partition] -= 1
                if files[record.partition]:
                    continue
            yield record


_Keyed = Iterator[tuple[int, int, Record | ControlEvent]]


def _keyed(partition: int, source: SourceReader) -> _Keyed:
    """Yield each record with its sort key: the newest claimed time so far, then the number of the file."""
    newest = 0
    for record in source:
        if isinstance(record, ControlEvent):
            continue
        if isinstance(record, RawEvent):
            newest = max(newest, created_at(record.raw) or 0)
        yield newest, partition, _moved(record, partition)
    yield newest, partition, EndOfPartition(partition)


def _moved(record: Record, partition: int) -> Record:
    position = Position(record.position.source, partition, record.position.offset)
    if isinstance(record, RawEvent):
        return record._replace(position=position)
    return msgspec.structs.replace(record, position=position)


def _by_timestamp(number: int, recording: RecordingReader) -> _Keyed:
    """Yield each record with its sort key: the newest timestamp so far, then the number of the file."""
    newest = 0
    for record in recording:
        if isinstance(record, PartitionsAssigned):
            continue
        if isinstance(record, RawEvent):
            newest = max(newest, record.recorded_at or 0)
        yield newest, number, record


class _RangeReader:
    """A range of a topic, with its partitions merged by time of publishing."""

    format = TOPIC

    def __init__(
        self, name: str, reader: TopicReader, starts: dict[int, int], ends: dict[int, int], stack: ExitStack
    ) -> None:
        self.name = f"{name} {_shown(starts)} to {_shown(ends)}"
        self.total: int | None = sum(max(0, ends[partition] - starts[partition]) for partition in ends)
        self.done = 0
        self.topic = name
        self._reader, self._starts, self._ends, self._stack = reader, starts, ends, stack
        self._digest = hashlib.sha256()

    def __iter__(self) -> Iterator[Record | ControlEvent]:
        """Yield each record with its position in the topic."""
        yield PartitionsAssigned(tuple(sorted(self._ends)))
        at = dict(self._starts)
        for record in self._reader.merged(self._starts, self._ends, lambda value: created_at(value) or 0):
            after = self._ends[record.partition] if isinstance(record, EndOfRange) else record.offset + 1
            self.done += max(0, after - at[record.partition])
            at[record.partition] = after
            if isinstance(record, EndOfRange):
                yield EndOfPartition(record.partition)
            else:
                self._update_digest(record)
                yield _event_of(self.topic, record)

    def sha256(self) -> str | None:
        """Return the digest of all records with their positions and times; None before the end of the range."""
        return self._digest.hexdigest() if self.done == self.total else None

    def close(self) -> None:
        """Close the connection."""
        self._stack.close()

    def _update_digest(self, record: TopicRecord) -> None:
        value = b"" if record.value is None else record.value
        size = "-" if record.value is None else len(value)
        self._digest.update(f"{record.partition}:{record.offset}:{record.recorded_at}:{size}:".encode())
        self._digest.update(value)


def _event_of(topic: str, record: TopicRecord) -> Record:
    position = Position(topic, record.partition, record.offset)
    if record.value is None:
        return Tombstone(position)
    return RawEvent(record.value, position, record.recorded_at)


def _shown(offsets: dict[int, int]) -> str:
    return ",".join(f"{partition}:{offset}" for partition, offset in sorted(offsets.items()))


def parse_range(name: str) -> tuple[str, dict[int, int], dict[int, int]]:
    """Return topic, start offsets and end offsets from the name of a topic's range in a manifest."""
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
    "digest_of",
    "imported",
    "open_files",
    "parse_range",
]
