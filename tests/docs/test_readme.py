"""What the README shows is what the demo prints."""

import re
from pathlib import Path

import msgspec
import pytest

from detectors.alerting.sentences import format_alert
from schemas.alert import Alert
from streams.replay.replay import replay
from streams.settings import load as all_settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.model
def test_the_alert_in_the_readme_is_one_of_the_demos(tmp_path):
    effective = all_settings.load(None, {}, [])
    result = replay(str(ROOT / "examples/sample.jsonl.gz"), tmp_path / "demo", effective.settings, effective.key)
    threshold_offset = (result.folder / "alerts.jsonl").read_bytes().splitlines()
    printed = [format_alert(msgspec.json.decode(line, type=Alert)) for line in threshold_offset]
    shown = re.search(r"demo prints it:\n\n```\n(.*?)\n```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert shown is not None
    assert shown[1] in printed
    short_id = re.search(r"hearsay explain (\w+)", (ROOT / "README.md").read_text())[1]
    assert any(f"alert {short_id}" in text for text in printed)
