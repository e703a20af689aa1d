"""How often the 90 % interval of the reproduction number holds the true one, on simulated branching cascades.

Each share brings a Poisson number of further ones, R on average, after the reaction times of the simulator. An interval
is read when an alert would quote it, from eleven offspring on: at a share, as alerts do, and a day after the first share,
when nothing has just happened. Cascades that die before are not read, so that a low R is seen at its luckiest.
"""

from heapq import heappop, heappush

import numpy as np

from detectors.growth import GrowthConfig
from detectors.growth.expected_growth import ExpectedGrowth
from streams.devtools.simulator.clock import reaction_seconds
from tests.benchmarks.corpora.tracks import table

TRUE = (0.5, 0.8, 1.0, 1.3, 1.7)
SIZES = (7, 15, 30, 60, 120)
CASCADES = 600
SEED = 7

Read = tuple[float, float, float]
A_DAY = "a day"
DAY_MS = 86_400_000


def report() -> None:
    """Coverage by true R and by the size at which it is read."""
    rows = []
    for true in TRUE:
        for place, read in read_of(true, np.random.default_rng(SEED)).items():
            held = [low <= true <= high for low, _, high in read]
            if held:
                middle = float(np.median([value for _, value, _ in read]))
                rows.append((f"{true:g}", place, len(held), float(np.mean(held)), middle))
    names = ("true R", "read at", "cascades", "90 % interval holds it", "median R quoted")
    table("reproduction number on simulated branching cascades", names, rows)


def read_of(true: float, draw: np.random.Generator) -> dict[str, list[Read]]:
    """(low, R, high) at each size, and a day after the first share, of the cascades that got there."""
    read: dict[str, list[Read]] = {place: [] for place in (*(f"N {n}" for n in SIZES), A_DAY)}
    for _ in range(CASCADES):
        times = shares(true, max(SIZES), draw)
        detector = ExpectedGrowth(GrowthConfig())
        for n, at in enumerate(times, start=1):
            detector.update(at)
            if n in SIZES:
                read[f"N {n}"].extend(quoted(detector, at))
        if times[-1] < times[0] + DAY_MS and len(times) < max(SIZES):
            read[A_DAY].extend(quoted(detector, times[0] + DAY_MS))
    return read


def quoted(detector: ExpectedGrowth, at: int) -> list[Read]:
    """What an alert would say at this time; nothing where it would be silent."""
    told = detector.explain(at)
    number, low, high = told.reproduction_number, told.reproduction_low, told.reproduction_high
    return [] if number is None or low is None or high is None else [(low, number, high)]


def shares(true: float, most: int, draw: np.random.Generator) -> list[int]:
    """Times in ms of the first `most` shares of a branching cascade."""
    waiting = [0]
    times: list[int] = []
    while waiting and len(times) < most:
        at = heappop(waiting)
        times.append(at)
        for _ in range(int(draw.poisson(true))):
            heappush(waiting, at + 1 + round(1000 * reaction_seconds(float(draw.random()))))
    return times


if __name__ == "__main__":
    report()
