"""Read the line that opens a message in WhatsApp's chat exports: date, time, and the layout of both.

The phone's region and clock decide the layout, so all headers of one file have the same. One grammar covers the
layouts; the layout of a file is the most frequent, and a header-like line of another layout belongs to a pasted chat.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from streams.adapters.whatsapp.words import Period, load_words, token

MARKS = "\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
"""Characters without a width: marks of direction, and the byte-order mark."""

MAX_LAYOUTS = 256

_M = f"[{MARKS}]{{0,4}}"  # bounded, so that no line costs more than its length
_S = rf"[ \t\u00a0\u2009\u202f{MARKS}]"
_DATE = (
    rf"(?P<a>\d{{1,4}}){_M}(?P<date_mark>[./\-]){_M}\ ?(?P<b>\d{{1,2}}){_M}(?P=date_mark){_M}\ ?(?P<c>\d{{1,4}}){_M}"
    rf"(?P<after_date>\.?(?:{_S}?г\.?)?[,،]?)"
)
_WORD = r"[^\d\[\]:,،\n\-–]{1,24}?"
_HEADER = re.compile(
    rf"{_M}(?P<open>\[?){_M}{_DATE}{_S}{{1,4}}(?:(?P<before>{_WORD}){_S}{{0,4}})?"
    r"(?P<hour>\d{1,2})(?P<time_mark>[:.]|\ ?h\ ?)(?P<minute>\d{2})(?:(?P=time_mark)(?P<second>\d{2}))?"
    # A bracket or a dash ends the header behind any word; a bare space or a colon only behind "am" or nothing.
    rf"(?:(?:{_S}?(?P<after>{_WORD}))??{_M}(?P<close>\]|{_S}[-–](?={_S}))"
    rf"|(?P<tight>{_S}?[apAP]\.?{_S}?[mM]\.?)?(?P<bare>:?)(?={_S}))"
    rf"(?:{_S}|$)"
)

# "[10:15, 14/3/2026] ", as WhatsApp Web copies messages.
_COPIED = re.compile(
    rf"{_M}\[{_M}(?:(?P<before>{_WORD}){_S}{{0,4}})?(?P<hour>\d{{1,2}})(?P<time_mark>[:.])(?P<minute>\d{{2}})"
    rf"(?:{_S}?(?P<after>{_WORD}))??{_M}[,،]{_S}{{1,4}}{_DATE}\](?:{_S}|$)"
)


_NO_WORDS = ("", "")
_token = lru_cache(maxsize=64)(token)
_OPEN = {False: "", True: rf"\[{_M}"}
_AFTER_DATE = {"": r"\.?", ",": r"\.?[,،]", "г": rf"\.?{_S}?г\.?", "г,": rf"\.?{_S}?г\.?[,،]"}
_CLOSE = {"": f"(?={_S})", ":": ":", "-": f"{_S}-", "–": f"{_S}–", "]": r"\]"}


class Layout(NamedTuple):
    """The layout of a header, without its numbers."""

    bracket: bool
    year_first: bool  # with four digits
    date_mark: str
    after_date: str
    time_mark: str
    seconds: bool
    period: int  # place of the word next to the time: 0 for none, 1 before, 2 after, 3 both
    close: str
    time_first: bool = False  # as in text copied from WhatsApp Web

    @property
    def is_ios(self) -> bool:
        """True for the layouts of iOS."""
        return self.bracket and not self.time_first

    @property
    def is_loose(self) -> bool:
        """True for a header that ends in a bare space, as any sentence may."""
        return self.close == ""


class Header(NamedTuple):
    """The numbers and words of a header."""

    numbers: tuple[int, int, int]  # of the date, as written
    hour: int
    minute: int
    second: int
    words: tuple[str, str]  # before and after the time, without spaces and full stops; empty for none
    end: int  # characters of the header


def parse(line: str) -> tuple[Layout, Header] | None:
    """Return the layout and the numbers of a header; None for any other line."""
    found = _HEADER.match(line)
    if found is None:
        return _parse_copied(line)
    bracket, close = bool(found["open"]), found["close"] or found["bare"]
    if bracket != (close == "]"):
        return None
    words = (token(found["before"] or ""), token(found["after"] or found["tight"] or ""))
    date = (int(found["a"]), int(found["b"]), int(found["c"]))
    time = (int(found["hour"]), int(found["minute"]), int(found["second"] or 0))
    layout = Layout(
        bracket=bracket,
        year_first=len(found["a"]) > 2,
        date_mark=found["date_mark"],
        after_date=token(found["after_date"]).replace("،", ","),
        time_mark=found["time_mark"].strip(),
        seconds=found["second"] is not None,
        period=bool(words[0]) + 2 * bool(words[1]),
        close=close[-1:],
    )
    return layout, Header(date, *time, words, found.end())


def _parse_copied(line: str) -> tuple[Layout, Header] | None:
    """Return the layout and the numbers of a header that WhatsApp Web has copied; None for any other line."""
    found = _COPIED.match(line)
    if found is None:
        return None
    words = (token(found["before"] or ""), token(found["after"] or ""))
    layout = Layout(
        bracket=True,
        year_first=len(found["a"]) > 2,
        date_mark=found["date_mark"],
        after_date="",
        time_mark=found["time_mark"],
        seconds=False,
        period=bool(words[0]) + 2 * bool(words[1]),
        close="]",
        time_first=True,
    )
    date = (int(found["a"]), int(found["b"]), int(found["c"]))
    return layout, Header(date, int(found["hour"]), int(found["minute"]), 0, words, found.end())


class HeaderReader:
    """Reads the headers of one layout; several times faster than `parse`, because one layout leaves no choice."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._match = re.compile(_pattern(layout)).match

    def read(self, line: str) -> Header | None:
        """Return the numbers of a header; None for a line that does not open with a header of the layout."""
        found = self._match(line)
        if found is None:
            return None
        a, b, c, before, hour, minute, second, after = found.groups()
        words = (_token(before), _token(after)) if before or after else _NO_WORDS
        return Header((int(a), int(b), int(c)), int(hour), int(minute), int(second or 0), words, found.end())


def _pattern(layout: Layout) -> str:
    """Return a pattern with the groups a, b, c, before, hour, minute, second and after, in this order."""
    year = r"\d{4}" if layout.year_first else r"\d{1,2}"
    mark = rf"{_M}{re.escape(layout.date_mark)}{_M}\ ?"
    time_mark = r"\ ?h\ ?" if layout.time_mark == "h" else re.escape(layout.time_mark)
    before = rf"(?P<before>{_WORD}){_S}{{0,4}}" if layout.period & 1 else "(?P<before>)"
    after = rf"{_S}?(?P<after>{_WORD})" if layout.period & 2 else "(?P<after>)"
    second = rf"{time_mark}(?P<second>\d{{2}})" if layout.seconds else "(?P<second>)"
    if layout.time_first:
        # The date is looked at first, so that the groups keep their order.
        return (
            rf"{_M}\[{_M}(?=[^\],،]{{1,60}}[,،]{_S}{{1,4}}(?P<a>{year}){mark}(?P<b>\d{{1,2}}){mark}(?P<c>\d{{1,4}}){_M}\.?\])"
            rf"{before}(?P<hour>\d{{1,2}}){time_mark}(?P<minute>\d{{2}}){second}{after}{_M}[,،][^\]]{{1,40}}\](?:{_S}|$)"
        )
    return (
        rf"{_M}{_OPEN[layout.bracket]}(?P<a>{year}){mark}(?P<b>\d{{1,2}}){mark}(?P<c>\d{{1,4}}){_M}"
        rf"{_AFTER_DATE[layout.after_date]}{_S}{{1,4}}{before}(?P<hour>\d{{1,2}}){time_mark}(?P<minute>\d{{2}}){second}"
        rf"{after}{_M}{_CLOSE[layout.close]}(?:{_S}|$)"
    )


def may_open(line: str) -> bool:
    """Return True if a line may begin with a header: after marks there is a digit or a bracket."""
    first = line[:1]
    if first.isascii():
        return first == "[" or first.isdigit()
    return first.isdecimal() or not first.isprintable()


def usual_layout(layouts: Mapping[Layout, int]) -> Layout | None:
    """Return the layout with the most lines; one that ends in a bare space only if it is ten times as frequent."""
    return max(layouts, key=lambda one: layouts[one] / (10 if one.is_loose else 1), default=None)


def hour_of_day(header: Header, *, is_24: bool) -> int | None:
    """Return the hour from 0 to 23; None for a number that no clock shows."""
    if header.minute > 59 or header.second > 59:
        return None
    period = None if is_24 else period_of(header.words)
    hour = header.hour
    if period is None:
        return hour if hour < 24 else None
    if hour > 12:
        return None
    if period is Period.NOON:
        return hour if hour in {10, 11, 12} else hour % 12 + 12
    if period is Period.NIGHT:
        return hour + 12 if 6 <= hour < 12 else hour % 12
    return hour % 12 + (12 if period is Period.PM else 0)


@lru_cache(maxsize=256)
def period_of(words: tuple[str, ...]) -> Period | None:
    """Return the part of the day that a word next to the time names; None if no word does."""
    known = load_words()
    return next((known.periods[word] for word in words if word in known.periods), None)


@lru_cache(maxsize=256)
def has_unknown_word(words: tuple[str, ...]) -> bool:
    """Return True if a word next to the time is neither a part of the day nor without meaning."""
    known = load_words()
    return any(word and word not in known.periods and word not in known.fillers for word in words)


__all__ = [
    "MARKS", "MAX_LAYOUTS", "Header", "HeaderReader", "Layout", "has_unknown_word", "hour_of_day", "may_open", "parse",
    "period_of", "usual_layout",
]  # fmt: skip
