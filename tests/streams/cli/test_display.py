import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from schemas.alert import Alert
from schemas.rejection import Reason, Rejection
from schemas.sighting import Position
from streams.cli.display.alerts import alert_text
from streams.cli.display.progress import ReplayScreen
from streams.cli.display.rejections import count_rejections, rejections_table
from streams.cli.display.replay import accounts, remarks
from streams.cli.display.tables import tab_separated
from streams.replay.replay import ReplayProgress
from streams.runs.manifest import RunCounts
from streams.times import format_time

ALERT = msgspec.json.decode(
    (Path(__file__).parents[2] / "schemas" / "fixtures" / "v1" / "alert-opened.json").read_bytes(), type=Alert
)


def printed(thing: object, **options) -> str:
    file = io.StringIO()
    Console(file=file, width=120, **options).print(thing)
    return file.getvalue()


@pytest.mark.parametrize(("broadcasts", "messages"), [(1, "1 message was"), (1_200, "1,200 messages were each")])
def test_the_summary_counts_messages_of_wide_reach_and_few_accounts(broadcasts, messages):
    reach = f"{messages} posted in 20 chats or more by at most 3 accounts; alerts count people, not reach"
    assert remarks(RunCounts(broadcasts=broadcasts)) == [reach]


def test_the_summary_counts_events_about_messages_that_never_came():
    line = "about messages that the stream had not contained, and changed nothing"
    assert remarks(RunCounts(unmatched=1)) == [f"1 event is {line}"]
    assert remarks(RunCounts(unmatched=1_200)) == [f"1,200 events are {line}"]


def test_event_time_is_shown_in_utc():
    assert format_time(1_767_600_000_000) == "2026-01-05 08:00:00"
    assert format_time(10**18) == "1000000000000000000 ms"


def test_an_alert_is_shown_with_headline_time_id_and_text():
    text = printed(alert_text(ALERT))
    assert text.startswith("Spreading fast (level 2)\n")
    assert f"alert {ALERT.alert_id[:8]}" in text
    assert "2026-01-05 08:58 UTC" in text
    assert ALERT.evidence.text.representative in text


def test_brackets_in_a_message_are_no_markup():
    alert = msgspec.structs.replace(ALERT, headline="[bold]not bold[/bold]")
    assert "[bold]not bold[/bold]" in printed(alert_text(alert))


@pytest.mark.parametrize(
    ("counts", "text"),
    [(RunCounts(received=1234, applied=1200, duplicates=20, late=10, rejected=4),
      "1,234 received = 1,200 applied + 20 duplicates + 10 late + 4 rejected (adds up)"),
     (RunCounts(received=3, applied=1, waiting=2),
      "3 received = 1 applied + 0 duplicates + 0 late + 0 rejected + 2 waiting (adds up)"),
     (RunCounts(received=3, applied=2),
      "3 received = 2 applied + 0 duplicates + 0 late + 0 rejected (DOES NOT ADD UP: a defect, please report it)")],
)  # fmt: skip
def test_the_accounts_say_whether_they_add_up(counts, text):
    assert accounts(counts) == text


def rejection(reason: Reason, offset: int) -> Rejection:
    return Rejection(
        reason=reason, detail=f"rule [{offset}]", position=Position("day.jsonl", 0, offset), size=1, sha256=""
    )


def test_rejections_are_counted_by_reason_the_most_frequent_first():
    found = [rejection(Reason.TOO_LARGE, 1), rejection(Reason.NOT_JSON, 2), rejection(Reason.NOT_JSON, 9)]
    assert list(tab_separated(rejections_table(count_rejections(found)))) == [
        "reason\tevents\tfirst at\tdetail",
        "not_json\t2\tday.jsonl, event 3\trule [2]",
        "too_large\t1\tday.jsonl, event 2\trule [1]",
    ]


def test_the_screen_shows_alerts_on_one_stream_and_progress_on_the_other():
    out, err = io.StringIO(), io.StringIO()
    with ReplayScreen(Console(file=out), Console(file=err, force_terminal=True, width=120)) as screen:
        screen.progress(ReplayProgress(5000, 1, 1_767_600_000_000, 50, 100))
        screen.alert(ALERT)
    assert "Spreading fast" in out.getvalue()
    assert "replaying" in err.getvalue()
    assert "5,000 events" in err.getvalue()
    assert "1 alerts" in err.getvalue()
    assert "2026-01-05 08:00:00" in err.getvalue()


def test_without_a_terminal_no_progress_is_drawn():
    out, err = io.StringIO(), io.StringIO()
    with ReplayScreen(Console(file=out), Console(file=err)) as screen:
        screen.progress(ReplayProgress(5000, 1, 1_767_600_000_000, 50, 100))
    assert err.getvalue() == ""
