"""Whether merges bring back the alerts that fragments cost: the tables of `studies.clusters` about merges."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np

from detectors.clustering import ClusteringConfig
from detectors.growth import GrowthConfig, make_detector
from streams.devtools.simulator.simulate import simulate
from tests.benchmarks.corpora.gold import MUTATED, sample_stream, shown, well_formed
from tests.benchmarks.corpora.recorded import STREAMS, Recorded, growth_config, halves, positives, traces_of, tracks
from tests.benchmarks.corpora.tracks import Remembering, Track, table, trace
from tests.benchmarks.metrics.scores import Trace, threshold_for
from tests.benchmarks.studies.bridges import report_bridges
from tests.benchmarks.studies.fragments import (
    Found,
    Judged,
    ahead,
    alone,
    bridged,
    chains,
    figure,
    halved,
    perfect,
    recorded,
    run_merging,
    simulated,
    split,
)
from tests.realdata import loaders

SEED = 7
LINKED = (0.0, 0.01, 0.05, 0.20)
BETWEEN = 0.05
SIMULATED_BIG = 50
FIGURES = ("recall", "pf")


def report_merges(embedder: Remembering) -> None:
    """Print the tables."""
    judged = streams()
    as_they_are(judged, embedder)
    taken = [
        alone(one, ClusteringConfig().min_words)
        for one in judged
        if one.name in ("Twitter15/16 cascades", "simulated, much mutated")
    ]
    split_by_language(taken, embedder)
    split_by_words(taken, embedder)
    split_at_random()


def streams() -> list[Judged]:
    """Every stream with texts."""
    by_name = {stream.name: stream for stream in STREAMS}
    story = {str(row["cascade_id"]): str(row["story"]) for row in loaders.rows("pheme_dev_cascades")}
    mutated = simulate(MUTATED)
    return [
        recorded(by_name["PHEME"]),
        recorded(by_name["PHEME"], story),
        recorded(by_name["Twitter15/16"]),
        simulated("simulated sample", *sample_stream(), SIMULATED_BIG),
        simulated("simulated, much mutated", well_formed(mutated.lines()), mutated.truth, SIMULATED_BIG),
    ]


def as_they_are(judged: Sequence[Judged], embedder: Remembering) -> None:
    """Alerts on each stream with the true rumours, with the clusters found, and with their merges refused."""
    rows, counts = [], []
    for one in judged:
        on, off = run_merging(one, embedder), run_merging(one, embedder, merging=False)
        counts.append(
            (
                one.name,
                one.growth.target_size,
                len(one.positives),
                on.merged,
                on.pieces,
                off.pieces,
                on.alerted,
                off.alerted,
            )
        )
        rows += [(one.name, name, shown(figure(name, perfect(one))), *beside(name, on, off)) for name in FIGURES]
    names = ("stream", "q", "positives", "merges", "clusters each", "without", "alerted", "without")
    table("streams as they are; of a positive, clusters with a tenth of its shares; clusters alerted", names, counts)
    table("merges and no merges", ("stream", "figure", "true rumours", "merges", "no merges", "merges less none"), rows)


def beside(name: str, on: Found, off: Found) -> tuple[str, str, str]:
    """A figure with merges, without, and the difference."""
    return shown(figure(name, on)), shown(figure(name, off)), shown(figure(name, on, off))


def split_by_language(judged: Sequence[Judged], embedder: Remembering) -> None:
    """Half of the shares in other letters: only links can join the halves."""
    rows = []
    for one in judged:
        whole = run_merging(one, embedder)
        rows += [(one.name, "not split", name, whole.pieces, shown(figure(name, whole)), "-", "-") for name in FIGURES]
        for linked in LINKED:
            apart = split(one, linked, np.random.default_rng(SEED))
            on, off = run_merging(apart, embedder), run_merging(apart, embedder, merging=False)
            rows += [(one.name, f"{100 * linked:g} %", name, on.pieces, *beside(name, on, off)) for name in FIGURES]
    names = ("positives of", "links kept", "figure", "clusters each", "merges", "no merges", "merges less none")
    table("half of the shares in a cipher that stands for another language", names, rows)


def split_by_words(judged: Sequence[Judged], embedder: Remembering) -> None:
    """Two wordings too far apart to be one, and a twentieth of the shares in one between them; no links."""
    rows = []
    chained = [(one, chains(one, embedder)) for one in judged]
    for one, wordings in chained:
        apart = bridged(one, wordings, np.random.default_rng(SEED), BETWEEN)
        names = {track.name for track in apart.positives}
        kept = [event for event in one.events if one.rumour_of[event.event_id] in names]
        whole = run_merging(msgspec.structs.replace(apart, events=kept), embedder)
        on, off = run_merging(apart, embedder), run_merging(apart, embedder, merging=False)
        for name in FIGURES:
            row = (one.name, len(names), on.merged, on.pieces, name, shown(figure(name, whole)))
            rows.append((*row, *beside(name, on, off)))
    table(
        "two wordings below `embedding_threshold`, a twentieth of the shares between them, no links",
        (
            "positives of",
            "n",
            "merges",
            "clusters each",
            "figure",
            "not split",
            "merges",
            "no merges",
            "merges less none",
        ),
        rows,
    )
    report_bridges(chained, BETWEEN, embedder)


# --- without the pipeline ---------------------------------------------------------------------------------------------


def split_at_random() -> None:
    """Each recorded cascade in two clusters at random, at the threshold that suits the whole ones, and at the cold one."""
    rows = []
    for stream in STREAMS:
        q, test = halves(stream, tracks(stream))
        config = growth_config(stream, q, "L")
        whole = traces_of(test, config)
        budget = threshold_for([max(one.scores, default=-math.inf) for one in whole], sum(positives(test, q)))
        for rule, limit in (
            ("as many alerts as positives", budget),
            ("cold rule", make_detector(config).thresholds()[0]),
        ):
            rows += halves_at(stream, rule, limit, q, test, whole)
    names = ("stream", "threshold", "positives", "figure", "whole", "one half", "either half", "either less whole")
    table("recorded cascades split in two at random and never merged", names, rows)


def halves_at(
    stream: Recorded, rule: str, limit: float, q: int, test: Sequence[Track], whole: Sequence[Trace]
) -> list[tuple[object, ...]]:
    """Rows of one threshold."""
    large = [(track, one) for track, one in zip(test, whole, strict=True) if track.final >= q]
    config = growth_config(stream, q, "L")
    pairs = halved([track for track, _ in large], np.random.default_rng(SEED))
    at = [[when(half, config, limit) for half in pair] for pair in pairs]
    three = [
        Found(ahead=[ahead(track, reached(track, one, limit)) for track, one in large]),
        Found(ahead=[ahead(track, first) for (track, _), (first, _) in zip(large, at, strict=True)]),
        Found(ahead=[ahead(track, earlier(*both)) for (track, _), both in zip(large, at, strict=True)]),
    ]
    return [
        (
            stream.name,
            rule,
            len(large),
            name,
            *(shown(figure(name, one)) for one in three),
            shown(figure(name, three[2], three[0])),
        )
        for name in FIGURES
    ]


def when(half: Track, config: GrowthConfig, limit: float) -> int | None:
    """As `reached`; a half that nobody came to reaches nothing."""
    return reached(half, trace(half, config), limit) if half.times else None


def reached(track: Track, scored: Trace, limit: float) -> int | None:
    """Time, ms, of the share at which the score reached a threshold."""
    n = scored.first(limit)
    return None if n is None else track.times[scored.sharers_at(n) - 1]


def earlier(a: int | None, b: int | None) -> int | None:
    """The earlier of two times that may not have come."""
    return min((at for at in (a, b) if at is not None), default=None)
