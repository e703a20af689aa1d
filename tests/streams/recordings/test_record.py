"""A topic's range in a file: what a replay makes of it is what it makes of the file that was published."""

import gzip
import json
import threading
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest
from kafka.admin import KafkaAdminClient

from streams.errors import UserError
from streams.kafka.reader import BEGINNING, END, OffsetSpec, parse_offset
from streams.recordings.open_file import open_source
from streams.recordings.record import record
from streams.replay import replay as replays
from streams.settings.load import load
from tests.streams.kafka.deployment import Deployment
from tests.streams.live.events import sample

EFFECTIVE = load(environ={}, overrides=["embedder.runtime=hashing", "growth.target_size=10"])


def event(number, **more):
    return json.dumps({"event_id": f"e{number}", "created_at": 1_795_510_000_000 + number, **more}).encode()


def lines_of(path):
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()


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
    assert lines_of(tmp_path / "out.jsonl") == [event(number) for number in range(40)]


# published in one millisecond:   partition 0: 1 4 5    partition 1: 2 3 6
@pytest.mark.broker
def test_records_of_one_millisecond_come_in_the_order_of_events(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    deployment.produce("forwards", [event(1), event(4), event(5)], 0, timestamp_ms=1_795_795_550_197)
    deployment.produce("forwards", [event(2), event(3), event(6)], 1, timestamp_ms=1_795_795_550_197)
    record(tmp_path / "out.jsonl", deployment.kafka, None)
    assert lines_of(tmp_path / "out.jsonl") == [event(number) for number in range(1, 7)]


@pytest.mark.broker
def test_a_partitions_own_order_stands_even_where_its_clock_ran_back(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    now = 1_795_795_550_000
    for number, at in [(1, now), (2, now - 500), (3, now + 1)]:
        deployment.produce("forwards", [event(number)], 0, timestamp_ms=at)
    deployment.produce("forwards", [event(9)], 1, timestamp_ms=now - 200)
    record(tmp_path / "out.jsonl", deployment.kafka, None)
    assert lines_of(tmp_path / "out.jsonl") == [event(9), event(1), event(2), event(3)]


@pytest.mark.broker
def test_a_range_of_offsets_holds_its_first_record_and_not_its_last(broker, tmp_path):
    deployment = Deployment(broker.bootstrap, kafka__source_partitions=1)
    deployment.produce("forwards", [event(number) for number in range(10)])
    assert deployment.call("record", "--out", tmp_path / "out.jsonl", "--from", "3", "--to", "5").exit_code == 0
    assert lines_of(tmp_path / "out.jsonl") == [event(3), event(4)]
    assert deployment.call("record", "--out", tmp_path / "rest.jsonl", "--from", "8", "--to", "99").exit_code == 0
    assert lines_of(tmp_path / "rest.jsonl") == [event(8), event(9)]


# published at  :00   :10   :20   :30;   from :10 to :30 holds the second and the third
@pytest.mark.broker
def test_a_range_of_times_is_by_publishing(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    begin = 1_795_795_500_000
    for number in range(4):
        deployment.produce("forwards", [event(number)], number, timestamp_ms=begin + number * 10_000)
    at = [datetime.fromtimestamp(begin / 1000 + seconds, UTC).isoformat() for seconds in (10, 30)]
    assert deployment.call("record", "--out", tmp_path / "out.jsonl", "--from", at[0], "--to", at[1]).exit_code == 0
    assert lines_of(tmp_path / "out.jsonl") == [event(1), event(2)]


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
    assert set(lines_of(tmp_path / "out.jsonl")) >= {event(number) for number in range(500)}


@pytest.mark.broker
def test_many_records_in_many_fetches_come_whole(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    values = [event(number, text="x" * 9_000) for number in range(1_200)]
    for partition in range(4):
        deployment.produce("forwards", values[partition::4], partition)
    large = event(0, text="y" * 2_000_000)
    deployment.produce("forwards", [large], 2)
    record(tmp_path / "out.parquet", deployment.kafka, None)
    found = pq.read_table(tmp_path / "out.parquet")["value"].to_pylist()
    assert sorted(found) == sorted([*values, large])


@pytest.mark.broker
def test_what_no_line_holds_is_counted_and_parquet_takes_it(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    spread, broken = b'{\r\n  "a": "b c"\n}', b"two\nlines"
    deployment.produce("forwards", [event(1), spread, broken, b"", None, b"no json"], key=b"k")
    done = deployment.call("record", "--out", tmp_path / "out.jsonl")
    assert (done.exit_code, "skipped 3 records that are not one line of JSON" in done.stderr) == (0, True)
    assert lines_of(tmp_path / "out.jsonl") == [event(1), b'{"a":"b c"}', b"no json"]
    assert deployment.call("record", "--out", tmp_path / "out.parquet").stderr == ""
    source = open_source(str(tmp_path / "out.parquet"), 1 << 20)
    assert [raw for raw, _ in source] == [event(1), spread, broken, b"", b"", b"no json"]
    source.close()


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
        (["out.jsonl", "--topic", "ordered"], "name a .parquet file"),
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
    assert lines_of(tmp_path / "out.jsonl") == [event(1)]


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
