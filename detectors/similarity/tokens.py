"""Split a normalised text into the tokens that the comparison of two texts aligns.

Han and Kana characters are tokens of their own, because their scripts have no spaces.
"""

import unicodedata
from collections.abc import Sequence

import regex

_TOKEN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]|[^\s\p{Han}\p{Hiragana}\p{Katakana}]+")
_LATIN = regex.compile(r"\p{Latin}")
_MARKS = regex.compile(r"\p{Mn}+")


def tokens(normal: str) -> list[str]:
    """Return the tokens of a normalised text."""
    return [str(token) for token in _TOKEN.findall(normal)]


def keys(words: Sequence[str]) -> list[str]:
    """Return the tokens without the accents of Latin letters, which many people leave out.

    >>> keys(["não", "beba", "नहीं"])
    ['nao', 'beba', 'नहीं']
    """
    return [word if word.isascii() else _without_accents(word) for word in words]


def _without_accents(word: str) -> str:
    if not _LATIN.search(word):
        return word
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", word))).replace("đ", "d")


__all__ = ["keys", "tokens"]
