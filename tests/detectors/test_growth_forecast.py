"""The forecast holds its middle, is in proportion to what is expected, and narrows with the size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.growth.forecast import forecast

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
