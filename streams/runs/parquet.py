"""Structs as a Parquet table, written in row groups so that memory stays bounded.

The columns follow from the struct's fields, and nothing of the moment goes into the file: equal rows give equal bytes.
"""

from collections.abc import Iterable
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Union, get_args, get_origin, get_type_hints

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.base import Ms

_TIME = pa.timestamp("ms", tz="UTC")
_PLAIN = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string(), bytes: pa.binary()}


class TableWriter:
    """Writes rows of one struct type to a Parquet file.

    Args:
        path: of the file; it exists, with its columns, from the start and can be read after `close`.
        kind: the rows' type: fields of int, float, bool, str, bytes, StrEnum, `Ms` for times; or None.
        rows: how many are held before they are written as a row group.

    """

    def __init__(self, path: Path, kind: type[msgspec.Struct], rows: int) -> None:
        self.schema = schema_of(kind)
        self._rows = rows
        self._waiting: list[msgspec.Struct] = []
        self._writer: pq.ParquetWriter | None = pq.ParquetWriter(path, self.schema, compression="zstd")

    def add(self, rows: Iterable[msgspec.Struct]) -> int:
        """Take rows; gives how many."""
        count = 0
        for row in rows:
            count += 1
            self._waiting.append(row)
            if len(self._waiting) == self._rows:
                self._flush()
        return count

    def close(self) -> None:
        """Write what is held and the file's index. May be called twice."""
        if self._writer is not None:
            self._flush()
            self._writer.close()
            self._writer = None

    def _flush(self) -> None:
        if self._waiting and self._writer is not None:
            values = zip(*map(msgspec.structs.astuple, self._waiting), strict=True)
            columns = [pa.array(column, kind) for column, kind in zip(values, self.schema.types, strict=True)]
            self._writer.write_table(pa.Table.from_arrays(columns, schema=self.schema))
            self._waiting.clear()


def schema_of(kind: type[msgspec.Struct]) -> pa.Schema:
    """The table's columns: one a field, nullable where the field may be None, times as UTC timestamps."""
    hints = get_type_hints(kind, include_extras=True)
    return pa.schema([_field(name, hints[name]) for name in kind.__struct_fields__])


def _field(name: str, hint: object) -> pa.Field:
    nullable = get_origin(hint) in (Union, UnionType)
    if nullable:
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    return pa.field(name, _arrow(hint), nullable=nullable)


def _arrow(hint: object) -> pa.DataType:
    if hint == Ms:
        return _TIME
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    assert isinstance(hint, type)  # noqa: S101 - tells the type checker what a column's type is
    return pa.string() if issubclass(hint, str) else _PLAIN[hint]  # a StrEnum is text
