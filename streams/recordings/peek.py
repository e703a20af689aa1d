"""Peek at a raw event: partition key and claimed time, without validation.

Intake validates events; a field of an unexpected type counts as absent here.
"""

from typing import Any

import msgspec

_LONGEST_KEY = 512  # characters, the bound of an id


class _Fields(msgspec.Struct):
    chat: Any = None
    actor: Any = None
    message_id: Any = None
    created_at: Any = None


def partition_key(raw: bytes) -> bytes | None:
    """Return the chat of an event, else the sender, else the message id; None without any.

    Records with equal keys stay in order. A line that is not JSON has no key; no order depends on such a line.
    """
    fields = _fields(raw)
    for value in (fields.chat, fields.actor, fields.message_id):
        if isinstance(value, str) and 0 < len(value) <= _LONGEST_KEY:
            return value.encode("utf-8", "replace")
    return None


def created_at(raw: bytes) -> int | None:
    """Return the claimed time of an event in ms since 1970; None without any."""
    at = _fields(raw).created_at
    return at if isinstance(at, int) else None


def _fields(raw: bytes) -> _Fields:
    try:
        return msgspec.json.decode(raw, type=_Fields)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Fields()
