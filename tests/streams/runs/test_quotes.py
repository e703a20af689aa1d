"""A run lists quotes apart from shares, in its counts, curves and printed lines, and names messages of wide reach."""

import json

import pytest
from typer.testing import CliRunner

from streams.cli.main import main
from streams.replay import replay as replays
from streams.runs.analyses.forwarding_cap import cap
from streams.runs.loaded import load_run
from streams.settings.load import load
from tests.streams.recordings.recorded_events import START, event, stream

TEXT = "The bakery at Quay Street sells bread with sawdust in it, tell your neighbours"


def shares(count, **fields):
    return [
        event(
            n, message_id=f"m{n}", actor=f"by {n}", chat=f"chat {n}", text=TEXT, created_at=START + n * 1000, **fields
        )
        for n in range(count)
    ]


def quotes(count):
    return [
        event(
            100 + n, kind="quote", message_id=f"q{n}", actor=f"quoter {n}", parent_ref="m0",
            created_at=START + 60_000 + n, text=f"I asked the baker and it is not so, number {n}",
            parent_evidence="api_parent",
        )
        for n in range(count)
    ]  # fmt: skip


def made(tmp_path, events):
    (tmp_path / "day.jsonl").write_bytes(stream(events))
    effective = load(environ={}, overrides=["embedder.runtime=hashing"])
    replays.replay(str(tmp_path / "day.jsonl"), tmp_path / "run", effective.settings, effective.key)
    return load_run(tmp_path / "run")


def test_quotes_are_neither_shares_nor_sharers_in_the_tables_of_a_run(tmp_path):
    run = made(tmp_path, [*shares(8), *quotes(5)])
    counts = run.manifest.counts
    assert (counts.clusters, counts.shares, counts.quotes, counts.applied) == (1, 8, 5, 13)
    cluster = run.cluster(run.clusters["cluster_id"][0])
    assert (cluster.row["sharers"], cluster.row["posts"], cluster.row["quotes"], len(cluster.shares)) == (8, 8, 5, 13)
    assert cluster.timeline()[["posts", "joined"]].sum().tolist() == [8, 8]
    assert len(cluster.growth()) == 8
    capped = cap(run._run, 100)
    assert (capped.messages, capped.sharers) == (13, 8)


def test_show_counts_the_quotes(tmp_path):
    made(tmp_path, [*shares(8), *quotes(5)])
    printed = CliRunner().invoke(main, ["show", str(tmp_path / "run")]).output
    assert "1 clusters, 8 shares, 5 quotes, " in printed


@pytest.mark.parametrize("accounts", [1, 4])
def test_show_names_a_message_that_few_accounts_posted_in_many_chats(tmp_path, accounts):
    events = [one | {"actor": f"account {n % accounts}", "chat_size": 50} for n, one in enumerate(shares(24))]
    made(tmp_path, events)
    printed = CliRunner().invoke(main, ["show", str(tmp_path / "run")]).output
    assert ("1 account posted it in 24 chats (1,200 members)" in printed) == (accounts == 1)
    as_json = CliRunner().invoke(main, ["show", str(tmp_path / "run"), "--json"]).output
    assert len(json.loads(as_json)["broadcasts"]) == (accounts == 1)


def test_conflicts_and_edits_are_named(tmp_path):
    events = shares(3)
    edit = events[1] | {"event_id": "an edit", "text": TEXT + " at once", "created_at": START + 9_000}
    reused = events[2] | {"text": "Another text under the same id of the event", "created_at": START + 9_500}
    made(tmp_path, [*events, edit, reused])
    printed = CliRunner().invoke(main, ["show", str(tmp_path / "run")]).output
    assert "1 event has the event_id of an earlier event and other content" in printed
    assert "1 event changed or completed a post that counts already" in printed
