"""Collect the raw identifiers of a stream, for tests which check that no output contains an identifier."""

import re
from collections.abc import Iterable

from schemas.event import ForwardEvent

_TELEPHONE = re.compile(r"\+\d{1,4} 0\d{4} \d{5}")


def raw_identifiers(events: Iterable[ForwardEvent]) -> frozenset[str]:
    """Return the identifiers of accounts, chats and messages, and the telephone numbers in texts."""
    found: set[str] = set()
    for event in events:
        names = (event.event_id, event.message_id, event.root_ref, event.parent_ref, event.actor, event.chat)
        found.update(name for name in names if name is not None)
        found.update(_TELEPHONE.findall(event.text))
    return frozenset(found)
