"""EWMA: the weighted count recomputed from the whole history, and its standard error by simulation."""

from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.growth import GrowthConfig
from detectors.growth.ewma import Ewma
from detectors.growth.expected_growth import sharers_at_threshold

HOUR = 3_600_000
T0 = 1_700_000_000_000
histories = st.lists(
    st.tuples(st.integers(T0, T0 + 9 * HOUR), st.sampled_from([1.0, 2.0, 0.2])), min_size=1, max_size=60
)


def naive(history, time, rate, tau_ms):
    fading = sum(weight * exp(-(time - moment) / tau_ms) for moment, weight in history)
    mean = rate * tau_ms / HOUR
    return (fading - mean) / sqrt(mean / 2)


@settings(max_examples=60, deadline=None)
@given(histories, st.sampled_from([0.1, 1.0, 30.0]), st.sampled_from([60_000, HOUR, 6 * HOUR]))
def test_every_prefix_equals_the_sum_over_the_whole_history(history, rate, tau):
    detector = Ewma(GrowthConfig(detector="ewma", ordinary_per_hour=rate, ewma_ms=tau, threshold=3.0))
    clock = 0
    for count, (time, weight) in enumerate(history, 1):
        clock = max(clock, time)
        assert detector.update(time, weight) == pytest.approx(naive(history[:count], clock, rate, tau), abs=2e-6)
    assert detector.score(clock + HOUR) == pytest.approx(naive(history, clock + HOUR, rate, tau), abs=2e-6)


def test_an_ordinary_cascade_scores_nought_with_a_spread_of_one():
    # long after the start, at moments far apart, z of a Poisson stream has mean 0 and variance 1
    rng = np.random.default_rng(7)
    config = GrowthConfig(detector="ewma", ordinary_per_hour=20.0, threshold=3.0)
    detector = Ewma(config)
    readings, time, probe = [], float(T0), T0 + 10 * HOUR
    while len(readings) < 400:
        time += rng.exponential(HOUR / 20.0)
        while time > probe:
            readings.append(detector.score(probe))
            probe += 5 * HOUR
        detector.update(int(time))
    assert np.mean(readings) == pytest.approx(0.0, abs=0.15)
    assert np.std(readings) == pytest.approx(1.0, abs=0.12)


def test_the_cold_threshold_is_what_the_reference_burst_leaves():
    config = GrowthConfig(detector="ewma")
    sharers = sharers_at_threshold(config, HOUR)
    history = [(T0 + round((part + 0.5) * HOUR / sharers), 1.0) for part in range(sharers)]
    detector = Ewma(config)
    for time, _ in history:
        detector.update(time)
    assert detector.score(T0 + HOUR) == pytest.approx(detector.thresholds()[0], rel=1e-3)
