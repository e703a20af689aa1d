"""Bound the memory of reading a Parquet file, before its values are materialised.

A Parquet file of 8 KB can hold a thousand rows that share one text of 64 MB: in the file, and in Arrow's dictionary
arrays, the text is there once; as rows of Python it would take 64 GB. Apache Parquet, encodings:
https://parquet.apache.org/docs/file-format/data-pages/encodings/
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from streams.recordings.base import SourceError

_BATCH_ROWS = 1024
_BATCH_BYTES = 256 << 20  # plain values of a batch; below this sum, no file is a bomb
_MAX_RATIO = 1000  # plain bytes for a byte of the file; deflate reaches 1032
_FIXED = 8  # bytes of a number

Sizes = npt.NDArray[np.int64]


def text_columns(file: pq.ParquetFile) -> list[str]:
    """Return the paths of the columns of texts and bytes, which can be read as dictionaries."""
    columns = (file.schema.column(at) for at in range(len(file.schema)))
    return [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]


def check_ratio(metadata: pq.FileMetaData, stored: int, name: str) -> None:
    """Refuse a file whose index announces far more data than the file can hold.

    Raises:
        SourceError: more than 256 MiB, and more than 1,000 bytes for each byte of the file.

    """
    announced = sum(_group_bytes(metadata, group) for group in range(metadata.num_row_groups))
    if announced > max(_BATCH_BYTES, _MAX_RATIO * stored):
        raise SourceError(
            f"the Parquet file {name} has {stored:,} bytes and expands to {announced:,}, more than {_MAX_RATIO:,} "
            "times; write the file again without rows that repeat"
        )


def batch_rows(metadata: pq.FileMetaData, group: int) -> int:
    """Return the number of rows to decode together, from 1 to 1,024: fewer where the rows of a group are large."""
    columns = (metadata.row_group(group).column(at) for at in range(metadata.num_columns))
    if any("DELTA_BYTE_ARRAY" in column.encodings for column in columns):
        return 1  # each value may repeat the one before, so the plain size is unknown
    return int(max(1, min(_BATCH_ROWS, _BATCH_ROWS * _BATCH_BYTES // max(1, _group_bytes(metadata, group)))))


def row_sizes(batch: pa.RecordBatch) -> Sizes:
    """Return the bytes of each row as plain values. Texts count their bytes in UTF-8, other values 8."""
    sizes: Sizes = np.zeros(batch.num_rows, np.int64)
    for column in batch.columns:
        sizes += _sizes(column)
    return sizes


def plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch with its dictionaries replaced by their values."""
    schema = pa.schema([field.with_type(plain_type(field.type)) for field in batch.schema])
    return batch.cast(schema)


def _group_bytes(metadata: pq.FileMetaData, group: int) -> int:
    columns = [metadata.row_group(group).column(at) for at in range(metadata.num_columns)]
    return sum(max(column.total_uncompressed_size, column.num_values * _FIXED) for column in columns)


def _sizes(column: pa.Array) -> Sizes:
    kind = column.type
    if pa.types.is_dictionary(kind):
        values = np.append(_sizes(column.dictionary), 0)
        return np.asarray(values[pc.fill_null(column.indices, len(column.dictionary)).to_numpy(zero_copy_only=False)])
    if pa.types.is_struct(kind):
        return sum((_sizes(column.field(at)) for at in range(kind.num_fields)), np.zeros(len(column), np.int64))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind):
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(_sizes(column.values) + _FIXED)])
        return np.asarray(np.diff(ends[column.offsets.to_numpy(zero_copy_only=False)]), np.int64)
    if pa.types.is_nested(kind) or isinstance(kind, pa.BaseExtensionType):
        return np.full(len(column), column.nbytes, np.int64)
    if _is_text(kind):
        return np.asarray(pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False), np.int64)
    return np.full(len(column), _FIXED, np.int64)


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return a type with its dictionaries replaced by the type of their values."""
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(plain_type(field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(plain_type(kind.value_type)))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(plain_type(kind.value_type)))
    if pa.types.is_map(kind):
        return pa.map_(plain_type(kind.key_type), plain_type(kind.item_type))
    return kind


__all__ = ["batch_rows", "check_ratio", "plain", "plain_type", "row_sizes", "text_columns"]
