"""Print tables: fitted to the width of a terminal, or as tab-separated text in a pipe.

Piped rows have no boxes, colours or wrapping, so `grep` and `cut` can read them. On a terminal each row takes one line,
unless a column wraps; the columns that decide between rows are never cut.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from streams.times import format_time

NARROW = 100
"""Columns of a terminal below which `wide` columns are left out."""
_ID = 8  # digits of an id in a table; alerts are printed with as many

Cell = str | Text


class Column(NamedTuple):
    """A column of a table and its use of the width."""

    name: str
    right: bool = False  # align numbers
    cut: bool = False  # take the remaining width, and end longer cells in an ellipsis
    wrap: bool = False  # take the remaining width, and continue longer cells on the next line
    wide: bool = False  # leave out of a narrow terminal


class Table(NamedTuple):
    """Columns and rows; a cell with a style is a `Text`."""

    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]


def print_table(table: Table, console: Console | None = None) -> None:
    """Print a table to a terminal, or its tab-separated rows to anything else."""
    console = console or Console(highlight=False)
    if console.is_terminal:
        console.print(_fitted(table, console.width))
        return
    for line in tab_separated(table):
        console.file.write(line + "\n")  # the console would expand the tabs
    console.file.flush()


def tab_separated(table: Table) -> Iterator[str]:
    """Yield the header and the rows of a table, with a tab between cells."""
    yield "\t".join(column.name for column in table.columns)
    for row in table.rows:
        yield "\t".join(" ".join(str(cell).split()) for cell in row)


def short_id(id_: str) -> str:
    """Return enough digits of an id to name a cluster or an alert."""
    return id_[:_ID]


def minute(ms: int) -> str:
    """Return an event time in UTC to the minute."""
    at = format_time(ms)
    return at.rpartition(":")[0] or at


def first_rows(title: str, rows: Sequence[tuple[Cell, ...]], at_most: int) -> tuple[list[tuple[Cell, ...]], list[str]]:
    """Return at most so many rows, and a remark if rows were left out."""
    remark = f"showing {at_most:,} of {len(rows):,} {title}; pass --at-most {len(rows)} for all"
    return list(rows[:at_most]), [remark] if len(rows) > at_most else []


def _fitted(table: Table, width: int) -> RichTable:
    """Build a table for a terminal of so many columns."""
    shown = [at for at, column in enumerate(table.columns) if width >= NARROW or not column.wide]
    expand = any(table.columns[at].cut or table.columns[at].wrap for at in shown)
    made = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=expand)
    for column in (table.columns[at] for at in shown):
        made.add_column(
            column.name,
            justify="right" if column.right else "left",
            no_wrap=not column.wrap,
            overflow="fold" if column.wrap else "ellipsis",
            ratio=1 if column.cut or column.wrap else None,
        )
    for row in table.rows:
        made.add_row(*_texts(row[at] for at in shown))
    return made


def _texts(cells: Iterable[Cell]) -> Iterator[Text]:
    """Yield cells as texts, so brackets in a message are no markup."""
    return (Text(cell) if isinstance(cell, str) else cell for cell in cells)


__all__ = ["Cell", "Column", "Table", "first_rows", "minute", "print_table", "short_id", "tab_separated"]
