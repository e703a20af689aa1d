"""Read from a row what it answers, quotes or passes on: its kind, its original and its parent."""

from collections.abc import Callable
from typing import NamedTuple

from schemas.event import Kind, ParentEvidence
from streams.adapters.base import FormatError
from streams.adapters.tables.cells import Header, RoundedError, Row, Test, cell, condition, identifier, shown
from streams.adapters.tables.profile import Columns, Conditions, Profile, columns_of, conditions_of

Identifier = Callable[[Row], str]


class Relation(NamedTuple):
    """Kind of a row, its original and its parent; empty for an unknown message."""

    kind: Kind
    root: str
    parent: str

    @property
    def carries_content(self) -> bool:
        """True if the row passes a named message on, so that it needs no text of its own."""
        return self.kind is not Kind.REPLY and bool(self.root or self.parent)

    @property
    def evidence(self) -> ParentEvidence:
        """The source of the parent."""
        if self.parent:
            return ParentEvidence.API_PARENT
        return ParentEvidence.ORIGIN_ONLY if self.root and self.kind is Kind.FORWARD else ParentEvidence.NONE


class RelationReader:
    """Relations of the rows of one table.

    Args:
        profile: of the table.
        header: its columns.

    Raises:
        FormatError: a column is missing or named twice; when reading, the ids of a column were rounded.

    """

    def __init__(self, profile: Profile, header: Header) -> None:
        columns, kinds = profile.columns, profile.kind
        self._default = kinds.default
        self._root, self._parent = id_cell(columns.root_ref, header), id_cell(columns.parent_ref, header)
        self._reply_to, self._quote_of = id_cell(columns.reply_to, header), id_cell(columns.quote_of, header)
        self._conversation = id_cell(columns.conversation, header)
        self._is_forward = _test(kinds.forward_if, header)
        self._is_reply = _test(kinds.reply_if, header)
        self._is_quote = _test(kinds.quote_if, header)

    @property
    def has_roots(self) -> bool:
        """True if the table can name an original or a parent, or mark a forward."""
        return self._root is not None or self._parent is not None or self._is_forward is not None

    def read(self, row: Row) -> Relation:
        """Return the relation of a row."""
        root = self._root(row) if self._root is not None else ""
        parent = self._parent(row) if self._parent is not None else ""
        if self._is_forward(row) if self._is_forward is not None else root:
            return Relation(Kind.FORWARD, root, parent)
        answered = self._reply_to(row) if self._reply_to is not None else ""
        if self._is_reply(row) if self._is_reply is not None else answered:
            return self._reply(row, root, answered or parent)
        quoted = self._quote_of(row) if self._quote_of is not None else ""
        if self._is_quote(row) if self._is_quote is not None else quoted:
            return Relation(Kind.QUOTE, root, quoted or parent)
        if self._default is Kind.REPLY:
            return self._reply(row, root, parent)
        return Relation(self._default, root, parent)

    def _reply(self, row: Row, root: str, parent: str) -> Relation:
        if not root and self._conversation is not None:
            root = self._conversation(row)
        return Relation(Kind.REPLY, root, parent)


def id_cell(columns: Columns | None, header: Header, *, required: bool = False) -> Identifier | None:
    """Return the function that reads an id from a row; None if the table has none of its columns.

    Raises:
        FormatError: a required column is missing; when reading, a spreadsheet has rounded the ids of the column.

    """
    read = cell(columns, header, required=required)
    if columns is None or read is None:
        return None
    names = columns_of(columns)

    def checked(row: Row) -> str:
        try:
            return identifier(read(row))
        except RoundedError:
            raise FormatError(rounded(*names)) from None

    return checked


def rounded(*columns: str) -> str:
    """Return the error for a column whose ids have lost digits, or for the columns of which ids are made."""
    return (
        f"the ids in the column {' or '.join(map(shown, columns))} were rounded, as spreadsheets do with long numbers "
        "(1.89E+18): they no longer name their messages and people. Export the table again from its source, and import "
        "that file without opening it in a spreadsheet"
    )


def _test(conditions: Conditions | None, header: Header) -> Test | None:
    if conditions is None:
        return None
    tests = [test for one in conditions_of(conditions) if (test := condition(one, header)) is not None]
    if len(tests) == 1:
        return tests[0]
    return lambda row: any(test(row) for test in tests)


__all__ = ["Relation", "RelationReader", "id_cell", "rounded"]
