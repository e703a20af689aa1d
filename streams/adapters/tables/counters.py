"""Read the platform's counters from a row, as an event of their own."""

from schemas.event import Counters, ForwardEvent, Kind
from streams.adapters.base import date_counter
from streams.adapters.tables.cells import Cell, Header, Row, cell, count
from streams.adapters.tables.notes import Notes
from streams.adapters.tables.profile import Profile
from streams.adapters.tables.relations import Relation
from streams.adapters.tables.times import TimeProblem, TimeReader

_UNREADABLE = "a counter that is no whole number is left out"


class NumberReader:
    """Whole numbers of the rows of one table; a number that cannot be read is absent, and noted."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def read(self, read: Cell | None, row: Row) -> int | None:
        """Return the number in a cell; None for an absent column, cell or number."""
        if read is None:
            return None
        try:
            return count(read(row))
        except ValueError:
            self._notes.add(_UNREADABLE)
            return None


class CounterReader:
    """Counters of the rows of one table.

    Args:
        profile: of the table.
        header: its columns.
        times: reader of the time of collection.
        numbers: reader of the counters.

    """

    def __init__(self, profile: Profile, header: Header, times: TimeReader, numbers: NumberReader) -> None:
        columns = profile.counters
        forwards = columns.forwards if isinstance(columns.forwards, tuple) else (columns.forwards,)
        self._views = cell(columns.views, header)
        self._forwards = [found for one in forwards if (found := cell(one, header)) is not None]
        self._collected = cell(columns.collected_at, header)
        self._of_original = columns.of_original
        self._times, self._numbers = times, numbers

    def read(self, row: Row, event: ForwardEvent, relation: Relation) -> ForwardEvent | None:
        """Return the counters of a row; None if the row has none, or if their message is not named.

        A table writes 0 views where the platform gives none, so 0 views are no statement.
        """
        views = self._numbers.read(self._views, row) or None
        shares = [one for cell in self._forwards if (one := self._numbers.read(cell, row)) is not None]
        about = event.message_id
        if self._of_original and relation.kind is Kind.FORWARD:
            about = relation.root
        if not about or (views is None and not shares):
            return None
        at = self._collected_at(row)
        counter = ForwardEvent(
            event_id=about,
            platform=event.platform,
            kind=Kind.COUNTER,
            created_at=at,
            observed_at=at,
            message_id=about,
            id_scope=event.id_scope,
            chat=event.chat,
            counters=Counters(views=views, forwards=sum(shares) if shares else None),
            source=event.source,
        )
        return counter if at is None else date_counter(counter, at)

    def _collected_at(self, row: Row) -> int | None:
        if self._collected is None:
            return None
        try:
            return self._times.read(self._collected(row))
        except TimeProblem:
            return None


__all__ = ["CounterReader", "NumberReader"]
