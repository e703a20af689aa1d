"""Read a word that mixes alphabets in one of them, as a reader does: "vаccine" with a Cyrillic a is "vaccine".

The pairs of similar letters come from the confusables of Unicode Technical Standard 39, through the package
`confusable_homoglyphs`, and from `lookalikes.toml`. Only a word that mixes alphabets changes, or a word that is written
in another alphabet than the rest of the text and can be read in the text's own.
"""

import re
import unicodedata
from collections import Counter
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

import msgspec
import regex
from confusable_homoglyphs.confusables import confusables_data

from detectors.text.url_finder import may_have_url, url_pattern

# Alphabets with letters that look Latin. Scripts with a single such letter never pass for Latin.
_LATIN = "LATIN"
_ORDINARY = {"CYRILLIC": "а-яёђієїјљњћџѓќґѕА-ЯЁЂІЄЇЈЉЊЋЏЃЌҐЅ", "GREEK": "α-ωΑ-Ω", "ARMENIAN": "ա-ֆԱ-Ֆ"}
_RARE = ("CHEROKEE", "CANADIAN", "LISU", "COPTIC", "DESERET", "OSAGE", "WARANG", "CARIAN", "LYCIAN", "OLD", "ELBASAN")
_OTHER = re.compile(
    "[\u0370-\u058f\u13a0-\u167f\u1c80-\u1c8f\u1f00-\u1fff\u2c80-\u2dff\ua4d0-\ua4ff\ua640-\ua69f\uab70-\uabbf\U00010280-\U000118ff]"
)
_WORD = regex.compile(r"(?<![@\w])\p{L}[\p{L}\p{M}]*")


class _Pairs(NamedTuple):
    latin: dict[str, str]  # letter of another alphabet -> Latin letter, as confusable as UTS 39 says
    loose: dict[str, str]  # further letters that pass for Latin ones
    other: dict[str, dict[str, str]]  # alphabet -> Latin letter -> letter of the alphabet


def fold_lookalikes(text: str) -> str:
    """Return the text with each word of mixed alphabets in one alphabet; addresses and mentions stay.

    Costs two microseconds for a text in one alphabet, and some 150 µs for a message in two.
    """
    if text.isascii() or _OTHER.search(text) is None or not _has_latin(text):
        return text
    if not may_have_url(text):
        return _read(text)
    parts, done = [], 0
    for match in url_pattern(text).finditer(text):
        parts += [_read(text[done : match.start()]), match[0]]
        done = match.end()
    return "".join([*parts, _read(text[done:])])


_has_latin = re.compile("[A-Za-z\u00c0-\u024f]").search


def _read(text: str) -> str:
    words = set(_WORD.findall(text))
    alphabets = {word: {_alphabet(letter) for letter in word} - {""} for word in words}
    present = set[str]().union(*alphabets.values())
    if len(present) < 2:
        return text
    main = _main_alphabet(words)
    mixed = any(len(alphabets[word]) > 1 for word in words)
    readings = {word: _reading(word, alphabets[word], main, mixed) for word in words}
    return str(_WORD.sub(lambda match: readings[match[0]], text))


def _main_alphabet(words: set[str]) -> str:
    """Return the alphabet of most letters that do not pass for letters of another one."""
    pairs = _pairs()
    ambiguous = {letter for letters in pairs.other.values() for letter in letters} | set(pairs.latin) | set(pairs.loose)
    counts = Counter(_alphabet(letter) for word in words for letter in word if letter not in ambiguous)
    del counts[""]
    return max(sorted(counts), key=lambda name: (counts[name], name == _LATIN), default=_LATIN)


def _reading(word: str, alphabets: set[str], main: str, mixed: bool) -> str:
    """Return a word in the alphabet in which all of its letters can be read: the main one where several can."""
    if len(alphabets) < 2:
        pure = next(iter(alphabets), main)
        if pure == main or (main != _LATIN and not mixed) or (len(word) < 2 and pure != "CYRILLIC" and not mixed):
            return word
        return _in(word, main, loose=False) or word
    for name in sorted(alphabets, key=lambda name: name != main):
        read = _in(word, name, loose=True)
        if read is not None:
            return read
    return word


def _in(word: str, alphabet: str, *, loose: bool) -> str | None:
    """Return a word with every letter in one alphabet, or None if a letter looks like none of the alphabet."""
    pairs = _pairs()
    if alphabet == _LATIN:
        letters = pairs.loose | pairs.latin if loose else pairs.latin
    else:
        letters = pairs.other.get(alphabet, {})
    read = [letter if _alphabet(letter) in {alphabet, ""} else letters.get(letter) for letter in word]
    return None if None in read else "".join(letter for letter in read if letter is not None)


@lru_cache(maxsize=8192)
def _alphabet(letter: str) -> str:
    """Return the alphabet of a letter, or the empty string for a mark or a letter of no alphabet with look-alikes."""
    first = unicodedata.name(letter, "").split(" ", 1)[0]
    return first if unicodedata.category(letter)[0] == "L" and (first == _LATIN or first in _KNOWN) else ""


class _Listed(msgspec.Struct, forbid_unknown_fields=True):
    latin: dict[str, str]


@cache
def _pairs() -> _Pairs:
    """Return the pairs of similar letters; takes 20 ms."""
    latin: dict[str, str] = {}
    for letter, similar in confusables_data.items():
        if len(letter) == 1 and _alphabet(letter) not in {"", _LATIN}:
            for other in similar:
                if len(other["c"]) == 1 and other["c"].isascii() and other["c"].isalpha():
                    latin[letter] = other["c"]
    listed = msgspec.toml.decode(files(__package__).joinpath("lookalikes.toml").read_bytes(), type=_Listed)
    loose = {letter: to for to, letters in listed.latin.items() for letter in letters}
    other = {name: _reverse(loose, letters) | _reverse(latin, letters) for name, letters in _ORDINARY.items()}
    return _Pairs(latin, loose, other)


def _reverse(latin: dict[str, str], letters: str) -> dict[str, str]:
    ordinary = re.compile(f"[{letters}]")
    return {
        to: letter
        for letter, to in sorted(latin.items(), reverse=True)
        if ordinary.fullmatch(letter) and letter.islower() == to.islower()
    }


_KNOWN = frozenset((*_ORDINARY, *_RARE))
