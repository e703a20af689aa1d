"""Peek at a raw event: partition key and claimed time, without validation.

Intake validates events; a field of an unexpected type counts as absent here. Events in envelopes and values in another
form are read as intake reads them, so order and partitions do not depend on the form.
"""

from typing import Any

import msgspec

from detectors.reading.config import IntakeConfig
from detectors.reading.event_reader import read_fields

_LONGEST_KEY = 512  # characters, the bound of an id
_LIMITS = IntakeConfig()


class _Fields(msgspec.Struct):
    chat: Any = None
    actor: Any = None
    message_id: Any = None
    created_at: Any = None
    claimed_at: Any = None
    observed_at: Any = None

    @property
    def time(self) -> object:
        """Return the first given stamp of the event."""
        return next((at for at in (self.created_at, self.claimed_at, self.observed_at) if at is not None), None)

    @property
    def is_plain(self) -> bool:
        """True if the fields have the form of the contract."""
        at = self.time
        plain = isinstance(at, int) and _LIMITS.earliest_ms <= at <= _LIMITS.latest_ms
        return plain and all(isinstance(id_, str | None) for id_ in (self.chat, self.actor, self.message_id))


_decode = msgspec.json.Decoder(_Fields).decode


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
    """Return the first of `created_at`, `claimed_at` and `observed_at`, in ms since 1970; None without any."""
    at = _fields(raw).time
    return at if isinstance(at, int) else None


def _fields(raw: bytes) -> _Fields:
    try:
        fields = _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        fields = _Fields()
    if fields.is_plain:
        return fields
    found = read_fields(raw, _LIMITS)
    return _Fields(*(found.get(name, getattr(fields, name)) for name in _Fields.__struct_fields__))
