"""Read events from a Parquet file: one column of raw bytes, one column per field of an event, or records of a topic.

Analysts keep extracts in Parquet; each row becomes the JSON object that an adapter would publish. The columns of a
recording are those of `kcat -J`.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from detectors.reading.field_names import similar_field, suggest
from detectors.reading.profile import WATCHED
from schemas.event import ForwardEvent
from schemas.rejection import Reason
from schemas.sighting import Position, RawEvent
from streams.recordings.base import Record, SourceError, UnreadableRecord, printable, sha256_of, too_large
from streams.recordings.envelope import Envelope
from streams.recordings.parquet_sizes import batch_rows, check_ratio, plain, plain_type, row_sizes, text_columns

RECORD_SCHEMA = pa.schema(
    [
        pa.field("topic", pa.string(), nullable=False),
        pa.field("partition", pa.int32(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        ("tstype", pa.string()),
        ("ts", pa.int64()),
        ("headers", pa.list_(pa.struct([("name", pa.string()), ("value", pa.binary())]))),
        ("key", pa.binary()),
        ("payload", pa.binary()),
    ]
)
"""Columns of a recording."""

_VALUE = "value"
_MATERIALISED = 2  # times the largest event: a larger row is refused by its size alone
_TOGETHER = 64 << 20  # plain bytes of rows that are materialised together
_ENVELOPE = 1 << 20  # bytes of a record besides its payload, at most
_EXACT = 1 << 53  # from here on, a float has lost digits
_FIELDS = ForwardEvent.__struct_fields__
_REQUIRED = tuple(field.name for field in msgspec.structs.fields(ForwardEvent) if field.required)
_TIMES = ("created_at", "claimed_at", "observed_at")  # an event needs one of them
_EMPTY = hashlib.sha256(b"").hexdigest()


def as_row(record: Envelope) -> dict[str, Any]:
    """Return a record as a row of `RECORD_SCHEMA`."""
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "tstype": record.timestamp_type,
        "ts": record.timestamp,
        "headers": [{"name": name, "value": value} for name, value in record.headers],
        "key": record.key,
        "payload": record.value,
    }


def has_records(path: Path) -> bool:
    """Return True if a Parquet file is the recording of a topic."""
    file = _open(path)
    try:
        names = set(file.schema_arrow.names)
    finally:
        file.close()
    return set(RECORD_SCHEMA.names) <= names


class _ParquetFile:
    """A Parquet file, read row by row.

    Texts are read as dictionaries, and the size of each row is known before the row is materialised. Memory is bounded
    by the pages of one row group and the largest row.
    """

    format = "parquet"
    topic = None

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.name = printable(path.name)
        self.total: int | None = path.stat().st_size
        self._path = path
        self._max = max_bytes
        self._row = 0
        self._file = _open(path)
        check_ratio(self._file.metadata, path.stat().st_size, self.name)
        self._total_rows: int = self._file.metadata.num_rows

    @property
    def done(self) -> int:
        """The bytes read so far, estimated from the share of rows."""
        return (self.total or 0) * self._row // max(1, self._total_rows)

    def sha256(self) -> str | None:
        """Return the digest of the file."""
        return sha256_of(str(self._path))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _parts(self, columns: Sequence[str], max_bytes: int) -> Iterator[pa.RecordBatch | int]:
        """Yield rows of plain values, as batches that fit into memory; the size of a row of more than `max_bytes`."""
        for group in range(self._file.num_row_groups):  # one by one: damage costs no earlier row
            rows = batch_rows(self._file.metadata, group)
            for batch in self._file.iter_batches(rows, [group], list(columns), use_threads=False):
                sizes = row_sizes(batch)
                if sizes.sum() <= _TOGETHER and sizes.max(initial=0) <= max_bytes:
                    yield plain(batch)
                    continue
                for at, size in enumerate(sizes.tolist()):
                    yield plain(batch.slice(at, 1)) if size <= max_bytes else size

    def _here(self) -> Position:
        return Position(self.name, 0, self._row)

    def _too_large(self, size: int) -> UnreadableRecord:
        here = self._here()
        self._row += 1
        return too_large(here, size, _EMPTY, self._max)

    def _damaged(self, error: Exception) -> UnreadableRecord:
        detail = f"a Parquet file must be whole; got a damaged part ({_first_line(error)})"
        return UnreadableRecord(Reason.SOURCE_TRUNCATED, detail, self._here(), 0, _EMPTY, b"")


class ParquetReader(_ParquetFile):
    """Reader of the events in a Parquet file.

    Columns without a field of an event are ignored; those that resemble an absent field are passed on for the report.
    A null is an absent field, and so is NaN, the null of a column of floats. Timestamps become milliseconds. The offset
    of a position is the number of the row, from 0.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        super().__init__(path, max_bytes)
        self._columns = _columns(self._file.schema_arrow, path.name)

    def __iter__(self) -> Iterator[Record]:
        """Yield each row."""
        try:
            for part in self._parts(self._columns, _MATERIALISED * self._max):
                if isinstance(part, int):
                    yield self._too_large(part)
                    continue
                for raw in _raw_rows(part):
                    yield self._record_of(raw)
        except (pa.ArrowException, OSError) as error:
            yield self._damaged(error)

    def _record_of(self, raw: bytes | None) -> Record:
        here = self._here()
        self._row += 1
        if raw is None:
            return UnreadableRecord(
                Reason.NOT_UTF8, "an event must be UTF-8; got a text column that is not", here, 0, _EMPTY
            )
        if len(raw) > self._max:
            return too_large(here, len(raw), hashlib.sha256(raw).hexdigest(), self._max)
        return RawEvent(raw, here)


class ParquetRecords(_ParquetFile):
    """Reader of the records in a Parquet file; see `EnvelopeReader`."""

    def __iter__(self) -> Iterator[Envelope | UnreadableRecord]:
        """Yield the record of each row."""
        try:
            for part in self._parts(RECORD_SCHEMA.names, self._max + _ENVELOPE):
                if isinstance(part, int):
                    yield self._too_large(part)
                    continue
                for row in part.cast(RECORD_SCHEMA).to_pylist():
                    self._row += 1
                    yield _envelope_of(row)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            yield self._damaged(error)

    def places(self) -> Iterator[tuple[str, int] | None]:
        """Yield topic and partition of each row, None for a row without a usable topic, up to a damaged part."""
        with contextlib.suppress(pa.ArrowException, OSError, UnicodeDecodeError):
            for part in self._parts(("topic", "partition"), _ENVELOPE):
                if isinstance(part, int):
                    yield None
                    continue
                yield from zip(*(part.column(name).to_pylist() for name in ("topic", "partition")), strict=True)


def _open(path: Path) -> pq.ParquetFile:
    try:
        with pq.ParquetFile(path, memory_map=True) as file:
            texts = text_columns(file)
        return pq.ParquetFile(path, memory_map=True, read_dictionary=texts)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(
            f"cannot read the Parquet file {path.name}: {_first_line(error)}; the index at its end may be missing, "
            "so write the file again"
        ) from None


def _envelope_of(row: dict[str, Any]) -> Envelope:
    headers = tuple((one["name"], one["value"]) for one in row["headers"] or ())
    return Envelope(
        row["topic"],
        row["partition"],
        row["offset"],
        row["ts"],
        row["tstype"] or "unknown",
        headers,
        row["key"],
        row["payload"],
    )


def _columns(schema: pa.Schema, name: str) -> list[str]:
    if schema.names == [_VALUE] and _is_bytes(schema.field(_VALUE).type):
        return [_VALUE]
    missing = [field for field in _REQUIRED if field not in schema.names]
    missing += [] if any(field in schema.names for field in _TIMES) else ["created_at"]
    if missing:
        raise SourceError(
            f"{name} has no column {', '.join(missing)}, nor a single column {_VALUE!r} of bytes; rename or add "
            f"columns (docs/replay-streams.md lists them){suggest(missing, schema.names)}"
        )
    return [field for field in _FIELDS if field in schema.names] + _similar(schema.names)


def _similar(names: list[str]) -> list[str]:
    """Return the columns that resemble an absent field; intake ignores their values and reports their names."""
    found = (similar_field(field, names) for field in WATCHED if field not in names)
    return list(dict.fromkeys(name for name in found if name is not None))


def _is_bytes(kind: pa.DataType) -> bool:
    kind = plain_type(kind)
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
    )


def _raw_rows(batch: pa.RecordBatch) -> Iterator[bytes | None]:
    """Yield each row as the bytes of an event; None for a row with a text that is not UTF-8."""
    if batch.schema.names == [_VALUE]:
        for value in batch.column(0).cast(pa.large_binary()).to_pylist():
            yield value or b""
        return
    batch = _in_milliseconds(batch)
    try:
        rows: Iterable[dict[str, Any] | None] = batch.to_pylist()
    except UnicodeDecodeError:
        rows = (_row(batch.slice(at, 1)) for at in range(batch.num_rows))
    for row in rows:
        yield _encoded(row)


def _encoded(row: dict[str, Any] | None) -> bytes | None:
    """Return a row as the bytes of an event; None for a row with a text that is not UTF-8."""
    try:
        return None if row is None else msgspec.json.encode(_present(row), enc_hook=repr)
    except UnicodeDecodeError:
        return None


def _row(batch: pa.RecordBatch) -> dict[str, Any] | None:
    try:
        row: dict[str, Any] = batch.to_pylist()[0]
    except UnicodeDecodeError:
        return None
    return row


def _present(value: object) -> object:
    """Drop nulls, and turn whole floats into integers: a null turns a column of counts into floats.

    A float that has lost digits stays one, so intake refuses it as an identifier. Bytes are text: Impala, Hive and
    Spark have written texts as binary columns, and in base64 they would pass the masking unseen.

    Raises:
        UnicodeDecodeError: bytes that are not UTF-8.

    """
    if isinstance(value, dict):
        return {name: _present(inner) for name, inner in value.items() if not _absent(inner)}
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list | tuple):
        return [_present(inner) for inner in value]
    exact = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
    return int(value) if exact else value  # type: ignore[call-overload]


def _absent(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124 - only NaN differs from itself


def _in_milliseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    for at, field in enumerate(batch.schema):
        if pa.types.is_timestamp(field.type):
            times = batch.column(at).cast(pa.timestamp("ms", tz=field.type.tz), safe=False).cast(pa.int64())
            batch = batch.set_column(at, field.name, times)
    return batch


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120]
