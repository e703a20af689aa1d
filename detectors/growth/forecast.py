"""How many more will share, with a range that eight of ten cascades fell into when the constants were fitted.

L's expected further sharers rank cascades well, but are too low a number early and too high late. Three powers of the
size put that right: the middle, the low and the high end. They were fitted by quantile regression at alerts on
four recorded streams of equal weight; `tests/benchmarks/evaluate_forecast.py` fits them again and prints what share
of cascades falls into the range, on streams left out of the fit too. Quantile regression: doi:10.2307/1913643.
"""

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


def forecast(size: float, expected: float) -> Forecast:
    """Further sharers of a cascade of `size` for which L expects `expected`."""
    return Forecast(*(expected * correction(size, *constants) for constants in (LOW, MIDDLE, HIGH)))


def correction(size: float, factor: float, power: float) -> float:
    """What L's expectation is multiplied by at this size."""
    return float(factor * (min(max(size, LEAST), MOST) / LEAST) ** power)
