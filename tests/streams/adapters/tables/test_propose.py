"""Proposed profiles are valid, choose well-known columns, and hold no value of a row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Kind
from streams.adapters.base import Converted, FormatError, Options
from streams.adapters.opening import Opening
from streams.adapters.tables import format_of, propose
from streams.adapters.tables.profile import read_profile
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.tables.samples import SAMPLES

TABLE = """Post ID;Sent at;Sender;Group name;Body;Is forwarded;Views;Mood
p1;14/11/2023 22:13;una;Harbour;The pier is shut, they say;yes;1.100;calm
p2;15/11/2023 08:00;ben;Harbour;Is that so?;no;7;calm
"""


def test_a_proposal_chooses_the_columns_and_the_notation_of_the_times() -> None:
    text = propose(Opening(TABLE.encode()))
    profile = read_profile(text.encode(), "proposal")
    columns = profile.columns
    assert (columns.message_id, columns.created_at, columns.actor) == ("Post ID", "Sent at", "Sender")
    assert (columns.chat, columns.text) == ("Group name", "Body")
    assert (profile.time.format, profile.counters.views) == ("numeric", "Views")
    assert "# zone = " in text
    assert text.endswith('# other columns: "Mood"')


def test_the_proposal_reads_its_table_once_the_open_questions_are_answered() -> None:
    profile = propose(Opening(TABLE.encode()))
    items = list(format_of(profile.encode(), "p").read(MemoryFile(TABLE), Options(zone="UTC")))
    events = [event for _, one in items if isinstance(one, Converted) for event in one.events]
    assert [event.kind for event in events] == [Kind.FORWARD, Kind.COUNTER, Kind.POST, Kind.COUNTER]
    assert events[0].created_at == 1_699_999_980_000


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_proposal_for_each_known_table_is_a_valid_profile(name: str) -> None:
    table = SAMPLES[name].table
    assert read_profile(propose(Opening(table.encode())).encode(), "p").name == "my-table"


@pytest.mark.parametrize(
    ("cell", "form"),
    [("1700000000", "unix_s"), ("1700000000123", "unix_ms"), ("2023-11-14T22:13:20Z", "iso"), ("?", "iso")],
)
def test_the_notation_of_the_times_is_the_one_that_reads_all_values(cell: str, form: str) -> None:
    profile = propose(Opening(f"id,timestamp,text\n1,{cell},x\n".encode()))
    assert read_profile(profile.encode(), "p").time.format == form


@pytest.mark.parametrize(
    "line", ["17,1700000000,una,The pier is shut", "una,14/11/2023 22:13,shut", "a,http://a.example"]
)
def test_a_table_without_a_header_has_no_proposal_and_its_first_row_is_not_shown(line: str) -> None:
    with pytest.raises(FormatError, match="the first line holds values") as caught:
        propose(Opening(f"{line}\n{line}\n".encode()))
    assert "una" not in str(caught.value)


@pytest.mark.parametrize("data", [b'{"a": 1}', b"", b"one column\nvalue\n"])
def test_a_file_that_is_no_table_has_no_proposal(data: bytes) -> None:
    with pytest.raises(FormatError, match="no profile can be proposed"):
        propose(Opening(data))


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_proposal_is_always_a_valid_profile_and_shows_no_row(header: str, row: str) -> None:
    marked = f"nr,when,{header}\n1,zebra-value,{row}\n"
    try:
        text = propose(Opening(marked.encode("utf-8", "replace")))
    except FormatError:
        return
    assert read_profile(text.encode(), "p")
    assert "zebra-value" not in text or "zebra-value" in header
