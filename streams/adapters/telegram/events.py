"""Build the events of Telegram's interfaces, so that a message has the same ids and references in each of them."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from schemas.event import Counters, Debunk, ForwardEvent, IdScope, Kind, ParentEvidence
from streams.adapters.base import Item, Options, Outcome, Refused, Source, date_counter
from streams.adapters.fields import FieldError, read_time
from streams.adapters.items import json_values
from streams.adapters.platforms import TELEGRAM
from streams.adapters.telegram.chats import message_ref
from streams.adapters.values import seconds, text, zone

IMPORTED = "imported history: the time is the one that the import names"


class Link(NamedTuple):
    """Kind of a message, and the messages that it refers to."""

    kind: Kind = Kind.POST
    root: str | None = None
    parent: str | None = None

    @property
    def evidence(self) -> ParentEvidence:
        """The source of the parent: the API where it names the message itself, else the origin."""
        if self.parent is not None:
            return ParentEvidence.API_PARENT
        return ParentEvidence.NONE if self.root is None else ParentEvidence.ORIGIN_ONLY


class Place(NamedTuple):
    """A message by its chat and number, with the event id of this sight of the message."""

    chat: int  # marked
    number: int
    edited_at: int | None = None  # ms

    @property
    def message_id(self) -> str:
        """The id of the message."""
        return message_ref(self.chat, self.number)

    @property
    def event_id(self) -> str:
        """The id of the message, with the time of its last edit in seconds."""
        return self.message_id if self.edited_at is None else f"{self.message_id}@{self.edited_at // 1000}"


def message_event(
    place: Place,
    at: int,
    link: Link,
    *,
    actor: int | None,
    words: str,
    urls: Iterable[str] = (),
    group: int | None = None,
    is_edit: bool = False,
) -> ForwardEvent:
    """Return the event of a message; a message without an actor is its chat's."""
    return ForwardEvent(
        event_id=place.event_id,
        platform=TELEGRAM,
        kind=Kind.EDIT if is_edit else link.kind,
        created_at=at,
        message_id=place.message_id,
        id_scope=IdScope.PLATFORM,
        group_id=str(group) if group else None,
        root_ref=link.root,
        parent_ref=link.parent,
        parent_evidence=link.evidence,
        hops_min=1 if link.kind is Kind.FORWARD else 0,
        actor=None if actor is None else str(actor),
        chat=str(place.chat),
        text=words,
        urls=tuple(dict.fromkeys(url for url in urls if url)),
    )


def counter_event(place: Place, views: int | None, forwards: int | None, options: Options) -> tuple[ForwardEvent, ...]:
    """Return the event of a message's counters, dated if the time of collection is known; none without counters."""
    if views is None and forwards is None:
        return ()
    event = _statement(place, Kind.COUNTER, place.message_id)
    event = msgspec.structs.replace(event, counters=Counters(views=views, forwards=forwards))
    return (_collected(event, options),)


def debunk_event(
    place: Place, verdict: str, country: str, review: object, options: Options
) -> tuple[ForwardEvent, ...]:
    """Return the event of a fact-check that Telegram shows under a message; none without a text.

    Args:
        place: the message.
        verdict: the text of the fact-check.
        country: the country whose readers see the fact-check.
        review: the number of this version of the fact-check, or None.
        options: the time of collection, because the fact-check has no time of its own.

    """
    if not verdict:
        return ()
    publisher = f"Telegram fact-check ({country[:32]})" if country else "Telegram fact-check"
    version = "" if review is None else f"/{review}"
    event = _statement(place, Kind.DEBUNK, f"debunk/{publisher}/{place.message_id}{version}")
    event = msgspec.structs.replace(event, debunk=Debunk(publisher=publisher, verdict=verdict))
    return (_collected(event, options),)


def deletion(place: Place) -> ForwardEvent:
    """Return the event of a deletion, whose time no interface of Telegram names."""
    return _statement(place, Kind.DELETE, f"{place.message_id}#d")


def _statement(place: Place, kind: Kind, event_id: str) -> ForwardEvent:
    return ForwardEvent(
        event_id=event_id,
        platform=TELEGRAM,
        kind=kind,
        message_id=place.message_id,
        id_scope=IdScope.PLATFORM,
        chat=str(place.chat),
    )


def _collected(event: ForwardEvent, options: Options) -> ForwardEvent:
    """Return a statement with the time of collection, if the options name it."""
    if options.collected_at is None:
        return event
    return date_counter(msgspec.structs.replace(event, observed_at=options.collected_at), options.collected_at)


def need_time(value: object, field: str, options: Options) -> int:
    """Return a time in ms, from Unix seconds or ISO 8601.

    Raises:
        FieldError: no time between 2000 and 2100, or a time without a zone where the options name none.

    """
    at = seconds(value)
    if at is None:
        at = read_time(value, None if options.zone is None else zone(options.zone))
    if at is None:
        raise FieldError("no_time", f"`{field}` is no time with a zone between 2000 and 2100")
    return at


def slices(words: str, places: Iterable[tuple[int | None, int | None]]) -> Iterator[str]:
    """Yield parts of a text by their places in UTF-16 units, as Telegram counts: an emoji is two units."""
    units: bytes | None = None
    for start, length in places:
        if start is None or length is None or start < 0 or length < 0:
            continue
        if words.isascii():
            yield words[start : start + length]
            continue
        units = words.encode("utf-16-le", "surrogatepass") if units is None else units
        yield units[2 * start : 2 * (start + length)].decode("utf-16-le", "ignore")


def read_values(
    source: Source,
    options: Options,
    unfold: Callable[[object], Iterable[object]],
    convert: Callable[[object, Options], Outcome],
) -> Iterator[Item]:
    """Yield the outcome of each object of a file of JSON values; an answer with a list of objects is unfolded.

    The objects of one answer share its position.
    """
    for position, value in json_values(source.chunks()):
        if isinstance(value, Refused):
            yield position, value
            continue
        for one in unfold(value):
            yield position, convert(one, options)


def name(value: object) -> str:
    """Return the name of a type or of another short word; the empty text for anything else."""
    return text(value)[:64]


__all__ = [
    "IMPORTED", "Link", "Place", "counter_event", "debunk_event", "deletion", "message_event", "name", "need_time",
    "read_values", "slices",
]  # fmt: skip
