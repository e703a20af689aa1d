from enum import StrEnum
from typing import Annotated

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from detectors.pipeline.rows import ClusterRow, EdgeRow
from schemas.base import Ms
from streams.runs.parquet import TableWriter, schema_of


class Colour(StrEnum):
    RED = "red"


class Row(msgspec.Struct, frozen=True):
    name: str
    time: Ms
    colour: Colour
    count: Annotated[int, msgspec.Meta(ge=0)] = 0
    share: float | None = None
    seen: bool = False
    raw: bytes = b""


def write(path, rows, per_group=2):
    writer = TableWriter(path, Row, per_group)
    count = writer.add(rows)
    writer.close()
    return count


def test_columns_follow_from_the_fields():
    assert schema_of(Row) == pa.schema(
        [
            pa.field("name", pa.string(), nullable=False),
            pa.field("time", pa.timestamp("ms", tz="UTC"), nullable=False),
            pa.field("colour", pa.string(), nullable=False),
            pa.field("count", pa.int64(), nullable=False),
            pa.field("share", pa.float64(), nullable=True),
            pa.field("seen", pa.bool_(), nullable=False),
            pa.field("raw", pa.binary(), nullable=False),
        ]
    )


def test_the_pipelines_rows_make_tables():
    assert schema_of(EdgeRow).names == list(EdgeRow.__struct_fields__)
    assert schema_of(ClusterRow).field("first_time").type == pa.timestamp("ms", tz="UTC")
    assert schema_of(EdgeRow).field("parent").nullable


class Stop(msgspec.Struct, frozen=True):
    port: str
    at: Annotated[Ms, msgspec.Meta(description="Arrival.", examples=[5])]
    draught: Annotated[float | None, msgspec.Meta(description="In metres.")] = None


class Voyage(msgspec.Struct, frozen=True):
    ship: str
    stops: tuple[Stop, ...] = ()


def test_a_tuple_of_structs_is_a_list_of_records(tmp_path):
    writer = TableWriter(tmp_path / "t", Voyage, 2)
    writer.add([Voyage("Ada", (Stop("Leith", 1_767_600_000_000, 4.5), Stop("Cork", 1_767_600_000_001))), Voyage("Bea")])
    writer.close()
    table = pq.read_table(tmp_path / "t")
    record = table.schema.field("stops").type.value_type
    assert record.field("at").type == pa.timestamp("ms", tz="UTC")
    assert [record.field(name).nullable for name in ("port", "at", "draught")] == [False, False, True]
    (ada, bea) = table.column("stops").to_pylist()
    assert [(one["port"], one["draught"]) for one in ada] == [("Leith", 4.5), ("Cork", None)]
    assert bea == []


def test_rows_come_back_as_they_went_in(tmp_path):
    rows = [Row(f"n{n}", 1_767_600_000_000 + n, Colour.RED, n, n / 2 if n else None, n > 1, b"\0") for n in range(5)]
    assert write(tmp_path / "t", rows) == 5
    table = pq.read_table(tmp_path / "t")
    assert table.column("name").to_pylist() == ["n0", "n1", "n2", "n3", "n4"]
    assert table.column("time").cast(pa.int64()).to_pylist() == [row.time for row in rows]
    assert table.column("colour").to_pylist() == ["red"] * 5
    assert table.column("share").to_pylist() == [None, 0.5, 1.0, 1.5, 2.0]


def test_rows_are_written_in_groups_so_that_few_are_held(tmp_path):
    # rows     0 1 | 2 3 | 4
    # groups    0     1    2 (the rest, on close)
    write(tmp_path / "t", [Row(str(n), n, Colour.RED) for n in range(5)])
    file = pq.ParquetFile(tmp_path / "t")
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [2, 2, 1]


def test_equal_rows_give_equal_bytes(tmp_path):
    rows = [Row(str(n), n, Colour.RED) for n in range(7)]
    write(tmp_path / "a", rows)
    write(tmp_path / "b", rows)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_table_without_rows_still_has_its_columns(tmp_path):
    assert write(tmp_path / "t", []) == 0
    assert pq.read_table(tmp_path / "t").schema.names == list(Row.__struct_fields__)


def test_closing_twice_is_closing_once(tmp_path):
    writer = TableWriter(tmp_path / "t", Row, 10)
    writer.add([Row("a", 1, Colour.RED)])
    writer.close()
    writer.close()
    assert pq.read_table(tmp_path / "t").num_rows == 1
