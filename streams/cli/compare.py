"""The command `hearsay compare`: what another threshold would have said, rumour by rumour."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import friendly, working

if TYPE_CHECKING:
    from rich.table import Table

    from streams.runs.compare import Case, Comparison, Shift

_DIFFERENT = 1
_TEXT = 60  # graphemes of a message in a row
_HIDDEN = frozenset({"settings_digest", "input"})  # told in other words


def register(main: typer.Typer) -> None:
    """Add the command."""
    main.command()(compare)


def compare(
    a: Annotated[Path, typer.Argument(help="A run folder.")],
    b: Annotated[Path, typer.Argument(help="Another, which is told as a change from the first.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    at_most: Annotated[int, typer.Option(min=0, help="Rows of each table.")] = 20,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 1 if the runs differ.")] = False,
) -> None:
    """Tell which rumours are alerted in one of two runs alone, which earlier and which later."""
    import msgspec
    from rich.console import Console

    from streams.runs.compare import compare as hold_against
    from streams.runs.folder import Run

    with friendly():
        with working("comparing"):
            found = hold_against(Run(a), Run(b))
        if as_json:
            typer.echo(msgspec.json.encode(found).decode())
        else:
            console = Console()
            for line in lines(found):
                console.print(line, markup=False, highlight=False)
            for table in tables(found, at_most):
                console.print(table)
        if exit_code and not found.empty:
            raise typer.Exit(_DIFFERENT)


def lines(found: "Comparison") -> Iterator[str]:
    """The comparison in a few lines."""
    from detectors.text.formatting import duration, plain

    for name, side in (("a", found.a), ("b", found.b)):
        unfinished = "" if side.complete else "; the run is not complete"
        yield (
            f"{name}: {plain(side.run)}: {side.alerts:,} alerts on {side.rumours:,} rumours in {side.days:.1f} days, "
            f"{side.alerts_per_day:,.1f} a day{unfinished}"
        )
    if not found.same_input:
        yield "the two runs are not known to have read the same input"
    for name, (before, after) in found.differing.items():
        if name not in _HIDDEN:
            yield f"{name}: {plain(str(before))} → {plain(str(after))}"
    if found.empty:
        yield "no difference"
        return
    yield f"gained {len(found.gained):,}, lost {len(found.lost):,}, unmoved {found.unmoved:,}"
    for name, shifts, middle in (
        ("earlier", found.earlier, found.median_earlier_ms),
        ("later", found.later, found.median_later_ms),
    ):
        by = f", by {duration(round(middle))} in the median" if middle is not None else ""
        yield f"{name} {len(shifts):,}{by}"


def tables(found: "Comparison", at_most: int) -> Iterator["Table"]:
    """A table of each kind of difference that there is."""
    for title, cases in (("gained: alerted in b alone", found.gained), ("lost: alerted in a alone", found.lost)):
        if cases:
            yield _of_cases(title, cases, at_most)
    for title, shifts in (
        ("earlier in b", found.earlier),
        ("later in b", found.later),
        ("another highest level", found.levels),
    ):
        if shifts:
            yield _of_shifts(title, shifts, at_most)


def sweep_table(found: Sequence["Comparison"]) -> "Table":
    """One row a run, each beside the first."""
    from rich.table import Table

    from detectors.text.formatting import duration

    table = Table(
        "run", "alerts", "a day", "rumours", "gained", "lost", "earlier", "later", title="beside the first run"
    )
    for one in found:
        moved = [
            f"{len(shifts):,}" + (f" by {duration(round(middle))}" if middle is not None else "")
            for shifts, middle in ((one.earlier, one.median_earlier_ms), (one.later, one.median_later_ms))
        ]
        numbers = (f"{one.b.alerts:,}", f"{one.b.alerts_per_day:,.1f}", f"{one.b.rumours:,}")
        table.add_row(one.b.run, *numbers, f"{len(one.gained):,}", f"{len(one.lost):,}", *moved)
    return table


def _of_cases(title: str, cases: Sequence["Case"], at_most: int) -> "Table":
    from streams.cli.render import short_id
    from streams.times import moment

    table = _table(title, len(cases), at_most, ("first alert", "cluster", "level", "sharers then", "text"))
    for case in cases[:at_most]:
        table.add_row(
            moment(case.first_time), short_id(case.cluster_id), str(case.level), f"{case.sharers:,.0f}", _text(case)
        )
    return table


def _of_shifts(title: str, shifts: Sequence["Shift"], at_most: int) -> "Table":
    from detectors.text.formatting import duration
    from streams.cli.render import short_id
    from streams.times import moment

    table = _table(title, len(shifts), at_most, ("first alert in a", "by", "level", "cluster", "text"))
    for one in shifts[:at_most]:
        sign = "-" if one.shift_ms < 0 else "+" if one.shift_ms else ""
        level = (
            f"{one.before.level} → {one.after.level}" if one.before.level != one.after.level else str(one.after.level)
        )
        table.add_row(
            moment(one.before.first_time),
            f"{sign}{duration(abs(one.shift_ms))}",
            level,
            short_id(one.before.cluster_id),
            _text(one.before),
        )
    return table


def _table(title: str, count: int, at_most: int, columns: Sequence[str]) -> "Table":
    from rich.table import Table

    rest = f" (the first {at_most} of {count:,})" if count > at_most else ""
    table = Table(title=f"{title}{rest}", title_justify="left")
    for column in columns:
        table.add_column(column)
    return table


def _text(case: "Case") -> str:
    from rich.markup import escape

    from detectors.text.formatting import plain, shorten

    return escape(shorten(plain(case.text), _TEXT))
