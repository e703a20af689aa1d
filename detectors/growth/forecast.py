"""How many more will share, with a range that eight of ten cascades fell into when the constants were fitted.

L's expected further sharers rank cascades well, but are too high a number in large ones. Three powers of the
size put that right: the middle, the low and the high end. They were fitted by quantile regression at alerts on
four recorded streams of equal weight; `tests/benchmarks/studies/forecast.py` fits them again and prints what share
of cascades falls into the range, on streams left out of the fit too. Quantile regression: doi:10.2307/1913643.
"""

from collections.abc import Sequence
from math import ceil, floor
from statistics import median
from typing import NamedTuple

LEAST, MOST = 3.0, 300.0
"""Sizes between which the errors were seen; outside, those of the nearer end are taken."""
LOW = (0.07, 0.25)
MIDDLE = (1.0, -0.23)
HIGH = (17.0, -0.75)
"""(c, b): the end of the range is A c (N / 3)^b, A being what L expects and N the size."""


class Forecast(NamedTuple):
    """Further distinct sharers: one rough number, and its 80 % range."""

    low: float
    middle: float
    high: float

    def holds(self, came: float) -> bool:
        """Whether as many as came lie in the range, as it is read: in whole sharers."""
        return floor(self.low) <= came <= ceil(self.high)

    def times(self, factor: float) -> "Forecast":
        """All of it multiplied."""
        return Forecast(*(factor * part for part in self))


def forecast(size: float, expected: float) -> Forecast:
    """Further sharers of a cascade of `size` for which L expects `expected`."""
    return Forecast(*(expected * correction(size, *constants) for constants in (LOW, MIDDLE, HIGH)))


def calibration(told: Sequence[Forecast], came: Sequence[float]) -> float:
    """The one factor by which forecasts of a platform's own past come true: the median of what came over the middle.

    The errors of one platform are alike, so one factor moves the whole range. Half a sharer is added to what came, so
    that a platform where nothing more comes has a factor too.

    Args:
        told: forecasts, one or more.
        came: distinct sharers that came after each.

    >>> calibration([Forecast(2, 10, 50), Forecast(4, 20, 100)], [4.5, 9.5])
    0.5

    """
    return median((further + 0.5) / one.middle for one, further in zip(told, came, strict=True))


def correction(size: float, factor: float, power: float) -> float:
    """What L's expectation is multiplied by at this size."""
    return float(factor * (min(max(size, LEAST), MOST) / LEAST) ** power)
