"""Read messages and updates of TDLib, the library of Telegram's clients, as JSON.

TDLib writes the type of each object as `@type`. Its message ids are the server's number times 2^20; other ids are
local, of messages that wait for the server. Source: tdlib/td, td/generate/scheme/td_api.tl.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from schemas.event import Kind
from streams.adapters.base import Capabilities, Converted, Format, Item, Options, Outcome, Refused, Skipped, Source
from streams.adapters.fields import FieldError
from streams.adapters.opening import Opening
from streams.adapters.platforms import TELEGRAM
from streams.adapters.telegram.chats import message_ref
from streams.adapters.telegram.events import (
    IMPORTED,
    Link,
    Place,
    counter_event,
    debunk_event,
    deletion,
    message_event,
    name,
    need_time,
    read_values,
    slices,
)
from streams.adapters.values import count, entries, integer, members, text

ID_STEP = 1 << 20
"""Distance between the ids of two messages of the server."""

_CONTENT_TYPES = """
messageText messageRichMessage messageAnimation messageAudio messageDocument messagePaidMedia messagePhoto
messageSticker messageVideo messageVideoNote messageVoiceNote messageExpiredPhoto messageExpiredVideo
messageExpiredVideoNote messageExpiredVoiceNote messageLiveLocation messageLocation messageVenue messageContact
messageAnimatedEmoji messageDice
messageStakeDice messageGame messagePoll messageStory messageChecklist messageInvoice messageGiveaway
messageGiveawayWinners
"""
_CONTENTS = frozenset(_CONTENT_TYPES.split())
"""Contents that a person sent; a message with another content is a service message."""

_sign = re.compile(r'"@type"\s*:\s*"(?:message|messages|found(?:Chat)?Messages|update[A-Z]\w+)"').search


def convert(value: object, options: Options) -> Outcome:
    """Convert a message or an update.

    Returns:
        A post, reply, quote or forward with its counters and fact-check; counters, a fact-check, or deletions, whose
        time an update does not name. Skipped: `service`, `unsupported`, `content_update` (a new content comes without
        a time), `not_deleted` (a message left the cache, or only this account's history), `other_object`. Refused:
        `not_an_object`, `not_a_message`, `local_message`, `no_time`.

    """
    if not isinstance(value, dict):
        return Refused("not_an_object", "the item is no object")
    kind = name(value.get("@type"))
    try:
        if kind == "message":
            return _message(value, options)
        if kind in {"updateNewMessage", "updateMessageSendSucceeded"}:
            return _message(members(value.get("message")), options)
        return _update(kind, value, options)
    except FieldError as error:
        return Refused(error.reason, error.detail)


def _update(kind: str, update: dict[str, Any], options: Options) -> Outcome:
    if kind == "updateDeleteMessages":
        return _deletions(update)
    if kind == "updateMessageInteractionInfo":
        place = _place(update, update.get("message_id"))
        events = _counters(place, update, options)
        return Converted(events) if events else Skipped("other_object")
    if kind == "updateMessageFactCheck":
        events = _fact_check(_place(update, update.get("message_id")), update, options)
        return Converted(events) if events else Skipped("other_object")
    if kind in {"updateMessageContent", "updateMessageEdited"}:
        return Skipped("content_update")
    return Skipped("other_object") if kind else Refused("not_a_message", "`@type` is missing")


def _message(message: dict[str, Any], options: Options) -> Outcome:
    content = members(message.get("content"))
    kind = name(content.get("@type"))
    if kind == "messageUnsupported":
        return Skipped("unsupported")
    if kind and kind not in _CONTENTS:
        return Skipped("service")
    place = _place(message, message.get("id"))
    at = need_time(message.get("date"), "date", options)
    if integer(message.get("edit_date")):
        place = place._replace(edited_at=need_time(message.get("edit_date"), "edit_date", options))
    notes: tuple[str, ...] = ()
    imported = members(message.get("import_info"))
    if imported:
        at, notes = need_time(imported.get("date"), "import_info.date", options), (IMPORTED,)
    formatted = members(content.get("text")) or members(content.get("caption"))
    words = text(formatted.get("text")) or text(content.get("emoji"))
    event = message_event(
        place,
        at,
        _link(message, place.chat),
        actor=_sender(message.get("sender_id")),
        words=words,
        urls=_urls(content, formatted, words),
        group=integer(message.get("media_album_id")),
    )
    return Converted((event, *_counters(place, message, options), *_fact_check(place, message, options)), notes)


def _place(value: dict[str, Any], id_: object) -> Place:
    """Return the place of a message.

    Raises:
        FieldError: no chat or no id, or an id that the server has not given.

    """
    chat = integer(value.get("chat_id"))
    whole = integer(id_)
    if not chat or whole is None:
        raise FieldError("not_a_message", "`chat_id` or the id of the message is missing, or has another form")
    number = server_number(whole)
    if number is None:
        raise FieldError("local_message", "the id is of a message that waits for the server, or is scheduled")
    return Place(chat, number)


def server_number(id_: int | None) -> int | None:
    """Return the server's number of a message; None for a local id."""
    return None if id_ is None or id_ <= 0 or id_ % ID_STEP else id_ // ID_STEP


def _ref(chat: object, id_: object) -> str | None:
    chat_id, number = integer(chat), server_number(integer(id_))
    return message_ref(chat_id, number) if chat_id and number is not None else None


def _sender(value: object) -> int | None:
    sender = members(value)
    return integer(sender.get("user_id")) or integer(sender.get("chat_id")) or None


def _link(message: dict[str, Any], chat: int) -> Link:
    forwarded = members(message.get("forward_info"))
    if forwarded:
        source = members(forwarded.get("source"))
        return Link(
            Kind.FORWARD,
            root=_channel_post(forwarded.get("origin")),
            parent=_ref(source.get("chat_id"), source.get("message_id")),
        )
    answered = members(message.get("reply_to"))
    if name(answered.get("@type")) != "messageReplyToMessage" or _opens_topic(message, answered):
        return Link()
    root = _channel_post(answered.get("origin"))
    parent = _ref(answered.get("chat_id") or (None if answered.get("origin") else chat), answered.get("message_id"))
    return Link(Kind.REPLY if root is None else Kind.QUOTE, root, parent)


def _opens_topic(message: dict[str, Any], answered: dict[str, Any]) -> bool:
    """Return True if the answered message is the one that opens the topic of a forum: then the message is a post."""
    topic = integer(members(message.get("topic_id")).get("forum_topic_id"))
    return topic is not None and topic == server_number(integer(answered.get("message_id")))


def _channel_post(value: object) -> str | None:
    """Return the id of a channel's post; None for an origin that is a person or a group."""
    origin = members(value)
    is_channel = name(origin.get("@type")) == "messageOriginChannel"
    return _ref(origin.get("chat_id"), origin.get("message_id")) if is_channel else None


def _counters(place: Place, value: dict[str, Any], options: Options) -> tuple[Any, ...]:
    given = members(value.get("interaction_info"))
    return counter_event(place, count(given.get("view_count")), count(given.get("forward_count")), options)


def _fact_check(place: Place, value: dict[str, Any], options: Options) -> tuple[Any, ...]:
    check = members(value.get("fact_check"))
    verdict = text(members(check.get("text")).get("text"))
    return debunk_event(place, verdict, text(check.get("country_code")), None, options)


def _deletions(update: dict[str, Any]) -> Outcome:
    if update.get("is_permanent") is not True or update.get("from_cache") is True:
        return Skipped("not_deleted")
    places = [_place(update, id_) for id_ in entries(update.get("message_ids"))]
    if not places:
        raise FieldError("not_a_message", "`message_ids` names no message")
    return Converted(tuple(deletion(place) for place in dict.fromkeys(places)))


def _urls(content: dict[str, Any], formatted: dict[str, Any], words: str) -> Iterator[str]:
    """Yield the addresses of links, of words with an address behind them, and of the preview."""
    shown = []
    for entity in map(members, entries(formatted.get("entities"))):
        kind = members(entity.get("type"))
        if name(kind.get("@type")) == "textEntityTypeTextUrl":
            yield text(kind.get("url"))
        elif name(kind.get("@type")) == "textEntityTypeUrl":
            shown.append((integer(entity.get("offset")), integer(entity.get("length"))))
    yield from slices(words, shown)
    yield text(members(content.get("link_preview")).get("url"))
    yield text(members(content.get("web_page")).get("url"))  # the field's name before version 1.8.32


def _unfold(value: object) -> Iterable[object]:
    """Return the messages of an answer to a request for messages, or the value itself."""
    answer = members(value)
    return entries(answer["messages"]) if "messages" in answer else (value,)


def read(source: Source, options: Options) -> Iterator[Item]:
    """Yield the outcome of each message or update."""
    return read_values(source, options, _unfold, convert)


def recognises(opening: Opening) -> bool:
    """Return True for messages and updates of TDLib."""
    return opening.is_json and _sign(opening.text) is not None


FORMAT = Format(
    name="telegram-tdlib",
    title="a record of TDLib messages or updates (JSON)",
    platforms=(TELEGRAM,),
    capabilities=Capabilities(
        people="ids",
        parents="the direct parent of a reply; the original of a forwarded channel post",
        hops="forwards are marked: at least 1",
        counters="views and forwards",
        times="of the server, in seconds",
    ),
    recognises=recognises,
    read=read,
)

__all__ = ["FORMAT", "ID_STEP", "convert", "read", "recognises", "server_number"]
