"""Predict the final size with a self-exciting process (SEISMIC), the method that L simplifies.

Zhao et al. 2015, doi:10.1145/2783258.2783401, without followers: every sharer has degree 1.
"""

from bisect import bisect_right
from math import pow  # noqa: A004 - the built-in one may be complex, to a type checker
from typing import Any, Self

from detectors.growth.base import GrowthDetector, Thresholds

FLAT_S = 300.0
"""s0: seconds during which people react at a constant rate."""
THETA = 0.2314843
"""Exponent of the power law after s0."""
PEAK = 1.0 / (FLAT_S * (1.0 + 1.0 / THETA))
"""c: the reaction rate per second during the first s0, 6.265725e-4."""
SUPERCRITICAL = 0.99
"""Cap of the infectiousness: from 1 on the paper's prediction is infinite."""
_FINEST_MS = 1_000
_NOTHING = 1e-9  # rounding may leave this much in a bin without shares


def reacted(age: float) -> float:
    """Return Phi, the share of the reactions within `age` seconds."""
    if age <= FLAT_S:
        return PEAK * age
    return 1.0 - PEAK * FLAT_S / THETA * pow(age / FLAT_S, -THETA)


def reaction_time(age: float) -> float:
    """Return the integral of s phi(s) from 0 to `age` seconds, for the linear kernel."""
    if age <= FLAT_S:
        return PEAK * age * age / 2.0
    tail = FLAT_S**2 / (1.0 - THETA) * (pow(age / FLAT_S, 1.0 - THETA) - 1.0)
    return PEAK * (FLAT_S**2 / 2.0 + tail)


def seen_through_kernel(age: float, life: float) -> float:
    """Return the integral over the reactions to a share of `age` seconds, weighted by K(u) = max(0, 1 - 2u / life)."""
    start = max(0.0, age - life / 2.0)
    slope = 2.0 / life
    return (1.0 - slope * age) * (reacted(age) - reacted(start)) + slope * (reaction_time(age) - reaction_time(start))


class Seismic(GrowthDetector):
    """Score: the predicted final number of distinct sharers.

    With the cascade's age T, infectiousness p = sum of K(t - t_i) / sum of the kernel-weighted reactions that
    were possible, K(u) = max(0, 1 - 2u / T); prediction N + p (degree - reacted) / (1 - p), all degrees 1, p capped
    at 0.99. High means: the cascade will be big. Levels at q, 4q and 16q. SEISMIC predicts well from some fifty sharers
    on and fires on noise at five; `L` is the same idea with shrinkage and a price on small numbers.

    Memory: shares older than some seconds are kept as (count, mean time) of bins on a dyadic grid, each narrower than
    its age divided by `seismic_resolution`: logarithmically many, below 45 x resolution in every case. The bin of a
    share depends on the clock alone, so the order of arrival does not matter except for rounding; `retract` and `merge`
    are exact up to the bins; a time shift by whole seconds may move the grid's edges. An update costs a pass over the
    bins, some hundred microseconds at a week's age.

    >>> from detectors.growth.config import GrowthConfig
    >>> detector = Seismic(GrowthConfig(detector="seismic"))
    >>> [round(detector.update(minute * 60_000)) for minute in (0, 1, 2, 3, 60)]
    [1, 196, 289, 378, 286]

    """

    __slots__ = ("_bins", "_born")

    name = "seismic"
    version = 1
    _state_type = tuple[int | None, list[tuple[int, int, float, float]]]

    _bins: list[tuple[int, int, float, float]]  # start, width, weight, weight x time since start; ms, by start
    _born: int | None

    def infectiousness(self, time: int) -> float:
        """Return p at `time`: direct followers of one share, at most `SUPERCRITICAL`; 0 at the first share."""
        return self._read(time)[0]

    def _read(self, time: int) -> tuple[float, float]:
        """Return the infectiousness, and the reactions still expected per unit of infectiousness."""
        if self._born is None or time <= self._born:
            return 0.0, 0.0
        life = (time - self._born) / 1000.0
        weighted = possible = pending = 0.0
        for start, _, weight, moment in self._bins:
            age = max(0.0, (time - start - moment / weight) / 1000.0)
            weighted += weight * max(0.0, 1.0 - 2.0 * age / life)
            possible += weight * seen_through_kernel(age, life)
            pending += weight * (1.0 - reacted(age))
        return min(SUPERCRITICAL, weighted / possible) if possible > 0.0 else 0.0, pending

    def _value(self, time: int) -> float:
        ratio, pending = self._read(time)
        return self._size + ratio * pending / (1.0 - ratio)

    def _details(self, time: int, threshold: float) -> dict[str, Any]:
        ratio, pending = self._read(time)
        return {
            "expected_further": round(ratio * pending / (1.0 - ratio), 3),
            "threshold_at_size": round(max(0.0, threshold - self._size), 3),
        }

    def _cold_thresholds(self) -> Thresholds:
        return self._thresholds_from(self._config.target_size)

    def _cold_rule(self) -> str:
        return f"a predicted q distinct sharers with q = {self._config.target_size}, cold-start rule"

    def _clear(self) -> None:
        self._bins = []
        self._born = None  # the first share

    def _width(self, time: int, clock: int, width: int = _FINEST_MS) -> int:
        """Return the bin width for `time` at `clock`: the widest bin of sufficient age."""
        wider = 2 * width
        while clock - time // wider * wider >= self._config.seismic_resolution * wider:
            width, wider = wider, 2 * wider
        return width

    def _move(self, time: int) -> None:
        moved: list[tuple[int, int, float, float]] = []
        for start, width, weight, moment in self._bins:
            wide = self._width(start, time, width)
            base = start // wide * wide
            shifted = moment + weight * (start - base)
            if moved and moved[-1][0] == base:
                _, _, before, sum_before = moved.pop()
                weight, shifted = before + weight, sum_before + shifted  # noqa: PLW2901 - the two bins are one now
            moved.append((base, wide, weight, shifted))
        self._bins = moved

    def _put(self, start: int, width: int, weight: float, moment: float) -> None:
        place = bisect_right(self._bins, start, key=lambda item: item[0])
        if place and self._bins[place - 1][0] == start:
            place -= 1
            _, _, before, sum_before = self._bins.pop(place)
            weight, moment = before + weight, sum_before + moment
        if weight > _NOTHING:
            self._bins.insert(place, (start, width, weight, moment))

    def _add(self, time: int, weight: float) -> None:
        width = self._width(time, self._clock)
        start = time // width * width
        self._put(start, width, weight, weight * (time - start))
        if self._born is None or time < self._born:
            self._born = time

    def _remove(self, time: int, weight: float) -> None:
        width = self._width(time, self._clock)
        start = time // width * width
        self._put(start, width, -weight, -weight * (time - start))
        if not self._bins:
            self._born = None

    def _union(self, other: Self) -> None:
        for part in other._bins:
            self._put(*part)
        born = [time for time in (self._born, other._born) if time is not None]
        self._born = min(born, default=None)

    def _snapshot(self) -> tuple[Any, ...]:
        return self._born, tuple(self._bins)

    def _restore(self, state: tuple[int | None, list[tuple[int, int, float, float]]]) -> None:
        self._born, self._bins = state
