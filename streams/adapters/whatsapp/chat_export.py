"""Read WhatsApp's chat exports: `_chat.txt` of iOS and `WhatsApp Chat with NAME.txt` of Android.

An export is the only way to a group's messages without an account of the group. The file is read twice: first for the
layout and the order of day and month, then for the messages. An export has no ids, so an id is a digest of chat, minute
and text: two exports of one chat give the same ids, and the second is recognised as a repetition.
"""

import re
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple
from unicodedata import normalize

from schemas.event import ForwardEvent, IdScope, Kind, Media
from schemas.event import Source as EventSource
from streams.adapters.base import Converted, Item, Options, Outcome, Refused, Skipped, Source
from streams.adapters.items import text_lines
from streams.adapters.opening import Opening
from streams.adapters.platforms import WHATSAPP
from streams.adapters.whatsapp.calendars import DAY_MS, LocalClock, find_zone
from streams.adapters.whatsapp.content import Content, ContentReader
from streams.adapters.whatsapp.day_order import Numbers
from streams.adapters.whatsapp.grammar import MARKS, Header, HeaderReader, Layout, hour_of_day, may_open, parse
from streams.adapters.whatsapp.survey import Survey, survey
from streams.adapters.whatsapp.words import Reason, load_words

NAME = "whatsapp-chat"

MAX_TEXT = 1 << 18
"""Characters of the longest message; WhatsApp sends at most 65,536, and a file of other text would be one message."""

MAX_PASTED = 1 << 16
"""Characters of a pasted chat, as one message may hold."""

_UNNAMED = "_chat"  # the name of each text in an iOS archive
_KNOWN_MINUTES = 16
_MINUTE_MS = 60_000
_SOURCE = EventSource(adapter=NAME)
_marks = re.compile(f"[{MARKS}]").sub
_mentions = re.compile("@\u2068[^\u2069]{0,256}\u2069").sub
_copy_number = re.compile(r"[ _]?\(\d{1,2}\)$").sub
_LEVELS = "trace|debug|verbose|info|notice|warn|warning|err|error|crit|critical|fatal|severe|alert|emerg"
_log_source = re.compile(
    rf"\[(?i:{_LEVELS})\].*|(?i:{_LEVELS}):?|(?:{_LEVELS.upper()})\b.*|\S+\[\d+\]:?|[a-z_]\w*(?:\.\w+)+"
).fullmatch
# "[2026-03-14 10:15] Ada: ", as signal-export writes; iOS adds the seconds to a time in brackets.
_SIGNAL = Layout(
    bracket=True, year_first=True, date_mark="-", after_date="", time_mark=":", seconds=False, period=0, close="]"
)
_NOT_A_FILE = re.compile(r"[/\\\0]|^\.")


class _Line(NamedTuple):
    """A line of the file; with a header if it may open a message."""

    position: int
    text: str
    header: Header | None = None
    at: int = 0  # ms since 1970
    damage: Refused | None = None


class _Message:
    """A message while its lines are read."""

    def __init__(self, line: _Line) -> None:
        self.line = line
        self.more: list[str] = []
        self.size = len(line.text)
        self.damage = line.damage or (_too_large() if self.size > MAX_TEXT else None)

    def add(self, line: _Line) -> None:
        """Append a line; the lines of a message that is too long are dropped."""
        self.damage = self.damage or line.damage
        self.size += len(line.text) + 1
        if self.size > MAX_TEXT:
            self.damage = self.damage or _too_large()
            self.more.clear()
        else:
            self.more.append(line.text)


def _too_large() -> Refused:
    return Refused("too_large", f"the message has more than {MAX_TEXT} characters")


def recognises(opening: Opening) -> bool:
    """Return True if the first lines of a text open with date, time and sender in one layout.

    The lines of a program's log open with date and time as well, but name a level or a module in place of a sender.
    """
    lines = [line.rstrip("\r") for line in opening.text.split("\n")[:200] if line.strip()]
    found = [(line, *parsed) for line in lines if (parsed := parse(line)) is not None]
    if not found:
        return False
    layout, count = Counter(layout for _, layout, _ in found).most_common(1)[0]
    if layout == _SIGNAL or 2 * sum(_is_of_a_log(line[header.end :]) for line, _, header in found) > len(found):
        return False
    if layout.is_loose:
        return count >= 3 and 2 * count >= len(lines)
    if found[0][0] == lines[0] and found[0][1] == layout:
        return True
    return (count >= 3 and 10 * count >= len(lines)) or (count >= 2 and 2 * count >= len(lines))


def _is_of_a_log(rest: str) -> bool:
    return _log_source(rest.partition(": ")[0]) is not None


def read(source: Source, options: Options) -> Iterator[Item]:
    """Yield the messages of a chat export in the order of the file.

    Raises:
        FormatError: the file has no messages, the time zone is missing, or the order of day and month is open.

    """
    zone = find_zone(options.zone)
    facts = survey(source.chunks(), options.day_first)
    yield from _Export(source, options, facts, LocalClock(zone)).items()


class _Export:
    """Reads one file a second time.

    A line with a header whose time lies more than a day before the message above belongs to a chat that was pasted into
    that message. If the lines never return to the time above, that message had a wrong clock instead.
    """

    def __init__(self, source: Source, options: Options, facts: Survey, clock: LocalClock) -> None:
        self._source = source
        self._facts = facts
        self._clock = clock
        self._read_header = HeaderReader(facts.layout).read
        self._reader = ContentReader(is_ios=facts.layout.is_ios)
        self._chat = options.chat or chat_name(source.name)
        if self._chat == _UNNAMED and options.chat is None:
            self._chat = ""  # until the first message
        self._ids = _Ids()
        self._message: _Message | None = None
        self._before: int | None = None  # time of the message before
        self._doubtful: list[_Line] = []  # lines since a header that is too early
        self._doubtful_size = 0
        self._preamble: int | None = None
        self._numbers: Numbers | None = None  # of the last header's date
        self._day: int | None = None
        self._notes: tuple[str, ...] = (f"dates are read {facts.decision.order}, {facts.decision.evidence}",)

    def items(self) -> Iterator[Item]:
        """Yield the items of the file."""
        for position, line in text_lines(self._source.chunks()):
            if not isinstance(line, Refused):
                yield from self._take(self._line(position, line, None))
            elif line.reason == "truncated":
                yield from self._finish()
                yield position, line
                return
            else:
                yield from self._take(self._line(position, line.raw.decode("utf-8", "replace"), line))
        yield from self._finish()

    def _line(self, position: int, text: str, damage: Refused | None) -> _Line:
        header = self._read_header(text) if may_open(text) else None
        at = None if header is None else self._time(header)
        if header is None or at is None:
            return _Line(position, text, damage=damage)
        return _Line(position, text, header, at, damage)

    def _time(self, header: Header) -> int | None:
        """Return the time of a header in ms; None if the numbers are no time."""
        if header.numbers != self._numbers:
            self._numbers, self._day = header.numbers, self._facts.decision.order.day(header.numbers)
        day = self._day
        hour = hour_of_day(header, is_24=self._facts.is_24)
        if day is None or hour is None:
            return None
        previous = None if self._message is None else self._message.line.at
        return self._clock.to_utc(day, hour * 3600 + header.minute * 60 + header.second, previous)

    def _take(self, line: _Line) -> Iterator[Item]:
        message = self._message
        if message is None:
            if line.header is not None:
                yield from self._end_preamble()
                self._message = _Message(line)
            elif self._preamble is None and line.text.strip(" \t\ufeff"):
                self._preamble = line.position
        elif line.header is not None and line.at >= message.line.at - DAY_MS:
            self._join_doubtful(message)
            yield from self._end(message)
            self._message = _Message(line)
        elif line.header is not None or self._doubtful:
            self._doubtful.append(line)
            self._doubtful_size += len(line.text)
            if self._doubtful_size > MAX_PASTED:
                yield from self._trust_doubtful(message)
        else:
            message.add(line)

    def _join_doubtful(self, message: _Message) -> None:
        for line in self._doubtful:
            message.add(line)
        self._doubtful, self._doubtful_size = [], 0

    def _trust_doubtful(self, message: _Message) -> Iterator[Item]:
        """Read the doubtful lines as messages: the message above them had the wrong time."""
        lines, self._doubtful, self._doubtful_size = self._doubtful, [], 0
        yield from self._end(message)
        for line in lines:
            if line.header is not None:
                if self._message is not message and self._message is not None:
                    yield from self._end(self._message)
                self._message = _Message(line)
            elif self._message is not None:
                self._message.add(line)

    def _finish(self) -> Iterator[Item]:
        yield from self._end_preamble()
        message = self._message
        if message is None:
            return
        early = [line.at for line in self._doubtful if line.header is not None]
        if early and self._before is not None and min(early) >= self._before - DAY_MS:
            yield from self._trust_doubtful(message)
        else:
            self._join_doubtful(message)
        if self._message is not None:
            yield from self._end(self._message)
        self._message = None

    def _end_preamble(self) -> Iterator[Item]:
        if self._preamble is not None:
            yield self._preamble, Refused("no_header", "the text before the first message has no date, time and sender")
            self._preamble = None

    def _end(self, message: _Message) -> Iterator[Item]:
        line = message.line
        self._before = line.at
        if message.damage is not None or line.header is None:
            damage = message.damage or Refused("no_header", "the line has no date, time and sender")
            yield line.position, damage
            return
        content = self._reader.read(line.text[line.header.end :], message.more)
        if not self._chat:
            self._name_chat(content)
        outcome = self._outcome(line, content)
        if self._notes and isinstance(outcome, Converted):
            outcome, self._notes = outcome._replace(notes=outcome.notes + self._notes), ()
        yield line.position, outcome

    def _name_chat(self, content: Content) -> None:
        """Take the name of the chat from the first message: on iOS the chat is the sender of system messages."""
        if content.reason is Reason.SYSTEM and content.sender:
            self._chat = content.sender
        else:
            self._chat = _UNNAMED
            self._notes += ("the name of the chat is not in the file; pass --chat NAME",)

    def _outcome(self, line: _Line, content: Content) -> Outcome:
        minute = line.at // _MINUTE_MS
        if content.reason is Reason.SYSTEM:
            return Skipped(Reason.SYSTEM)
        message_id, ordinal = self._ids.next(self._chat, minute, content.text)
        if any(name.casefold().endswith(".vcf") for name in content.files):
            return Skipped(Reason.CONTACT)
        media = self._media(content.files)
        if not content.text and not media:
            return Skipped(content.reason or (Reason.MEDIA_MISSING if content.files else Reason.EMPTY))
        if not content.sender:
            return Refused("no_sender", "the message has no sender")
        created_at = line.at if self._facts.layout.seconds else line.at + min(ordinal, _MINUTE_MS - 1)
        return Converted(
            (
                ForwardEvent(
                    event_id=message_id,
                    platform=WHATSAPP,
                    kind=Kind.POST,
                    created_at=created_at,
                    message_id=message_id,
                    id_scope=IdScope.PLATFORM,
                    actor=content.sender,
                    chat=self._chat,
                    text=content.text,
                    media=media,
                    source=_SOURCE,
                ),
            ),
            ("edited",) if content.edited else (),
        )

    def _media(self, files: tuple[str, ...]) -> tuple[Media, ...]:
        """Return the hashes of the attachments; the name of a file in another folder is not followed."""
        found = (self._source.media(name) for name in files if not _NOT_A_FILE.search(name))
        return tuple(one for one in found if one is not None)


class _Minute:
    """Counts of one minute."""

    __slots__ = ("equal", "messages")

    def __init__(self) -> None:
        self.messages = 0
        self.equal: dict[bytes, int] = {}  # by the digest of the text


class _Ids:
    """Digests of messages, with counts of the last minutes alone: files are in the order of time."""

    def __init__(self) -> None:
        self._minutes: dict[int, _Minute] = {}

    def next(self, chat: str, minute: int, text: str) -> tuple[str, int]:
        """Return the id of the next message, and the number of the message in its minute."""
        known = self._minutes.get(minute)
        if known is None:
            known = self._minutes[minute] = _Minute()
            if len(self._minutes) > _KNOWN_MINUTES:
                del self._minutes[next(iter(self._minutes))]
        digest = _digest(f"{chat}\0{minute}\0{_plain(text)}")
        ordinal, number = known.equal.get(digest, 0), known.messages
        known.equal[digest] = ordinal + 1
        known.messages += 1
        return (_digest(f"{digest.hex()}\0{ordinal}") if ordinal else digest).hex(), number


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _plain(text: str) -> str:
    """Return a text as both phones write it: without marks of direction, names in mentions and kinds of space."""
    if not text.isascii():
        text = normalize("NFC", text)
        if "\u2068" in text:
            text = _mentions("@", text)
        text = _marks("", text)
    return " ".join(text.split())


def chat_name(file_name: str) -> str:
    """Return the name of the chat in the name of an export, in any language; else the name without its ending.

    A member of an archive with several texts is named by its path behind the name of the archive.
    """
    stem = file_name.rpartition("/")[2]
    for ending in (".txt", ".zip"):
        if stem.casefold().endswith(ending):
            stem = stem[: -len(ending)]
    stem = normalize("NFC", _copy_number("", _marks("", stem).strip()))
    for pattern in load_words().chat_names:
        found = pattern.fullmatch(stem)
        if found is not None:
            name = found["chat"].strip()
            return name if " " in stem else name.replace("_", " ").strip() or stem
    return stem or file_name or "chat"


__all__ = ["MAX_PASTED", "MAX_TEXT", "NAME", "chat_name", "read", "recognises"]
