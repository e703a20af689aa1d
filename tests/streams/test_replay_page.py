"""The page for analysts: its snippets run on a real run folder."""

import re
from pathlib import Path

import pytest
from recorded import START, cascade, stream

from streams import replay as replays
from streams.settings import load

PAGE = Path(__file__).parents[2] / "docs" / "replay-streams.md"
SNIPPETS = re.findall(r"^```python\n(.+?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    other = [
        {**one, "event_id": f"o-{one['event_id']}", "message_id": f"o-{one['message_id']}"}
        for one in cascade(3, start=START + 3_600_000, text="free data for everybody who forwards this by tonight")
    ]
    for one in other[1:]:
        one["parent_ref"] = other[0]["message_id"]
    (folder / "day.jsonl").write_bytes(stream([*cascade(80), *other, b"{"]))
    effective = load(environ={}, overrides=["embedder.runtime=hashing"])
    replays.replay(str(folder / "day.jsonl"), folder / "runs" / "demo", effective.settings, effective.key)
    return folder


def test_the_page_has_snippets():
    assert len(SNIPPETS) >= 4


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda text: text.splitlines()[-1][:50])
def test_a_snippet_runs(runs, monkeypatch, snippet):
    monkeypatch.chdir(runs)
    exec(compile(snippet, str(PAGE), "exec"), {})
