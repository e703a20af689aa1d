"""Rate: the window recounted from the whole history, and the edges of its buckets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.growth import GrowthConfig
from detectors.growth.expected_growth import sharers_at_threshold
from detectors.growth.rate import Rate

MINUTE, HOUR = 60_000, 3_600_000
T0 = 1_700_000_000_000 // HOUR * HOUR
CONFIG = GrowthConfig(detector="rate")

histories = st.lists(st.tuples(st.integers(T0, T0 + 5 * HOUR), st.sampled_from([1.0, 2.0])), min_size=1, max_size=60)


def recount(history, time, config=CONFIG):
    width = config.window_ms // config.window_buckets
    first = time // width - config.window_buckets + 1
    return sum(weight for moment, weight in history if first <= moment // width <= time // width)


@settings(max_examples=60, deadline=None)
@given(histories, st.integers(0, 3 * HOUR), st.sampled_from([1, 7, 60]))
def test_every_prefix_equals_a_recount(history, wait, buckets):
    config = GrowthConfig(detector="rate", window_buckets=buckets, window_ms=buckets * MINUTE)
    detector = Rate(config)
    clock = 0
    for count, (time, weight) in enumerate(history, 1):
        clock = max(clock, time)
        assert detector.update(time, weight) == recount(history[:count], clock, config)
    assert detector.score(clock + wait) == recount(history, clock + wait, config)


@pytest.mark.parametrize(("wait", "left"), [(HOUR - 1, 1.0), (HOUR, 0.0), (HOUR + 1, 0.0)])
def test_a_share_leaves_when_its_bucket_does(wait, left):
    # |0 share         |1m    ...    |59m    |60m
    # [------------- window -----------------)
    detector = Rate(CONFIG)
    detector.update(T0)
    assert detector.score(T0 + wait) == left


def test_a_share_at_the_end_of_its_bucket_leaves_a_minute_early():
    detector = Rate(CONFIG)
    detector.update(T0 + MINUTE - 1)
    assert detector.score(T0 + HOUR - 1) == 1.0
    assert detector.score(T0 + HOUR) == 0.0


def test_a_share_from_before_the_window_changes_nothing():
    detector = Rate(CONFIG)
    detector.update(T0 + HOUR)
    assert detector.update(T0 + MINUTE - 1) == 1.0
    assert detector.update(T0 + MINUTE) == 2.0
    detector.retract(T0)
    assert detector.score(T0 + HOUR) == 2.0
    assert detector.size == 2.0


def test_the_cold_threshold_is_where_l_would_speak():
    detector = Rate(GrowthConfig(detector="rate", target_size=50))
    sharers = sharers_at_threshold(CONFIG, HOUR)
    assert detector.thresholds() == (sharers, 4 * sharers, 16 * sharers)
    assert detector.rule() == (
        f"rate of {sharers} distinct sharers within 1 h, where L's threshold lies for q = 50, cold-start rule"
    )
