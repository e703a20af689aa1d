"""Derive the thresholds at which levels begin and fall, for a score on any scale.

Hysteresis prevents a score that trembles around a threshold from notifying at every event.
"""

from functools import lru_cache
from math import exp, isfinite

import msgspec

from detectors.growth.base import Thresholds


def fall_thresholds(thresholds: Thresholds, hysteresis: float) -> Thresholds:
    """Return the fall threshold of each level, `hysteresis` below the level's threshold.

    Thresholds at equal distances belong to a logarithmic score (L), where a factor is a difference. Any other score is
    a count (count, rate), with a fall threshold of the threshold times e to the minus `hysteresis`.

    >>> from math import log
    >>> fall_thresholds((6.0, 8.0, 10.0), 1.0)
    (5.0, 7.0, 9.0)
    >>> fall_thresholds((50.0, 200.0, 800.0), log(2))
    (25.0, 100.0, 400.0)
    """
    first, second, third = thresholds
    if abs((third - second) - (second - first)) < 1e-5 or first <= 0:
        falls = [threshold - hysteresis for threshold in thresholds]
    else:
        falls = [threshold * exp(-hysteresis) for threshold in thresholds]
    return round(falls[0], 6), round(falls[1], 6), round(falls[2], 6)


class Rules(msgspec.Struct, frozen=True):
    """Settings of the policy, resolved for one growth detector; shared by all cascades."""

    thresholds: Thresholds  # a level begins at its threshold
    fall_thresholds: Thresholds  # a level falls when the score stays below
    milestones: tuple[float, ...]  # in sharers


@lru_cache(maxsize=64)
def make_rules(thresholds: Thresholds, target_size: int, hysteresis: float, milestones: tuple[int, ...]) -> Rules:
    """Resolve the rules for a detector's thresholds.

    Raises:
        ValueError: not finite, or not rising.

    """
    if not (all(map(isfinite, thresholds)) and thresholds[0] < thresholds[1] < thresholds[2]):
        raise ValueError(f"thresholds {thresholds} are not finite and rising; take them from the growth detector")
    sizes = tuple(float(multiple * target_size) for multiple in milestones)
    return Rules(thresholds, fall_thresholds(thresholds, hysteresis), sizes)


__all__ = ["Rules", "fall_thresholds", "make_rules"]
