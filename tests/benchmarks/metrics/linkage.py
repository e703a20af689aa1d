"""Offline agglomerative clustering with the search's own similarity: what the stream's clusters are held against.

It sees all texts at once and in no order, so what it finds more is what looking once and in order costs. Single linkage:
Sibson 1973 (DOI 10.1093/comjnl/16.1.30); average linkage: Sokal and Michener 1958.
"""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from detectors.clustering import ClusteringConfig
from detectors.clustering.thresholds import ThresholdTable
from detectors.similarity.embedding import Embedder
from detectors.similarity.sketch import Sketcher
from schemas.sighting import TextContent

_TOLERANCE = 1e-9  # a pair exactly at the threshold is joined, whatever 1 - s was rounded to


class Linkage(StrEnum):
    """What two groups of texts must have in common to be one."""

    AVERAGE = "average"  # their pairs reach the threshold on average
    SINGLE = "single"  # one pair reaches it


def margins(contents: Sequence[TextContent], config: ClusteringConfig, embedder: Embedder) -> NDArray[np.float64]:
    """How far each pair of distinct texts is above the threshold that the search sets it, shape (n, n), symmetric.

    The greater of Jaccard similarity less `lexical_threshold` and cosine less `embedding_threshold`; a cosine counts only from the floor of
    letters in common on. Of the thresholds of two texts, which differ by length and script, the stricter holds. A text that
    is too short to be matched by words is below every threshold.
    """
    thresholds = ThresholdTable(config)
    limits = [thresholds.of(content) for content in contents]
    cosine_limit = _stricter([limit.embedding for limit in limits])
    lexical_limit = _stricter([limit.lexical for limit in limits])
    floor = _stricter([thresholds.min_lexical(content.normal) for content in contents])
    lexical = jaccard([content.normal for content in contents], config)
    vectors = embedder.embed([content.normal for content in contents]).astype(np.float64)
    cosine = np.where(lexical >= floor, (vectors @ vectors.T).round(6) - cosine_limit, -1.0)
    found = np.maximum(lexical - lexical_limit, cosine)
    short = np.array([content.words < config.min_words for content in contents])
    found[short, :] = found[:, short] = -1.0
    return found


def jaccard(normals: Sequence[str], config: ClusteringConfig) -> NDArray[np.float64]:
    """Estimated Jaccard similarities of the texts' shingles, shape (n, n)."""
    sketcher = Sketcher(config.sketch)
    empty = b"\0" * (4 * config.sketch.permutations)
    rows = np.stack([np.frombuffer(sketcher.sketch(normal) or empty, dtype="<u4") for normal in normals])
    return np.stack([(rows == row).mean(axis=1).round(6) for row in rows])


def batch_clusters(above: NDArray[np.float64], how: Linkage) -> list[int]:
    """Cut the dendrogram where a merge would fall below the thresholds; a label for each text.

    `above` is what `margins` gives, or another symmetric matrix of which 0 is the threshold.
    """
    if len(above) < 2:
        return list(range(len(above)))
    upper = np.triu_indices(len(above), 1)
    tree = linkage(1.0 - above[upper], method=how.value)
    labels: list[int] = fcluster(tree, 1.0 + _TOLERANCE, criterion="distance").tolist()
    return labels


def _stricter(limits: Sequence[float]) -> NDArray[np.float64]:
    column = np.array(limits)
    return np.maximum(column[:, None], column[None, :])
