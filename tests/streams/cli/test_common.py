"""What all commands share."""

import pytest

from streams.cli.common import put_into, rewrite
from streams.errors import UserError


def test_a_table_goes_between_its_marks_and_nowhere_else():
    page = "before\n<!-- topics -->\nold\n<!-- /topics -->\nafter\n<!-- settings -->\n<!-- /settings -->\n"
    after = "after\n<!-- settings -->\n<!-- /settings -->\n"
    written = f"before\n<!-- topics -->\n\n| new |\n\n<!-- /topics -->\n{after}"
    assert put_into(page, "topics", "| new |\n") == written
    assert put_into(written, "topics", "| new |\n") == written


@pytest.mark.parametrize("page", ["a page\n", "<!-- topics -->\n", "<!-- /topics -->\n<!-- topics -->\n"])
def test_a_page_without_both_marks_is_refused(page):
    with pytest.raises(UserError, match="the page has no lines <!-- topics --> and <!-- /topics -->; add both"):
        put_into(page, "topics", "| new |\n")


def test_a_page_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"cannot rewrite the page .*none.md: No such file or directory; check"):
        rewrite(tmp_path / "none.md", "topics", "| new |\n")
