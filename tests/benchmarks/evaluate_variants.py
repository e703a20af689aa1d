"""Whether another L would be better: python -m tests.benchmarks.evaluate_variants.

Each constant of the default is moved, and shares at nearly the same time are taken for one. A change is worth making
only where it wins on some stream and loses on none; the intervals say which differences the data can tell from chance.
"""

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from detectors.growth import GrowthConfig
from detectors.growth.config import KERNEL_WEIGHTS
from detectors.growth.l import PRIOR, L
from tests.benchmarks.recorded import STREAMS, Recorded, halves, positives, tracks
from tests.benchmarks.scores import Trace, at_budget, budget_figure, paired_difference
from tests.benchmarks.tracks import Track, require_data, table

ROUNDS = 200
KERNELS: Mapping[str, tuple[float, float, float, float, float, float]] = {
    "quicker kernel": (0.23, 0.33, 0.26, 0.08, 0.04, 0.06),
    "slower kernel": (0.03, 0.02, 0.06, 0.09, 0.13, 0.67),
    "even kernel": (1 / 6,) * 6,
}


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """L with other constants."""

    prior: float = PRIOR  # a0
    power: float = 0.5  # of the size, for evidence
    cap: float = 0.7  # of the branching ratio
    kernel: tuple[float, float, float, float, float, float] = KERNEL_WEIGHTS
    together_ms: int = 0  # shares so soon after the one before count as one with it

    def score(self, size: float, mass: float) -> float:
        """What the variant makes of size and fresh mass."""
        ratio = (self.prior + size - 1.0) / (self.prior + size - mass)
        further = ratio * mass / (1.0 - min(self.cap * ratio, self.cap))
        return math.log(max(further, 1e-9)) + self.power * math.log(size)


VARIANTS: Mapping[str, Variant] = {
    "L": Variant(),
    "a0 2": Variant(prior=2.0),
    "a0 20": Variant(prior=20.0),
    "power .25": Variant(power=0.25),
    "power .75": Variant(power=0.75),
    "power 1": Variant(power=1.0),
    "cap .4": Variant(cap=0.4),
    "cap .9": Variant(cap=0.9),
    **{name: Variant(kernel=weights) for name, weights in KERNELS.items()},
    "within 2 s as one": Variant(together_ms=2_000),
    "within 2 min as one": Variant(together_ms=120_000),
}


def main() -> None:
    """Print every stream's table."""
    require_data()
    for stream in STREAMS:
        report(stream)


def report(stream: Recorded) -> None:
    """PF of each variant with as many alerts as positives, and the difference to L."""
    q, test = halves(stream, tracks(stream))
    positive = positives(test, q)
    traces = {name: [variant_trace(t, one, stream.min_sharers) for t in test] for name, one in VARIANTS.items()}
    ours = budget_figure(traces["L"], positive)
    rows: list[Sequence[object]] = []
    for name, found in traces.items():
        at = at_budget(found, positive)
        ends = (math.nan, math.nan, math.nan)
        if name != "L":
            gap = paired_difference(budget_figure(found, positive), ours, len(test), rounds=ROUNDS)
            ends = (gap.value, gap.low, gap.high)
        rows.append((name, at.alerts, at.precision, at.pf, *ends))
    names = ("variant", "alerts", "precision", "PF", "ahead of L by", "from", "to")
    table(f"{stream.name}: variants of L, 1 alert for each of {sum(positive)} positives", names, rows)


def variant_trace(track: Track, variant: Variant, least: int) -> Trace:
    """The variant's record scores over a cascade; sharers are counted whole, whatever the variant counts."""
    detector = L(GrowthConfig(kernel_weights=variant.kernel))
    best, before = -np.inf, -math.inf
    scores, sharers, minutes = [], [], []
    for n, at in enumerate(track.times, start=1):
        alone = at - before > variant.together_ms or variant.together_ms == 0
        before = at
        if not alone:
            continue
        detector.update(at)
        score = variant.score(detector.size, detector.mass(at))
        if detector.size >= least and score > best:
            best = score
            scores.append(score)
            sharers.append(n)
            minutes.append((at - track.times[0]) / 60_000)
    half = (track.times[(track.final - 1) // 2] - track.times[0]) / 60_000
    return Trace(final=track.final, scores=scores, sharers=sharers, times=minutes, half_time=half)


if __name__ == "__main__":
    main()
