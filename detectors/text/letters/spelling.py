"""Unify the spellings of one text: the second key, by which copies become candidates.

Writers leave out accents, vowel signs and spaces, spell umlauts out, use the other alphabet of their language, or put
digits for letters; optical recognition confuses letters of similar shape. `plain_spelling` unifies the words;
`skeleton` keeps only the letters that survive all of this. Meaning is lost, so equal results do not make two texts
equal.
"""

import re
import unicodedata

from detectors.text.letters import load_letters
from detectors.text.letters.fold_letters import folding

_JOINERS = dict.fromkeys((0x200C, 0x200D))
_MIXED = re.compile(r"\b[^\W\d_]+(?:[0-9]+[^\W\d_]+)+\b")
_LETTER_OF_DIGIT = str.maketrans("013457", "oieast")
_READ_AS_LETTERS = frozenset("013457")
_SHORT_DIGITS = frozenset("01")
_MIN_LETTERS = 3

_LOST = str.maketrans("l", "i", " '.,-")  # optical recognition and evasion confuse i, l and 1; spaces get lost
_SHAPES = (("rn", "m"), ("vv", "w"), ("ae", "a"), ("oe", "o"), ("ue", "u"))
_REPEATED = re.compile(r"([a-z])\1+")

_fold = folding(script.spelling for script in load_letters().values())


def plain_spelling(normal: str) -> str:
    """Return the words of a normalised text in one spelling for all writers; some microseconds, no state.

    >>> plain_spelling("não tome a v4cina"), plain_spelling("covid19 на 4g")
    ('nao tome a vacina', 'covid19 na 4g')
    """
    if not normal.isascii():
        normal = unicodedata.normalize("NFC", _fold(unicodedata.normalize("NFD", normal.translate(_JOINERS))))
    return _MIXED.sub(_read_digits, normal)


def skeleton(normal: str) -> str:
    """Return the letters of a normalised text that survive evasion, careless typing and optical recognition.

    >>> skeleton("the new milk"), skeleton("thene w rni1k")
    ('thenewmik', 'thenewmik')
    """
    text = plain_spelling(normal).translate(_LOST)
    for shape, letter in _SHAPES:
        text = text.replace(shape, letter)
    return str(_REPEATED.sub(r"\1", text))


def _read_digits(match: "re.Match[str]") -> str:
    """Read digits between letters as letters, unless the word is a name with a number such as h5n1 or b2b."""
    word = match[0]
    digits = [character for character in word if character.isdecimal()]
    letters = len(word) - len(digits)
    long = letters >= max(_MIN_LETTERS, 2 * len(digits)) and _READ_AS_LETTERS.issuperset(digits)
    short = letters == _MIN_LETTERS - 1 and len(digits) == 1 and _SHORT_DIGITS.issuperset(digits)
    return word.translate(_LETTER_OF_DIGIT) if long or short else word
