"""Weigh the burst that a cascade is in, by Kleinberg's two-state automaton.

Kleinberg 2003, doi:10.1023/A:1024940629314, decoded online: the best path needs two path costs only.
"""

from math import inf, log
from typing import Any, Self

from detectors.growth.base import NEVER
from detectors.growth.baseline import Baseline, hourly
from detectors.growth.config import GrowthConfig


class Kleinberg(Baseline):
    """Score: the weight of the burst now open on the cheapest path, 0 outside a burst.

    State 0 emits shares at `ordinary_per_hour`, state 1 at s (`burst_ratio`) times that. A gap x costs
    alpha x - ln alpha in a state of rate alpha; entering state 1 costs gamma ln N (`burst_cost`), leaving is free.
    The weight of a burst is the cost that state 1 saves over its length. The paper takes the ordinary rate from the
    finished stream; a live stream does not know the rate, hence the setting. High means: a burst is open, and has been
    for long or at great speed. Levels: the weight of `L`'s reference burst (as many sharers, evenly spread over
    `window_ms`, as bring `L` to its cold threshold), and of 4 and 16 times as many sharers.

    Order matters to an automaton: a late share counts as if it came at the clock, `retract` corrects the size only, and
    `merge` adds the weights of the open bursts (less ln s for each duplicate). An update is a dozen additions and a
    logarithm; the state is three numbers. The score shows when a burst began and ended; use `L` for forecasts.

    >>> detector = Kleinberg(GrowthConfig(detector="kleinberg"))
    >>> [detector.update(0) for _ in range(3)], detector.score(36_000_000)
    ([0.693147, 1.386294, 2.079442], 0.0)

    """

    __slots__ = ("_ahead", "_gain", "_rise", "_since", "_weight")

    name = "kleinberg"
    version = 1
    _state_type = tuple[float, float, int]

    _ahead: float
    _weight: float
    _since: int

    def __init__(self, config: GrowthConfig) -> None:
        self._gain = log(config.burst_ratio)
        self._rise = (config.burst_ratio - 1.0) * config.ordinary_per_hour
        super().__init__(config)

    def _burst(self, sharers: float) -> float:
        return sharers * self._gain - hourly(self._rise, self._config.window_ms)

    def _gap(self, time: int) -> float:
        """Return the extra cost of state 1 over state 0 for the silence since the last share."""
        return 0.0 if self._since == NEVER else hourly(self._rise, time - self._since)

    def _clear(self) -> None:
        self._ahead = inf  # cost of the best path into state 1 less that into state 0; paths begin in state 0
        self._weight = 0.0  # of the burst at the end of the best path into state 1
        self._since = NEVER  # the last share: the gap that is still open

    def _move(self, time: int) -> None:
        """Do nothing: the share that ends a gap pays for the gap."""

    def _add(self, time: int, weight: float) -> None:
        enter = self._config.burst_cost * log(max(1.0, self._size))
        saved = weight * self._gain - self._gap(self._clock)
        self._weight = saved if enter < self._ahead else self._weight + saved
        self._ahead = min(enter, self._ahead) - min(0.0, self._ahead) - saved
        self._since = self._clock

    def _remove(self, time: int, weight: float) -> None:
        """Do nothing: the path without the share is not known."""

    def _drop(self, time: int, weight: float) -> None:
        self._weight = max(0.0, self._weight - weight * self._gain)

    def _value(self, time: int) -> float:
        gap = self._gap(time)
        if self._ahead >= 0.0 or gap >= self._gain:  # a share at `time` would not continue the burst
            return 0.0
        return max(0.0, self._weight - gap)

    def _union(self, other: Self) -> None:
        if other._since == NEVER:
            return
        if self._since == NEVER:
            self._restore((other._ahead, other._weight, other._since))
            return
        since = max(self._since, other._since)
        mine, theirs = self._value(since), other._value(since)
        self._weight = mine + theirs if mine or theirs else max(self._weight, other._weight)
        self._ahead = min(self._ahead, other._ahead)
        self._since = since

    def _snapshot(self) -> tuple[Any, ...]:
        return (self._ahead, self._weight, self._since)

    def _restore(self, state: tuple[float, float, int]) -> None:
        self._ahead, self._weight, self._since = state
