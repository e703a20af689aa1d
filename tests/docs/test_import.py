"""The page on imports lists the formats that exist, and links a page for each platform."""

from streams.adapters.registry import FORMATS
from streams.cli.common import put_into
from streams.cli.display.imports import formats_markdown
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "import.md"


def test_the_table_of_formats_is_the_programs_own():
    page = PAGE.read_text(encoding="utf-8")
    assert put_into(page, "formats", formats_markdown()) == page, "run `make docs`"


def test_every_format_has_a_name_of_its_own_and_says_what_it_shows():
    assert len({one.name for one in FORMATS}) == len(FORMATS)
    for one in FORMATS:
        assert all(one.capabilities), one.name
