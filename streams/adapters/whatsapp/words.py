"""Load the words of WhatsApp's exports: of clocks, system messages, texts in place of a message and file names.

An export is written in the language of the phone. The words are data in `locales.toml`; the texts in place of a message
are the placeholders of `detectors.text.languages`, which streams of other origin need as well.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from unicodedata import normalize

import msgspec
import regex

from detectors.text.boilerplate import SLOT
from detectors.text.languages import load_languages

MAX_PHRASE = 240
"""Characters of the longest text in place of a message."""


class Period(StrEnum):
    """Part of the day that a 12-hour clock names."""

    AM = "am"
    PM = "pm"
    NOON = "noon"  # about midday: 11 is before noon, 12 to 6 after
    NIGHT = "night"  # 6 to 11 is before midnight, 12 to 5 after


class Locale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of one language, in any case."""

    am: tuple[str, ...] = ()
    """Names of the hours before noon."""
    pm: tuple[str, ...] = ()
    """Names of the hours after noon."""
    noon: tuple[str, ...] = ()
    """Names of the hours about midday, on both sides of noon."""
    night: tuple[str, ...] = ()
    """Names of the hours about midnight, on both sides of midnight."""
    fillers: tuple[str, ...] = ()
    """Words next to a time without a meaning of their own, such as the Finnish "klo"."""
    deleted: tuple[str, ...] = ()
    """Parts of placeholders of deleted messages."""
    omitted: tuple[str, ...] = ()
    """Parts of placeholders of media that the export left out."""
    edited: tuple[str, ...] = ()
    """Parts of the mark of edited messages."""
    waiting: tuple[str, ...] = ()
    """Parts of placeholders of messages that the phone could not decrypt."""
    calls: tuple[str, ...] = ()
    """Parts of placeholders of calls."""
    view_once: tuple[str, ...] = ()
    """Parts of placeholders of media that can be opened once."""
    live_location: tuple[str, ...] = ()
    """Parts of placeholders of live locations."""
    polls: tuple[str, ...] = ()
    """Words that open a poll, written in capitals with a colon."""
    call_texts: tuple[str, ...] = ()
    """Names of calls; a call is such a name, perhaps with a comma and its duration."""
    system: tuple[str, ...] = ()
    """Parts of system messages that may contain a name or a subject with a colon."""
    file_names: tuple[str, ...] = ()
    """Names of export files, with `{}` for the chat."""
    year_first: bool = False
    """Dates of the language begin with the year, even with two digits."""


class Reason(StrEnum):
    """Reason for which a line of an export is no event."""

    SYSTEM = "system"
    DELETED = "deleted"
    MEDIA_OMITTED = "media_omitted"
    MEDIA_MISSING = "media_missing"
    EDITED = "edited"
    WAITING = "waiting"
    CALL = "call"
    VIEW_ONCE = "view_once"
    LOCATION = "location"
    CONTACT = "contact"
    POLL = "poll"
    PLACEHOLDER = "placeholder"
    EMPTY = "empty"


class Words(NamedTuple):
    """The words of all languages, ready to look up."""

    periods: Mapping[str, Period]
    fillers: frozenset[str]
    year_first: frozenset[str]  # parts of the day in languages whose dates begin with the year
    placeholders: Mapping[str, Reason]  # by the key of the whole text
    attachments: frozenset[str]  # keys of the notes behind a file name
    polls: frozenset[str]
    calls: frozenset[str]
    system: re.Pattern[str]  # parts of system messages, in lower case
    chat_names: tuple[re.Pattern[str], ...]  # patterns of file names without the ending


_not_a_word = regex.compile(r"[^\p{L}\p{M}\p{N}]+").sub
_token_noise = re.compile(r"[\s.'’\"״׳\u200b-\u200f\u202a-\u202e\u2066-\u2069]+").sub
# From the narrowest class to the widest: "missed video call" is a call, not a video left out.
_CLASSES = (
    (Reason.VIEW_ONCE, "view_once"),
    (Reason.CALL, "calls"),
    (Reason.EDITED, "edited"),
    (Reason.WAITING, "waiting"),
    (Reason.LOCATION, "live_location"),
    (Reason.DELETED, "deleted"),
    (Reason.MEDIA_OMITTED, "omitted"),
)


def key(text: str) -> str:
    """Return the words of a phrase in lower case, separated by single spaces; marks of direction are no words."""
    return str(_not_a_word(" ", normalize("NFC", text).casefold())).strip()


def token(text: str) -> str:
    """Return a word of the clock without spaces, full stops and marks, in lower case: "a. m." is "am"."""
    return _token_noise("", text).casefold()


@cache
def load_words() -> Words:
    """Return the words of all languages."""
    locales = msgspec.toml.decode(files(__package__).joinpath("locales.toml").read_bytes(), type=dict[str, Locale])
    names = ("am", "pm", "noon", "night")
    return Words(
        periods={
            token(word): Period(name) for one in locales.values() for name in names for word in getattr(one, name)
        },
        fillers=frozenset(token(word) for one in locales.values() for word in one.fillers),
        year_first=frozenset(token(word) for one in locales.values() if one.year_first for word in (*one.am, *one.pm)),
        placeholders=_placeholders(locales),
        attachments=frozenset(_attachments()),
        polls=_keys(one.polls for one in locales.values()),
        calls=_keys(one.call_texts for one in locales.values()),
        system=re.compile("|".join(re.escape(part.casefold()) for one in locales.values() for part in one.system)),
        chat_names=tuple(_file_pattern(name) for one in locales.values() for name in one.file_names),
    )


def _keys(lists: Iterable[Iterable[str]]) -> frozenset[str]:
    return frozenset(key(word) for words in lists for word in words)


def _placeholders(locales: Mapping[str, Locale]) -> dict[str, Reason]:
    found: dict[str, Reason] = {}
    for code, language in load_languages().items():
        locale = locales.get(code, Locale())
        for phrase in language.placeholders:
            if SLOT not in phrase:
                found[key(phrase)] = _reason(phrase, locale)
    return found


def _reason(phrase: str, locale: Locale) -> Reason:
    folded = phrase.casefold()
    for reason, name in _CLASSES:
        if any(part.casefold() in folded for part in getattr(locale, name)):
            return reason
    return Reason.PLACEHOLDER


def _attachments() -> Iterable[str]:
    """Yield the notes that follow a file name: the placeholders that open with a slot and have no other."""
    for language in load_languages().values():
        for phrase in language.placeholders:
            if phrase.startswith(SLOT) and phrase.count(SLOT) == 1:
                yield key(phrase.removeprefix(SLOT))


def _file_pattern(name: str) -> re.Pattern[str]:
    """Return the pattern of a file name; some programs write underscores for spaces."""
    before, after = (re.escape(part).replace(r"\ ", "[ _]") for part in name.split(SLOT))
    return re.compile(rf"{before}(?P<chat>.+?){after}", re.IGNORECASE)


__all__ = ["MAX_PHRASE", "Locale", "Period", "Reason", "Words", "key", "load_words", "token"]
