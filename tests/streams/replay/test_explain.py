import json
from pathlib import Path

import msgspec
import pytest

from detectors.alerting.transition import Transition
from detectors.pipeline.cascades import ScoreTrace, TransitionTrace
from detectors.pipeline.rows import ClusterRow
from schemas.alert import Alert, Lifecycle
from schemas.assignment import Assignment, Merge, Method, Suggestion, Variant
from schemas.event import AccountStatus, Counters, Debunk, Kind, Report
from schemas.sighting import Sighting, TextContent
from streams.errors import UserError
from streams.replay import replay as replays
from streams.replay.explain import (
    Decision,
    DecisionLog,
    ExplainError,
    Explanation,
    explain,
    find,
    format_explanation,
)
from streams.runs.folder import Run, RunFolderError
from streams.settings.load import load
from streams.settings.tree import SettingsError
from tests.streams.recordings.recorded_events import START, cascade, event, stream

ALERT = msgspec.json.decode(
    (Path(__file__).parents[2] / "schemas" / "fixtures" / "v1" / "alert-opened.json").read_bytes(), type=Alert
)
EFFECTIVE = load(environ={}, overrides=["embedder.runtime=hashing"])
KEY = "0123456789abcdef" * 4
OTHER = "ab" * 16


@pytest.fixture(scope="module")
def replayed(tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("replayed")
    (folder / "day.jsonl").write_bytes(stream([*cascade(80), *cascade(3, start=START + 3_600_000, platform="sms")]))
    result = replays.replay(str(folder / "day.jsonl"), folder / "run", EFFECTIVE.settings, EFFECTIVE.key)
    return Run(result.folder)


def first(run: Run) -> Alert:
    return next(iter(run.alerts()))


def test_an_alert_is_explained_and_given_again(replayed):
    explanation = explain(find(replayed, first(replayed).alert_id), (), EFFECTIVE)
    assert explanation.identical
    shown_lines = format_explanation(explanation)
    assert shown_lines[-1] == "The replay reproduced this alert byte for byte."
    assert "What would lower the level" in " ".join(shown_lines)
    assert "This measures spread, not truth." in " ".join(shown_lines)
    assert any(line.kind == "created" for line in explanation.decisions)
    assert any(line.kind == "score" for line in explanation.decisions)
    assert explanation.decisions[-1].kind == "level"
    assert explanation.decisions[-1].time == explanation.alert.time


def test_every_alert_of_a_run_is_given_again(replayed):
    for alert in replayed.alerts():
        assert explain(find(replayed, alert.alert_id), (), EFFECTIVE).identical


def test_nothing_after_the_alert_is_told(replayed):
    alert = first(replayed)
    assert all(line.time <= alert.time for line in explain(find(replayed, alert.alert_id), (), EFFECTIVE).decisions)


def test_the_settings_of_the_run_decide_and_not_those_of_today(replayed):
    today = load(environ={}, overrides=["growth.target_size=5000", "growth.detector=count", "embedder.runtime=hashing"])
    assert explain(find(replayed, first(replayed).alert_id), (), today).identical


def test_a_few_digits_of_the_id_are_enough(replayed):
    alert = first(replayed)
    assert find(replayed, alert.alert_id[:6].upper()).alert == alert


@pytest.mark.parametrize(
    ("prefix", "words"), [("zzzz", "no alert id in .* begins with 'zzzz'"), ("", "no alert id in .* begins with ''")]
)
def test_an_id_that_names_no_alert_is_refused(replayed, prefix, words):
    with pytest.raises(UserError, match=words):
        find(replayed, prefix)


def test_who_names_a_cluster_is_told_its_alerts(replayed):
    one = first(replayed)
    with pytest.raises(UserError, match=f"is the id of a cluster in .* of one of its alerts: {one.alert_id[:12]}"):
        find(replayed, one.cluster_id[:8])


def test_digits_that_name_several_alerts_are_refused(tmp_path, replayed):
    one = first(replayed)
    other = msgspec.structs.replace(one, alert_id=one.alert_id[:8] + "0" * 24)
    (tmp_path / "manifest.json").write_bytes((replayed.path / "manifest.json").read_bytes())
    (tmp_path / "alerts.jsonl").write_bytes(b"".join(msgspec.json.encode(alert) + b"\n" for alert in (one, other)))
    listed = f"{one.alert_id[:12]}, {other.alert_id[:12]}"
    with pytest.raises(UserError, match=f"matches 2 alerts in .*: {listed}; give more digits$"):
        find(Run(tmp_path), one.alert_id[:8])


def test_another_input_is_refused_by_its_digest(replayed, tmp_path):
    changed = tmp_path / "day.jsonl"
    changed.write_bytes(stream(cascade(81)))
    with pytest.raises(UserError, match=r"day.jsonl is not the input of the run: its sha256 is .*and the run had"):
        explain(find(replayed, first(replayed).alert_id), [str(changed)], EFFECTIVE)


def test_a_copy_of_the_input_will_do(replayed, tmp_path):
    copy = tmp_path / "copy-of-day.jsonl"
    copy.write_bytes(Path(replayed.source).read_bytes())
    explanation = explain(find(replayed, first(replayed).alert_id), [str(copy)], EFFECTIVE)
    assert explanation.identical


def test_another_key_is_refused(replayed):
    other = load(environ={"HEARSAY_KEY": KEY}, overrides=["embedder.runtime=hashing"])
    with pytest.raises(ExplainError, match=r"made with key 'demo', but the current key is 'k[0-9a-f]+'"):
        explain(find(replayed, first(replayed).alert_id), (), other)


def copied(replayed: Run, folder: Path, **changes) -> Run:
    for file in replayed.path.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for name, value in changes.items():
        manifest[name] = value
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return Run(folder)


def test_an_interrupted_run_cannot_be_explained(replayed, tmp_path):
    run = copied(replayed, tmp_path, input={"name": "day.jsonl", "format": "jsonl", "bytes": 1, "sha256": None})
    with pytest.raises(UserError, match="was interrupted and has no digest of its input"):
        explain(find(run, first(run).alert_id), (), EFFECTIVE)


def test_a_run_whose_input_is_nowhere_asks_for_it(replayed, tmp_path):
    run = copied(replayed, tmp_path)
    (tmp_path / "timings.json").unlink()
    with pytest.raises(UserError, match="has no path of its input"):
        explain(find(run, first(run).alert_id), (), EFFECTIVE)


def test_settings_of_another_release_are_refused(replayed, tmp_path):
    run = copied(replayed, tmp_path, settings={"growth.moon": 1})
    with pytest.raises(SettingsError, match=r"unknown setting 'growth.moon' \(from the run's manifest\)"):
        explain(find(run, first(run).alert_id), (), EFFECTIVE)


def test_an_alert_that_somebody_changed_is_told_from_the_one_the_replay_gives(replayed, tmp_path):
    run = copied(replayed, tmp_path)
    alerts = list(run.alerts())
    evidence = msgspec.structs.replace(alerts[0].evidence, notes=("nothing to see here",))
    alerts[0] = msgspec.structs.replace(alerts[0], level=3, evidence=evidence)
    (tmp_path / "alerts.jsonl").write_bytes(b"".join(msgspec.json.encode(alert) + b"\n" for alert in alerts))
    shown_lines = format_explanation(explain(find(run, alerts[0].alert_id), (), EFFECTIVE))
    assert shown_lines[-1].startswith("THE REPLAY REPRODUCED THIS ALERT WITH DIFFERENCES in level, evidence.notes. ")


def test_an_alert_that_the_replay_does_not_give_is_called_out(replayed, tmp_path):
    run = copied(replayed, tmp_path)
    (tmp_path / "alerts.jsonl").write_bytes(msgspec.json.encode(ALERT) + b"\n")
    shown_lines = format_explanation(explain(find(run, ALERT.alert_id), (), EFFECTIVE))
    assert shown_lines[-1].startswith("THE REPLAY DID NOT REPRODUCE THIS ALERT.")


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunFolderError):
        Run(tmp_path)


def sighting(n: int, **fields) -> Sighting:
    content = TextContent(text=f"wording {n}", fingerprint=f"{n:032x}")
    given = {"event_id": f"{n:032x}", "platform": "sms", "kind": Kind.POST, "time": START + n, "key_id": "demo"}
    return Sighting(**{**given, "content": content, **fields})


def share(n: int, method: Method, cluster: str = ALERT.cluster_id, **fields) -> Assignment:
    return Assignment(cluster_id=cluster, sighting=sighting(n), method=method, **fields)


def remark(n: int, kind: Kind, **fields) -> Assignment:
    return Assignment(
        cluster_id=ALERT.cluster_id,
        sighting=sighting(n, kind=kind, content=TextContent(), **fields),
        method=Method.LINK,
    )


def judgement(n: int, sharers: float, cluster: str = ALERT.cluster_id) -> ScoreTrace:
    return ScoreTrace(cluster, START + n, f"{n:032x}", sharers, sharers / 10, 6.0, 0)


def said(n: int, cluster: str = ALERT.cluster_id, state=Lifecycle.OPENED) -> TransitionTrace:
    return TransitionTrace(cluster, Transition(state, 1, START + n, 0))


def shown(log: DecisionLog) -> list[str]:
    return [f"{line.kind}: {line.text}" for line in log.explanation().decisions]


def log_of(*payloads) -> DecisionLog:
    log = DecisionLog(ALERT)
    for payload in payloads:
        log.trace("whatever it is called", payload)
    return log


def test_each_wording_is_told_once_with_method_and_similarity():
    log = log_of(
        share(1, Method.FIRST_SHARE),
        share(1, Method.EXACT),
        share(2, Method.EMBEDDING, similarity=0.9134, variants=(Variant.NUMBER, Variant.PLACE)),
        share(2, Method.EXACT),
    )
    assert shown(log) == [
        "created: post on sms: “wording 1”",
        "wording: embedding 0.913, differs in number, place: “wording 2”",
    ]
    assert log.explanation().methods == {"embedding": 1, "exact": 2, "first_share": 1}


def test_the_first_share_on_each_further_platform_is_told_once(tmp_path):
    shares = cascade(12)
    moved = [{**one, "platform": "sms"} if n >= 4 else one for n, one in enumerate(shares)]
    (tmp_path / "day.jsonl").write_bytes(stream(moved))
    effective = load(environ={}, overrides=["embedder.runtime=hashing", "growth.target_size=10"])
    run = Run(replays.replay(str(tmp_path / "day.jsonl"), tmp_path / "run", effective.settings, effective.key).folder)
    last = list(run.alerts())[-1]
    decisions = explain(find(run, last.alert_id), (), effective).decisions
    (platform,) = [one for one in decisions if one.kind == "platform"]
    assert platform.text == "first share on sms, joined by exact"
    assert platform.time == START + 40_000


def test_a_fact_check_is_told_and_what_is_no_share_is_not_counted_as_one():
    known = Debunk(publisher="Second Look", verdict="false")
    log = log_of(
        share(1, Method.FIRST_SHARE),
        remark(2, Kind.COUNTER, counters=Counters(views=9)),
        remark(3, Kind.REPORT, report=Report(category="health")),
        remark(4, Kind.DELETE),
        remark(5, Kind.ACCOUNT_STATE, account_status=AccountStatus.SUSPENDED),
        Assignment(
            cluster_id=ALERT.cluster_id,
            sighting=sighting(6, kind=Kind.DEBUNK, debunk=known),
            method=Method.EMBEDDING,
            similarity=0.9,
        ),
    )
    assert shown(log)[1:] == [
        "report: by a user, as “health”",
        "deleted: a post was deleted",
        "account: of a sharer: suspended",
        "fact-check: by “Second Look”, verdict “false”, matched by embedding 0.900",
    ]
    assert log.explanation().methods == {"first_share": 1}


# wording at 3 and 4 | scores at 2, 3, 4, kept back until the level changes at 4: listed in the order of time
def test_scores_that_were_kept_back_are_told_in_the_order_of_time():
    log = log_of(
        *(judgement(n, 1.0) for n in (1, 2)), share(3, Method.LINK), judgement(3, 1.0), share(4, Method.LINK), said(4)
    )
    times = [line.time - START for line in log.explanation().decisions]
    assert times == [1, 2, 3, 3, 4, 4]


def test_a_suggestion_is_told_as_not_joined():
    log = log_of(share(1, Method.FIRST_SHARE, suggestion=Suggestion(OTHER, 0.81)))
    assert shown(log)[1] == f"suggestion: 0.810 to cluster {OTHER[:12]}: similar, not joined"


def test_a_merge_is_told_and_so_is_what_led_to_the_cluster_that_was_merged():
    (absorbed,) = ALERT.aliases
    merge = Merge(survivor=ALERT.cluster_id, absorbed=absorbed, time=START + 1, method=Method.EXACT, event_id=OTHER)
    log = log_of(share(1, Method.FIRST_SHARE, absorbed), judgement(1, 1, absorbed), merge)
    assert shown(log) == [
        "created: post on sms: “wording 1”",
        f"score: cluster {absorbed[:12]}, merged later: 0.100 (level-1 threshold 6.000), 1 sharer, level 0",
        f"merge: cluster {absorbed[:12]} joins {ALERT.cluster_id[:12]}, bridged by exact",
    ]


def row(cluster: str, **fields) -> ClusterRow:
    empty = {str: "", int: 0, float: 0.0, str | None: None}
    given = {field.name: empty.get(field.type, 0) for field in msgspec.structs.fields(ClusterRow)}
    return ClusterRow(**{**given, "cluster_id": cluster, "last_time": START + 5, "sharers": 7.0, **fields})


def test_a_merge_that_is_known_from_the_tables_only_is_told_at_the_last_share():
    (absorbed,) = ALERT.aliases
    log = log_of(share(1, Method.FIRST_SHARE), judgement(9, 9))
    log.add_absorbed(
        [row(absorbed, merged_into=ALERT.cluster_id), row(OTHER, merged_into=ALERT.cluster_id), row(absorbed)]
    )
    assert [line.kind for line in log.explanation().decisions] == ["created", "merge", "score"]
    assert shown(log)[1] == f"merge: cluster {absorbed[:12]} (7 sharers) joins {ALERT.cluster_id[:12]} after this"


def test_a_merge_is_told_once():
    (absorbed,) = ALERT.aliases
    merge = Merge(survivor=ALERT.cluster_id, absorbed=absorbed, time=START, method=Method.EXACT, event_id=OTHER)
    log = log_of(merge)
    log.add_absorbed([row(absorbed, merged_into=ALERT.cluster_id)])
    assert len(shown(log)) == 1


def bridged() -> list[dict]:
    """Two wordings of one rumour, and a message that forwards the one with the other's words."""
    other = "they say the water of the river is full of poison from that mill in Lindau, warn your neighbours at once"
    one = cascade(30, every=60_000)
    two = [
        {
            name: f"b{value}" if name in ("event_id", "message_id", "actor", "parent_ref") else value
            for name, value in e.items()
        }
        for e in cascade(30, every=60_000, start=START + 30_000, text=other)
    ]
    bridge = event(900, kind="forward", created_at=START + 20 * 60_000, parent_ref="message-3", text=other)
    after = [event(n, created_at=START + 31 * 60_000 + n * 100, text=other) for n in range(1000, 1060)]
    return sorted([*one, *two, bridge, *after], key=lambda event: event["created_at"])


def test_a_merge_in_the_run_is_told(tmp_path):
    (tmp_path / "day.jsonl").write_bytes(stream(bridged()))
    result = replays.replay(str(tmp_path / "day.jsonl"), tmp_path / "run", EFFECTIVE.settings, EFFECTIVE.key)
    alert = next(alert for alert in Run(result.folder).alerts() if alert.aliases)
    explanation = explain(find(Run(result.folder), alert.alert_id), (), EFFECTIVE)
    assert explanation.identical
    assert [line.kind for line in explanation.decisions].count("merge") == 1


def test_what_happens_to_other_clusters_is_not_told():
    merge = Merge(survivor=OTHER, absorbed="cd" * 16, time=START, method=Method.EXACT, event_id=OTHER)
    assert shown(log_of(share(1, Method.FIRST_SHARE, OTHER), judgement(1, 1, OTHER), said(1, OTHER), merge)) == []


# sharers   1  2  3  4  5  6 ... 100, then the level changes: listed as the size grows by half, and the last three
def test_the_score_is_told_as_the_cascade_grows_and_just_before_it_changes_level():
    log = log_of(*(judgement(n, n) for n in range(1, 101)), said(100))
    sizes = [int(line.split(", ")[1].split()[0]) for line in shown(log)[:-1]]
    assert sizes == [1, 2, 3, 5, 8, 12, 18, 27, 41, 62, 93, 98, 99, 100]


def test_the_log_ends_with_the_alert_even_if_the_batch_goes_on():
    before = msgspec.structs.replace(ALERT, alert_id=OTHER)
    log = log_of(
        share(1, Method.FIRST_SHARE),
        said(1, OTHER),
        said(2, state=Lifecycle.MILESTONE),
        share(3, Method.EMBEDDING, similarity=0.9),
        said(3),
        share(4, Method.EMBEDDING, similarity=0.9),
        said(5, state=Lifecycle.ESCALATED),
    )
    others = [before, msgspec.structs.replace(ALERT, alert_id="cd" * 16)]
    assert log.ends_with([*others, ALERT, before])
    assert [line.kind for line in log.explanation().decisions] == ["created", "level", "wording", "level"]
    assert log.explanation().methods == {"embedding": 1, "first_share": 1}
    assert log.explanation().identical


def test_a_batch_without_the_alert_does_not_end_the_log():
    other = msgspec.structs.replace(ALERT, alert_id=OTHER)
    log = log_of(share(1, Method.FIRST_SHARE), said(1))
    assert not log.ends_with([other])
    log.trace("transition", said(2))
    assert log.ends_with([ALERT])
    assert log.explanation().replayed == ALERT


def many(minor: int, major: int = 0) -> Explanation:
    decisions = [Decision(n, "wording", str(n), minor=True) for n in range(minor)] + [
        Decision(n, "merge", "m") for n in range(major)
    ]
    return Explanation(ALERT, decisions, {}, None)


@pytest.mark.parametrize(("minor", "left_out"), [(39, 0), (40, 0), (41, 1), (1000, 960)])
def test_a_long_log_is_shortened_in_its_middle_and_says_so(minor, left_out):
    short = format_explanation(many(minor))
    marks = [line for line in short if "--all to list them" in line]
    assert len(marks) == (1 if left_out else 0)
    if marks:
        assert f"{left_out} wordings, suggestions, scores and remarks" in marks[0]
    assert sum("wording   " in line for line in short) == minor - left_out
    assert sum("wording   " in line for line in format_explanation(many(minor), everything=True)) == minor


def test_what_matters_is_never_shortened():
    assert sum("merge   " in line for line in format_explanation(many(10, 100))) == 100


def test_a_message_cannot_draw_on_the_terminal():
    nasty = sighting(1, content=TextContent(text="\x1b[31mred\u202e and\nmore" + "x" * 200, fingerprint="a"))
    (line,) = shown(log_of(Assignment(cluster_id=ALERT.cluster_id, sighting=nasty, method=Method.FIRST_SHARE)))
    assert "\x1b" not in line
    assert "\u202e" not in line
    assert len(line) < 130


def test_events_without_text_are_told_as_such():
    silent = sighting(1, content=TextContent())
    assert shown(log_of(Assignment(cluster_id=ALERT.cluster_id, sighting=silent, method=Method.FIRST_SHARE))) == [
        "created: post on sms: (no text)"
    ]
    assert event(1)["text"]
