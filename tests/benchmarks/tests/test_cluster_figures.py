"""The clustering benchmark's own arithmetic, against slow, obvious versions and cases whose answer is known."""

import numpy as np
import pytest

from detectors.clustering import ClusteringConfig
from detectors.pipeline.intake import read_content
from detectors.pipeline.rows import EdgeRow
from detectors.similarity.embedding import HashingEmbedder
from detectors.spread.graph import Placement
from schemas.assignment import Method, Role, Timeliness
from schemas.event import ForwardEvent, Kind
from tests.benchmarks.corpora.gold import BCUBED_F, corpus, fit, interval
from tests.benchmarks.corpora.tracks import Track
from tests.benchmarks.metrics.linkage import Linkage, batch_clusters, margins
from tests.benchmarks.metrics.scores import b_cubed, pairs
from tests.benchmarks.studies.bridges import Fate, fate
from tests.benchmarks.studies.clusters import agreement, returned
from tests.benchmarks.studies.fragments import Unmerging, ahead, halved
from tests.detectors.clustering.clusters import say


@pytest.fixture
def draw():
    return np.random.default_rng(5)


def test_the_sums_by_rumour_give_b_cubed_and_pair_agreement(draw):
    truth, found = draw.integers(0, 12, 200).tolist(), draw.integers(0, 9, 200).tolist()
    whole, two = b_cubed(truth, found), pairs(truth, found)
    expected = [whole.precision, whole.recall, whole.f1, two.precision, two.recall, two.f1]
    assert fit(truth, found).figures() == pytest.approx(expected)


def test_nothing_to_put_together_and_nothing_put_together_is_full_agreement():
    assert fit(["a", "b"], [1, 2]).figures().tolist() == [1.0] * 6


def test_a_rumour_that_is_drawn_twice_counts_twice():
    whole = fit(["a", "a", "b", "b"], [1, 1, 2, 3])  # the first whole, the second in two
    assert whole.figures(np.array([[2.0, 0.0], [0.0, 2.0]]))[:, 1].tolist() == [1.0, 0.5]


def test_a_clustering_is_no_better_than_itself_on_any_draw(draw):
    one = fit(draw.integers(0, 9, 99).tolist(), draw.integers(0, 9, 99).tolist())
    same = interval(one, BCUBED_F, one)
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)


def grouped(labels):
    """Clusters as sets of positions."""
    return {frozenset(np.flatnonzero(np.array(labels) == label).tolist()) for label in set(labels)}


def slow_clusters(above, how):
    """Join the nearest two groups until none reaches the threshold, each time looking at every pair."""
    groups = [[n] for n in range(len(above))]
    measure = np.max if how is Linkage.SINGLE else np.mean
    while len(groups) > 1:
        best, i, j = max(
            (float(measure(above[np.ix_(a, b)])), i, j)
            for i, a in enumerate(groups)
            for j, b in enumerate(groups)
            if i < j
        )
        if best < 0:
            break
        groups[i] += groups.pop(j)
    return {frozenset(group) for group in groups}


@pytest.mark.parametrize("how", Linkage)
def test_batch_clusters_are_those_of_the_slow_version(how, draw):
    for _ in range(10):
        above = draw.uniform(-0.4, 0.1, (14, 14))
        above = (above + above.T) / 2
        assert grouped(batch_clusters(above, how)) == slow_clusters(above, how)


@pytest.mark.parametrize(("above", "clusters"), [(0.0, 1), (-1e-6, 2)])
def test_two_texts_exactly_at_the_limit_are_one(above, clusters):
    assert len(set(batch_clusters(np.array([[0.0, above], [above, 0.0]]), Linkage.AVERAGE))) == clusters


def test_a_chain_is_one_by_single_linkage_and_two_by_average():
    above = np.array([[0.0, 0.1, -0.5], [0.1, 0.0, 0.05], [-0.5, 0.05, 0.0]])
    assert grouped(batch_clusters(above, Linkage.SINGLE)) == {frozenset({0, 1, 2})}
    assert grouped(batch_clusters(above, Linkage.AVERAGE)) == {frozenset({0, 1}), frozenset({2})}


def test_margins_are_symmetric_and_a_short_text_is_near_to_none():
    texts = [
        "the old dam above the town has burst and water comes down the valley",
        "the old dam above the town has burst and water is coming down the valley",
        "all schools reopen on monday morning says the office of education",
        "good morning all",
    ]
    above = margins([read_content(text, ()) for text in texts], ClusteringConfig(), HashingEmbedder())
    assert np.array_equal(above, above.T)
    assert above[0, 1] >= 0 > above[0, 2]
    assert (above[3, :3] == -1.0).all()


def test_a_corpus_holds_each_wording_once_and_leaves_short_texts_and_replies_out():
    def said(key, text, kind=Kind.POST):
        return ForwardEvent(event_id=key, platform="x", kind=kind, created_at=1, text=text)

    dam = "The old dam has burst"
    events = [said("1", dam), said("2", dam.upper()), said("3", "hi"), said("4", dam, Kind.REPLY), said("5", dam + "!")]
    found = corpus("x", events, dict.fromkeys("1234", "dam"), min_words=4)
    assert (found.keys, found.wording_of, found.truth) == (["1", "2"], [0, 0], ["dam", "dam"])


def test_orders_that_agree_have_an_index_of_one():
    assert agreement([["a", "a", "b"], ["x", "x", "y"], [3, 3, 1]]) == (1.0, 1.0, 2, 2)


@pytest.mark.parametrize(("pause", "late"), [(0, 0), (1, 1)])
def test_a_rumour_that_comes_back_after_its_cluster_was_forgotten_is_told_apart(pause, late):
    again = 1 + ClusteringConfig().retention_ms + pause
    times = {"1": 1, "2": again}
    events = [
        ForwardEvent(event_id=key, platform="x", kind=Kind.POST, created_at=at, text="The old dam has burst")
        for key, at in times.items()
    ]
    assert returned(corpus("x", events, dict.fromkeys(times, "dam"), 4), ["a", "b"]) == (1, late)


def test_both_halves_of_a_cascade_hold_each_sharer_once(draw):
    track = Track("a", list(range(50)))
    ((one, other),) = halved([track], draw)
    assert one.times[0] == 0
    assert sorted([*one.times, *other.times]) == track.times
    assert 15 <= len(other.times) <= 35


@pytest.mark.parametrize(("at", "share"), [(0, 0.75), (2, 0.25), (99, 0.0), (None, None)])
def test_what_is_ahead_is_who_came_after_the_alert(at, share):
    assert ahead(Track("a", [0, 1, 2, 3]), at) == share


def test_the_ladder_without_merges_leaves_two_clusters_that_a_link_would_join():
    stage = Unmerging(ClusteringConfig(), HashingEmbedder().embed)
    stage.update(say("a", "the old dam above the town has burst"))
    stage.update(say("b", "all schools reopen on monday says the office", 1))
    stage.update(say("c", "all schools reopen on monday says the office", 2, Kind.FORWARD, parent="a"))
    assert (len(stage), stage.merged) == (2, 0)


THREE = (
    "the old dam above the town has burst and nobody knows how many people are still there at this hour",
    "the old dam above the town has burst and nobody knows how many villagers wait for boats tonight",
    "the old dam above the town has burst and nobody knows how many people wait for boats tonight",
)
FEW = (
    "the old dam above the town has burst",
    "all schools reopen on monday says the office",
    "a goal in the last minute",
)


def edge(text, cluster, method=Method.EXACT):
    return EdgeRow(
        cluster_id=cluster,
        time=1,
        event_id="e",
        kind=Kind.POST,
        role=Role.SHARE,
        counts_in=None,
        platform="x",
        message="m",
        parent=None,
        source="unknown",
        confidence=0.0,
        placed=next(iter(Placement)),
        sharer="s",
        chat=None,
        fingerprint=read_content(text, ()).fingerprint,
        method=method,
        similarity=None,
        variants="",
        timeliness=Timeliness.ON_TIME,
        suggestion=None,
        suggestion_similarity=None,
    )


@pytest.mark.parametrize(
    ("order", "clusters", "merged_into", "expected"),
    [
        ((0, 1, 2), "aba", {"b": "a"}, Fate.ONE),
        ((0, 2, 1, 2), "aaba", {"b": "a"}, Fate.ONE_EARLY),
        ((0, 1), "ab", {}, Fate.UNDRAWN),
        ((0, 1, 2), "abc", {}, Fate.TAKEN),
        ((0, 1, 2), "aba", {}, Fate.OTHER),
    ],
)
def test_the_fate_of_a_bridge_is_the_first_that_holds(order, clusters, merged_into, expected):
    first = set()
    shares = []
    for which, cluster in zip(order, clusters, strict=True):
        founds = which != 2 and which not in first
        first.add(which)
        shares.append(edge(THREE[which], cluster, Method.FIRST_SHARE if founds else Method.EXACT))
    assert fate(shares, THREE, merged_into) is expected


def test_a_wording_that_joined_another_rumour_is_told_from_one_that_founded():
    shares = [edge(THREE[0], "a", Method.EMBEDDING), edge(THREE[1], "b", Method.FIRST_SHARE), edge(THREE[2], "b")]
    assert fate(shares, THREE, {}) is Fate.TAKEN


def test_halves_with_few_letters_in_common_are_told_from_an_overlooked_bridge():
    shares = [edge(FEW[0], "a", Method.FIRST_SHARE), edge(FEW[1], "b", Method.FIRST_SHARE), edge(FEW[2], "a")]
    assert fate(shares, FEW, {}) is Fate.LETTERS
