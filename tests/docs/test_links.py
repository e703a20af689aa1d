"""A link leads somewhere, and a file that a page names is there."""

import re

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, blocks, inline, links, name, read

FOLDERS = ("docs", "examples", "tests", "streams", "detectors", "schemas")


def resolved(page, target):
    """The file that a link means, and the heading in it, if it names one."""
    path, _, anchor = target.partition("#")
    return ((page.parent / path).resolve() if path else page), anchor


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page):
    for target in links(page):
        file, anchor = resolved(page, target)
        assert file.exists(), f"{target}: no such file"
        assert file.is_relative_to(ROOT), f"{target} leads out of the repository"
        assert not anchor or anchor in anchors(file), f"{target}: no such heading"


def test_links_and_headings_are_found_at_all():
    assert sum(len(links(page)) for page in PAGES) > 20
    assert "what-hearsay-does-not-do" in anchors(ROOT / "README.md")


def test_every_page_can_be_reached_from_the_readme():
    seen, ahead = set(), [PAGES[0]]
    while ahead:
        page = ahead.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in links(page):
            file, _ = resolved(page, target)
            ahead += sorted(file.glob("*.md")) if file.is_dir() else [file] if file.suffix == ".md" else []
    assert set(PAGES) - seen == set()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_that_a_page_names_exists(page):
    for text in inline(page):
        if re.fullmatch(rf"({'|'.join(FOLDERS)})/[\w./-]+", text):
            assert (ROOT / text).exists(), f"`{text}` is not there"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_is_closed_and_says_its_language(page):
    fences = re.findall(r"^```.*$", read(page), re.MULTILINE)
    assert len(fences) % 2 == 0
    assert set(fences[1::2]) <= {"```"}
    known = {"```", "```sh", "```console", "```python", "```toml", "```json", "```text"}
    assert set(fences[::2]) <= known
    assert len(blocks(page, "", "sh", "console", "python", "toml", "json", "text")) == len(fences) // 2
