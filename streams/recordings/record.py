"""Writes a topic's records, or a range of them, to a file that a replay reads.

What went through the live stages can so be replayed, explained and kept. The end is fixed at the start, so that a topic
that goes on growing is written to an end; no group is joined, so that nobody's positions move.
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
    """What was written, and how many records a line cannot hold: empty ones, and those of several lines."""

    recorded: int
    left_out: int


class _Writer(Protocol):
    """Takes values, one after another."""

    def put(self, value: bytes) -> bool:
        """Whether it could be written."""
        ...

    def close(self) -> None:
        """All is written."""
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
    told: Callable[[int, int], None] = lambda records, done: None,
) -> Recorded:
    """Write a topic's range to a file, in the order of publishing as far as the broker knows it.

    The partitions are merged by the records' time; within one millisecond by the time that the events claim. A file
    that was published and is recorded again so has no event later behind its neighbours than the file had.

    Args:
        out: `.jsonl`, `.jsonl.gz` or `.parquet` (one column `value`); appears when it is whole.
        settings: of the broker.
        password: for SASL.
        topic: its name without the prefix.
        begin: the first record of each partition.
        end: the record of each partition before which the range ends.
        overwrite: whether a file that is there is replaced.
        told: after each record, twice how many there are.

    Raises:
        UserError: no such topic, an empty range, a file that cannot or must not be written, no broker.

    """
    _check(out, topic, overwrite=overwrite)
    with open_topic(settings, password, topic) as reader:
        starts, ends = reader.range(begin, end)
        with _written(out) as writer:
            return _write(reader.merged(starts, ends, _claimed), writer, told)


def _write(records: Iterable[TopicRecord], writer: _Writer, told: Callable[[int, int], None]) -> Recorded:
    recorded = left_out = 0
    for one in records:
        if writer.put(one.value):
            recorded += 1
        else:
            left_out += 1
        told(recorded + left_out, recorded + left_out)
    return Recorded(recorded=recorded, left_out=left_out)


def _claimed(value: bytes) -> int:
    return created_at(value) or 0


def _check(out: Path, topic: str, *, overwrite: bool) -> None:
    if topic not in BY_NAME:
        raise UserError(f"--topic must be one of {', '.join(BY_NAME)}; got {topic[:80]!r}; leave out kafka.prefix")
    if not out.name.endswith(_FORMATS):
        raise UserError(f"a recording is a {', '.join(_FORMATS)} file; got {out}; name it so")
    if BY_NAME[topic].packed and not out.name.endswith(".parquet"):
        raise UserError(f"records of {topic} are MessagePack, which no line holds; got {out}; name a .parquet file")
    if out.exists() and not overwrite:
        raise UserError(already_exists(out))


@contextmanager
def _written(out: Path) -> Iterator[_Writer]:
    """A writer to a file that takes its name when it is whole."""
    part = out.with_name(out.name + ".part")
    try:
        writer = _ParquetWriter(part) if out.name.endswith(".parquet") else _LineWriter(part, out.name)
        try:
            yield writer
        finally:
            writer.close()
        part.replace(out)
    except OSError as error:
        raise UserError(f"the recording must be written; got {error.strerror} for {out}; name another place") from None
    finally:
        part.unlink(missing_ok=True)


class _LineWriter:
    """One JSON value a line."""

    def __init__(self, path: Path, name: str) -> None:
        self._stack = ExitStack()
        file: IO[bytes] = self._stack.enter_context(path.open("wb"))
        if name.endswith(".gz"):  # without name and time, so that equal recordings are equal files
            packed = gzip.GzipFile("", "wb", fileobj=file, mtime=0)
            self._file = self._stack.enter_context(cast(IO[bytes], packed))
        else:
            self._file = file

    def put(self, value: bytes) -> bool:
        """Write a value as one line; JSON over several lines is written in one."""
        if b"\n" in value or b"\r" in value:
            value = _on_one_line(value)
        if not value or value.isspace():
            return False
        self._file.write(value + b"\n")
        return True

    def close(self) -> None:
        """All is written."""
        self._stack.close()


class _ParquetWriter:
    """One column of bytes, as a replay reads it back."""

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
        """All is written."""
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
