"""Pseudonymise events at the edge: before they are written to a file or to a topic.

The digests are those that intake would make, so events of a file and live events of one deployment agree.
"""

import msgspec

from detectors.privacy.digests import digests_of
from detectors.privacy.pseudonym import Pseudonymiser
from schemas.event import ForwardEvent


def pseudonymise(event: ForwardEvent, names: Pseudonymiser) -> ForwardEvent:
    """Return an event with digests in place of identifiers, and without the adapter's cursor.

    The text stays as it is written; intake masks telephone numbers, addresses and names in it.
    """
    if event.key_id is not None:
        return event
    digests = digests_of(event, names)
    return msgspec.structs.replace(
        event,
        event_id=digests.event,
        message_id=digests.message,
        root_ref=digests.root,
        parent_ref=digests.parent,
        actor=digests.actor,
        chat=digests.chat,
        group_id=digests.group,
        root_chat=None,
        parent_chat=None,
        id_scope=None,
        key_id=names.key_id,
        source=None,
    )


__all__ = ["pseudonymise"]
