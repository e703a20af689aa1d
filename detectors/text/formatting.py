"""Format numbers, durations, moments and quoted text for people.

This module formats values only; `detectors.alerting.sentences` holds the sentences of an alert. The rules depend on no
locale and no time zone database, so every alert formats a fact alike and a replay writes the same bytes.
"""

from datetime import UTC, datetime, timedelta, timezone
from math import floor, log10

import regex

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_IST = timezone(timedelta(hours=5, minutes=30), "IST")
_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000))
_WITHOUT_SECONDS = 600_000  # ms
_GRAPHEME = regex.compile(r"\X")
_SPACE = regex.compile(r"\s+")
_UNSAFE = regex.compile(  # moves the cursor, reverses the line or hides text; joiners stay, because scripts need them
    r"[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_WIDEST = 32  # code points per grapheme, on average, above which a text is an attack on the reader


def whole(value: float) -> str:
    """Return a count in full, halves rounded up, with thousands separators.

    >>> whole(12345.0), whole(0.5)
    ('12,345', '1')
    """
    return f"{floor(value + 0.5):,}"


def rough(value: float) -> str:
    """Return a number of 0 or more to two significant digits, for estimates.

    >>> rough(1.449), rough(9.96), rough(69.6), rough(1284.0), rough(0.0)
    ('1.4', '10', '70', '1,300', '0')
    """
    if value < 0.05:
        return "0"
    if value < 9.95:
        return f"{floor(value * 10 + 0.5) / 10:.1f}"
    step = 10 ** max(0, floor(log10(value)) - 1)
    return f"{floor(value / step + 0.5) * step:,}"


def many(value: float, one: str, more: str = "") -> str:
    """Return a count with its noun.

    >>> many(1, "post"), many(2, "reply", "replies")
    ('1 post', '2 replies')
    """
    number = whole(value)
    return f"{number} {one if number == '1' else more or one + 's'}"


def duration(ms: int) -> str:
    """Return a length of time in its two largest units, cut off below; no seconds from ten minutes on.

    >>> duration(3_480_000), duration(11_459_999), duration(273_600_000), duration(348_000), duration(-1)
    ('58 min', '3 h 10 min', '3 d 4 h', '5 min 48 s', '0 s')
    """
    rest = max(0, ms - ms % 60_000 if ms >= _WITHOUT_SECONDS else ms)
    parts: list[str] = []
    for name, unit in _UNITS:
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count} {name}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"


def moment(ms: int, ist: bool = False) -> str:
    """Return an event time to the minute, in UTC and on request in Indian standard time too.

    >>> moment(1_795_510_320_000)
    '2026-11-24 08:52 UTC'
    >>> moment(1_795_545_600_000, ist=True)
    '2026-11-24 18:40 UTC (2026-11-25 00:10 IST)'
    """
    at = _EPOCH + timedelta(milliseconds=ms)
    text = f"{at:%Y-%m-%d %H:%M} UTC"
    if not ist:
        return text
    there = at.astimezone(_IST)
    return f"{text} ({there:%H:%M} IST)" if there.date() == at.date() else f"{text} ({there:%Y-%m-%d %H:%M} IST)"


def plain(text: str) -> str:
    """Return a text on one line, without characters that hide text, control a terminal or reverse the direction."""
    visible: str = _UNSAFE.sub("", _SPACE.sub(" ", text))
    return visible.strip()


def shorten(text: str, limit: int) -> str:
    """Return at most `limit` graphemes; an ellipsis replaces the end of a longer text. Never cuts within a grapheme.

    >>> shorten("मैं ठीक हूँ", 4)
    'मैं ठी…'
    >>> shorten("👩‍👩‍👧 ok", 4)
    '👩‍👩‍👧 ok'
    """
    end, budget, kept = 0, limit * _WIDEST, 0
    for kept, match in enumerate(_GRAPHEME.finditer(text), start=1):
        if kept > limit or match.end() > budget:
            break
        if kept < limit:
            end = match.end()
    else:
        return text
    return text[:end].rstrip() + "…"


__all__ = ["duration", "many", "moment", "plain", "rough", "shorten", "whole"]
