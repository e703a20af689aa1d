"""Whatever codec an adapter compresses with, its records are read: by the commands and by the workers."""

import json

import pytest
from kafka import KafkaProducer
from typer.testing import CliRunner

from streams.cli.main import main
from streams.kafka import codecs
from streams.runs.folder import Run
from tests.streams.live.harness import Live

START = 1_772_530_141_909


def event(number):
    return json.dumps({
        "event_id": f"e{number}", "platform": "test", "kind": "post", "created_at": START + number * 5_000,
        "observed_at": START + number * 5_000,
        "message_id": f"m{number}", "actor": f"a{number}", "chat": f"c{number}",
        "text": "The night tram to Ostervale skips the hospital stop until Sunday, walk over from the depot instead",
    }).encode()  # fmt: skip


def test_every_codec_is_readable():
    assert codecs.unreadable() == []


def test_a_codec_without_its_library_is_named(monkeypatch):
    monkeypatch.setattr("aiokafka.codec.cramjam", None)
    assert codecs.unreadable() == ["snappy", "lz4", "zstd"]


# Workers start as processes, so one of them reads all codecs: the case takes half a minute.
@pytest.mark.broker
def test_one_stream_with_records_of_every_codec_gives_the_live_alerts_of_a_replay(broker, tmp_path):
    deployment = Live(broker.bootstrap, tmp_path, 1, 1).create_topics()
    try:
        deployment.worker("w0")
        events = [event(number) for number in range(100)]
        for number, codec in enumerate((None, *codecs.CODECS)):
            part = events[20 * number : 20 * number + 20]
            producer = KafkaProducer(**deployment.client, compression_type=codec, linger_ms=50)
            for raw in part:
                producer.send(deployment.prefix + "forwards", raw, partition=0)
            producer.close()
            deployment.published += part
        deployment.end(START + 600_000)
        assert deployment.settle() == 0
        overrides = [word for name, value in deployment.values.items() for word in ("--set", f"{name}={value}")]
        out = tmp_path / "run"
        done = CliRunner().invoke(main, ["replay", "--topic", "forwards", "--out", str(out), "--quiet", *overrides])
        assert done.exit_code == 0, done.output
        assert sorted((out / "alerts.jsonl").read_bytes().splitlines()) == sorted(set(deployment.alerts()))
        assert Run(out).manifest.counts.applied == 101
    finally:
        deployment.close()
