import datetime
import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.rejection import Reason
from streams.recordings.base import SourceError, UnreadableRecord, sha256_of
from streams.recordings.open_file import open_source
from streams.recordings.parquet import RECORD_SCHEMA

EVENT = {"event_id": "e1", "platform": "sms", "kind": "post", "created_at": 1_767_600_000_000}


def read(tmp_path, table: pa.Table, bound: int = 1000, **options):
    path = tmp_path / "day.parquet"
    pq.write_table(table, path, **options)
    source = open_source(str(path), bound)
    try:
        return list(source)
    finally:
        source.close()


def events(records):
    return [json.loads(record[0]) for record in records]


def test_a_row_becomes_the_event_an_adapter_would_have_published(tmp_path):
    row = {
        **EVENT,
        "text": "नमस्ते",
        "urls": ["https://example.org"],
        "media": [{"sha256": "ab" * 32, "pdq": None}],
        "counters": {"views": 3, "forwards": None},
        "actor": None,
    }
    (event,) = events(read(tmp_path, pa.Table.from_pylist([row])))
    assert event == {
        **EVENT,
        "text": "नमस्ते",
        "urls": row["urls"],
        "media": [{"sha256": "ab" * 32}],
        "counters": {"views": 3},
    }


def test_rows_have_their_number_as_position(tmp_path):
    table = pa.Table.from_pylist([{**EVENT, "event_id": f"e{n}"} for n in range(3000)])
    records = read(tmp_path, table, row_group_size=700)
    assert [position.offset for _, position, _ in records] == list(range(3000))
    assert {(position.source, position.partition) for _, position, _ in records} == {("day.parquet", 0)}
    assert [event["event_id"] for event in events(records)] == [f"e{n}" for n in range(3000)]


def test_a_column_that_is_no_field_is_left_out(tmp_path):
    assert events(read(tmp_path, pa.Table.from_pylist([{**EVENT, "my_note": "x"}]))) == [EVENT]


def test_a_table_made_of_floats_gives_whole_numbers_and_absent_fields(tmp_path):
    columns = {**{name: [value, value] for name, value in EVENT.items()}, "followers": [5.0, float("nan")]}
    assert events(read(tmp_path, pa.table(columns))) == [{**EVENT, "followers": 5}, EVENT]


def test_timestamps_become_milliseconds(tmp_path):
    at = datetime.datetime.fromtimestamp(1_767_600_000, datetime.UTC)
    for unit in ("s", "ms", "us", "ns"):
        times = pa.array([at], pa.timestamp(unit, tz="UTC"))
        table = pa.Table.from_pylist([EVENT]).set_column(3, "created_at", times)
        assert events(read(tmp_path, table)) == [EVENT]


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.string(), pa.large_string()])
def test_a_single_column_value_holds_the_raw_events(tmp_path, kind):
    raw = [b'{"a":1}', b"not json", b"", None]
    table = pa.table({"value": pa.array(raw, pa.binary()).cast(kind)})
    assert [record[0] for record in read(tmp_path, table)] == [b'{"a":1}', b"not json", b"", b""]


def test_a_raw_value_that_is_no_utf8_arrives_byte_for_byte(tmp_path):
    assert [record[0] for record in read(tmp_path, pa.table({"value": pa.array([b"\xff\0{"])}))] == [b"\xff\0{"]


def test_a_row_with_text_that_is_no_utf8_is_refused_and_its_neighbours_are_not(tmp_path):
    broken = pa.StringArray.from_buffers(3, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0"), pa.py_buffer(b"a\xffb"))
    table = pa.Table.from_pylist([EVENT] * 3).append_column("text", broken)
    first, refused, last = read(tmp_path, table)
    assert [event["text"] for event in events([first, last])] == ["a", "b"]
    assert (refused.reason, refused.position.offset) == (Reason.NOT_UTF8, 1)


def test_a_row_beyond_the_bound_is_refused_with_its_size(tmp_path):
    table = pa.table({"value": pa.array([b"x" * 10, b"x" * 11], pa.binary())})
    kept, refused = read(tmp_path, table, bound=10)
    assert kept[0] == b"x" * 10
    assert isinstance(refused, UnreadableRecord)
    assert (refused.reason, refused.size, refused.position.offset) == (Reason.TOO_LARGE, 11, 1)


def test_a_table_of_something_else_is_refused_with_the_columns_it_lacks(tmp_path):
    with pytest.raises(SourceError, match=r"day.parquet has no column event_id, platform, kind, created_at"):
        read(tmp_path, pa.table({"a": [1]}))
    with pytest.raises(SourceError, match=r"has no column event_id"):
        read(tmp_path, pa.table({"value": [1]}))


def test_a_file_that_is_cut_off_is_refused_because_its_index_is_gone(tmp_path):
    path = tmp_path / "day.parquet"
    pq.write_table(pa.Table.from_pylist([EVENT] * 100), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SourceError, match=r"cannot read the Parquet file .*, so write the file again"):
        open_source(str(path), 1000)


def test_damage_within_the_file_ends_it_there(tmp_path):
    path = tmp_path / "day.parquet"
    rows = [{**EVENT, "event_id": f"e{n:050}"} for n in range(4000)]
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=1000, compression="zstd", use_dictionary=False)
    at = pq.ParquetFile(path).metadata.row_group(2).column(0).data_page_offset
    data = bytearray(path.read_bytes())
    data[at : at + 400] = b"\xff" * 400
    path.write_bytes(data)
    *good, cut = open_source(str(path), 1000)
    assert len(good) == 2000
    assert (cut.reason, cut.position.offset) == (Reason.SOURCE_TRUNCATED, 2000)


def test_progress_and_digest_are_of_the_file(tmp_path):
    path = tmp_path / "day.parquet"
    pq.write_table(pa.Table.from_pylist([EVENT] * 10), path)
    source = open_source(str(path), 1000)
    assert (source.format, source.done, source.total) == ("parquet", 0, path.stat().st_size)
    list(source)
    assert source.done == source.total
    assert source.sha256() == sha256_of(str(path))
    source.close()


def test_an_empty_table_has_no_events(tmp_path):
    assert read(tmp_path, pa.Table.from_pylist([EVENT]).slice(0, 0)) == []


def test_a_float_that_has_lost_digits_is_not_made_an_integer(tmp_path):
    table = pa.table({**{name: [value] * 2 for name, value in EVENT.items()}, "actor": [1.893e18, 12.0]})
    assert [event["actor"] for event in events(read(tmp_path, table))] == [1.893e18, 12]


def test_a_column_that_resembles_an_absent_field_is_passed_on(tmp_path):
    (event,) = events(read(tmp_path, pa.Table.from_pylist([{**EVENT, "sender": "p", "chat": "c", "group": "g"}])))
    assert event == {**EVENT, "chat": "c", "sender": "p"}


def test_missing_columns_are_reported_with_the_columns_that_resemble_them(tmp_path):
    row = {"event_id": "e1", "network": "sms", "kind": "post", "createdAt": 1}
    with pytest.raises(SourceError, match="it has `network`, `createdAt`: did you mean `platform`, `created_at`"):
        read(tmp_path, pa.Table.from_pylist([row]))


BINARY = [pa.binary(), pa.large_binary(), pa.binary(9), pa.dictionary(pa.int32(), pa.binary())]


@pytest.mark.parametrize("kind", BINARY, ids=str)
def test_a_text_in_a_binary_column_is_read_as_text(tmp_path, kind):
    texts = pa.array([b"r\xc3\xb6d bil ", b"bl\xc3\xa5 bil "[:9]], pa.binary()).cast(pa.binary())
    values = texts.dictionary_encode() if pa.types.is_dictionary(kind) else texts.cast(kind)
    records = read(tmp_path, pa.Table.from_pylist([EVENT] * 2).append_column("text", values))
    assert [event["text"] for event in events(records)] == ["röd bil ", "blå bil "]


@pytest.mark.parametrize(
    ("name", "kind", "value", "read_as"),
    [
        ("urls", pa.list_(pa.binary()), [b"https://a.example"], ["https://a.example"]),
        ("media", pa.list_(pa.struct([("sha256", pa.binary())])), [{"sha256": b"ef" * 32}], [{"sha256": "ef" * 32}]),
        ("counters", pa.map_(pa.string(), pa.binary()), [("views", b"3")], [["views", "3"]]),
    ],
)
def test_bytes_within_a_column_are_text_as_well(tmp_path, name, kind, value, read_as):
    table = pa.Table.from_pylist([EVENT]).append_column(name, pa.array([value], kind))
    assert events(read(tmp_path, table)) == [{**EVENT, name: read_as}]


@pytest.mark.parametrize("kind", [pa.binary(), pa.list_(pa.binary())], ids=str)
def test_bytes_that_are_no_text_are_refused_and_never_encoded(tmp_path, kind):
    values = [b"plain", b"\xfe\xed", b"plain"] if kind == pa.binary() else [[b"plain"], [b"\xfe\xed"], [b"plain"]]
    name = "text" if kind == pa.binary() else "urls"
    first, refused, last = read(tmp_path, pa.Table.from_pylist([EVENT] * 3).append_column(name, pa.array(values, kind)))
    assert [event[name] for event in events([first, last])] == (["plain"] * 2 if name == "text" else [["plain"]] * 2)
    assert (refused.reason, refused.raw) == (Reason.NOT_UTF8, None)


# --- bombs ------------------------------------------------------------------------------------------------------------

MIB = 1 << 20


def peak(path, bound: int = 65_536) -> tuple[int, list[str]]:
    """Read a file in a process of its own; return the memory that reading added, in MiB, and the outcomes."""
    script = (
        "import resource, sys\n"
        "from collections import Counter\n"
        "from streams.recordings.open_file import open_source\n"
        "from streams.recordings.base import SourceError\n"
        "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10\n"
        "before = used()\n"
        "try:\n"
        "    found = Counter(getattr(one, 'reason', 'event') for one in open_source(sys.argv[1], int(sys.argv[2])))\n"
        "    print(used() - before, *sorted(found))\n"
        "except SourceError as error:\n"
        "    print(used() - before, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), str(bound)], capture_output=True, text=True, timeout=100, check=True
    )
    added, *outcomes = done.stdout.split()
    return int(added), outcomes


def repeated(size: int, rows: int, name: str = "text", kind: pa.DataType | None = None) -> pa.Table:
    table = pa.Table.from_pylist([{**EVENT, "event_id": f"e{n}"} for n in range(rows)])
    values = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["w" * size]))
    if kind is not None:
        offsets = pa.array(range(rows + 1), pa.int32())
        values = pa.ListArray.from_arrays(offsets, values)
    return table.append_column(name, values)


@pytest.mark.parametrize(("name", "kind"), [("text", None), ("urls", pa.list_(pa.string()))])
def test_a_text_that_all_rows_share_is_refused_before_it_is_materialised(tmp_path, name, kind):
    path = tmp_path / "bomb.parquet"
    pq.write_table(repeated(12 * MIB, 1500, name, kind), path, compression="zstd")
    assert path.stat().st_size < MIB
    added, outcomes = peak(path)
    assert outcomes == ["too_large"]
    assert added < 400


def test_a_recording_whose_payloads_share_one_value_is_read_in_bounded_memory(tmp_path):
    rows = [{"topic": "forwards", "partition": 0, "offset": n} for n in range(1100)]
    table = pa.Table.from_pylist(rows, schema=RECORD_SCHEMA)
    payload = pa.DictionaryArray.from_arrays(pa.array([0] * 1100, pa.int32()), pa.array([b"v" * (24 * MIB)]))
    at = table.schema.get_field_index("payload")
    path = tmp_path / "bomb.parquet"
    pq.write_table(table.set_column(at, "payload", payload), path, compression="zstd")
    added, outcomes = peak(path)
    assert "too_large" in outcomes
    assert added < 400


def test_a_file_that_announces_more_than_it_can_hold_is_refused(tmp_path):
    path = tmp_path / "bomb.parquet"
    table = pa.table({name: pa.repeat("w", 9_000_000) for name in ("event_id", "platform", "kind", "created_at")})
    pq.write_table(table, path, compression="zstd")
    added, outcomes = peak(path)
    assert " ".join(outcomes).startswith("the Parquet file bomb.parquet has ")
    assert added < 100


def test_a_large_table_of_long_texts_is_no_bomb(tmp_path):
    rows = [{**EVENT, "event_id": f"e{n}", "text": f"{n} " + "long " * 2000} for n in range(5000)]
    path = tmp_path / "day.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd", use_dictionary=False)
    added, outcomes = peak(path)
    assert outcomes == ["event"]
    assert added < 600
