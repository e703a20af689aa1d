"""Read updates of Telegram's Bot API: records of a webhook, and answers to `getUpdates`.

A bot sees only the chats that it is in, no view counts, and no deletions except in connected business chats. Source:
core.telegram.org/bots/api, version 10.1.
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
from streams.adapters.telegram.events import Link, Place, deletion, message_event, name, need_time, read_values
from streams.adapters.values import entries, integer, members, text

_NEW = ("message", "channel_post", "business_message", "guest_message")
_EDITED = ("edited_message", "edited_channel_post", "edited_business_message")
_DELETED = "deleted_business_messages"
_CONTENT_FIELDS = """
text caption animation audio document paid_media photo live_photo sticker story video video_note voice checklist contact
dice game poll venue location invoice giveaway giveaway_winners
"""
_CONTENTS = frozenset(_CONTENT_FIELDS.split())
"""Fields of a message that a person wrote; a message without any of them is a service message."""

_chat_object = re.compile(r'"chat"\s*:\s*\{').search
_OLD_FORWARD = ("forward_from_chat", "forward_from", "forward_sender_name", "forward_date")


def convert(update: object, options: Options) -> Outcome:
    """Convert an update, or a message without its update.

    Returns:
        A post, reply, quote or forward; an edit; or the deletions of one update, whose time the update does not name.
        Skipped: `service`, `automatic_forward`, `other_update`. Refused: `not_an_object`, `not_a_message`, `no_time`.

    """
    if not isinstance(update, dict):
        return Refused("not_an_object", "the item is no object")
    try:
        found = _written(update)
        if found is not None:
            message, is_edit = found
            return _message(message, options, is_edit=is_edit)
        if isinstance(update.get(_DELETED), dict):
            return _deletions(update[_DELETED])
    except FieldError as error:
        return Refused(error.reason, error.detail)
    if integer(update.get("update_id")) is None:
        return Refused("not_a_message", "neither an update nor a message: `update_id` and `message_id` are missing")
    return Skipped("other_update")


def _written(update: dict[str, Any]) -> tuple[dict[str, Any], bool] | None:
    """Return the message of an update, and True for a new version of a message; None for any other update."""
    for fields, is_edit in ((_NEW, False), (_EDITED, True)):
        for field in fields:
            if isinstance(update.get(field), dict):
                return update[field], is_edit
    return (update, False) if "message_id" in update and "update_id" not in update else None


def _message(message: dict[str, Any], options: Options, *, is_edit: bool) -> Outcome:
    chat, number = _chat(message.get("chat")), integer(message.get("message_id"))
    if chat is None or number is None:
        raise FieldError("not_a_message", "`chat.id` or `message_id` is missing, or has another form")
    if not any(message.get(field) for field in _CONTENTS):  # libraries write absent fields as null or empty lists
        return Skipped("service")
    is_copy = message.get("is_automatic_forward") is True
    if is_copy and not options.keep_automatic:
        return Skipped("automatic_forward")
    sent_at = need_time(message.get("date"), "date", options)
    edited_at = need_time(message.get("edit_date"), "edit_date", options) if is_edit else None
    link = _link(message, chat)
    if is_copy:
        link = link._replace(parent=link.root)
    event = message_event(
        Place(chat, number, edited_at),
        sent_at if edited_at is None else edited_at,
        link,
        actor=_actor(message, chat),
        words=text(message.get("text")) or text(message.get("caption")),
        urls=_urls(message),
        group=integer(message.get("media_group_id")),
        is_edit=is_edit,
    )
    return Converted((event,))


def _chat(value: object) -> int | None:
    """Return the id of a chat, which is marked in this interface."""
    return integer(members(value).get("id")) or None


def _actor(message: dict[str, Any], chat: int) -> int | None:
    """Return the sender; the chat in whose name a person writes goes before the person.

    For an anonymous administrator, the Bot API names a service account as the person.
    """
    is_post = members(message.get("chat")).get("type") == "channel"
    return _chat(message.get("sender_chat")) or _chat(message.get("from")) or (chat if is_post else None)


def _link(message: dict[str, Any], chat: int) -> Link:
    origin = members(message.get("forward_origin"))
    if origin:
        return Link(Kind.FORWARD, root=_channel_post(origin))
    if any(message.get(field) is not None for field in _OLD_FORWARD):
        return Link(Kind.FORWARD, root=_ref(message.get("forward_from_chat"), message.get("forward_from_message_id")))
    external = members(message.get("external_reply"))
    if external:
        root = _channel_post(members(external.get("origin")))
        parent = _ref(external.get("chat"), external.get("message_id"))
        return Link(Kind.REPLY if root is None else Kind.QUOTE, root, parent)
    answered = members(message.get("reply_to_message"))
    target = integer(answered.get("message_id"))
    if target is None or _opens_topic(message, answered, target):
        return Link()
    return Link(Kind.REPLY, parent=message_ref(_chat(answered.get("chat")) or chat, target))


def _opens_topic(message: dict[str, Any], answered: dict[str, Any], target: int) -> bool:
    """Return True if the answered message is the one that opens the topic of a forum: then the message is a post."""
    in_topic = message.get("is_topic_message") is True and integer(message.get("message_thread_id")) == target
    return in_topic or "forum_topic_created" in answered


def _channel_post(origin: dict[str, Any]) -> str | None:
    """Return the id of a channel's post; None for an origin that is a person or a group."""
    return _ref(origin.get("chat"), origin.get("message_id")) if name(origin.get("type")) == "channel" else None


def _ref(chat: object, number: object) -> str | None:
    chat_id, message_id = _chat(chat), integer(number)
    return None if chat_id is None or message_id is None else message_ref(chat_id, message_id)


def _urls(message: dict[str, Any]) -> Iterator[str]:
    """Yield the addresses behind words, and the address of a preview."""
    for field in ("entities", "caption_entities"):
        for entity in map(members, entries(message.get(field))):
            if name(entity.get("type")) == "text_link":
                yield text(entity.get("url"))
    yield text(members(message.get("link_preview_options")).get("url"))


def _deletions(deleted: dict[str, Any]) -> Converted:
    chat = _chat(deleted.get("chat"))
    numbers = [number for value in entries(deleted.get("message_ids")) if (number := integer(value)) is not None]
    if chat is None or not numbers:
        raise FieldError("not_a_message", f"`{_DELETED}` names no chat or no message")
    return Converted(tuple(deletion(Place(chat, number)) for number in dict.fromkeys(numbers)))


def _unfold(value: object) -> Iterable[object]:
    """Return the updates of an answer to getUpdates, or the value itself."""
    answer = members(value)
    return entries(answer["result"]) if "result" in answer and "ok" in answer else (value,)


def read(source: Source, options: Options) -> Iterator[Item]:
    """Yield the outcome of each update."""
    return read_values(source, options, _unfold, convert)


def recognises(opening: Opening) -> bool:
    """Return True for updates, answers to getUpdates, and messages without their updates."""
    if not opening.is_json or opening.has("event_id|_|_type|@type"):
        return False
    return opening.has("update_id") or (opening.has("message_id", "date") and _chat_object(opening.text) is not None)


FORMAT = Format(
    name="telegram-bot",
    title="a record of Telegram Bot API updates (getUpdates, webhook)",
    platforms=(TELEGRAM,),
    capabilities=Capabilities(
        people="ids",
        parents="the direct parent of a reply; the original of a forwarded channel post",
        hops="forwards are marked: at least 1",
        counters="none",
        times="of the server, in seconds",
    ),
    recognises=recognises,
    read=read,
)

__all__ = ["FORMAT", "convert", "read", "recognises"]
