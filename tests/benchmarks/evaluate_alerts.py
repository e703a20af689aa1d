"""How early L alerts beside every other detector, on recorded cascades: python -m tests.benchmarks.evaluate_alerts.

No pipeline and no model, so it takes a minute or two; `evaluate_growth` judges the clusters that the program finds.
Every pair is compared at the same number of alerts, half, once and twice the number of positives; the baselines also as
whoever has labelled history would tune them. Then the limits of the earlier half are tried on the later one.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from detectors.growth import DETECTORS, make_detector
from tests.benchmarks.recorded import STREAMS, Recorded, cut, growth_config, halves, positives, traces_of, tracks
from tests.benchmarks.scores import Earliness, Trace, at_budget, earliness
from tests.benchmarks.tracks import require_data, table
from tests.benchmarks.tuned import by_chance, print_transfer, tuned

ROUNDS = 200
BUDGETS = (0.5, 1.0, 2.0)
SEED = 7
COLUMNS = ("detector", "alerts/1k", "alerts", "precision", "recall", "lead", "PF", "ER50", "min before half")

Traces = Mapping[str, Sequence[Trace]]


def main() -> None:
    """Print every stream's tables."""
    require_data()
    for stream in STREAMS:
        report(stream)


def report(stream: Recorded) -> None:
    """Score every detector on the later half of a stream's recorded cascades."""
    found = tracks(stream)
    (q, test), (history, _) = halves(stream, found), cut(found)
    positive, before = positives(test, q), positives(history, q)
    print(f"\n=== {stream.name}, recorded cascades ===\nq {q}; {len(test)} cascades, {sum(positive)} of at least q")
    print(f"drawn blindly at {stream.min_sharers} sharers: PF {by_chance(test, positive, stream.min_sharers):.3f}")
    configs = {name: growth_config(stream, q, name) for name in DETECTORS}
    traces = {name: traces_of(test, config) for name, config in configs.items()}
    cold = {n: earliness(traces[n], positive, make_detector(config).levels()[0]) for n, config in configs.items()}
    print_earliness("each detector's own cold rule", cold)
    configs |= tuned(history, before, configs["L"])
    traces |= {name: traces_of(test, config) for name, config in configs.items() if name not in traces}
    print_differences(traces, positive)
    print_transfer({name: traces_of(history, config) for name, config in configs.items()}, before, traces, positive)


def print_earliness(title: str, figures: Mapping[str, Earliness]) -> None:
    """One row per detector."""
    rows = [
        (name, e.alerts_per_thousand, e.alerts, e.precision, e.recall, e.lead, e.pf, e.er50, e.minutes_before_half)
        for name, e in figures.items()
    ]
    table(title, COLUMNS, rows)


def print_differences(traces: Traces, positive: Sequence[bool]) -> None:
    """PF of each detector and how much further ahead L is, thresholds chosen anew in each resample."""
    if not any(positive):
        return
    for factor in BUDGETS:
        point = {name: at_budget(found, positive, factor) for name, found in traces.items()}
        gaps = _gaps(traces, positive, factor)
        rows = [("L", point["L"].alerts, point["L"].pf, math.nan, math.nan, math.nan)]
        for name in traces:
            if name != "L":
                low, high = np.nanpercentile(gaps[name], [2.5, 97.5])
                gap = point["L"].pf - point[name].pf
                rows.append((name, point[name].alerts, point[name].pf, gap, float(low), float(high)))
        title = f"{factor:g} alerts for each positive: L less the other, 95 % interval of the difference of PF"
        table(title, ("detector", "alerts", "PF", "L ahead by", "from", "to"), rows)


def _gaps(traces: Traces, positive: Sequence[bool], factor: float) -> dict[str, list[float]]:
    """PF of L less each other's, on the same resamples."""
    generator = np.random.default_rng(SEED)
    gaps: dict[str, list[float]] = {name: [] for name in traces}
    for _ in range(ROUNDS):
        chosen = generator.integers(0, len(positive), len(positive)).tolist()
        kept = [positive[i] for i in chosen]
        ours = at_budget([traces["L"][i] for i in chosen], kept, factor).pf
        for name in traces:
            if name != "L":
                gaps[name].append(ours - at_budget([traces[name][i] for i in chosen], kept, factor).pf)
    return gaps


if __name__ == "__main__":
    main()
