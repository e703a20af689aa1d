"""Community Notes: two tables that are read together, or one that is joined already."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Kind
from streams.adapters.base import FormatError
from streams.adapters.opening import Opening
from streams.adapters.registry import recognise
from streams.adapters.x import community_notes
from streams.adapters.x.community_notes import FORMAT, HELPFUL, MISLEADING, STATES_FORMAT, convert
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.outcomes import AT, check_accepted, events_of, items_of, reason_of

NOTE = ("noteId", "tweetId", "createdAtMillis", "classification", "misleadingOther", "misleadingFactualError",
        "misleadingMissingImportantContext", "summary")  # fmt: skip
STATE = ("noteId", "createdAtMillis", "currentStatus", "timestampMillisOfCurrentStatus")


def table(columns: Iterable[str], *rows: Iterable[object], delimiter: str = "\t") -> str:
    return "".join(delimiter.join(map(str, row)) + "\n" for row in (columns, *rows))


def note(number: int, classification: str = MISLEADING, **more: object) -> list[object]:
    row: dict[str, object] = {"noteId": number, "tweetId": f"20392690000000001{number}", "createdAtMillis": AT - 9000}
    row |= {"classification": classification, "summary": "No ferry sank."} | more
    return [row.get(name, 0) for name in NOTE]


def state(number: int, status: str = HELPFUL, at: object = AT) -> list[object]:
    return [number, AT - 9000, status, at]


NOTES = table(
    NOTE, note(10, misleadingFactualError=1, misleadingMissingImportantContext=1), note(11), note(12, "NOT_MISLEADING")
)
STATES = table(STATE, state(10), state(11, "NEEDS_MORE_RATINGS"), state(12))


def both(notes: str, *states: str) -> MemoryFile:
    return MemoryFile(notes, others=[MemoryFile(one) for one in (notes, *states)])


def test_a_note_rated_helpful_is_a_fact_check_of_its_post() -> None:
    (_, first), (_, second), (_, third) = items_of(FORMAT, both(NOTES, STATES))
    (event,) = events_of(first)
    assert (event.kind, event.message_id, event.text) == (Kind.DEBUNK, "2039269000000000110", "")
    assert (event.event_id, event.created_at) == ("debunk/Community Notes/10", AT)
    assert event.debunk is not None
    assert event.debunk.publisher == "Community Notes"
    assert event.debunk.verdict == "misleading: factual error, missing important context"
    assert [reason_of(second), reason_of(third)] == ["not_rated_helpful", "not_misleading"]


def test_states_in_several_files_are_joined() -> None:
    one, two = table(STATE, state(11)), table(STATE, state(10))
    assert [type(outcome).__name__ for _, outcome in items_of(FORMAT, both(NOTES, one, two))][:2] == ["Converted"] * 2


@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_a_joined_table_is_read_alone(delimiter: str) -> None:
    text = table((*NOTE, *STATE[2:]), [*note(10), HELPFUL, AT], [*note(11), "", ""], delimiter=delimiter)
    assert recognise(Opening(text.encode())) is FORMAT
    (position, first), (_, second) = items_of(FORMAT, text)
    assert (position, events_of(first)[0].created_at, reason_of(second)) == (1, AT, "not_rated_helpful")
    assert events_of(first)[0].debunk.verdict == "misinformed or potentially misleading"  # type: ignore[union-attr]


def test_one_table_alone_is_refused_with_the_name_of_the_other() -> None:
    with pytest.raises(FormatError, match="noteStatusHistory"):
        items_of(FORMAT, NOTES)
    with pytest.raises(FormatError, match="notes-00000"):
        items_of(STATES_FORMAT, STATES)


def test_the_rows_of_the_states_are_counted_and_give_no_event() -> None:
    found = items_of(STATES_FORMAT, both(STATES, NOTES))
    assert [reason_of(outcome) for _, outcome in found] == ["state_of_a_note"] * 3


def test_each_table_is_recognised_by_its_columns() -> None:
    assert recognise(Opening(NOTES.encode())) is FORMAT
    assert recognise(Opening(STATES.encode())) is STATES_FORMAT
    assert recognise(Opening(b"noteId\tparticipantId\thelpfulnessLevel\n")) is None


def test_a_table_of_another_kind_is_refused_by_its_columns() -> None:
    with pytest.raises(FormatError, match="no column tweetId"):
        items_of(FORMAT, "noteId\tsummary\n1\tx\n")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (note(10)[:-1], "ragged_row"),
        (note(10, tweetId=""), "missing_field"),
        (note(10, tweetId="1.2E+18"), "missing_field"),
        (note(99), "not_rated_helpful"),
    ],
)
def test_a_bad_row_is_refused_and_the_next_is_read(row: list[object], reason: str) -> None:
    (_, bad), (_, good) = items_of(FORMAT, both(table(NOTE, row, note(10)), STATES))
    assert reason_of(bad) == reason
    assert events_of(good)


def test_a_state_without_a_time_is_refused() -> None:
    states = table(STATE, state(10, at=""))
    assert [reason_of(one) for _, one in items_of(FORMAT, both(table(NOTE, note(10)), states))] == ["time_out_of_range"]


def test_more_helpful_notes_than_fit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(community_notes, "MAX_HELPFUL", 1)
    with pytest.raises(FormatError, match="split the tables"):
        items_of(FORMAT, both(NOTES, STATES))


CELLS = st.sampled_from(["", "0", "1", MISLEADING, HELPFUL, str(AT), "-5", "9" * 30, "é", "\ud800", "x" * 600])


@given(st.dictionaries(st.sampled_from([*NOTE, *STATE]), CELLS), CELLS | st.none(), CELLS | st.none())
def test_any_row_has_an_outcome_that_intake_accepts(row: dict[str, str], status: str | None, stamp: str | None) -> None:
    check_accepted([convert(row, status, stamp), convert(row | {"classification": MISLEADING}, HELPFUL, stamp)])
