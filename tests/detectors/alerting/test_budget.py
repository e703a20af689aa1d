"""A budget of alerts: a day's allowance is free, more raises the limit, and silence gives it back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.alerting.budget import AlertBudget
from detectors.alerting.config import PolicyConfig
from detectors.growth import DETECTORS, GrowthConfig, make_detector
from detectors.snapshot import SnapshotError

HOUR = 3_600_000
DAY = 24 * HOUR


def spent(a_day, *times):
    budget = AlertBudget(a_day)
    for time in times:
        budget.spend(time)
    return budget


def test_a_days_allowance_raises_nothing():
    #  0 h    0 h    | a third would be one too many
    assert spent(2.0, 0).threshold_offset(0) == 0.0
    assert spent(2.0, 0, 0).threshold_offset(0) == 0.0
    assert spent(2.0, 0, 0, 0).threshold_offset(0) == 0.5


def test_each_days_allowance_beyond_it_raises_the_limit_by_a_level_and_each_day_lowers_it_by_one():
    #  0 h: six openings, three days' allowances | 1 d | 2 d
    budget = spent(2.0, *[0] * 6)
    assert [budget.threshold_offset(time) for time in (0, 12 * HOUR, DAY, 2 * DAY, 9 * DAY)] == [
        2.0,
        1.5,
        1.0,
        0.0,
        0.0,
    ]


def test_less_than_an_alert_a_day_can_be_allowed():
    budget = spent(0.5, 0)
    assert [budget.threshold_offset(time) for time in (0, 12 * HOUR, DAY)] == [1.0, 0.5, 0.0]


def test_a_time_before_the_newest_opening_reads_as_that():
    assert spent(1.0, DAY, DAY).threshold_offset(0) == 1.0


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detectors_limit_rises_without_end_and_meets_those_of_its_levels(name):
    detector = make_detector(GrowthConfig(detector=name))
    one, two, three = detector.thresholds()
    assert [detector.threshold(threshold_offset) for threshold_offset in (0.0, 1.0, 2.0)] == [one, two, three]
    rising = [detector.threshold(threshold_offset) for threshold_offset in (0.5, 1.5, 2.5, 9.0)]
    assert one < rising[0] < two < rising[1] < three < rising[2] < rising[3]
    assert detector.threshold(3.0) - three == pytest.approx(three - two, abs=1e-5)


@given(
    a_day=st.sampled_from([0.5, 1.0, 3.0]),
    rises=st.lists(st.tuples(st.integers(0, 40 * DAY), st.floats(0.0, 4.0)), max_size=200),
)
def test_no_stream_of_strong_cascades_gets_more_openings_than_the_bound(a_day, rises):
    #  each rise would open at so many levels over the plain limit; in every stretch: a_day (days + 1 + most levels) + 1
    budget, opened = AlertBudget(a_day), []
    for time, levels in sorted(rises):
        if levels >= budget.threshold_offset(time):
            budget.spend(time)
            opened.append(time)
    most = max((levels for _, levels in rises), default=0.0)
    for first, begin in enumerate(opened):
        for last in range(first, len(opened)):
            days = (opened[last] - begin) / DAY
            assert last - first + 1 <= a_day * (days + 1 + most) + 1 + 1e-6


@given(times=st.lists(st.integers(0, 9 * DAY), max_size=30), cut=st.integers(0, 30))
def test_a_restored_budget_goes_on_as_if_nothing_had_happened(times, cut):
    times.sort()
    whole, second = spent(2.0, *times), AlertBudget(2.0)
    second.restore(spent(2.0, *times[:cut]).snapshot())
    for time in times[cut:]:
        second.spend(time)
    assert second.snapshot() == whole.snapshot()


def test_a_state_that_is_none_of_its_own_is_refused():
    with pytest.raises(SnapshotError):
        AlertBudget(2.0).restore(make_detector(GrowthConfig()).snapshot())


@pytest.mark.parametrize("a_day", [0.0, -1.0, float("nan"), float("inf")])
def test_an_allowance_that_is_none_is_refused(a_day):
    with pytest.raises(
        ValueError, match=r"PolicyConfig\.openings_a_day is .*; expected (`float` > 0\.0|a finite `float`)"
    ):
        PolicyConfig(openings_a_day=a_day)
