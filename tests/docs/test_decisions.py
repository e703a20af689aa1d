"""A recorded decision has a number of its own, its four parts, and exists where it is quoted."""

import re

import pytest

from tests.docs.pages import PAGES, ROOT, name, read

DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))
PARTS = ["Context", "Choice", "Cost", "What would change our mind"]


def number(page):
    return int(page.name[:4])


def test_the_numbers_of_decisions_are_those_from_one_on():
    assert [number(page) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    assert len(DECISIONS) >= 5


@pytest.mark.parametrize("page", DECISIONS, ids=name)
def test_a_decision_has_its_title_and_its_parts_in_order(page):
    text = read(page)
    assert re.fullmatch(r"\d{4}(-[a-z0-9]+)+\.md", page.name)
    assert text.startswith(f"# {number(page)}. ")
    parts = re.findall(r"^\*\*(.+?)\.\*\*", text, re.MULTILINE)
    assert [part for part in parts if part in PARTS] == PARTS
    for part in re.split(r"^\*\*.+?\.\*\*", text, flags=re.MULTILINE)[1:]:
        assert len(part.split()) > 5, "a part says something"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_quoted_decision_exists(page):
    for quoted in re.findall(r"\bADR (\d+)", read(page)):
        assert int(quoted) in map(number, DECISIONS), f"ADR {quoted} is not there"
