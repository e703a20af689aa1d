"""Recorded streams through the whole pipeline, with their dirt."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

import msgspec
import networkx as nx
import numpy as np
import pytest

from detectors.ordering.config import OrderConfig
from detectors.pipeline.config import PipelineConfig
from detectors.pipeline.pipeline import Pipeline, PipelineOutput
from detectors.pipeline.rows import ClusterRow, EdgeRow
from detectors.privacy.pseudonym import Pseudonymiser
from detectors.similarity.embedding import HashingEmbedder
from schemas.assignment import Method
from schemas.event import ForwardEvent, Kind
from schemas.sighting import Position
from streams.embedders import EmbedderConfig, make_embedder
from tests.realdata import loaders

pytestmark = pytest.mark.data

NAMES = Pseudonymiser(b"a key for recorded streams only!", "test")
STREAMS = ("pheme", "twitter1516", "telegram", "casflow", "coortweet", "tideh")
RECORDED = ("explicit", "origin")
LATENESS_MS = 600_000


class Replayed(msgspec.Struct, frozen=True):
    """What a whole stream gave."""

    events: Sequence[ForwardEvent]
    pipeline: Pipeline
    out: PipelineOutput

    @property
    def edges(self) -> list[EdgeRow]:
        return self.out.edges

    def cluster_of(self) -> dict[str, str]:
        """An event's own id -> final cluster."""
        merged = {row.cluster_id: row.merged_into for row in self.out.clusters if row.status == "merged"}
        found = {edge.event_id: resolve(edge.cluster_id, merged) for edge in self.edges}
        return {event.event_id: found[NAMES.event(event.event_id, event.platform)] for event in self.events}


def resolve(cluster: str, merged: dict[str, str | None]) -> str:
    while (into := merged.get(cluster)) is not None:
        cluster = into
    return cluster


def make_pipeline(max_out_of_orderness_ms: int = 30_000) -> Pipeline:
    config = PipelineConfig(order=OrderConfig(max_out_of_orderness_ms=max_out_of_orderness_ms))
    return Pipeline(config, HashingEmbedder(), NAMES, "test")


def feed(
    pipeline: Pipeline, events: Sequence[ForwardEvent], start: int = 0, batch: int = 512
) -> Iterator[PipelineOutput]:
    lines = loaders.encoded(events)
    for at in range(0, len(lines), batch):
        yield pipeline.feed(
            [(raw, Position("recorded", 0, start + at + i)) for i, raw in enumerate(lines[at : at + batch])]
        )


def gathered(outputs: Sequence[PipelineOutput]) -> PipelineOutput:
    whole = PipelineOutput()
    for out in outputs:
        for name in out.__struct_fields__:
            getattr(whole, name).extend(getattr(out, name))
    return whole


def replay(events: Sequence[ForwardEvent], max_out_of_orderness_ms: int = 30_000) -> Replayed:
    pipeline = make_pipeline(max_out_of_orderness_ms)
    outputs = [*feed(pipeline, events), pipeline.finish()]
    return Replayed(events, pipeline, gathered(outputs))


@cache
def stream(name: str) -> Replayed:
    return replay(getattr(loaders, name)())


def slice_of(count: int) -> list[ForwardEvent]:
    """A stretch of Twitter15/16 in which several cascades run at once."""
    events = loaders.twitter1516()
    return events[90_000 : 90_000 + count]


@pytest.mark.parametrize("name", STREAMS)
def test_every_event_is_accounted_for(name: str) -> None:
    replayed = stream(name)
    counts = replayed.pipeline.counts
    assert counts.balanced
    assert (counts.received, counts.applied) == (len(replayed.events), len(replayed.events))
    assert (counts.rejected, counts.duplicates, counts.late, counts.waiting, counts.unmatched) == (0, 0, 0, 0, 0)
    assert len(replayed.edges) == counts.applied
    assert sum(replayed.pipeline.ordered_clustering.clustering.methods.values()) == counts.applied
    assert replayed.out.rejections == []


@pytest.mark.parametrize("name", STREAMS)
def test_clusters_add_up_to_their_shares(name: str) -> None:
    replayed = stream(name)
    posts = Counter(edge.cluster_id for edge in replayed.edges)
    last = {row.cluster_id: row for row in replayed.out.clusters}  # a closed one may have come back
    assert posts.keys() <= last.keys()
    gone = {row.cluster_id for row in replayed.out.clusters if row.status == "merged"}
    assert sum(row.posts for row in last.values() if row.cluster_id not in gone) == len(replayed.edges)


@pytest.mark.parametrize("name", STREAMS)
def test_no_recorded_identifier_is_in_what_comes_out(name: str) -> None:
    replayed = stream(name)
    shown = msgspec.json.encode([replayed.edges[::97], replayed.out.alerts[:200]])
    raw = {event.actor for event in replayed.events[::97]} | {event.message_id for event in replayed.events[::97]}
    leaked = [one for one in raw if one and f'"{one}"'.encode() in shown]
    assert leaked == []


def test_a_share_before_its_root_joins_the_roots_cluster() -> None:
    # root time .......... |----->
    # negative delay  x        (published before what it shares)
    replayed = stream("twitter1516")
    cluster_of = replayed.cluster_of()
    early = [row for row in loaders.rows("twitter1516_dev_events") if row["t"] < 0]
    assert len(early) == 362
    roots = {
        row["cascade_id"]: row["event_id"]
        for row in loaders.rows("twitter1516_dev_events")
        if not row["parent_event_id"]
    }
    apart = [row for row in early if cluster_of[row["event_id"]] != cluster_of[roots[row["cascade_id"]]]]
    assert len({row["cascade_id"] for row in apart}) <= len({row["cascade_id"] for row in early}) * 0.1
    times = {event.event_id: event.created_at for event in replayed.events}
    for row in apart:  # the only reason: the cluster was forgotten before its root came
        wait = times[roots[row["cascade_id"]]] - times[row["event_id"]]
        assert wait > replayed.pipeline.config.clustering.retention_ms


def test_a_root_that_nobody_saw_holds_its_shares_together() -> None:
    replayed = stream("coortweet")
    cluster_of = replayed.cluster_of()
    cascades: defaultdict[str, list[ForwardEvent]] = defaultdict(list)
    for event in replayed.events:
        cascades[event.root_ref or ""].append(event)
    retention = replayed.pipeline.config.clustering.retention_ms
    for events in cascades.values():
        gaps = [b.created_at - a.created_at for a, b in pairwise(events)]
        if max(gaps, default=0) <= retention:
            assert len({cluster_of[event.event_id] for event in events}) == 1
    for row in replayed.out.clusters:
        assert row.unseen == 1
        assert row.nodes == row.posts + 1 or row.episode > 1 or row.status != "open"


def test_a_second_parent_and_a_second_delivery_change_no_count() -> None:
    # every 20th share comes twice more: the same event again, and a moment later its message under another parent
    events = slice_of(4_000)
    plain = replay(events)
    again = [twin for event in events[::20] for twin in (event, _under_another_parent(event))]
    dirty = replay(loaders.merged(events, again))
    assert dirty.pipeline.counts.balanced
    assert dirty.pipeline.counts.duplicates == len(events[::20])
    facts = ("sharers", "nodes", "unseen", "depth", "max_breadth", "structural_virality", "edge_coverage")
    assert [[getattr(row, fact) for fact in facts] for row in plain.out.clusters] == [
        [getattr(row, fact) for fact in facts] for row in dirty.out.clusters
    ]


def _under_another_parent(event: ForwardEvent) -> ForwardEvent:
    """The same message under the root of its cascade."""
    root = None if event.parent_ref is None else f"{event.parent_ref.rsplit('.', 1)[0]}.0"
    return msgspec.structs.replace(
        event, event_id=f"{event.event_id}-again", created_at=event.created_at + 1, parent_ref=root
    )


@pytest.mark.parametrize("name", ["twitter1516", "telegram", "casflow", "coortweet"])
def test_the_shape_of_a_cascade_is_what_networkx_says_of_its_edges(name: str) -> None:
    replayed = stream(name)
    edges: defaultdict[str, list[EdgeRow]] = defaultdict(list)
    for edge in replayed.edges:
        edges[edge.cluster_id].append(edge)
    times = Counter(row.cluster_id for row in replayed.out.clusters)  # one that came back has a graph for each time
    once = [row for row in replayed.out.clusters if times[row.cluster_id] == 1 and row.status != "merged"]
    whole = [row for row in once if row.posts == len(edges[row.cluster_id]) and row.nodes <= 150]
    sample = sorted(whole, key=lambda row: (-row.depth, row.cluster_id))[:25] + whole[:: max(1, len(whole) // 25)]
    assert len(sample) >= 10
    for row in sample:
        _assert_shape(row, edges[row.cluster_id])


def _assert_shape(row: ClusterRow, edges: Sequence[EdgeRow]) -> None:
    graph = nx.DiGraph()
    for edge in edges:
        graph.add_node(edge.message)
        if edge.parent is not None and edge.source in RECORDED:
            graph.add_edge(edge.parent, edge.message)
    seen = {edge.message for edge in edges}
    roots = [node for node in graph if graph.in_degree(node) == 0]
    depths = [nx.single_source_shortest_path_length(graph, root) for root in roots]
    levels = Counter((i, depth) for i, tree in enumerate(depths) for depth in tree.values())
    assert nx.is_forest(graph)
    assert (row.nodes, row.unseen, row.trees) == (len(graph), len(graph) - len(graph.subgraph(seen)), len(roots))
    assert (row.depth, row.max_breadth) == (max(depth for _, depth in levels), max(levels.values()))
    assert row.mean_depth == pytest.approx(sum(sum(tree.values()) for tree in depths) / len(graph))
    assert row.structural_virality == pytest.approx(_mean_distance(graph))


def _mean_distance(graph: nx.DiGraph) -> float:
    """Mean distance over the pairs of messages of one tree."""
    whole = graph.to_undirected()
    trees = [whole.subgraph(tree) for tree in nx.connected_components(whole)]
    pairs = sum(len(tree) * (len(tree) - 1) for tree in trees)
    return 2 * sum(nx.wiener_index(tree) for tree in trees) / pairs if pairs else 0.0


@pytest.mark.parametrize("seed", [1, 2])
def test_disorder_within_the_lateness_changes_no_alert(seed: int) -> None:
    events = slice_of(6_000)
    delays = np.random.default_rng(seed).integers(0, LATENESS_MS, len(events))
    order = np.argsort(
        [event.created_at + int(delay) for event, delay in zip(events, delays, strict=True)], kind="stable"
    )
    assert order.tolist() != sorted(order.tolist())
    plain, shuffled = replay(events, LATENESS_MS), replay([events[i] for i in order], LATENESS_MS)
    assert plain.out.alerts
    assert shuffled.pipeline.counts.late == 0
    assert msgspec.json.encode(shuffled.out.alerts) == msgspec.json.encode(plain.out.alerts)
    assert msgspec.json.encode(shuffled.out.clusters) == msgspec.json.encode(plain.out.clusters)


def test_a_restart_in_the_middle_changes_nothing() -> None:
    events = loaders.merged(loaders.pheme(), slice_of(3_000))
    middle = len(events) // 2
    plain = replay(events)
    before = make_pipeline()
    outputs = list(feed(before, events[:middle]))
    after = make_pipeline()
    after.restore(before.snapshot())
    outputs += [*feed(after, events[middle:], start=middle), after.finish()]
    whole = gathered(outputs)
    assert plain.out.alerts
    assert msgspec.json.encode(whole.alerts) == msgspec.json.encode(plain.out.alerts)
    assert msgspec.json.encode(whole.clusters) == msgspec.json.encode(plain.out.clusters)
    assert msgspec.json.encode(whole.edges) == msgspec.json.encode(plain.out.edges)
    assert after.counts == plain.pipeline.counts


def test_a_reply_joins_by_its_own_words_or_founds_a_cluster() -> None:
    # "hostages freed" <- reply: "oh no" (its own cluster) <- reply: "RT hostages freed" (the first one's)
    replayed = stream("pheme")
    methods = Counter(edge.method for edge in replayed.edges if edge.kind is Kind.REPLY)
    assert Method.LINK not in methods
    assert methods[Method.FIRST_SHARE] > methods[Method.EXACT] > 0
    cluster_of = replayed.cluster_of()
    for event in replayed.events:
        if event.kind is Kind.FORWARD:
            assert cluster_of[event.event_id] == cluster_of[event.root_ref or ""]


@pytest.mark.model
def test_the_real_model_keeps_the_accounts_and_every_retweet_with_its_root() -> None:
    events = [event for event in loaders.pheme() if event.kind is not Kind.REPLY][:3_000]
    pipeline = Pipeline(PipelineConfig(), make_embedder(EmbedderConfig()), NAMES, "test")
    replayed = Replayed(events, pipeline, gathered([*feed(pipeline, events), pipeline.finish()]))
    assert pipeline.counts.balanced
    assert pipeline.counts.applied == len(events)
    cluster_of = replayed.cluster_of()
    for event in events:
        if event.kind is Kind.FORWARD:
            assert cluster_of[event.event_id] == cluster_of[event.root_ref or ""]


def test_short_links_of_one_news_neither_split_it_nor_make_it_a_frame() -> None:
    """PHEME's wordings with several addresses are single news: each sender has a short link of the own."""
    compared = stream("pheme")
    rows = compared.out.clusters
    assert compared.pipeline.counts.frames == 0
    assert not [row for row in rows if row.frame or "same_words" in row.related]
