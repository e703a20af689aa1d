"""The candidate search for arrays of pairs, against the stage that it restates; figures of pairs, by hand."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from detectors.pipeline.config import PipelineConfig
from detectors.similarity.embedding import HashingEmbedder
from schemas.assignment import Method
from tests.benchmarks.corpora.pairs import (
    Corpus,
    Pairs,
    SearchStep,
    area,
    f1,
    precision,
    recall,
    search_steps,
    weighted,
)
from tests.benchmarks.corpora.tracks import Remembering, run
from tests.benchmarks.studies.moved import OF_PAIRS, moved
from tests.benchmarks.studies.texts import posts

TEXTS = [
    "the old dam above the town has burst and water is rising",
    "The old dam above the town has burst, and water is rising!",
    "the old dam above the town has burst and water is rising now",
    "the old dam over the town burst and the water is rising fast now, run",
    "old dam over town burst, water rises",
    "all schools reopen on monday morning says the office",
    "schools reopen on monday says office",
    "good morning",
    "good morning all",
    "पुराना बाँध टूट गया और पानी बढ़ रहा है",
    "पुराना बाँध टूट गया है और पानी बढ़ रहा है जल्दी",
]


@pytest.mark.parametrize(
    "config", [config for _, config in moved(OF_PAIRS)], ids=[name.split(" (")[0] for name, _ in moved(OF_PAIRS)]
)
def test_the_ladder_of_pairs_decides_as_the_stage_does(config):
    embedder = Remembering(HashingEmbedder())
    corpus = Corpus(embedder)
    places = corpus.add(TEXTS)
    known, new = (places[side] for side in np.nonzero(~np.eye(len(TEXTS), dtype=bool)))
    steps = search_steps(corpus, known, new, others=config)
    by_method = {Method.EXACT: SearchStep.EXACT, Method.LEXICAL: SearchStep.SKETCH, Method.EMBEDDING: SearchStep.MATCH}
    seen = set()
    for a, b, step in zip(known, new, steps, strict=True):
        found = run(posts([TEXTS[a], TEXTS[b]]), PipelineConfig(clustering=config), embedder)
        decided = by_method.get(found.edges[1].method, SearchStep.NONE)
        assert (SearchStep.NONE if step == SearchStep.SUGGEST else step) == decided, (TEXTS[a], TEXTS[b])
        seen.add(int(step))
    assert {SearchStep.EXACT, SearchStep.SKETCH, SearchStep.NONE} <= seen


def test_figures_count_a_pair_as_often_as_it_weighs():
    same, joined = np.array([True, True, False, False]), np.array([True, False, True, False])
    weight = np.array([3.0, 1.0, 1.0, 1.0])
    assert precision(same, joined, weight) == pytest.approx(3 / 4)
    assert recall(same, joined, weight) == pytest.approx(3 / 4)
    assert f1(same, joined, weight) == pytest.approx(3 / 4)
    assert area(same, np.array([4.0, 1.0, 3.0, 2.0]), weight) == pytest.approx(6 / 8)


def test_the_area_of_weighted_pairs_is_scikit_learns():
    draw = np.random.default_rng(3)
    same, scores, weight = draw.random(300) < 0.3, draw.integers(0, 40, 300) / 40, draw.poisson(1.0, 300).astype(float)
    assert area(same, scores, weight) == pytest.approx(roc_auc_score(same, scores, sample_weight=weight))


def test_figures_without_what_they_divide_by_are_no_numbers():
    same, nothing = np.array([True, True]), np.array([False, False])
    assert np.isnan(precision(same, nothing, np.ones(2)))
    assert np.isnan(recall(~same, nothing, np.ones(2)))
    assert np.isnan(area(same, np.zeros(2), np.ones(2)))


def test_a_pair_of_two_texts_weighs_the_product_of_how_often_they_are_drawn():
    seen = []
    weighted(lambda weight: seen.append(weight.tolist()) or 0.0, np.array([[5, 9]]), rounds=50)
    assert seen[-1] == [1.0]  # all of them once: the estimate itself
    assert {tuple(weight) for weight in seen} == {(0.0,), (1.0,)}  # 2 and 0, or 1 and 1


def test_halves_never_part_a_group():
    groups = np.array([4, 4, 9, 9, 12])
    five = np.arange(5)
    pairs = Pairs(name="", known=five, new=five, same=five > 2, units=five[:, None], groups=groups)
    assert pairs.half.tolist() == [False, False, True, True, False]
    assert len(pairs.among(pairs.half)) == 2
