"""Record a topic, or a range of a topic, to a file for replays.

A recording of live input can be replayed, explained and kept. The end offsets are fixed at the start, so recording a
live topic terminates. The reader joins no consumer group and commits no offsets.
"""

import gzip
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Protocol, cast

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from streams.errors import UserError, already_exists
from streams.kafka.connection import KafkaSettings
from streams.kafka.reader import BEGINNING, END, OffsetSpec, TopicRecord, open_topic
from streams.kafka.topics import BY_NAME
from streams.recordings.peek import created_at

_FORMATS = (".jsonl", ".jsonl.gz", ".parquet")
_GROUP_ROWS = 10_000
_GROUP_BYTES = 16 << 20


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a recording: written records, and skipped records that fit no line (empty, or not JSON on one line)."""

    recorded: int
    skipped: int


class _Writer(Protocol):
    """Writer of record values."""

    def put(self, value: bytes) -> bool:
        """Write a value; return False if the format cannot hold the value."""
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
    """Write a range of a topic to a file, in the order of publishing.

    Partitions are merged by the timestamp of the record, and within one millisecond by the claimed time of the event.
    So recording a published file adds no disorder to the events.

    Args:
        out: `.jsonl`, `.jsonl.gz` or `.parquet` (one column `value`); the file appears when complete.
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
            return _write(reader.merged(starts, ends, _claimed), writer, progress)


def _write(records: Iterable[TopicRecord], writer: _Writer, progress: Callable[[int, int], None]) -> Recorded:
    recorded = skipped = 0
    for one in records:
        if writer.put(one.value):
            recorded += 1
        else:
            skipped += 1
        progress(recorded + skipped, recorded + skipped)
    return Recorded(recorded=recorded, skipped=skipped)


def _claimed(value: bytes) -> int:
    return created_at(value) or 0


def _check(out: Path, topic: str, *, overwrite: bool) -> None:
    if topic not in BY_NAME:
        raise UserError(f"unknown topic {topic[:80]!r}; choose one of {', '.join(BY_NAME)}, without kafka.prefix")
    if not out.name.endswith(_FORMATS):
        raise UserError(f"cannot record to {out}: the name must end with {', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}")
    if BY_NAME[topic].packed and not out.name.endswith(".parquet"):
        raise UserError(f"cannot record {topic} to {out}: its records are MessagePack; name a .parquet file")
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
    """Writer of one JSON value per line."""

    def __init__(self, path: Path, name: str) -> None:
        self._stack = ExitStack()
        file: IO[bytes] = self._stack.enter_context(path.open("wb"))
        if name.endswith(".gz"):  # without name and time: equal recordings give equal files
            packed = gzip.GzipFile("", "wb", fileobj=file, mtime=0)
            self._file = self._stack.enter_context(cast(IO[bytes], packed))
        else:
            self._file = file

    def put(self, value: bytes) -> bool:
        """Write a value as one line; compact JSON that spans several lines."""
        if b"\n" in value or b"\r" in value:
            value = _on_one_line(value)
        if not value or value.isspace():
            return False
        self._file.write(value + b"\n")
        return True

    def close(self) -> None:
        """Close the file."""
        self._stack.close()


class _ParquetWriter:
    """Writer of one column of bytes, a row per record."""

    def __init__(self, path: Path) -> None:
        self._schema = pa.schema([("value", pa.binary())])
        self._file = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[bytes] = []
        self._bytes = 0

    def put(self, value: bytes) -> bool:
        """Write a value as a row."""
        self._rows.append(value)
        self._bytes += len(value)
        if len(self._rows) >= _GROUP_ROWS or self._bytes >= _GROUP_BYTES:
            self._flush()
        return True

    def close(self) -> None:
        """Write the last row group and close the file."""
        if self._rows:
            self._flush()
        self._file.close()

    def _flush(self) -> None:
        self._file.write_table(pa.table([pa.array(self._rows, pa.binary())], schema=self._schema))
        self._rows, self._bytes = [], 0


def _on_one_line(value: bytes) -> bytes:
    try:
        return msgspec.json.format(value, indent=-1)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return b""
