"""Tables: fitted to a terminal of 80 columns, and tab-separated text in a pipe."""

import io

import pytest
from rich.console import Console
from rich.text import Text

from streams.cli.display import comparison
from streams.cli.display.checks import findings_table
from streams.cli.display.run import RumourLine, Summary, rumours_table
from streams.cli.display.tables import Column, Table, first_rows, minute, print_table
from streams.devtools.doctor import Finding, Status
from streams.replay.sweep import sweep_points
from streams.runs.analyses.compare import Case, Comparison, Shift, Side
from streams.runs.manifest import InputReport, RunCounts

HOUR = 3_600_000
START = 1_795_510_320_000  # 2026-11-24 08:52 UTC
TEXT = "The wells behind the old market have been poisoned, tell your neighbours before noon, they say it is certain"
URDU = "افواہ ہے کہ پانی میں زہر ملا دیا گیا ہے، سب کو بتا دیں کہ آج پانی نہ پئیں، یہ خبر بالکل سچی ہے"


def printed(table, width=80, *, terminal=True, **options):
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=terminal, color_system=None, **options)
    print_table(table, console)
    return file.getvalue().splitlines()


def case(number, text=TEXT, **fields):
    known = {
        "cluster_id": f"{number:032x}", "episode": 0, "first_alert": "ab" * 16, "first_time": START, "sharers": 1234.0,
        "level": 2, "headline": "Spreading", "text": text,
    }  # fmt: skip
    return Case(**(known | fields))


def compared(gained=(), lost=(), earlier=(), later=(), levels=(), run="b"):
    side = Side(
        run=run, complete=True, alerts=1234, rumours=123, days=3.0, alerts_per_day=411.3, openings=123,
        openings_per_day=41.0, by_state={},
    )  # fmt: skip
    return Comparison(
        a=side, b=side, same_input=True, differing={}, gained=tuple(gained), lost=tuple(lost), earlier=tuple(earlier),
        later=tuple(later), levels=tuple(levels), unmoved=3, median_earlier_ms=HOUR if earlier else None,
        median_later_ms=3 * HOUR if later else None, identical=False,
    )  # fmt: skip


def shift(number, by, level=2):
    before = case(number)
    return Shift(before=before, after=case(number, first_time=START + by, level=level), shift_ms=by)


TABLE = Table(
    (Column("id"), Column("count", right=True), Column("seen", wide=True), Column("text", cut=True)),
    [("a1", "5", "today", TEXT), ("b2", "50", "today", "[bold]no\tmarkup[/bold]\nsecond line")],
)


def test_a_pipe_gets_a_header_and_one_line_of_tabbed_cells_for_each_row():
    assert printed(TABLE, terminal=False) == [
        "id\tcount\tseen\ttext",
        f"a1\t5\ttoday\t{TEXT}",
        "b2\t50\ttoday\t[bold]no markup[/bold] second line",
    ]


def test_a_narrow_terminal_gets_one_line_a_row_without_the_wide_columns():
    header, first, *_ = printed(TABLE)
    assert header.split() == ["id", "count", "text"]
    assert first.startswith("a1      5  The wells")
    assert first.rstrip().endswith("…")
    assert len(first) <= 80


def test_a_wide_terminal_gets_all_columns():
    assert printed(TABLE, 160)[0].split() == ["id", "count", "seen", "text"]


def test_a_column_that_wraps_loses_nothing():
    table = Table((Column("check"), Column("found", wrap=True)), [("model", " ".join(["words"] * 40))])
    assert sum(line.count("words") for line in printed(table)) == 40


def test_a_style_colours_a_terminal_and_not_a_pipe():
    table = Table((Column("status"),), [(Text("failed", "bold red"),)])
    assert printed(table, terminal=False) == ["status", "failed"]
    file = io.StringIO()
    print_table(table, Console(file=file, force_terminal=True, color_system="standard"))
    assert "\x1b[1;31mfailed" in file.getvalue()


def test_rows_that_are_left_out_are_counted():
    assert first_rows("rumours", [("a",), ("b",)], 2) == ([("a",), ("b",)], [])
    assert first_rows("rumours", [("a",), ("b",)], 1) == (
        [("a",)],
        ["showing 1 of 2 rumours; pass --at-most 2 for all"],
    )


def test_a_time_is_shown_to_the_minute_in_utc():
    assert minute(START) == "2026-11-24 08:52"
    assert minute(10**18) == "1000000000000000000 ms"


@pytest.mark.parametrize("text", [TEXT, URDU])
def test_show_takes_one_line_a_rumour_at_80_columns(text):
    rumours = tuple(
        RumourLine(cluster_id=f"{n:032x}", first_alert=START, level=3, sharers=12345.0, alerts=12, text=text)
        for n in range(20)
    )
    summary = Summary(
        run="day", complete=True, files=(), input="day.jsonl", counts=RunCounts(), code_version="1", model_revision="m",
        settings={}, by_state={}, broadcasts=(), report=InputReport(), rumours=rumours,
    )  # fmt: skip
    table, remarks = rumours_table(summary, 20)
    header, *rows = printed(table)
    assert header.split() == ["first", "alert", "cluster", "level", "sharers", "text"]
    assert len(rows) == 20
    assert all(row.startswith("2026-11-24 08:52  00000000      3   12,345  ") for row in rows)
    assert remarks == []


def test_compare_prints_each_rumour_once_with_every_change_at_80_columns():
    moved = shift(3, 10_320_000, level=3)  # later and another level: one row
    found = compared(
        gained=[case(1)], lost=[case(2)], earlier=[shift(5, -HOUR)], later=[moved], levels=[moved, shift(4, 0, level=1)]
    )
    table, remarks = comparison.changes_table(found, 20)
    _, *rows = printed(table)
    assert [row.split("2026-11-24")[0].split() for row in rows] == [
        ["gained", "2"],
        ["lost", "2"],
        ["earlier", "-1", "h", "2"],
        ["later", "+2", "h", "52", "min", "2", "→", "3"],
        ["level", "2", "→", "1"],
    ]
    assert all("The wells" in row for row in rows)
    assert remarks == []


def test_compare_limits_each_kind_of_change_and_says_so():
    found = compared(gained=[case(n) for n in range(5)], lost=[case(9)])
    table, remarks = comparison.changes_table(found, 3)
    assert [row[0] for row in table.rows] == ["gained"] * 3 + ["lost"]
    assert remarks == ["showing 3 of 5 gained; pass --at-most 5 for all"]


def test_sweep_shows_the_swept_values_at_80_columns():
    points = sweep_points(["growth.target_size=25,50", "growth.detector=L,kleinberg"])
    found = [compared(gained=[case(1)], later=[shift(2, HOUR)], run=point.name) for point in points]
    header, *rows = printed(comparison.sweep_table(points, found))
    names = ["target_size", "detector", "opened", "a", "day", "rumours", "gained", "lost", "earlier", "later"]
    assert header.split() == names
    assert [row.split()[:2] for row in rows] == [["25", "L"], ["25", "kleinberg"], ["50", "L"], ["50", "kleinberg"]]
    assert all("…" not in row for row in rows)


def test_settings_that_end_alike_are_named_in_full():
    points = sweep_points(["growth.calibration=1,2", "growth.platforms.x.calibration=1,2"])
    table = comparison.sweep_table(points, [compared() for _ in points])
    assert [column.name for column in table.columns[:2]] == ["growth.calibration", "growth.platforms.x.calibration"]


def test_a_remedy_is_shown_only_for_a_check_that_did_not_pass():
    table = findings_table([Finding("a", Status.GOOD, "fine", "nothing"), Finding("b", Status.FAILED, "[bad]", "mend")])
    assert printed(table, terminal=False)[1:] == ["a\tok\tfine\t", "b\tfailed\t[bad]\tmend"]
