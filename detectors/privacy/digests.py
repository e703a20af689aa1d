"""Replace the identifiers of an event by digests, each in the scope in which the identifier is unique.

Some platforms number the messages of each chat from 1. A digest of such a number alone would be the same message in
every chat, and would merge unrelated rumours (docs/adr/0026-identity-of-messages.md).
"""

import re
from typing import NamedTuple

from detectors.privacy.pseudonym import Pseudonymiser, chat_scope
from schemas.event import ForwardEvent, IdScope, Kind

_is_small_number = re.compile(r"[0-9]{1,10}").fullmatch
_CHAT, _FORWARD = IdScope.CHAT, Kind.FORWARD  # access to enum members is slow


class EventDigests(NamedTuple):
    """Digests of the identifiers of one event; None for an absent identifier."""

    event: str
    message: str | None = None
    root: str | None = None
    parent: str | None = None
    actor: str | None = None
    chat: str | None = None
    group: str | None = None


def digests_of(event: ForwardEvent, names: Pseudonymiser) -> EventDigests:
    """Return the digests of the raw identifiers of an event.

    A reference without a digest is one that cannot be resolved: the id of a forward's original is unique in the chat of
    the original, which the event does not name.
    """
    platform, chat = event.platform, event.chat
    scope = platform if chat is None else chat_scope(platform, chat)
    message, root, parent, group = event.message_id, event.root_ref, event.parent_ref, event.group_id
    return EventDigests(
        names.event(event.event_id, scope if _is_chat_scoped(event, event.event_id, chat) else platform),
        None
        if message is None
        else names.message(message, scope if _is_chat_scoped(event, message, chat) else platform),
        None if root is None else _reference(event, root, event.root_chat, names),
        None if parent is None else _reference(event, parent, event.parent_chat, names),
        None if event.actor is None else names.actor(event.actor, platform),
        None if chat is None else names.chat(chat, platform),
        None if group is None else names.group(group, scope),
    )


def _reference(event: ForwardEvent, ref: str, ref_chat: str | None, names: Pseudonymiser) -> str | None:
    """Return the digest of a parent or root; None for an id of an unnamed chat.

    A reply and a statement stay in the chat of their message. A forward comes from another chat, so its own chat says
    nothing about the id: a missing edge is better than an edge to an unrelated message.
    """
    if not _is_chat_scoped(event, ref, ref_chat or event.chat):
        return names.message(ref, event.platform)
    chat = event.chat if ref_chat is None and event.kind is not _FORWARD else ref_chat
    return None if chat is None else names.message(ref, chat_scope(event.platform, chat))


def _is_chat_scoped(event: ForwardEvent, id_: str, chat: str | None) -> bool:
    """Return True if an id is unique in its chat only, by the event's own statement or else by the id's form."""
    if event.id_scope is not None:
        return event.id_scope is _CHAT and chat is not None
    return chat is not None and _is_small_number(id_) is not None


__all__ = ["EventDigests", "digests_of"]
