"""Depth at a fixed size, against cascades whose answer is known."""

import numpy as np
import pytest

from tests.benchmarks.studies.structure import Labelled, Tree, deep, grown, separation, stories_of, stratified


def rows(parents):
    return [
        {"event_id": str(n), "parent_event_id": None if parent is None else str(parent), "t": float(n)}
        for n, parent in enumerate(parents)
    ]


def test_a_star_and_a_chain_of_one_size_have_the_depths_that_they_are_known_for():
    #  star: nine under the root, mean depth 9/10   chain: 0 + 1 + ... + 9 over 10
    (star,) = grown("star", rows([None] + [0] * 9))
    (chain,) = grown("chain", rows([None, *range(9)]))
    assert (star.size, star.mean_depth, star.pace) == (10, 0.9, -9.0)
    assert chain.mean_depth == 4.5
    assert chain.virality == pytest.approx(11 / 3)  # (n + 1) / 3


def test_a_cascade_is_measured_at_each_size_that_it_reached_and_no_other():
    assert [tree.size for tree in grown("a", rows([None] + [0] * 54))] == [10, 20, 50]


def labelled(depth, pace, positive, story):
    return Labelled(Tree(str(story), 10, depth, depth, pace), positive, str(story))


def test_what_only_pace_explains_is_gone_among_cascades_of_like_pace():
    #  slow: mostly positive, all deep; fast: mostly negative, all flat. Within either, depth says nothing
    slow = [labelled(2.0, -1000.0 - n, n < 30, n) for n in range(40)]
    fast = [labelled(1.0, -10.0 - n / 100, n < 10, 40 + n) for n in range(40)]
    score = lambda tree: tree.mean_depth  # noqa: E731 - as the table has them
    assert separation([*slow, *fast], score, 1).value == 0.75
    assert separation([*slow, *fast], score, 2).value == 0.5


def test_a_band_with_one_kind_alone_says_nothing():
    positive, scores = np.array([True, True, True, False]), np.array([9.0, 9.0, 2.0, 1.0])
    assert stratified(positive, scores, np.array([0, 0, 1, 1])) == 1.0
    assert np.isnan(stratified(positive[:2], scores[:2], np.array([0, 0])))


def test_texts_that_share_half_of_their_words_are_one_story():
    known = {"a": {"text": "the bridge fell today"}, "b": {"text": "The bridge fell, today!!"}, "c": {"text": "rain"}}
    assert stories_of(known) == {"a": "a", "b": "a", "c": "c"}
    assert stories_of({"a": {"text": "x", "story": "named"}}) == {"a": "named"}


def test_deep_are_those_strictly_above_the_percentile():
    found = [labelled(float(n), -1.0, n > 2, n) for n in range(5)]
    assert deep(found, 10) == (10, 5, 1, 0.4, 1.0)
    flat = [labelled(1.0, -1.0, n > 2, n) for n in range(5)]
    assert deep(flat, 10)[2] == 0
