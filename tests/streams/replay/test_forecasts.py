"""The range of a forecast on the sample: the share of alerts whose further sharers came to lie in it."""

from collections import defaultdict
from math import ceil, floor
from pathlib import Path

import pytest

from detectors.alerting.evidence import FORECAST_STATES
from schemas.alert import Alert, Lifecycle
from streams.recordings.open import FileSpec
from streams.replay.replay import replay
from streams.runs.folder import CLUSTERS, Run
from streams.settings.load import load

SAMPLE = Path(__file__).resolve().parents[3] / "examples" / "sample.jsonl.gz"
NEAR = 0.7  # least share of alerts within a range that claims eight of ten


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "sample"
    resolved = load(environ={}, overrides=["embedder.runtime=hashing"])
    return Run(replay(FileSpec(str(SAMPLE)), folder, resolved.settings, resolved.key).folder)


def came(run: Run, alert: Alert) -> float:
    """Count the sharers who came after an alert."""
    rows = {row["cluster_id"]: row for row in run.table(CLUSTERS).to_pylist()}
    return float(rows[run.final(alert.cluster_id)]["sharers"]) - alert.evidence.counts.sharers


def test_the_range_holds_in_the_states_that_publish_it(run: Run) -> None:
    held: defaultdict[Lifecycle, list[bool]] = defaultdict(list)
    for alert in run.alerts():
        low, high = alert.evidence.growth.expected_low, alert.evidence.growth.expected_high
        if low is not None and high is not None:
            held[alert.state].append(floor(low) <= came(run, alert) <= ceil(high))
    assert set(held) == set(FORECAST_STATES)
    alerts = [one for state in held.values() for one in state]
    assert len(alerts) > 30
    assert sum(alerts) >= NEAR * len(alerts)


def test_alerts_in_other_states_publish_no_forecast(run: Run) -> None:
    others = [alert for alert in run.alerts() if alert.state not in FORECAST_STATES]
    assert {Lifecycle.SUBSIDED, Lifecycle.EVIDENCE} <= {alert.state for alert in others}
    for alert in others:
        assert alert.evidence.growth.expected_further is None
        assert "expected" not in alert.explanation


def test_the_posts_by_platform_add_up_in_each_alert(run: Run) -> None:
    for alert in run.alerts():
        counts = alert.evidence.counts
        assert sum(posts for _, posts in counts.platforms) + counts.other_platforms == counts.posts
        assert counts.other_platforms == 0 or counts.other_platforms >= 5
