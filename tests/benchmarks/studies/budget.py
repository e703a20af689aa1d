"""What a budget of alerts costs where rumours take off, and whether it holds: python -m tests.benchmarks.studies.budget.

First on recorded cascades: the earliness of what opens under a budget beside a fixed threshold that gives as many alerts, which
one would have had to know beforehand. Then through the whole program, on simulated streams with and without rumours:
alerts a day, what was withheld, and the processor time of following every cascade a second time.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from detectors.alerting.budget import AlertBudget
from detectors.alerting.config import PolicyConfig
from detectors.growth import GrowthConfig
from detectors.growth.expected_growth import ExpectedGrowth
from detectors.pipeline.admission import AdmissionControl
from detectors.pipeline.config import PipelineConfig
from detectors.pipeline.ordered.clustering import OrderedClustering, WatermarkMark
from detectors.pipeline.pipeline import Pipeline
from detectors.similarity.embedding import HashingEmbedder
from schemas.alert import Lifecycle
from schemas.sighting import Position
from streams.devtools.simulator.config import Mix, SimulatorConfig
from streams.devtools.simulator.simulate import simulate
from tests.benchmarks.corpora.recorded import STREAMS, Recorded, growth_config, halves, positives, traces_of, tracks
from tests.benchmarks.corpora.tracks import BATCH, NAMES, Track, require_data, table
from tests.benchmarks.metrics.scores import earliness, threshold_for
from tests.benchmarks.studies.nulls import (
    BIG,
    BUDGET,
    DAY_MS,
    DAYS,
    MONTH,
    NULLS,
    SEED,
    background,
    openings,
    reached,
    scored,
)

BUDGETS = (1.0, 2.0, 5.0)
MIXES = {
    "organic alone": Mix(small_talk=0.96, organic=0.04, viral=0, slow_burn=0, bot_burst=0, copy_paste=0),
    "with rumours": Mix(),
}
STREAM = SimulatorConfig(events=20_000, hours=30 * 24.0)
OPENING = (Lifecycle.OPENED, Lifecycle.RESURFACED)


VARIANTS = ((0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (1.0, 0.5), (1.0, 2.0))
"""Of the bucket: days' allowances that are free, and levels for each further one; the second is the default."""


def main() -> None:
    """Print every table."""
    report_program()
    report_variants()
    require_data()
    report_recorded()


def report_variants() -> None:
    """How other buckets hold the budget where nothing takes off, over the last two months of three."""
    rows = []
    config = GrowthConfig(target_size=BIG)
    for name, null in NULLS.items():
        stream = background(null, np.random.default_rng(SEED))
        for free, steepness in VARIANTS:
            opened = openings(stream.high, config, AlertBudget(BUDGET, free), steepness)
            daily = np.bincount([one.at // DAY_MS for one in opened], minlength=DAYS)[MONTH:DAYS]
            over = float(np.mean(daily > 2 * BUDGET))
            what = f"{name}: {free:g} free, {steepness:g} for each"
            rows.append((what, float(np.mean(daily)), over, int(max(daily)), int(max(np.convolve(daily, np.ones(7))))))
    names = ("stream: days free, levels for each further", "a day", "days over twice", "worst day", "worst week")
    table(f"other buckets, budget {BUDGET:g} alerts a day", names, rows)


def report_recorded() -> None:
    """PF under each budget, and at the fixed threshold that gives as many alerts."""
    rows: list[Sequence[object]] = []
    for stream in STREAMS:
        q, test = halves(stream, tracks(stream))
        rows += [(stream.name, a_day, *figures(stream, q, test, a_day)) for a_day in BUDGETS]
    names = ("stream", "a day", "alerts", "precision", "PF", "alerts, fixed", "precision", "PF", "alerts, plain", "PF")
    table("openings under a budget, at a fixed threshold that gives as many, and at the plain threshold", names, rows)


def figures(stream: Recorded, q: int, test: Sequence[Track], a_day: float) -> tuple[float, ...]:
    """One row: alerts, precision and PF under the budget and at the fixed threshold; alerts and PF at the plain threshold."""
    config = growth_config(stream, q, "L")
    positive, limit = positives(test, q), ExpectedGrowth(config).threshold()
    scores = [(track.times, scored(track.times, config)) for track in test]
    high = [one for number, (times, found) in enumerate(scores) for one in reached(number, times, found, limit)]
    opened = openings(sorted(high), config, AlertBudget(a_day))
    ahead = [1 - one.sharers / test[one.cascade].final for one in opened if positive[one.cascade]]
    traces = traces_of(test, config)
    peaks = [max(trace.scores, default=-np.inf) for trace in traces]
    fixed = earliness(traces, positive, threshold_for(peaks, len(opened)))
    plain = earliness(traces, positive, limit)
    ours = (len(opened), len(ahead) / len(opened), sum(ahead) / sum(positive))
    return (*ours, fixed.alerts, fixed.precision, fixed.pf, plain.alerts, plain.pf)


def report_program() -> None:
    """Alerts a day of the whole pipeline under each budget."""
    rows = []
    for name, mix in MIXES.items():
        lines = list(simulate(msgspec.structs.replace(STREAM, mix=mix)).lines())
        for a_day in (None, *BUDGETS):
            rows.append((f"{name}: {'no budget' if a_day is None else f'{a_day:g} a day'}", *through(lines, a_day)))
    names = ("simulated stream", "opened", "a day", "worst day", "worst week", "withheld", "milestones")
    table(f"{STREAM.events} events in {STREAM.hours / 24:g} days, q {GrowthConfig().target_size}", names, rows)
    print(f"\nfollowing every cascade a second time: {following(lines):.1f} us an event")


def through(lines: Sequence[bytes], a_day: float | None) -> tuple[float, ...]:
    """What the pipeline opens and withholds."""
    pipeline = Pipeline(configured(a_day), HashingEmbedder(), NAMES, "benchmark")
    alerts = [alert for batch in batches(lines) for alert in pipeline.feed(batch).alerts] + pipeline.finish().alerts
    days = [(a.time - STREAM.start_ms) // DAY_MS for a in alerts if a.state in OPENING and a.level == 1]
    daily = np.bincount(days, minlength=round(STREAM.hours / 24))
    weekly = np.convolve(daily, np.ones(7), "valid")
    said = Counter(alert.state for alert in alerts)
    counted = (len(days), float(np.mean(daily)), int(max(daily)), int(max(weekly)))
    return (*counted, pipeline.counts.withheld, said[Lifecycle.MILESTONE])


def configured(a_day: float | None) -> PipelineConfig:
    """The defaults, under a budget."""
    return PipelineConfig(policy=PolicyConfig(openings_a_day=a_day))


def batches(lines: Sequence[bytes]) -> Iterator[list[tuple[bytes, Position]]]:
    """The lines as a pipeline takes them."""
    for start in range(0, len(lines), BATCH):
        yield [(raw, Position("simulated", 0, start + i)) for i, raw in enumerate(lines[start : start + BATCH])]


def following(lines: Sequence[bytes]) -> float:
    """Processor time of foreseeing the openings, in microseconds an event."""
    config = configured(None)
    assigner, pipeline = (
        OrderedClustering(config, HashingEmbedder()),
        Pipeline(config, HashingEmbedder(), NAMES, "benchmark"),
    )
    released = [item for batch in batches(lines) for item in assigner.reorder(pipeline.read(batch).sightings)]
    items = [item for item in assigner.assign(released) if not isinstance(item, WatermarkMark)]
    foreseen = AdmissionControl(BUDGETS[0], config.growth, config.policy, config.sharers, config.cascade.max_cascades)
    begin = time.process_time()
    for item in items:
        foreseen.update(item)
    return 1e6 * (time.process_time() - begin) / len(items)


if __name__ == "__main__":
    main()
