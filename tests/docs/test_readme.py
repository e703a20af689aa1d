"""The README's event is one of the sample, its alert is the alert that this event raises, as the demo prints it."""

import gzip
import re

import msgspec
import pytest

from detectors.alerting.sentences import format_alert
from schemas.alert import Alert
from streams.replay.replay import replay
from streams.settings.load import load
from tests.docs.pages import ROOT, blocks, read

README = ROOT / "README.md"
SAMPLE = ROOT / "examples" / "sample.jsonl.gz"
PICTURE = ROOT / "docs" / "images" / "report.png"
(EVENT,) = (text.strip() for text in blocks(README, "json"))
PRINTED = next(text.removesuffix("\n") for text in blocks(README, "text") if "cluster " in text)


def test_the_event_in_the_readme_is_one_line_of_the_sample():
    with gzip.open(SAMPLE) as lines:
        assert EVENT.encode() in (line.strip() for line in lines)


@pytest.mark.model
def test_the_alert_in_the_readme_is_the_one_that_its_event_raises(tmp_path):
    settings = load(environ={})
    result = replay(str(SAMPLE), tmp_path / "demo", settings.settings, settings.key)
    lines = (result.folder / "alerts.jsonl").read_bytes().splitlines()
    event = msgspec.json.decode(EVENT)
    trigger = settings.key.pseudonymiser().event(event["event_id"], event["platform"])
    (alert,) = (
        alert
        for alert in (msgspec.json.decode(line, type=Alert) for line in lines)
        if alert.evidence.trigger_event == trigger
    )
    assert format_alert(alert) == PRINTED
    (short_id,) = re.findall(r"hearsay explain \S+ --alert (\w{6,})", read(README))
    assert alert.alert_id.startswith(short_id)


def test_the_alert_is_of_a_rumour_that_takes_off():
    assert re.match(r"Spreading (fast|faster) \(level \d\)", PRINTED)


def test_the_picture_of_the_report_is_there_and_small():
    assert PICTURE.read_bytes().startswith(b"\x89PNG")
    assert PICTURE.stat().st_size < 300_000


def test_the_promise_of_equal_alerts_carries_its_condition():
    promise = " ".join(read(README).split()).partition("byte for byte")[2].partition(".")[0]
    assert promise.lstrip(", ").startswith("as long as the disorder of each source partition stays within")
