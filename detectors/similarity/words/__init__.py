"""Load the words by which two texts may differ in meaning, one TOML file for each language.

A file holds what negates, counts, dates and orders in its language. To add a language, add a file that is named for its
ISO 639-1 code. The words are compared in the form of a normalised text, and Latin letters without their accents.
"""

from functools import cache
from importlib.resources import files

import msgspec

from detectors.similarity.tokens import keys, tokens
from detectors.text.normalise import normalise


class WordList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of one language; words of a text are separated by spaces, spellings of one name by `|`."""

    negators: str = ""
    """Words that negate a sentence, such as "not"."""
    denials: str = ""
    """Words that call a claim false, such as "hoax"."""
    truths: str = ""
    """Words that call a claim true, or name the evidence for it; next to a negator they deny the claim."""
    endings: tuple[str, ...] = ()
    """Endings that negate a word, such as "n't"."""
    conjunctions: str = ""
    """Words that join equals: their sides may be exchanged without another meaning."""
    openers: str = ""
    """Words that no count precedes, such as "the": a number before them is the number of a list or copy."""
    weekdays: tuple[str, ...] = ()
    """Seven names, from Monday."""
    months: tuple[str, ...] = ()
    """Twelve names."""
    days: dict[str, str] = {}
    """Names of days relative to today, by their distance in days."""
    read_more: tuple[str, ...] = ()
    """Phrases that a platform or a page puts at the end of a shortened text."""
    positive: str = ""
    """Words for the rhesus factor of a blood group."""
    negative: str = ""
    """Words for a missing rhesus factor."""
    letters: dict[str, str] = {}
    """Names of the blood groups a, b, ab and o in the script of the language."""
    numbers: dict[str, str] = {}
    """Number words by value."""
    scales: dict[str, str] = {}
    """Words that multiply the number before them, by value."""
    unless: dict[str, str] = {}
    """Negators that mean something else in a text with any of the words given."""


@cache
def load_word_lists() -> dict[str, WordList]:
    """Return the words of each language by its code, in the order of the codes."""
    names = sorted(path.name for path in files(__package__).iterdir() if path.name.endswith(".toml"))
    return {
        name.removesuffix(".toml"): msgspec.toml.decode(files(__package__).joinpath(name).read_bytes(), type=WordList)
        for name in names
    }


class Phrases(msgspec.Struct, frozen=True):
    """Names of one or more tokens, each with its meaning."""

    names: dict[str, str]
    longest: dict[str, int]  # for each first token, the most tokens of a name

    def find(self, sides: list[str]) -> list[tuple[int, int, str]]:
        """Return (start, end, meaning) of each name in tokens, the longest name first, without overlaps."""
        found, end = list[tuple[int, int, str]](), 0
        for start, size in [(at, self.longest[token]) for at, token in enumerate(sides) if token in self.longest]:
            if start < end:
                continue
            for length in range(size, 0, -1):
                meaning = self.names.get(" ".join(sides[start : start + length]))
                if meaning is not None:
                    end = start + length
                    found.append((start, end, meaning))
                    break
        return found


def phrases(names: dict[str, str]) -> Phrases:
    """Index the meanings of phrases, given by their spelling."""
    indexed = {phrase: meaning for name, meaning in names.items() if (phrase := " ".join(_keys(name)))}
    longest: dict[str, int] = {}
    for phrase in indexed:
        first = phrase.partition(" ")[0]
        longest[first] = max(longest.get(first, 0), phrase.count(" ") + 1)
    return Phrases(indexed, longest)


class Words(msgspec.Struct, frozen=True):
    """The words of all languages, in the form in which tokens are compared."""

    negators: frozenset[str]
    denials: frozenset[str]
    truths: frozenset[str]
    endings: tuple[str, ...]
    conjunctions: frozenset[str]
    openers: frozenset[str]
    unless: dict[str, frozenset[str]]
    numbers: dict[str, int]
    scales: dict[str, int]
    times: Phrases
    read_more: Phrases
    rhesus: dict[str, str]
    groups: dict[str, str]


@cache
def load_words() -> Words:
    """Return the words of all languages together."""
    lists = list(load_word_lists().values())

    def every(field: str) -> frozenset[str]:
        return frozenset(word for one in lists for word in _keys(getattr(one, field)))

    def valued(field: str) -> dict[str, str]:
        return {word: value for one in lists for value, words in getattr(one, field).items() for word in _keys(words)}

    unless = [item for one in lists for item in one.unless.items()]
    return Words(
        negators=every("negators") | every("denials"),
        denials=every("denials"),
        truths=every("truths"),
        endings=tuple(sorted({ending for one in lists for ending in one.endings})),
        conjunctions=every("conjunctions"),
        openers=every("openers"),
        unless={word: frozenset(_keys(others)) for negator, others in unless for word in _keys(negator)},
        numbers={word: int(value) for word, value in valued("numbers").items()},
        scales={word: int(value) for word, value in valued("scales").items()},
        times=phrases({name: meaning for one in lists for name, meaning in _times(one)}),
        read_more=phrases({phrase: "" for one in lists for phrase in one.read_more}),
        rhesus=dict.fromkeys(every("positive"), "+") | dict.fromkeys(every("negative"), "-"),
        groups={group: group for group in ("a", "b", "ab", "o")} | valued("letters"),
    )


def _times(one: WordList) -> list[tuple[str, str]]:
    """Return every spelling of a day or month with its meaning."""
    named = [
        *((f"weekday {number}", name) for number, name in enumerate(one.weekdays, 1)),
        *((f"month {number}", name) for number, name in enumerate(one.months, 1)),
        *((f"day {number}", name) for number, name in one.days.items()),
    ]
    return [(spelling, meaning) for meaning, name in named for spelling in name.split("|")]


def _keys(text: str) -> list[str]:
    return keys(tokens(normalise(text)))


__all__ = ["Phrases", "WordList", "Words", "load_word_lists", "load_words", "phrases"]
