"""A recording of a topic in a replay: partitions, positions and timestamps are those of the topic."""

import gzip
import io
import json
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.rejection import Reason
from schemas.sighting import Position, RawEvent
from streams.errors import UserError
from streams.kafka.recorded_at import HEADER
from streams.recordings.base import EndOfPartition, PartitionsAssigned, SourceError, Tombstone, UnreadableRecord
from streams.recordings.envelope import Envelope, write
from streams.recordings.open import FilesSpec
from streams.recordings.open_file import open_source
from streams.recordings.parquet import RECORD_SCHEMA, as_row
from streams.replay import replay as replays
from streams.settings.load import load
from tests.streams.recordings.recorded_events import START, cascade, event, line

EFFECTIVE = load(environ={}, overrides=["embedder.runtime=hashing", "growth.target_size=10"])
BOUND = 1 << 20


def record(partition, offset, value=b"{}", at=START, topic="forwards", headers=()):
    return Envelope(topic, partition, offset, at, "create", headers, b"k", value)


def as_lines(records):
    return b"".join(write(one) + b"\n" for one in records)


def write_lines(path, records):
    path.write_bytes(as_lines(records))


def write_gzip(path, records):
    path.write_bytes(gzip.compress(as_lines(records)))


def write_parquet(path, records):
    pq.write_table(pa.Table.from_pylist([as_row(one) for one in records], schema=RECORD_SCHEMA), path)


FORMATS = {"rec.jsonl": write_lines, "rec.jsonl.gz": write_gzip, "rec.parquet": write_parquet}


def items_of(source):
    try:
        return list(source)
    finally:
        source.close()


@pytest.fixture(params=FORMATS)
def recorded(request, tmp_path):
    """Write records in one of the formats, and return what a reader makes of the file."""

    def read(records):
        FORMATS[request.param](tmp_path / request.param, records)
        source = open_source(str(tmp_path / request.param), BOUND)
        return items_of(source), source

    return read


#   file   1@5   0@3   1@6   0@4    ->   both are announced; 1 ends at 1@6, 0 at 0@4
def test_partitions_are_announced_and_each_ends_after_its_last_record(recorded):
    items, source = recorded([record(1, 5), record(0, 3, at=START + 1), record(1, 6), record(0, 4)])
    assert items == [
        PartitionsAssigned((0, 1)),
        RawEvent(b"{}", Position("forwards", 1, 5), START),
        RawEvent(b"{}", Position("forwards", 0, 3), START + 1),
        RawEvent(b"{}", Position("forwards", 1, 6), START),
        EndOfPartition(1),
        RawEvent(b"{}", Position("forwards", 0, 4), START),
        EndOfPartition(0),
    ]
    assert source.format.startswith("recording.")
    assert source.sha256() is not None


def test_a_record_without_a_value_is_a_tombstone_and_an_empty_value_is_an_event(recorded):
    items, _ = recorded([record(0, 1, None), record(0, 2, b"")])
    assert items[1:3] == [Tombstone(Position("forwards", 0, 1)), RawEvent(b"", Position("forwards", 0, 2), START)]


@pytest.mark.parametrize(("header", "at"), [(b"1772530141909", 1_772_530_141_909), (b"", None), (b"soon", None)])
def test_the_time_of_a_first_recording_replaces_the_time_of_republishing(recorded, header, at):
    items, _ = recorded([record(0, 1, headers=((HEADER, header),))])
    assert items[1].recorded_at == at


@pytest.mark.parametrize("time", [None, -1, 0])
def test_a_record_without_a_time_has_none(recorded, time):
    items, _ = recorded([record(0, 1, at=time)])
    assert items[1].recorded_at is None


def test_an_event_beyond_the_bound_is_named_by_its_position_in_the_topic(recorded):
    items, _ = recorded([record(3, 8, b"x" * (BOUND + 1)), record(3, 9, b"\0" * BOUND)])
    assert (items[1].reason, items[1].position, items[1].size) == (
        Reason.TOO_LARGE, Position("forwards", 3, 8), BOUND + 1,
    )  # fmt: skip
    assert items[2].raw == b"\0" * BOUND


def test_records_of_several_topics_are_refused_with_the_way_out(recorded):
    with pytest.raises(SourceError, match=r"records of 2 topics \(a, b\).*jq -c 'select\(.topic == \"a\"\)'"):
        recorded([record(0, 1, topic="a"), record(0, 1, topic="b")])


def test_a_line_that_is_no_record_is_one_rejection_and_ends_nothing(tmp_path):
    lines = [write(record(0, 1)), line(event(1)), write(record(1, 1))[:-30], write(record(0, 2))]
    (tmp_path / "rec.jsonl").write_bytes(b"\n".join(lines))
    items = items_of(open_source(str(tmp_path / "rec.jsonl"), BOUND))
    assert items[0] == PartitionsAssigned((0,))
    bad = [item for item in items if isinstance(item, UnreadableRecord)]
    assert [(one.reason, one.position, one.raw) for one in bad] == [
        (Reason.FOREIGN_RECORD, Position("rec.jsonl", 0, number), lines[number]) for number in (1, 2)
    ]
    assert items[-1] == EndOfPartition(0)


def test_a_recording_that_is_cut_off_ends_each_partition_at_the_last_record_it_has(tmp_path):
    records = [record(n % 3, n, json.dumps({"n": n, "x": str(n) * 20}).encode()) for n in range(4_000)]
    packed = gzip.compress(as_lines(records))
    (tmp_path / "cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    items = items_of(open_source(str(tmp_path / "cut.jsonl.gz"), BOUND))
    whole = [item for item in items if isinstance(item, RawEvent)]
    assert 0 < len(whole) < 4_000
    assert sorted(item.partition for item in items if isinstance(item, EndOfPartition)) == [0, 1, 2]
    assert isinstance(items[-1], UnreadableRecord)
    assert items[-1].reason is Reason.SOURCE_TRUNCATED


class Stdin(io.BytesIO):
    """A pipe that delivers a few bytes at a time."""

    def read1(self, size=-1, /):
        return super().read1(min(size, 7))


@pytest.mark.parametrize("packed", [lambda data: data, gzip.compress], ids=["plain", "gzip"])
def test_a_recording_comes_through_a_pipe(monkeypatch, packed):
    records = [record(1, 5), record(0, 3), record(1, 6)]
    data = packed(as_lines(records))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=Stdin(data)))
    source = open_source("-", BOUND)
    assert [item.position.offset for item in source if isinstance(item, RawEvent)] == [5, 3, 6]
    assert (source.name, source.total, source.done) == ("-", None, len(data))
    assert source.sha256() is not None
    source.close()


#   a   0@1 ----- 1@1        b   ---- 0@2       ->  0 ends with b's record, 1 with a's
def test_several_recordings_of_a_topic_are_one_stream(tmp_path):
    write_lines(tmp_path / "a.jsonl", [record(0, 1, at=START), record(1, 1, at=START + 2)])
    write_gzip(tmp_path / "b.jsonl.gz", [record(0, 2, at=START + 1)])
    items = items_of(FilesSpec((str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl.gz"))).open(BOUND))
    assert items[0] == PartitionsAssigned((0, 1))
    brief = [(one.position.partition, one.position.offset) if isinstance(one, RawEvent) else one for one in items[1:]]
    assert brief == [(0, 1), (0, 2), EndOfPartition(0), (1, 1), EndOfPartition(1)]


@pytest.mark.parametrize("other", ["events", "topic"])
def test_a_recording_is_not_mixed_with_what_has_other_partitions(tmp_path, other):
    write_lines(tmp_path / "a.jsonl", [record(0, 1)])
    if other == "events":
        (tmp_path / "b.jsonl").write_bytes(line(event(1)))
    else:
        write_lines(tmp_path / "b.jsonl", [record(0, 1, topic="other")])
    with pytest.raises(UserError, match=r"one by one|several topics \(forwards, other\)"):
        FilesSpec((str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl"))).open(BOUND)


def spread(events, partitions=4):
    """Events on partitions by turns, as records."""
    return [record(n % partitions, n // partitions, line(one), one["created_at"]) for n, one in enumerate(events)]


def alerts_of(path, out):
    result = replays.replay(str(path), out, EFFECTIVE.settings, EFFECTIVE.key)
    return (out / "alerts.jsonl").read_bytes(), result.manifest.counts


# kcat prints one partition after another: each of them begins when the one before has come to its end
def test_a_file_that_lists_one_partition_after_another_makes_no_event_late(tmp_path):
    events = cascade(80)
    in_turns = spread(events)
    write_lines(tmp_path / "turns.jsonl", in_turns)
    write_lines(tmp_path / "blocks.jsonl", sorted(in_turns, key=lambda one: (one.partition, one.offset)))
    expected, _ = alerts_of(tmp_path / "turns.jsonl", tmp_path / "turns")
    found, counts = alerts_of(tmp_path / "blocks.jsonl", tmp_path / "blocks")
    assert found == expected
    assert found
    assert (counts.applied, counts.late) == (80, 0)


def test_tombstones_are_counted_apart_and_the_account_adds_up(tmp_path):
    records = [one for event in spread(cascade(40)) for one in (event, record(event.partition, 1_000, None))]
    write_lines(tmp_path / "rec.jsonl", records)
    _, counts = alerts_of(tmp_path / "rec.jsonl", tmp_path / "run")
    assert (counts.received, counts.applied, counts.rejected, counts.tombstones) == (40, 40, 0, 40)
    assert counts.balanced
