"""A model that raises, hangs, returns nonsense or dies holds the stream up while it does, and loses nothing.

The first test takes a minute: it goes through each kind of fault in turn with the same worker, and waits for the worker
to become unready and ready again.
"""

import json
import sys

import pytest

from streams.live.stages import STAGES
from tests.streams.live.events import sample
from tests.streams.live.harness import Live, until

pytestmark = pytest.mark.broker

FAULTY = [sys.executable, "-m", "tests.streams.live.faulty_worker"]
HANGS_BEYOND_THE_SESSION = 4  # times pool.timeout_ms is more than worker.session_timeout_ms


@pytest.fixture
def live(broker, tmp_path):
    (tmp_path / "model").mkdir()
    deployment = Live(broker.bootstrap, tmp_path, 2, 2, embedder__model=tmp_path / "model").create_topics()
    deployment.worker(argv=FAULTY)
    yield deployment
    deployment.close()


def failures(worker, kind):
    return worker.metric("hearsay_embed_failures_total", kind=kind) or 0


def rebalances(worker):
    return {stage: worker.metric("hearsay_rebalances_total", stage=stage) for stage in STAGES}


def test_a_model_that_fails_for_a_while_holds_the_stream_up_and_loses_nothing(live):
    #  a piece of the stream, then each fault with the next piece on its way: not ready, nothing passes, healed
    worker, flag = live.workers[0], live.folder / "model" / "fault"
    events, newest = sample(101, 3_000)
    live.publish(events[:600])
    live.received(600)
    before = rebalances(worker)
    faults = {"raises": "raised", "hangs": "timeout", "not a number": "invalid", "dies": "died"}
    for number, (fault, kind) in enumerate(faults.items(), start=1):
        flag.write_text(fault)
        live.publish(events[600 * number : 600 * (number + 1)])
        until(f"failures of a model that {fault}", lambda kind=kind: failures(worker, kind) >= HANGS_BEYOND_THE_SESSION,
              worker=worker)  # fmt: skip
        status, answer = worker.get("/ready")
        assert (status, json.loads(answer)["reasons"]) == (503, ["the model fails"])
        assert worker.get("/health")[0] == 200
        assert live.account().received < 600 * (number + 1)
        flag.unlink()
        live.received(600 * (number + 1))
        until("a worker that is ready again", lambda: worker.get("/ready")[0] == 200, worker=worker)
    assert rebalances(worker) == before
    live.end(newest)
    assert live.settle() == 0


def shares(text, name, time, count=12):
    """Posts of one text by as many people, within seconds."""
    return [
        json.dumps(
            {
                "event_id": f"{name}-{number}",
                "platform": "test",
                "kind": "post",
                "created_at": time + 500 * number,
                "message_id": f"{name}-{number}",
                "actor": f"{name}-{number}",
                "text": text,
            }
        ).encode()
        for number in range(count)
    ]


def test_a_text_that_the_model_fails_on_for_ever_is_clustered_by_its_letters_and_the_stream_goes_on(live):
    time = 1_772_446_797_000
    texts = {
        "raises": "raises the old bridge over the river has fallen and two buses are in the water",
        "dies": "dies every child at the northern school was sent home, nobody says why",
        "sound": "The hospital on the hill has no more medicine since this morning, pass it on",
    }
    for name, text in texts.items():
        live.publish(shares(text, name, time))
    live.end(time + 60_000)
    assert live.settle() == 0
    said = {json.loads(alert)["evidence"]["text"]["representative"] for alert in live.alerts()}
    assert said == set(texts.values())
    given_up = [event for event in live.workers[0].events() if event["event"] == "text given up"]
    assert len(given_up) == 2


def test_a_worker_that_is_told_to_stop_while_its_model_does_not_load_stops(live):
    model = live.folder / "model"
    (model / "hangs at start").touch()
    second = live.worker("w1", argv=FAULTY, wait=False)
    until("a second model", lambda: len((model / "starts").read_text().splitlines()) == 2, worker=second)
    assert second.stop() == 0
    assert second.port() is None
