"""What fragments cost in alerts, and what merges bring back: the pipeline with merges, without, and on split rumours.

A rumour is found when a cluster that holds a fair part of its shares raises a growth alert. The merges are taken out by
refusing each where the search decides it; all else stays.
"""

import codecs
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.clustering import Clustering, ClusteringConfig
from detectors.growth import GrowthConfig, make_detector
from detectors.pipeline.config import PipelineConfig
from detectors.pipeline.intake import read_content
from detectors.pipeline.pipeline import Pipeline
from detectors.similarity.embedding import Embedder
from schemas.event import ForwardEvent, Kind, ParentEvidence
from schemas.sighting import SPREADING
from streams.devtools.simulator.truth import Truth
from tests.benchmarks.corpora.gold import Floats, cascades, draws
from tests.benchmarks.corpora.recorded import Recorded, growth_config, halves, tracks
from tests.benchmarks.corpora.tracks import GROWING, NAMES, Remembering, Run, Track, digests, drive, trace
from tests.benchmarks.metrics.linkage import margins
from tests.benchmarks.metrics.scores import Interval
from tests.realdata.loaders import encoded

SHARED = SPREADING - {Kind.REPLY}
HOLDS = 0.1  # of a rumour's shares: a cluster with fewer may be alerted for another rumour


Wordings = Mapping[str, tuple[str, str, str]]
"""Of each rumour: a first wording, a second, and one between the two."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A stream and the rumours in it that deserve an alert."""

    name: str
    events: Sequence[ForwardEvent]
    rumour_of: Mapping[str, str]  # event's own id -> rumour
    growth: GrowthConfig
    positives: Sequence[Track]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each positive: the share of its reach still ahead at its first alert, None where there was none."""

    ahead: Sequence[float | None]
    pieces: float = 1.0  # clusters with a fair part of a positive's shares, mean
    alerted: int = 0  # clusters of the whole stream
    merged: int = 0

    def column(self, name: str) -> Floats:
        """What each positive adds to recall or to PF."""
        return np.array([float(one is not None) if name == "recall" else one or 0.0 for one in self.ahead])


class Unmerging(Clustering):
    """The candidate search with every merge refused: what has two clusters stays with the one it came to first."""

    def _merge(self, pair, method, similarity, sighting, out):
        return pair[0]


# --- which rumours deserve an alert -----------------------------------------------------------------------------------


def recorded(stream: Recorded, story_of: Mapping[str, str] | None = None) -> Judged:
    """A recorded stream as `studies.growth` judges it, but by recorded cascades, or by the stories that they tell."""
    events, own = stream.load(), cascades(stream.events_file)
    found = tracks(stream)
    if story_of is not None:
        own = {event: story_of[cascade] for event, cascade in own.items()}
        found = tracks_of(events, own)
    q, test = halves(stream, found)
    return Judged(
        name=f"{stream.name} {'cascades' if story_of is None else 'stories'}",
        events=events,
        rumour_of=own,
        growth=growth_config(stream, q, "L"),
        positives=[track for track in test if track.final >= q],
    )


def simulated(name: str, events: Sequence[ForwardEvent], answer: Truth, target_size: int) -> Judged:
    """A simulated stream: the rumours that its truth calls big."""
    large = {one.cluster for one in answer.cascades if one.big}
    own = answer.clusters()
    found = [track for track in tracks_of(events, own) if track.name in large]
    return Judged(
        name=name, events=events, rumour_of=own, growth=GrowthConfig(target_size=target_size), positives=found
    )


def tracks_of(events: Sequence[ForwardEvent], rumour_of: Mapping[str, str]) -> list[Track]:
    """Each rumour's first shares by distinct sharers, rumours by start; replies are left out."""
    firsts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for event in events:
        if event.kind in SHARED and event.event_id in rumour_of:
            sharer = event.actor or event.chat or event.event_id
            firsts[rumour_of[event.event_id]].setdefault(sharer, event.created_at)
    found = [Track(name, sorted(times.values())) for name, times in firsts.items()]
    return sorted(found, key=lambda track: (track.times[0], track.name))


# --- which were found -------------------------------------------------------------------------------------------------


def run_merging(judged: Judged, embedder: Remembering, *, merging: bool = True) -> Found:
    """The real pipeline over a stream, with its merges or without."""
    config = PipelineConfig(growth=judged.growth)
    pipeline = Pipeline(config, embedder, NAMES, "benchmark")
    if not merging:
        pipeline.ordered_clustering.clustering = Unmerging(config.clustering, embedder.embed)
    return found_in(drive(encoded(judged.events), pipeline, embedder), judged)


def found_in(run: Run, judged: Judged) -> Found:
    """Look for each positive's first alert in the clusters that hold a fair part of it."""
    rumour_of = digests([event for event in judged.events if event.event_id in judged.rumour_of], judged.rumour_of)
    holding: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for edge in run.edges:
        if edge.kind is not Kind.REPLY and edge.event_id in rumour_of:
            holding[rumour_of[edge.event_id]][run.resolve(edge.cluster_id)] += 1
    alerted: dict[str, int] = {}
    for alert in run.alerts:
        if alert.level >= 1 and alert.state in GROWING:
            alerted.setdefault(run.resolve(alert.cluster_id), alert.time)
    fair = [_fair(holding[track.name]) for track in judged.positives]
    first = [min((alerted[id_] for id_ in ids if id_ in alerted), default=None) for ids in fair]
    return Found(
        ahead=[ahead(track, at) for track, at in zip(judged.positives, first, strict=True)],
        pieces=float(np.mean([len(ids) for ids in fair])),
        alerted=len(alerted),
        merged=run.merged,
    )


def _fair(holding: Counter[str]) -> list[str]:
    return [id_ for id_, n in holding.items() if n >= HOLDS * holding.total()]


def ahead(track: Track, at: int | None) -> float | None:
    """Share of a rumour's sharers who came after a time, ms."""
    return None if at is None else 1 - float(np.searchsorted(track.times, at, side="right")) / track.final


def perfect(judged: Judged) -> Found:
    """The same detector on the true rumours: what no clustering can better except by mixing."""
    limit = make_detector(judged.growth).thresholds()[0]
    traces = [trace(track, judged.growth) for track in judged.positives]
    hits = [one.first(limit) for one in traces]
    return Found(
        ahead=[None if n is None else 1 - one.sharers_at(n) / one.final for one, n in zip(traces, hits, strict=True)]
    )


def figure(name: str, one: Found, other: Found | None = None) -> Interval:
    """Recall or PF with its bootstrap interval over positives; with another run, the difference."""
    each = one.column(name) - (0.0 if other is None else other.column(name))
    drawn: NDArray[np.float64] = draws(len(each)) @ each / len(each)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Interval(float(each.mean()), float(low), float(high))


# --- rumours split on purpose -----------------------------------------------------------------------------------------


def alone(judged: Judged, min_words: int) -> Judged:
    """The positives with nothing beside them, those left out that are too short to be matched by words."""
    texts = first_texts(judged)
    kept = [one for one in judged.positives if read_content(texts[one.name], ()).words >= min_words]
    names = {track.name for track in kept}
    events = [e for e in judged.events if e.kind is not Kind.REPLY and judged.rumour_of.get(e.event_id) in names]
    return msgspec.structs.replace(judged, events=events, positives=tracks_of(events, judged.rumour_of))


def first_texts(judged: Judged) -> dict[str, str]:
    """What the first message of each rumour says."""
    texts: dict[str, str] = {}
    for event in judged.events:
        rumour = judged.rumour_of.get(event.event_id)
        if rumour is not None and event.text:
            texts.setdefault(rumour, event.text)
    return texts


def split(judged: Judged, linked: float, draw: np.random.Generator) -> Judged:
    """Half of the shares in a cipher that stands for another language: only a link can tell that both are one.

    Args:
        judged: the stream.
        linked: share of the messages that keep their link to another message.
        draw: deals out wordings and links; the first message keeps its words.
    """
    texts = first_texts(judged)
    return dealt(judged, {name: (text, codecs.encode(text, "rot13")) for name, text in texts.items()}, linked, draw)


def dealt(
    judged: Judged,
    wordings: Mapping[str, Sequence[str]],
    linked: float,
    draw: np.random.Generator,
    between: float = 0.0,
) -> Judged:
    """Give each share one of its rumour's first two wordings at random, or, `between`, the third; cut its link or not."""
    events, begun = list[ForwardEvent](), set[str]()
    for event in judged.events:
        rumour = judged.rumour_of[event.event_id]
        chance, kept = draw.random(), draw.random() < linked
        which = 0 if rumour not in begun else 2 if chance < between else int(chance < (1 + between) / 2)
        begun.add(rumour)
        text = wordings[rumour][which]
        events.append(msgspec.structs.replace(event if kept else unlinked(event), text=text))
    return msgspec.structs.replace(judged, events=events)


def unlinked(event: ForwardEvent) -> ForwardEvent:
    """A share of which nobody knows whence it came, as by copy and paste."""
    kind = Kind.FORWARD if event.kind is Kind.QUOTE else event.kind
    return msgspec.structs.replace(
        event, kind=kind, parent_ref=None, root_ref=None, parent_evidence=ParentEvidence.NONE, media=(), urls=()
    )


def chain(text: str, other: str, config: ClusteringConfig, embedder: Embedder) -> tuple[str, str, str] | None:
    """A text, one too far from it to join, and one between them that is near enough to both; None where there is none.

    The text's end is replaced word by word by another's beginning. The far one is still near enough to be suggested.
    """
    words, others = text.split(), other.split()
    steps = [" ".join([*words[: len(words) - n], *others[:n]]) for n in range(len(words))]
    contents = [read_content(step, ()) for step in steps]
    above = margins(contents, config, embedder)
    vectors = embedder.embed([content.normal for content in contents])
    near = np.flatnonzero(vectors @ vectors[0] >= config.suggestion_threshold).tolist()
    for far in (n for n in near if above[0, n] < 0):
        between = [n for n in range(1, far) if above[0, n] >= 0 and above[n, far] >= 0]
        if between:
            return text, steps[far], steps[between[len(between) // 2]]
    return None


def chains(judged: Judged, embedder: Embedder) -> Wordings:
    """The `chain` of each positive that has one."""
    texts, config = first_texts(judged), ClusteringConfig()
    names = [track.name for track in judged.positives]
    found = {
        name: chain(texts[name], texts[names[n - 1]], config, embedder) for n, name in enumerate(names) if name in texts
    }
    return {name: three for name, three in found.items() if three is not None}


def bridged(judged: Judged, wordings: Wordings, draw: np.random.Generator, between: float) -> Judged:
    """The positives that have a chain of wordings, no links, a part of their shares in the words between."""
    events = [event for event in judged.events if judged.rumour_of[event.event_id] in wordings]
    kept = [track for track in judged.positives if track.name in wordings]
    return dealt(msgspec.structs.replace(judged, events=events, positives=kept), wordings, 0.0, draw, between)


def halved(found: Sequence[Track], draw: np.random.Generator) -> list[tuple[Track, Track]]:
    """Each cascade's sharers dealt to two clusters at random; the first sharer is in the first."""
    pairs = []
    for track in found:
        to_first = draw.random(track.final) < 0.5
        to_first[0] = True
        sides = [[at for at, mine in zip(track.times, to_first == side, strict=True) if mine] for side in (True, False)]
        pairs.append((Track(track.name, sides[0]), Track(track.name, sides[1])))
    return pairs
