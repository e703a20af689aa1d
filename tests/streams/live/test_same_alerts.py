"""Live gives the alerts of a replay, byte for byte: with any number of workers, and whatever happens on the way.

Each case publishes the sample stream piece by piece, does its harm at a moment that its seed chooses, and compares what
stands on `alerts` in the end with a replay of the same events.

Each case takes half a minute to a minute. It starts workers as processes, publishes the sample, and waits for what Kafka
does at its own pace: groups that rebalance, sessions that expire, changelogs that are read again.
"""

import json
import shutil

import msgspec
import numpy as np
import pytest

from schemas.event_batch import EventBatch
from tests.streams.live.events import sample
from tests.streams.live.harness import Live, until

pytestmark = pytest.mark.broker


@pytest.fixture
def live(broker, tmp_path):
    made = []

    def make(sources=4, cascades=4, bootstrap=None, **settings):
        deployment = Live(bootstrap or broker.bootstrap, tmp_path, sources, cascades, **settings).create_topics()
        made.append(deployment)
        return deployment

    yield make
    for deployment in made:
        deployment.close()


def run(deployment, seed, *harm, count=3_000):
    """Publish in pieces; at seeded moments, while a piece is on its way, do each harm in turn. Gives doubled alerts."""
    rng = np.random.default_rng(seed)
    events, newest = sample(seed, count)
    moments = np.sort(rng.choice(np.arange(count // 10, count), len(harm), replace=False))
    begin = 0
    for moment, do in zip(moments, harm, strict=True):
        deployment.publish(events[begin : int(moment)])
        begin = int(moment)
        deployment.received(int(begin * rng.uniform(0.3, 0.9)))
        do(deployment)
    deployment.publish(events[begin:])
    deployment.end(newest)
    return deployment.settle()


@pytest.mark.parametrize(("workers", "sources", "cascades"), [(1, 1, 1), (2, 4, 4), (4, 8, 8)])
def test_any_number_of_workers_and_partitions_gives_the_alerts_of_a_replay(live, workers, sources, cascades):
    deployment = live(sources, cascades)
    for number in range(workers):
        deployment.worker(f"w{number}", wait=number == workers - 1)
    assert run(deployment, seed=workers) == 0


def test_stages_in_workers_of_their_own_give_the_alerts_of_a_replay(live):
    deployment = live(2, 2)
    for number, stages in enumerate(("intake", "embed", "embed", "cluster,cascade")):
        deployment.worker(f"w{number}", only=stages)
    assert run(deployment, seed=5) == 0


def kill(deployment):
    deployment.workers[-1].kill()
    deployment.worker("w0")


def terminate(deployment):
    assert deployment.workers[-1].stop() == 0
    deployment.worker("w0")


def join(deployment):
    deployment.worker("w1")


def leave(deployment):
    assert deployment.workers[-1].stop() == 0


def lose_state(deployment):
    deployment.workers[-1].kill()
    shutil.rmtree(deployment.folder / "w0")
    deployment.worker("w0")


@pytest.mark.parametrize("seed", [11, 12])
def test_a_worker_that_is_killed_and_started_again_loses_and_doubles_nothing(live, seed):
    deployment = live()
    deployment.worker("w0")
    assert run(deployment, seed, kill, kill) == 0


def test_a_budget_of_alerts_withholds_what_a_replay_withholds_whoever_dies_or_joins(live):
    deployment = live(policy__openings_a_day=5)
    deployment.worker("w0")
    assert run(deployment, 6, kill, join) == 0
    assert deployment.account().withheld == deployment.expected()[1].withheld > 0


def test_a_worker_that_is_told_to_stop_and_started_again_loses_and_doubles_nothing(live):
    deployment = live()
    deployment.worker("w0")
    assert run(deployment, 21, terminate, terminate) == 0


def test_a_second_worker_that_joins_and_leaves_loses_and_doubles_nothing(live):
    deployment = live()
    deployment.worker("w0")
    assert run(deployment, 31, join, leave) == 0


def test_a_worker_that_is_started_again_just_before_the_last_event_lets_the_watermark_pass_it(live):
    #  everything | stop, start | one last event in each partition: too few to learn anew how far each has come
    deployment = live()
    worker = deployment.worker("w0")
    events, newest = sample(91, 1_000)
    deployment.publish(events)
    deployment.received(1_000)
    assert worker.stop() == 0
    deployment.worker("w0")
    deployment.end(newest)
    assert deployment.settle() == 0


EARLY = [0, 1, 2, 3, 4, 5, 6]  # of a backlog: read before its order shows that a listener is catching up


#  a backlog of six hours, read within minutes | stop, start in its middle | the rest of the backlog
def test_a_worker_that_is_started_again_while_a_listener_catches_up_keeps_the_times_of_the_platform(live):
    deployment = live(1, 1)
    worker = deployment.worker("w0")
    start, text = 1_795_000_000_000, "Bakers on Quay Street hand out free bread until noon, tell the neighbours at once"
    events = [
        json.dumps({
            "event_id": f"e{n}", "platform": "telegram", "kind": "post", "created_at": start + n * 60_000,
            "observed_at": start + 21_600_000 + n * 500, "message_id": f"m{n}", "actor": f"a{n}", "chat": f"c{n}",
            "text": text,
        }).encode()
        for n in range(360)
    ]  # fmt: skip
    deployment.publish(events[:180])
    deployment.received(180)
    assert worker.stop() == 0
    deployment.worker("w0")
    deployment.publish(events[180:])
    deployment.received(360)
    batches = [msgspec.msgpack.decode(value, type=EventBatch) for *_, value in deployment.read("ordered")]
    times = {entry.offset: entry.sighting.time for batch in batches for entry in batch.entries}
    assert [number for number in range(360) if times[number] != start + number * 60_000] == EARLY


def test_state_that_is_deleted_comes_back_from_the_changelog(live):
    deployment = live()
    deployment.worker("w0")
    assert run(deployment, 41, lose_state) == 0
    restored = [
        e for e in deployment.workers[-1].events() if e["event"] == "state restored" and e["stage"] == "cluster"
    ]
    assert restored[-1]["bytes"] > 0


def test_a_burst_of_second_deliveries_is_counted_and_changes_nothing(live):
    deployment = live()
    deployment.worker("w0")
    events, newest = sample(51, 2_000)
    deployment.publish(events[:1_500])
    deployment.publish(events[1_000:1_500])
    deployment.publish(events[1_500:])
    deployment.end(newest)
    assert deployment.settle() == 0
    assert deployment.account().duplicates >= 480


def test_a_poison_message_in_every_topic_is_a_rejection_and_stops_nothing(live):
    deployment = live()
    worker = deployment.worker("w0")

    def poison(now):
        for name in ("sightings", "ordered", "assignments", "state-transfers", "alerts", "rejections", "watermarks"):
            now.put(name, b"\x00 not ours \xff", partition=0, key=b"?")
            now.put(name, None, partition=0, key=b"?")
        for group in ("cluster", "cascade"):
            now.put(f"hearsay-{group}-checkpoints-changelog", b"spoilt", partition=0, key=b"000000/spoilt")
        now.publish([b"\x00 not an event \xff", b"", b"[]"])
        kill(now)

    assert run(deployment, 61, poison) == 0
    refused = {position.source for position in deployment.rejections()}
    assert refused == {"forwards", "sightings", "ordered", "assignments", "state-transfers"}
    assert "not ours" not in worker.log.read_text("utf-8")


def test_a_broker_that_is_killed_and_started_again_loses_and_doubles_nothing(live, own_broker):
    broker = own_broker()
    deployment = live(bootstrap=broker.bootstrap)
    deployment.worker("w0")

    def restart(_):
        broker.kill()
        broker.restart()

    assert run(deployment, 71, restart) == 0


def test_a_broker_that_is_paused_beyond_the_session_timeout_loses_and_doubles_nothing(live, own_broker):
    broker = own_broker()
    deployment = live(bootstrap=broker.bootstrap)
    deployment.worker("w0")

    def pause(now):
        broker.pause()
        seconds = now.effective.settings.worker.session_timeout_ms / 1000
        pytest.importorskip("time").sleep(seconds + 2)  # the duration is what is tested
        broker.resume()

    assert run(deployment, 81, pause) == 0


def test_a_source_partition_that_stays_empty_holds_nobody_up(live):
    #  four partitions, events in one of them: after idle_timeout_ms the others say that they are idle, then all do
    deployment = live(order__idle_timeout_ms=10_000)  # looks on a busy machine lie up to seconds apart
    deployment.worker("w0")
    events, _ = sample(91, 400)
    deployment.publish(events, partition=2)
    until("all events released", lambda: (now := deployment.account()).received == 400 and now.waiting == 0)
