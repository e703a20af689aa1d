"""How a forward graph is laid out: by time and by tree, without losing anybody."""

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.runs.report.shape import Share, lay_out

NOON = 1_767_600_000_000


def share(name, parent=None, at=0, source="explicit", confidence=1.0):
    return Share(name, parent, NOON + at, f"sharer of {name}", source if parent else "unknown", confidence)


def drawn(shares, most=1_000):
    shape, _ = lay_out(shares, most, 10)
    return shape, {name: at for at, name in enumerate(shape.message)}


#   a ── b ── c
#   └─── d            e
SMALL = [share("a"), share("b", "a", 10), share("c", "b", 20), share("d", "a", 30), share("e", at=40)]


def test_depth_and_descendants_are_those_of_the_tree():
    shape, at = drawn(SMALL)
    assert [shape.depth[at[name]] for name in "abcde"] == [0, 1, 2, 1, 0]
    assert [shape.descendants[at[name]] for name in "abcde"] == [3, 1, 0, 0, 0]
    assert [shape.children[at[name]] for name in "abcde"] == [2, 1, 0, 0, 0]
    assert shape.parent[at["c"]] == at["b"]
    assert shape.parent[at["e"]] == -1


def test_leaves_have_rows_of_their_own_and_a_parent_stands_in_the_middle():
    shape, at = drawn(SMALL)
    row = {name: shape.row[at[name]] for name in "abcde"}
    assert sorted({row["c"], row["d"], row["e"]}) == [0.0, 1.0, 2.0]
    assert row["b"] == row["c"]
    assert row["a"] == (row["b"] + row["d"]) / 2


def test_a_parent_that_nobody_saw_is_drawn_where_its_first_child_is():
    shape, at = drawn([share("b", "gone", 10), share("c", "gone", 20)])
    assert shape.total == 3
    assert shape.children[at["gone"]] == 2
    assert shape.time[at["gone"]] == NOON + 10


def test_an_inferred_edge_is_marked_and_an_uncertain_one_is_none():
    shape, at = drawn([
        share("a"), share("b", "a", 10, "exposure", 0.7), share("c", "a", 20, "exposure", 0.4), share("d", "a", 30),
    ])  # fmt: skip
    assert (shape.parent[at["b"]], shape.recorded[at["b"]]) == (at["a"], 0)
    assert shape.parent[at["c"]] == -1
    assert shape.recorded[at["d"]] == 1


def test_a_circle_is_cut_at_its_earliest_message():
    shape, at = drawn([share("a", "c", 0), share("b", "a", 10), share("c", "b", 20), share("self", "self", 30)])
    assert [shape.depth[at[name]] for name in ("a", "b", "c", "self")] == [0, 1, 2, 0]
    assert shape.parent[at["a"]] == -1


def test_what_is_not_drawn_is_counted_at_the_nearest_that_is():
    star = [share("root"), *(share(f"m{n:03}", "root", n) for n in range(1, 100))]
    shape, at = drawn(star, most=10)
    assert len(shape.time) == 10
    assert shape.hidden[at["root"]] == 90
    assert shape.children[at["root"]] == shape.descendants[at["root"]] == 99
    assert shape.total == 100


def test_influence_is_measured_by_all_that_came_after():
    _, forwarders = lay_out(SMALL, 10, 2)
    assert [(one.message, one.children, one.descendants) for one in forwarders] == [("a", 2, 3), ("b", 1, 1)]


def test_no_shares_give_an_empty_graph():
    shape, forwarders = lay_out([], 10, 10)
    assert (shape.total, shape.time, forwarders) == (0, [], [])


@given(st.lists(st.integers(-1, 30), max_size=31), st.integers(1, 31))
@settings(max_examples=60, deadline=None)
def test_any_forest_is_drawn_as_networkx_sees_it(parents, most):
    shares = [share(str(n), str(above) if 0 <= above < n else None, n) for n, above in enumerate(parents)]
    tree = nx.DiGraph()
    tree.add_nodes_from(one.message for one in shares)
    tree.add_edges_from((one.parent, one.message) for one in shares if one.parent)
    shape, at = drawn(shares, most)
    assert shape.total == len(shares)
    for name, n in at.items():
        assert shape.descendants[n] == len(nx.descendants(tree, name))
        assert shape.depth[n] == len(nx.ancestors(tree, name))
        above = list(tree.predecessors(name))
        assert shape.parent[n] == (at[above[0]] if above else -1)  # who is drawn has drawn ancestors
    covered = set(at) | {name for name in tree if set(nx.ancestors(tree, name)) & set(at)}
    assert len(at) + sum(shape.hidden) == len(covered)


def test_a_chain_of_any_depth_is_laid_out():
    chain = [share("0"), *(share(str(n), str(n - 1), n) for n in range(1, 20_000))]
    shape, _ = drawn(chain, most=100)
    assert max(shape.depth) == 99
    assert shape.hidden[-1] == 19_900
