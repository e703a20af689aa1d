"""Contract of adapters: a format, the outcome of each item, and the options of an import.

An adapter is a pure function from the items of a format to outcomes. An adapter opens no socket, reads no clock and
replaces no identifier; the caller pseudonymises, dates counters and sorts the events by time. Files and listeners
share the functions, so a message has the same ids, whichever way it arrives.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from schemas.event import ForwardEvent, Kind, Media
from streams.errors import UserError

if TYPE_CHECKING:
    from streams.adapters.opening import Opening


class FormatError(UserError):
    """A file that cannot be imported as a whole; the message gives the problem, the file and the option that helps."""


class Converted(NamedTuple):
    """The events of one item: its own first, then statements in the same item, such as a counter or a fact-check."""

    events: tuple[ForwardEvent, ...]
    notes: tuple[str, ...] = ()  # remarks for the report, counted by their text


class Skipped(NamedTuple):
    """An item without an event, by design of the format: a service message, a deleted message."""

    reason: str  # a short word with underscores
    notes: tuple[str, ...] = ()


class Refused(NamedTuple):
    """An item that should hold an event and cannot be read; the caller keeps the item as a rejection."""

    reason: str  # a short word with underscores
    detail: str  # the problem and the field, never a value of the item
    raw: bytes = b""  # the item as stored, if the adapter has its bytes


Outcome = Converted | Skipped | Refused
Item = tuple[int, Outcome]
"""The position of an item in its file (the line, or the number of the item, from 0) and its outcome."""


class ObjectKind(StrEnum):
    """Content of a column `object_id`: the id of the shared message, an address, or a text."""

    ID = "id"
    URL = "url"
    TEXT = "text"


class TiplineKind(StrEnum):
    """Kind of an unforwarded message to a tipline: a person's report of a rumour, or a post."""

    REPORT = "report"
    POST = "post"


class Options(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Facts about a file that the file does not contain; a run keeps them, so that it can be repeated."""

    zone: str | None = None  # time zone of times without one, by its IANA name
    day_first: bool | None = None  # order of day and month; None: decided from the dates, or refused
    chat: str | None = None  # name of the chat; None: from the file
    collected_at: int | None = None  # time of collection, ms since 1970; None: from the file
    object_kind: ObjectKind | None = None
    tipline_unmarked: TiplineKind = TiplineKind.REPORT
    keep_automatic: bool = False  # keep a channel's automatic copies into its discussion group


class Source(Protocol):
    """A file to import, decompressed."""

    @property
    def name(self) -> str:
        """The name of the file, without its folder; a member of an archive has the name of the archive."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from the start, in pieces.

        Raises:
            TruncatedError: the file ends too early or is damaged; all bytes before have been yielded.

        """
        ...

    def media(self, path: str) -> Media | None:
        """Return the hashes of a picture, clip or file that the export names; None if the file is not at hand."""
        ...

    def companions(self, recognises: "Callable[[Opening], bool]") -> "Iterator[Source]":
        """Yield the other files of the same import that have certain signs, for a format that needs two files.

        Files that the user has not given are never opened.
        """
        ...


class TruncatedError(Exception):
    """A compressed file that ends too early or is damaged."""


class Capabilities(NamedTuple):
    """Information that a format carries, in words for `hearsay import --list`."""

    people: str  # "ids", "names", "digests of another tool", "none"
    parents: str  # "the direct parent", "the original", "none"
    hops: str
    counters: str
    times: str  # whose clock, and the resolution


_STATEMENTS = frozenset({Kind.COUNTER, Kind.DELETE, Kind.DEBUNK})


class Format(NamedTuple):
    """One format: its names, what it can show, how it is recognised and how it is read."""

    name: str  # "telegram-desktop"
    title: str  # with an article: "a Telegram Desktop export (result.json)"
    platforms: tuple[str, ...]
    capabilities: Capabilities
    recognises: Callable[["Opening"], bool]
    read: Callable[[Source, Options], Iterator[Item]]
    needs: tuple[str, ...] = ()  # names of options without which no file can be read: "zone"


def date_counter(event: ForwardEvent, at: int) -> ForwardEvent:
    """Return an undated statement with a time in ms; a counter also gets an event id for this time."""
    return msgspec.structs.replace(
        event,
        event_id=f"{event.event_id}#c{at}" if event.kind is Kind.COUNTER else event.event_id,
        created_at=at if event.created_at is None else event.created_at,
    )


def is_undated(event: ForwardEvent) -> bool:
    """Return True for a statement whose file does not name its time: a counter, a deletion or a fact-check."""
    return event.kind in _STATEMENTS and event.created_at is None and event.observed_at is None


__all__ = [
    "Capabilities", "Converted", "Format", "FormatError", "Item", "ObjectKind", "Options", "Outcome", "Refused",
    "Skipped", "Source", "TiplineKind", "TruncatedError", "date_counter", "is_undated",
]  # fmt: skip
