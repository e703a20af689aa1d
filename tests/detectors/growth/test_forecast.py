"""The forecast holds its middle, is in proportion to what is expected, and narrows with the size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.growth import GrowthConfig
from detectors.growth.expected_growth import ExpectedGrowth
from detectors.growth.forecast import Forecast, calibration, forecast

sizes = st.floats(0.1, 1e7)
expected = st.floats(1e-6, 1e9)


@given(sizes, expected)
def test_the_range_holds_its_middle_at_every_size(size, further):
    told = forecast(size, further)
    assert 0 < told.low < told.middle < told.high


@given(sizes, expected, st.floats(1.01, 100))
def test_more_fresh_mass_at_one_size_moves_the_whole_range_up_in_proportion(size, further, times):
    once, more = forecast(size, further), forecast(size, times * further)
    assert more == pytest.approx(tuple(times * part for part in once))


@given(st.floats(3, 299), st.floats(1.01, 100))
def test_the_range_narrows_as_a_cascade_grows(size, times):
    small, large = forecast(size, 10.0), forecast(size * times, 10.0)
    assert large.high / large.low < small.high / small.low


@pytest.mark.parametrize(("outside", "end"), [(1, 3), (2.999, 3), (300.001, 300), (1e6, 300)])
def test_beyond_the_sizes_seen_the_nearer_end_is_taken(outside, end):
    assert forecast(outside, 10.0) == forecast(end, 10.0)


@given(st.lists(st.tuples(sizes, expected, st.integers(0, 10**6)), min_size=1, max_size=30))
def test_by_the_calibration_half_of_the_forecasts_are_too_low(asked):
    told = [forecast(size, further) for size, further, _ in asked]
    came = [float(further) for *_, further in asked]
    factor = calibration(told, came)
    ratios = [(further + 0.5) / one.middle for further, one in zip(came, told, strict=True)]
    assert 2 * sum(ratio <= factor * (1 + 1e-9) for ratio in ratios) >= len(asked)
    assert 2 * sum(ratio >= factor * (1 - 1e-9) for ratio in ratios) >= len(asked)


def test_a_range_holds_what_its_ends_hold_in_whole_sharers():
    told = Forecast(2.6, 10.0, 40.2)
    assert [told.contains(came) for came in (1, 2, 41, 42)] == [False, True, True, False]


def test_what_is_told_and_its_limit_are_multiplied_alike_and_the_score_is_not():
    plain, corrected = (ExpectedGrowth(GrowthConfig(calibration=factor)) for factor in (1.0, 0.25))
    for detector in (plain, corrected):
        scores = [detector.update(minute * 60_000) for minute in range(30)]
    one, other = (detector.explain(29 * 60_000) for detector in (plain, corrected))
    assert (one.score, one.threshold) == (other.score, other.threshold) == (scores[-1], one.threshold)
    assert (one.calibration, other.calibration) == (1.0, 0.25)
    for name in ("expected_low", "expected_further", "expected_high", "threshold_at_size"):
        assert getattr(other, name) == pytest.approx(getattr(one, name) / 4, abs=1e-3)
