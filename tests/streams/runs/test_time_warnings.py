"""What a run has found out about the times of its events, in sentences."""

import pytest

from schemas.watermark_report import LateStream, WatermarkReport
from streams.runs.manifest import RunCounts
from streams.runs.time_warnings import time_warnings

CAUSE = "and cannot raise alerts: its adapter delivers late or its clocks are slow"


def test_a_stream_with_good_times_has_no_warning():
    assert list(time_warnings(RunCounts(received=10, applied=10))) == []


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({"corrected": 1}, "claimed times replaced by the time of observation: 1 event (0.5 %)"),
        ({"ahead": 3}, "held back until the stream reached their time: 3 events (1.5 %) dated ahead of the stream"),
        (
            {"catching_up": 180},
            "read late by a listener that was catching up, at the platform's time: 180 events (90.0 %)",
        ),
        (
            {"coarse_times": {"forum": "day"}},
            "times on forum are dates only, so growth within a day cannot be measured",
        ),
        (
            {"late_streams": (LateStream("forum", None, 80, 60, 90_000),)},
            f"75 % of the events on forum are late, by 1 min 30 s on average, {CAUSE}",
        ),
        (
            {"late_streams": (LateStream("forum", "ab12cd34" * 4, 80, 20, 7_200_000),)},
            f"25 % of the events on forum in chat ab12cd34 are late, by 2 h on average, {CAUSE}",
        ),
    ],
)
def test_each_finding_is_one_sentence_with_its_share(counts, sentence):
    assert list(time_warnings(RunCounts(received=200, applied=200, **counts))) == [sentence]
    live = {"realm": "default", "time": 0, "duplicates": 0, "late": 0, "rejected": 0, "waiting": 0}
    assert list(time_warnings(WatermarkReport(received=200, applied=200, **live, **counts))) == [sentence]
