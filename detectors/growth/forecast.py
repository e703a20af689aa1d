"""Forecast the further sharers, with a range that held eight of ten cascades when the constants were fitted.

L's expected further sharers rank cascades well, but are too high in large cascades. Three powers of the size correct
the middle, the low and the high end. Quantile regression at alerts on four recorded streams of equal weight fitted the
powers; `tests/benchmarks/studies/forecast.py` fits them again and prints the share of cascades within the range, also
on streams left out of the fit. Quantile regression: doi:10.2307/1913643.
"""

from collections.abc import Sequence
from math import ceil, floor
from statistics import median
from typing import NamedTuple

LEAST, MOST = 3.0, 300.0
"""Range of sizes with measured errors; other sizes use the nearer end."""
LOW = (0.07, 0.25)
MIDDLE = (1.0, -0.23)
HIGH = (17.0, -0.75)
"""(c, b): the end of the range is A c (N / 3)^b, where A is L's expectation and N the size."""


class Forecast(NamedTuple):
    """Further distinct sharers: one rough number, and its 80 % range."""

    low: float
    middle: float
    high: float

    def contains(self, actual: float) -> bool:
        """Return True if the actual number lies in the range, rounded outwards to whole sharers."""
        return floor(self.low) <= actual <= ceil(self.high)

    def scaled(self, factor: float) -> "Forecast":
        """Return the forecast with all three numbers multiplied."""
        return Forecast(*(factor * part for part in self))


def forecast(size: float, expected: float) -> Forecast:
    """Correct L's expectation of further sharers for the size of the cascade, and add the range."""
    return Forecast(*(expected * correction(size, *constants) for constants in (LOW, MIDDLE, HIGH)))


def calibration(forecasts: Sequence[Forecast], actual: Sequence[float]) -> float:
    """Return the correction factor of forecasts on a platform: the median of actual sharers over the middle.

    Errors on a platform are alike, so a single factor moves the whole range. Half a sharer is added to each actual
    number, so a platform without further sharers has a factor too.

    Args:
        forecasts: forecasts, one or more.
        actual: distinct sharers that came after each forecast.

    >>> calibration([Forecast(2, 10, 50), Forecast(4, 20, 100)], [4.5, 9.5])
    0.5

    """
    return median((further + 0.5) / one.middle for one, further in zip(forecasts, actual, strict=True))


def correction(size: float, factor: float, power: float) -> float:
    """Return the factor for L's expectation at `size`."""
    return float(factor * (min(max(size, LEAST), MOST) / LEAST) ** power)
