r"""Read the export of Telegram Desktop, `result.json`: one chat, or the chats of a whole account.

The export names people by id and the origin of a forward by its display name only, so a forward has no root. It holds
the last version of an edited message. Texts contain control characters as `\x0B`, which is no JSON. Source: the
exporter of Telegram Desktop, Telegram/SourceFiles/export/output/export_output_json.cpp.
"""

from collections.abc import Callable, Container, Iterator
from typing import Any, NamedTuple

from schemas.event import ForwardEvent, IdScope, Kind, Media, ParentEvidence
from streams.adapters.base import (
    Capabilities,
    Converted,
    Format,
    FormatError,
    Item,
    Options,
    Outcome,
    Refused,
    Skipped,
    Source,
)
from streams.adapters.elements import Path, elements
from streams.adapters.fields import read_time
from streams.adapters.items import decode
from streams.adapters.opening import Opening
from streams.adapters.platforms import TELEGRAM
from streams.adapters.telegram.chats import Series, marked, marked_word, message_ref
from streams.adapters.values import entries, integer, members, seconds, text, zone

NAME = "telegram-desktop"

NAMES = "people appear as names, not ids"
EDITED = "edited: the export holds the last version only"
IMPORTED = "more than 20 messages of one second: perhaps imported history, which bears the time of its import"
MENDED = "an escape that is no JSON was read as its character"
NAMED = "the export lacks the id or the type of the chat: its name takes their place, so the ids are of this name alone"
NO_MEDIA = "a picture or file without a hash: the export does not contain it, or its folder is not at hand"

_CHAT_TYPES = {
    "saved_messages": Series.USER,
    "replies": Series.USER,
    "verification_codes": Series.USER,
    "personal_chat": Series.USER,
    "bot_chat": Series.USER,
    "private_group": Series.GROUP,
    "private_supergroup": Series.CHANNEL,
    "public_supergroup": Series.CHANNEL,
    "private_channel": Series.CHANNEL,
    "public_channel": Series.CHANNEL,
}
_BROADCASTS = frozenset({"private_channel", "public_channel"})
_LISTS: tuple[Path, ...] = (("chats", "list", None, "messages"), ("left_chats", "list", None, "messages"))
_MEDIA = ("photo", "file", "thumbnail")
_MAX_SHARED_SECOND = 20
_MAX_TOPICS = 100_000  # of one chat; Telegram allows far fewer
_MAX_NAME = 512
_MAX_CHATS = 100_000  # whose members behind the messages are kept
# Exports before 2021 write the number of a peer with its series in the bits above the 32 bits of the number.
_SERIES_BITS = 32
_OLD_SERIES = (Series.USER, Series.GROUP, Series.CHANNEL)

_NO_TIME = "no_time"
_NO_ZONE = "no_zone"


class Chat(NamedTuple):
    """The chat whose messages are read."""

    id: int | str  # marked; the name of a chat without an id or a type
    old_id: int | str  # marked, if the file is of the kind that numbers its chats with their series
    is_channel: bool


def no_media(path: str) -> None:
    """Return no hashes: the files of the export are not at hand."""
    del path


def chat_of(head: dict[str, Any]) -> Chat | None:
    """Return the chat of an export; None without an id or a type."""
    if "type" not in head:
        return None
    kind = text(head["type"])
    series = _CHAT_TYPES.get(kind, Series.USER)
    id_ = marked(series, head.get("id"))
    if id_ is None:
        return None
    old = _old_marked(head.get("id"))
    return Chat(id_, id_ if old is None or old[0] is not series else old[1], kind in _BROADCASTS)


def named_chat(head: dict[str, Any], options: Options) -> Chat | None:
    """Return the chat of an export that was cut down, by the name in the options or in the file; None without one."""
    name = (options.chat or text(head.get("name"))).strip()[:_MAX_NAME]
    return Chat(name, name, text(head.get("type")) in _BROADCASTS) if name else None


def convert(
    message: object,
    chat: Chat,
    options: Options,
    media: Callable[[str], Media | None] = no_media,
    topics: Container[int] = (),
) -> Outcome:
    """Convert an entry of `messages`.

    Args:
        message: the decoded entry.
        chat: the chat of the message.
        options: the zone of times without one.
        media: returns the hashes of a file that the export names by its path.
        topics: numbers of the service messages that open the topics of a forum; an answer to one is a post.

    Returns:
        A post, reply or forward. Skipped: `service`, `unsupported`. Refused: `not_an_object`, `unknown_type`, `no_id`,
        `no_time`, `no_zone`.

    """
    if not isinstance(message, dict):
        return Refused("not_an_object", "the entry of messages is no object")
    kind = text(message.get("type"))
    if kind in {"service", "unsupported"}:
        return Skipped(kind)
    if kind != "message":
        return Refused("unknown_type", "type is neither message nor service nor unsupported")
    number = integer(message.get("id"))
    if number is None:
        return Refused("no_id", "id is no whole number")
    created_at = _time(message, options)
    if isinstance(created_at, Refused):
        return created_at
    if "date_unixtime" not in message:
        chat = chat._replace(id=chat.old_id)
    return _event(message, number, created_at, chat, media=media, topics=topics)


def _event(
    message: dict[str, Any],
    number: int,
    created_at: int,
    chat: Chat,
    *,
    media: Callable[[str], Media | None],
    topics: Container[int],
) -> Converted:
    notes: list[str] = []
    words, urls = _text(message)
    actor = _actor(message, chat, notes)
    found = _media(message, media, notes)
    if "edited" in message:
        notes.append(EDITED)
    kind, parent = Kind.POST, None
    if "forwarded_from" in message or "forwarded_from_id" in message:
        kind = Kind.FORWARD
    elif (target := integer(message.get("reply_to_message_id"))) is not None:
        kind, parent = _reply(message, target, chat.id, topics)
    id_ = message_ref(chat.id, number)
    event = ForwardEvent(
        event_id=id_,
        platform=TELEGRAM,
        kind=kind,
        created_at=created_at,
        message_id=id_,
        id_scope=IdScope.PLATFORM,
        parent_ref=parent,
        parent_evidence=ParentEvidence.NONE if parent is None else ParentEvidence.API_PARENT,
        hops_min=1 if kind is Kind.FORWARD else 0,
        actor=actor,
        chat=str(chat.id),
        text=words,
        urls=urls,
        media=found,
    )
    return Converted((event,), tuple(notes))


def _time(message: dict[str, Any], options: Options) -> int | Refused:
    """Return the time in ms: of the server, or for older exports the local time of the exporting computer."""
    if "date_unixtime" in message:
        at = seconds(message["date_unixtime"])
        return Refused(_NO_TIME, "date_unixtime is no Unix time between 2000 and 2100") if at is None else at
    if not text(message.get("date")):
        return Refused(_NO_TIME, "neither date_unixtime nor date")
    if options.zone is None:
        return Refused(_NO_ZONE, "date has no time zone, and there is no date_unixtime")
    at = read_time(message["date"], zone(options.zone))
    return Refused(_NO_TIME, "date is no time between 2000 and 2100") if at is None else at


def _actor(message: dict[str, Any], chat: Chat, notes: list[str]) -> str | None:
    given = message.get("from_id")
    id_ = marked_word(given)
    if id_ is None and (number := integer(given)) is not None:
        old = _old_marked(number)
        id_ = old[1] if old is not None and "date_unixtime" not in message else marked(Series.USER, number)
    if id_ is not None:
        return str(id_)
    if chat.is_channel:
        return str(chat.id)
    name = text(message.get("from"))[:_MAX_NAME]
    if not name:
        return None
    notes.append(NAMES)
    return name


def _old_marked(number: object) -> tuple[Series, int] | None:
    """Return the series and marked id of a number with its series in the upper bits; None without such bits."""
    whole = integer(number)
    if whole is None or not 0 < whole >> _SERIES_BITS < len(_OLD_SERIES):
        return None
    series = _OLD_SERIES[whole >> _SERIES_BITS]
    id_ = marked(series, whole & ((1 << _SERIES_BITS) - 1))
    return None if id_ is None else (series, id_)


def _reply(message: dict[str, Any], target: int, chat_id: int | str, topics: Container[int]) -> tuple[Kind, str | None]:
    peer = message.get("reply_to_peer_id")
    if peer is None:
        return (Kind.POST, None) if target in topics else (Kind.REPLY, message_ref(chat_id, target))
    other = marked_word(peer)
    return Kind.REPLY, None if other is None else message_ref(other, target)


def _text(message: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the text without its styles, and the addresses of its links."""
    parts = entries(message.get("text_entities")) or message.get("text")
    words: list[str] = []
    urls: dict[str, None] = {}
    for part in entries(parts) or (parts,):
        if isinstance(part, str):
            words.append(text(part))
            continue
        entity = members(part)
        content = text(entity.get("text"))
        words.append(content)
        address = {"link": content, "text_link": text(entity.get("href"))}.get(text(entity.get("type")))
        if address:
            urls[address] = None
    return "".join(words), tuple(urls)


def _media(message: dict[str, Any], media: Callable[[str], Media | None], notes: list[str]) -> tuple[Media, ...]:
    """Return the hashes of the files of a message; a file that was left out is a sentence in brackets."""
    paths = [path for field in _MEDIA if field in message and (path := text(message[field]))]
    if not paths:
        return ()
    hashes = (media(path) for path in paths if not path.startswith("("))
    found = tuple(dict.fromkeys(one for one in hashes if one is not None))
    if not found:
        notes.append(NO_MEDIA)
    return found


def read(source: Source, options: Options) -> Iterator[Item]:
    """Yield the outcome of each message, with the number of the message in the file.

    Raises:
        FormatError: the export is older than 2022, whose times have no zone, or the export names no chat; and the
            options do not help.

    """
    reader = _Reader(source, options)
    for position, (head, raw) in enumerate(elements(source.chunks(), _holds_messages)):
        yield position, raw if isinstance(raw, Refused) else reader.outcome(head, raw)


class _Reader:
    """The chat that is being read, and a memory of its topics and of the second of its last message."""

    def __init__(self, source: Source, options: Options) -> None:
        self._source = source
        self._options = options
        self._head: dict[str, Any] | None = None
        self._heads = 0  # chats so far
        self._whole: list[dict[str, Any]] | None = None  # the members of each chat, also those behind its messages
        self._chat: Chat | None = None
        self._topics: set[int] = set()
        self._second: int | None = None
        self._in_second = 0
        self._has_times = False
        self._is_named = False  # the report still lacks the note about a chat without an id

    def outcome(self, head: dict[str, Any], raw: bytes) -> Outcome:
        """Return the outcome of the next message."""
        if head is not self._head:
            self._head, self._chat = head, self._find_chat(head)
            self._heads += 1
            self._topics, self._second = set(), None
        if self._chat is None:
            return Refused("no_chat", "the chat has neither an id and a type nor a name", raw)
        message, mended = decode(raw)
        if isinstance(message, Refused):
            return message
        self._remember_topic(message)
        outcome = convert(message, self._chat, self._options, self._source.media, self._topics)
        if isinstance(outcome, Refused):
            return self._refuse(outcome, raw)
        if isinstance(outcome, Skipped):
            return outcome
        self._has_times = True
        notes = (
            *outcome.notes,
            *((MENDED,) if mended else ()),
            *self._name_note(),
            *self._shared_second(outcome.events[0]),
        )
        return outcome if notes == outcome.notes else Converted(outcome.events, notes)

    def _find_chat(self, head: dict[str, Any]) -> Chat | None:
        """Return the chat; tools that sort the keys write its type behind its messages, so a second pass may follow.

        Raises:
            FormatError: no chat has been found so far, and neither the file nor the options name this one.

        """
        chat = chat_of(head)
        if chat is not None:
            return chat
        if self._whole is None:
            self._whole = _heads(self._source)
        whole = self._whole[self._heads] if self._heads < len(self._whole) else head
        chat = chat_of(whole)
        if chat is not None:
            return chat
        chat = named_chat(whole, self._options)
        if chat is None and not self._has_times:
            raise FormatError(
                "the file names no chat: an export has `name`, `type` and `id` next to `messages`; pass --chat NAME"
            )
        self._is_named = chat is not None
        return chat

    def _name_note(self) -> tuple[str, ...]:
        """Return the note about a chat without an id, once."""
        is_named, self._is_named = self._is_named, False
        return (NAMED,) if is_named else ()

    def _refuse(self, refused: Refused, raw: bytes) -> Refused:
        if refused.reason == _NO_ZONE and not self._has_times:
            raise FormatError(
                f"{self._source.name} is an older export, whose times have no time zone; add --zone with the zone of "
                "the computer that wrote the export, e.g. --zone Europe/Kyiv"
            )
        return Refused(refused.reason, refused.detail, raw)

    def _remember_topic(self, message: object) -> None:
        entry = members(message)
        if entry.get("action") == "topic_created" and len(self._topics) < _MAX_TOPICS:
            number = integer(entry.get("id"))
            if number is not None:
                self._topics.add(number)

    def _shared_second(self, event: ForwardEvent) -> tuple[str, ...]:
        """Return the note about imported history for the first message over the limit of its second."""
        second = (event.created_at or 0) // 1000
        self._in_second = self._in_second + 1 if second == self._second else 1
        self._second = second
        return (IMPORTED,) if self._in_second == _MAX_SHARED_SECOND + 1 else ()


def _heads(source: Source) -> list[dict[str, Any]]:
    """Return the simple members of each chat with messages, in the order of the file."""
    heads: list[dict[str, Any]] = []
    for head, raw in elements(source.chunks(), _holds_messages):
        if not isinstance(raw, Refused) and (not heads or head is not heads[-1]):
            heads.append(head)
            if len(heads) == _MAX_CHATS:
                break
    return heads


def _holds_messages(path: Path) -> bool:
    return path == ("messages",) or path in _LISTS


def recognises(opening: Opening) -> bool:
    """Return True for the export of a chat or an account."""
    if not opening.text.startswith("{"):
        return False
    if opening.has("messages") and (opening.has("date_unixtime|text_entities") or _names_chat_type(opening)):
        return not opening.has("_|_type|@type|update_id")
    return opening.text[1:].lstrip().startswith('"about"') and opening.has("personal_information|contacts|chats")


def _names_chat_type(opening: Opening) -> bool:
    return any(f'"{name}"' in opening.text for name in _CHAT_TYPES)


FORMAT = Format(
    name=NAME,
    title="a Telegram Desktop export (result.json)",
    platforms=(TELEGRAM,),
    capabilities=Capabilities(
        people="ids (names in exports before 2021)",
        parents="the direct parent of a reply; of a forward none",
        hops="forwards are marked: at least 1",
        counters="none",
        times="of the server, in seconds (exports before 2022: local times, which need --zone)",
    ),
    recognises=recognises,
    read=read,
)

__all__ = ["EDITED", "FORMAT", "IMPORTED", "MENDED", "NAMED", "NAMES", "NO_MEDIA", "Chat", "chat_of", "convert", "read"]
