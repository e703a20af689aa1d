"""Split a normalised text into the tokens that the comparison of two texts aligns.

Han and Kana characters are tokens of their own, because their scripts have no spaces.
"""

import unicodedata
from collections.abc import Sequence

import regex

_TOKEN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]|[^\s\p{Han}\p{Hiragana}\p{Katakana}]+")
_LATIN = regex.compile(r"\p{Latin}")
_DIGITS_AS_LETTERS = str.maketrans("013457l", "oieasti")
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


def read_letters(words: Sequence[str], others: Sequence[str]) -> list[str]:
    """Replace a word with digits for letters by the word of the other side that the word looks like.

    >>> read_letters(["vi11age", "b12"], ["village", "b", "12"])
    ['village', 'b12']
    """
    if not any(map(_is_mixed, words)):
        return list(words)
    looks = {_look(other): other for other in others if other.isalpha()}
    return [looks.get(_look(word), word) if _is_mixed(word) else word for word in words]


def _is_mixed(word: str) -> bool:
    return word.isalnum() and not word.isalpha() and not word.isdecimal()


def _look(word: str) -> str:
    """Return a word with its digits read as letters, and with one letter for i, l and 1."""
    return word.translate(_DIGITS_AS_LETTERS)


def _without_accents(word: str) -> str:
    if not _LATIN.search(word):
        return word
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", word))).replace("đ", "d")


__all__ = ["keys", "read_letters", "tokens"]
