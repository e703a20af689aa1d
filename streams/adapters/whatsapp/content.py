"""Read the part of a message behind its header: sender, text, attachments, and texts in place of a message.

WhatsApp marks its own texts on iOS by a leading U+200E. On Android a system message has no sender, and a name or a
subject with a colon makes it look like a message; the words of `locales.toml` tell the two apart.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from streams.adapters.whatsapp.grammar import MARKS
from streams.adapters.whatsapp.words import MAX_PHRASE, Reason, key, load_words

MAX_NAME = 128
"""Characters of the longest sender; no contact or group has a longer name."""

_MAX_KNOWN_NAMES = 8192
_MAX_NOTE = 400  # characters of a line that names an attachment
_MAX_LOCATION = 1000
_START = 5  # letters of a text that rule most texts out as phrases
_TRAILING = " \t\n\u00a0\u200e\u200f"
_LRM = "\u200e"
_EDGE = f"[{MARKS}\u00ad]"
_leading_marks = re.compile(r"^(?:[\u200e\u200f\ufeff])+", re.MULTILINE).sub
_all_marks = re.compile(f"[{MARKS}]+").sub
_NUMBER = re.compile(r"\+[\d\s().\-\u00a0\u2011]{6,30}")
_QUOTES = (("“", "”"), ("«", "»"), ("„", "“"), ("「", "」"), ("『", "』"), ("《", "》"))
# "caption <attached: 00000012-PHOTO-2026-03-04-10-22-00.jpg>" on iOS, in the language of the phone.
_ATTACHED_IOS = re.compile(
    rf"(?P<mark>\u200e?)<(?P<label>[^<>:\n]{{1,40}})[:：]\s?{_EDGE}{{0,4}}(?P<file>[^<>\n]{{1,255}}?){_EDGE}{{0,4}}>"
    r"[ \t]{0,4}(?=\n|$)"
)
_IOS_FILE = re.compile(r"\d{6,10}-\S.*", re.ASCII)
_DOCUMENT_TITLE = re.compile(r".{1,250}\.\w{1,8}(?:\s•.{0,40})?")
# "IMG-20260304-WA0001.jpg (file attached)" on Android.
_ATTACHED_ANDROID = re.compile(
    rf"{_EDGE}{{0,4}}(?P<file>[^\n<>]{{1,250}}?\.\w{{1,8}})\s?{_EDGE}{{0,4}}[(（<](?P<label>[^()（）<>\n]{{2,60}})[)）>]{_EDGE}{{0,4}}\s?"
)
_ANDROID_FILE = re.compile(r"[A-Z]{3}-\d{8}-WA\d{4,}\.\w{1,8}", re.ASCII)
_MARK_AT_END = re.compile(rf"<{_EDGE}{{0,4}}(?P<words>[^<>:\n]{{3,80}})>")
_OMITTED_AT_END = re.compile(r"(?:^|\s)\u200e(?P<words>[^\n\u200e]{3,60})$")
_LOCATION = re.compile(
    r"(?:[^\s:]{1,30}\s?:?\s)?https?://(?:maps\.google\.com/(?:maps)?\?q=|(?:www\.)?google\.com/maps\?q=)-?[\d.]+,\s?-?[\d.]+\S*"
    r"|.{0,300}https?://(?:\w+\.)?foursquare\.com/v/\S+",
    re.DOTALL,
)


@lru_cache(maxsize=1 << 14)
def _start(text: str) -> str:
    """Return the first letters of a key; without the last, which a following mark may change."""
    return key(text)[:-1]


class Content(NamedTuple):
    """The content of one message."""

    sender: str
    text: str = ""
    files: tuple[str, ...] = ()  # names of attached files
    reason: Reason | None = None  # why the message is no event; a caption or a file makes it one all the same
    edited: bool = False


SYSTEM = Content("", reason=Reason.SYSTEM)


class ContentReader:
    """Reads the contents of the messages of one file.

    Args:
        is_ios: the file comes from iOS, where U+200E opens the texts of WhatsApp itself.

    """

    def __init__(self, *, is_ios: bool) -> None:
        self._is_ios = is_ios
        self._words = load_words()
        phrases = (*self._words.placeholders, *self._words.calls)
        self._starts = {words[:length] for words in phrases for length in range(1, 2 * _START)}
        self._senders: dict[str, str] = {}

    def read(self, first: str, more: list[str]) -> Content:
        """Return the content of a message.

        Args:
            first: the rest of the line with the header.
            more: the following lines of the message.

        """
        written, colon, text = first.partition(": ")
        if not colon:
            if not first.rstrip().endswith(":") or not more:
                return SYSTEM
            written, text = first.rstrip()[:-1], ""
        if len(written) > MAX_NAME:
            return SYSTEM
        name = self._senders.get(written)
        if name is None:
            name = self._learn(written)
        if not name:
            return SYSTEM
        if more:
            text = "\n".join((text, *more))
        return self._content(name, text)

    def _learn(self, written: str) -> str:
        if len(self._senders) >= _MAX_KNOWN_NAMES:
            self._senders.clear()
        name = self._senders[written] = "" if self._is_system(written) else sender_name(written)
        return name

    def _is_system(self, written: str) -> bool:
        """Return True for the beginning of a system message that contains a colon later on."""
        if written.count('"') % 2:
            return True
        if any(written.count(opening) > written.count(closing) for opening, closing in _QUOTES):
            return True
        return self._words.system.search(written.casefold()) is not None

    def _content(self, name: str, text: str) -> Content:
        own = self._is_ios and text.startswith(_LRM)
        reason: Reason | None = None
        files: tuple[str, ...] = ()
        if "<" in text or "\u200e" in text or ")" in text or "）" in text:
            text, files, reason, edited = self._cut(text)
        else:
            edited = False
        if not text.isascii():
            text = _leading_marks("", text)
        text = text.strip()
        if not text:
            return Content(name, "", files, reason or (None if files else Reason.EMPTY), edited)
        if not files and (known := self._in_place_of_message(text, own=own)) is not None:
            return Content(name, "", (), known, edited)
        return Content(name, text, files, reason, edited)

    def _cut(self, text: str) -> tuple[str, tuple[str, ...], Reason | None, bool]:
        """Return a text without WhatsApp's notes, the attached files, the reason of a note, and if it was edited."""
        bare = text.rstrip(_TRAILING)
        edited = bare.endswith(">") and self._ends_in_edit(bare)
        if edited:
            text = bare[: bare.rindex("<")].rstrip(_TRAILING)
        if "<" in text:
            found = _ATTACHED_IOS.search(text)
            if found is not None and (found["mark"] or _IOS_FILE.fullmatch(found["file"])):
                return *_caption(text, found), None, edited
        line, _, rest = text.partition("\n")
        if len(line) <= _MAX_NOTE:
            found = _ATTACHED_ANDROID.fullmatch(line)
            if found is not None and self._is_attachment(found):
                return rest, (found["file"].strip(),), None, edited
        reason = self._left_out(line)
        if reason is not None:
            return ("" if _ANDROID_FILE.fullmatch(rest.strip()) else rest), (), reason, edited
        if "\u200e" in text:
            found = _OMITTED_AT_END.search(text)
            reason = found and self._left_out(found["words"])
            if found is not None and reason is not None:
                return _without_title(text[: found.start()]), (), reason, edited
        return text, (), None, edited

    def _ends_in_edit(self, text: str) -> bool:
        start = text.rfind("<")
        found = _MARK_AT_END.fullmatch(text, max(start, 0))
        if found is None:
            return False
        if self._words.placeholders.get(key(found["words"])) is Reason.EDITED:
            return True
        return text[start - 1 : start] == _LRM and start > 1 and not self._left_out(found["words"])

    def _is_attachment(self, found: re.Match[str]) -> bool:
        return key(found["label"]) in self._words.attachments or bool(_ANDROID_FILE.fullmatch(found["file"].strip()))

    def _left_out(self, line: str) -> Reason | None:
        """Return the reason if a line says that media were left out of the export."""
        reason = self._words.placeholders.get(key(line)) if len(line) <= MAX_PHRASE else None
        return reason if reason in {Reason.MEDIA_OMITTED, Reason.VIEW_ONCE} else None

    def _in_place_of_message(self, text: str, *, own: bool) -> Reason | None:
        """Return the reason if a text is WhatsApp's own and no message."""
        line, _, rest = text.partition("\n")
        if not rest and len(text) <= MAX_PHRASE and self._may_be_phrase(text):
            reason = self._phrase(text)
            if reason is not None:
                return Reason.SYSTEM if own and reason is Reason.PLACEHOLDER else reason
        if "://" in text and len(text) <= _MAX_LOCATION and _LOCATION.fullmatch(text):
            return Reason.LOCATION
        if rest and line.rstrip().endswith((":", "：")) and key(line) in self._words.polls:
            return Reason.POLL
        return Reason.SYSTEM if own and not rest and len(text) <= _MAX_NOTE else None

    def _phrase(self, text: str) -> Reason | None:
        words = key(text)
        if words in self._words.calls or ("," in text and key(text.partition(",")[0]) in self._words.calls):
            return Reason.CALL
        reason = self._words.placeholders.get(words)
        return Reason.EMPTY if words == "null" or reason is Reason.EDITED else reason

    def _may_be_phrase(self, text: str) -> bool:
        """Return False for most texts that are no phrase, by the first letters alone."""
        start = _start(text[:_START])
        return not start or start in self._starts


def sender_name(written: str) -> str:
    """Return a sender as one name for all ways of writing: a number by its digits, an unsaved contact without "~"."""
    name = " ".join(_all_marks("", written).split()).removeprefix("~").strip()
    if _NUMBER.fullmatch(name):
        return "+" + "".join(str(int(character)) for character in name if character.isdecimal())
    return name


def _caption(text: str, found: re.Match[str]) -> tuple[str, tuple[str, ...]]:
    before, after = text[: found.start()], text[found.end() :]
    return _without_title(before) + after, (found["file"].strip(),)


def _without_title(before: str) -> str:
    """Return the text before an attachment, without the title of a document: "report.pdf • 2 pages"."""
    return "" if _DOCUMENT_TITLE.fullmatch(_all_marks("", before).strip()) else before


__all__ = ["MAX_NAME", "SYSTEM", "Content", "ContentReader", "sender_name"]
