"""The profiles that ship: each reads its table, no table is claimed twice, and damage never raises."""

import csv
import io
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.reading.config import IntakeConfig
from detectors.reading.event_reader import read_event
from schemas.event import ForwardEvent
from streams.adapters import platforms
from streams.adapters.base import (
    Converted,
    FormatError,
    ObjectKind,
    Options,
    Refused,
    Skipped,
    date_counter,
    is_undated,
)
from streams.adapters.opening import Opening
from streams.adapters.registry import recognise
from streams.adapters.tables.formats import profile_formats, recognises, shipped_profiles
from streams.adapters.tables.profile import PlatformColumn, alternatives
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.mutations import mutations
from tests.streams.adapters.tables.samples import AT, SAMPLES, TEXT, rows

FORMATS = {one.name: one for one in profile_formats()}
NO_OPTIONS = Options()
PROFILES = {one.name: one for one in shipped_profiles()}


def events(table: str, name: str, options: Options = NO_OPTIONS) -> list[ForwardEvent]:
    outcomes = [outcome for _, outcome in FORMATS[name].read(MemoryFile(table), options)]
    return [event for one in outcomes if isinstance(one, Converted) for event in one.events]


def value(event: ForwardEvent, field: str) -> object:
    if field in {"views", "forwards"}:
        return getattr(event.counters, field)
    if field == "cursor":
        return event.source and event.source.cursor
    return getattr(event, field)


def test_every_shipped_profile_has_a_sample() -> None:
    assert set(SAMPLES) == set(FORMATS)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_sample_gives_the_events_that_its_rows_describe(name: str) -> None:
    sample = SAMPLES[name]
    got = events(sample.table, name)
    assert len(got) == len(sample.events)
    for event, wanted in zip(got, sample.events, strict=True):
        assert {field: value(event, field) for field in wanted} == wanted


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_intake_accepts_every_event_of_a_sample(name: str) -> None:
    for event in events(SAMPLES[name].table, name):
        dated = date_counter(event, 1_790_000_000_000) if is_undated(event) else event
        event_read, _ = read_event(msgspec.json.encode(dated), IntakeConfig())
        assert event_read == dated


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_table_is_recognised_by_its_columns_in_any_order_and_case(name: str) -> None:
    table = SAMPLES[name].table.removeprefix("\ufeff")
    delimiter = Opening(table.encode()).delimiter
    header = next(csv.reader([table.partition("\n")[0]], delimiter=delimiter))
    for columns in (header, header[::-1], [one.upper() for one in header]):
        found = recognise(Opening(delimiter.join(columns).encode()))
        assert found is not None
        assert found.name == name


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_no_two_profiles_claim_one_table(name: str) -> None:
    least = ",".join(alternatives(column)[0] for column in PROFILES[name].recognise)
    for header in (SAMPLES[name].table.partition("\n")[0], least):
        assert [one.name for one in PROFILES.values() if recognises(one, Opening(header.encode()))] == [name]


MCL = (
    '{"data": [{"id": 701, "creation_time": "2025-03-04T10:16:30+0000", "text": "The pier is shut", "lang": "en", '
    '"post_owner": {"id": 31}, "surface": {"id": "41"}, "statistics": {"share_count": 12, "views": 900}, '
    '"shared_post_id": null}], "paging": {"next": "x"}}'
)
GRAPH = (
    '{"data": [{"id": "100_200", "created_time": "2025-03-04T10:16:30+0000", "message": "The pier is shut", '
    '"shares": {"count": 7}, "from": {"id": "100", "name": "Dunmore"}}], "paging": {}}'
)


@pytest.mark.parametrize(
    ("text", "name", "actor"),
    [
        (MCL, "meta-content-library-facebook", "31"),
        (MCL.replace("share_count", "like_count").replace('"surface"', '"x"'), "meta-content-library-instagram", "31"),
        (GRAPH, "facebook-graph", "100"),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_answers_of_the_apis_of_meta_are_read_by_the_profiles_of_their_tables(
    text: str, name: str, actor: str, indent: int | None
) -> None:
    data = json.dumps(json.loads(text), indent=indent)
    found = recognise(Opening(data.encode()))
    assert found is not None
    assert found.name == name
    post, counter = events(data, name)
    assert (post.created_at, post.actor, post.text) == (1_741_083_390_000, actor, "The pier is shut")
    assert counter.counters is not None


def test_platforms_of_profiles_are_those_of_the_product() -> None:
    known = {value for name, value in vars(platforms).items() if name.isupper()}
    named = {one.platform for one in PROFILES.values() if not isinstance(one.platform, PlatformColumn)}
    assert named - known == {"other"}


@pytest.mark.parametrize("name", sorted(SAMPLES))
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_another_delimiter_gives_the_same_events(name: str, delimiter: str) -> None:
    table, escape = SAMPLES[name].table.removeprefix("\ufeff"), PROFILES[name].escape
    rows = list(csv.reader(io.StringIO(table), delimiter=Opening(table.encode()).delimiter, escapechar=escape))
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, escapechar=escape, doublequote=escape is None).writerows(rows)
    assert events(out.getvalue(), name) == events(table, name)


@pytest.mark.parametrize("hint", ["sep=;\n", "sep=;\r\n", '"sep=;"\n', "\ufeffSEP=;\n"])
@pytest.mark.parametrize("piece", [3, 4096])
def test_the_line_that_tells_excel_the_delimiter_is_no_header(hint: str, piece: int) -> None:
    table = f"{hint}object_id;account_id;content_id;timestamp_share\n401;31;402;{AT}\n"
    form = recognise(Opening(table.encode()))
    assert form is not None
    [(_, outcome)] = form.read(MemoryFile(table, piece=piece), Options())
    assert isinstance(outcome, Converted)
    assert (outcome.events[0].message_id, outcome.events[0].root_ref) == ("402", "401")


def test_times_of_the_toolkit_may_be_dates_whose_zone_is_an_option() -> None:
    table = rows(
        "message_id,user_id,username,repost_id,reply_id,message,timestamp,urls",
        f"91,7,una,,,{TEXT},2023-11-14 22:13:20,",
    )
    form = recognise(Opening(table.encode()))
    assert form is not None
    [(_, outcome)] = form.read(MemoryFile(table), Options(zone="UTC"))
    assert isinstance(outcome, Converted)
    assert outcome.events[0].created_at == AT * 1000
    with pytest.raises(FormatError, match="--zone"):
        list(form.read(MemoryFile(table), Options()))


def test_remarks_name_the_columns_that_are_not_used_and_the_zone_that_was_chosen() -> None:
    table = SAMPLES["crowdtangle-facebook"].table.replace("EDT", "IST")
    first = next(outcome for _, outcome in FORMATS["crowdtangle-facebook"].read(MemoryFile(table), Options()))
    assert isinstance(first, Converted)
    assert any("columns that are not used: Page Category, Type" in note for note in first.notes)
    assert any("IST is read as UTC+05:30" in note for note in first.notes)
    assert first.events[0].created_at == 1_658_233_267_000 - (9 * 60 + 30) * 60_000


def test_a_zone_on_the_command_line_decides_between_the_meanings_of_an_abbreviation_only() -> None:
    table = SAMPLES["crowdtangle-facebook"].table
    israel = Options(zone="Asia/Jerusalem")
    winter = table.replace("2022-07-19 08:21:07 EDT", "2022-01-19 08:21:07 IST")
    assert events(winter, "crowdtangle-facebook", israel)[0].created_at == 1_642_573_267_000
    assert events(table, "crowdtangle-facebook", israel)[0].created_at == 1_658_233_267_000


@pytest.mark.parametrize("mark", ["RT @una: ", "RT @una "])
def test_reposts_in_both_spellings_of_4cat_have_the_text_of_the_original(mark: str) -> None:
    header = "id,thread_id,body,author_id,unix_timestamp,is_retweet"
    table = rows(header, f"601,601,{mark}{TEXT},71,{AT},yes", f"602,602,{mark}{TEXT},71,{AT},no")
    repost, post = events(table, "4cat-x")
    assert (repost.kind, repost.text) == ("forward", TEXT)
    assert (post.kind, post.text) == ("post", f"{mark}{TEXT}")


def test_a_repost_whose_original_is_not_named_and_whose_text_is_cut_is_skipped_with_that_reason() -> None:
    outcomes = [outcome for _, outcome in FORMATS["4cat-x"].read(MemoryFile(SAMPLES["4cat-x"].table), Options())]
    assert [one.reason for one in outcomes if isinstance(one, Skipped)] == ["cut_text"]


@st.composite
def damaged_tables(draw: st.DrawFn) -> tuple[str, bytes]:
    name = draw(st.sampled_from(sorted(SAMPLES)))
    table = SAMPLES[name].table
    header, *lines = table.split("\n")
    for _ in range(draw(st.integers(1, 3))):
        line = draw(st.integers(0, len(lines) - 1))
        at = draw(st.integers(0, len(lines[line])))
        piece = draw(
            st.sampled_from(["", '"', ",", "\n", "\0", "nan", "-5", "9" * 30, "é", "\\", "1,1,1", "T", "y" * 600])
        )
        lines[line] = lines[line][:at] + piece + lines[line][at + draw(st.integers(0, 9)) :]
    data = "\n".join([header, *lines]).encode()
    at = draw(st.integers(len(header.encode()) + 1, len(data)))
    return name, data[:at] + draw(st.sampled_from([b"", b"\xff", b"\x80\n"])) + data[at:]


@given(damaged_tables(), st.booleans())
def test_damage_below_the_header_never_raises_and_the_outcomes_add_up(drawn: tuple[str, bytes], cut: bool) -> None:
    name, data = drawn
    options = Options(zone="UTC", object_kind=ObjectKind.ID)
    items = list(FORMATS[name].read(MemoryFile(data, piece=97, damaged=cut), options))
    positions = [position for position, _ in items]
    assert positions == sorted(positions)
    for _, outcome in items:
        assert isinstance(outcome, Converted | Skipped | Refused)
        if isinstance(outcome, Converted):
            assert all(event.event_id and event.platform for event in outcome.events)
        elif isinstance(outcome, Refused):
            assert TEXT not in outcome.detail
    if cut:
        assert isinstance(items[-1][1], Refused)


@given(mutations(json.loads(MCL)["data"][0]) | mutations(json.loads(GRAPH)["data"][0]), st.booleans())
def test_any_change_of_a_json_row_gives_an_outcome(value: Any, graph: bool) -> None:
    fmt = FORMATS["facebook-graph" if graph else "meta-content-library-facebook"]
    whole = {**json.loads(GRAPH if graph else MCL)["data"][0], "id": "9", "extra": 1}
    data = "\n".join(json.dumps({"data": [one]}) for one in (value, whole))
    items = list(fmt.read(MemoryFile(data), NO_OPTIONS))
    assert len(items) == 2
    assert all(isinstance(outcome, Converted | Skipped | Refused) for _, outcome in items)
    assert isinstance(items[1][1], Converted)
    for _, outcome in items:
        if isinstance(outcome, Converted):
            assert [msgspec.json.decode(msgspec.json.encode(one)) for one in outcome.events]
