"""Report of an import: the outcome of every item of a file, and what its events show about people and paths."""

from collections import Counter

import msgspec

from schemas.event import ForwardEvent, Kind
from streams.adapters.base import Converted, Format, Item, Options, Refused, Skipped

_COUNTER, _FORWARD = Kind.COUNTER, Kind.FORWARD  # access to enum members is slow
_MAX_REFUSALS = 20  # positions kept for each file


class RefusedItem(msgspec.Struct, frozen=True):
    """An item that could not be read."""

    position: int
    reason: str
    detail: str


class FileReport(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Outcome of one file: read = events + skipped + refused."""

    file: str  # the number of the file and its format, e.g. "1-whatsapp-chat"; a file's name may be a person's
    format: str
    platforms: tuple[str, ...] = ()
    read: int = 0
    events: int = 0  # items with an event
    statements: int = 0  # further events of the same items: counters, fact-checks
    skipped: dict[str, int] = {}
    refused: dict[str, int] = {}
    first_refused: tuple[RefusedItem, ...] = ()
    first: int | None = None  # event times, ms since 1970
    last: int | None = None
    zone: str | None = None  # of times without a zone
    with_parent: int = 0  # events whose direct parent is known
    with_origin: int = 0  # events whose original alone is known
    with_hops: int = 0
    forwards: int = 0
    people: str = ""  # ids, names
    notes: dict[str, int] = {}

    @property
    def balanced(self) -> bool:
        """Return True if every item has an outcome."""
        return self.read == self.events + sum(self.skipped.values()) + sum(self.refused.values())


class FileTally:
    """Counts the items of one file."""

    def __init__(self, number: int, format_: Format, options: Options) -> None:
        self.label = f"{number}-{format_.name}"
        self._format, self._options = format_, options
        self._skipped: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()
        self._first_refused: list[RefusedItem] = []
        self._platforms: set[str] = set()
        self._read = self._events = self._statements = 0
        self._parents = self._origins = self._hops = self._forwards = 0
        self._first: int | None = None
        self._last: int | None = None

    @property
    def newest(self) -> int | None:
        """The newest time of the events so far, in ms since 1970."""
        return self._last

    def add(self, item: Item) -> None:
        """Count the outcome of an item."""
        position, outcome = item
        self._read += 1
        if isinstance(outcome, Refused):
            self._refused[outcome.reason] += 1
            if len(self._first_refused) < _MAX_REFUSALS:
                self._first_refused.append(RefusedItem(position, outcome.reason, outcome.detail))
            return
        self._notes.update(outcome.notes)
        if isinstance(outcome, Skipped) or not outcome.events:
            self._skipped[outcome.reason if isinstance(outcome, Skipped) else "no_event"] += 1
            return
        self._add_events(outcome)

    def _add_events(self, outcome: Converted) -> None:
        self._events += 1
        self._statements += len(outcome.events) - 1
        for event in outcome.events:
            self._add_event(event)

    def _add_event(self, event: ForwardEvent) -> None:
        at, kind = event.stamped_at, event.kind
        if event.platform not in self._platforms:
            self._platforms.add(event.platform)
        if at:  # 0: a counter that has no time yet
            self._first = at if self._first is None or at < self._first else self._first
            self._last = at if self._last is None or at > self._last else self._last
        if kind is _COUNTER:
            return
        if event.parent_ref is not None:
            self._parents += 1
        elif event.root_ref is not None:
            self._origins += 1
        if event.hops_min > 0 or event.frequently_forwarded:
            self._hops += 1
        if kind is _FORWARD:
            self._forwards += 1

    def report(self) -> FileReport:
        """Return the report so far."""
        return FileReport(
            file=self.label,
            format=self._format.name,
            platforms=tuple(sorted(self._platforms)),
            read=self._read,
            events=self._events,
            statements=self._statements,
            skipped=dict(sorted(self._skipped.items())),
            refused=dict(sorted(self._refused.items())),
            first_refused=tuple(self._first_refused),
            first=self._first,
            last=self._last,
            zone=self._options.zone if "zone" in self._format.needs else None,
            with_parent=self._parents,
            with_origin=self._origins,
            with_hops=self._hops,
            forwards=self._forwards,
            people=self._format.capabilities.people,
            notes=dict(sorted(self._notes.items())),
        )


__all__ = ["FileReport", "FileTally", "RefusedItem"]
