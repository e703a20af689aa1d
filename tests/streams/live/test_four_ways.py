"""One stream, four ways to its alerts: live, the topic, its recording and the ordered log agree byte for byte.

A phone whose clock is four minutes fast posts in every partition, which once moved the watermark past all others. Each
case takes half a minute: workers start as processes, and the stages read at Kafka's pace.
"""

import json
import time
from functools import partial

import pytest
from kafka import KafkaProducer
from typer.testing import CliRunner

from streams.cli.main import main
from streams.runs.folder import Run
from tests.streams.live.harness import Live, until

pytestmark = pytest.mark.broker

SHARERS, EVERY, FAST = 70, 20_000, 240_000
TEXT = "Harbour ferries stop at nine tonight because the Tarnsund pier is giving way, take the last bus over the ridge"


def stream(start, *, observed):
    """A rumour of many senders, and posts of one fast phone in between: (true time, event)."""
    for number in range(SHARERS):
        at = start + number * EVERY
        yield at, event(f"e{number}", at, at, TEXT, f"sender-{number}", f"chat-{number}", observed=observed)
        slip = at + EVERY // 2
        text = f"Departure board of platform {number}, nothing new"
        yield (
            slip,
            event(f"fast{number}", slip + FAST, slip, text, "fast-phone", f"stop-{number % 9}", observed=observed),
        )
    for number in range(16):  # the watermark passes all before
        at = start + SHARERS * EVERY + 120_000 + number
        yield (
            at,
            event(f"last{number}", at, at, f"Sign {number} off", f"last-{number}", f"end-{number}", observed=observed),
        )


def event(name, created, seen, text, actor, chat, *, observed):
    fields = {
        "event_id": name, "platform": "whatsapp", "kind": "post", "created_at": created, "message_id": name,
        "actor": actor, "chat": chat, "text": text,
    }  # fmt: skip
    return json.dumps(fields | ({"observed_at": seen} if observed else {})).encode()


@pytest.fixture
def live(broker, tmp_path):
    deployment = Live(broker.bootstrap, tmp_path, 4, 2).create_topics()
    yield deployment
    deployment.close()


def call(deployment, command, *words):
    overrides = [word for name, value in deployment.values.items() for word in ("--set", f"{name}={value}")]
    done = CliRunner().invoke(main, [command, *map(str, words), *overrides])
    assert done.exit_code == 0, done.output


def publish_file(deployment, events, folder):
    """A file whose events name the time of observation."""
    (folder / "day.jsonl").write_bytes(b"".join(raw + b"\n" for _, raw in events))
    call(deployment, "publish", folder / "day.jsonl")


def publish_records(deployment, events, folder):
    """Records of an adapter whose events name no time of observation: their timestamps are the witness."""
    producer = KafkaProducer(**deployment.client, linger_ms=5)
    for number, (at, raw) in enumerate(events):
        producer.send(deployment.prefix + "forwards", raw, partition=number % 4, timestamp_ms=at)
    producer.close()


@pytest.mark.parametrize("publish", [publish_file, publish_records])
def test_live_the_topic_a_recording_and_the_ordered_log_agree(live, tmp_path, publish):
    start = time.time_ns() // 1_000_000 - 3 * 3_600_000  # the broker keeps records of the last hours
    events = list(stream(start, observed=publish is publish_file))
    live.worker("w0")
    publish(live, events, tmp_path)
    account = live.account
    until(
        "all events",
        lambda: account().received == len(events) and account().applied >= 2 * SHARERS,
        90,
        live.workers[0],
    )
    for partition in "01":
        quiet = partial(live.workers[0].metric, "hearsay_input_lag_records", partition=partition, stage="cascade")
        until("all commands", lambda quiet=quiet: quiet() == 0)
    assert live.workers[0].stop() == 0
    alerts = sorted(set(live.alerts()))
    assert len(alerts) >= 2
    assert (account().late, account().corrected) == (0, SHARERS)

    call(live, "record", "--out", tmp_path / "rec.jsonl.gz")
    call(live, "record", "--topic", "ordered", "--out", tmp_path / "log.jsonl")
    sources = {
        "topic": ("--topic", "forwards"),
        "recording": (tmp_path / "rec.jsonl.gz",),
        "ordered": ("--topic", "ordered"),
        "log": (tmp_path / "log.jsonl",),
    }
    found = {}
    for name, source in sources.items():
        call(live, "replay", *source, "--out", tmp_path / name, "--quiet")
        found[name] = sorted((tmp_path / name / "alerts.jsonl").read_bytes().splitlines())
        assert Run(tmp_path / name).manifest.counts.corrected == SHARERS
    assert found == dict.fromkeys(sources, alerts)
