"""Read files of foreign formats as one source of events, sorted by time.

An event of the reader has the bytes that the same event has on `forwards`, so intake treats both alike. A refused item
becomes a rejection with its position.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence

import msgspec

from schemas.event import ForwardEvent
from schemas.rejection import Reason
from schemas.sighting import Position, RawEvent
from streams.adapters.base import Converted, Format, FormatError, Item, Refused, date_counter, is_undated
from streams.recordings.base import UnreadableRecord, combine_digests, printable, sha256_of
from streams.recordings.imports.choices import DEFAULTS, ImportChoices
from streams.recordings.imports.files import ImportFile
from streams.recordings.imports.report import FileReport, FileTally
from streams.recordings.imports.spool import EventSpool

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ForwardEvent).decode
_PLACE_BITS = 44  # a position below 2**44 and the number of its file share one integer


class Recognised(msgspec.Struct, frozen=True):
    """A file with its format."""

    file: ImportFile
    format: Format


class ImportedReader:
    """Reader of one or several files of foreign formats; see `SourceReader`.

    The first record appears after all files have been read, because an export may list its messages in any order.
    Memory: 28 bytes for each event. Disk: the events, in the folder of temporary files.

    Args:
        found: the files with their formats.
        settings: choices of the user about the files.
        change: applied to each event, e.g. to replace its identifiers.

    """

    topic = None

    def __init__(
        self,
        found: Sequence[Recognised],
        settings: ImportChoices = DEFAULTS,
        change: Callable[[ForwardEvent], ForwardEvent] | None = None,
    ) -> None:
        self._found, self.settings, self._change = found, settings, change
        self._tallies = [FileTally(number, one.format, settings.options) for number, one in enumerate(found, start=1)]
        formats = sorted({one.format.name for one in found})
        self.name = ", ".join(tally.label for tally in self._tallies[:5]) + (", ..." if len(found) > 5 else "")
        self.format = ", ".join(formats)
        self._paths = list(dict.fromkeys(one.file.path for one in found))
        self.total: int | None = sum(one.file.size for one in found)

    @property
    def done(self) -> int:
        """The stored bytes read so far."""
        return sum(one.file.done for one in self._found)

    def reports(self) -> tuple[FileReport, ...]:
        """Return the report of each file."""
        return tuple(tally.report() for tally in self._tallies)

    def sha256(self) -> str | None:
        """Return the digest of the file, or the combined digest of the files in their order."""
        digests = [sha256_of(path) for path in self._paths]
        return digests[0] if len(digests) == 1 else combine_digests(digests)

    def close(self) -> None:
        """Do nothing: each pass over a file closes it."""

    def __iter__(self) -> Iterator[RawEvent | UnreadableRecord]:
        """Yield the refused items, then the events in the order of their times."""
        spool = EventSpool()
        try:
            for number in range(len(self._found)):
                yield from self._read(number, spool)
            for place, raw in spool:
                yield RawEvent(raw, self._position(place))
        finally:
            spool.close()

    def _read(self, number: int, spool: EventSpool) -> Iterator[UnreadableRecord]:
        """Add the events of one file to the spool, and yield its refused items."""
        found, tally = self._found[number], self._tallies[number]
        undated = EventSpool()
        try:
            for position, outcome in self._items(found):
                tally.add((position, outcome))
                if isinstance(outcome, Refused):
                    yield _unreadable(outcome, Position(tally.label, 0, position))
                elif isinstance(outcome, Converted):
                    self._add(outcome.events, (number << _PLACE_BITS) + position, spool, undated)
            # A message and a counter of one time have no certain order, and a counter before its message is lost.
            at = self.settings.options.collected_at or (tally.newest or 0) + 1
            for place, raw in undated:
                self._add((date_counter(_decode(raw), at),), place, spool, undated)
        finally:
            undated.close()

    def _items(self, found: Recognised) -> Iterator[Item]:
        """Yield the items of a file; an error that concerns the whole file names it."""
        try:
            yield from found.format.read(found.file, self.settings.options)
        except FormatError as error:
            raise FormatError(f"cannot import {printable(found.file.name)}: {error}") from None

    def _add(self, events: Sequence[ForwardEvent], place: int, spool: EventSpool, undated: EventSpool) -> None:
        for event in events:
            dated = event
            if event.created_at is None and is_undated(event):
                undated.add(0, place, _encode(event))
                continue
            if event.counters is not None:
                dated = _dated(event)
            changed = dated if self._change is None else self._change(dated)
            spool.add(dated.stamped_at, place, _encode(changed))

    def _position(self, place: int) -> Position:
        tally = self._tallies[place >> _PLACE_BITS]
        return Position(tally.label, 0, place & ((1 << _PLACE_BITS) - 1))


def _dated(event: ForwardEvent) -> ForwardEvent:
    """Return a counter whose time is known with an event id for that time."""
    return event if "#c" in event.event_id else date_counter(event, event.stamped_at)


def _unreadable(refused: Refused, position: Position) -> UnreadableRecord:
    digest = hashlib.sha256(refused.raw).hexdigest()
    detail = f"{refused.reason}: {refused.detail}"
    return UnreadableRecord(Reason.FOREIGN_ITEM, detail, position, len(refused.raw), digest, refused.raw)


__all__ = ["ImportedReader", "Recognised"]
