"""Draw reaction times: a power law, on a clock that runs slowly at night.

A share is forwarded after a delay with the memory kernel of SEISMIC: constant for five minutes, then falling as
s^-(1+theta) (Zhao et al. 2015, DOI 10.1145/2783258.2783401). Delays are in seconds of activity; `Day` converts activity
into time of day, faster in the evening than before dawn.
"""

import math

CONSTANT_S = 300.0  # s0
THETA = 0.2314843
HEIGHT = 6.265725e-4  # c: the kernel's value up to s0; with theta it makes the integral 1
_PERIOD_MS = 86_400_000.0
_STEPS = 48  # halvings: from days to well below a millisecond


def reaction_seconds(quantile: float) -> float:
    """Return a quantile of the reaction times in seconds: the inverse of the distribution of the kernel.

    Args:
        quantile: at least 0 and below 1.
    """
    if quantile < HEIGHT * CONSTANT_S:
        return quantile / HEIGHT
    return float(CONSTANT_S * ((1.0 - quantile) * THETA / (HEIGHT * CONSTANT_S)) ** (-1.0 / THETA))


class Day:
    """Activity over the day: 1 + `swing` at the peak hour, 1 - `swing` twelve hours later, 1 on average."""

    def __init__(self, peak_hour: float = 15.0, swing: float = 0.75) -> None:
        self._swing = swing
        self._peak_ms = peak_hour * 3_600_000.0

    def activity(self, time: float) -> float:
        """Return the activity up to `time`, in ms of average activity."""
        turn = 2.0 * math.pi * (time - self._peak_ms) / _PERIOD_MS
        return time + self._swing * _PERIOD_MS / (2.0 * math.pi) * math.sin(turn)

    def at(self, activity: float) -> int:
        """Return the time, in ms, up to which so much activity has passed: the inverse of `activity`."""
        slack = self._swing * _PERIOD_MS / (2.0 * math.pi)
        low, high = activity - slack, activity + slack
        for _ in range(_STEPS):
            middle = (low + high) / 2.0
            if self.activity(middle) < activity:
                low = middle
            else:
                high = middle
        return round(high)

    def later(self, time: int, seconds: float) -> int:
        """Return the time after so many seconds of activity, at least 1 ms after `time`."""
        return max(time + 1, self.at(self.activity(time) + seconds * 1000.0))

    def moment(self, start: int, end: int, quantile: float) -> int:
        """Return the time before which a share of the activity between `start` and `end` lies."""
        first, last = self.activity(start), self.activity(end)
        return min(max(self.at(first + quantile * (last - first)), start), end)
