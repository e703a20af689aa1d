"""Record a topic, or a range of a topic, to a file for replays.

A recording of live input can be replayed, explained and kept. The end offsets are fixed at the start, so recording a
live topic terminates. The reader joins no consumer group and commits no offsets.
"""

import gzip
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Protocol, cast

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from streams.errors import UserError, already_exists
from streams.kafka.connection import KafkaSettings
from streams.kafka.reader import BEGINNING, END, EndOfRange, OffsetSpec, TopicRecord, open_topic
from streams.kafka.topics import BY_NAME
from streams.recordings.envelope import Envelope, timestamp_type, write
from streams.recordings.parquet import RECORD_SCHEMA, as_row
from streams.recordings.peek import created_at

_FORMATS = (".jsonl", ".jsonl.gz", ".parquet")
_GROUP_ROWS = 10_000
_GROUP_BYTES = 16 << 20


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a recording: the number of written records."""

    recorded: int


class _Writer(Protocol):
    """Writer of records."""

    def put(self, record: Envelope) -> None:
        """Write a record."""
        ...

    def close(self) -> None:
        """Write the rest and close the file."""
        ...


def record(
    out: Path,
    settings: KafkaSettings,
    password: str | None,
    *,
    topic: str = "forwards",
    begin: OffsetSpec = BEGINNING,
    end: OffsetSpec = END,
    overwrite: bool = False,
    progress: Callable[[int, int], None] = lambda records, done: None,
) -> Recorded:
    """Write a range of a topic to a file, in the order in which a replay of the range reads the records.

    Partitions are merged by the timestamp of the record, and within one millisecond by the claimed time of the event.
    Each record keeps its partition, offset, timestamp, headers and key.

    Args:
        out: `.jsonl` or `.jsonl.gz` for lines as `kcat -J` prints them, or `.parquet` with the same fields as columns;
            the file appears when complete.
        settings: settings of the broker.
        password: SASL password.
        topic: name of the topic without the prefix.
        begin: first record of each partition.
        end: end of the range in each partition, exclusive.
        overwrite: replace an existing file.
        progress: called as `progress(count, count)` after each record.

    Raises:
        UserError: no such topic, an empty range, a file that cannot or must not be written, no broker.

    """
    _check(out, topic, overwrite=overwrite)
    with open_topic(settings, password, topic) as reader:
        starts, ends = reader.range(begin, end)
        with _written(out) as writer:
            return _write(topic, reader.merged(starts, ends, _claimed), writer, progress)


def _write(
    topic: str, records: Iterable[TopicRecord | EndOfRange], writer: _Writer, progress: Callable[[int, int], None]
) -> Recorded:
    recorded = 0
    for one in records:
        if isinstance(one, TopicRecord):
            writer.put(_envelope_of(topic, one))
            recorded += 1
            progress(recorded, recorded)
    return Recorded(recorded=recorded)


def _envelope_of(topic: str, record: TopicRecord) -> Envelope:
    return Envelope(
        topic,
        record.partition,
        record.offset,
        record.time_ms,
        timestamp_type(record.timestamp_type),
        record.headers,
        record.key,
        record.value,
    )


def _claimed(value: bytes) -> int:
    return created_at(value) or 0


def _check(out: Path, topic: str, *, overwrite: bool) -> None:
    if topic not in BY_NAME:
        raise UserError(f"unknown topic {topic[:80]!r}; choose one of {', '.join(BY_NAME)}, without kafka.prefix")
    if not out.name.endswith(_FORMATS):
        raise UserError(f"cannot record to {out}: the name must end with {', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}")
    if out.exists() and not overwrite:
        raise UserError(already_exists(out))


@contextmanager
def _written(out: Path) -> Iterator[_Writer]:
    """Yield a writer to a temporary file, which is renamed when complete."""
    part = out.with_name(out.name + ".part")
    try:
        writer = _ParquetWriter(part) if out.name.endswith(".parquet") else _LineWriter(part, out.name)
        try:
            yield writer
        finally:
            writer.close()
        part.replace(out)
    except OSError as error:
        raise UserError(f"cannot write the recording {out}: {error.strerror}; name another file") from None
    finally:
        part.unlink(missing_ok=True)


class _LineWriter:
    """Writer of one record per line."""

    def __init__(self, path: Path, name: str) -> None:
        self._stack = ExitStack()
        file: IO[bytes] = self._stack.enter_context(path.open("wb"))
        if name.endswith(".gz"):  # without name and time: equal recordings give equal files
            packed = gzip.GzipFile("", "wb", fileobj=file, mtime=0)
            self._file = self._stack.enter_context(cast(IO[bytes], packed))
        else:
            self._file = file

    def put(self, record: Envelope) -> None:
        """Write a record as one line."""
        self._file.write(write(record) + b"\n")

    def close(self) -> None:
        """Close the file."""
        self._stack.close()


class _ParquetWriter:
    """Writer of one row per record."""

    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetWriter(path, RECORD_SCHEMA, compression="zstd")
        self._rows: list[dict[str, Any]] = []
        self._bytes = 0

    def put(self, record: Envelope) -> None:
        """Write a record as a row."""
        self._rows.append(as_row(record))
        self._bytes += len(record.value or b"")
        if len(self._rows) >= _GROUP_ROWS or self._bytes >= _GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        """Write the last row group and close the file."""
        if self._rows:
            self._flush()
        self._file.close()

    def _flush(self) -> None:
        self._file.write_table(pa.Table.from_pylist(self._rows, schema=RECORD_SCHEMA))
        self._rows, self._bytes = [], 0
