"""The settings of the growth detectors: what is refused, and how it is said."""

from math import inf, nan

import msgspec
import pytest

from detectors.growth import GrowthConfig, make_detector
from detectors.growth.config import NAMES


def test_the_default_is_l_with_fifty_as_big():
    config = GrowthConfig()
    assert (config.detector, config.target_size, config.min_sharers, config.threshold) == ("L", 50, 5, None)
    assert make_detector(config).name == "L"


def test_an_unknown_detector_is_refused_and_a_long_name_is_cut():
    with pytest.raises(ValueError, match=r"GrowthConfig\.detector is 'loud'; invalid enum value 'loud'"):
        GrowthConfig(detector="loud")
    with pytest.raises(ValueError, match=r"is 'x{38}…;"):
        GrowthConfig(detector="x" * 999)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("target_size", 1),
        ("min_sharers", 0),
        ("window_ms", 0),
        ("window_buckets", 0),
        ("calibration", 0.0),
        ("calibration", inf),
        ("ordinary_per_hour", 0.0),
        ("ordinary_per_hour", nan),
        ("ordinary_per_hour", inf),
        ("ewma_ms", 0),
        ("burst_cost", -0.1),
        ("glr_min_window_ms", 3),
        ("glr_windows", 0),
        ("seismic_resolution", 1),
        ("quiet_ms", 0),
        ("burst_ratio", 1.0),
        ("cusum_ratio", 1.0),
        ("cusum_ratio", inf),
        ("threshold", nan),
        ("threshold", inf),
        ("kernel_weights", (0.5, 0.5, 0, 0, 0)),
        ("kernel_weights", (0.5, 0.4, 0, 0, 0, 0)),
        ("kernel_weights", (1.5, -0.5, 0, 0, 0, 0)),
        ("kernel_weights", (nan, 0, 0, 0, 0, 0)),
        ("glr_min_window_ms", 1001),
        ("window_ms", 3_600_001),
    ],
)
def test_a_senseless_value_is_refused_with_its_name(name, bad):
    with pytest.raises(
        ValueError, match=rf"(GrowthConfig|growth)\.{name} is .*(; expected|, not a multiple|, which adds up to)"
    ):
        GrowthConfig(**{name: bad})


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("target_size", 2),
        ("min_sharers", 1),
        ("window_ms", 60),
        ("window_buckets", 1),
        ("ordinary_per_hour", 1e-6),
        ("ewma_ms", 1),
        ("burst_cost", 0.0),
        ("glr_min_window_ms", 4),
        ("glr_windows", 1),
        ("seismic_resolution", 2),
        ("quiet_ms", 1),
        ("burst_ratio", 1.001),
        ("cusum_ratio", 1.001),
        ("threshold", 0.0),
    ],
)
def test_the_least_allowed_value_is_taken(name, least):
    assert getattr(GrowthConfig(**{name: least}), name) == least


def test_the_settings_are_one_frozen_value():
    config = GrowthConfig()
    with pytest.raises(AttributeError):
        config.target_size = 3
    assert msgspec.convert(msgspec.to_builtins(config), GrowthConfig) == config
    assert hash(config) == hash(GrowthConfig())


@pytest.mark.parametrize("name", NAMES)
def test_every_name_can_be_chosen(name):
    assert make_detector(GrowthConfig(detector=name)).name == name
