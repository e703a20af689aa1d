"""One cold-start rule for all baselines: what each would read for the burst at which L speaks.

The baselines measure in different units, so their thresholds are made comparable through one reference burst: as
many sharers, evenly spread over the detector's window, as bring L to its own cold limit.
"""

from abc import abstractmethod

from detectors.growth.base import LEVEL_STEP, GrowthDetector, rounded
from detectors.growth.config import GrowthConfig
from detectors.growth.expected_growth import sharers_at_limit
from detectors.text.formatting import duration


class Baseline(GrowthDetector):
    """A detector whose cold thresholds are its readings of the reference burst, and of 4 and 16 times its sharers.

    Raises:
        ValueError: the ordinary rate is as fast as the reference burst, so that nothing could stand out.

    """

    __slots__ = ()

    def __init__(self, config: GrowthConfig) -> None:
        super().__init__(config)
        if config.threshold is None and not 0 < self._levels[0] < self._levels[1] < self._levels[2]:
            raise ValueError(
                f"growth.ordinary_per_hour must be below the pace of a cascade that gets big; got "
                f"{config.ordinary_per_hour:g} with growth.target_size {config.target_size}; "
                "lower the one or raise the other"
            )

    def _window(self) -> int:
        """Length of the reference burst in ms."""
        return self._config.window_ms

    @abstractmethod
    def _burst(self, sharers: float) -> float:
        """What the statistic reads after `sharers`, evenly spread over `_window`."""

    def _cold_levels(self) -> tuple[float, float, float]:
        sharers = sharers_at_limit(self._config, self._window())
        return (
            rounded(self._burst(sharers)),
            rounded(self._burst(LEVEL_STEP * sharers)),
            rounded(self._burst(LEVEL_STEP**2 * sharers)),
        )

    def _cold_rule(self) -> str:
        window, config = self._window(), self._config
        return (
            f"{self.name} of {sharers_at_limit(config, window)} distinct sharers within {duration(window)}, "
            f"where L's limit lies for q = {config.target_size}, cold-start rule"
        )

    def _raised(self, times: int) -> str:
        return f"for {times} times as many" if self._config.threshold is None else super()._raised(times)


def hourly(rate: float, ms: int) -> float:
    """Sharers that a stream of `rate` an hour brings in `ms`."""
    return rate * ms / 3_600_000
