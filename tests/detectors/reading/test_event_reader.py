"""A record that keeps to the contract is read as before; any other is read where one reading exists, else refused."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.reading.event_reader import UNCHANGED, read_event, read_fields
from detectors.reading.rules import InvalidEventError
from schemas.event import ForwardEvent, Kind
from schemas.rejection import Reason
from tests.detectors.reading.events import CONFIG, DAWN, EVENT, read, record, refused

OPTIONAL = [field.name for field in msgspec.structs.fields(ForwardEvent) if not field.required]


def test_a_record_of_the_contract_needs_no_repair():
    event, repairs = read(record())
    assert repairs is UNCHANGED
    assert event == msgspec.convert(EVENT, ForwardEvent)


# --- null -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in OPTIONAL if name not in EVENT])
def test_null_in_an_optional_field_is_an_absent_field(name):
    assert read(record(**{name: None}))[0] == read(record())[0]


def test_null_inside_a_field_is_absent_too():
    nested = record(urls=[None, "https://ferry.example"], media=[None, {"sha256": "ab" * 32, "pdq": None}])
    whole = record(urls=["https://ferry.example"], media=[{"sha256": "ab" * 32}])
    assert read(nested)[0] == read(whole)[0]


@pytest.mark.parametrize("name", ["event_id", "platform", "kind", "message_id"])
def test_null_in_a_required_field_is_a_missing_field(name):
    error = refused(record(**{name: None}))
    assert (error.reason, error.missing) == (Reason.MISSING_FIELD, (name,))


# --- halves of characters ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (b"leave \\ud83d", "leave \ufffd"),  # the pair is cut
        (b"leave \\ude31 now", "leave \ufffd now"),  # its second half alone
        (b"\\ud83d\\ud83d\\ude31", "\ufffd😱"),
        (b"leave \xed\xa0\xbd", "leave \ufffd"),  # raw CESU-8
        (b"go \xed\xa0\xbd\xed\xb8\xb1 \xed\xa0\xbd", "go 😱 \ufffd"),
        (b"leave \xf0\x9f\x98", "leave \ufffd"),  # cut after a number of bytes
        ("нет паром".encode() + b"\xd0", "нет паром\ufffd"),
    ],
)
def test_half_a_character_becomes_a_replacement_character(escaped, text):
    event, repairs = read(record(text="HERE").replace(b"HERE", escaped))
    assert (event.text, repairs.mended) == (text, True)


def test_a_whole_pair_in_cesu_8_is_its_character_and_no_repair():
    event, repairs = read(record(text="HERE").replace(b"HERE", b"go \xed\xa0\xbd\xed\xb8\xb1"))
    assert (event.text, repairs.mended) == ("go 😱", False)


def test_a_replacement_character_of_the_sender_is_no_repair():
    assert read(record(text="gone \ufffd", actor=17))[1].mended is False


@pytest.mark.parametrize("raw", [b"caf\xe9", b"\xe9t\xe9 long", b"\xff"])
def test_another_encoding_remains_a_rejection(raw):
    assert refused(record(text="HERE").replace(b"HERE", raw)).reason is Reason.NOT_UTF8


@given(st.text(st.characters(codec=None), max_size=12), st.sampled_from(["utf-8", "escaped"]))
def test_any_text_of_utf_16_units_is_read(text, form):
    raw = (
        record(text=text) if form == "escaped"
        else json.dumps(EVENT | {"text": text}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    )  # fmt: skip
    event, repairs = read(raw)
    event.text.encode()
    assert repairs.mended == (event.text.count("\ufffd") > text.count("\ufffd"))


def test_a_byte_order_mark_before_the_object_is_passed_over():
    assert read(b"\xef\xbb\xbf" + record())[0] == read(record())[0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named(encoding):
    error = refused(record().decode().encode(encoding))
    assert (error.reason, "UTF-16" in error.detail) == (Reason.NOT_UTF8, True)


# --- identifiers, words and numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["event_id", "message_id", "root_ref", "parent_ref", "actor", "chat"])
def test_an_integer_as_identifier_keeps_every_digit(name):
    event, repairs = read(record(**{name: 9_007_199_254_740_993_123}))
    assert getattr(event, name) == "9007199254740993123"
    assert repairs.forms == ("ids as numbers",)


def test_a_whole_float_as_identifier_is_read_while_it_is_exact():
    assert read(record(actor=1234.0))[0].actor == "1234"


@pytest.mark.parametrize("number", [b"1.8930000000000000e18", b"12.5", b"9007199254740992.0", b"1e400"])
def test_an_identifier_that_has_lost_digits_is_refused_with_the_fix(number):
    error = refused(record(actor="HERE").replace(b'"HERE"', number))
    assert (error.reason, "write ids as strings" in error.detail) == (Reason.WRONG_TYPE, True)


def test_capitals_and_hyphens_of_words_do_not_matter():
    event, _ = read(record(platform="Telegram", kind="Forward", parent_evidence="API-Parent"))
    assert (event.platform, event.kind, event.parent_evidence) == ("telegram", Kind.FORWARD, "api_parent")


def test_numbers_and_booleans_as_text_are_read():
    event, _ = read(record(hops_min="3", chat_size=30.0, frequently_forwarded="true", counters={"views": "12"}))
    assert (event.hops_min, event.chat_size, event.frequently_forwarded, event.counters.views) == (3, 30, True, 12)


def test_one_address_is_a_list_of_one():
    assert read(record(urls="https://ferry.example/a"))[0].urls == ("https://ferry.example/a",)
    assert refused(record(urls="https://ferry.example/a https://b.example")).reason is Reason.WRONG_TYPE


@pytest.mark.parametrize(
    "fields",
    [{"text": ["a"]}, {"text": 5}, {"actor": True}, {"hops_min": "1,234"}, {"frequently_forwarded": "perhaps"}],
)
def test_a_value_with_several_readings_is_refused(fields):
    assert refused(record(**fields)).reason is Reason.WRONG_TYPE


# --- what an error shows ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "swapped",
    [
        {"created_at": "Ulla Sandberg"},
        {"created_at": 491751234567},
        {"kind": "Ulla Sandberg"},
        {"platform": "Ulla Sandberg"},
        {"media": "Ulla Sandberg"},
        {"counters": "Ulla Sandberg"},
        {"hops_max": "491751234567"},
        {"account_status": "Ulla Sandberg"},
        {"event_id": ..., "Ulla Sandberg": 1},
        {"urls": "Ulla Sandberg, 491751234567"},
    ],
)
def test_a_swapped_column_is_an_error_that_quotes_no_value(swapped):
    detail = refused(record(**swapped)).detail
    assert "Ulla" not in detail
    assert "491751234567" not in detail


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"message_id": ..., "id": "4711"}, "it has `id`: did you mean `message_id`?"),
        ({"created_at": ..., "createdAt": DAWN}, "it has `createdAt`: did you mean `created_at`?"),
        ({"platform": ..., "network": "x"}, "`network`: did you mean `platform`?"),
        ({"event_id": ..., "evnt_id": "x"}, "`evnt_id`: did you mean `event_id`?"),
    ],
)
def test_a_missing_field_is_reported_with_the_field_that_nearly_has_its_name(fields, says):
    error = refused(record(**fields))
    assert error.reason is Reason.MISSING_FIELD
    assert says in error.detail


# --- any input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [900, 100_000])
def test_deep_nesting_is_a_rejection(depth):
    raw = record()[:-1] + b', "media": ' + b"[" * depth + b"]" * depth + b"}"
    assert refused(raw).reason in {Reason.NOT_JSON, Reason.WRONG_TYPE}
    assert read_fields(raw, CONFIG) == {}


def test_an_integer_without_end_is_a_rejection():
    assert refused(record()[:-1] + b', "hops_min": ' + b"9" * 9000 + b"}").reason is Reason.OUT_OF_RANGE


def test_the_fields_of_a_record_are_read_alike_for_ordering():
    enveloped = json.dumps({"payload": EVENT | {"created_at": "2026-05-28T20:26:40Z", "chat": 5}}).encode()
    fields = read_fields(enveloped, CONFIG)
    assert (fields["created_at"], fields["chat"]) == (DAWN, "5")
    assert read_fields(b"{", CONFIG) == {}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(ForwardEvent.__struct_fields__), VALUES, max_size=3), st.booleans())
def test_any_values_have_an_outcome_without_surrogates(changed, enveloped):
    fields = EVENT | changed
    raw = json.dumps({"data": fields} if enveloped else fields).encode()
    try:
        event, _ = read_event(raw, CONFIG)
    except InvalidEventError as error:
        error.detail.encode()
    else:
        msgspec.json.encode(event)
