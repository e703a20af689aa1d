"""Compare how early L and every other detector alert, on recorded cascades: python -m tests.benchmarks.studies.alerts.

No pipeline and no model, so it takes a minute or two; `studies.growth` judges the clusters that the program finds.
Every pair is compared at the same number of alerts, half, once and twice the number of positives; the baselines also as
whoever has labelled history would tune them. Then the thresholds of the earlier half are tried on the later one.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from detectors.growth import DETECTORS, make_detector
from tests.benchmarks.corpora.recorded import (
    STREAMS,
    Recorded,
    cut,
    growth_config,
    halves,
    positives,
    traces_of,
    tracks,
)
from tests.benchmarks.corpora.shares import Floats, judged_traces, pf_of
from tests.benchmarks.corpora.tracks import require_data, table
from tests.benchmarks.metrics.scores import Earliness, Trace, at_budget, earliness
from tests.benchmarks.studies.tuned import by_chance, print_transfer, tuned

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
    cold = {n: earliness(traces[n], positive, make_detector(config).thresholds()[0]) for n, config in configs.items()}
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
    ranked, times = {name: judged_traces(found) for name, found in traces.items()}, drawn(len(positive))
    for factor in BUDGETS:
        point = {name: at_budget(found, positive, factor) for name, found in traces.items()}
        pf = {name: pf_of(one, np.array(positive), times, factor) for name, one in ranked.items()}
        rows = [("L", point["L"].alerts, point["L"].pf, math.nan, math.nan, math.nan)]
        for name in traces:
            if name != "L":
                low, high = np.nanpercentile(pf["L"] - pf[name], [2.5, 97.5])
                gap = point["L"].pf - point[name].pf
                rows.append((name, point[name].alerts, point[name].pf, gap, float(low), float(high)))
        title = f"{factor:g} alerts for each positive: L less the other, 95 % interval of the difference of PF"
        table(title, ("detector", "alerts", "PF", "L ahead by", "from", "to"), rows)


def drawn(cascades: int) -> Floats:
    """How often each cascade is drawn in each round, the same for all detectors, shape (cascades, rounds)."""
    generator = np.random.default_rng(SEED)
    rounds = [np.bincount(generator.integers(0, cascades, cascades), minlength=cascades) for _ in range(ROUNDS)]
    return np.stack(rounds, axis=1).astype(np.float64)


if __name__ == "__main__":
    main()
