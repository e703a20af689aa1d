"""Derive the cold-start thresholds of all baselines from one reference burst.

The baselines measure in different units. One reference burst makes their thresholds comparable: as many sharers, evenly
spread over the detector's window, as bring L to its own cold threshold.
"""

from abc import abstractmethod

from detectors.growth.base import LEVEL_STEP, GrowthDetector, Thresholds, rounded
from detectors.growth.config import GrowthConfig
from detectors.growth.expected_growth import sharers_at_threshold
from detectors.text.formatting import duration


class Baseline(GrowthDetector):
    """A detector whose cold thresholds are its readings of the reference burst, and of 4 and 16 times its sharers.

    Raises:
        ValueError: the ordinary rate is as fast as the reference burst, so no cascade could exceed it.

    """

    __slots__ = ()

    def __init__(self, config: GrowthConfig) -> None:
        super().__init__(config)
        if config.threshold is None and not 0 < self._thresholds[0] < self._thresholds[1] < self._thresholds[2]:
            raise ValueError(
                f"growth.ordinary_per_hour {config.ordinary_per_hour:g} is as fast as a cascade that reaches "
                f"growth.target_size {config.target_size}; lower growth.ordinary_per_hour or raise growth.target_size"
            )

    def _window(self) -> int:
        """Return the length of the reference burst in ms."""
        return self._config.window_ms

    @abstractmethod
    def _burst(self, sharers: float) -> float:
        """Return the statistic after `sharers`, evenly spread over `_window`."""

    def _cold_thresholds(self) -> Thresholds:
        sharers = sharers_at_threshold(self._config, self._window())
        return (
            rounded(self._burst(sharers)),
            rounded(self._burst(LEVEL_STEP * sharers)),
            rounded(self._burst(LEVEL_STEP**2 * sharers)),
        )

    def _cold_rule(self) -> str:
        window, config = self._window(), self._config
        return (
            f"{self.name} of {sharers_at_threshold(config, window)} distinct sharers within {duration(window)}, "
            f"where L's threshold lies for q = {config.target_size}, cold-start rule"
        )

    def _step_rule(self, times: int) -> str:
        return f"for {times} times as many" if self._config.threshold is None else super()._step_rule(times)


def hourly(rate: float, ms: int) -> float:
    """Return the sharers of a stream of `rate` an hour in `ms`."""
    return rate * ms / 3_600_000
