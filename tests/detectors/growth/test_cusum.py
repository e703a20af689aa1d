"""CUSUM: Page's own definition, the rise of the walk above its lowest point so far, as the oracle."""

from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.growth import GrowthConfig
from detectors.growth.cusum import Cusum
from detectors.growth.expected_growth import sharers_at_threshold

HOUR = 3_600_000
T0 = 1_700_000_000_000
CONFIG = GrowthConfig(detector="cusum", cusum_ratio=4.0, ordinary_per_hour=1.0)
gaps = st.lists(st.integers(0, 4 * HOUR), min_size=1, max_size=50)


def page(times, end):
    """S = X(end) - min X, X the walk that gains ln 4 a share and loses 3 an hour; its dips are just before shares."""
    walk = lowest = 0.0
    for before, time in zip([times[0], *times], times, strict=False):
        walk -= 3.0 * (time - before) / HOUR
        lowest = min(lowest, walk)
        walk += log(4.0)
    walk -= 3.0 * (end - times[-1]) / HOUR
    return walk - min(lowest, walk)


@settings(max_examples=80, deadline=None)
@given(gaps, st.integers(0, 9 * HOUR))
def test_every_prefix_equals_the_rise_above_the_lowest_point(steps, wait):
    times, time = [], T0
    for step in steps:
        time += step
        times.append(time)
    detector = Cusum(CONFIG)
    for count, moment in enumerate(times, 1):
        assert detector.update(moment) == pytest.approx(page(times[:count], moment), abs=2e-6)
    assert detector.score(times[-1] + wait) == pytest.approx(page(times, times[-1] + wait), abs=2e-6)


def test_a_worked_example():
    #  0h: +ln 4        1h: -3, floor 0, +ln 4        1.1h: -0.3 + ln 4
    detector = Cusum(CONFIG)
    assert detector.update(T0) == round(log(4), 6)
    assert detector.update(T0 + HOUR) == round(log(4), 6)
    assert detector.update(T0 + HOUR + 360_000) == round(2 * log(4) - 0.3, 6)


def test_a_late_share_counts_as_if_it_came_now():
    detector = Cusum(CONFIG)
    detector.update(T0 + HOUR)
    assert detector.update(T0) == round(2 * log(4), 6)


def test_a_share_taken_back_corrects_the_size_only():
    detector = Cusum(CONFIG)
    detector.update(T0)
    detector.update(T0)
    detector.retract(T0)
    assert detector.size == 1
    assert detector.score(T0) == round(2 * log(4), 6)


def test_a_merge_adds_the_evidence_and_drops_the_duplicates():
    one, other = Cusum(CONFIG), Cusum(CONFIG)
    one.update(T0)
    one.update(T0)
    other.update(T0)
    one.merge(other, [(T0, 1.0)])
    assert one.size == 2
    assert one.score(T0) == round(2 * log(4), 6)
    one.merge(other, [(T0, 99.0)])
    assert (one.size, one.score(T0)) == (0, 0.0)


def test_the_cold_threshold_is_what_the_reference_burst_reads():
    sharers = sharers_at_threshold(CONFIG, HOUR)
    detector = Cusum(CONFIG)
    for part in range(sharers):
        detector.update(T0 + part * HOUR // sharers)
    assert detector.score(T0 + HOUR) == pytest.approx(detector.thresholds()[0], abs=1e-5)
