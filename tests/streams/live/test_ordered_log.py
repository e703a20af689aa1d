"""A replay of the ordered log repeats a live run byte for byte, events that came too late included.

Each case takes about a minute: workers start as processes, and the stages read at Kafka's pace.
"""

import gzip
import json
from functools import partial

import pytest
from typer.testing import CliRunner

from streams.cli.main import main
from streams.runs.folder import Run
from tests.streams.live.events import disordered
from tests.streams.live.harness import Live, until

pytestmark = pytest.mark.broker


@pytest.fixture
def live(broker, tmp_path):
    deployment = Live(broker.bootstrap, tmp_path, 4, 2).create_topics()
    yield deployment
    deployment.close()


def run(deployment, command, *words):
    settings = {f"HEARSAY_{name.upper().replace('.', '__')}": value for name, value in deployment.values.items()}
    done = CliRunner().invoke(main, [command, *map(str, words)], env=settings)
    assert done.exit_code == 0, done.output
    return done


def test_a_replay_of_the_ordered_log_and_of_its_recording_gives_the_live_alerts(live, tmp_path):
    live.worker("w0")
    events, newest = disordered(3, 2_500, behind_ms=20 * 60_000)  # the max out-of-orderness is half a minute
    live.publish(events[:1_000])
    live.received(400)
    live.workers[0].kill()  # batches come again, and are cut differently
    live.worker("w0")
    live.publish(events[1_000:])
    live.end(newest)
    until(
        "all events",
        lambda: (now := live.account()).received == len(live.published) and now.time > newest,
        90,
        live.workers[-1],
    )
    for partition in "01":
        quiet = partial(live.workers[-1].metric, "hearsay_input_lag_records", partition=partition, stage="cascade")
        until("all commands", lambda quiet=quiet: quiet() == 0)
    assert live.workers[-1].stop() == 0
    account, alerts = live.account(), sorted(set(live.alerts()))
    assert account.late > 50
    assert len(alerts) > 5

    run(live, "record", "--topic", "ordered", "--out", tmp_path / "log.jsonl.gz")
    run(live, "record", "--topic", "ordered", "--out", tmp_path / "log.parquet")
    sources = {
        "topic": ("--topic", "ordered"),
        "lines": (tmp_path / "log.jsonl.gz",),
        "parquet": (tmp_path / "log.parquet",),
    }
    for name, source in sources.items():
        run(live, "replay", *source, "--out", tmp_path / name, "--quiet")
        found = (tmp_path / name / "alerts.jsonl").read_bytes().splitlines()
        assert sorted(found) == alerts
        counts = Run(tmp_path / name).manifest.counts
        for outcome in ("received", "applied", "duplicates", "late", "rejected", "waiting", "withheld"):
            assert getattr(counts, outcome) == getattr(account, outcome), outcome

    some = next(iter(Run(tmp_path / "topic").alerts()))
    explained = run(live, "explain", tmp_path / "topic", "--alert", some.alert_id)
    assert "The replay reproduced this alert byte for byte." in explained.stdout

    logged = gzip.decompress((tmp_path / "log.jsonl.gz").read_bytes())
    for name in ("actor", "chat", "message_id"):  # a sealed history: it shows no identifier of a platform
        raw = {json.loads(event).get(name) for event in events[:200] if event.startswith(b"{") and event.endswith(b"}")}
        assert not any(str(value).encode() in logged for value in raw if value and len(str(value)) > 9)
