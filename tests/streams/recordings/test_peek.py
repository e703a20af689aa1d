"""Order and partitions of events do not depend on their form."""

import json

import pytest

from streams.recordings.peek import created_at, partition_key

AT = 1_780_000_000_000
EVENT = {
    "event_id": "e",
    "platform": "x",
    "kind": "post",
    "created_at": AT,
    "message_id": "m",
    "actor": "a",
    "chat": "c",
}


@pytest.mark.parametrize(
    "value",
    [
        EVENT,
        {"payload": EVENT},
        {"specversion": "1.0", "type": "t", "data": EVENT},
        EVENT | {"created_at": AT // 1000},
        EVENT | {"created_at": "2026-05-28T20:26:40Z"},
        EVENT | {"text": "cut \ud83d"},
    ],
)
def test_time_and_key_are_those_of_the_event(value):
    raw = json.dumps(value).encode()
    assert (created_at(raw), partition_key(raw)) == (AT, b"c")


def test_an_identifier_as_integer_is_the_key_that_intake_reads():
    assert partition_key(json.dumps(EVENT | {"chat": -100200}).encode()) == b"-100200"


@pytest.mark.parametrize(
    ("absent", "key"), [(["chat"], b"a"), (["chat", "actor"], b"m"), (["chat", "actor", "message_id"], None)]
)
def test_the_key_falls_back_to_sender_and_message(absent, key):
    raw = json.dumps({name: value for name, value in EVENT.items() if name not in absent}).encode()
    assert partition_key(raw) == key


def test_the_time_falls_back_to_the_other_stamps():
    event = {name: value for name, value in EVENT.items() if name != "created_at"}
    assert created_at(json.dumps(event | {"claimed_at": AT, "observed_at": AT + 5}).encode()) == AT
    assert created_at(json.dumps(event | {"observed_at": AT + 5}).encode()) == AT + 5


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_line_without_an_event_has_neither(raw):
    assert (created_at(raw), partition_key(raw)) == (None, None)
