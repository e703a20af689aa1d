"""Limits, costs and representations, on texts whose answer is known."""

import numpy as np
import pytest

from detectors.similarity.embedding import HashingEmbedder, unit
from tests.benchmarks.corpora.pairs import CONFIG, Corpus, SearchStep, search_steps
from tests.benchmarks.corpora.tracks import Remembering
from tests.benchmarks.metrics.alternatives import ladder_score, zipf_weights
from tests.benchmarks.metrics.compare import stricter
from tests.benchmarks.metrics.representatives import cluster
from tests.benchmarks.studies.pairs import proposed
from tests.benchmarks.tests.test_pairs import TEXTS

FAN = unit(np.array([[np.cos(angle), np.sin(angle)] for angle in np.radians([0.0, 30.0, 60.0, 90.0])]))
"""Each next text is as far from the one before; 30 degrees are a cosine of .866."""


def test_the_ladder_as_one_number_joins_what_the_ladder_joins():
    corpus = Corpus(Remembering(HashingEmbedder()))
    places = corpus.add(TEXTS)
    known, new = (places[side] for side in np.nonzero(~np.eye(len(TEXTS), dtype=bool)))
    joined = search_steps(corpus, known, new) <= SearchStep.MATCH
    assert joined.any()
    assert ((ladder_score(corpus, known, new) >= CONFIG.embedding_threshold) == joined).all()


@pytest.mark.parametrize(
    ("most", "labels"), [(1, [0, 0, 1, 1]), (0, [0, 0, 1, 1]), (2, [0, 0, 0, 1]), (9, [0, 0, 0, 0])]
)
def test_the_more_texts_stand_for_a_cluster_the_further_it_creeps(most, labels):
    assert cluster(FAN, 0.8, most).labels == labels


def test_a_mean_is_compared_once_and_moves_with_its_texts():
    found = cluster(FAN[[0, 1, 1, 1, 2]], 0.79, 0)
    assert found.labels == [0, 0, 0, 0, 0]  # the mean is at 22.5 degrees, and the last text 37.5 away
    assert found.comparisons == pytest.approx(4 / 5)


def test_no_more_pairs_than_allowed_exceed_the_stricter_limit():
    scores = np.array([0.9, 0.5, 0.5, 0.1])
    assert [int((scores > stricter(scores, allowed)).sum()) for allowed in range(4)] == [0, 1, 1, 3]


def test_banding_proposes_equal_texts_surely_and_unlike_ones_never():
    assert proposed(1.0, 16, 4) == 1.0
    assert proposed(0.0, 16, 4) == 0.0
    assert proposed(0.75, 16, 4) == pytest.approx(0.998, abs=5e-4)


def test_the_rarer_a_token_the_more_it_weighs():
    weights = zipf_weights(30_000)
    assert (np.diff(weights) > 0).all()
    assert weights[0] < 0.01 < 0.5 < weights[-1] < 1.0
