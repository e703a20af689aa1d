"""The page about events: each example is accepted, and each kind, field and rejection reason is described."""

import json
import re

import pytest

from detectors.ordering.config import OrderConfig
from detectors.pipeline.intake import Intake
from detectors.privacy.pseudonym import Pseudonymiser
from detectors.reading.config import IntakeConfig
from schemas.event import ForwardEvent, Kind
from schemas.rejection import Reason
from schemas.sighting import Position, Sighting
from tests.docs.pages import ROOT, blocks, read

PAGE = ROOT / "docs" / "events.md"
EXAMPLES = [json.loads(text) for text in blocks(PAGE, "json")]


def taken_in(event):
    intake = Intake(IntakeConfig(), OrderConfig(), Pseudonymiser(b"a key for the page's tests", "test"))
    return intake.update(json.dumps(event).encode(), Position("page", 0, 0))


def rows_after(heading):
    """Return the names in backticks of the first column of the table below a heading."""
    section = read(PAGE).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [
        name for row in re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    ]


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event["kind"])
def test_an_example_is_accepted_by_intake(event):
    sighting = taken_in(event)
    assert isinstance(sighting, Sighting), sighting
    assert sighting.kind == event["kind"]
    assert sighting.time == event["created_at"]


def test_a_wrong_example_would_be_rejected():
    rejected = taken_in(EXAMPLES[0] | {"created_at": "2026-03-03T07:05:43"})
    assert rejected.reason is Reason.WRONG_TYPE


def test_there_is_an_example_for_each_kind_under_its_heading():
    assert {event["kind"] for event in EXAMPLES} == set(Kind)
    headings = re.findall(r"^### (\w+)$", read(PAGE), re.MULTILINE)
    assert headings == list(Kind)
    assert rows_after("The kinds") == list(Kind)


def test_examples_use_fields_of_the_contract_only():
    """Unknown fields are ignored, so a misspelt field in an example would go unnoticed."""
    for event in EXAMPLES:
        assert set(event) <= set(ForwardEvent.__struct_fields__)


def test_every_field_of_an_event_has_a_row():
    assert set(rows_after("All fields")) == set(ForwardEvent.__struct_fields__)


def test_every_reason_of_a_rejection_has_a_row():
    assert rows_after("Rejections") == list(Reason)
