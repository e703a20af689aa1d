"""GLR: every window recounted from the whole history, and the ratio from two Poisson likelihoods."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson

from detectors.growth import GrowthConfig
from detectors.growth.expected_growth import sharers_at_threshold
from detectors.growth.glr import Glr

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
T0 = 1_700_000_000_000 // DAY * DAY
histories = st.lists(st.tuples(st.integers(T0, T0 + 2 * DAY), st.sampled_from([1.0, 3.0])), min_size=1, max_size=40)


def naive(history, time, config):
    """For each window: count on its grid, then the two log likelihoods of that count; the largest difference."""
    best = 0.0
    for scale in range(config.glr_windows):
        length = config.glr_min_window_ms * 2**scale
        quarter = length // 4
        count = sum(w for moment, w in history if time // quarter - 4 < moment // quarter <= time // quarter)
        mean = config.ordinary_per_hour * length / HOUR
        if count > mean:
            best = max(best, poisson.logpmf(count, count) - poisson.logpmf(count, mean))
    return best


@settings(max_examples=30, deadline=None)
@given(histories, st.sampled_from([0.5, 4.0]), st.sampled_from([1, 5, 14]), st.integers(0, DAY))
def test_every_prefix_equals_the_best_of_all_windows(history, rate, scales, wait):
    config = GrowthConfig(detector="glr", ordinary_per_hour=rate, glr_windows=scales)
    detector = Glr(config)
    clock = 0
    for count, (time, weight) in enumerate(history, 1):
        clock = max(clock, time)
        score = detector.update(time, weight)
        assert score == pytest.approx(naive(history[:count], clock, config), rel=1e-9, abs=2e-6)
    assert detector.score(clock + wait) == pytest.approx(naive(history, clock + wait, config), rel=1e-9, abs=2e-6)


@pytest.mark.parametrize(("wait", "seen"), [(MINUTE - 1, True), (MINUTE, False), (MINUTE + 1, False)])
def test_a_share_leaves_the_shortest_window_at_its_end(wait, seen):
    detector = Glr(GrowthConfig(detector="glr", glr_windows=1))
    detector.update(T0)
    assert (detector.score(T0 + wait) > 0) is seen


def test_a_share_from_before_the_window_changes_nothing():
    detector = Glr(GrowthConfig(detector="glr", glr_windows=1))
    score = detector.update(T0 + MINUTE)
    assert detector.update(T0) == score


def test_what_an_ordinary_cascade_brings_scores_nothing():
    detector = Glr(GrowthConfig(detector="glr", ordinary_per_hour=60.0, glr_windows=1, threshold=1.0))
    assert detector.update(T0) == 0.0  # one in a minute where one is usual
    assert detector.update(T0) > 0.0


def test_three_shares_in_a_second_shout_which_is_its_known_weakness():
    detector = Glr(GrowthConfig(detector="glr"))
    for _ in range(3):
        score = detector.update(T0)
    assert score > 12


def test_the_cold_threshold_is_what_the_reference_burst_reads_in_its_window():
    config = GrowthConfig(detector="glr", glr_min_window_ms=HOUR, glr_windows=1)
    sharers = sharers_at_threshold(config, HOUR)
    detector = Glr(config)
    for part in range(sharers):
        detector.update(T0 + part * HOUR // sharers)
    assert detector.score(T0 + HOUR - 1) == pytest.approx(detector.thresholds()[0], abs=1e-5)
