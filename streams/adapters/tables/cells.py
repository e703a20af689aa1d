"""Read the cells of a row: find columns in a header, compose values, and refuse ids that a spreadsheet has rounded."""

import re
from collections.abc import Callable, Iterable, Sequence

from streams.adapters.base import FormatError
from streams.adapters.tables.profile import (
    Columns,
    Condition,
    Part,
    alternatives,
    columns_of,
    nearest,
    placeholders,
)  # fmt: skip

Row = Sequence[str]
Cell = Callable[[Row], str]
Cells = Callable[[Row], list[str]]
Test = Callable[[Row], bool]

MAX_SHOWN = 40
"""Columns that an error or a remark lists."""

_EXACT_DIGITS = 15  # significant digits that a spreadsheet keeps
_NOTHING = frozenset({"nan", "NaN", "None", "null", "NULL", "N/A", "<NA>"})  # an absent value, as programs write it
_rounded = re.compile(r"[+-]?\d(?:[.,]\d*)?[eE]\+\d{1,3}|[+-]?\d[.,]\d+[eE]\d{1,3}").fullmatch
_decimal = re.compile(r"(\d+)\.0").fullmatch
_whole = re.compile(r"[+-]?\d+(?:[.,]0{1,2})?").fullmatch
_thousands = re.compile(r"\d{1,3}(?:[., '’\u00a0\u202f]\d{3})+").fullmatch
_lakhs = re.compile(r"\d{1,2}(?:,\d{2})*,\d{3}").fullmatch
_separators = re.compile(r"[., '’\u00a0\u202f]").sub


class RoundedError(Exception):
    """An id that has lost digits, so the file holds other people and messages than its source."""


class Header:
    """The columns of a table.

    Args:
        names: the first row.
        strict: a missing column is an error, as in a user's own profile.

    Raises:
        FormatError: in `find`, for a column that is missing or named twice.

    """

    def __init__(self, names: Sequence[str], *, strict: bool) -> None:
        self.names = tuple(name.strip() for name in names)
        self._strict = strict
        self._places: dict[str, list[int]] = {}
        for place, name in enumerate(self.names):
            self._places.setdefault(name.casefold(), []).append(place)
        self._used: set[int] = set()

    def has(self, name: str) -> bool:
        """Return True if the table has a column, or one of its alternatives."""
        return any(one.casefold() in self._places for one in alternatives(name))

    def find(self, name: str, *, required: bool = False) -> int | None:
        """Return the place of a column, whatever its case; None if the table lacks it."""
        for one in alternatives(name):
            places = self._places.get(one.casefold(), [])
            exact = [place for place in places if self.names[place] == one]
            places = exact or places
            if len(places) > 1:
                raise FormatError(f"the header names the column {shown(one)} twice; rename one of them")
            if places:
                self._used.add(places[0])
                return places[0]
        if required or self._strict:
            raise FormatError(self._missing(name))
        return None

    def unused(self) -> list[str]:
        """Return the names of the columns that no field of the profile reads."""
        return [name for place, name in enumerate(self.names) if place not in self._used and name]

    def _missing(self, name: str) -> str:
        wanted = " or ".join(shown(one) for one in alternatives(name))
        near = nearest(alternatives(name)[0], [one for one in self.names if one])
        hint = f"the nearest is {shown(near)}" if near else f"it has {listed(self.names)}"
        return f"the table has no column {wanted}; {hint}"


def shown(name: str) -> str:
    """Return the name of a column for an error, cut."""
    return f'"{name[:60]}"'


def listed(names: Sequence[str]) -> str:
    """Return names of columns for an error, cut."""
    rest = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return ", ".join(name[:60] for name in names[:MAX_SHOWN]) + rest


def cell(columns: Columns | None, header: Header, *, required: bool = False) -> Cell | None:
    """Return the function that reads a value from a row; None if the table has none of its columns."""
    if columns is None:
        return None
    if isinstance(columns, str):
        place = header.find(columns, required=required)
        return None if place is None else lambda row: row[place]
    if isinstance(columns, tuple):
        return _first(_places(columns, header, required=required))
    return _part(columns, header, required=required)


def cells(columns: Columns | None, header: Header, separator: str | None) -> Cells | None:
    """Return the function that reads all values of several columns, each split at a separator."""
    if columns is None:
        return None
    split = re.compile(separator).split if separator else None
    if isinstance(columns, Part) and columns.match:
        return _matches(columns, header)
    if isinstance(columns, Part):
        one = cell(columns, header)
        readers = [] if one is None else [one]
    else:
        readers = [_at(place) for place in _places(columns_of(columns), header, required=False)]
    if not readers:
        return None

    def read(row: Row) -> list[str]:
        found: list[str] = []
        for reader in readers:
            value = reader(row)
            if value:
                found += split(value) if split else [value]
        return found

    return read


def condition(one: Condition, header: Header) -> Test | None:
    """Return the test of a condition; None if the table lacks its column."""
    place = header.find(one.column)
    if place is None:
        return None
    if one.values:
        values = frozenset(value.casefold() for value in one.values)
        return lambda row: row[place].strip().casefold() in values
    if one.match is not None:
        search = re.compile(one.match).search
        return lambda row: search(row[place]) is not None
    wanted = one.present is not False
    return lambda row: (identifier(row[place]) != "") == wanted


def identifier(text: str) -> str:
    """Return an id; empty for an absent one.

    Raises:
        RoundedError: the id is a number that a spreadsheet or a program has rounded: `1.23E+17`, or 16 digits and `.0`.

    """
    text = text.strip()
    if text.isdigit():
        return text
    if text in _NOTHING:
        return ""
    if text[:1].isdigit() or text[:1] in {"+", "-"}:
        if _rounded(text):
            raise RoundedError
        decimal = _decimal(text)
        if decimal is not None and len(decimal[1]) > _EXACT_DIGITS:
            raise RoundedError
        if decimal is not None:
            return decimal[1]
    return text


def are_rounded(values: Iterable[str]) -> bool:
    """Return True if numbers of more than 15 digits certainly lost the digits behind the fifteenth to zeros.

    Rounding leaves any digit at the fifteenth place. A zero there, too, is the mark of numbers that are round by
    nature, such as times in nanoseconds.
    """
    long = {value for one in values if len(value := one.strip()) > _EXACT_DIGITS and value.isdigit()}
    tails = [value[_EXACT_DIGITS:] for value in long]
    if len(long) < _FEWEST or any(tail.strip("0") for tail in tails) or sum(map(len, tails)) < _CERTAIN_DIGITS:
        return False
    return sum(value[_EXACT_DIGITS - 1] != "0" for value in long) * 2 > len(long)


_FEWEST = 2
_CERTAIN_DIGITS = 9  # zeros of one column together: by chance in 1 of 10**9 tables


def count(text: str) -> int | None:
    """Return a whole number, with or without separators of thousands or lakhs; None for an absent one.

    Raises:
        ValueError: the text is no whole number.

    """
    text = text.strip()
    if text.isdecimal():
        return int(text)
    if not text or text in _NOTHING or text == "-":
        return None
    if _thousands(text) or _lakhs(text):
        return int(_separators("", text))
    if _whole(text) and not text.startswith("-"):
        return int(re.split("[.,]", text)[0])
    raise ValueError


def _places(columns: Sequence[str], header: Header, *, required: bool) -> list[int]:
    found = [header.find(one) for one in columns]
    places = [place for place in found if place is not None]
    if required and not places:
        header.find(_ALL.join(columns), required=True)
    return places


_ALL = "|"


def _at(place: int) -> Cell:
    return lambda row: row[place]


def _first(places: Sequence[int]) -> Cell | None:
    if not places:
        return None
    if len(places) == 1:
        return _at(places[0])
    return lambda row: next((value for place in places if (value := row[place]).strip()), "")


def _part(part: Part, header: Header, *, required: bool) -> Cell | None:
    base = _base(part, header, required=required)
    if base is None:
        return None
    if part.match is not None:
        search = re.compile(part.match).search
        return lambda row: "" if (found := search(base(row))) is None else _group(found)
    if part.replace is not None:
        pattern, into = re.compile(part.replace[0]), part.replace[1]
        return lambda row: pattern.sub(into, base(row).strip())
    return base


def _base(part: Part, header: Header, *, required: bool) -> Cell | None:
    """Return the function that reads a part before its pattern is applied."""
    if part.template is not None:
        return _template(part.template, header, required=required)
    places = _places(columns_of(part), header, required=required)
    if not part.join:
        return _at(places[0]) if places else None
    return (lambda row: "\n".join(value for place in places if (value := row[place].strip()))) if places else None


def _group(found: re.Match[str]) -> str:
    """Return the first group that matches, or the whole match of an expression without groups."""
    return next((one for one in found.groups() if one), "" if found.re.groups else found[0])


def _template(template: str, header: Header, *, required: bool) -> Cell | None:
    found = [header.find(one, required=required) for one in placeholders(template)]
    places = [place for place in found if place is not None]
    if len(places) < len(found) or not places:
        return None
    pieces = re.split(r"\{[^{}]+\}", template)

    def filled(row: Row) -> str:
        values = [identifier(row[place]) for place in places]
        if not all(values):
            return ""
        return pieces[0] + "".join(value + piece for value, piece in zip(values, pieces[1:], strict=True))

    return filled


def _matches(part: Part, header: Header) -> Cells | None:
    places = _places(columns_of(part), header, required=False)
    find = re.compile(part.match or "").finditer
    if not places:
        return None
    return lambda row: [_group(found) for place in places if row[place] for found in find(row[place])]


__all__ = [
    "MAX_SHOWN",
    "Cell",
    "Cells",
    "Header",
    "RoundedError",
    "Row",
    "Test",
    "are_rounded",
    "cell",
    "cells",
    "condition",
    "count",
    "identifier",
    "listed",
    "shown",
]  # fmt: skip
