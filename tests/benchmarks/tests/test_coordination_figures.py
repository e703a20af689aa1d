"""The scores of coordination, against cascades whose answer is known."""

import numpy as np
import pytest

from tests.benchmarks.studies.coordination import excess, local_variation, near, repeated, separation, spread


@pytest.mark.parametrize(("gap", "share"), [(9.9, 2 / 3), (10.0, 2 / 3), (10.1, 0.0)])
def test_a_sharer_is_near_another_up_to_the_limit(gap, share):
    assert near(np.array([0.0, gap, 1000.0])) == pytest.approx(share)


def test_a_steady_random_pace_shows_no_excess_and_a_local_variation_of_one():
    times = np.sort(np.random.default_rng(5).uniform(0, 100_000, 5_000))
    assert excess(times) == pytest.approx(1.0, abs=0.1)
    assert local_variation(times) == pytest.approx(1.0, abs=0.1)


def test_a_clock_has_no_local_variation_and_shares_at_one_moment_are_no_error():
    assert local_variation(np.arange(0.0, 1000.0, 60.0)) == 0.0
    assert local_variation(np.zeros(5)) == 0.0


def test_pairs_at_one_moment_in_a_slow_cascade_are_in_excess():
    assert excess(np.repeat(np.arange(0.0, 60_000.0, 1_000.0), 2)) > 10


def test_only_partners_who_meet_again_in_another_cascade_are_repeated():
    first = spread({"a": 0.0, "b": 5.0, "c": 8.0, "d": 900.0})
    second = spread({"b": 3.0, "a": 0.0, "c": 500.0, "e": 505.0})
    assert repeated([first, second]) == [0.5, 0.5]
    assert repeated([first]) == [0.0]


def test_scores_that_are_all_higher_separate_fully_and_equal_ones_not_at_all():
    assert separation([2.0] * 20, [1.0] * 20).value == 1.0
    assert separation([1.0] * 20, [1.0] * 20).value == 0.5
