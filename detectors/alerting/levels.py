"""Where each level of a score begins and where it falls again, whatever the scale of the score.

Hysteresis keeps a score that trembles around a limit from ringing at every event.
"""

from functools import lru_cache
from math import exp, isfinite

import msgspec

Levels = tuple[float, float, float]


def fall_thresholds(limits: Levels, hysteresis: float) -> Levels:
    """Where each level begins to fall: `hysteresis` under its limit, on the detector's own scale.

    Limits at equal distances are those of a logarithmic score (L), where a factor is a difference. Otherwise the score
    counts something (count, rate), and the line is the limit times e to the minus `hysteresis`.

    >>> fall_lines((6.0, 8.0, 10.0), 1.0)
    (5.0, 7.0, 9.0)
    >>> fall_lines((50.0, 200.0, 800.0), log(2))
    (25.0, 100.0, 400.0)
    """
    first, second, third = limits
    if abs((third - second) - (second - first)) < 1e-5 or first <= 0:
        lines = [limit - hysteresis for limit in limits]
    else:
        lines = [limit * exp(-hysteresis) for limit in limits]
    return round(lines[0], 6), round(lines[1], 6), round(lines[2], 6)


class Rules(msgspec.Struct, frozen=True):
    """What the settings come to for one detector; shared by all cascades."""

    limits: Levels  # a level begins here
    floors: Levels  # and falls when the score stays under this
    marks: tuple[float, ...]  # milestones in sharers


@lru_cache(maxsize=64)
def make_rules(limits: Levels, target_size: int, hysteresis: float, milestones: tuple[int, ...]) -> Rules:
    """The rules for a detector's limits.

    Raises:
        ValueError: limits that are not finite or do not rise.

    """
    if not (all(map(isfinite, limits)) and limits[0] < limits[1] < limits[2]):
        raise ValueError(f"levels must be finite and rise; got {limits}; take them from the growth detector")
    return Rules(
        limits, fall_thresholds(limits, hysteresis), tuple(float(multiple * target_size) for multiple in milestones)
    )
