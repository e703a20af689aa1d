"""Remembers the current text of each message, to recognise a new text of the same message: an edit.

Many adapters deliver an edit as a further post with the id of the message. Counted as a share, the edit would join two
rumours, because the message links the old text's cluster to the new text's.
"""

import msgspec

from detectors.clustering.lru import LruDict
from schemas.event import Kind
from schemas.sighting import SPREADING, Sighting

_EDIT = Kind.EDIT  # access to enum members is slow


class MessageText(msgspec.Struct, array_like=True, gc=False):
    """Sharer of a message, and the SHA-256 of its current text."""

    sharer: str
    sha256: str
    counts: bool = True  # False for a quote with words of its own, which is no share


class MessageTexts:
    """The most recent `bound` messages, each with its sharer and its current text."""

    def __init__(self, bound: int) -> None:
        self._texts: LruDict[MessageText] = LruDict(bound)

    def __contains__(self, message: str | None) -> bool:
        return message in self._texts

    def revised_by(self, sighting: Sighting) -> MessageText | None:
        """Return the earlier text if a sighting carries a new text of a known message.

        An event of kind edit says so. Any other event must come from the same sharer with another text: a forward that
        carries the id of its original comes from another sharer, and an equal text is a second observation.
        """
        known = None if sighting.message is None else self._texts.get(sighting.message)
        if known is None or sighting.kind is _EDIT:
            return known
        if sighting.kind not in SPREADING:
            return None
        is_edit = known.sharer == _sharer(sighting) and known.sha256 != sighting.content.sha256
        return known if is_edit else None

    def add(self, sighting: Sighting, *, counts: bool = True) -> None:
        """Remember the text of a message; an edit, which may lack the sender, keeps the sharer."""
        message = sighting.message
        if message is None:
            return
        known = self._texts.get(message) if sighting.kind is _EDIT else None
        sharer = _sharer(sighting) if known is None else known.sharer
        self._texts.put(message, MessageText(sharer, sighting.content.sha256, counts))

    def snapshot(self) -> list[tuple[str, MessageText]]:
        """Return the messages, least recent first."""
        return self._texts.snapshot()

    def restore(self, texts: list[tuple[str, MessageText]]) -> None:
        """Continue from a snapshot."""
        self._texts.restore(texts)


def _sharer(sighting: Sighting) -> str:
    return sighting.actor or sighting.chat or ""


__all__ = ["MessageText", "MessageTexts"]
