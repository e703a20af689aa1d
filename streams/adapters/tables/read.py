"""Read a file with a profile: a table with a header, or JSON objects with the columns as fields.

One pass, apart from dates in numbers whose order no option names: these are looked through first. The first rows are
looked at before the first event, for ids that a spreadsheet has rounded and for the content of shared objects.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from typing import Any, TypeVar

from streams.adapters.base import FormatError, Item, ObjectKind, Options, Refused, Source, TruncatedError
from streams.adapters.items import encode, json_members, rows
from streams.adapters.opening import OPENING_BYTES, Opening
from streams.adapters.tables.cells import Cell, Header, are_rounded, cell, listed
from streams.adapters.tables.notes import Notes
from streams.adapters.tables.profile import Profile, alternatives, columns_of, named_columns
from streams.adapters.tables.relations import rounded
from streams.adapters.tables.rows import File, Rows
from streams.adapters.tables.shared_object import decide
from streams.adapters.tables.times import NUMERIC, TimeReader, day_order
from streams.adapters.values import text, zone

AHEAD_ROWS = 2_000
AHEAD_CHARACTERS = 1 << 23
"""Rows and characters that are looked at before the first event."""

_IDS = ("message_id", "root_ref", "parent_ref", "reply_to", "quote_of", "actor", "chat", "object")
_MAX_DEPTH = 6

Located = Iterator[tuple[int, list[str] | Refused]]
_Row = TypeVar("_Row")


def read_table(profile: Profile, source: Source, options: Options, *, strict: bool = False) -> Iterator[Item]:
    """Yield the outcome of each row.

    Args:
        profile: of the table.
        source: the file.
        options: of the import.
        strict: a column that the profile names and the table lacks is an error.

    Raises:
        FormatError: the table lacks a column, its ids were rounded, or an option is needed.

    """
    header, located = _open(profile, source, strict=strict)
    if not header.names:
        return
    ahead = list(_ahead(located))
    first = [row for _, row in ahead if isinstance(row, list) and len(row) >= len(header.names)]
    _check_digits(profile, header, first)
    notes = Notes()
    kind = _object_kind(profile, header, options, first)
    created = cell(profile.columns.created_at, header, required=True) or (lambda _: "")
    times = TimeReader(
        profile.time.formats,
        _zone(profile, options),
        zone(options.zone) if options.zone else None,
        day_first=_day_first(profile, source, options, created, strict=strict),
        note=notes.add,
    )
    table = Rows(profile, header, times, notes, File(options, kind, source.media))
    yield from _outcomes(table, itertools.chain(ahead, located))


def _outcomes(table: Rows, located: Located) -> Iterator[Item]:
    has_time = False
    for number, row in located:
        outcome = row if isinstance(row, Refused) else table.outcome(row)
        if not has_time:
            if isinstance(outcome, Refused) and outcome.reason == "no_zone":
                raise FormatError("the times of the table have no zone; give the zone with --zone, e.g. Asia/Kolkata")
            has_time = not isinstance(outcome, Refused)
        yield number, outcome


def _open(profile: Profile, source: Source, *, strict: bool) -> tuple[Header, Located]:
    opening, chunks = _peek(source.chunks())
    if opening.is_json:
        return _json(profile, chunks, strict=strict)
    located = rows(chunks, profile.delimiter or opening.delimiter, profile.escape)
    first = next(located, None)
    if first is not None and isinstance(first[1], list) and _names_separator(first[1]):
        first = next(located, None)
    if first is None:
        return Header((), strict=False), iter(())
    if isinstance(first[1], Refused):
        raise FormatError(f"the header of the table cannot be read: {first[1].detail}")
    header = Header(first[1], strict=strict)
    _check_header(profile, header)
    return header, located


def _names_separator(row: list[str]) -> bool:
    """Return True for the line `sep=;`, by which Excel learns the delimiter."""
    return row[0][:4].casefold() == "sep=" and not any(row[1:])


def _json(profile: Profile, chunks: Iterator[bytes], *, strict: bool) -> tuple[Header, Located]:
    """Return the fields of the first objects and of a profile as a header, and objects as rows under it.

    A field that an event needs must be in one of the first objects; another may come later.
    """
    objects = _objects(json_members(chunks, profile.items or ""))
    ahead = list(_ahead(objects))
    seen = dict.fromkeys(name for _, one in ahead if isinstance(one, dict) for name in one)
    names = dict(seen)
    for field, column in named_columns(profile):
        if field not in _ESSENTIAL or not seen:
            names.update(dict.fromkeys([] if seen.keys() & alternatives(column) else alternatives(column)[:1]))
    header = Header(list(names), strict=strict)

    def located() -> Located:
        for number, one in itertools.chain(ahead, objects):
            yield number, one if isinstance(one, Refused) else [one.get(name, "") for name in header.names]

    return header, located()


_ESSENTIAL = frozenset({"columns.message_id", "columns.created_at", "columns.text"})


def _objects(values: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, dict[str, str] | Refused]]:
    for number, value in values:
        if isinstance(value, Refused):
            yield number, value
        elif isinstance(value, dict):
            fields: dict[str, str] = {}
            _flatten(value, "", fields, 0)
            yield number, fields
        else:
            yield number, Refused("not_an_object", "the value is no JSON object", encode(value))


def _flatten(value: dict[str, Any], prefix: str, fields: dict[str, str], depth: int) -> None:
    """Add the values of an object under dotted names, and lists and deep objects as JSON."""
    for key, inner in value.items():
        name = f"{prefix}{key}"
        if isinstance(inner, str):
            fields[name] = text(inner)
        elif isinstance(inner, dict) and depth < _MAX_DEPTH:
            _flatten(inner, f"{name}.", fields, depth + 1)
        elif inner is not None:
            fields[name] = encode(inner).decode()


def _peek(chunks: Iterator[bytes]) -> tuple[Opening, Iterator[bytes]]:
    """Return the opening of a file up to the end of its first line, and all its bytes."""
    data, taken = b"", []
    cut: TruncatedError | None = None
    try:
        for chunk in chunks:
            taken.append(chunk)
            data += chunk
            if "\n" in Opening(data).text or len(data) >= OPENING_BYTES:
                break
    except TruncatedError as error:
        cut = error

    def whole() -> Iterator[bytes]:
        yield from taken
        if cut is not None:
            raise cut
        yield from chunks

    return Opening(data[:OPENING_BYTES]), whole()


def _ahead(located: Iterator[tuple[int, _Row]]) -> Iterator[tuple[int, _Row]]:
    size = 0
    for number, row in itertools.islice(located, AHEAD_ROWS):
        values: Iterable[str] = row.values() if isinstance(row, dict) else row if isinstance(row, list) else ()
        size += sum(map(len, values))
        yield number, row
        if size > AHEAD_CHARACTERS:
            return


def _check_header(profile: Profile, header: Header) -> None:
    """Refuse a table none of whose names is known: its first row is no header, or the profile is of another table."""
    wanted = list(dict.fromkeys(column for _, column in named_columns(profile)))
    if any(header.has(column) for column in wanted):
        return
    raise FormatError(
        f"the first row of the table holds none of the columns of {profile.name}; a header with these is needed: "
        f"{listed([column.replace('|', ' or ') for column in wanted])}"
    )


def _check_digits(profile: Profile, header: Header, first: Sequence[list[str]]) -> None:
    """Refuse ids of which a spreadsheet has replaced the last digits by zeros."""
    for field in _IDS:
        value = getattr(profile.columns, field)
        for column in columns_of(value) if value is not None else ():
            place = header.find(column) if header.has(column) else None
            if place is not None and are_rounded(row[place] for row in first):
                raise FormatError(rounded(header.names[place]))


def _object_kind(profile: Profile, header: Header, options: Options, first: Sequence[list[str]]) -> ObjectKind | None:
    read = cell(profile.columns.object, header)
    if read is None or profile.columns.object is None:
        return None
    if options.object_kind is not None:
        return options.object_kind
    return decide(map(read, first), columns_of(profile.columns.object)[0])


def _zone(profile: Profile, options: Options) -> tzinfo | None:
    """Return the zone of times without one; what the makers of a table document is stronger than an option."""
    name = profile.time.zone or options.zone
    return zone(name) if name else None


def _day_first(profile: Profile, source: Source, options: Options, created: Cell, *, strict: bool) -> bool:
    """Return the order of dates in numbers: as an option names it, else as all dates of the table show it."""
    if NUMERIC not in profile.time.formats:
        return False
    if options.day_first is not None:
        return options.day_first
    header, located = _open(profile, source, strict=strict)
    order = day_order(created(row) for _, row in located if isinstance(row, list) and len(row) >= len(header.names))
    if (found := order.day_first()) is None and not order.is_empty:
        raise FormatError(
            "the dates of the table do not show whether the day or the month comes first; give --day-first or "
            "--month-first"
        )
    return bool(found)


__all__ = ["AHEAD_CHARACTERS", "AHEAD_ROWS", "read_table"]
