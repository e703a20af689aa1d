"""Kleinberg: every path of the automaton written out, and the paper's costs along it."""

from itertools import pairwise, product
from math import inf, log

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from detectors.growth import GrowthConfig
from detectors.growth.expected_growth import sharers_at_threshold
from detectors.growth.kleinberg import Kleinberg

HOUR = 3_600_000
T0 = 1_700_000_000_000
CONFIG = GrowthConfig(detector="kleinberg", burst_ratio=2.0, burst_cost=1.0, ordinary_per_hour=1.0)


def emission(state, gap):
    """-ln f(gap) with f exponential of rate 1 an hour in state 0 and 2 an hour in state 1."""
    rate = 2.0**state
    return rate * gap / HOUR - log(rate)


def cost(path, gaps):
    """Sum of transitions (up: ln of the shares so far; down: free) and emissions; the path starts in state 0."""
    total = 0.0
    for count, (before, state, gap) in enumerate(zip((0, *path), path, gaps, strict=False), 1):
        total += log(count) if state > before else 0.0
        total += emission(state, gap)
    return total


def brute(gaps):
    """Weight of the burst at the end of the cheapest of all paths, and the next cheapest path's distance."""
    costs = sorted((cost(path, gaps), path) for path in product((0, 1), repeat=len(gaps)))
    _, best = costs[0]
    weight = 0.0
    for state, gap in zip(reversed(best), reversed(gaps), strict=True):
        if state == 0:
            break
        weight += emission(0, gap) - emission(1, gap)
    other = min((value for value, path in costs if path[-1] != best[-1]), default=inf)
    ties = len([value for value, _ in costs if abs(value - costs[0][0]) < 1e-9]) > 1
    return max(0.0, weight), other - costs[0][0], ties


@settings(max_examples=120, deadline=None)
@given(st.lists(st.integers(0, 2 * HOUR), min_size=0, max_size=9))
def test_every_prefix_equals_the_best_of_all_paths(steps):
    gaps = [0, *steps]
    detector = Kleinberg(CONFIG)
    time = T0
    for count, gap in enumerate(gaps, 1):
        time += gap
        score = detector.update(time)
        weight, margin, ties = brute(gaps[:count])
        assume(margin > 1e-6)
        assume(not ties)  # two paths of equal cost may date the burst differently
        assert score == pytest.approx(weight, abs=2e-6)


def test_a_burst_is_seen_and_its_end_too():
    #  three slow shares, ten within a minute, then silence
    detector = Kleinberg(CONFIG)
    slow = [detector.update(T0 + hour * 3 * HOUR) for hour in range(3)]
    assert slow[1:] == [0.0, 0.0]
    start = T0 + 6 * HOUR
    fast = [detector.update(start + second * 6_000) for second in range(1, 11)]
    assert all(later >= earlier for earlier, later in pairwise(fast))
    assert fast[-1] > 4
    # state 1 costs 1 an hour more; after ln 2 of an hour a share would not continue the burst
    end = start + 60_000
    assert detector.score(end + round(0.69 * HOUR)) > 0
    assert detector.score(end + round(0.70 * HOUR)) == 0


def test_a_worked_example():
    # entering costs ln 1 = 0 for the first share; each share at once saves ln 2; half an hour costs 1/2
    detector = Kleinberg(CONFIG)
    assert detector.update(T0) == round(log(2), 6)
    assert detector.update(T0) == round(2 * log(2), 6)
    assert detector.update(T0 + HOUR // 2) == round(3 * log(2) - 0.5, 6)


def test_a_higher_price_enters_later():
    def first_burst(price):
        detector = Kleinberg(GrowthConfig(detector="kleinberg", burst_cost=price))
        detector.update(T0)
        detector.update(T0 + 10 * HOUR)
        return next(share for share in range(1, 99) if detector.update(T0 + 10 * HOUR + share) > 0)

    assert first_burst(0.0) < first_burst(2.0) < first_burst(8.0)


def test_a_late_share_counts_as_if_it_came_now():
    late, now = Kleinberg(CONFIG), Kleinberg(CONFIG)
    for detector in (late, now):
        detector.update(T0 + HOUR)
    assert late.update(T0) == now.update(T0 + HOUR)


def test_a_share_taken_back_corrects_the_size_only():
    detector = Kleinberg(CONFIG)
    detector.update(T0)
    detector.update(T0)
    detector.retract(T0)
    assert detector.size == 1
    assert detector.score(T0) == round(2 * log(2), 6)


def test_a_merge_adds_the_open_bursts_and_drops_the_duplicates():
    one, other, calm = Kleinberg(CONFIG), Kleinberg(CONFIG), Kleinberg(CONFIG)
    for _ in range(4):
        one.update(T0)
        other.update(T0)
    calm.update(T0 - 9 * HOUR)
    calm.update(T0 - 4 * HOUR)
    other.merge(calm)
    assert other.score(T0) == round(4 * log(2), 6), "a calm cascade adds no weight"
    one.merge(other, [(T0, 1.0)])
    assert one.size == 9
    assert one.score(T0) == round(7 * log(2), 6)


def test_two_calm_cascades_stay_calm():
    calm = []
    for _ in range(2):
        detector = Kleinberg(CONFIG)
        detector.update(T0)
        detector.update(T0 + 5 * HOUR)
        calm.append(detector)
    calm[0].merge(calm[1])
    assert calm[0].score(T0 + 5 * HOUR) == 0


def test_the_cold_threshold_is_what_the_reference_burst_weighs():
    sharers = sharers_at_threshold(CONFIG, HOUR)
    detector = Kleinberg(CONFIG)
    for part in range(1, sharers + 1):
        score = detector.update(T0 + part * HOUR // sharers)
    assert score == pytest.approx(detector.thresholds()[0], abs=1 / sharers + 1e-6)
