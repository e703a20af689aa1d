"""How early growth alerts come on recorded cascades, as the whole pipeline finds them: python -m ...evaluate_growth.

Each stream runs once through the real pipeline with the real model. The clusters found are followed: a cascade is
positive when its final size is at least q; every growth detector is scored on the later half. Protocol and what not to
believe: docs/evaluation.md.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np

from detectors.growth import DETECTORS, GrowthConfig, make_detector
from detectors.pipeline import PipelineConfig
from schemas.event import ForwardEvent, Kind
from streams.embedders import EmbedderConfig, make_embedder
from tests.benchmarks.scores import (
    Earliness,
    Trace,
    at_budget,
    auc,
    budget_figure,
    earliness,
    paired_difference,
    threshold_for,
)
from tests.benchmarks.tracks import (
    Remembering,
    Run,
    Track,
    digests,
    found_tracks,
    require_data,
    run,
    shares,
    split_and_mixed,
    table,
    trace,
    true_tracks,
)
from tests.realdata import loaders

ROUNDS = 400
AUC_AT = (3, 5, 10, 20, 50, 100)
COLUMNS = ("detector", "alerts/1k", "alerts", "precision", "recall", "lead", "PF", "ER50", "min before half")


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded stream and how it is judged."""

    name: str
    load: Callable[[], list[ForwardEvent]]
    events_file: str
    min_sharers: int = 5
    big: int | None = None  # q; None: the train half's 90th percentile


STREAMS = (
    Stream(name="PHEME", load=loaders.pheme, events_file="pheme_dev_events"),
    Stream(name="Twitter15/16", load=loaders.twitter1516, events_file="twitter1516_dev_events"),
    Stream(name="Telegram", load=loaders.telegram, events_file="telegram_structure_dev", min_sharers=3, big=6),
    Stream(name="CasFlow", load=loaders.casflow, events_file="casflow_weibo_sample"),
)

Traces = Mapping[str, Sequence[Trace]]


def main() -> None:
    """Print every stream's tables."""
    require_data()
    embedder = Remembering(make_embedder(EmbedderConfig()))
    for stream in STREAMS:
        report(stream, embedder)


def report(stream: Stream, embedder: Remembering) -> None:
    """Run, follow, score, print."""
    events = stream.load()
    first = run(events, PipelineConfig(), embedder)
    print(f"\n=== {stream.name} ===")
    describe_run(first)
    cascade_of = {str(row["event_id"]): str(row["cascade_id"]) for row in loaders.rows(stream.events_file)}
    truth = digests(events, cascade_of)
    pairs = ((truth[edge.event_id], first.resolve(edge.cluster_id)) for edge in first.edges if edge.kind != Kind.REPLY)
    true, split, found, mixed = split_and_mixed(pairs)
    print(
        f"without replies: recorded cascades {true}, in several clusters {split}; clusters {found}, of several "
        f"cascades {mixed}"
    )
    q = judge(stream, events, first, embedder)
    test = halves(stream, true_tracks(first, truth))[1]
    at = at_budget(traces_of(test, growth_config(stream, q, "L")), positives(test, q))
    print(
        f"L on the recorded cascades instead of the clusters found, same q, alerts as positives: PF {at.pf:.3f}, "
        f"{at.positives} positives of {at.cascades}"
    )


def describe_run(found: Run) -> None:
    """Print cost, accounts and the ladder's shares."""
    counts = found.counts
    print(
        f"{counts.received} events in {found.wall_s:.1f} s: {counts.received / found.wall_s:.0f}/s, "
        f"{counts.received / found.cpu_s:.0f} per CPU-second; the model took {found.model_cpu_s:.1f} CPU-seconds for "
        f"{found.embedded} texts, the rest {1e6 * (found.cpu_s - found.model_cpu_s) / counts.received:.0f} us an event"
    )
    verdict = "adds up" if counts.balanced else "DOES NOT ADD UP"
    print(
        f"received {counts.received} = applied {counts.applied} + late {counts.late} + duplicates {counts.duplicates} "
        f"+ rejected {counts.rejected} + waiting {counts.waiting}: {verdict}; unmatched {counts.unmatched}"
    )
    print(f"clusters {found.clusters}, merges {found.merged}, alerts {len(found.alerts)}")
    print(f"ladder: {shares(found.methods)}")


def halves(stream: Stream, tracks: Sequence[Track]) -> tuple[int, Sequence[Track]]:
    """q and the later half of the cascades with at least two sharers."""
    spread = [track for track in tracks if track.final >= 2]
    middle = len(spread) // 2
    if stream.big is not None:
        return stream.big, spread[middle:]
    sizes = [track.final for track in spread[:middle] if track.final >= stream.min_sharers]
    return math.ceil(np.percentile(sizes, 90)), spread[middle:]


def growth_config(stream: Stream, q: int, detector: str) -> GrowthConfig:
    """The cold rule of one detector."""
    return GrowthConfig(detector=detector, big=q, min_sharers=stream.min_sharers)


def traces_of(tracks: Sequence[Track], config: GrowthConfig) -> list[Trace]:
    """A detector on each cascade."""
    return [trace(track, config) for track in tracks]


def positives(tracks: Sequence[Track], q: int) -> list[bool]:
    """Which cascades get big."""
    return [track.final >= q for track in tracks]


def judge(stream: Stream, events: Sequence[ForwardEvent], first: Run, embedder: Remembering) -> int:
    """Score every detector on the later half of the clusters found; give q."""
    tracks = found_tracks(first)
    q, test = halves(stream, tracks)
    positive = positives(test, q)
    print(f"q {q}, least sharers {stream.min_sharers}; later half: {len(test)} cascades, {sum(positive)} of at least q")
    configs = {name: growth_config(stream, q, name) for name in DETECTORS}
    traces = {name: traces_of(test, config) for name, config in configs.items()}
    cold = {
        name: earliness(traces[name], positive, make_detector(config).levels()[0]) for name, config in configs.items()
    }
    print_earliness("each detector's own cold rule", cold)
    same = {name: at_alerts(traces[name], positive, cold["L"].alerts) for name in traces}
    print_earliness(f"as many alerts as L's cold rule gives ({cold['L'].alerts})", same)
    print_earliness("as many alerts as positives", {name: at_budget(traces[name], positive) for name in traces})
    print_differences(traces, positive, cold["L"].alerts)
    print_auc(test, configs)
    compare_with_pipeline(stream, events, tracks, q, embedder)
    return q


def at_alerts(traces: Sequence[Trace], positive: Sequence[bool], alerts: int) -> Earliness:
    """The figures at the threshold that gives about so many alerts."""
    peaks = [max(one.scores, default=-math.inf) for one in traces]
    return earliness(traces, positive, threshold_for(peaks, alerts))


def print_earliness(title: str, figures: Mapping[str, Earliness]) -> None:
    """One row per detector."""
    rows = [
        (name, e.alerts_per_thousand, e.alerts, e.precision, e.recall, e.lead, e.pf, e.er50, e.minutes_before_half)
        for name, e in figures.items()
    ]
    table(title, COLUMNS, rows)


def print_differences(traces: Traces, positive: Sequence[bool], cold_alerts: int) -> None:
    """How much further ahead L is, with thresholds chosen anew in each resample."""
    if not any(positive):
        return
    rows = []
    for title, factor in (("as many as positives", 1.0), ("as many as L's cold rule", cold_alerts / sum(positive))):
        figures = {name: budget_figure(traces[name], positive, factor=factor) for name in ("L", "count", "rate")}
        for other in ("count", "rate"):
            gap = paired_difference(figures["L"], figures[other], len(positive), rounds=ROUNDS)
            rows.append((f"L - {other}, {title}", gap.value, gap.low, gap.high))
    table("difference of PF, 95 % interval", ("pair, alerts", "difference", "from", "to"), rows)


def print_auc(tracks: Sequence[Track], configs: Mapping[str, GrowthConfig]) -> None:
    """How well each detector ranks the cascades that reached k sharers, at the k-th: above their median size or not."""
    reached = {k: [track for track in tracks if track.final >= k] for k in AUC_AT}
    kept = [k for k in AUC_AT if len(reached[k]) >= 20]
    if not kept:
        return
    rows = [(name, *(auc_at(reached[k], k, config) for k in kept)) for name, config in configs.items()]
    rows.append(("cascades", *(len(reached[k]) for k in kept)))
    table("AUC at the k-th sharer, final size above the median of those that got there", ("k", *map(str, kept)), rows)


def auc_at(tracks: Sequence[Track], k: int, config: GrowthConfig) -> float:
    """AUC of the score at the k-th sharer."""
    median = float(np.median([track.final for track in tracks]))
    scores = []
    for track in tracks:
        detector = make_detector(config)
        scores.append([detector.update(at) for at in track.times[:k]][-1])
    return auc([track.final > median for track in tracks], scores)


def compare_with_pipeline(
    stream: Stream, events: Sequence[ForwardEvent], tracks: Sequence[Track], q: int, embedder: Remembering
) -> None:
    """Run again with q set; what it raises by growth must be what the followed clusters say."""
    growth = growth_config(stream, q, "L")
    config = PipelineConfig(growth=growth)
    second = run(events, config, embedder)
    limit = make_detector(growth).levels()[0]
    expected = {track.name for track in tracks if trace(track, growth).first(limit) is not None}
    raised = second.alerted()
    print(
        f"\nalerted cascades of the whole stream: pipeline {len(raised)}, followed clusters {len(expected)}, "
        f"only pipeline {len(raised - expected)} ({len((raised - expected) & second.closed)} of them closed and came "
        f"back), only followed {len(expected - raised)}; "
        f"second pass without the model {1e6 * (second.cpu_s - second.model_cpu_s) / len(events):.0f} us an event"
    )


if __name__ == "__main__":
    main()
