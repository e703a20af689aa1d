"""Two runs of one stream: what another setting gains, loses, and moves."""

import json

import pytest
from typer.testing import CliRunner

from streams.cli.main import main
from streams.replay import replay as replays
from streams.runs.analyses.compare import compare
from streams.runs.folder import EDGES, Run
from streams.settings.load import load
from tests.streams.recordings.recorded_events import MINUTE, START, cascade, event, stream

WELLS = "The wells behind the old market have been poisoned, tell your neighbours before noon"
TRAIN = "All trains to the coast are cancelled from tomorrow because the bridge has cracked"


def two_rumours():
    """One of 40 sharers in seven minutes, one of 12 in two."""
    fast = cascade(40, start=START)
    slow = [
        {**one, "event_id": f"b-{one['event_id']}", "message_id": f"b-{one['message_id']}", "text": WELLS,
         **({"parent_ref": f"b-{one['parent_ref']}"} if "parent_ref" in one else {})}
        for one in cascade(12, start=START + 5_000)
    ]  # fmt: skip
    return sorted([*fast, *slow], key=lambda one: one["created_at"])


def run(tmp_path, name, *overrides, events=None):
    source = tmp_path / "day.jsonl"
    source.write_bytes(stream(events or two_rumours()))
    effective = load(environ={}, overrides=["embedder.runtime=hashing", "growth.target_size=10", *overrides])
    replays.replay(str(source), tmp_path / name, effective.settings, effective.key)
    return Run(tmp_path / name)


@pytest.fixture
def usual(tmp_path):
    return run(tmp_path, "usual")


def test_equal_settings_have_nothing_to_tell(tmp_path, usual):
    found = compare(usual, run(tmp_path, "again"))
    assert found.empty
    assert found.identical
    assert (found.gained, found.lost, found.earlier, found.later, found.levels, found.differing) == ((),) * 5 + ({},)
    assert found.unmoved == found.a.rumours == 2
    assert found.same_input


def test_a_higher_limit_loses_the_smaller_rumour_and_hears_of_the_other_later(tmp_path, usual):
    #   sharers   0 ------ 12 ---------- 40
    #   big = 10      !                        both are alerted
    #   big = 60                   !           the larger one alone, later
    found = compare(usual, run(tmp_path, "strict", "growth.target_size=60"))
    assert [case.text for case in found.lost] == [WELLS]
    assert found.gained == ()
    (later,) = found.later
    assert later.shift_ms > 0
    assert later.after.sharers > later.before.sharers
    assert found.median_later_ms == later.shift_ms
    assert found.differing["growth.target_size"] == (10, 60)


def test_the_other_way_round_it_is_gained_and_earlier(tmp_path, usual):
    strict = run(tmp_path, "strict", "growth.target_size=60")
    there, back = compare(usual, strict), compare(strict, usual)
    assert back.gained == there.lost
    assert [-one.shift_ms for one in back.earlier] == [one.shift_ms for one in there.later]
    assert back.a == there.b


def test_a_counter_alert_is_a_case_of_its_own_and_no_opening_of_the_budget(tmp_path):
    #   run a raises alerts about sharers and about the counter, run b about sharers alone
    first = two_rumours()[0]
    counts = [
        event(800 + minute, kind="counter", created_at=START + minute * MINUTE, message_id=first["message_id"],
              platform=first["platform"], counters={"forwards": 400 * minute})
        for minute in (1, 50)
    ]  # fmt: skip
    events = [*two_rumours(), *counts]
    both = run(tmp_path, "both", events=events)
    sharers = run(tmp_path, "sharers", "counters.min_forwards=0", events=events)
    found = compare(both, sharers)
    assert [case.headline.partition(":")[0] for case in found.lost] == ["Counter rising fast (level 1)"]
    assert (found.gained, found.unmoved) == ((), 2)
    assert found.a.openings == found.b.openings
    assert found.a.rumours == found.b.rumours + 1


def test_the_cost_is_given_in_alerts_and_openings_a_day(tmp_path):
    events = [*cascade(40), event(900, created_at=START + 2 * 86_400_000, text=TRAIN)]
    found = compare(run(tmp_path, "a", events=events), run(tmp_path, "b", "growth.target_size=20", events=events))
    assert found.a.days == pytest.approx(2.0, abs=0.01)
    assert found.a.alerts_per_day == pytest.approx(found.a.alerts / found.a.days, abs=0.01)
    assert sum(found.a.by_state.values()) == found.a.alerts
    opened = found.a.by_state["opened"] + found.a.by_state.get("resurfaced", 0)
    assert found.a.openings_per_day == pytest.approx(opened / found.a.days, abs=0.01)
    assert found.a.openings_per_day < found.a.alerts_per_day


def test_a_cluster_that_other_thresholds_cut_otherwise_is_still_the_same_rumour(tmp_path):
    #   a: the wordings are one cluster    b: two, and the second is the one that is alerted
    longer = f"{WELLS}, they say it began on Monday near the school and nobody does anything"
    first = [event(n, text=WELLS, created_at=START + n * 1000) for n in range(2)]
    rest = [event(n, text=longer, created_at=START + n * 10_000) for n in range(2, 30)]
    together = run(
        tmp_path,
        "together",
        "clustering.embedding_threshold=0.6",
        "clustering.suggestion_threshold=0.6",
        events=[*first, *rest],
    )
    apart = run(
        tmp_path,
        "apart",
        "clustering.embedding_threshold=0.99",
        "clustering.lexical_threshold=0.99",
        events=[*first, *rest],
    )
    founded = [{alert.cluster_id for alert in one.alerts()} for one in (together, apart)]
    assert founded[0].isdisjoint(founded[1])
    found = compare(together, apart)
    assert (found.gained, found.lost) == ((), ())
    assert found.a.rumours == found.b.rumours == 1


def test_a_run_without_alerts_loses_all_of_them(tmp_path, usual):
    silent = run(tmp_path, "silent", "growth.target_size=100000")
    there, back = compare(usual, silent), compare(silent, usual)
    assert len(there.lost) == len(back.gained) == 2
    assert (there.b.alerts, there.b.alerts_per_day) == (0, 0.0)


def test_other_input_is_told(tmp_path, usual):
    other = run(tmp_path, "other", events=cascade(40, start=START + MINUTE))
    assert not compare(usual, other).same_input


def said(*words):
    return CliRunner().invoke(main, ["compare", *map(str, words)])


def test_the_command_tells_it_in_lines_and_tables_and_as_json(tmp_path, usual):
    strict = run(tmp_path, "strict", "growth.target_size=60").path
    told = said(usual.path, strict)
    assert told.exit_code == 0
    assert "growth.target_size: 10 → 60" in told.stdout
    assert "gained 0, lost 1, unmoved 0" in told.stdout
    assert "later 1, by" in told.stdout
    rows = [line.split("\t") for line in told.stdout.splitlines() if "\t" in line]
    assert rows[0] == ["change", "by", "level", "first alert", "cluster", "sharers", "text"]
    assert [row[0] for row in rows[1:]] == ["lost", "later"]
    assert rows[1][-1] == WELLS
    assert rows[2][1].startswith("+")
    as_json = json.loads(said(usual.path, strict, "--json").stdout)
    assert [case["text"] for case in as_json["lost"]] == [WELLS]


def test_the_command_ends_with_1_on_a_difference_only_if_asked(tmp_path, usual):
    strict = run(tmp_path, "strict", "growth.target_size=60").path
    assert said(usual.path, strict).exit_code == 0
    assert said(usual.path, strict, "--exit-code").exit_code == 1
    same = said(usual.path, usual.path, "--exit-code")
    assert same.exit_code == 0
    assert "no difference" in same.stdout


def test_a_folder_that_is_no_run_or_was_cut_off_is_one_line_and_code_2(tmp_path, usual):
    nothing = said(usual.path, tmp_path / "nowhere")
    assert nothing.exit_code == 2
    (usual.path / EDGES).write_bytes(b"PAR1")
    cut = said(usual.path, usual.path)
    assert cut.exit_code == 2
    assert "replay the source again" in cut.stderr
