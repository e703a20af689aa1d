"""Write structs to a Parquet table, in row groups with bounded memory.

The fields of the struct define the columns, and the file contains no time or host: equal rows give equal bytes.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.base import Ms

_MS = list(get_args(Ms)[1:])
_TIME = pa.timestamp("ms", tz="UTC")
_PLAIN = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string(), bytes: pa.binary()}


class TableWriter:
    """Writer of structs of one type to a Parquet file.

    Args:
        path: path of the file. The file exists from the start, and can be read after `close`.
        kind: type of the rows, with fields of int, float, bool, str, bytes, StrEnum, `Ms` for times; or None; or
            tuples of such structs.
        rows: rows per row group; the writer buffers one row group.

    """

    def __init__(self, path: Path, kind: type[msgspec.Struct], rows: int) -> None:
        self.schema = schema_of(kind)
        self._rows = rows
        self._buffer: list[msgspec.Struct] = []
        self._writer: pq.ParquetWriter | None = pq.ParquetWriter(path, self.schema, compression="zstd")

    def add(self, rows: Iterable[msgspec.Struct]) -> int:
        """Add rows; return their number."""
        count = 0
        for row in rows:
            count += 1
            self._buffer.append(row)
            if len(self._buffer) == self._rows:
                self._flush()
        return count

    def close(self) -> None:
        """Write the buffered rows and the index of the file. May be called twice."""
        if self._writer is not None:
            self._flush()
            self._writer.close()
            self._writer = None

    def _flush(self) -> None:
        if self._buffer and self._writer is not None:
            values = zip(*map(msgspec.structs.astuple, self._buffer), strict=True)
            columns = [_column(column, kind) for column, kind in zip(values, self.schema.types, strict=True)]
            self._writer.write_table(pa.Table.from_arrays(columns, schema=self.schema))
            self._buffer.clear()


def schema_of(kind: type[msgspec.Struct]) -> pa.Schema:
    """Return the schema of a table: a column per field, nullable if the field may be None, times as UTC timestamps."""
    hints = get_type_hints(kind, include_extras=True)
    return pa.schema([_field(name, hints[name]) for name in kind.__struct_fields__])


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Return a column; the structs of a list become records."""
    if pa.types.is_list(kind):
        values = [[msgspec.structs.asdict(each) for each in value] for value in values]
    return pa.array(values, kind)


def _field(name: str, hint: object) -> pa.Field:
    bare = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    nullable = get_origin(bare) in (Union, UnionType)
    if nullable:
        (hint,) = (part for part in get_args(bare) if part is not NoneType)
    return pa.field(name, _arrow(hint), nullable=nullable)


def _arrow(hint: object) -> pa.DataType:
    if get_origin(hint) is tuple:
        return pa.list_(pa.struct(schema_of(get_args(hint)[0])))
    if get_origin(hint) is Annotated:
        plain, *notes = get_args(hint)
        if plain is int and notes[: len(_MS)] == _MS:
            return _TIME
        hint = plain
    assert isinstance(hint, type)  # noqa: S101 - narrows the type for the type checker
    return pa.string() if issubclass(hint, str) else _PLAIN[hint]  # a StrEnum is text
