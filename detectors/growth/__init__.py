"""Measure how fast a cascade gains distinct sharers: the default detector L and the baselines, selectable by name."""

from collections.abc import Iterable

from detectors.growth.base import GrowthDetector
from detectors.growth.config import GrowthConfig, PlatformGrowth
from detectors.growth.count import Count
from detectors.growth.cusum import Cusum
from detectors.growth.ewma import Ewma
from detectors.growth.expected_growth import ExpectedGrowth
from detectors.growth.glr import Glr
from detectors.growth.kleinberg import Kleinberg
from detectors.growth.rate import Rate
from detectors.growth.seismic import Seismic

DETECTORS: dict[str, type[GrowthDetector]] = {
    detector.name: detector for detector in (ExpectedGrowth, Count, Rate, Ewma, Kleinberg, Cusum, Glr, Seismic)
}
"""Growth detectors by their names in `GrowthConfig.detector`."""


def make_detector(config: GrowthConfig) -> GrowthDetector:
    """Build the detector named in `config`, for one cascade."""
    return DETECTORS[config.detector](config)


def rebuild_detector(config: GrowthConfig, firsts: Iterable[tuple[int, float]], earlier: float = 0.0) -> GrowthDetector:
    """Build a cascade's detector under other settings, from its first shares as (time, weight), earliest first.

    `earlier` sharers, whose times are no longer known, only add to the size.
    """
    growth = make_detector(config)
    for time, weight in firsts:
        growth.update(time, weight)
    if earlier:
        growth.late(0, earlier, dropped_late=True)
    return growth


__all__ = [
    "DETECTORS",
    "GrowthConfig",
    "GrowthDetector",
    "PlatformGrowth",
    "make_detector",
    "rebuild_detector",
]
