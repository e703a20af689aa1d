"""Baselines as whoever has labelled history would set them: window, time constant or ordinary rate from the earlier half.

L has no setting that is chosen from the data, so it is to be ahead of what is. A baseline's parameter is the one of a
grid with the best PF on the earlier half, with as many alerts as there are positives.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from detectors.growth import GrowthConfig, make_detector
from tests.benchmarks.corpora.recorded import traces_of
from tests.benchmarks.corpora.tracks import Track, table
from tests.benchmarks.metrics.scores import Trace, at_budget, earliness, threshold_for

WINDOWS_MS = (60_000, 300_000, 1_200_000, 3_600_000, 21_600_000, 86_400_000)
PER_HOUR = (0.01, 0.1, 1.0, 10.0, 100.0)
GRID: Mapping[str, tuple[str, Sequence[Any]]] = {
    "rate": ("window_ms", WINDOWS_MS),
    "ewma": ("ewma_ms", WINDOWS_MS),
    "kleinberg": ("ordinary_per_hour", PER_HOUR),
    "cusum": ("ordinary_per_hour", PER_HOUR),
    "glr": ("ordinary_per_hour", PER_HOUR),
}
"""Each baseline's one parameter that matters, and its values."""


def tuned(earlier: Sequence[Track], positive: Sequence[bool], base: GrowthConfig) -> dict[str, GrowthConfig]:
    """The baselines' settings that suit the earlier half best, by a name that says so; ties go to the first value."""
    found = {}
    for name, (setting, values) in GRID.items():
        configs = [msgspec.structs.replace(base, detector=name, **{setting: value}) for value in values]
        able = [config for config in configs if _works(config)]
        figures = [at_budget(traces_of(earlier, config), positive).pf for config in able]
        best = able[int(np.nanargmax(figures)) if any(positive) else 0]
        found[f"{name}, {shown(setting, getattr(best, setting))}"] = best
    return found


def _works(config: GrowthConfig) -> bool:
    """Whether the detector takes it: an ordinary rate must be below the pace of a cascade that gets big."""
    try:
        make_detector(config)
    except ValueError:
        return False
    return True


def shown(setting: str, value: float) -> str:
    """A value as the tables have it: "5 min", "0.1/h"."""
    if setting == "ordinary_per_hour":
        return f"{value:g}/h"
    return f"{value / 3_600_000:g} h" if value >= 3_600_000 else f"{value / 60_000:g} min"


def print_transfer(
    earlier: Mapping[str, Sequence[Trace]],
    before: Sequence[bool],
    later: Mapping[str, Sequence[Trace]],
    positive: Sequence[bool],
) -> None:
    """What the threshold that gave as many alerts as positives on the earlier half gives on the later one."""
    rows = []
    for name, traces in later.items():
        peaks = [max(trace.scores, default=-math.inf) for trace in earlier[name]]
        found = earliness(traces, positive, threshold_for(peaks, sum(before)))
        rows.append((name, found.alerts_per_thousand, found.alerts, found.precision, found.pf))
    names = ("detector", "alerts/1k", "alerts", "precision", "PF")
    table(
        f"the threshold of the earlier half, {sum(before)} positives, on the later half, {sum(positive)}", names, rows
    )


def by_chance(found: Sequence[Track], positive: Sequence[bool], least: int) -> float:
    """The PF to expect where as many cascades as there are positives are drawn blindly when they get `least` sharers."""
    able = [track.final for track in found if track.final >= least]
    ahead = [1.0 - least / track.final for track, yes in zip(found, positive, strict=True) if yes]
    return min(1.0, sum(positive) / len(able)) * float(np.mean(ahead)) if ahead else math.nan
