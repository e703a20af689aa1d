"""Read messages of Telegram's own protocol as JSON: what Telethon's `to_json` and 4CAT write.

The protocol names the channel and the number of a forwarded post, so a forward has its root. Telethon writes the type
of an object as `_` and times in ISO 8601; 4CAT writes `_type` and times in seconds, and adds names. Sources: Telethon,
telethon_generator/data/api.tl; 4CAT, datasources/telegram/search_telegram.py.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from schemas.event import Kind
from streams.adapters.base import Capabilities, Converted, Format, Item, Options, Outcome, Refused, Skipped, Source
from streams.adapters.fields import FieldError
from streams.adapters.opening import Opening
from streams.adapters.platforms import TELEGRAM
from streams.adapters.telegram.chats import Series, marked, message_ref
from streams.adapters.telegram.events import (
    IMPORTED,
    Link,
    Place,
    counter_event,
    debunk_event,
    message_event,
    name,
    need_time,
    read_values,
    slices,
)
from streams.adapters.values import count, entries, integer, members, text

PROTECTED = "protected content: Telegram does not let people forward the message"

_PEERS = (("channel_id", Series.CHANNEL), ("chat_id", Series.GROUP), ("user_id", Series.USER))
_sign = re.compile(r'"_(?:type)?"\s*:\s*"(?:Message|MessageService|Peer(?:Channel|Chat|User))"').search


def convert(message: object, options: Options) -> Outcome:
    """Convert a message.

    Returns:
        A post, reply or forward, then its counters and its fact-check if it has any. Skipped: `service`, `empty`.
        Refused: `not_an_object`, `not_a_message`, `no_time`.

    """
    if not isinstance(message, dict):
        return Refused("not_an_object", "the item is no object")
    kind = name(message.get("_")) or name(message.get("_type"))
    if kind == "MessageService" or message.get("action") is not None:
        return Skipped("service")
    if kind == "MessageEmpty":
        return Skipped("empty")
    try:
        return _message(message, options)
    except FieldError as error:
        return Refused(error.reason, error.detail)


def _message(message: dict[str, Any], options: Options) -> Converted:
    chat, number = peer(message.get("peer_id")), integer(message.get("id"))
    if chat is None or number is None:
        raise FieldError("not_a_message", "`peer_id` or `id` is missing, or has another form")
    at = need_time(message.get("date"), "date", options)
    edited = message.get("edit_date")
    is_edited = edited is not None and message.get("edit_hide") is not True
    place = Place(chat, number, need_time(edited, "edit_date", options) if is_edited else None)
    notes = [PROTECTED] if message.get("noforwards") is True else []
    header = members(message.get("fwd_from"))
    if header.get("imported") is True:
        at = need_time(header.get("date"), "fwd_from.date", options)
        notes.append(IMPORTED)
    words = text(message.get("message"))
    check = members(message.get("factcheck"))
    event = message_event(
        place,
        at,
        _link(message, header, chat),
        actor=_actor(message, chat),
        words=words,
        urls=_urls(message, words),
        group=integer(message.get("grouped_id")),
    )
    return Converted(
        (
            event,
            *counter_event(place, count(message.get("views")), count(message.get("forwards")), options),
            *debunk_event(
                place,
                text(members(check.get("text")).get("text")) or text(check.get("text")),
                text(check.get("country")),
                integer(check.get("hash")),
                options,
            ),
        ),
        tuple(notes),
    )


def peer(value: object) -> int | None:
    """Return the marked id of a peer; 4CAT may have put the description of the chat in place of the peer."""
    given = members(value)
    for field, series in _PEERS:
        found = marked(series, given.get(field))
        if found is not None:
            return found
    described = members(given.get("full_chat"))
    return marked(Series.CHANNEL, described.get("id")) if described else None


def _actor(message: dict[str, Any], chat: int) -> int | None:
    """Return the sender; a message without one is the channel's, or in a private chat the other person's."""
    sender = peer(message.get("from_id"))
    if sender is not None or (message.get("post") is not True and (chat < 0 or message.get("out") is True)):
        return sender
    return chat


def _link(message: dict[str, Any], header: dict[str, Any], chat: int) -> Link:
    if header:
        return Link() if header.get("imported") is True else _forward(header)
    answered = members(message.get("reply_to"))
    target = integer(answered.get("reply_to_msg_id"))
    if target is None or _opens_topic(answered, target):
        return Link()
    given = answered.get("reply_to_peer_id")
    other = chat if given is None else peer(given)
    return Link(Kind.REPLY, parent=None if other is None else message_ref(other, target))


def _opens_topic(answered: dict[str, Any], target: int) -> bool:
    """Return True if the answered message is the one that opens the topic of a forum: then the message is a post."""
    return answered.get("forum_topic") is True and integer(answered.get("reply_to_top_id")) in {None, target}


def _forward(header: dict[str, Any]) -> Link:
    """Return the origin of a forward, if it is a channel's post, and its direct parent in a discussion group.

    The protocol names the direct parent for the copy of a channel's post in the discussion group, and in a person's
    saved messages.
    """
    origin, number = peer(header.get("from_id")), integer(header.get("channel_post"))
    saved, saved_number = peer(header.get("saved_from_peer")), integer(header.get("saved_from_msg_id"))
    return Link(
        Kind.FORWARD,
        root=None if origin is None or number is None else message_ref(origin, number),
        parent=None if saved is None or saved_number is None else message_ref(saved, saved_number),
    )


def _urls(message: dict[str, Any], words: str) -> Iterator[str]:
    """Yield the addresses of links, of words with an address behind them, and of the preview."""
    shown = []
    for entity in map(members, entries(message.get("entities"))):
        kind = name(entity.get("_")) or name(entity.get("_type"))
        if kind == "MessageEntityTextUrl":
            yield text(entity.get("url"))
        elif kind == "MessageEntityUrl":
            shown.append((integer(entity.get("offset")), integer(entity.get("length"))))
    yield from slices(words, shown)
    yield text(members(members(message.get("media")).get("webpage")).get("url"))


def _unfold(value: object) -> Iterable[object]:
    """Return the messages of an answer to a request for history, or the value itself."""
    answer = members(value)
    return entries(answer["messages"]) if "messages" in answer and "peer_id" not in answer else (value,)


def read(source: Source, options: Options) -> Iterator[Item]:
    """Yield the outcome of each message."""
    return read_values(source, options, _unfold, convert)


def recognises(opening: Opening) -> bool:
    """Return True for messages as Telethon or 4CAT writes them."""
    return opening.is_json and opening.has("peer_id", "message|action", "date") and _sign(opening.text) is not None


FORMAT = Format(
    name="telegram-mtproto",
    title="a collection of Telegram messages by Telethon or 4CAT (JSON, NDJSON)",
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

__all__ = ["FORMAT", "PROTECTED", "convert", "peer", "read", "recognises"]
