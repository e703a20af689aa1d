"""Print the report of an import, and the list of formats."""

from collections.abc import Iterable, Iterator

from detectors.reading.profile import percent
from detectors.text.formatting import many
from streams.adapters.base import Format
from streams.adapters.registry import FORMATS
from streams.cli.display.tables import Column, Table
from streams.recordings.imports.report import FileReport
from streams.times import format_time

_SHOWN_REFUSALS = 3


def formats_table() -> Table:
    """Return the known formats, with the information that each carries."""
    columns = (
        Column("format"), Column("what", wrap=True), Column("people", wrap=True), Column("parents", wrap=True),
        Column("forwards", wrap=True, wide=True), Column("counters", wrap=True), Column("times", wrap=True, wide=True),
    )  # fmt: skip
    return Table(columns, [_row(one) for one in FORMATS])


def _row(one: Format) -> tuple[str, ...]:
    can = one.capabilities
    return one.name, one.title, can.people, can.parents, can.hops, can.counters, can.times


def formats_markdown() -> str:
    """Return the table of formats for the documentation."""
    lines = ["| format | what | people | parents | forwards | counters | times |", "| --- " * 7 + "|"]
    lines += [f"| `{name}` | {' | '.join(cells)} |" for name, *cells in map(_row, FORMATS)]
    return "\n".join(lines) + "\n"


def formats_json() -> list[dict[str, object]]:
    """Return the known formats for `--json`."""
    return [
        {
            "format": one.name,
            "title": one.title,
            "platforms": list(one.platforms),
            "needs": list(one.needs),
            **one.capabilities._asdict(),
        }
        for one in FORMATS
    ]


def report_lines(files: Iterable[FileReport]) -> Iterator[str]:
    """Yield the report of each file: every item with its outcome, the times, and what is known about people."""
    for one in files:
        yield from _lines(one)


def _lines(one: FileReport) -> Iterator[str]:
    parts = [f"{one.events:,} with events"]
    parts += [f"{count:,} skipped ({_words(reason)})" for reason, count in one.skipped.items()]
    parts += [f"{count:,} refused ({_words(reason)})" for reason, count in one.refused.items()]
    check = "adds up" if one.balanced else "DOES NOT ADD UP: a defect, please report it"
    yield f"{one.file}: {many(one.read, 'item')} = {' + '.join(parts)} ({check})"
    if one.statements:
        yield f"  {one.statements:,} further events of the same items: counters and fact-checks"
    if one.first is not None and one.last is not None:
        zone = f"; times without a zone are in {one.zone}" if one.zone else ""
        yield f"  {format_time(one.first)} to {format_time(one.last)}{zone}"
    if one.events:
        yield f"  {_paths(one)}"
    for note, count in one.notes.items():
        yield f"  {note}: {count:,}" if count > 1 else f"  {note}"
    for refused in one.first_refused[:_SHOWN_REFUSALS]:
        yield f"  refused: item {refused.position}: {refused.detail}"
    if len(one.first_refused) > _SHOWN_REFUSALS:
        yield f"  and {sum(one.refused.values()) - _SHOWN_REFUSALS:,} more refused"


def _paths(one: FileReport) -> str:
    total = one.events
    parent = f"the parent of {percent(one.with_parent, total)} is known"
    origin = f", the original alone of {percent(one.with_origin, total)}"
    hops = f", marks of forwarding on {percent(one.with_hops, total)}"
    return f"{parent}{origin}{hops}; people: {one.people}"


def _words(reason: str) -> str:
    return reason.replace("_", " ")


__all__ = ["formats_json", "formats_markdown", "formats_table", "report_lines"]
