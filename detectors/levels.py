"""Where each level of a score begins and where it falls again, whatever the scale of the score.

Hysteresis keeps a score that trembles around a limit from ringing at every event.
"""

from math import exp

Levels = tuple[float, float, float]


def fall_lines(limits: Levels, hysteresis: float) -> Levels:
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
