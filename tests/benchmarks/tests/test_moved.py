"""Limits moved one at a time: that one and no other moves, and the figures beside them, by hand."""

from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from detectors.clustering import ClusteringConfig
from detectors.reference.harm import HarmExample
from schemas.claim import HarmSuggestion
from tests.benchmarks.corpora.beds import false_answers
from tests.benchmarks.corpora.pairs import Pairs, SearchStep
from tests.benchmarks.studies.content import left_out, own_category, suggested
from tests.benchmarks.studies.moved import MOVED, moved, verdict, wrong_merges

DEFAULT = ClusteringConfig()


def test_the_default_comes_first_and_each_other_row_moves_one_setting():
    (_, first), *others = moved()
    assert first == DEFAULT
    assert len(others) == sum(map(len, MOVED.values()))
    for _, config in others:
        assert sum(getattr(config, name) != getattr(DEFAULT, name) for name in msgspec.structs.asdict(config)) == 1


@pytest.mark.parametrize("name", MOVED)
def test_each_setting_is_moved_below_its_default_and_above(name):
    assert min(MOVED[name]) < getattr(DEFAULT, name) < max(MOVED[name])


def merges(edges, merged_into, truth):
    """Wrong merges of shares (event and cluster, the first letter of the event its rumour)."""
    shares = [SimpleNamespace(event_id=event, cluster_id=cluster) for event, cluster in edges]
    rumour_of = {event: event[0] for event, _ in edges if event[0] in truth}
    return wrong_merges(SimpleNamespace(edges=shares, merged_into=merged_into), rumour_of)


@pytest.mark.parametrize(
    ("edges", "merged_into", "truth", "wrong"),
    [
        ([("a1", "x"), ("a2", "y")], {"y": "x"}, "ab", 0),  # two halves of one
        ([("a1", "x"), ("b1", "y")], {"y": "x"}, "ab", 1),
        ([("a1", "x"), ("a2", "y"), ("b1", "y")], {"y": "x"}, "ab", 0),  # what began as one, though a stranger joined
        ([("a1", "x"), ("b1", "y")], {"y": "x"}, "a", 0),  # nobody knows what b is
        ([("c1", "x"), ("a1", "x"), ("b1", "y")], {"y": "x"}, "ab", 1),  # nor c, so the first that is known counts
        ([("a1", "x"), ("b1", "y"), ("c1", "z")], {"z": "y", "y": "x"}, "abc", 2),
        ([("a1", "x"), ("b1", "y")], {}, "ab", 0),
    ],
)
def test_a_merge_is_wrong_if_its_clusters_began_with_two_rumours(edges, merged_into, truth, wrong):
    assert merges(edges, merged_into, truth) == wrong


def pairs(same):
    places = np.arange(len(same))
    return Pairs(name="", known=places, new=places, same=np.array(same), units=places[:, None], groups=places)


def test_false_answers_are_counted_up_to_a_rung_over_all_groups():
    def decide(known, new):
        return np.array([SearchStep.EXACT, SearchStep.MATCH, SearchStep.SUGGEST, SearchStep.NONE])[known]

    groups = [pairs([False] * 4), pairs([False] * 4)]
    assert (false_answers(groups, decide), false_answers(groups, decide, SearchStep.SUGGEST)) == (
        "500000.0",
        "750000.0",
    )


def test_a_decision_is_held_against_ours_and_ours_against_nothing():
    judged = pairs([True, True, False, False])
    ours, other = np.array([True, False, False, False]), np.array([True, True, True, False])
    assert verdict(judged, ours, None) == (1.0, 0.5, "-")
    precision, recall, less = verdict(judged, other, ours)
    assert (precision, recall) == (pytest.approx(2 / 3), 1.0)
    assert less.startswith("0.133 [")  # 4/5 less 2/3


EXAMPLES = [
    HarmExample("children", "a"),
    HarmExample("children", "b"),
    HarmExample("women", "c"),
    HarmExample("other", "d"),
]


def near(category, score):
    return HarmSuggestion(category=category, score=score, example="")


def test_an_example_that_is_left_out_is_compared_with_all_others():
    vectors = np.array([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, -1.0]], dtype=np.float32)
    found = left_out(EXAMPLES, vectors)
    assert [one and one.example for one in found] == ["b", "c", "b", None]  # nothing is near to the last


@pytest.mark.parametrize(
    ("least", "given", "right_of_given", "right", "missed"),
    [(0.3, 3 / 4, 2 / 3, 1 / 2, 1 / 3), (0.5, 1 / 2, 1 / 2, 1 / 4, 1 / 3), (0.6, 1 / 4, 0.0, 0.0, 2 / 3)],
)
def test_examples_near_enough_are_right_or_wrong_and_a_harm_without_one_is_missed(
    least, given, right_of_given, right, missed
):
    said = [near("children", 0.5), near("women", 0.7), None, near("other", 0.4)]
    assert own_category(EXAMPLES, said, least) == pytest.approx((given, right_of_given, right, missed))


def test_where_nothing_is_suggested_no_share_of_it_is_right():
    assert np.isnan(own_category(EXAMPLES, [None] * 4, 0.3)[1])


def test_a_suggestion_at_the_limit_counts_and_other_is_no_harm():
    said = [near("children", 0.45), near("women", 0.44), near("other", 0.9), None]
    assert suggested(said, 0.45) == (0.5, 0.25)
