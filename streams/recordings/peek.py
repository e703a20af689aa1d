"""Looks at a raw event for what carrying it needs: which partition it belongs to, and when it happened.

Whether it is a good event is for intake to judge; here anything may stand anywhere, and what is not there is none.
"""

from typing import Any

import msgspec

_LONGEST_KEY = 512  # characters: what an id may have


class _Fields(msgspec.Struct):
    chat: Any = None
    actor: Any = None
    message_id: Any = None
    created_at: Any = None


def partition_key(raw: bytes) -> bytes | None:
    """What decides an event's partition: its chat, else its sender, else its message; none where it has none.

    Records of one key stay in order. Lines that are no JSON have no key: nothing depends on their order.
    """
    fields = _fields(raw)
    for value in (fields.chat, fields.actor, fields.message_id):
        if isinstance(value, str) and 0 < len(value) <= _LONGEST_KEY:
            return value.encode("utf-8", "replace")
    return None


def created_at(raw: bytes) -> int | None:
    """The time that the event claims, in ms; none where it claims none."""
    at = _fields(raw).created_at
    return at if isinstance(at, int) else None


def _fields(raw: bytes) -> _Fields:
    try:
        return msgspec.json.decode(raw, type=_Fields)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Fields()
