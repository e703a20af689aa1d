"""L: the formulas recomputed from the whole history, worked examples, the edges of the threshold."""

from itertools import pairwise
from math import exp, inf, log, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma

from detectors.growth import GrowthConfig
from detectors.growth.expected_growth import (
    FLOOR,
    TAU_MS,
    ExpectedGrowth,
    cold_threshold,
    expected_further,
    growth_exponent,
    growth_score,
    reproduction,
    sharers_at_threshold,
)

CONFIG = GrowthConfig(target_size=50)
WEIGHTS = (0.05, 0.20, 0.25, 0.20, 0.15, 0.15)
TAU_S = (60, 360, 2160, 12960, 77760, 466560)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
T0 = 1_700_000_000_000

quick = settings(max_examples=60, deadline=None)
shares = st.lists(
    st.tuples(st.integers(T0, T0 + 3 * DAY), st.sampled_from([1.0, 2.0, 4.0, 0.2])), min_size=1, max_size=60
)


def naive(history, time):
    """Section by section as the method is written: seconds, plain loops, no state."""
    n = m = 0.0
    for moment, weight in history:
        n += weight
        for share, tau in zip(WEIGHTS, TAU_S, strict=True):
            m += share * weight * exp(-((time - moment) / 1000) / tau)
    r = (5 + n - 1) / (5 + n - m)
    a = r * m / (1 - min(0.7 * r, 0.7))
    c = course(history, time)
    return n, m, r, a, log(a) + 0.5 * (log(c * n) - 1 / sqrt(n))


def course(history, time):
    """The exponent: twenty that came evenly, and everybody by how old the share is."""
    age = time - min(moment for moment, _ in history)
    old = new = 20.0
    for moment, weight in history if age else ():
        old += weight * (time - moment) / age
        new += weight * (1 - (time - moment) / age)
    return new / old


@quick
@given(shares)
def test_every_prefix_scores_as_the_formula_over_the_whole_history(history):
    detector = ExpectedGrowth(CONFIG)
    for count, (time, weight) in enumerate(history, 1):
        score = detector.update(time, weight)
        clock = max(moment for moment, _ in history[:count])
        assert score == pytest.approx(naive(history[:count], clock)[4], abs=1.1e-6)


@quick
@given(shares, st.integers(0, 30 * DAY))
def test_a_score_read_later_is_the_formula_at_that_time(history, wait):
    detector = ExpectedGrowth(CONFIG)
    for time, weight in history:
        detector.update(time, weight)
    later = max(time for time, _ in history) + wait
    assert detector.score(later) == pytest.approx(naive(history, later)[4], abs=1.1e-6)


@quick
@given(shares, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(history, random):
    shuffled = list(history)
    random.shuffle(shuffled)
    one, other = ExpectedGrowth(CONFIG), ExpectedGrowth(CONFIG)
    for time, weight in history:
        one.update(time, weight)
    for time, weight in shuffled:
        other.update(time, weight)
    end = max(time for time, _ in history)
    assert one.score(end) == pytest.approx(other.score(end), abs=1.1e-6)
    assert one.size == pytest.approx(other.size)


@quick
@given(shares)
def test_the_unrolled_update_does_what_the_plain_one_does(history):
    fast, plain = ExpectedGrowth(CONFIG), ExpectedGrowth(CONFIG)
    for time, weight in history:
        score = fast.update(time, weight)
        plain.late(time, weight)  # the plain path, for a share within the horizon
        assert score == pytest.approx(plain.score(time), abs=1.1e-6)


def test_one_share_is_worth_its_four_fifths_of_a_follower():
    # N = 1, M = 1: R = 5/5 = 1, A = 1/(1 - 0.7) = 3.333, c = 1, z = ln 3.333 - 1/2
    detector = ExpectedGrowth(CONFIG)
    assert detector.update(T0) == round(log(1 / 0.3) - 0.5, 6) == 0.703973


def test_growth_by_a_power_of_the_age_has_that_exponent():
    #  N ~ age^c: the n-th of many comes at (n / N)^(1 / c)
    for c in (0.5, 1.0, 2.0):
        times = [T0 + round(DAY * (n / 5000) ** (1 / c)) for n in range(5001)]
        detector = ExpectedGrowth(CONFIG)
        for time in times:
            detector.update(time)
        assert detector.exponent(times[-1]) == pytest.approx(c, rel=0.02)


def test_what_slows_down_scores_less_than_what_speeds_up_with_as_many_shares_as_fresh():
    #  first quick then slow | first slow then quick: the same gaps, the other way round
    assert growth_score(40, 10, 0.7) < growth_score(40, 10) < growth_score(40, 10, 1.4)
    gaps = [2**n * 1000 for n in range(12)]
    slowing, speeding = ExpectedGrowth(CONFIG), ExpectedGrowth(CONFIG)
    for detector, course_ in ((slowing, gaps), (speeding, gaps[::-1])):
        time = T0
        detector.update(time)
        for gap in course_:
            time += gap
            detector.update(time)
    end = T0 + sum(gaps)
    assert slowing.exponent(end) < 1 < speeding.exponent(end)


def test_few_sharers_say_little_about_the_course():
    detector = ExpectedGrowth(CONFIG)
    for time in (T0, T0 + HOUR - 1000, T0 + HOUR):
        detector.update(time)
    assert detector.exponent(T0 + HOUR) == pytest.approx(1.05, abs=0.01)
    assert ExpectedGrowth(CONFIG).exponent(T0) == growth_exponent(0.0, 0.0) == 1.0


def test_the_age_is_that_of_the_first_share_even_when_it_is_taken_back():
    detector = ExpectedGrowth(CONFIG)
    for time in (T0, T0 + HOUR, T0 + 2 * HOUR):
        detector.update(time)
    detector.retract(T0)
    history = [(T0 + HOUR, 1.0), (T0 + 2 * HOUR, 1.0)]
    assert detector.exponent(T0 + 2 * HOUR) == pytest.approx(21.5 / 20.5)
    assert detector.mass(T0 + 2 * HOUR) == pytest.approx(naive(history, T0 + 2 * HOUR)[1])


def test_a_cascade_that_begins_again_has_a_new_course():
    detector = ExpectedGrowth(CONFIG)
    for minute in range(30):
        detector.update(T0 + minute * MINUTE)
    detector.reopen(T0 + 30 * DAY)
    assert detector.exponent(T0 + 30 * DAY) == 1.0
    for minute in range(3):
        detector.update(T0 + 30 * DAY + minute * MINUTE)
    end = T0 + 30 * DAY + 2 * MINUTE
    assert detector.exponent(end) == course([(end - minute * MINUTE, 1.0) for minute in range(3)], end)


def test_the_documented_alert_comes_out_as_written():
    # the wording example at an even pace: A x sqrt(N) x e^(-1 / (2 sqrt N)) against e^0.4 q^1.5 with q = 37
    limit = cold_threshold(37)
    assert exp(limit) == pytest.approx(336, abs=0.5)
    assert 70 * sqrt(42) * exp(-0.5 / sqrt(42)) == pytest.approx(420, abs=0.5)


def test_the_cold_rule_is_the_documented_one():
    assert ExpectedGrowth(CONFIG).thresholds() == pytest.approx(
        (1.5 * log(50) + 0.4, 1.5 * log(50) + 0.4 + log(4), 1.5 * log(50) + 0.4 + log(16)), abs=1e-6
    )
    assert ExpectedGrowth(CONFIG).rule() == "1.5 ln q + 0.4 with q = 50, cold-start rule"
    assert (
        ExpectedGrowth(CONFIG).explain(0, 2).rule == "1.5 ln q + 0.4 with q = 50, cold-start rule; plus ln 4 at level 2"
    )


def test_an_operators_threshold_replaces_the_rule():
    detector = ExpectedGrowth(GrowthConfig(threshold=5.0))
    assert detector.thresholds() == (5.0, 6.386294, 7.772589)
    assert detector.rule() == "threshold set by the operator"


@pytest.mark.parametrize(("above", "level"), [(-1e-6, 0), (0.0, 1), (1e-6, 1)])
def test_a_score_at_the_limit_meets_it_and_one_millionth_less_does_not(above, level):
    detector = ExpectedGrowth(GrowthConfig(min_sharers=1))
    detector.update(T0)
    assert detector.level(round(detector.thresholds()[0] + above, 6)) == level


def test_the_limit_is_met_at_exactly_the_score_that_an_update_returns():
    # the threshold is set to what the eighth share scores: the eighth alerts, the seventh does not
    probe = ExpectedGrowth(CONFIG)
    scores = [probe.update(T0 + minute * MINUTE) for minute in range(8)]
    detector = ExpectedGrowth(GrowthConfig(threshold=scores[-1]))
    levels = [detector.level(detector.update(T0 + minute * MINUTE)) for minute in range(8)]
    assert levels == [0, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(("sharers", "level"), [(4, 0), (5, 1), (6, 1)])
def test_a_score_means_nothing_below_the_least_number_of_sharers(sharers, level):
    detector = ExpectedGrowth(GrowthConfig(threshold=3.5, min_sharers=5))
    for _ in range(sharers):
        score = detector.update(T0)
    assert score > 3.5
    assert detector.level(score) == level


def test_levels_rise_as_the_score_does():
    detector = ExpectedGrowth(GrowthConfig(threshold=1.0, min_sharers=1))
    detector.update(T0)
    first, second, third = detector.thresholds()
    assert [detector.level(score) for score in (0.0, first, second, third, inf)] == [0, 1, 2, 3, 3]


def test_silence_only_lowers_the_score():
    detector = ExpectedGrowth(CONFIG)
    for second in range(40):
        detector.update(T0 + second * 1000)
    scores = [detector.score(T0 + 40_000 + hour * HOUR) for hour in range(0, 24 * 365, 7)]
    assert all(later <= earlier for earlier, later in pairwise(scores))


@pytest.mark.parametrize("tau", TAU_MS)
def test_a_share_fades_the_same_just_before_and_just_after_it_is_taken_for_gone(tau):
    # 40 tau is where the exponential is dropped; what is dropped is 4e-18
    below, above = ExpectedGrowth(CONFIG), ExpectedGrowth(CONFIG)
    below.update(T0)
    above.update(T0)
    assert below.mass(T0 + 40 * tau - 1) == pytest.approx(above.mass(T0 + 40 * tau), abs=1e-6)


def test_after_years_of_silence_the_score_is_low_and_finite():
    detector = ExpectedGrowth(CONFIG)
    for _ in range(1000):
        detector.update(T0)
    assert detector.mass(T0 + 10 * 365 * DAY) == 0.0
    later = detector.score(T0 + 10 * 365 * DAY)
    further = log(1004 / 1005 * 1e-6 / (1 - 0.7 * 1004 / 1005))
    slow = log(20 / 1020)  # all came at once, ten years ago
    assert later == pytest.approx(further + 0.5 * (log(1000) + slow - 1 / sqrt(1000)), abs=1e-5)
    assert detector.update(T0 + 20 * 365 * DAY) > later


def test_nothing_seen_scores_the_floor():
    detector = ExpectedGrowth(CONFIG)
    assert detector.score(T0) == FLOOR
    assert detector.quiet(T0)
    assert growth_score(0.0, 0.0) == FLOOR
    assert detector.explain(T0).expected_further is None
    assert detector.explain(T0).score == FLOOR


def test_a_share_taken_back_leaves_nothing_behind():
    detector = ExpectedGrowth(CONFIG)
    detector.update(T0)
    before = detector.snapshot()
    detector.update(T0)
    detector.retract(T0)
    assert detector.snapshot() == before
    detector.retract(T0)
    assert detector.size == 0
    assert detector.score(T0) == FLOOR


def test_more_taken_back_than_came_stops_at_nothing():
    detector = ExpectedGrowth(CONFIG)
    detector.update(T0)
    detector.retract(T0, 2.0)
    assert detector.size == 0
    assert detector.mass(T0) == 0
    assert detector.score(T0 + HOUR) == FLOOR


def test_an_expired_share_counts_and_is_not_fresh():
    detector, twin = ExpectedGrowth(CONFIG), ExpectedGrowth(CONFIG)
    for each in (detector, twin):
        each.update(T0)
    detector.late(T0 - 30 * DAY, 1.0, dropped_late=True)
    assert detector.size == 2
    assert detector.mass(T0) == twin.mass(T0) == pytest.approx(1.0)


def test_a_late_share_adds_what_is_left_of_it():
    #  T0-1h         T0
    #    late         first
    detector = ExpectedGrowth(CONFIG)
    detector.update(T0)
    detector.late(T0 - HOUR)
    history = [(T0, 1.0), (T0 - HOUR, 1.0)]
    assert detector.score(T0) == pytest.approx(naive(history, T0)[4], abs=1.1e-6)


def test_a_late_share_can_be_the_newest_of_its_own_cascade():
    detector = ExpectedGrowth(CONFIG)
    detector.update(T0)
    detector.late(T0 + HOUR)
    assert detector.score(T0) == detector.score(T0 + HOUR)


def test_reopening_keeps_the_size_and_drops_the_mass():
    #  T0 .. 20 shares ......... T0+30d reopened, one share
    detector = ExpectedGrowth(CONFIG)
    for _ in range(20):
        detector.update(T0)
    detector.reopen(T0 + 30 * DAY)
    assert (detector.size, detector.mass(T0 + 30 * DAY)) == (20, 0)
    detector.update(T0 + 30 * DAY)
    assert detector.mass(T0 + 30 * DAY) == pytest.approx(1.0)
    assert detector.size == 21


def test_what_came_before_reopening_is_never_fresh_again():
    detector = ExpectedGrowth(CONFIG)
    detector.update(T0)
    detector.reopen(T0 + DAY)
    detector.late(T0 + DAY - 1)
    assert (detector.size, detector.mass(T0 + DAY)) == (2, 0)
    detector.late(T0 + DAY)
    assert detector.mass(T0 + DAY) == pytest.approx(1.0)
    detector.retract(T0)
    assert (detector.size, detector.mass(T0 + DAY)) == (2, pytest.approx(1.0))


@quick
@given(st.floats(0.5, 1e6), st.floats(0, 1))
def test_the_score_is_the_explanation_times_the_root_of_the_size(size, fresh):
    mass = max(fresh, 1e-6) * size
    assert growth_score(size, mass) == pytest.approx(
        log(expected_further(size, mass)) + 0.5 * log(size) - 0.5 / sqrt(size), rel=1e-9, abs=2e-6
    )


def test_followers_beyond_seven_tenths_are_capped():
    # all spent: R = (4 + 100) / 5 > 1, the branching ratio stays at 0.7
    assert reproduction(100, 100) == pytest.approx(20.8)
    assert expected_further(100, 100) == pytest.approx(20.8 * 100 / 0.3)
    # below 1 the ratio itself counts: R = 104 / 105 at M = 0 -> A is R M / (1 - 0.7 R)
    assert expected_further(100, 1) == pytest.approx(1.0 * 1 / (1 - 0.7))
    assert expected_further(100, 0.5) == pytest.approx(104 / 104.5 * 0.5 / (1 - 0.7 * 104 / 104.5))


def test_an_explanation_holds_the_numbers_of_the_formula():
    history = [(T0 + minute * MINUTE, 1.0) for minute in range(30)]
    detector = ExpectedGrowth(CONFIG)
    for time, weight in history:
        detector.update(time, weight)
    end = history[-1][0]
    n, m, r, a, z = naive(history, end)
    told = detector.explain(end, 2)
    assert told.detector == "L"
    assert told.score == pytest.approx(z, abs=1.1e-6)
    assert told.threshold == detector.thresholds()[1]
    assert told.expected_further == pytest.approx(a * (n / 3) ** -0.23, abs=1e-3)
    assert told.expected_low == pytest.approx(a * 0.07 * (n / 3) ** 0.25, abs=1e-3)
    assert told.expected_high == pytest.approx(a * 17 * (n / 3) ** -0.75, abs=1e-3)
    assert told.exponent == pytest.approx(course(history, end), abs=1e-3)
    assert told.fresh_share == pytest.approx(m / n, abs=1e-6)
    assert told.threshold_at_size / told.expected_further == pytest.approx(exp(told.threshold - z), rel=1e-4)
    assert told.reproduction_number == pytest.approx(r, abs=1e-3)
    shape, rate = 5 + n - 1, 5 + n - m
    assert told.reproduction_low == pytest.approx(gamma.ppf(0.05, shape, scale=1 / rate), abs=1e-3)
    assert told.reproduction_high == pytest.approx(gamma.ppf(0.95, shape, scale=1 / rate), abs=1e-3)


@pytest.mark.parametrize(("sharers", "quoted"), [(6, False), (7, True), (8, True)])
def test_a_reproduction_number_is_quoted_from_eleven_offspring_on(sharers, quoted):
    # a0 + N - 1 = 11 at N = 7
    detector = ExpectedGrowth(CONFIG)
    for _ in range(sharers):
        detector.update(T0)
    assert (detector.explain(T0).reproduction_number is not None) is quoted
    assert (detector.explain(T0).reproduction_low is not None) is quoted


def test_the_silence_is_found_after_which_the_score_falls():
    detector = ExpectedGrowth(CONFIG)
    for minute in range(30):
        detector.update(T0 + minute * MINUTE)
    end, threshold = T0 + 29 * MINUTE, detector.thresholds()[0]
    below_at = detector.falls_below(threshold, end)
    assert detector.score(below_at) < threshold <= detector.score(below_at - 1)


def test_level_0_is_compared_with_the_threshold_of_level_1():
    detector = ExpectedGrowth(CONFIG)
    detector.update(T0)
    assert detector.explain(T0, 0).threshold == detector.thresholds()[0]


def test_quiet_is_when_the_fresh_mass_is_under_a_tenth():
    detector = ExpectedGrowth(CONFIG)
    detector.update(T0)
    low, high = T0, T0 + 10 * DAY
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if detector.mass(middle) < 0.1 else (middle, high)
    assert not detector.quiet(high - 1)
    assert detector.quiet(high)
    # the silence that makes the baselines quiet is chosen by this
    assert high - T0 == pytest.approx(GrowthConfig().quiet_ms, abs=2 * HOUR)


@pytest.mark.parametrize("target_size", [2, 5, 50, 1278])
@pytest.mark.parametrize("window", [5 * MINUTE, HOUR, 6 * HOUR])
def test_the_reference_burst_is_the_least_that_brings_the_score_to_its_limit(target_size, window):
    config = GrowthConfig(target_size=target_size)
    sharers = sharers_at_threshold(config, window)

    def even(count):
        fine = 2000  # the integral over the window as a sum
        left = sum(
            weight * exp(-(part + 0.5) / fine * window / tau)
            for part in range(fine)
            for weight, tau in zip(WEIGHTS, TAU_MS, strict=True)
        )
        return growth_score(count, count * left / fine)

    assert even(sharers) >= cold_threshold(target_size) - 1e-4
    assert sharers == 1 or even(sharers - 1) < cold_threshold(target_size) + 1e-4


def test_another_kernel_changes_what_is_fresh():
    quick = ExpectedGrowth(GrowthConfig(kernel_weights=(1.0, 0, 0, 0, 0, 0)))
    quick.update(T0)
    assert quick.mass(T0 + MINUTE) == pytest.approx(exp(-1))
