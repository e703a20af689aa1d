"""A recording on the topic `forwards`: all of it, as it is, each chat in its order, also after an interruption."""

import gzip
import json
import signal
from collections import Counter

import msgspec
import pytest

from streams.errors import UserError
from streams.recordings.peek import created_at, partition_key
from streams.recordings.publish import read_pace, resume_path
from tests.streams.kafka.deployment import PATIENT_S, Deployment, until

SAMPLE = "examples/sample.jsonl.gz"


def event(number, chat="c", **more):
    return json.dumps(
        {"event_id": f"e{number}", "chat": chat, "created_at": 1_795_510_000_000 + number, **more}
    ).encode()


@pytest.fixture
def recording(tmp_path):
    def write(lines, name="day.jsonl"):
        path = tmp_path / name
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return path

    return write


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b'{"chat": "c", "actor": "a", "message_id": "m"}', b"c"),
        (b'{"actor": "a", "message_id": "m"}', b"a"),
        (b'{"message_id": "m"}', b"m"),
        (b'{"chat": null, "actor": "", "message_id": "m"}', b"m"),
        (b'{"chat": {"x": 7}, "actor": ["a"], "message_id": "m"}', b"m"),
        (b'{"chat": 7, "actor": "a"}', b"7"),
        ('{"chat": "परिवार"}'.encode(), "परिवार".encode()),
        (json.dumps({"chat": "c" * 512}).encode(), b"c" * 512),
        (json.dumps({"chat": "c" * 513, "actor": "a"}).encode(), b"a"),
        (b"{}", None),
        (b"[1]", None),
        (b"not json", None),
        (b'{"chat": "\xff"}', None),
        (b"", None),
        (b'{"x":' * 20_000, None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_partition_is_chosen_by_chat_then_sender_then_message(raw, key):
    assert partition_key(raw) == key


@pytest.mark.parametrize(("raw", "at"), [(b'{"created_at": 5}', 5), (b'{"created_at": "noon"}', None), (b"5", None)])
def test_a_time_is_taken_as_claimed_or_not_at_all(raw, at):
    assert created_at(raw) == at


@pytest.mark.parametrize(("text", "pace"), [(None, None), ("1x", 1.0), ("10x", 10.0), ("0.5x", 0.5)])
def test_a_pace_is_a_number_of_times(text, pace):
    assert read_pace(text) == pace


@pytest.mark.parametrize("text", ["", "x", "10", "0x", "-1x", "fast", "1e3x", "infx"])
def test_another_pace_is_refused(text):
    with pytest.raises(UserError, match="but must be a positive number and an x, such as 10x"):
        read_pace(text)


@pytest.mark.broker
def test_every_line_arrives_as_it_is_and_each_chat_stays_in_order(broker, recording):
    deployment = Deployment(broker.bootstrap)
    lines = [event(n, chat=f"chat {n % 17}") for n in range(2_000)]
    lines[100:100] = [b"not json", b'{"half":', b"\xff\xfe", b'{"chat": 5}']
    done = deployment.call("publish", recording(lines), "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout) == {"published": 2_004, "skipped": 0, "resumed_after": 0, "complete": True}
    assert done.stderr == ""
    records = deployment.read("forwards")
    assert Counter(record.value for record in records) == Counter(lines)
    assert len({record.partition for record in records}) == 4
    for chat in {f"chat {n}" for n in range(17)}:
        there = [record for record in records if record.key == chat.encode()]
        assert len({record.partition for record in there}) == 1
        assert [record.value for record in there] == [line for line in lines if partition_key(line) == chat.encode()]


@pytest.mark.broker
def test_the_rest_of_a_file_that_is_cut_off_is_sent_too(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    packed = gzip.compress(b"\n".join(event(n) for n in range(500)), mtime=0)
    (tmp_path / "cut.jsonl.gz").write_bytes(packed[:-40])
    done = deployment.call("publish", tmp_path / "cut.jsonl.gz", "--json")
    values = deployment.values_of("forwards")
    assert json.loads(done.stdout)["published"] == len(values)
    whole = {event(n) for n in range(500)}
    cut = [value for value in values if value not in whole]
    assert len(cut) == 1
    assert any(line.startswith(cut[0]) for line in whole)


@pytest.mark.broker
def test_a_line_beyond_what_a_record_holds_is_counted_and_the_rest_goes_on(broker, recording):
    deployment = Deployment(broker.bootstrap)
    large = event(1, text="x" * 1_500_000)  # more than intake takes, which is for intake to say
    done = deployment.call("publish", recording([large, event(2, text="x" * 2_100_000), event(3)]), "--json")
    assert json.loads(done.stdout) == {"published": 2, "skipped": 1, "resumed_after": 0, "complete": True}
    assert sorted(deployment.values_of("forwards"), key=len) == [event(3), large]


@pytest.mark.broker
def test_standard_input_is_published_and_cannot_be_resumed(broker):
    deployment = Deployment(broker.bootstrap)
    assert deployment.call("publish", "-", input=event(1) + b"\n").exit_code == 0
    assert deployment.values_of("forwards") == [event(1)]
    refused = deployment.call("publish", "-", "--resume", input=event(1))
    assert (refused.exit_code, "standard input cannot be resumed" in refused.stderr) == (2, True)


@pytest.mark.broker
def test_an_empty_file_is_published_to_its_end(broker, recording):
    done = Deployment(broker.bootstrap).call("publish", recording([]))
    assert (done.exit_code, done.stdout.startswith("published 0 events")) == (0, True)


# event time  0 s ──── 1 s ──── 1 s ──── 3 s;  at 10x the last comes 300 ms after the first
@pytest.mark.broker
def test_a_pace_keeps_the_distances_of_event_time(broker, recording):
    deployment = Deployment(broker.bootstrap)
    times = [0, 1_000, 1_000, 3_000]
    deployment.call("publish", recording([event(at) for at in times]), "--pace", "10x")
    sent = {created_at(one.value): one.timestamp for one in deployment.read("forwards")}
    first = 1_795_510_000_000
    assert sent[first + 1_000] - sent[first] >= 95
    assert sent[first + 3_000] - sent[first] >= 295


# A time that is claimed a year ahead would hold the file up for a year.
@pytest.mark.broker
def test_a_pace_does_not_wait_for_a_leap_in_time(broker, recording):
    deployment = Deployment(broker.bootstrap)
    lines = [event(0), event(366 * 86_400_000), event(1_000), event(1_050)]
    process = deployment.start("publish", recording(lines), "--pace", "1x")
    assert process.wait(PATIENT_S) == 0
    process.communicate()
    assert sorted(deployment.values_of("forwards")) == sorted(lines)


@pytest.mark.broker
@pytest.mark.parametrize("harm", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_was_interrupted_goes_on_where_it_stopped(broker, recording, harm):
    deployment = Deployment(broker.bootstrap)
    lines = [event(n * 20, chat=f"chat {n % 7}") for n in range(1_500)]
    file = recording(lines)
    process = deployment.start("publish", file, "--pace", "1x")  # half a minute, were it let
    until(lambda: resume_path(str(file)).exists(), "a resume point")
    process.send_signal(harm)
    assert process.wait(PATIENT_S) == (-signal.SIGKILL if harm == signal.SIGKILL else 130)
    _, said = process.communicate()
    noted = json.loads(resume_path(str(file)).read_bytes())["records"]
    there = deployment.values_of("forwards")
    assert 0 < noted <= len(there) < len(lines)
    if harm != signal.SIGKILL:
        assert len(there) - noted <= 1  # the signal may come between a record's sending and its note
        assert f"hearsay publish {file} --resume" in said.decode()
    done = deployment.call("publish", file, "--resume", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["resumed_after"] == noted
    found = Counter(deployment.values_of("forwards"))
    assert set(found) == set(lines)
    assert sum(found.values()) - len(lines) == len(there) - noted  # sent twice: what was not noted yet
    assert not resume_path(str(file)).exists()


@pytest.mark.broker
def test_resuming_what_was_never_begun_begins(broker, recording):
    deployment = Deployment(broker.bootstrap)
    done = deployment.call("publish", recording([event(1)]), "--resume", "--json")
    assert json.loads(done.stdout) == {"published": 1, "skipped": 0, "resumed_after": 0, "complete": True}


@pytest.mark.broker
@pytest.mark.parametrize("note", [b"{}", b"not a note", None])
def test_a_resume_point_of_another_run_is_refused_by_name(broker, recording, note):
    deployment = Deployment(broker.bootstrap)
    file = recording([event(1)])
    other = {"topic": "other.forwards", "bootstrap": broker.bootstrap, "file_bytes": file.stat().st_size, "records": 1}
    resume_path(str(file)).write_bytes(note or msgspec.json.encode(other))
    refused = deployment.call("publish", file, "--resume")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert resume_path(str(file)).name in refused.stderr
    assert deployment.values_of("forwards") == []


@pytest.mark.broker
def test_a_restart_of_the_broker_costs_no_event(own_broker, recording):
    running = own_broker()
    deployment = Deployment(running.bootstrap)
    lines = [event(n * 20, chat=f"chat {n % 7}") for n in range(1_500)]
    file = recording(lines)
    process = deployment.start("publish", file, "--pace", "10x", "--json")
    until(lambda: resume_path(str(file)).exists(), "a resume point")
    running.kill()
    running.restart()
    out, said = process.communicate(timeout=PATIENT_S)
    assert process.returncode == 0, said
    assert json.loads(out)["published"] == len(lines)
    assert sorted(deployment.values_of("forwards")) == sorted(lines)


@pytest.mark.broker
@pytest.mark.parametrize("words", [["no such file"], [SAMPLE, "--pace", "fast"]])
def test_what_cannot_be_published_is_one_line(broker, words):
    refused = Deployment(broker.bootstrap).call("publish", *words)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)


@pytest.mark.broker
def test_a_topic_that_is_missing_is_one_line(broker):
    refused = Deployment(broker.bootstrap, create=False).call("publish", SAMPLE)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert "hearsay topics --create" in refused.stderr


def test_a_broker_that_is_away_is_one_line():
    refused = Deployment("127.0.0.1:9", create=False, kafka__request_timeout_ms=500).call("publish", SAMPLE)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert "cannot connect to Kafka at 127.0.0.1:9: " in refused.stderr
