"""What a new text should be compared with: a cluster's first text, its mean, or several of its texts.

The oldest question of clustering a stream in one pass (leader clustering: Hartigan 1975, Clustering Algorithms, chapter 3).
Vectors alone decide here, so that nothing but the representation differs.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from detectors.similarity.embedding import Vectors
from tests.benchmarks.corpora.beds import Beds
from tests.benchmarks.corpora.pairs import CONFIG, SEED
from tests.benchmarks.corpora.tracks import table
from tests.benchmarks.metrics.scores import b_cubed
from tests.realdata import loaders

WAYS = {"first": 1, "mean": 0, "up to 2": 2, "up to 8": 8, "every": 1_000_000}
"""How many texts stand for a cluster; 0: their mean."""
_LIMITS = (CONFIG.embedding_threshold, CONFIG.suggestion_threshold, 0.65)


class Clustered(msgspec.Struct, frozen=True):
    """The cluster of each text, and how many vectors it was compared with on average."""

    labels: Sequence[int]
    comparisons: float


def cluster(vectors: Vectors, limit: float, most: int) -> Clustered:
    """One pass: each text goes to the cluster of the nearest representative, or founds one.

    Args:
        vectors: unit rows in the texts' order, shape (n, dimension).
        limit: cosine from which a text joins.
        most: texts that stand for a cluster, first come first served; 0 for the mean of all its texts.
    """
    stand = np.zeros_like(vectors)  # the representatives
    owner = np.zeros(len(vectors), dtype=np.int64)
    sums: list[Vectors] = []
    counts: list[int] = []
    labels, used, compared = [], 0, 0
    for vector in vectors:
        near = stand[:used] @ vector
        compared += used
        best = int(near.argmax()) if used else -1
        joins = used > 0 and near[best] >= limit
        label = int(owner[best]) if joins else len(counts)
        if not joins:
            counts.append(0)
            sums.append(np.zeros_like(vector))
        counts[label] += 1
        sums[label] = sums[label] + vector
        labels.append(label)
        if not joins or counts[label] <= most:
            stand[used], owner[used] = vector, label
            used += 1
        elif most == 0:
            stand[label] = sums[label] / np.linalg.norm(sums[label])
    return Clustered(labels, compared / max(1, len(vectors)))


def judge_representatives(beds: Beds) -> None:
    """B-cubed agreement and comparisons, for stories and for altered copies."""
    corpus = beds.corpus
    cascades = sorted(loaders.rows("pheme_dev_cascades"), key=lambda row: (row["root_time"], row["cascade_id"]))
    stories = corpus.vectors[corpus.add([str(row["text"]) for row in cascades])]
    print_ways("stories (PHEME), source texts in time", stories, [str(row["story"]) for row in cascades])
    same = [one for one in beds.altered if one.mark is None and one.sources is beds.altered[0].sources]
    places = np.concatenate([same[0].sources, *(one.new for one in same)])
    truth = np.concatenate([same[0].sources, *(one.known for one in same)])
    order = np.random.default_rng(SEED).permutation(len(places))
    print_ways("sources and their altered copies, shuffled", corpus.vectors[places[order]], truth[order].tolist())


def print_ways(name: str, vectors: Vectors, truth: Sequence[object]) -> None:
    """One row for each representation and threshold."""
    rows = []
    for limit in _LIMITS:
        for way, most in WAYS.items():
            found = cluster(vectors, limit, most)
            agreement = b_cubed(truth, found.labels)
            clusters = len(set(found.labels))
            rows.append(
                (way, f"{limit:.2f}", agreement.precision, agreement.recall, agreement.f1, clusters, found.comparisons)
            )
    names = ("representative", "threshold", "precision", "recall", "F", "clusters", "comparisons/text")
    table(f"{name}: {len(truth)} texts of {len(set(truth))}", names, rows)
