"""Score the expected growth (detector L): expected further sharers times the root of size and exponent.

A share stays fresh as long as people still react to the message (a sum of six exponentials close to the reaction times
of doi:10.1145/2783258.2783401). The sharers that followed the spent mass give the reproduction number, with the Gamma
prior of doi:10.1093/aje/kwt133; the reproduction number forecasts the followers of the fresh mass. The exponent
distinguishes a message that passes from one person to the next, and speeds up, from the answer of one large audience,
which slows down from its first minutes.
"""

from functools import lru_cache
from math import exp, expm1, floor, log, sqrt
from typing import Any, Self, TypeAlias

from scipy.special import gammaincinv

from detectors.growth.base import LEVEL_STEP, GrowthDetector, Thresholds, rounded
from detectors.growth.config import GrowthConfig
from detectors.growth.forecast import forecast

TAU_MS = (60_000, 360_000, 2_160_000, 12_960_000, 77_760_000, 466_560_000)
PRIOR = 5.0
"""a0: imagined sharers, each followed by one more on average, that steady the reproduction number."""
FLOOR = -99.0
"""Score of a cascade without sharers."""
FAINT = 1e-9
"""Lower bound of the fresh mass as a share of the size, so a score is finite after years of silence."""
EVEN = 20.0
"""Imagined sharers, evenly spread over the age, that steady the exponent."""
_CAP = 0.7  # of the branching ratio: at most 1 / (1 - 0.7) times the direct followers
_QUIET_MASS = 0.1
_QUOTABLE = 11.0  # offspring from which the reproduction number's coefficient of variation is 0.3 or less

_Six: TypeAlias = tuple[float, float, float, float, float, float]
_Whole: TypeAlias = tuple[float, float, float, float, float, float, float, float, int]
_NOT_BEGUN = 1 << 62  # later than every event time

_K0, _K1, _K2, _K3, _K4, _K5 = (-1.0 / tau for tau in TAU_MS)
_G0, _G1, _G2, _G3, _G4, _G5 = (40 * tau for tau in TAU_MS)  # after 40 tau the rest is 4e-18: nothing


def reproduction(size: float, mass: float) -> float:
    """Return R-hat, the sharers that one share brings: the mean of a Gamma with shape a0+N-1 and rate a0+N-M."""
    return (PRIOR + size - 1.0) / (PRIOR + size - mass)


def expected_further(size: float, mass: float) -> float:
    """Return A-hat, the distinct sharers still to come, direct and indirect; the branching ratio is capped at 0.7."""
    ratio = reproduction(size, mass)
    return ratio * mass / (1.0 - min(_CAP * ratio, _CAP))


def growth_exponent(fresh: float, old: float) -> float:
    """Return the exponent c of growth as a power of the age, N ~ age^c: below 1 growth slows down, above 1 speeds up.

    Args:
        fresh: sharers since the cascade began or reopened.
        old: the sum of the sharers' ages as parts of the cascade's age, 0 to `fresh`; fresh / (1 + c) if N ~ age^c.

    Returns:
        The estimate from the mean age, with `EVEN` imagined sharers at c = 1.

    """
    old = min(max(old, 0.0), fresh)
    return (fresh - old + EVEN) / (old + EVEN)


def growth_score(size: float, mass: float, exponent: float = 1.0) -> float:
    """Return z = ln A-hat + (ln(c N) - 1 / root of N) / 2 rounded to 1e-6; `FLOOR` without sharers."""
    if size <= 0.0:
        return FLOOR
    mass = max(mass, size * FAINT)
    ratio = (4.0 + size) / (5.0 + size - mass)  # 5 = PRIOR; written out here and below: this is the hot path
    spread = 0.7 * ratio
    further = ratio * mass / (1.0 - (spread if spread < 0.7 else 0.7))
    return floor((log(further * sqrt(exponent * size)) - 0.5 / sqrt(size)) * 1e6 + 0.5) / 1e6


def cold_threshold(target_size: int) -> float:
    """Return the level-1 threshold from the target size q alone: 1.5 ln q + 0.4."""
    return rounded(1.5 * log(target_size) + 0.4)


@lru_cache(maxsize=256)
def sharers_at_threshold(config: GrowthConfig, window_ms: int) -> int:
    """Return the reference burst of the baselines: the sharers, evenly spread over a window, at L's threshold.

    Returns:
        The least whole number of sharers, all within the window, with L's score at `cold_threshold` or above.

    """
    left = sum(
        weight * tau / window_ms * -expm1(-window_ms / tau)
        for weight, tau in zip(config.kernel_weights, TAU_MS, strict=True)
    )
    threshold = cold_threshold(config.target_size)
    high = 1
    while growth_score(high, high * left) < threshold:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if growth_score(middle, middle * left) >= threshold else (middle, high)
    return high


class ExpectedGrowth(GrowthDetector):
    """The default detector, labelled L: z = ln(expected further sharers) + (ln(exponent x N) - 1 / root of N) / 2.

    High means: many more distinct sharers are expected, enough people have shared, and the growth does not slow down.
    The state is sums and the time of the first share, so the result does not depend on the order of arrival, except for
    the last bits, which the rounding hides. `merge` is exact; `retract` is exact except for the first share's time,
    which stays. An update costs six exponentials, about a microsecond, and the state is some 170 bytes. `rate` is as
    good where its window has been tuned to the platform; `count` where only size matters.

    Source: doi:10.1145/2783258.2783401 (reaction times), doi:10.1093/aje/kwt133 (reproduction number).

    >>> detector = ExpectedGrowth(GrowthConfig(target_size=50))
    >>> scores = [detector.update(60_000 * minute) for minute in range(30)]
    >>> sum(detector.level(score) == 0 for score in scores)  # sharers before the alert, at one a minute
    21

    """

    __slots__ = ("_aged", "_first", "_fresh", "_mass", "_weights")

    name = "L"
    version = 2

    _mass: _Six
    _fresh: float  # sharers whose times are known, by weight
    _aged: float  # the sum of their ages at the clock, ms
    _first: int  # the earliest of their times
    _state_type = _Whole

    def __init__(self, config: GrowthConfig) -> None:
        self._weights = config.kernel_weights
        super().__init__(config)

    def update(self, time: int, weight: float = 1.0) -> float:
        """Add the first share of a distinct sharer; return the score at the clock, rounded to 1e-6.

        Equal to `GrowthDetector.update`, unrolled for speed.
        """
        gap = time - self._clock
        if gap < 0:
            self._take(time, weight)
            return self._value(self._clock)
        a, b, c, d, e, f = self._mass
        fresh, first = self._fresh, self._first
        if gap:
            self._clock = time
            self._aged += gap * fresh
            a = a * exp(gap * _K0) + weight if gap < _G0 else weight
            b = b * exp(gap * _K1) + weight if gap < _G1 else weight
            c = c * exp(gap * _K2) + weight if gap < _G2 else weight
            d = d * exp(gap * _K3) + weight if gap < _G3 else weight
            e = e * exp(gap * _K4) + weight if gap < _G4 else weight
            f = f * exp(gap * _K5) + weight if gap < _G5 else weight
        else:
            a, b, c, d, e, f = a + weight, b + weight, c + weight, d + weight, e + weight, f + weight
        self._mass = (a, b, c, d, e, f)
        self._size = size = self._size + weight
        self._fresh = fresh = fresh + weight
        if time < first:
            self._first = first = time
        exponent = growth_exponent(fresh, self._aged / (time - first)) if time > first else 1.0
        u, v, w, x, y, z = self._weights
        return growth_score(size, u * a + v * b + w * c + x * d + y * e + z * f, exponent)

    def mass(self, time: int) -> float:
        """Return M at `time`: the sharers whose share people may still react to, 0 to N."""
        total = 0.0
        for weight, part in zip(self._weights, _faded(self._mass, time - self._clock), strict=True):
            total += weight * part
        return max(0.0, total)

    def exponent(self, time: int) -> float:
        """Return the exponent of growth at `time`, not before the clock; 1 if the pace is steady or not yet known."""
        age = time - self._first
        if age <= 0:
            return 1.0
        return growth_exponent(self._fresh, (self._aged + (time - self._clock) * self._fresh) / age)

    def quiet(self, time: int) -> bool:
        """Return True if the fresh mass at `time` is below 0.1."""
        return self.mass(max(time, self._clock)) < _QUIET_MASS

    def _value(self, time: int) -> float:
        return growth_score(self._size, self.mass(time), self.exponent(time))

    def _details(self, time: int, threshold: float) -> dict[str, Any]:
        if self._size <= 0.0:
            return {}
        mass, exponent, calibration = self.mass(time), self.exponent(time), self._config.calibration
        expected, required = (
            forecast(self._size, further).scaled(calibration)
            for further in (expected_further(self._size, mass), _further_at(threshold, self._size, exponent))
        )
        details = {
            "expected_further": round(expected.middle, 3),
            "expected_low": round(expected.low, 3),
            "expected_high": round(expected.high, 3),
            "threshold_at_size": round(required.middle, 3),
            "fresh_share": round(mass / self._size, 6),
            "exponent": round(exponent, 3),
        }
        if calibration != 1.0:
            details["calibration"] = calibration
        shape, rate = PRIOR + self._size - 1.0, PRIOR + self._size - mass
        if shape >= _QUOTABLE:
            details["reproduction_number"] = round(shape / rate, 3)
            details["reproduction_low"] = round(float(gammaincinv(shape, 0.05)) / rate, 3)
            details["reproduction_high"] = round(float(gammaincinv(shape, 0.95)) / rate, 3)
        return details

    def _thresholds_from(self, first: float) -> Thresholds:
        return rounded(first), rounded(first + log(LEVEL_STEP)), rounded(first + 2 * log(LEVEL_STEP))

    def _cold_thresholds(self) -> Thresholds:
        return self._thresholds_from(cold_threshold(self._config.target_size))

    def _cold_rule(self) -> str:
        return f"1.5 ln q + 0.4 with q = {self._config.target_size}, cold-start rule"

    def _step_rule(self, times: int) -> str:
        return f"plus ln {times}"

    def _clear(self) -> None:
        self._mass = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        self._fresh = self._aged = 0.0
        self._first = _NOT_BEGUN

    def _move(self, time: int) -> None:
        self._mass = _faded(self._mass, time - self._clock)
        self._aged += (time - self._clock) * self._fresh

    def _add(self, time: int, weight: float) -> None:
        self._first = min(self._first, time)
        self._change(time, weight)

    def _change(self, time: int, weight: float) -> None:
        self._fresh += weight
        self._aged += weight * (self._clock - time)
        a, b, c, d, e, f = self._mass
        t, u, v, w, x, y = _faded((weight,) * 6, self._clock - time)
        self._mass = (a + t, b + u, c + v, d + w, e + x, f + y)

    def _remove(self, time: int, weight: float) -> None:
        self._change(time, -weight)

    def _union(self, other: Self) -> None:
        a, b, c, d, e, f = self._mass
        t, u, v, w, x, y = other._mass
        self._mass = (a + t, b + u, c + v, d + w, e + x, f + y)
        self._fresh += other._fresh
        self._aged += other._aged
        self._first = min(self._first, other._first)

    def _snapshot(self) -> tuple[Any, ...]:
        return (*self._mass, self._fresh, self._aged, self._first)

    def _restore(self, state: _Whole) -> None:
        *mass, self._fresh, self._aged, self._first = state
        a, b, c, d, e, f = mass
        self._mass = (a, b, c, d, e, f)


def _further_at(threshold: float, size: float, exponent: float) -> float:
    """Return the A-hat of a cascade of `size` and `exponent` that scores `threshold`."""
    return exp(threshold + 0.5 / sqrt(size)) / sqrt(exponent * size)


def _faded(mass: _Six, gap: int) -> _Six:
    """Return the six sums after `gap` ms, 0 or more."""
    a, b, c, d, e, f = mass
    return (
        a * exp(gap * _K0) if gap < _G0 else 0.0,
        b * exp(gap * _K1) if gap < _G1 else 0.0,
        c * exp(gap * _K2) if gap < _G2 else 0.0,
        d * exp(gap * _K3) if gap < _G3 else 0.0,
        e * exp(gap * _K4) if gap < _G4 else 0.0,
        f * exp(gap * _K5) if gap < _G5 else 0.0,
    )


__all__ = [
    "EVEN",
    "FLOOR",
    "PRIOR",
    "TAU_MS",
    "ExpectedGrowth",
    "cold_threshold",
    "expected_further",
    "growth_exponent",
    "growth_score",
    "reproduction",
]
