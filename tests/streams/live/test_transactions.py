"""Records of transactions on `forwards`: aborted ones are not read, and their offsets are no loss.

Each live case takes half a minute: workers start as processes, and the stages read at Kafka's pace.
"""

import json

import pytest
from kafka import KafkaProducer

from streams.kafka.recorded_at import republished
from streams.runs.folder import Run
from tests.streams.kafka.deployment import Deployment
from tests.streams.live.events import sample
from tests.streams.live.harness import Live, until

pytestmark = pytest.mark.broker


def transact(bootstrap, topic, raws, partitions, *, commit, every=50):
    """Send records by turns to partitions, in transactions of so many records."""
    producer = KafkaProducer(bootstrap_servers=bootstrap, transactional_id=f"{topic}-{commit}", linger_ms=0)
    try:
        producer.init_transactions()
        for begin in range(0, len(raws), every):
            producer.begin_transaction()
            for number, raw in enumerate(raws[begin : begin + every], begin):
                producer.send(topic, raw, partition=number % partitions, headers=republished((), None))
            producer.flush()
            producer.commit_transaction() if commit else producer.abort_transaction()
    finally:
        producer.close()


def rumour(count, start):
    """Events that would raise alerts, were they read."""
    return [
        json.dumps({
            "event_id": f"undone-{n}", "platform": "test", "kind": "post", "created_at": start + n * 1000,
            "message_id": f"undone-{n}", "actor": f"nobody-{n}", "chat": f"nowhere-{n}",
            "text": "The ferry to Kellinmore is cancelled for good, hand in your tickets at the harbour office today",
        }).encode()
        for n in range(count)
    ]  # fmt: skip


@pytest.fixture
def live(broker, tmp_path):
    made = []

    def make(**settings):
        made.append(Live(broker.bootstrap, tmp_path, 2, 2, **settings).create_topics())
        return made[-1]

    yield make
    for deployment in made:
        deployment.close()


#   half of the events | 60 of an aborted transaction | the other half   (all in transactions, so markers lie between)
def test_aborted_records_reach_no_alert_and_their_offsets_are_not_missing(live):
    deployment = live()
    events, newest = sample(7, 1_200)
    deployment.worker("w0")
    topic, client = deployment.prefix + "forwards", deployment.client["bootstrap_servers"]
    transact(client, topic, events[:600], 2, commit=True)
    transact(client, topic, rumour(60, newest - 3_600_000), 2, commit=False)
    transact(client, topic, events[600:], 2, commit=True)
    deployment.published += events
    deployment.end(newest)
    assert deployment.settle() == 0
    assert deployment.account().received == 1_202


#   the last thing in each partition is a marker: the partition is read to its end all the same
@pytest.mark.parametrize("last", ["committed", "aborted"])
def test_a_partition_that_ends_with_a_marker_becomes_idle(live, last):
    deployment = live(order__idle_timeout_ms=10_000)
    deployment.worker("w0")
    events, newest = sample(8, 400)
    topic, client = deployment.prefix + "forwards", deployment.client["bootstrap_servers"]
    transact(client, topic, events, 2, commit=True)
    if last == "aborted":
        transact(client, topic, rumour(20, newest), 2, commit=False)
    until("all events released", lambda: (now := deployment.account()).received == 400 and now.waiting == 0)
    lag = deployment.workers[0].metric("hearsay_input_lag_records", partition="0", stage="intake")
    assert (lag, deployment.account().missing) == (0, 0)


def test_uncommitted_records_are_read_where_that_is_set(live):
    deployment = live(kafka__isolation="read_uncommitted")
    deployment.worker("w0")
    undone = rumour(40, 1_772_530_141_909)
    transact(deployment.client["bootstrap_servers"], deployment.prefix + "forwards", undone, 2, commit=False)
    assert deployment.received(40)


@pytest.mark.parametrize("isolation", ["read_committed", "read_uncommitted"])
def test_a_replay_and_a_recording_read_what_live_reads(broker, tmp_path, isolation):
    deployment = Deployment(broker.bootstrap, kafka__source_partitions=2, kafka__isolation=isolation)
    events, newest = sample(7, 600)
    topic = deployment.prefix + "forwards"
    transact(broker.bootstrap, topic, events, 2, commit=True)
    transact(broker.bootstrap, topic, rumour(60, newest), 2, commit=False)
    fast = ("--set", "embedder.runtime=hashing", "--set", "growth.target_size=10", "--quiet")
    assert deployment.call("record", "--out", tmp_path / "rec.jsonl").exit_code == 0
    for source, name in ((("--topic", "forwards"), "topic"), ((tmp_path / "rec.jsonl",), "recording")):
        done = deployment.call("replay", *source, "--out", tmp_path / name, *fast)
        assert done.exit_code == 0, done.stderr
    topic_run, recording = Run(tmp_path / "topic"), Run(tmp_path / "recording")
    assert topic_run.manifest.counts == recording.manifest.counts
    assert topic_run.manifest.counts.received == (600 if isolation == "read_committed" else 660)
    assert topic_run.manifest.input.sha256 is not None  # the range ends with markers, and was read to its end
    assert (tmp_path / "topic" / "alerts.jsonl").read_bytes() == (tmp_path / "recording" / "alerts.jsonl").read_bytes()
    again = deployment.call("replay", tmp_path / "topic", "--out", tmp_path / "again", *fast)
    assert again.exit_code == 0, again.stderr
    assert Run(tmp_path / "again").manifest.input == topic_run.manifest.input
