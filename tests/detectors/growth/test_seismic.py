"""SEISMIC: the paper's equations over the whole history, without bins, on simulated cascades."""

from math import isfinite

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from detectors.growth import GrowthConfig
from detectors.growth.seismic import (
    FLAT_S,
    PEAK,
    SUPERCRITICAL,
    THETA,
    Seismic,
    reacted,
    reaction_time,
    seen_through_kernel,
)

CONFIG = GrowthConfig(detector="seismic")
DAY_S = 86_400
T0 = 1_700_000_000_000


def phi(s):
    """The paper's memory kernel with its constants: c until s0, then a power law."""
    return 6.265725e-4 if s <= 300 else 6.265725e-4 * (s / 300) ** -(1 + 0.2314843)


def paper(times_s, now):
    """Infectiousness and final size by the paper's formulas, all degrees 1, integrals by trapezoids on a log grid."""
    t = now - times_s[0]
    kernel = lambda u: max(0.0, 1 - 2 * u / t)  # noqa: E731 - the paper's symbol, used twice below
    numerator = sum(kernel(now - ti) for ti in times_s[1:])
    denominator = reacted_so_far = 0.0
    for ti in times_s:
        age = now - ti
        start = max(0.0, age - t / 2)
        grid = np.unique(np.concatenate([np.linspace(start, age, 400), np.clip([300.0], start, age)]))
        density = np.array([phi(s) for s in grid])
        weight = np.array([kernel(age - s) for s in grid])
        denominator += np.trapezoid(density * weight, grid)
        whole = np.unique(np.concatenate([np.linspace(0, min(age, 300), 3), np.geomspace(300, max(age, 301), 400)]))
        whole = whole[whole <= age]
        reacted_so_far += np.trapezoid([phi(s) for s in whole], whole)
    p = min(numerator / denominator, 0.99)
    return p, len(times_s) + p * (len(times_s) - reacted_so_far) / (1 - p)


def simulate(seed, infectiousness=0.8, horizon_s=DAY_S, roots=90):
    """A Hawkes cascade with the paper's kernel by its branching structure, times in seconds, sorted."""
    rng = np.random.default_rng(seed)
    times, waiting = [0.0], [0.0] * roots
    while waiting:
        born = waiting.pop()
        for _ in range(rng.poisson(infectiousness)):
            u = rng.uniform()
            flat = PEAK * FLAT_S
            delay = u / PEAK if u <= flat else FLAT_S * ((1 - u) * THETA / flat) ** (-1 / THETA)
            if born + delay < horizon_s:
                times.append(born + delay)
                waiting.append(born + delay)
    return sorted(times)


def test_the_kernel_is_the_one_of_the_paper():
    assert pytest.approx(6.265725e-4, rel=1e-6) == PEAK
    assert reacted(1e30) == pytest.approx(1.0, abs=1e-6)
    assert reacted(0.0) == 0.0


@pytest.mark.parametrize("age", [1.0, 299.0, 300.0, 301.0, 4_000.0, 9e5])
def test_the_closed_integrals_equal_quadrature(age):
    points = [300.0] if age > 300 else None
    assert reacted(age) == pytest.approx(quad(phi, 0, age, points=points, limit=500)[0], rel=1e-6)
    assert reaction_time(age) == pytest.approx(
        quad(lambda s: s * phi(s), 0, age, points=points, limit=500)[0], rel=1e-6
    )


@pytest.mark.parametrize(("age", "life"), [(10, 100), (90, 100), (400, 500), (100, 5_000), (4_000, 5_000), (7e5, 7e5)])
def test_the_weighted_integral_equals_quadrature(age, life):
    start = max(0.0, age - life / 2)
    points = [300.0] if start < 300 < age else None
    value = quad(lambda s: max(0, 1 - 2 * (age - s) / life) * phi(s), start, age, points=points, limit=500)[0]
    assert seen_through_kernel(age, life) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_predictions_on_simulated_cascades_equal_the_papers(seed):
    times = simulate(seed)
    assert len(times) > 60
    detector, checked = Seismic(CONFIG), 0
    for count, time in enumerate(times, 1):
        now = T0 + round(time * 1000)
        score = detector.update(now)
        if count in {20, 40, 60, 80, len(times)}:
            p, size = paper([round(t * 1000) / 1000 for t in times[:count]], round(time * 1000) / 1000)
            assert detector.infectiousness(now) == pytest.approx(p, rel=0.01)
            assert score == pytest.approx(size, rel=0.03)
            checked += 1
    assert checked >= 4


def test_finer_bins_come_closer_to_the_paper():
    times = simulate(5)
    _, size = paper(times, times[-1])
    errors = []
    for resolution in (2, 8, 64):
        detector = Seismic(GrowthConfig(detector="seismic", seismic_resolution=resolution))
        for time in times:
            score = detector.update(T0 + round(time * 1000))
        errors.append(abs(score - size) / size)
    assert errors[2] < 0.01
    assert errors[2] <= errors[0] + 1e-3


def test_the_first_share_predicts_itself():
    detector = Seismic(CONFIG)
    assert detector.update(T0) == 1.0
    assert detector.infectiousness(T0) == 0.0
    assert detector.score(T0 + 1) == 1.0


def test_an_explosion_is_capped_and_finite():
    detector = Seismic(CONFIG)
    for second in range(100):
        score = detector.update(T0 + second * 1000)
    assert detector.infectiousness(T0 + 99_000) == SUPERCRITICAL
    assert isfinite(score)
    assert score < 100 + 100 * 0.99 / 0.01


def test_a_long_silence_leaves_the_size():
    detector = Seismic(CONFIG)
    for minute in range(20):
        detector.update(T0 + minute * 60_000)
    # after twice its life nothing lies in the kernel's window any more
    assert detector.score(T0 + 60 * 60_000) == 20.0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 400 * DAY_S * 1000), min_size=1, max_size=300))
def test_the_bins_hold_every_share_and_stay_few_and_narrow(offsets):
    detector = Seismic(CONFIG)
    for offset in offsets:
        detector.update(T0 + offset)
    bins = detector._bins
    assert sum(weight for _, _, weight, _ in bins) == len(offsets)
    assert len(bins) <= 45 * CONFIG.seismic_resolution
    clock = T0 + max(offsets)
    for (start, width, weight, moment), following in zip(bins, [*bins[1:], None], strict=True):
        assert start % width == 0
        assert width == 1000 or (clock - start) / width >= CONFIG.seismic_resolution
        assert 0 <= moment / weight < width
        assert following is None or start + width <= following[0]


@pytest.mark.no_cover
def test_the_bins_stay_few_whatever_comes():
    # one share a second for a day, then one an hour for a year, then a day that is a hundred years later
    detector, most = Seismic(CONFIG), 0
    times = [*range(0, DAY_S, 7), *range(DAY_S, 365 * DAY_S, 36_000), 36_500 * DAY_S]
    for time in times:
        detector.late(T0 + time * 1000)
        most = max(most, len(detector._bins))
    assert most < 45 * CONFIG.seismic_resolution / 2
    assert detector.size == len(times)


def test_a_share_taken_back_leaves_no_bin():
    detector = Seismic(CONFIG)
    before = detector.snapshot()
    detector.update(T0, 0.2)
    detector.update(T0, 0.1)
    detector.retract(T0, 0.3)
    assert detector._bins == []
    assert detector.score(T0 + 1000) == pytest.approx(0.0, abs=1e-6)
    empty = Seismic(CONFIG)
    empty.restore(before)
    assert empty.score(T0) == 0.0


def test_the_explanation_gives_what_is_still_to_come():
    detector = Seismic(GrowthConfig(detector="seismic", target_size=100))
    for minute in range(30):
        score = detector.update(T0 + minute * 240_000)
    told = detector.explain(T0 + 29 * 240_000)
    assert told.expected_further == pytest.approx(score - 30, abs=1e-3)
    assert told.threshold_at_size == 70.0
    assert told.rule == "a predicted q distinct sharers with q = 100, cold-start rule"
