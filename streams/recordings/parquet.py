"""Reads recorded events from a Parquet file: one column of raw bytes, or one column per field of an event.

Analysts keep their extracts in Parquet; a row becomes the JSON object that an adapter would have published.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.event import ForwardEvent
from schemas.rejection import Reason
from schemas.sighting import Position
from streams.recordings.base import Record, SourceError, UnreadableRecord, printable, sha256_of, too_large

_VALUE = "value"
_BATCH = 1024  # rows
_FIELDS = ForwardEvent.__struct_fields__
_REQUIRED = tuple(field.name for field in msgspec.structs.fields(ForwardEvent) if field.required)
_EMPTY = hashlib.sha256(b"").hexdigest()


class ParquetReader:
    """A Parquet file, row by row. Memory is bounded by one row group's pages.

    Columns that are no fields of an event are left out; nulls (and NaN, which tables made from floats have for null)
    are absent fields; timestamps become milliseconds. A position's offset is the row's number, counted from 0.
    """

    format = "parquet"

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.name = printable(path.name)
        self.total: int | None = path.stat().st_size
        self._path = path
        self._max = max_bytes
        self._row = 0
        try:
            self._file = pq.ParquetFile(path, memory_map=True)
        except (pa.ArrowException, OSError) as error:
            raise SourceError(
                f"a Parquet file must be whole, its index is at its end; got {_first_line(error)} in {path.name}; "
                "write it again"
            ) from None
        self._total_rows: int = self._file.metadata.num_rows
        self._columns = _columns(self._file.schema_arrow, path.name)

    @property
    def done(self) -> int:
        """The share of the file that the rows read so far stand for."""
        return (self.total or 0) * self._row // max(1, self._total_rows)

    def sha256(self) -> str | None:
        """Digest of the file."""
        return sha256_of(str(self._path))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __iter__(self) -> Iterator[Record]:
        """Every row."""
        try:
            for group in range(self._file.num_row_groups):  # one by one, so that damage costs no row before it
                for batch in self._file.iter_batches(_BATCH, [group], self._columns):
                    for raw in _raw_rows(batch):
                        yield self._one(raw)
        except (pa.ArrowException, OSError) as error:
            detail = f"a Parquet file must be whole; got a damaged part ({_first_line(error)})"
            yield UnreadableRecord(Reason.SOURCE_TRUNCATED, detail, self._here(), 0, _EMPTY, b"")

    def _one(self, raw: bytes | None) -> Record:
        here = self._here()
        self._row += 1
        if raw is None:
            return UnreadableRecord(
                Reason.NOT_UTF8, "an event must be UTF-8; got a text column that is not", here, 0, _EMPTY
            )
        if len(raw) > self._max:
            return too_large(here, len(raw), hashlib.sha256(raw).hexdigest(), self._max)
        return raw, here

    def _here(self) -> Position:
        return Position(self.name, 0, self._row)


def _columns(schema: pa.Schema, name: str) -> list[str]:
    if schema.names == [_VALUE] and _is_bytes(schema.field(_VALUE).type):
        return [_VALUE]
    missing = [field for field in _REQUIRED if field not in schema.names]
    if missing:
        raise SourceError(
            f"a Parquet source has the columns of an event or one column {_VALUE!r} of bytes; got no column "
            f"{', '.join(missing)} in {name}; rename or add it (docs/replay-streams.md lists the columns)"
        )
    return [field for field in _FIELDS if field in schema.names]


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
    )


def _raw_rows(batch: pa.RecordBatch) -> Iterator[bytes | None]:
    """Each row as an event's bytes; None where a text in it is no UTF-8."""
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
        yield None if row is None else msgspec.json.encode(_present(row), enc_hook=repr)


def _row(batch: pa.RecordBatch) -> dict[str, Any] | None:
    try:
        row: dict[str, Any] = batch.to_pylist()[0]
    except UnicodeDecodeError:
        return None
    return row


def _present(value: object) -> object:
    """Without nulls, and with whole numbers as such: a table with a null in a column of counts has floats there."""
    if isinstance(value, dict):
        return {name: _present(inner) for name, inner in value.items() if not _absent(inner)}
    if isinstance(value, list):
        return [_present(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


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
