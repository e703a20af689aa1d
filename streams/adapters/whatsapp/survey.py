"""Read a chat export a first time: find its layout, the order of its dates and the kind of its clock."""

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from streams.adapters.base import FormatError, Refused
from streams.adapters.items import text_lines
from streams.adapters.whatsapp.day_order import DayOrder, Decision
from streams.adapters.whatsapp.grammar import (
    MAX_LAYOUTS,
    Header,
    HeaderReader,
    Layout,
    has_unknown_word,
    may_open,
    parse,
    usual_layout,
)
from streams.adapters.whatsapp.words import load_words

_FILE_DATE = re.compile(
    r"(?:\b[A-Z]{3}-(\d{4})(\d\d)(\d\d)-WA\d|-[A-Z]{3,12}-(\d{4})-(\d\d)-(\d\d)-\d\d-\d\d-\d\d\.)", re.ASCII
)


class Survey(NamedTuple):
    """Facts about a file that its single lines do not show."""

    layout: Layout
    decision: Decision
    is_24: bool


class _Evidence:
    """Evidence of the headers of one layout."""

    def __init__(self) -> None:
        self.headers = 0
        self.days = DayOrder()
        self.over_12 = 0
        self.unknown = 0
        self.year_first = 0

    def add(self, header: Header, line: str) -> None:
        self.headers += 1
        self.days.add(header.numbers)
        self.over_12 += header.hour > 12
        if header.words != ("", ""):
            self.unknown += has_unknown_word(header.words)
            self.year_first += not load_words().year_first.isdisjoint(header.words)
        if "-WA" in line or "<" in line:
            found = _FILE_DATE.search(line)
            if found is not None:
                self._add_name(header, [int(part) for part in found.groups() if part])

    def _add_name(self, header: Header, numbers: list[int]) -> None:
        try:
            self.days.add_name(header.numbers, date(*numbers).toordinal())
        except ValueError:
            return


def survey(chunks: Iterable[bytes], day_first: bool | None) -> Survey:
    """Return the facts about a file.

    Args:
        chunks: the bytes of the file.
        day_first: the user's choice between day and month.

    Raises:
        FormatError: no line opens a message, or the dates or the clock cannot be read without a guess.

    """
    found = _collect(chunks)
    layout = usual_layout({layout: one.headers for layout, one in found.items()})
    if layout is None:
        raise FormatError(
            "no line opens with a date, a time and a sender, as in a WhatsApp export; export the chat again, or name "
            "another format with --format"
        )
    evidence = found[layout]
    # A word next to the time is no part of the day if the clock shows hours after 12.
    is_24 = layout.period == 0 or 20 * evidence.over_12 > evidence.headers
    if not is_24 and 2 * evidence.unknown > evidence.headers:
        raise FormatError(
            "the times have a word for the part of the day in a language that Hearsay does not know; set the phone to "
            "24 hours or to English, and export the chat again"
        )
    return Survey(layout, _decide(evidence, day_first), is_24)


def _decide(evidence: _Evidence, day_first: bool | None) -> Decision:
    decision = evidence.days.decide(day_first, year_first=2 * evidence.year_first > evidence.headers)
    if decision is not None:
        return decision
    if evidence.days.is_islamic:
        raise FormatError(
            "the dates are of the Islamic calendar, which differs between countries; set the phone to the Gregorian "
            "calendar, and export the chat again"
        )
    raise FormatError(
        "the dates of this WhatsApp export can be read in two ways, because no day is after the 12th; pass --day-first "
        "if 03/04 is the third of April, or --month-first if 03/04 is the fourth of March"
    )


def _collect(chunks: Iterable[bytes]) -> dict[Layout, _Evidence]:
    found: dict[Layout, _Evidence] = {}
    reader: HeaderReader | None = None  # of the last header's layout
    for _, line in text_lines(chunks):
        if isinstance(line, Refused) or not may_open(line):
            continue
        header = reader.read(line) if reader is not None else None
        if header is None or reader is None:
            parsed = parse(line)
            if parsed is None:
                continue
            layout, header = parsed
            if layout not in found and len(found) >= MAX_LAYOUTS:
                continue
            reader = HeaderReader(layout)
        evidence = found.get(reader.layout)
        if evidence is None:
            evidence = found[reader.layout] = _Evidence()
        evidence.add(header, line)
    return found


__all__ = ["Survey", "survey"]
