"""What a worker says about itself is true, complete, and names nobody.

The test of the accounts takes the better part of a minute: it logs at debug level and reads every topic, log and metric.
"""

import collections
import json
import re
import socket
import urllib.error
import urllib.request

import msgspec
import pytest

from schemas.cascade_commands import CascadeCommands
from schemas.event_batch import EventBatch
from tests.streams.live.events import sample
from tests.streams.live.harness import Live, until

pytestmark = pytest.mark.broker

TOPICS = ("sightings", "ordered", "assignments", "state-transfers", "alerts", "rejections", "watermarks")
WHERE = ("received", "applied", "duplicates", "late", "rejected", "waiting")
IDENTIFIERS = ("event_id", "message_id", "actor", "chat", "root_ref", "parent_ref")
PHONE = "+44 7700 900123"
MAIL = "jane.doe@example.org"


@pytest.fixture
def live(broker, tmp_path):
    deployment = Live(broker.bootstrap, tmp_path, 2, 2).create_topics()
    yield deployment
    deployment.close()


def telling(time):
    """A text with a person's number and address in it, posted by twelve people."""
    for number in range(12):
        yield json.dumps(
            {
                "event_id": f"secret-event-{number}",
                "platform": "test",
                "kind": "post",
                "created_at": time + 100 * number,
                "message_id": f"secret-message-{number}",
                "actor": f"secret-actor-{number}",
                "chat": "secret-chat",
                "text": f"The water is poisoned, call {PHONE} or write to {MAIL} before you drink any of it",
            }
        ).encode()


def raw_identifiers(raws):
    """Everything in the events that names somebody or somebody's message, where it is long enough to be told apart."""
    found = {PHONE, PHONE.replace(" ", ""), MAIL}
    for raw in raws:
        try:
            event = json.loads(raw)
        except ValueError:
            continue
        if isinstance(event, dict):
            found |= {str(event[name]) for name in IDENTIFIERS if event.get(name)}
    return {one for one in found if len(one) >= 8}


def test_a_worker_accounts_for_every_event_answers_probes_and_names_nobody(live):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    worker = live.worker(wait=False, worker__log_level="debug", worker__port=str(port))
    answers = []
    until("a worker that is ready", lambda: _asked(port, answers) == 200, worker=worker)
    assert set(answers) <= {None, 503, 200}
    assert 503 in answers
    assert worker.get("/health") == (200, "ok\n")
    events, newest = sample(141, 2_500)
    live.publish(events)
    live.publish(telling(newest))
    live.publish([b"", b"[]", b"\x00"])
    live.end(newest)
    total = len(live.published)
    until("an address", worker.port, worker=worker)
    until("all events accounted for", lambda: worker.metric("hearsay_ordered_events", where="received") == total,
          worker=worker)  # fmt: skip
    status, answer = worker.get("/ready")
    assert (status, json.loads(answer)) == (200, {"ready": True, "reasons": []})

    account = live.account()
    shown = {where: worker.metric("hearsay_ordered_events", where=where) for where in WHERE}
    assert shown == {where: getattr(account, where) for where in WHERE}
    assert account.received == sum(shown[where] for where in WHERE[1:])
    assert account.rejected == len(live.rejections()) >= 3
    assert worker.metric("hearsay_events_total", stage="intake") == len(live.read("forwards")) == total
    for name in ("sightings", "ordered"):
        frames = [msgspec.msgpack.decode(value, type=EventBatch) for *_, value in live.read(name)]
        assert sum(len(frame.entries) + len(frame.rejected) for frame in frames) == total
    steps = [
        step
        for *_, value in live.read("assignments")
        for step in msgspec.msgpack.decode(value, type=CascadeCommands).commands
    ]
    assert sum(step.assignment is not None for step in steps) == account.applied + account.late
    alerts = live.alerts()
    assert _sum(worker, "hearsay_alerts_total") == len(alerts) == len(set(alerts)) > 0

    metrics = worker.get("/metrics")[1]
    assert live.settle() == 0
    said = [worker.log.read_text("utf-8"), metrics]
    said += [f"{key!r} {value!r}" for name in TOPICS for *_, key, value in live.read(name)]
    everything = "\n".join(said)
    named = {one for one in raw_identifiers(live.published) if one in everything}
    assert named == set()
    _is_structured(worker.log.read_text("utf-8").splitlines()[1:])


def _asked(port, answers):
    """What `/ready` answers: nothing while nobody listens, then refusals, then consent."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=10) as answer:
            answers.append(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            answers.append(error.code)
    except OSError:
        answers.append(None)
    return answers[-1]


def _sum(worker, name):
    found = re.findall(rf"^{name}\{{.*\}} (\S+)$", worker.get("/metrics")[1], re.MULTILINE)
    return sum(float(one) for one in found)


def _is_structured(lines):
    names = collections.Counter()
    for line in lines:
        event = json.loads(line)
        assert {"time", "level", "logger", "event"} <= event.keys()
        names[event["event"]] += 1
    assert {"settings", "worker started", "state restored", "worker stopped"} <= names.keys()
