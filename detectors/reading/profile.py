"""Count which fields a stream fills, and state what follows from a field that is nearly always absent.

An event without an actor is valid, and so is a stream of them; but then chats or messages are counted in place of
people, and nothing else in the result shows it. Only the counts of a cascade are part of the state.
"""

from collections.abc import Iterable

import msgspec

from detectors.reading.field_names import similar_field
from detectors.reading.values import Repairs
from schemas.event import ForwardEvent, Kind
from schemas.sighting import SPREADING, Sighting

_POST = Kind.POST
_NEARLY = 0.1  # share of the events below which a field counts as nearly absent
_INSPECTED = 64  # events of one platform whose field names are read
_PLATFORMS = 64
WATCHED = ("actor", "chat", "text", "parent_ref", "root_ref", "observed_at")
"""Fields whose absence changes the counts; similar names of them are reported."""


class FieldCounts(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Number of shares (posts, forwards, quotes, replies), and of those that fill a field."""

    shares: int = 0
    actors: int = 0
    chats: int = 0
    originals: int = 0  # shares that refer to no other message, and so need a text of their own
    texts: int = 0  # of the originals
    passed_on: int = 0  # forwards, quotes and replies
    parents: int = 0  # shares that name the message before them, or the original

    def add(self, sighting: Sighting) -> None:
        """Count one share."""
        self.shares += 1
        if sighting.actor is not None:
            self.actors += 1
        if sighting.chat is not None:
            self.chats += 1
        if sighting.parent is None and sighting.root is None:
            self.originals += 1
            if sighting.content.text:
                self.texts += 1
        else:
            self.parents += 1
        if sighting.kind is not _POST:
            self.passed_on += 1

    def merge(self, other: "FieldCounts") -> None:
        """Add the counts of another cascade."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class InputProfile(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Counts over one stream: filled fields, repairs, and fields whose names resemble absent ones.

    Memory is bounded: envelopes and forms come from fixed lists, and field names are read from `_INSPECTED` events of a
    platform at most.
    """

    fields: FieldCounts = msgspec.field(default_factory=FieldCounts)
    observed: int = 0  # shares with `observed_at`
    mended: int = 0  # events in which half a character was replaced
    envelopes: dict[str, int] = {}  # name -> events
    forms: dict[str, int] = {}  # form of a value -> events
    similar: dict[str, str] = {}  # absent field -> the first similar name
    inspected: dict[str, int] = {}  # platform -> events whose field names were read

    def add(self, event: ForwardEvent, sighting: Sighting, repairs: Repairs) -> None:
        """Count one event."""
        if repairs:
            self.mended += repairs.mended
            for counts, names in ((self.envelopes, repairs.envelopes), (self.forms, repairs.forms)):
                for name in names:
                    counts[name] = counts.get(name, 0) + 1
        if sighting.kind in SPREADING:
            self.fields.add(sighting)
            self.observed += event.observed_at is not None

    def wants_names(self, event: ForwardEvent) -> bool:
        """Return True if the field names of an event may explain an absent field; count the event if so."""
        if event.actor is not None and event.chat is not None and event.text:
            return False
        seen = self.inspected.get(event.platform, 0)
        if seen >= _INSPECTED or (not seen and len(self.inspected) >= _PLATFORMS):
            return False
        self.inspected[event.platform] = seen + 1
        return True

    def add_names(self, event: ForwardEvent, names: Iterable[str]) -> None:
        """Keep names that resemble a field which the event lacks."""
        present = list(names)
        for field in WATCHED:
            if field not in self.similar and not getattr(event, field) and (name := similar_field(field, present)):
                self.similar[field] = name


def missing_fields(counts: FieldCounts) -> tuple[str, ...]:
    """Return a sentence for each field that is nearly absent, with its consequence for the counts."""
    lines = []
    if _is_rare(counts.actors, counts.shares):
        counted = "posts" if _is_rare(counts.chats, counts.shares) else "chats"
        lines.append(
            f"{percent(counts.actors, counts.shares)} of events name an actor: {counted} are counted, not people"
        )
    if _is_rare(counts.chats, counts.shares):
        lines.append(f"{percent(counts.chats, counts.shares)} of events name a chat: chats cannot be counted")
    if _is_rare(counts.texts, counts.originals):
        lines.append(
            f"{percent(counts.texts, counts.originals)} of events without a reference have a text: only addresses and "
            "pictures connect them"
        )
    if _is_rare(counts.parents, counts.passed_on or counts.shares):
        lines.append("nearly no event names its parent: the forward graph cannot be drawn" if counts.parents
                     else "no event names its parent: the forward graph cannot be drawn")  # fmt: skip
    return tuple(lines)


def _is_rare(count: int, of: int) -> bool:
    return count < of * _NEARLY


def percent(count: int, of: int) -> str:
    """Return a share in per cent; a share that rounds to 0 is "under 1 %"."""
    return "under 1 %" if 0 < count * 100 < of else f"{count * 100 // of} %"


__all__ = ["WATCHED", "FieldCounts", "InputProfile", "missing_fields", "percent"]
