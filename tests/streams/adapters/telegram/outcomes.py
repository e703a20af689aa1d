"""Look into outcomes, and check that intake accepts their events."""

from collections.abc import Iterable

import msgspec

from detectors.reading.config import IntakeConfig
from detectors.reading.event_reader import read_event
from schemas.event import ForwardEvent
from streams.adapters.base import Converted, Outcome, Refused, Skipped, date_counter, is_undated

COLLECTED_AT = 1_789_000_000_000


def first(outcome: Outcome) -> ForwardEvent:
    """Return the event of the item itself."""
    assert isinstance(outcome, Converted), outcome
    return outcome.events[0]


def reason(outcome: Outcome) -> str:
    assert isinstance(outcome, Skipped | Refused), outcome
    return outcome.reason


def check(outcomes: Iterable[Outcome]) -> None:
    """Check that each outcome is of one of the three types, and that intake accepts every event."""
    for outcome in outcomes:
        if isinstance(outcome, Skipped | Refused):
            assert outcome.reason.replace("_", "").isalnum()
            continue
        assert outcome.events
        for event in outcome.events:
            dated = date_counter(event, COLLECTED_AT) if is_undated(event) else event
            if len(dated.text) <= IntakeConfig().max_text_chars:
                read_event(msgspec.json.encode(dated), IntakeConfig())
