"""Read the numbers of a text, in figures of any script and in common words, with the scale words after them.

`1 lakh`, `100,000` and `1,00,000` are one number, and so are `25`, `twenty-five` and `२५`.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

import regex

from detectors.similarity.words import load_words
from detectors.text.normalise import ascii_digits

Number: TypeAlias = int | Fraction | str
"""The value of a number; the spelling of a date, a version, or a number longer than any count."""

_MAX_DIGITS = 18  # longer numbers are compared by spelling
_LARGEST = 10**_MAX_DIGITS  # no scale word multiplies a larger number
_UNITS = 10  # a smaller number may follow "twenty"
_TENS = range(20, 100, 10)
# Words with another meaning without a number before: "Saudi Arab", "I'm".
_NO_SCALE_ALONE = frozenset(
    {"000", "k", "m", "mn", "bn", "cr", "lac", "अरब", "ارب", "ratus", "bin", "mia", "mila", "千", "万", "萬"}
)
_DIGIT = regex.compile(r"\d")
_WRITTEN = regex.compile(r"([0-9]+(?:[.,][0-9]+)*)(\p{L}*)")
_THOUSANDS = regex.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")


def is_numeric(token: str) -> bool:
    """Return True if a token is a figure or a number word."""
    return bool(_DIGIT.search(token)) or token in load_words().numbers


def numbers(text: Sequence[str]) -> set[Number]:
    """Return the numbers in figures and in common words, each multiplied by the scale words after the number."""
    scales, words, found = load_words().scales, load_words().numbers, set[Number]()
    last: Number | None = None  # still open: a scale word may follow
    tens = 0  # of a number such as "twenty", still open: "five" may follow
    for token in text:
        scale = scales.get(token)
        if scale is not None and last is None and token not in _NO_SCALE_ALONE:
            last = scale
            continue
        if scale is not None and last is not None and not isinstance(last, str) and last < _LARGEST:
            last, tens = last * scale, 0
            continue
        value = words.get(token)
        if value is not None and value < _UNITS and tens:
            last, tens = tens + value, 0
            continue
        if last is not None:
            found.add(last)
        last, tens = value, value if value is not None and value in _TENS else 0
        if value is None and not token.isalpha() and _DIGIT.search(token):
            *closed, last = _values(token)
            found.update(value for value in closed if value is not None)
    return found if last is None else found | {last}


def _values(token: str) -> list[Number | None]:
    """Return the numbers inside a token, then None if letters follow: a scale word cannot follow then."""
    values: list[Number | None] = []
    for match in _WRITTEN.finditer(ascii_digits(token)):
        value, unit = _value(match[1]), load_words().scales.get(match[2])
        values.append(value if unit is None or isinstance(value, str) else value * unit)
    return values if values and token[-1].isdecimal() else [*values, None]


def _value(written: str) -> Number:
    if len(written) > _MAX_DIGITS:
        return written
    if _THOUSANDS.fullmatch(written):
        return int(written.replace(".", ""))
    if written.isdigit():
        return int(written)
    written = written.replace(",", ".")
    return Fraction(written) if written.count(".") == 1 else written


__all__ = ["Number", "is_numeric", "numbers"]
