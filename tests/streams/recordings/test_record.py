"""A topic's range in a file: what a replay makes of it is what it makes of the file that was published."""

import gzip
import json
import threading
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest
from kafka.admin import KafkaAdminClient

from schemas.sighting import RawEvent
from streams.errors import UserError
from streams.kafka.reader import BEGINNING, END, OffsetSpec, parse_offset
from streams.kafka.recorded_at import recorded_at
from streams.recordings.envelope import Envelope, read, write
from streams.recordings.open_file import open_source
from streams.recordings.record import record
from streams.replay import replay as replays
from streams.settings.load import load
from tests.streams.kafka.deployment import Deployment
from tests.streams.live.events import sample

EFFECTIVE = load(environ={}, overrides=["embedder.runtime=hashing", "growth.target_size=10"])


def event(number, **more):
    return json.dumps({"event_id": f"e{number}", "created_at": 1_795_510_000_000 + number, **more}).encode()


def records_of(path):
    data = path.read_bytes()
    return [read(line) for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()]


def values_of(path):
    return [record.value for record in records_of(path)]


def alerts_of(source, folder):
    result = replays.replay(str(source), folder, EFFECTIVE.settings, EFFECTIVE.key)
    return (folder / "alerts.jsonl").read_bytes(), result.manifest.counts


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("beginning", BEGINNING),
        ("end", END),
        ("0", OffsetSpec(offset=0)),
        ("1200", OffsetSpec(offset=1200)),
        ("2026-11-24", OffsetSpec(time_ms=1_795_478_400_000)),
        ("2026-11-24T10:30Z", OffsetSpec(time_ms=1_795_516_200_000)),
        ("2026-11-24T10:30", OffsetSpec(time_ms=1_795_516_200_000)),
        ("2026-11-24T16:00+05:30", OffsetSpec(time_ms=1_795_516_200_000)),
        ("0001-01-01", OffsetSpec(time_ms=0)),
    ],
)
def test_a_place_is_a_time_an_offset_or_an_end(text, place):
    assert parse_offset(text, "--from") == place


@pytest.mark.parametrize("text", ["", "-1", "yesterday", "1.5", "1" * 19, "2026-13-01", "10:30", "²"])
def test_another_place_is_refused(text):
    with pytest.raises(UserError, match="invalid --from"):
        parse_offset(text, "--from")


@pytest.mark.broker
@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.parquet"])
def test_a_recording_of_what_was_published_gives_the_alerts_of_the_file(broker, tmp_path, name):
    deployment = Deployment(broker.bootstrap)
    lines, _ = sample(seed=3, count=2_500)
    (tmp_path / "in.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    assert deployment.call("publish", tmp_path / "in.jsonl").exit_code == 0
    done = deployment.call("record", "--out", tmp_path / name)
    assert done.exit_code == 0, done.stderr
    before, counts = alerts_of(tmp_path / "in.jsonl", tmp_path / "before")
    after, again = alerts_of(tmp_path / name, tmp_path / "after")
    assert before.count(b"\n") > 5
    assert after == before
    assert again == counts


@pytest.mark.broker
def test_records_come_in_the_order_of_publishing(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    for number in range(40):  # each waits for its acknowledgement, so that hardly two bear one millisecond
        deployment.produce("forwards", [event(number)], partition=number % 4)
    record(tmp_path / "out.jsonl", deployment.kafka, None)
    assert values_of(tmp_path / "out.jsonl") == [event(number) for number in range(40)]


# published in one millisecond:   partition 0: 1 4 5    partition 1: 2 3 6
@pytest.mark.broker
def test_records_of_one_millisecond_come_in_the_order_of_events(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    deployment.produce("forwards", [event(1), event(4), event(5)], 0, timestamp_ms=1_795_795_550_197)
    deployment.produce("forwards", [event(2), event(3), event(6)], 1, timestamp_ms=1_795_795_550_197)
    record(tmp_path / "out.jsonl", deployment.kafka, None)
    assert values_of(tmp_path / "out.jsonl") == [event(number) for number in range(1, 7)]


@pytest.mark.broker
def test_a_partitions_own_order_stands_even_where_its_clock_ran_back(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    now = 1_795_795_550_000
    for number, at in [(1, now), (2, now - 500), (3, now + 1)]:
        deployment.produce("forwards", [event(number)], 0, timestamp_ms=at)
    deployment.produce("forwards", [event(9)], 1, timestamp_ms=now - 200)
    record(tmp_path / "out.jsonl", deployment.kafka, None)
    assert values_of(tmp_path / "out.jsonl") == [event(9), event(1), event(2), event(3)]


@pytest.mark.broker
def test_a_range_of_offsets_holds_its_first_record_and_not_its_last(broker, tmp_path):
    deployment = Deployment(broker.bootstrap, kafka__source_partitions=1)
    deployment.produce("forwards", [event(number) for number in range(10)])
    assert deployment.call("record", "--out", tmp_path / "out.jsonl", "--from", "3", "--to", "5").exit_code == 0
    assert values_of(tmp_path / "out.jsonl") == [event(3), event(4)]
    assert deployment.call("record", "--out", tmp_path / "rest.jsonl", "--from", "8", "--to", "99").exit_code == 0
    assert values_of(tmp_path / "rest.jsonl") == [event(8), event(9)]


# published at  :00   :10   :20   :30;   from :10 to :30 holds the second and the third
@pytest.mark.broker
def test_a_range_of_times_is_by_publishing(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    begin = 1_795_795_500_000
    for number in range(4):
        deployment.produce("forwards", [event(number)], number, timestamp_ms=begin + number * 10_000)
    at = [datetime.fromtimestamp(begin / 1000 + seconds, UTC).isoformat() for seconds in (10, 30)]
    assert deployment.call("record", "--out", tmp_path / "out.jsonl", "--from", at[0], "--to", at[1]).exit_code == 0
    assert values_of(tmp_path / "out.jsonl") == [event(1), event(2)]


@pytest.mark.broker
def test_a_topic_that_goes_on_growing_is_recorded_to_an_end(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    deployment.produce("forwards", [event(number) for number in range(500)])
    enough = threading.Event()

    def grow():
        while not enough.is_set():
            deployment.produce("forwards", [event(n) for n in range(1000, 1050)], partition=1)

    growing = threading.Thread(target=grow)
    growing.start()
    try:
        record(tmp_path / "out.jsonl", deployment.kafka, None)
    finally:
        enough.set()
        growing.join()
    assert set(values_of(tmp_path / "out.jsonl")) >= {event(number) for number in range(500)}


@pytest.mark.broker
def test_many_records_in_many_fetches_come_whole(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    values = [event(number, text="x" * 9_000) for number in range(1_200)]
    for partition in range(4):
        deployment.produce("forwards", values[partition::4], partition)
    large = event(0, text="y" * 2_000_000)
    deployment.produce("forwards", [large], 2)
    record(tmp_path / "out.parquet", deployment.kafka, None)
    found = pq.read_table(tmp_path / "out.parquet")["payload"].to_pylist()
    assert sorted(found) == sorted([*values, large])


# values that are no line of JSON: over several lines, framed by a schema registry, empty, and none at all
ODD = [event(1), b'{\r\n  "a": "b c"\n}', b"\0\0\0\0\xff{}", b"caf\xe9", b"", None]


@pytest.mark.broker
@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.parquet"])
def test_a_record_keeps_its_bytes_its_place_its_time_and_its_headers(broker, tmp_path, name):
    deployment = Deployment(broker.bootstrap)
    headers, at = [("ce_type", b"post"), ("raw", b"\xff")], 1_795_795_550_197
    deployment.produce("forwards", ODD, partition=2, key=b"k", headers=headers, timestamp_ms=at)
    done = deployment.call("record", "--out", tmp_path / name)
    assert (done.exit_code, done.stderr) == (0, "")
    source = open_source(str(tmp_path / name), 1 << 20)
    assert list(source.envelopes()) == [
        Envelope("forwards", 2, offset, at, "create", tuple(headers), b"k", value) for offset, value in enumerate(ODD)
    ]
    source.close()


@pytest.mark.broker
def test_a_recording_that_is_published_again_has_its_partitions_and_its_first_times(broker, tmp_path):
    deployment, other = (Deployment(broker.bootstrap) for _ in range(2))
    at = 1_795_795_550_197
    for partition in range(4):
        deployment.produce("forwards", ODD, partition, key=b"k", headers=[("h", b"1")], timestamp_ms=at + partition)
    assert deployment.call("record", "--out", tmp_path / "first.jsonl").exit_code == 0
    assert other.call("publish", tmp_path / "first.jsonl").exit_code == 0
    assert other.call("record", "--out", tmp_path / "again.jsonl").exit_code == 0
    first, again = (
        {(one.partition, one.offset): one for one in records_of(tmp_path / f"{name}.jsonl")}
        for name in ("first", "again")
    )
    assert again.keys() == first.keys()
    for place, one in again.items():
        assert (one.value, one.key) == (first[place].value, b"k")
        assert one.timestamp != first[place].timestamp  # the broker keeps records by this time
        assert recorded_at(one.timestamp, one.headers) == first[place].timestamp


@pytest.mark.broker
def test_events_of_a_plain_file_have_no_time_of_recording(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    (tmp_path / "in.jsonl").write_bytes(event(1))
    assert deployment.call("publish", tmp_path / "in.jsonl").exit_code == 0
    record(tmp_path / "out.jsonl", deployment.kafka, None)
    source = open_source(str(tmp_path / "out.jsonl"), 1 << 20)
    assert [one.recorded_at for one in source if isinstance(one, RawEvent)] == [None]
    source.close()


@pytest.mark.broker
def test_a_recording_with_more_partitions_than_the_topic_is_refused(broker, tmp_path):
    deployment = Deployment(broker.bootstrap, kafka__source_partitions=2)
    (tmp_path / "in.jsonl").write_bytes(write(Envelope("forwards", 2, 0, None, "unknown", (), None, event(1))))
    refused = deployment.call("publish", tmp_path / "in.jsonl")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert "has records of partition 2" in refused.stderr
    assert deployment.values_of("forwards") == []


@pytest.mark.broker
def test_no_group_is_joined(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    deployment.produce("forwards", [event(1)])
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        before = admin.list_groups()
        record(tmp_path / "out.jsonl", deployment.kafka, None)
        assert admin.list_groups() == before


@pytest.mark.broker
def test_equal_ranges_are_equal_files(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    deployment.produce("forwards", [event(number) for number in range(10)])
    record(tmp_path / "a.jsonl.gz", deployment.kafka, None)
    record(tmp_path / "b.jsonl.gz", deployment.kafka, None)
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


@pytest.mark.broker
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["out.jsonl", "--from", "end"], "has no record from"),
        (["out.jsonl", "--from", "2099-01-01"], "has no record from"),
        (["out.jsonl", "--from", "5", "--to", "5"], "has no record from"),
        (["out.jsonl", "--to", "2020-01-01"], "has no record from"),
        (["out.jsonl", "--from", "noon"], "invalid --from"),
        (["out.jsonl", "--to", "noon"], "invalid --to"),
        (["out.jsonl", "--topic", "rumours"], "unknown topic 'rumours'; choose one of forwards"),
        (["out.csv"], "the name must end with .jsonl, .jsonl.gz or .parquet"),
        (["no/such/folder/out.jsonl"], "cannot write the recording"),
        (["there.jsonl"], "there.jsonl already exists; pass --overwrite"),
    ],
)
def test_what_cannot_be_recorded_is_one_line_and_leaves_no_file(broker, tmp_path, words, said):
    deployment = Deployment(broker.bootstrap)
    deployment.produce("forwards", [event(1)])
    (tmp_path / "there.jsonl").write_text("mine\n")
    refused = deployment.call("record", "--out", tmp_path / words[0], *words[1:])
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert said in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["there.jsonl"]
    assert (tmp_path / "there.jsonl").read_text() == "mine\n"


@pytest.mark.broker
def test_a_file_is_replaced_where_that_is_asked_for(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    deployment.produce("forwards", [event(1)])
    (tmp_path / "out.jsonl").write_text("old\n")
    assert deployment.call("record", "--out", tmp_path / "out.jsonl", "--overwrite").exit_code == 0
    assert values_of(tmp_path / "out.jsonl") == [event(1)]


@pytest.mark.broker
def test_a_topic_that_is_missing_is_one_line(broker, tmp_path):
    refused = Deployment(broker.bootstrap, create=False).call("record", "--out", tmp_path / "out.jsonl")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert "does not exist; run `hearsay topics`" in refused.stderr


# A broker that falls silent while it is read must not leave half a file that looks whole.
@pytest.mark.broker
def test_a_broker_that_falls_silent_is_one_line_and_leaves_no_file(own_broker, tmp_path):
    running = own_broker()
    deployment = Deployment(running.bootstrap, kafka__request_timeout_ms=2000)
    deployment.produce("forwards", [event(number, text="x" * 9_000) for number in range(1_000)])

    def lose(records, _):
        if records == 10:
            running.pause()

    with pytest.raises(UserError, match="did not answer within 2 s"):
        record(tmp_path / "out.jsonl", deployment.kafka, None, progress=lose)
    assert list(tmp_path.iterdir()) == []
