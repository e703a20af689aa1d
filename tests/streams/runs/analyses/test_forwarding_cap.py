"""What a cap on forwarding would have left, on trees that can be drawn."""

import json

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from streams.cli.main import main
from streams.replay import replay as replays
from streams.runs.analyses.forwarding_cap import _reach, cap
from streams.runs.folder import EDGES, Run, RunFolderError
from streams.settings.load import load
from tests.streams.recordings.recorded_events import START, event, stream


def tree(*pairs):
    """Forwards in order of time, each of its parent; the first is the root."""
    made = []
    for n, (name, parent) in enumerate(pairs):
        link = {"kind": "forward", "parent_ref": parent, "parent_evidence": "api_parent"} if parent else {}
        made.append(event(n, message_id=name, actor=f"by {name}", created_at=START + n * 1000, **link))
    return made


def run(tmp_path, events, *overrides):
    (tmp_path / "day.jsonl").write_bytes(stream(events))
    effective = load(environ={}, overrides=["embedder.runtime=hashing", *overrides])
    replays.replay(str(tmp_path / "day.jsonl"), tmp_path / "run", effective.settings, effective.key)
    return Run(tmp_path / "run")


#   a ── b ── d
#   ├─── c ── e, f
#   └─── g
SMALL = tree(("a", None), ("b", "a"), ("c", "a"), ("d", "b"), ("e", "c"), ("f", "c"), ("g", "a"))


@pytest.mark.parametrize(
    ("at_most", "cut", "left"),
    [
        (1, 3, 3),  # c, f and g are a forward too many; e goes with c: a, b, d remain
        (2, 1, 6),  # g alone
        (3, 0, 7),
    ],
)
def test_the_first_forwards_stand_and_the_others_go_with_all_that_came_after(tmp_path, at_most, cut, left):
    found = cap(run(tmp_path, SMALL), at_most)
    assert (found.recorded.edges, found.recorded.cut, found.recorded.messages, found.recorded.sharers) == (
        6,
        cut,
        left,
        left,
    )
    assert found.messages == found.sharers == 7


def test_only_what_loses_something_is_listed(tmp_path):
    found = cap(run(tmp_path, SMALL), 3)
    assert found.clusters == ()
    (one,) = cap(Run(tmp_path / "run"), 1).clusters
    assert (one.messages, one.recorded.messages) == (7, 3)


@given(st.lists(st.integers(-1, 20), max_size=21), st.integers(1, 4))
@settings(max_examples=80, deadline=None)
def test_what_remains_is_what_networkx_reaches_over_the_edges_that_stand(parents, at_most):
    rows, graph = [], nx.DiGraph()
    for n, above in enumerate(parents):
        parent = str(above) if 0 <= above < n else None
        source = "explicit" if parent else "unknown"
        rows.append({"message": str(n), "parent": parent, "source": source, "confidence": 1.0, "sharer": str(n % 5)})
        graph.add_node(str(n))
        if parent and graph.out_degree(parent) < at_most:
            graph.add_edge(parent, str(n))
    roots = [row["message"] for row in rows if row["parent"] is None]
    left = set(roots).union(*(nx.descendants(graph, root) for root in roots))
    found = _reach(rows, at_most, inferred=False)
    assert found.messages == len(left)
    assert found.sharers == len({int(name) % 5 for name in left})


def test_a_circle_of_parents_takes_nobody_away():
    rows = [
        {"message": name, "parent": parent, "source": "explicit", "confidence": 1.0, "sharer": name}
        for name, parent in (("a", "c"), ("b", "a"), ("c", "b"))
    ]
    assert _reach(rows, 1, inferred=False).messages == 3


def test_inferred_edges_are_counted_apart():
    rows = [
        {"message": "a", "parent": None, "source": "unknown", "confidence": 0.0, "sharer": "a"},
        {"message": "b", "parent": "a", "source": "explicit", "confidence": 1.0, "sharer": "b"},
        {"message": "c", "parent": "a", "source": "exposure", "confidence": 0.7, "sharer": "c"},
        {"message": "d", "parent": "a", "source": "exposure", "confidence": 0.3, "sharer": "d"},
    ]
    assert [_reach(rows, 1, inferred=inferred).messages for inferred in (False, True)] == [4, 3]


def test_the_command_prints_the_effect_for_people_and_for_programs(tmp_path):
    made = run(tmp_path, SMALL)
    words = ["forwarding-cap", str(made.path), "--max-forwards", "2"]
    shown = CliRunner().invoke(main, words).stdout
    assert "recorded parents only: 1 of 6 edges removed; 6 of 7 messages (86%) and 6 of 7 sharers remain" in shown
    found = cap(made, 2)
    assert f"{found.clusters[0].cluster_id[:8]}\t7\t6\t6" in shown
    as_json = json.loads(CliRunner().invoke(main, [*words, "--json"]).stdout)
    assert as_json["recorded"]["cut"] == 1


def test_a_run_that_cannot_be_read_is_refused(tmp_path):
    made = run(tmp_path, SMALL)
    (made.path / EDGES).write_bytes(b"")
    with pytest.raises(RunFolderError, match="replay the source again"):
        cap(made, 2)
