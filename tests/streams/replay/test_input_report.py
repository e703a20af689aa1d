"""What the input lacks is part of the alerts and of the manifest, and a run without events says why."""

import json

import pytest

from schemas.rejection import Reason, Rejection
from schemas.sighting import Position
from streams.replay import replay as replays
from streams.replay.input_report import failure
from streams.runs.folder import Run
from streams.runs.manifest import RunCounts
from streams.runs.rejection_log import RejectionLog
from streams.settings.load import load
from tests.streams.recordings.recorded_events import cascade, stream

EFFECTIVE = load(environ={}, overrides=["embedder.runtime=hashing"])


def replay(tmp_path, lines):
    (tmp_path / "day.jsonl").write_bytes(lines if isinstance(lines, bytes) else stream(lines))
    return Run(replays.replay(str(tmp_path / "day.jsonl"), tmp_path / "run", EFFECTIVE.settings, EFFECTIVE.key).folder)


def without(events, *names):
    return [{name: value for name, value in one.items() if name not in names} for one in events]


@pytest.mark.parametrize(
    ("absent", "note"),
    [
        (["actor"], "0 % of events name an actor: chats are counted, not people"),
        (["actor", "chat"], "0 % of events name an actor: posts are counted, not people"),
        (["parent_ref"], "no event names its parent: the forward graph cannot be drawn"),
    ],
)
def test_an_alert_states_the_field_that_its_posts_lack(tmp_path, absent, note):
    events = [one | {"chat": f"chat-{n}"} for n, one in enumerate(cascade(60))]
    with_all = [alert.evidence.notes for alert in replay(tmp_path, events).alerts()]
    assert with_all
    assert not any(note in notes for notes in with_all)
    (tmp_path / "run").rename(tmp_path / "whole")
    notes = [alert.evidence.notes for alert in replay(tmp_path, without(events, *absent)).alerts()]
    assert notes
    assert all(note in one for one in notes)


def test_only_the_clusters_concerned_carry_the_note(tmp_path):
    named = cascade(60)
    other = [
        one | {"event_id": f"b{n}", "message_id": f"b{n}", "chat": f"c{n}", "text": "the last ferry has sailed"}
        for n, one in enumerate(without(cascade(60), "actor", "parent_ref"))
    ]
    rows = sorted([*named, *other], key=lambda one: one["created_at"])
    alerts = list(replay(tmp_path, rows).alerts())
    texts = {alert.evidence.text.representative: "name an actor" in " ".join(alert.evidence.notes) for alert in alerts}
    assert sorted(texts.values()) == [False, True]


def test_the_manifest_holds_the_profile_and_the_reasons(tmp_path):
    wrapped = [{"payload": one} for one in cascade(3)]
    report = replay(tmp_path, [*wrapped, b"{"]).manifest.report
    assert report.profile.envelopes == {"`payload`": 3}
    assert report.profile.fields.shares == 3
    assert (report.reasons, report.failure) == ({"not_json": 1}, None)


def test_a_long_array_is_named_although_its_line_is_too_large_to_hold(tmp_path):
    events = [json.dumps(one) for one in cascade(6000)]
    run = replay(tmp_path, f"[{','.join(events)}]".encode())
    assert next(iter(run.rejections())).reason is Reason.TOO_LARGE
    assert "a JSON array of events on one line" in run.manifest.report.failure


def test_the_items_of_a_known_format_are_not_taken_for_another_one(tmp_path):
    table = tmp_path / "shares.csv"
    table.write_text("object_id,account_id,content_id,timestamp_share\n401,31,402,1700000000123\n")
    done = replays.replay(str(table), tmp_path / "run", EFFECTIVE.settings, EFFECTIVE.key)
    assert "bad_time: the time has another form" in Run(done.folder).manifest.report.failure


@pytest.fixture
def log(tmp_path):
    found = RejectionLog(tmp_path / "r.jsonl", 10, 10)
    found.add([Rejection(reason=Reason.WRONG_TYPE, detail="no", position=Position("s", 0, 0), size=1, sha256="00")])
    yield found
    found.close()


# applied:   0       one in ten less one       one in ten
@pytest.mark.parametrize(("applied", "fails"), [(0, True), (9, True), (10, False)])
def test_a_run_fails_below_a_tenth(log, applied, fails):
    counts = RunCounts(received=100, applied=applied, rejected=100 - applied)
    assert (failure(b"", log, counts) is not None) is fails


def test_an_empty_source_is_no_failure(log):
    assert failure(b"", log, RunCounts()) is None


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (RunCounts(received=100, late=99, applied=1), "most are late"),
        (RunCounts(received=100, duplicates=99, applied=1), "most repeat the event_id"),
        (RunCounts(received=100, rejected=100), "wrong_type: no"),
    ],
)
def test_the_reason_is_that_of_most_records(log, counts, reason):
    assert reason in failure(b"hello", log, counts)
