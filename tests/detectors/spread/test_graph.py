from io import BytesIO

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.snapshot import SnapshotError
from detectors.spread.graph import ForwardGraph, GraphConfig, Placement, node_id, recorded_parent
from schemas.event import Kind, ParentEvidence
from schemas.evidence import Structure
from schemas.sighting import Sighting, TextContent


class SlowGraph:
    """The same rules, the obvious way: a parent for each message, everything else from networkx."""

    def __init__(self, max_nodes: int = 100_000, max_depth: int = 512) -> None:
        self.max_nodes, self.max_depth = max_nodes, max_depth
        self.graph = nx.DiGraph()

    def ancestors(self, message: str) -> list[str]:
        above = list(self.graph.predecessors(message))
        return above + self.ancestors(above[0]) if above else []

    def height(self, message: str) -> int:
        return max(nx.single_source_shortest_path_length(self.graph, message).values())

    def add(self, message: str, parent: str | None) -> str:
        graph = self.graph
        new = message not in graph
        names_unseen = parent is not None and parent != message and parent not in graph
        room = self.max_nodes - len(graph)
        if new and room < 1 + names_unseen:
            return "overflow"
        if not new and graph.nodes[message]["seen"]:
            placed = list(graph.predecessors(message))
            if parent is None or (placed and graph.nodes[message].get("capped")) or placed == [parent]:
                return "repeated"
            if placed and parent != message:
                return "second_parent"
        graph.add_node(message, seen=True)
        if parent is None:
            return "root"
        if parent == message:
            return "self_parent"
        if parent not in graph:
            if len(graph) >= self.max_nodes:
                return "overflow"
            graph.add_node(parent, seen=False)
        line = [parent, *self.ancestors(parent)]
        if message in line:
            return "cycle"
        # line[k] is at depth len(line) - 1 - k; the lowest message would be below it by 1 + height.
        fitting = [above for k, above in enumerate(line) if len(line) - k + self.height(message) <= self.max_depth]
        if fitting:
            graph.add_edge(fitting[0], message)
        if fitting[:1] == [parent]:
            return "linked"
        graph.nodes[message]["capped"] = True
        return "capped"

    def shape(self) -> Structure:
        graph = self.graph
        roots = [n for n in graph if graph.in_degree(n) == 0]
        depths = [nx.single_source_shortest_path_length(graph, root) for root in roots]
        widths = [list(d.values()).count(level) for d in depths for level in set(d.values())]
        distances = [
            d
            for tree in nx.weakly_connected_components(graph)
            for a, others in nx.all_pairs_shortest_path_length(graph.subgraph(tree).to_undirected())
            for b, d in others.items()
            if a != b
        ]
        seen = [n for n in graph if graph.nodes[n]["seen"]]
        with_parent = [n for n in seen if graph.in_degree(n)]
        expected = len(seen) - (len(with_parent) < len(seen))
        return Structure(
            nodes=len(graph),
            unseen=len(graph) - len(seen),
            trees=len(roots),
            depth=max((max(d.values()) for d in depths), default=0),
            max_breadth=max(widths, default=0),
            mean_depth=sum(sum(d.values()) for d in depths) / len(graph) if graph else 0.0,
            structural_virality=sum(distances) / len(distances) if distances else 0.0,
            edge_coverage=len(with_parent) / expected if expected else 1.0,
        )


def fill(graph: ForwardGraph, pairs: list[tuple[str, str | None]]) -> list[Placement]:
    return [graph.add(message, parent, time, f"e{time}") for time, (message, parent) in enumerate(pairs)]


def graph_of(*pairs: tuple[str, str | None]) -> ForwardGraph:
    graph = ForwardGraph()
    fill(graph, list(pairs))
    return graph


def sighting(**fields: object) -> Sighting:
    facts = {
        "event_id": "e" * 32,
        "platform": "x",
        "kind": Kind.FORWARD,
        "time": 1,
        "key_id": "k",
        "content": TextContent(),
    }
    return Sighting(**{**facts, **fields})  # type: ignore[arg-type] - fields are given by name


names = st.sampled_from("abcdefghij")
reports = st.lists(st.tuples(names, st.none() | names), max_size=24)


@pytest.mark.no_cover
@settings(max_examples=300, deadline=None)
@given(reports, st.sampled_from([1, 2, 3, 512]), st.sampled_from([2, 5, 100]))
def test_every_prefix_of_any_stream_has_the_shape_that_networkx_finds(pairs, max_depth, max_nodes):
    # Few names, so that parents come late, twice, as themselves and as their own descendants.
    graph = ForwardGraph(GraphConfig(max_nodes=max_nodes, max_depth=max_depth))
    slow = SlowGraph(max_nodes, max_depth)
    for time, (message, parent) in enumerate(pairs):
        outcome = graph.add(message, parent, time, f"e{time}")
        assert outcome == slow.add(message, parent)
        assert graph.shape() == slow.shape()
        assert graph.max_out_degree == max((d for _, d in slow.graph.out_degree), default=0)


def random_forest(seed: int, size: int) -> list[tuple[str, str | None]]:
    """Chains, stars and everything between: a small `reach` picks recent parents, a large one any."""
    rng = np.random.default_rng(seed)
    reach = int(rng.choice([1, 3, size]))
    pairs: list[tuple[str, str | None]] = []
    for n in range(size):
        parent = int(rng.integers(max(0, n - reach), n)) if n and rng.random() > 0.05 else None
        pairs.append((f"m{n}", None if parent is None else f"m{parent}"))
    return pairs


@pytest.mark.parametrize("seed", range(8))
def test_a_forest_that_arrives_in_any_order_ends_in_the_same_shape(seed):
    pairs = random_forest(seed, 40)
    shape = graph_of(*pairs).shape()
    slow = SlowGraph()
    for message, parent in pairs:
        slow.add(message, parent)
    assert shape == slow.shape()
    shuffled = list(pairs)
    np.random.default_rng(seed + 100).shuffle(shuffled)
    graph, oracle = ForwardGraph(), SlowGraph()
    for time, (message, parent) in enumerate(shuffled):
        graph.add(message, parent, time, f"e{time}")
        oracle.add(message, parent)
        assert graph.shape() == oracle.shape()
    assert graph.shape() == shape


def test_a_star_and_a_chain_have_the_virality_of_the_paper():
    star = graph_of(("0", None), *[(str(n), "0") for n in range(1, 101)])
    chain = graph_of(("0", None), *[(str(n), str(n - 1)) for n in range(1, 101)])
    # A star of n nodes: 2 - 2/n, towards the paper's 2; a chain: (n + 1) / 3.
    assert star.shape().structural_virality == pytest.approx(2 - 2 / 101)
    assert chain.shape().structural_virality == pytest.approx(102 / 3)
    assert (star.shape().depth, star.shape().max_breadth, star.max_out_degree) == (1, 100, 100)
    assert (chain.shape().depth, chain.shape().max_breadth, chain.max_out_degree) == (100, 1, 1)


def test_an_empty_graph_has_an_empty_shape():
    shape = ForwardGraph().shape()
    assert (shape.nodes, shape.trees, shape.depth, shape.max_breadth) == (0, 0, 0, 0)
    assert (shape.mean_depth, shape.structural_virality, shape.edge_coverage) == (0.0, 0.0, 1.0)


def test_a_parent_that_nobody_saw_is_a_node_at_once_and_is_filled_later():
    #  a (unseen)       r
    #  |                |
    #  b        then    a
    #                   |
    #                   b
    graph = ForwardGraph()
    assert graph.add("b", "a", 10, "e1") is Placement.LINKED
    assert (graph.shape().nodes, graph.shape().unseen, graph.shape().depth) == (2, 1, 1)
    assert graph.add("a", "r", 20, "e2") is Placement.LINKED
    assert (graph.shape().nodes, graph.shape().unseen, graph.shape().depth) == (3, 1, 2)
    assert graph.add("r", None, 30, "e3") is Placement.ROOT
    assert (graph.shape().nodes, graph.shape().unseen, graph.shape().trees) == (3, 0, 1)
    assert (graph.parent_of("b"), graph.parent_of("a"), graph.parent_of("r")) == ("a", "r", None)
    assert (graph.depth_of("b"), graph.depth_of("r"), graph.depth_of("nobody")) == (2, 0, None)


def test_the_first_recorded_edge_wins_and_the_second_is_counted():
    graph = graph_of(("a", None), ("b", None), ("c", "a"), ("c", "b"), ("c", "a"), ("c", None))
    assert graph.parent_of("c") == "a"
    assert (graph.tally.second_parents, graph.tally.repeated) == (1, 2)
    assert "unseen-other" not in graph


def test_a_second_parent_that_nobody_saw_becomes_no_node():
    graph = graph_of(("c", "a"), ("c", "elsewhere"))
    assert graph.tally.second_parents == 1
    assert "elsewhere" not in graph
    assert len(graph) == 2


def test_an_edge_recorded_after_the_message_is_taken():
    graph = graph_of(("a", None), ("b", None), ("b", "a"))
    assert graph.parent_of("b") == "a"
    assert (graph.shape().trees, graph.tally.repeated) == (1, 0)


def test_a_message_that_names_itself_is_a_root_and_is_counted():
    graph = ForwardGraph()
    assert fill(graph, [("a", "a"), ("b", "a"), ("b", "b")]) == ["self_parent", "linked", "self_parent"]
    assert (len(graph), graph.tally.self_parents, graph.parent_of("a")) == (2, 2, None)


def test_a_parent_below_its_child_is_refused():
    # c hangs below b, b below a; then a names c as its parent.
    graph = graph_of(("c", "b"), ("b", "a"), ("a", "c"))
    assert graph.tally.cycles == 1
    assert (graph.parent_of("a"), graph.shape().depth, graph.shape().unseen) == (None, 2, 0)


def chain(length: int) -> list[tuple[str, str | None]]:
    return [("0", None), *[(str(n), str(n - 1)) for n in range(1, length + 1)]]


@pytest.mark.parametrize(("length", "capped"), [(3, 0), (4, 0), (5, 1), (7, 3)])
def test_a_message_deeper_than_the_limit_hangs_beside_its_parent(length, capped):
    graph = ForwardGraph(GraphConfig(max_depth=4))
    fill(graph, chain(length))
    assert graph.shape().depth == min(length, 4)
    assert graph.tally.capped == capped
    if capped:
        assert graph.parent_of("5") == "3"  # beside 4, which sits at the limit
        assert graph.add("5", "4", 9, "e9") is Placement.REPEATED


def test_a_subtree_that_would_hang_too_deep_hangs_further_up():
    #   a        x            a
    #   b        y           / \       depth limit 3: y may hang at depth 2 at most, so it hangs under b
    #   c   +    z     =>   ...
    graph = ForwardGraph(GraphConfig(max_depth=3))
    fill(graph, [("a", None), ("b", "a"), ("c", "b"), ("z", "y"), ("y", "c")])
    assert graph.parent_of("y") == "b"
    assert (graph.shape().depth, graph.tally.capped, graph.shape().trees) == (3, 1, 1)


def test_a_subtree_as_deep_as_the_limit_stays_a_tree_of_its_own():
    graph = ForwardGraph(GraphConfig(max_depth=2))
    fill(graph, [("a", None), ("z", "y"), ("y", "x"), ("x", "a")])
    assert graph.parent_of("x") is None
    assert (graph.shape().trees, graph.shape().depth, graph.tally.capped) == (2, 2, 1)


def test_beyond_the_bound_messages_are_counted_and_not_stored():
    graph = ForwardGraph(GraphConfig(max_nodes=3))
    outcomes = fill(graph, [("a", None), ("b", "a"), ("d", "unseen"), ("c", "a"), ("d", "a"), ("e", None)])
    assert outcomes == ["root", "linked", "overflow", "linked", "overflow", "overflow"]
    assert (len(graph), graph.tally.overflow) == (3, 3)
    assert "d" not in graph


def test_a_full_graph_still_fills_a_placeholder_and_leaves_its_unseen_parent_out():
    graph = ForwardGraph(GraphConfig(max_nodes=2))
    assert fill(graph, [("b", "a"), ("a", "r")]) == ["linked", "overflow"]
    assert (graph.shape().unseen, len(graph)) == (0, 2)


@pytest.mark.parametrize(
    ("pairs", "coverage"),
    [
        ([("a", None)], 1.0),  # a founding post has no parent to record
        ([("a", None), ("b", "a"), ("c", "a")], 1.0),
        ([("a", None), ("b", None), ("c", None)], 0.0),  # one may be the founding post, two lack their parent
        ([("a", None), ("b", "a"), ("c", None)], 0.5),
        ([("b", "a"), ("c", "a")], 1.0),  # the founding post was not seen
        ([("b", "a"), ("c", None)], 1.0),  # c may be the founding post
    ],
)
def test_coverage_expects_a_parent_of_every_seen_message_but_one_founding_post(pairs, coverage):
    assert graph_of(*pairs).shape().edge_coverage == coverage


def test_a_retraction_marks_the_message_once_and_leaves_the_tree():
    graph = graph_of(("a", None), ("b", "a"), ("c", "b"))
    before = graph.shape()
    assert graph.retract("b")
    assert not graph.retract("b")
    assert not graph.retract("nobody")
    assert graph.tally.deleted == 1
    assert graph.shape() == before
    assert graph.to_networkx().nodes["b"]["deleted"] is True
    assert graph.to_networkx().nodes["a"]["deleted"] is False


def test_hop_hints_are_lower_bounds_and_each_message_is_marked_once():
    graph = ForwardGraph()
    graph.add("a", None, 1, "e1", hops_min=5, frequently_forwarded=True)
    graph.add("a", None, 2, "e2", hops_min=5, frequently_forwarded=True)
    graph.add("b", "a", 3, "e3", hops_min=2)
    assert (graph.shape().hops_at_least, graph.shape().frequently_forwarded) == (5, 1)


def test_hop_hints_of_a_message_that_is_not_stored_are_left_out():
    graph = ForwardGraph(GraphConfig(max_nodes=2))
    fill(graph, [("a", None), ("b", "a")])
    graph.add("c", "a", 3, "e3", hops_min=7, frequently_forwarded=True)
    assert (graph.shape().hops_at_least, graph.shape().frequently_forwarded) == (0, 0)


def test_edges_to_the_origin_say_so():
    graph = ForwardGraph()
    graph.add("b", "a", 1, "e1", origin=True)
    graph.add("c", "b", 2, "e2")
    graph.add("c", "a", 3, "e3", origin=True)  # refused: no origin edge
    edges = graph.to_networkx().edges
    assert (edges["a", "b"]["source"], edges["b", "c"]["source"]) == ("origin", "explicit")
    assert graph.tally.origin_edges == 1


def test_the_exported_graph_survives_graphml_and_gexf():
    graph = ForwardGraph(GraphConfig(max_depth=2))
    fill(graph, [("b", "a"), ("c", "b"), ("d", "c")])
    graph.retract("c")
    exported = graph.to_networkx()
    assert exported.edges["b", "d"] == {"source": "explicit", "confidence": 1.0, "capped": True}
    assert exported.nodes["a"] == {"seen": False, "deleted": False}
    for write, read in ((nx.write_graphml, nx.read_graphml), (nx.write_gexf, nx.read_gexf)):
        file = BytesIO()
        write(exported, file)
        file.seek(0)
        again = read(file)
        assert set(again.edges) == set(exported.edges)
        assert again.nodes["b"]["time"] == 0
        assert again.nodes["c"]["deleted"] is True
        assert again.nodes["a"]["seen"] is False


def observable(graph: ForwardGraph) -> tuple:
    exported = graph.to_networkx()
    return graph.shape(), dict(exported.nodes(data=True)), {(a, b): d for a, b, d in exported.edges(data=True)}


@settings(max_examples=100, deadline=None)
@given(reports, reports, st.sets(names, max_size=3))
def test_restore_and_continue_equals_continue(before, after, deleted):
    config = GraphConfig(max_nodes=8, max_depth=3)
    graph = ForwardGraph(config)
    fill(graph, before)
    for message in sorted(deleted):
        graph.retract(message)
    copy = ForwardGraph(config)
    copy.restore(graph.snapshot())
    assert copy.snapshot() == graph.snapshot()
    assert fill(copy, after) == fill(graph, after)
    assert copy.snapshot() == graph.snapshot()
    assert observable(copy) == observable(graph)


def test_a_snapshot_of_something_else_is_refused():
    with pytest.raises(SnapshotError, match="cannot read a snapshot"):
        ForwardGraph().restore(b"\x00")


@pytest.mark.parametrize("seed", range(10))
def test_merging_the_graphs_of_a_split_cascade_gives_the_graph_of_the_whole(seed):
    # Each message goes to one half; placeholders stand for the parents in the other half.
    pairs = random_forest(seed, 50)
    whole = graph_of(*pairs)
    side = np.random.default_rng(seed).random(len(pairs)) < 0.3
    left = graph_of(*[p for p, first in zip(pairs, side, strict=True) if first])
    right = graph_of(*[p for p, first in zip(pairs, side, strict=True) if not first])
    left.merge(right)
    assert left.shape() == whole.shape()
    assert set(left.to_networkx().edges) == set(whole.to_networkx().edges)


@pytest.mark.no_cover
@settings(max_examples=200, deadline=None)
@given(st.lists(reports, min_size=2, max_size=4), st.sets(names, max_size=3), st.sampled_from([2, 512]))
def test_after_any_merges_the_shape_is_that_of_the_exported_graph(parts, deleted, max_depth):
    # Parts that contradict each other: other parents, cycles across parts, messages that one part never saw.
    config = GraphConfig(max_nodes=8, max_depth=max_depth)
    graph, exported = ForwardGraph(config), SlowGraph()
    for part in parts:
        other = ForwardGraph(config)
        fill(other, part)
        for message in sorted(deleted):
            other.retract(message)
        graph.merge(other)
        exported.graph = graph.to_networkx()
        assert graph.shape() == exported.shape()
        assert len(graph) <= 8
        assert graph.max_out_degree == max((d for _, d in exported.graph.out_degree), default=0)
        assert graph.tally.deleted == sum(d for _, d in exported.graph.nodes(data="deleted"))
        assert graph.tally.origin_edges == 0


@pytest.mark.parametrize("larger_first", [True, False])
def test_graphs_without_a_common_message_stand_side_by_side(larger_first):
    one = graph_of(("a", None), ("b", "a"), ("c", "b"), ("c", "x"))
    two = ForwardGraph()
    two.add("p", "q", 5, "e5", origin=True, hops_min=3, frequently_forwarded=True)
    two.retract("p")
    mine, other = (one, two) if larger_first else (two, one)
    mine.merge(other)
    shape = mine.shape()
    assert (shape.nodes, shape.trees, shape.unseen, shape.depth) == (5, 2, 1, 2)
    assert (shape.hops_at_least, shape.frequently_forwarded) == (3, 1)
    assert (mine.tally.deleted, mine.tally.origin_edges, mine.tally.second_parents) == (1, 1, 1)
    # 4 pairs: a-b 1, b-c 1, a-c 2, p-q 1
    assert shape.structural_virality == 5 / 4


def test_marks_of_common_messages_are_counted_once_after_a_merge():
    one, two = graph_of(("a", None), ("b", "a"), ("c", "b")), ForwardGraph()
    one.add("a", None, 1, "e1", frequently_forwarded=True)
    one.retract("a")
    two.add("a", None, 1, "e1", frequently_forwarded=True, hops_min=5)
    two.retract("a")
    one.merge(two)
    assert (one.tally.deleted, one.tally.frequently_forwarded, one.tally.hops_at_least) == (1, 1, 5)
    assert len(one) == 3


def test_the_larger_graphs_edge_stays_where_two_graphs_disagree():
    one = graph_of(("c", "a"))
    two = graph_of(("b", None), ("c", "b"), ("d", "c"))
    one.merge(two)
    assert one.parent_of("c") == "b"
    assert one.tally.second_parents == 1


def test_a_merge_beyond_the_bound_counts_what_no_longer_fits():
    one = ForwardGraph(GraphConfig(max_nodes=3))
    two = ForwardGraph(GraphConfig(max_nodes=3))
    fill(one, [("a", None), ("b", "a"), ("c", "a")])
    fill(two, [("d", None), ("e", "d")])
    two.retract("e")
    one.merge(two)
    assert (len(one), one.tally.overflow, one.tally.deleted) == (3, 2, 0)


def test_a_sighting_without_message_id_stands_under_its_event():
    assert node_id(sighting(message="a" * 32)) == "a" * 32
    assert node_id(sighting()) == "e" * 32


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"parent": "aa", "parent_evidence": ParentEvidence.VIA}, ("aa", False)),
        ({"parent": "aa", "root": "bb", "parent_evidence": ParentEvidence.API_PARENT}, ("aa", False)),
        ({"root": "bb", "parent_evidence": ParentEvidence.NONE}, (None, False)),  # from somewhere unknown
        ({"root": "bb", "parent_evidence": ParentEvidence.ORIGIN_ONLY}, ("bb", True)),
        ({"parent": "aa", "root": "bb", "parent_evidence": ParentEvidence.ORIGIN_ONLY}, ("bb", True)),
        ({"parent": "aa", "parent_evidence": ParentEvidence.ORIGIN_ONLY}, ("aa", True)),
        ({"message": "bb", "root": "bb", "parent_evidence": ParentEvidence.ORIGIN_ONLY}, (None, False)),
        ({"parent_evidence": ParentEvidence.ORIGIN_ONLY}, (None, False)),
    ],
)
def test_the_recorded_parent_is_what_the_platform_says_and_no_more(fields, expected):
    assert recorded_parent(sighting(**fields)) == expected


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"max_nodes": 1}, "GraphConfig.max_nodes is 1; expected `int` >= 2"),
        ({"max_depth": 0}, "GraphConfig.max_depth is 0; expected `int` >= 1"),
        ({"max_depth": 4097}, "GraphConfig.max_depth is 4097; expected `int` <= 4096"),
    ],
)
def test_bounds_that_cannot_hold_an_edge_are_refused(fields, words):
    with pytest.raises(ValueError, match=words):
        GraphConfig(**fields)


@pytest.mark.no_cover
def test_the_deepest_chain_allowed_can_be_freed():
    graph = ForwardGraph(GraphConfig(max_depth=4096))
    fill(graph, chain(4200))
    assert graph.shape().depth == 4096
    last = graph._forest.nodes["4096"]
    del graph
    assert last.parent is not None
    del last


def reposts():
    """a <- b (repost) <- c (repost) <- d (reply) <- e (repost); f reposts the unseen x, g no known message."""
    graph = ForwardGraph()
    rows = [("c", "b", True), ("b", "a", True), ("a", None, False), ("d", "c", False), ("e", "d", True)]
    for time, (message, parent, repost) in enumerate([*rows, ("f", "x", True), ("g", None, True)]):
        graph.add(message, parent, time, f"event {message}", repost=repost)
    return graph


def test_reposts_lead_to_their_original_and_a_reply_is_an_original_itself():
    def originals(graph):
        return {message: graph.original_of(message) for message in "abcdefg"}

    expected = {"a": "a", "b": "a", "c": "a", "d": "d", "e": "d", "f": "x", "g": None}
    graph, again, larger = reposts(), ForwardGraph(), ForwardGraph()
    assert originals(graph) == expected
    assert graph.original_of("unknown") is None
    again.restore(graph.snapshot())
    assert originals(again) == expected
    fill(larger, chain(20))
    larger.add("a", None, 0, "event a")
    larger.merge(reposts())
    assert originals(larger) == expected


def test_a_deleted_message_is_known_as_such():
    graph = reposts()
    graph.retract("b")
    assert [graph.is_deleted(message) for message in ("a", "b", "unknown")] == [False, True, False]
