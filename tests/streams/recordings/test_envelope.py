"""A record of a topic as one line: nothing of it is lost, and lines that kcat printed are understood."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.recordings.envelope import Envelope, EnvelopeError, is_envelope, read, write

values = st.none() | st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace"))
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)


@given(
    topic=names,
    partition=st.integers(0, 2**31 - 1),
    offset=st.integers(0, 2**63 - 1),
    timestamp=st.none() | st.integers(-1, 2**53),
    headers=st.lists(st.tuples(names, values), max_size=3).map(tuple),
    key=values,
    value=values,
)
def test_a_record_survives_as_one_line_of_valid_json(topic, partition, offset, timestamp, headers, key, value):
    record = Envelope(topic, partition, offset, timestamp, "create", headers, key, value)
    line = write(record)
    assert b"\n" not in line
    assert json.loads(line)["offset"] == offset
    assert read(line) == record


def test_a_line_has_the_names_and_the_order_of_kcat():
    record = Envelope("forwards", 2, 41, 1_772_530_141_909, "create", (("trace", b"7"),), b"chat-5", b'{"kind":"post"}')
    assert write(record) == (
        b'{"topic":"forwards","partition":2,"offset":41,"tstype":"create","ts":1772530141909,"headers":["trace","7"],'
        b'"key":"chat-5","payload":"{\\"kind\\":\\"post\\"}"}'
    )


def kcat(**fields):
    """A line as kcat 1.7 prints it."""
    given = {"topic": "wa", "partition": 1, "offset": 9, "tstype": "create", "ts": 1_772_530_141_909, "broker": 1}
    return json.dumps(given | {"key": None, "payload": "{}"} | fields).encode()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (kcat(payload='{"text": "ढोल \\n"}'), '{"text": "ढोल \\n"}'.encode()),
        (kcat(payload=None), None),
        (kcat(payload=""), b""),
        (kcat(payload={"kind": "post"}), b'{"kind": "post"}'),  # kcat -s value=avro
        (kcat(payload="@").replace(b"@", b"\\u0000\\u0000\xff\x9f{}"), b"\0\0\xff\x9f{}"),  # a framed value, as it is
        (kcat(payload="@").replace(b"@", b"caf\xe9"), b"caf\xe9"),
    ],
)
def test_a_value_of_kcat_is_read_byte_for_byte(line, value):
    assert read(line).value == value


@pytest.mark.parametrize(
    "headers", [["a", "1", "b", None, "a", "2"], {"a": ["1", "2"], "b": [None]}], ids=["list", "mapping"]
)
def test_headers_of_kcat_are_read_in_both_of_its_forms(headers):
    assert sorted(read(kcat(headers=headers)).headers, key=str) == [("a", b"1"), ("a", b"2"), ("b", None)]


def test_a_record_of_an_old_format_has_no_time():
    line = b'{"topic":"wa","partition":0,"offset":0,"broker":0,"key":null,"payload":"{}"}'
    assert read(line).timestamp is None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"event_id": "e1", "kind": "post"}', "must be a record as `kcat -J` prints it"),
        (b"[1]", "must be a record"),
        (b"", "must be a record"),
        (b"[" * 100_000, "must be a record"),
        (b'{"topic":"wa","partition":0,"offset":0}', "must have a payload"),
        (kcat(partition=-1), "must not be negative"),
        (kcat(offset=-1), "must not be negative"),
        (kcat(payload=None, payload_error="no schema 7"), "record it without -s"),
        (kcat(headers={"a": 5}), "headers, key and payload"),
        (kcat(headers=[]).replace(b"[]", b"[" * 100_000), "must be a record"),
        (kcat(payload="@").replace(b"@", b"\\ud800"), "must be a record"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_record_is_refused_with_its_rule(line, why):
    assert not is_envelope(line)
    with pytest.raises(EnvelopeError, match=why):
        read(line)
