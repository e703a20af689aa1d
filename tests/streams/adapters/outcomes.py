"""Read outcomes in tests, and check that intake accepts their events."""

from collections.abc import Iterable

import msgspec

from detectors.reading.config import IntakeConfig
from detectors.reading.event_reader import read_event
from schemas.event import ForwardEvent
from streams.adapters.base import Converted, Format, Item, Options, Outcome, Refused, Skipped, date_counter, is_undated
from tests.streams.adapters.file import MemoryFile

AT = 1_775_034_000_000
"""2026-04-01T09:00:00Z."""


def events_of(outcome: Outcome) -> tuple[ForwardEvent, ...]:
    assert isinstance(outcome, Converted), outcome
    return outcome.events


def first_of(outcome: Outcome) -> ForwardEvent:
    return events_of(outcome)[0]


def reason_of(outcome: Outcome) -> str:
    assert isinstance(outcome, Skipped | Refused), outcome
    return outcome.reason


def items_of(form: Format, file: MemoryFile | str | bytes) -> list[Item]:
    return list(form.read(file if isinstance(file, MemoryFile) else MemoryFile(file), Options()))


def check_accepted(outcomes: Iterable[Outcome]) -> None:
    """Check that each outcome is one of the three, and that intake accepts each event."""
    for outcome in outcomes:
        if not isinstance(outcome, Converted):
            assert isinstance(outcome, Skipped | Refused)
            assert outcome.reason.replace("_", "").isalnum()
            continue
        assert outcome.events
        for event in outcome.events:
            if len(event.text) <= IntakeConfig().max_text_chars:
                dated = date_counter(event, AT) if is_undated(event) else event
                read_event(msgspec.json.encode(dated), IntakeConfig())
