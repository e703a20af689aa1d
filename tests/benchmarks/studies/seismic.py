"""How far SEISMIC's predicted size is off, with and without follower counts: the very large cascades of TiDeH.

Zhao et al. 2015, doi:10.1145/2783258.2783401. With followers a share of somebody with many weighs more. Their
correction of the infectiousness is here one factor for each age, the median of what the other cascades would have
needed: a cascade never corrects itself.
"""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from detectors.growth.seismic import SUPERCRITICAL, reacted, seen_through_kernel
from tests.benchmarks.corpora.tracks import require_data, table
from tests.realdata import loaders

AGES_S = (600, 1800, 3600, 6 * 3600, 24 * 3600)
MEAN_OFFSPRING = 20.0
"""n*: the effective degree of a later share, as the paper sets it."""

Floats = NDArray[np.float64]


def report() -> None:
    """Median absolute percentage error by age."""
    cascades = recorded()
    rows = []
    for age in AGES_S:
        final = np.array([len(times) for times, _ in cascades], dtype=np.float64)
        seen = np.array([np.sum(times <= age) for times, _ in cascades], dtype=np.float64)
        alone = np.array([further(times, np.ones_like(times), age, 1.0) for times, _ in cascades])
        marked = np.array([further(times, followers, age, MEAN_OFFSPRING) for times, followers in cascades])
        rows.append(
            (
                f"{age / 3600:.2g} h",
                error(seen, final),
                error(seen + alone, final),
                error(seen + corrected(alone, final - seen), final),
                error(seen + marked, final),
                error(seen + corrected(marked, final - seen), final),
                error(seen + corrected(seen, final - seen), final),
            )
        )
    names = ("age", "no more", "alone", "alone, corrected", "followers", "followers, corrected", "size, corrected")
    table(
        f"median absolute error of the predicted size, {len(cascades)} cascades, corrections by the others", names, rows
    )


def recorded() -> list[tuple[Floats, Floats]]:
    """Seconds since the root and followers of each share, by time."""
    found: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in loaders.rows("tideh_dev"):
        found[str(row["cascade_id"])].append((float(str(row["t"])), float(str(row["followers"]))))
    ordered = [np.array(sorted(shares)) for shares in found.values()]
    return [(shares[:, 0], shares[:, 1]) for shares in ordered]


def further(times: Floats, degrees: Floats, age: float, later: float) -> float:
    """Shares still to come after `age` seconds: p (degrees - reacted) / (1 - p n*)."""
    kept = times <= age
    times, degrees = times[kept], degrees[kept]
    weighted = float(np.sum(np.maximum(0.0, 1.0 - 2.0 * (age - times) / age)))
    possible = sum(d * seen_through_kernel(age - t, age) for t, d in zip(times, degrees, strict=True))
    pending = sum(d * (1.0 - reacted(age - t)) for t, d in zip(times, degrees, strict=True))
    infectiousness = weighted / possible if possible else 0.0
    return float(infectiousness * pending / (1.0 - min(SUPERCRITICAL, infectiousness * later)))


def corrected(predicted: Floats, came: Floats) -> Floats:
    """Each prediction times the median of what the other cascades' would have needed."""
    needed = came / np.maximum(predicted, 1e-9)
    factors = np.array([np.median(np.delete(needed, i)) for i in range(len(needed))])
    product: Floats = predicted * factors
    return product


def error(predicted: Floats, final: Floats) -> float:
    """Median of |predicted - final| / final."""
    return float(np.median(np.abs(predicted - final) / final))


if __name__ == "__main__":
    require_data()
    report()
