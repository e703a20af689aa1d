"""The growth benchmarks' own arithmetic, against cases whose answer is known."""

import math

import numpy as np
import pytest

from detectors.growth import GrowthConfig
from detectors.growth.expected_growth import cold_threshold
from detectors.growth.seismic import Seismic
from tests.benchmarks.corpora.tracks import Track
from tests.benchmarks.studies.forecast import Asked, at_alerts, calibrated, fitted, inside
from tests.benchmarks.studies.nulls import BIG, CLOSED_AFTER, discoveries, rolling_limit, shuffled
from tests.benchmarks.studies.reproduction import shares
from tests.benchmarks.studies.seismic import corrected, further
from tests.benchmarks.studies.tuned import GRID, by_chance, shown, tuned

MINUTE = 60_000


def test_the_fit_finds_the_powers_that_made_the_data():
    draw = np.random.default_rng(3)
    size = np.exp(draw.uniform(math.log(3), math.log(300), 3000))
    expected = 10_000 * np.ones_like(size)
    spread = np.exp(draw.normal(size=size.size))
    (low, slope_low), (middle, slope), (high, slope_high) = fitted(
        [Asked(size, expected, 10_000 * 0.5 * (size / 3) ** -0.3 * spread)]
    )
    assert (slope_low, slope, slope_high) == pytest.approx((-0.3, -0.3, -0.3), abs=0.1)
    assert middle == pytest.approx(math.log(0.5), abs=0.15)
    assert (high - middle, middle - low) == pytest.approx((1.28, 1.28), abs=0.25)


def test_a_range_in_whole_sharers_holds_its_own_ends():
    came = np.array([0.0, 1e9])
    assert inside(Asked(np.array([5.0, 5.0]), np.array([2.0, 2.0]), came)).tolist() == [True, False]


def test_one_factor_from_the_past_rescues_constants_of_another_platform():
    alike = [at_alerts([track]) for track in bursts(12, 40, MINUTE, "a")]
    elsewhere = [(math.log(1000 * share), 0.0) for share in (0.5, 1.0, 2.0)]  # a thousand times too much
    as_fitted, factor, inside_, below, above, few, worst, _ = calibrated(
        elsewhere, alike, at_alerts(bursts(3, 40, MINUTE, "b"))
    )
    assert as_fitted == 0
    assert 0.0001 < factor < 0.01
    assert inside_ + below + above == pytest.approx(1)
    assert inside_ >= 0.5
    assert (few, worst) == pytest.approx((inside_, inside_))  # all are alike, so any five say the same


def test_seismic_with_followers_that_all_have_one_is_the_detector():
    times = [0, 600, 3000, 4000]
    detector = Seismic(GrowthConfig(detector="seismic", seismic_resolution=10_000))
    for at in times:
        detector.update(1000 * at)
    seconds = np.array(times, dtype=np.float64)
    predicted = len(times) + further(seconds, np.ones_like(seconds), 7200.0, 1.0)
    assert len(times) < predicted < 100  # the infectiousness is below its cap
    assert predicted == pytest.approx(detector.score(7_200_000), rel=1e-3)


def test_a_cascade_never_corrects_itself():
    predicted = np.array([10.0, 10.0, 10.0, 10.0])
    came = np.array([20.0, 20.0, 20.0, 9_999.0])
    assert corrected(predicted, came)[-1] == pytest.approx(20.0)


def bursts(count, size, gap_ms, name):
    """Cascades a day apart, sharers `gap_ms` apart."""
    day = 86_400_000
    return [Track(f"{name} {n}", [n * day + k * gap_ms for k in range(size)]) for n in range(count)]


def test_a_baseline_is_tuned_to_what_tells_the_big_ones_early():
    #  big ones: ten a minute from the start; small ones: two at once, then one each two hours
    target_size = bursts(6, 60, 6_000, "big")
    small = [Track(track.name, [track.times[0], *track.times]) for track in bursts(30, 6, 2 * 3_600_000, "small")]
    found, positive = [*target_size, *small], [True] * 6 + [False] * 30
    settings = tuned(found, positive, GrowthConfig(target_size=50))
    assert len(settings) == len(GRID)
    chosen = settings["rate, 1 min"]
    assert (chosen.detector, chosen.window_ms) == ("rate", 60_000)
    assert all(config.target_size == 50 for config in settings.values())


def test_without_positives_the_first_setting_that_works_is_taken():
    settings = tuned(bursts(3, 6, MINUTE, "small"), [False] * 3, GrowthConfig(target_size=50))
    assert next(iter(settings)) == "rate, 1 min"
    assert (shown("ordinary_per_hour", 0.1), shown("ewma_ms", 21_600_000)) == ("0.1/h", "6 h")


def test_blind_draws_find_as_many_as_they_are_of_those_that_get_there():
    #  two of four cascades reach five sharers, one of them is big: half of the big one's reach beyond five
    found = [Track("target_size", list(range(50))), Track("able", list(range(5))), *(Track("small", [0, 1]),) * 2]
    assert by_chance(found, [True, False, False, False], 5) == pytest.approx(0.5 * 0.9)
    assert math.isnan(by_chance(found, [False] * 4, 5))


def test_the_rolling_limit_is_the_cold_one_until_a_cascade_has_closed():
    start, peak = np.arange(20), np.full(20, 99.0)
    assert rolling_limit(start, peak, CLOSED_AFTER) == cold_threshold(BIG)
    assert rolling_limit(start, peak, CLOSED_AFTER + 1) > cold_threshold(BIG)


def test_the_rolling_limit_knows_nothing_of_cascades_that_are_still_open():
    start = np.repeat(np.arange(30), 100)
    peak = np.where(start >= 30 - CLOSED_AFTER, 99.0, 1.0)
    assert rolling_limit(start, peak, 30) <= cold_threshold(BIG)


def test_what_is_like_all_that_closed_is_no_discovery_and_what_is_far_above_is():
    start = np.repeat(np.arange(20), 100)
    peak = np.tile(np.linspace(0.0, 5.0, 100), 20)
    assert not discoveries(start, peak, 19).any()
    peak[start == 19] = np.where(np.arange(100) < 10, 50.0, 2.5)
    assert discoveries(start, peak, 19).tolist() == [True] * 10 + [False] * 90


def test_shuffling_keeps_every_size_and_every_time():
    found = [Track("a", [1, 2, 3]), Track("b", [10, 20])]
    mixed = shuffled(found, np.random.default_rng(1))
    assert [track.final for track in mixed] == [3, 2]
    assert sorted(at for track in mixed for at in track.times) == [1, 2, 3, 10, 20]


def test_a_branching_cascade_has_on_average_the_size_of_its_reproduction_number():
    # a tree with R = .5 has 1 / (1 - .5) = 2 members on average
    draw = np.random.default_rng(5)
    sizes = [len(shares(0.5, 10_000, draw)) for _ in range(2000)]
    assert np.mean(sizes) == pytest.approx(2.0, abs=0.15)
