"""A field that is nearly always absent is reported with its consequence, and so are names that resemble it."""

import json

import msgspec
import pytest

from detectors.ordering.config import OrderConfig
from detectors.pipeline.intake import Intake
from detectors.privacy.pseudonym import Pseudonymiser
from detectors.reading.profile import FieldCounts, missing_fields, percent
from schemas.sighting import Position, Sighting
from tests.detectors.reading.events import CONFIG, DAWN, record

HERE = Position("stream", 0, 0)


def profile(*raws):
    intake = Intake(CONFIG, OrderConfig(), Pseudonymiser(b"k" * 32, "test"))
    for raw in raws:
        assert isinstance(intake.update(raw, HERE), Sighting)
    return intake.profile


def test_fields_are_counted_over_the_shares():
    found = profile(
        record(chat="c", observed_at=DAWN),
        record(actor=..., text=..., root_ref="1"),
        record(kind="post", text=...),
        record(kind="delete"),
    )
    assert found.fields == FieldCounts(shares=3, actors=2, chats=1, originals=2, texts=1, passed_on=2, parents=1)
    assert found.observed == 1


def test_repairs_and_envelopes_are_counted_by_event():
    inside = json.dumps({"event": json.loads(record())}).encode()
    found = profile(record(text="cut \ud83d"), record(actor=5), record(actor=6, chat=7), inside)
    assert (found.mended, found.envelopes, found.forms) == (1, {"`event`": 1}, {"ids as numbers": 2})


def test_a_name_that_resembles_an_absent_field_is_kept():
    raw = record(actor=..., text=..., sender="Ulla", body="The ferry is cancelled", group="g", mood="bad")
    assert profile(raw).similar == {"actor": "sender", "text": "body", "chat": "group"}


def test_names_inside_an_envelope_are_read_too():
    inner = json.loads(record(actor=..., author="Ulla"))
    assert profile(json.dumps({"data": inner}).encode()).similar == {"actor": "author"}


def test_the_names_of_a_bounded_number_of_events_are_read():
    absent = [record(event_id=f"e-{n}") for n in range(64)]  # without a chat
    assert profile(*absent[:63], record(group="g")).similar == {"chat": "group"}
    assert profile(*absent, record(group="g")).similar == {}
    other = record(platform="x", group="g")
    assert profile(*absent, other).similar == {"chat": "group"}


def test_events_with_every_field_are_not_inspected():
    assert profile(record(chat="c", group="g")).inspected == {}


@pytest.mark.parametrize(
    ("counts", "sentences"),
    [
        (FieldCounts(), []),
        (FieldCounts(shares=10, actors=10, chats=10, originals=10, texts=10, passed_on=9, parents=9), []),
        (
            FieldCounts(shares=10, chats=10, originals=10, texts=10, passed_on=9, parents=9),
            ["0 % of events name an actor: chats are counted, not people"],
        ),
        (
            FieldCounts(shares=1000, actors=5, chats=99, originals=10, texts=10, passed_on=9, parents=9),
            [
                "under 1 % of events name an actor: posts are counted, not people",
                "9 % of events name a chat: chats cannot be counted",
            ],
        ),
        (
            FieldCounts(shares=10, actors=10, chats=10, originals=10, passed_on=9),
            [
                "0 % of events without a reference have a text: only addresses and pictures connect them",
                "no event names its parent: the forward graph cannot be drawn",
            ],
        ),
        (
            FieldCounts(shares=100, actors=10, chats=10, originals=9, texts=9, passed_on=91, parents=9),
            ["nearly no event names its parent: the forward graph cannot be drawn"],
        ),
    ],
)
def test_a_nearly_absent_field_is_stated_with_its_consequence(counts, sentences):
    assert list(missing_fields(counts)) == sentences


def test_counts_of_merged_cascades_add_up():
    one, other = FieldCounts(shares=3, actors=1), FieldCounts(shares=4, texts=2)
    one.merge(other)
    assert one == FieldCounts(shares=7, actors=1, texts=2)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(one), type=FieldCounts) == one


@pytest.mark.parametrize(
    ("count", "of", "text"), [(0, 7, "0 %"), (1, 999, "under 1 %"), (1, 3, "33 %"), (7, 7, "100 %")]
)
def test_shares_are_printed_in_whole_per_cent(count, of, text):
    assert percent(count, of) == text
