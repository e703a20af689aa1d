"""Read the published data of Community Notes as fact-checks of the posts that they are attached to.

A note counts once people of different views have rated it helpful. X publishes notes and their states as two tables
that share `noteId`, so the table of notes is read together with its companions, the tables of states, of the same
import. The text of a note is no claim, so the event has none: it refers to the post. Community Notes, "Downloading
data".

Reasons to skip: `not_rated_helpful`, `not_misleading`, `state_of_a_note` (a row of the table of states, which the
table of notes uses). Reasons to refuse: `ragged_row`, `missing_field`, `time_out_of_range`, and those of `items.rows`.
"""

import re
from collections.abc import Iterator, Mapping

from schemas.event import Debunk, ForwardEvent, IdScope, Kind
from schemas.event import Source as Origin
from streams.adapters.base import (
    Capabilities,
    Converted,
    Format,
    FormatError,
    Item,
    Options,
    Outcome,
    Refused,
    Skipped,
    Source,
)
from streams.adapters.items import rows
from streams.adapters.opening import OPENING_BYTES, Opening
from streams.adapters.platforms import X
from streams.adapters.x.post import read_ms

ADAPTER = "community-notes"
PUBLISHER = "Community Notes"
HELPFUL = "CURRENTLY_RATED_HELPFUL"
MISLEADING = "MISINFORMED_OR_POTENTIALLY_MISLEADING"
MAX_HELPFUL = 2_000_000
"""Notes that may be rated helpful, about 100 bytes each; by 2026, X had published fewer than a tenth of these."""

_STATE = ("noteId", "currentStatus", "timestampMillisOfCurrentStatus")
_NOTE = ("noteId", "tweetId", "classification")
_REASON = "misleading"
_word = re.compile(r"(?<!^)(?=[A-Z])").sub

Row = Mapping[str, str]


def convert(note: Row, status: str | None, stamp: str | None) -> Outcome:
    """Return the outcome of a note with its state; never raises.

    Args:
        note: a row of the table of notes.
        status: `currentStatus` of the note; None if the table of states does not have the note, or not as helpful.
        stamp: `timestampMillisOfCurrentStatus` of the note.

    """
    if note.get("classification") != MISLEADING:
        return Skipped("not_misleading")
    if status != HELPFUL:
        return Skipped("not_rated_helpful")
    note_id, post_id = note.get("noteId", ""), note.get("tweetId", "")
    for name, value in (("noteId", note_id), ("tweetId", post_id)):
        if not (value.isascii() and value.isdigit() and len(value) <= 20):
            return Refused("missing_field", f"`{name}` is no number of at most 20 digits")
    at = read_ms(stamp)
    if at is None:
        return Refused("time_out_of_range", "`timestampMillisOfCurrentStatus` is no time in ms from 2000 to 2100")
    event = ForwardEvent(
        event_id=f"debunk/{PUBLISHER}/{note_id}",
        platform=X,
        kind=Kind.DEBUNK,
        created_at=at,
        message_id=post_id,
        id_scope=IdScope.PLATFORM,
        debunk=Debunk(PUBLISHER, verdict_of(note), f"https://x.com/i/birdwatch/n/{note_id}"),
        source=Origin(ADAPTER),
    )
    return Converted((event,))


def verdict_of(note: Row) -> str:
    """Return the reasons that the author of a note ticked, in words.

    >>> verdict_of({"misleadingFactualError": "1", "misleadingSatire": "0", "misleadingOutdatedInformation": "1"})
    'misleading: factual error, outdated information'
    """
    ticked = [
        _word(" ", name.removeprefix(_REASON)).lower()
        for name, value in note.items()
        if name.startswith(_REASON) and value.strip() in {"1", "1.0", "true"}
    ]
    return f"misleading: {', '.join(ticked)}" if ticked else "misinformed or potentially misleading"


def read(source: Source, _: Options) -> Iterator[Item]:
    """Yield the outcome of each row of a table of notes, with the states of its companions, or of a joined table.

    Raises:
        FormatError: the table of states is missing, or too large.

    """
    states: dict[str, str] | None = None
    for position, row in _rows(source, _NOTE):
        if isinstance(row, Refused):
            yield position, row
        elif set(_STATE) <= row.keys():
            yield position, convert(row, row["currentStatus"], row["timestampMillisOfCurrentStatus"])
        else:
            if states is None:
                states = _helpful(source)
            stamp = states.get(row.get("noteId", ""))
            yield position, convert(row, None if stamp is None else HELPFUL, stamp)


def read_states(source: Source, _: Options) -> Iterator[Item]:
    """Yield one skip for each row of a table of states, which is used by the table of notes.

    Raises:
        FormatError: the table of notes is missing.

    """
    if next(source.companions(recognises), None) is None:
        raise FormatError(
            f"{source.name} has the states of Community Notes and not the notes; name the table of notes too "
            "(notes-00000.tsv)"
        )
    for position, row in _rows(source, _STATE):
        yield position, row if isinstance(row, Refused) else Skipped("state_of_a_note")


def recognises(opening: Opening) -> bool:
    """Return True for a table of notes, with or without columns of their states."""
    return set(_NOTE) <= set(opening.columns)


def recognises_states(opening: Opening) -> bool:
    """Return True for a table of the states of notes."""
    return set(_STATE) <= set(opening.columns) and not recognises(opening)


FORMAT = Format(
    name=ADAPTER,
    title="the notes of Community Notes (notes-00000.tsv)",
    platforms=(X,),
    capabilities=Capabilities(
        people="none",
        parents="none; each event is a fact-check of a post",
        hops="none",
        counters="none",
        times="X's clock: when the note got its current state, in milliseconds",
    ),
    recognises=recognises,
    read=read,
)
STATES_FORMAT = Format(
    name="community-notes-states",
    title="the states of Community Notes (noteStatusHistory-00000.tsv)",
    platforms=(X,),
    capabilities=FORMAT.capabilities._replace(parents="none; the notes are read with these states"),
    recognises=recognises_states,
    read=read_states,
)


def _rows(source: Source, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str] | Refused]]:
    """Yield the rows below the header by the names of their columns; the delimiter is that of the header.

    Raises:
        FormatError: the header lacks a needed column.

    """
    header: list[str] | None = None
    for position, row in rows(source.chunks(), _delimiter(source)):
        if isinstance(row, Refused):
            yield position, row
        elif header is None:
            header = [name.strip() for name in row]
            if missing := [name for name in needed if name not in header]:
                raise FormatError(f"{source.name} has no column {missing[0]}, which tables of Community Notes have")
        elif len(row) != len(header):
            yield position, Refused("ragged_row", f"the row has {len(row)} columns and the header {len(header)}")
        else:
            yield position, dict(zip(header, row, strict=True))


def _delimiter(source: Source) -> str:
    start = b""
    for piece in source.chunks():
        start += piece
        if b"\n" in start or len(start) > OPENING_BYTES:
            break
    return Opening(start).delimiter


def _helpful(source: Source) -> dict[str, str]:
    """Return the time of the state of each note that is rated helpful, by the note's id.

    Raises:
        FormatError: no table of states, or too many notes.

    """
    helpful: dict[str, str] = {}
    found = False
    for companion in source.companions(recognises_states):
        found = True
        for _, row in _rows(companion, _STATE):
            if not isinstance(row, Refused) and row["currentStatus"] == HELPFUL:
                helpful[row["noteId"]] = row["timestampMillisOfCurrentStatus"]
        if len(helpful) > MAX_HELPFUL:
            raise FormatError(
                f"{source.name} comes with more than {MAX_HELPFUL} notes rated helpful; split the tables by date"
            )
    if not found:
        raise FormatError(
            f"{source.name} has Community Notes and not their states, without which no note is known to be rated "
            "helpful; name the table of states too (noteStatusHistory-00000.tsv)"
        )
    return helpful


__all__ = [
    "ADAPTER", "FORMAT", "HELPFUL", "MAX_HELPFUL", "MISLEADING", "PUBLISHER", "STATES_FORMAT", "convert", "read",
    "read_states", "recognises", "recognises_states", "verdict_of",
]  # fmt: skip
