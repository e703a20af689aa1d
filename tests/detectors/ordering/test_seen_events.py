"""A second delivery is dropped; another event with the same id is dropped too, but never silently."""

import msgspec
import pytest

from detectors.ordering.config import OrderConfig
from detectors.ordering.reorder import ReorderBuffer
from detectors.ordering.seen_events import Delivery, SeenEvents, content_checksum
from schemas.event import Counters, Kind, Media
from schemas.sighting import Sighting, TextContent

NOON = 1_700_000_000_000
EVENT = "0a" * 8


def sighting(**fields):
    base = {
        "event_id": EVENT,
        "platform": "telegram",
        "kind": Kind.POST,
        "time": NOON,
        "key_id": "test",
        "content": TextContent(text="Well 9 is dry", sha256="ab" * 32),
        "message": "0b" * 8,
        "actor": "0c" * 8,
        "chat": "0d" * 8,
        "progress": NOON,
    }
    return Sighting(**(base | fields))


@pytest.mark.parametrize(
    "change",
    [
        {"content": TextContent(text="Well 8 is dry", sha256="cd" * 32)},
        {"kind": Kind.FORWARD},
        {"message": "1b" * 8},
        {"actor": "1c" * 8},
        {"chat": "1d" * 8},
        {"root": "1e" * 8},
        {"media": (Media(sha256="ef" * 32),)},
        {"kind": Kind.COUNTER, "counters": Counters(views=7)},
    ],
)
def test_another_event_with_the_same_id_is_a_conflict(change):
    seen = SeenEvents(10)
    assert seen.add(sighting()) is Delivery.NEW
    assert seen.add(sighting(**change)) is Delivery.CONFLICT
    assert seen.add(sighting()) is Delivery.DUPLICATE  # the first is kept


def test_two_polls_of_a_counter_under_one_id_are_a_conflict():
    seen = SeenEvents(10)
    assert seen.add(sighting(kind=Kind.COUNTER, counters=Counters(views=7))) is Delivery.NEW
    assert seen.add(sighting(kind=Kind.COUNTER, counters=Counters(views=9))) is Delivery.CONFLICT


@pytest.mark.parametrize("change", [{"time": NOON + 5}, {"progress": NOON + 9}, {"partition": 3}, {"chat_size": 12}])
def test_a_delivery_may_differ_in_times_and_sizes(change):
    assert content_checksum(sighting(**change)) == content_checksum(sighting())


def test_the_buffer_keeps_the_first_counts_both_and_goes_on_after_a_restart():
    config = OrderConfig(max_out_of_orderness_ms=1_000)
    buffer = ReorderBuffer(config)
    buffer.update(sighting())
    other = sighting(content=TextContent(text="Well 8 is dry", sha256="cd" * 32))
    assert buffer.update(other) == []
    assert (buffer.duplicates, buffer.conflicts, buffer.waiting) == (1, 1, 1)
    again = ReorderBuffer(config)
    again.restore(buffer.snapshot())
    again.update(other)
    again.update(sighting())
    assert (again.duplicates, again.conflicts) == (3, 2)
    assert [kept.content.text for kept, _ in again.flush()] == ["Well 9 is dry"]


def test_an_event_seen_by_an_older_release_is_a_duplicate_whatever_its_content():
    state = msgspec.msgpack.encode(["reorder", 2, [[NOON, {}, []], [], [EVENT], [NOON], [1, 0, 0, 0, 0]]])
    buffer = ReorderBuffer(OrderConfig())
    buffer.restore(state)
    buffer.update(sighting(chat="1d" * 8))
    assert (buffer.duplicates, buffer.conflicts) == (1, 0)
