"""Recognise texts that are no message: placeholders, forwarding banners, share captions and greetings.

Such texts are equal in thousands of unrelated posts, so equal words prove nothing. A line of boilerplate around a
message is cut off; a text of boilerplate alone keeps no words and can only match by an address or a picture. The
phrases are data, one file for each language in `detectors.text.languages`.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

import regex

from detectors.text.languages import Language

Key = Callable[[str], str]
"""Returns the folded words of a phrase, separated by single spaces."""

SLOT = "{}"
"""Part of a phrase that matches a name."""

_SLOT_LETTERS = r".{0,20}"  # in scripts without spaces
_MAX_GREETING = 30  # words; a longer text has something to tell
_MAX_LINE = 400  # characters of a normalised line; no phrase is longer
_MAX_TAIL = 200  # characters of a channel's signature
_MIN_BODY = 20  # characters that a message keeps without the signature
_DENSE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_EDGE = r"[\s\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"

# The line that a chat export or the clipboard puts before a message: date, time, sender.
_DATE = r"\d{1,4}[./\-]\s?\d{1,2}(?:[./\-]\s?\d{1,4})?\.?"
_CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[\s\u00a0\u202f]?[\p{L}\p{M}.\u00a0 ]{1,16})?"
_SENDER = r"[^\n:]{1,60}:\s"
_EXPORT = regex.compile(
    rf"^{_EDGE}*(?:\[(?:{_DATE},?\s(?:\p{{L}}+\s)?{_CLOCK}|{_CLOCK},?\s{_DATE})\]\s|{_DATE},?\s(?:\p{{L}}+\s)?{_CLOCK}\s[-–—]\s)"
    rf"{_SENDER}",
    regex.MULTILINE,
)
_may_be_export = regex.compile(rf"^{_EDGE}*\[?\d", regex.MULTILINE).search
_ELLIPSIS = ("…", "...")
# A file name alone on its line, perhaps with the note of an export behind: "IMG-20260101-WA0001.jpg (file attached)".
_EXTENSIONS = (
    *("jpg", "jpeg", "png", "gif", "webp", "heic", "mp4", "3gp", "mov", "avi", "mkv", "webm", "opus", "ogg", "m4a"),
    *(
        "aac",
        "amr",
        "mp3",
        "wav",
        "pdf",
        "doc",
        "docx",
        "xls",
        "xlsx",
        "ppt",
        "pptx",
        "vcf",
        "zip",
        "rar",
        "apk",
        "tgs",
    ),
)
_ATTACHMENT = regex.compile(
    rf"\W*(?:[\p{{L}}\p{{M}}]{{2,20}}\s?:\s)?[^\s<>()]{{1,80}}\.(?:{'|'.join(_EXTENSIONS)})"
    r"(?:\W+[\p{L}\p{M}]+){0,4}\W*"
)


class Boilerplate(StrEnum):
    """Class of a text that is no message."""

    PLACEHOLDER = "placeholder"
    BANNER = "banner"
    CAPTION = "caption"
    GREETING = "greeting"


class Words(NamedTuple):
    """The words of a message, and the class of the boilerplate if no words are left."""

    normal: str
    boilerplate: str = ""


class BoilerplateRules:
    """The phrases of all languages, ready to match folded text.

    A text without a trigger word costs one set comparison; any other text costs some 10 to 20 microseconds.
    """

    def __init__(self, languages: Iterable[Language], key: Key) -> None:
        languages = tuple(languages)
        self._banners = _keys((p for one in languages for p in one.banners), key)
        placeholders = [p for one in languages for p in one.placeholders]
        captions = [p for one in languages for p in one.captions]
        self._placeholders = _Lines(placeholders, key)
        self._captions = _Lines(captions, key)
        self._greetings = _Greetings(languages, key)
        sources = sorted({key(p) for one in languages for p in one.forwarded_from}, key=len, reverse=True)
        self._forwarded_from = regex.compile(
            rf"(?:^|(?<=\n))[^\w\n]{{0,8}}(?:{'|'.join(map(regex.escape, sources))})\b[^\n]{{0,100}}\n"
        )
        dense_greetings = [phrase for phrase in self._greetings.phrases if _DENSE.search(phrase)]
        phrases = (*self._banners, *placeholders, *captions, *dense_greetings, *sources)
        self.triggers = frozenset(_trigger(phrase, key) for phrase in phrases) - {""} | {*_EXTENSIONS}
        dense = sorted((word for word in self.triggers if _DENSE.search(word)), key=len, reverse=True)
        self._dense_trigger = regex.compile("|".join(map(regex.escape, dense)) or r"(?!)")

    def may_match(self, folded: str, words: Sequence[str]) -> bool:
        """Return True if the words contain a trigger; without a trigger no phrase can match."""
        if not self.triggers.isdisjoint(words) or self._greetings.may_match(words):
            return True
        return not folded.isascii() and self._dense_trigger.search(folded) is not None

    def strip(
        self,
        folded: str,
        words: Callable[[str], list[str]],
        parts: Callable[[str], list[str]],
        *,
        has_address: bool = False,
    ) -> Words:
        """Return the words of a folded text without its boilerplate.

        Args:
            folded: the folded text, with its line breaks; line breaks also replace addresses and emoji.
            words: returns the words of a part of the text.
            parts: splits a line at the ends of sentences.
            has_address: the message has a web address, so a share caption is recognised.

        """
        kept: list[str] = []
        removed = ""
        if "\n" in folded:
            folded = self._forwarded_from.sub("\n", folded)
        for line in folded.split("\n"):
            pieces = [piece for part in parts(line) if (piece := " ".join(words(part)))]
            normal = " ".join(pieces)
            if self._placeholders.match(normal) or (len(line) <= _MAX_LINE and _ATTACHMENT.fullmatch(line)):
                removed = removed or Boilerplate.PLACEHOLDER
            elif normal not in self._banners:
                kept += [piece for piece in pieces if piece not in self._banners]
        joined = " ".join(kept)
        if not joined:
            return Words("", removed or Boilerplate.BANNER)
        whole = self._of_whole(joined, has_address=has_address)
        return Words("", whole) if whole else Words(joined)

    def _of_whole(self, normal: str, *, has_address: bool) -> str:
        """Return the class of a text that consists of boilerplate, or the empty string."""
        if normal in self._banners:
            return Boilerplate.BANNER
        if self._placeholders.match(normal):
            return Boilerplate.PLACEHOLDER
        if has_address and self._captions.match(normal):
            return Boilerplate.CAPTION
        return Boilerplate.GREETING if self._greetings.match(normal) else ""


class Wrapping:
    """Cuts the wrapping of a raw message: an export's sender line, a label to read more, a channel's signature."""

    def __init__(self, languages: Iterable[Language], fold: Callable[[str], str]) -> None:
        languages = tuple(languages)
        self._fold = fold
        more = sorted({fold(p) for one in languages for p in one.continuations}, key=len, reverse=True)
        self._more = regex.compile(rf"(?<=…|\.\.\.)\s*[\[(]?(?:{'|'.join(map(regex.escape, more))})[\])]?\s*$")
        calls = sorted({fold(p) for one in languages for p in one.signatures}, key=len, reverse=True)
        self._call = regex.compile(
            rf"(?<![\p{{L}}\p{{M}}])(?:{'|'.join(map(regex.escape, calls))})(?![\p{{L}}\p{{M}}])"
        )

    def cut(self, text: str) -> str:
        """Return a raw text without its wrapping. Costs about a microsecond for a text without a sign of wrapping."""
        if ":" in text and _may_be_export(text):
            text = _EXPORT.sub("", text)
        if "…" in text or "..." in text:
            text = self._without_label(text)
        return self._without_signature(text) if "\n" in text else text

    def _without_label(self, text: str) -> str:
        cut = max(text.rfind(sign) + len(sign) for sign in _ELLIPSIS)
        tail = text[cut:]
        if not tail or len(tail) > 40:
            return text
        return text[:cut] if self._more.search("…" + self._fold(tail)) else text

    def _without_signature(self, text: str) -> str:
        """Cut the last paragraph, or the last line, if it asks readers to follow a channel."""
        stripped = text.rstrip()
        start = stripped.rfind("\n\n")
        start = stripped.rfind("\n") if start < 0 else start
        tail = stripped[start + 1 :]
        if start < _MIN_BODY or len(tail) > _MAX_TAIL or not self._call.search(self._fold(tail)):
            return text
        return stripped[:start]


class _Lines:
    """Phrases that must make up a whole line."""

    def __init__(self, phrases: Iterable[str], key: Key) -> None:
        phrases = tuple(phrases)
        self._exact = _keys((phrase for phrase in phrases if SLOT not in phrase), key)
        self._slotted: dict[str, list[regex.Pattern[str]]] = {}  # by the trigger of each phrase
        self._dense: list[regex.Pattern[str]] = []
        for phrase in sorted(set(phrases)):
            if SLOT in phrase:
                pattern = regex.compile(_pattern(phrase, key))
                known = self._dense if _DENSE.search(phrase) else self._slotted.setdefault(_trigger(phrase, key), [])
                known.append(pattern)

    def match(self, normal: str) -> bool:
        """Return True if a normalised line is one of the phrases."""
        if not normal or len(normal) > _MAX_LINE:
            return False
        if normal in self._exact:
            return True
        triggers = self._slotted.keys() & normal.split(" ")
        if any(pattern.fullmatch(normal) for trigger in triggers for pattern in self._slotted[trigger]):
            return True
        if normal.isascii():
            return False
        return any(pattern.fullmatch(normal) for pattern in self._dense)


class _Greetings:
    """Greetings, with the words that only accompany them."""

    def __init__(self, languages: Sequence[Language], key: Key) -> None:
        self.phrases = sorted(_keys((p for one in languages for p in one.greetings), key))
        accompanying = _keys((word for one in languages for word in one.greeting_words), key)
        self._phrases = frozenset(self.phrases)
        self._words = frozenset(word for phrase in accompanying for word in phrase.split(" "))
        self._vocabulary = self._words | {word for phrase in self.phrases for word in phrase.split(" ")}
        self._longest = max((phrase.count(" ") + 1 for phrase in self.phrases), default=1)
        dense = sorted((p for p in {*self.phrases, *self._words} if _DENSE.search(p)), key=len, reverse=True)
        self._dense = regex.compile("|".join(map(regex.escape, dense))) if dense else None

    def may_match(self, words: Sequence[str]) -> bool:
        """Return True if every word may be part of a greeting; the first words of most messages decide."""
        known = self._vocabulary
        return all(word in known or word.isdecimal() for word in words)

    def match(self, normal: str) -> bool:
        """Return True if a text consists of greetings and accompanying words."""
        words = normal.split(" ")
        if len(words) > _MAX_GREETING:
            return False
        greeted, start = False, 0
        while start < len(words):
            size = self._phrase_at(words, start)
            greeted = greeted or size > 0
            if not size and not self._accompanies(words[start]):
                return self._match_dense(normal)
            start += size or 1
        return greeted

    def _phrase_at(self, words: list[str], start: int) -> int:
        for size in range(min(self._longest, len(words) - start), 0, -1):
            if " ".join(words[start : start + size]) in self._phrases:
                return size
        return 0

    def _accompanies(self, word: str) -> bool:
        return word in self._words or word.isdecimal()

    def _match_dense(self, normal: str) -> bool:
        if self._dense is None or normal.isascii() or len(normal) > 4 * _MAX_GREETING:
            return False
        found = self._dense.findall(normal)
        rest = self._dense.sub("", normal).strip()
        return not rest and any(piece in self._phrases for piece in found)


def _keys(phrases: Iterable[str], key: Key) -> frozenset[str]:
    return frozenset(folded for phrase in phrases if (folded := key(phrase)))


def _pattern(phrase: str, key: Key) -> str:
    """Return the pattern of a phrase; a slot also matches no word, because mentions of people are cut before."""
    pieces: list[str] = [regex.escape(key(piece)) for piece in phrase.split(SLOT)]
    if _DENSE.search(phrase):
        return _SLOT_LETTERS.join(pieces)
    pattern: str = pieces[0] or r"(?:\S+ ){0,6}" + pieces.pop(1)
    for piece in pieces[1:]:
        pattern += r"(?: \S+){0,6}" + (r"\ " + piece if piece else "")
    return pattern


def _trigger(phrase: str, key: Key) -> str:
    """Return the longest word of a phrase: a rare word, so few texts are looked at closely."""
    words = [word for piece in phrase.split(SLOT) for word in key(piece).split(" ")]
    return max(words, key=len)


__all__ = ["Boilerplate", "BoilerplateRules", "Words", "Wrapping"]
