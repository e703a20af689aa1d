"""How early growth alerts come on recorded cascades, as the whole pipeline finds them: python -m tests.benchmarks.studies.growth.

Each stream runs once through the real pipeline with the real model. The clusters found are followed: a cascade is
positive when its final size is at least q; every growth detector is scored on the later half. Protocol and what not to
believe: docs/evaluation.md.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from detectors.growth import DETECTORS, GrowthConfig, make_detector
from detectors.pipeline.config import PipelineConfig
from schemas.event import ForwardEvent, Kind
from streams.embedders import EmbedderConfig, make_embedder
from tests.benchmarks.corpora.recorded import STREAMS, Recorded, growth_config, halves, positives, traces_of
from tests.benchmarks.corpora.tracks import (
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
from tests.benchmarks.metrics.scores import (
    Earliness,
    Trace,
    at_budget,
    auc,
    earliness,
    threshold_for,
)
from tests.benchmarks.studies.alerts import print_differences, print_earliness
from tests.realdata import loaders

AUC_AT = (3, 5, 10, 20, 50, 100)


def main() -> None:
    """Print every stream's tables."""
    require_data()
    embedder = Remembering(make_embedder(EmbedderConfig()))
    for stream in STREAMS:
        report(stream, embedder)


def report(stream: Recorded, embedder: Remembering) -> None:
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
    """Print cost, accounts and the search's shares."""
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
    print(f"search: {shares(found.methods)}")


def judge(stream: Recorded, events: Sequence[ForwardEvent], first: Run, embedder: Remembering) -> int:
    """Score every detector on the later half of the clusters found; give q."""
    tracks = found_tracks(first)
    q, test = halves(stream, tracks)
    positive = positives(test, q)
    print(f"q {q}, least sharers {stream.min_sharers}; later half: {len(test)} cascades, {sum(positive)} of at least q")
    configs = {name: growth_config(stream, q, name) for name in DETECTORS}
    traces = {name: traces_of(test, config) for name, config in configs.items()}
    cold = {
        name: earliness(traces[name], positive, make_detector(config).thresholds()[0])
        for name, config in configs.items()
    }
    print_earliness("each detector's own cold rule", cold)
    same = {name: at_alerts(traces[name], positive, cold["L"].alerts) for name in traces}
    print_earliness(f"as many alerts as L's cold rule gives ({cold['L'].alerts})", same)
    print_earliness("as many alerts as positives", {name: at_budget(traces[name], positive) for name in traces})
    print_differences(traces, positive)
    print_auc(test, configs)
    compare_with_pipeline(stream, events, tracks, q, embedder)
    return q


def at_alerts(traces: Sequence[Trace], positive: Sequence[bool], alerts: int) -> Earliness:
    """The figures at the threshold that gives about so many alerts."""
    peaks = [max(one.scores, default=-math.inf) for one in traces]
    return earliness(traces, positive, threshold_for(peaks, alerts))


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
    stream: Recorded, events: Sequence[ForwardEvent], tracks: Sequence[Track], q: int, embedder: Remembering
) -> None:
    """Run again with q set; what it raises by growth must be what the followed clusters say."""
    growth = growth_config(stream, q, "L")
    config = PipelineConfig(growth=growth)
    second = run(events, config, embedder)
    limit = make_detector(growth).thresholds()[0]
    expected = {track.name for track in tracks if trace(track, growth).first(limit) is not None}
    alerted = second.alerted()
    print(
        f"\nalerted cascades of the whole stream: pipeline {len(alerted)}, followed clusters {len(expected)}, "
        f"only pipeline {len(alerted - expected)} ({len((alerted - expected) & second.closed)} of them closed and came "
        f"back), only followed {len(expected - alerted)}; "
        f"second pass without the model {1e6 * (second.cpu_s - second.model_cpu_s) / len(events):.0f} us an event"
    )


if __name__ == "__main__":
    main()
