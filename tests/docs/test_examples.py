"""Every example on every page runs: Python as it stands, settings as a run would read them, JSON as JSON."""

import gzip
import json
from itertools import islice

import pytest

from streams.replay import replay as replays
from streams.settings.load import load
from tests.docs.pages import PAGES, ROOT, blocks, name

EVENTS = 1500  # of the sample: enough for a rumour of 20 sharers and an alert


def with_blocks(language):
    return [page for page in PAGES if blocks(page, language)]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A folder with `runs/demo`, a run over the head of the sample, as a newcomer has it after `make demo`."""
    folder = tmp_path_factory.mktemp("examples")
    with gzip.open(ROOT / "examples" / "sample.jsonl.gz") as lines:
        (folder / "day.jsonl").write_bytes(b"".join(islice(lines, EVENTS)))
    effective = load(environ={}, overrides=["embedder.runtime=hashing"])
    replays.replay(str(folder / "day.jsonl"), folder / "runs" / "demo", effective.settings, effective.key)
    return folder


@pytest.mark.parametrize("page", with_blocks("python"), ids=name)
def test_the_python_of_a_page_runs(page, request, tmp_path, monkeypatch):
    examples = blocks(page, "python")
    needs_a_run = any('"runs/demo/' in line for text in examples for line in text.splitlines() if line[:1] != "#")
    monkeypatch.chdir(request.getfixturevalue("recorded") if needs_a_run else tmp_path)
    names = {"__name__": "page"}
    for number, text in enumerate(examples, start=1):
        exec(compile(text, f"{name(page)}, example {number}", "exec"), names)


SETTINGS = [page for page in with_blocks("toml") if page.name != "tables.md"]  # whose TOML is a profile of a table


@pytest.mark.parametrize("page", SETTINGS, ids=name)
def test_the_settings_of_a_page_are_settings(page, tmp_path):
    for text in blocks(page, "toml"):
        (tmp_path / "hearsay.toml").write_text(text, encoding="utf-8")
        effective = load(tmp_path / "hearsay.toml", environ={})
        assert effective.settings != load(environ={}).settings


@pytest.mark.parametrize("page", with_blocks("json"), ids=name)
def test_the_json_of_a_page_is_json(page):
    for text in blocks(page, "json"):
        assert json.loads(text)


def test_a_page_for_each_detector_has_an_example():
    pages = sorted((ROOT / "docs" / "detectors").glob("*.md"))
    assert len(pages) > 15
    assert [name(page) for page in pages if page not in with_blocks("python")] == []
