import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import tracemalloc

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.rejection import Reason
from streams.recordings import jsonl, open_file
from streams.recordings.base import SourceError, UnreadableRecord, sha256_of
from streams.recordings.open_file import open_source

BOUND = 50


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


PACKINGS = {"plain": bytes, "gzip": gzip.compress, "zstd": zstd, "bzip2": bz2.compress, "xz": lzma.compress}


@pytest.fixture(params=PACKINGS)
def pack(request):
    return PACKINGS[request.param]


def read(tmp_path, data: bytes, bound: int = BOUND, name: str = "x.jsonl"):
    path = tmp_path / name
    path.write_bytes(data)
    source = open_source(str(path), bound)
    try:
        return list(source)
    finally:
        source.close()


def brief(records):
    return [
        (record.reason, record.position.offset, record.size)
        if isinstance(record, UnreadableRecord)
        else (record[0], record[1].offset)
        for record in records
    ]


def test_every_line_comes_with_its_number(tmp_path, pack):
    assert brief(read(tmp_path, pack(b'{"a":1}\n{"b":2}\n'))) == [(b'{"a":1}', 0), (b'{"b":2}', 1)]


def test_the_format_is_told_by_the_first_bytes_and_not_by_the_name(tmp_path, pack):
    assert brief(read(tmp_path, pack(b"{}\n"), name="misleading.parquet")) == [(b"{}", 0)]


def test_a_position_names_the_file_and_not_its_folder(tmp_path):
    ((_, position, _),) = read(tmp_path, b"{}\n", name="day.jsonl")
    assert (position.source, position.partition) == ("day.jsonl", 0)


def test_blank_lines_are_no_events_but_count_as_lines(tmp_path, pack):
    assert brief(read(tmp_path, pack(b"\n\n{}\n  \t\n\r\n{}\n\n"))) == [(b"{}", 2), (b"{}", 5)]


def test_a_byte_order_mark_and_crlf_are_tolerated(tmp_path, pack):
    assert brief(read(tmp_path, pack(b"\xef\xbb\xbf{}\r\n{}\r\n"))) == [(b"{}", 0), (b"{}", 1)]


def test_a_byte_order_mark_further_down_stays_where_it_is(tmp_path):
    assert brief(read(tmp_path, b"{}\n\xef\xbb\xbf{}\n")) == [(b"{}", 0), (b"\xef\xbb\xbf{}", 1)]


def test_a_last_line_without_its_end_is_a_line(tmp_path, pack):
    assert brief(read(tmp_path, pack(b"{}\n[]"))) == [(b"{}", 0), (b"[]", 1)]


def test_an_empty_file_has_no_events(tmp_path, pack):
    assert read(tmp_path, pack(b"")) == []
    assert read(tmp_path, b"") == []


@pytest.mark.parametrize(
    ("length", "kept"), [(BOUND - 1, True), (BOUND, True), (BOUND + 1, False), (10 * BOUND, False)]
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_line_at_the_bound_is_kept_and_one_beyond_it_is_refused(tmp_path, length, kept, end, mark):
    line = b"x" * length
    (record,) = read(tmp_path, mark + line + end)
    assert record[0] == line if kept else record.reason is Reason.TOO_LARGE


def test_a_line_beyond_the_bound_is_refused_with_its_whole_size_and_digest(tmp_path, pack):
    long = b"x" * 1_000_000
    records = read(tmp_path, pack(b"{}\n" + long + b"\n[]\n"))
    assert brief(records) == [(b"{}", 0), (Reason.TOO_LARGE, 1, 1_000_000), (b"[]", 2)]
    assert records[1].sha256 == hashlib.sha256(long).hexdigest()
    assert records[1].raw is None
    assert "at most 50 bytes; got 1000000" in records[1].detail


def test_a_line_beyond_the_bound_may_be_the_last_and_have_no_end(tmp_path, pack):
    assert brief(read(tmp_path, pack(b"x" * 600_000))) == [(Reason.TOO_LARGE, 0, 600_000)]


def test_memory_does_not_grow_with_a_line(tmp_path, pack):
    path = tmp_path / "one-line"
    path.write_bytes(pack(b"x" * 100_000_000))  # 100 MB, and as compressible as can be
    source = open_source(str(path), BOUND)
    tracemalloc.start()
    list(source)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    source.close()
    assert peak < 70_000_000


def test_compressed_members_and_frames_may_follow_each_other(tmp_path):
    for packed in (gzip.compress, zstd):
        assert brief(read(tmp_path, packed(b'{"a":1}\n{"b"') + packed(b":2}\n"))) == [(b'{"a":1}', 0), (b'{"b":2}', 1)]


def test_padding_after_a_gzip_member_is_no_damage(tmp_path):
    assert brief(read(tmp_path, gzip.compress(b"{}\n") + b"\0" * 512)) == [(b"{}", 0)]


def test_a_zstd_frame_to_be_skipped_is_skipped(tmp_path):
    skippable = b"\x50\x2a\x4d\x18\x03\0\0\0abc"
    assert brief(read(tmp_path, skippable + zstd(b"{}\n") + skippable)) == [(b"{}", 0)]


LINES = b"".join(b'{"n":%d,"d":"%s"}\n' % (n, hashlib.sha256(b"%d" % n).hexdigest().encode()) for n in range(20_000))


@pytest.mark.parametrize("packed", [gzip.compress, zstd])
@pytest.mark.parametrize("missing", [1, 3, 1000, 200_000])
def test_a_file_that_is_cut_off_is_used_up_to_the_cut(tmp_path, packed, missing):
    # written  |=================================|
    # arrived  |=======================|           -> all whole lines, then one rejection with the rest of a line
    *events, cut = read(tmp_path, packed(LINES)[:-missing], 1000)
    assert cut.reason is Reason.SOURCE_TRUNCATED
    assert cut.position.offset == len(events)
    assert cut.detail == "compressed data must be whole; got its end too early"
    used = b"".join(event + b"\n" for event, _, _ in events) + cut.raw
    assert LINES.startswith(used)
    assert len(events) > 10_000
    assert (cut.size, cut.sha256) == (len(cut.raw), hashlib.sha256(cut.raw).hexdigest())


def test_a_cut_within_a_line_beyond_the_bound_keeps_that_lines_account(tmp_path):
    data = hashlib.shake_256(b"noise").hexdigest(300_000).encode()
    (cut,) = read(tmp_path, gzip.compress(data)[:-50_000])
    assert (cut.reason, cut.raw) == (Reason.SOURCE_TRUNCATED, None)
    assert cut.size > BOUND
    assert cut.sha256 == hashlib.sha256(data[: cut.size]).hexdigest()


def test_damage_ends_the_file_there(tmp_path):
    packed = bytearray(gzip.compress(LINES))
    packed[len(packed) // 2 :] = hashlib.shake_256(b"noise").digest(len(packed) - len(packed) // 2)
    *events, cut = read(tmp_path, bytes(packed), 1000)
    assert cut.reason is Reason.SOURCE_TRUNCATED
    assert "damaged" in cut.detail
    assert len(events) > 1000


def test_garbage_after_a_member_is_damage(tmp_path):
    *events, cut = read(tmp_path, gzip.compress(b"{}\n") + b"garbage")
    assert brief(events) == [(b"{}", 0)]
    assert cut.reason is Reason.SOURCE_TRUNCATED


class Failing(io.BytesIO):
    def read1(self, size: int = -1) -> bytes:
        data = super().read1(min(size, 30))
        if not data:
            raise OSError(5, "Input/output error")
        return data


def test_a_disk_that_fails_midway_ends_the_file_there():
    source = open_file._open_pipe(Failing(b'{"a":1}\n' * 5 + b'{"b'), "x", BOUND)
    *events, cut = source
    assert len(events) == 5
    assert (cut.reason, cut.raw) == (Reason.SOURCE_TRUNCATED, b'{"b')
    assert "Input/output error" in cut.detail
    assert source.sha256() is None


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"PK\x03\x04rest-of-it", "ZIP"), ("\ufeff{}".encode("utf-16-le"), "UTF-16"),
     ("\ufeff{}".encode("utf-16-be"), "UTF-16"), (b"SQLite format 3\x00....", "SQLite"), (b"Obj\x01....", "Avro")],
)  # fmt: skip
def test_another_format_is_refused_with_the_way_to_convert_it(tmp_path, data, word):
    with pytest.raises(SourceError, match=rf"x.jsonl is .*{word}.*; convert it with "):
        read(tmp_path, data)


def test_what_is_not_there_is_refused_by_name(tmp_path):
    for look in (lambda path: open_source(path, BOUND), sha256_of):
        with pytest.raises(SourceError, match=r"cannot read .*missing: No such file or directory; check the path"):
            look(str(tmp_path / "missing"))


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"cannot read .*: it is a folder; name a file in it"):
        open_source(str(tmp_path), BOUND)


class Pipe:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BufferedReader(io.BytesIO(data))


def test_standard_input_is_a_source_of_any_packing(monkeypatch, pack):
    data = pack(b"{}\n[]\n")
    monkeypatch.setattr("sys.stdin", Pipe(data))
    source = open_source("-", BOUND)
    assert brief(source) == [(b"{}", 0), (b"[]", 1)]
    assert (source.name, source.total, source.done) == ("-", None, len(data))
    assert source.sha256() == hashlib.sha256(data).hexdigest()


def test_a_pipe_whose_end_was_not_seen_has_no_digest(monkeypatch):
    monkeypatch.setattr("sys.stdin", Pipe(b"{}\n" * 1_000_000))
    source = open_source("-", BOUND)
    next(iter(source))
    assert source.sha256() is None


def test_parquet_cannot_come_through_a_pipe(monkeypatch):
    monkeypatch.setattr("sys.stdin", Pipe(b"PAR1" + b"\0" * 100))
    with pytest.raises(SourceError, match=r"standard input is Parquet, .* cannot be read from a pipe"):
        open_source("-", BOUND)


def test_the_digest_is_of_the_file_as_stored_even_if_it_was_not_read_to_its_end(tmp_path, pack):
    path = tmp_path / "x"
    path.write_bytes(pack(LINES))
    source = open_source(str(path), 1000)
    next(iter(source))
    assert source.sha256() == sha256_of(str(path)) == hashlib.sha256(path.read_bytes()).hexdigest()
    source.close()


def test_progress_counts_bytes_as_stored(tmp_path, pack):
    path = tmp_path / "x"
    path.write_bytes(pack(LINES))
    source = open_source(str(path), 1000)
    assert (source.done, source.total) == (16, path.stat().st_size)
    list(source)
    assert source.done == source.total
    source.close()


def obvious(data: bytes, bound: int):
    """The slow, obvious reading of lines, the oracle of the fast one."""
    out = []
    lines = data.split(b"\n")
    for number, line in enumerate(lines[:-1] + ([lines[-1]] if lines[-1] else [])):
        event = line.removesuffix(b"\r")
        event = event.removeprefix(b"\xef\xbb\xbf") if number == 0 else event
        if len(event) > bound:
            out.append((Reason.TOO_LARGE, number, len(line)))
        elif event.strip():
            out.append((event, number))
    return out


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from([b"\n", b"\r\n", b"\r", b"{}", b"\xef\xbb\xbf", b" ", b"ab" * 5, b"\0\xff"]), max_size=40),
    st.integers(min_value=1, max_value=7),
)
def test_lines_are_found_however_the_bytes_are_cut_into_chunks(parts, chunk):
    data = b"x" * 16 + b"\n" + b"".join(parts)  # past the bytes that tell the format
    stream = jsonl.HashedStream(io.BufferedReader(io.BytesIO(data)), endless=False)
    source = jsonl.JsonLinesReader(stream, b"", "x", None, 12)
    source._chunks = (data[start : start + chunk] for start in range(0, len(data), chunk))
    assert brief(source) == obvious(data, 12)


def test_lines_of_json_arrive_byte_for_byte(tmp_path, pack):
    events = [json.dumps({"text": text}, ensure_ascii=False).encode() for text in ("héllo", "नमस्ते", "\u2028", "😀" * 9)]
    assert [record[0] for record in read(tmp_path, pack(b"\n".join(events)), 1000)] == events


def test_a_name_that_is_no_utf8_is_written_with_escapes(tmp_path):
    path = tmp_path / os.fsdecode(b"day-\xff.jsonl")
    path.write_bytes(b"{}\n")
    source = open_source(str(path), BOUND)
    ((_, position, _),) = source
    source.close()
    assert position.source == r"day-\udcff.jsonl"
