"""The rungs for a novel text, cheapest first: lexical sketch, embedding, and what an equal link or picture adds.

A search changes nothing; the ladder decides what follows from it. Near-duplicates by resemblance: Broder 1997, DOI
10.1109/SEQUEN.1997.666900; by sentence embeddings: Reimers and Gurevych 2019, DOI 10.18653/v1/D19-1410.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.clustering.clusters import Cluster, Clusters
from detectors.clustering.config import ClusteringConfig
from detectors.clustering.shared_keys import SharedKey, SharedKeys
from detectors.clustering.thresholds import Thresholds, ThresholdTable
from detectors.clustering.wordings import WordingIndex
from detectors.similarity.sketch import Sketch
from schemas.assignment import Method, Suggestion
from schemas.sighting import Sighting, TextContent

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

_UNIT = 1e-3  # how far from 1 the length of a vector that travelled may be


class Neighbour(NamedTuple):
    """A cluster with one of its representatives, and how near that is."""

    cluster: Cluster
    representative: str
    cosine: float
    letters: float = 0.0  # Jaccard similarity of shingles


class SearchResult(NamedTuple):
    """What a search for a novel text gave. No cluster: nothing was near enough."""

    sketch: Sketch
    vector: Vectors | None = None  # None where the search ended before this rung
    cluster: Cluster | None = None
    method: Method = Method.FIRST_SHARE
    similarity: float | None = None
    matches: tuple[Neighbour, ...] = ()  # every cluster from `match` on, nearest first
    near: tuple[Neighbour, ...] = ()  # every cluster from `suggest` on
    suggestion: Suggestion | None = None


class CandidateSearch:
    """Searches for a novel text's cluster. A sketch costs about 0.1 ms, a vector some ten."""

    def __init__(
        self, config: ClusteringConfig, texts: WordingIndex, marks: SharedKeys, clusters: Clusters, vectors: Embed
    ) -> None:
        self._config = config
        self._texts = texts
        self._marks = marks
        self._clusters = clusters
        self._embed = vectors
        self._thresholds = ThresholdTable(config)
        self._pending: deque[TextContent] = deque()
        self._primed: dict[str, Vectors] = {}
        self._sketches: dict[str, Sketch] = {}

    def search(self, sighting: Sighting, marks: list[SharedKey]) -> SearchResult:
        """Climb the rungs until one holds; past the lexical one only to see whether it is near to others too."""
        limits = self._thresholds.of(sighting.content)
        sketch = self._sketch(sighting.content)
        found = self._lexical(sketch, limits)
        if found.cluster is None:
            return self._meaning(sighting, marks, sketch, limits)
        return self._between(sighting, found, limits) if self._contested(found) else found

    def again(self, sighting: Sighting, cluster: Cluster) -> tuple[Neighbour, ...]:
        """Give the other clusters that a known text matches by now; the model is asked where it may bridge to one."""
        content = sighting.content
        sketch = self._texts.sketch(content)
        if not self._resembles_akin(sketch, cluster):
            return ()
        return self._between(sighting, SearchResult(sketch, None, cluster), self._thresholds.of(content)).matches

    def shallow(self, content: TextContent) -> SearchResult:
        """Climb without the model."""
        return self._lexical(self._texts.sketch(content), self._thresholds.of(content))

    def texts_to_embed(self, contents: Sequence[TextContent]) -> list[str]:
        """Give the normal texts among these that no rung below the embedding knows, each once, in order."""
        self._sketches.clear()
        distinct = {content.fingerprint: content for content in contents}
        return [content.normal for content in distinct.values() if self._is_novel(content)]

    def prefetch(self, contents: Sequence[TextContent]) -> None:
        """Look ahead: when a vector is needed, those needed next are computed in the same call."""
        known = self._texts.known
        distinct = {c.fingerprint: c for c in contents if known(c.fingerprint) is None}
        self._pending = deque(distinct.values())
        self._sketches.clear()
        self._primed.clear()

    def set_vectors(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Hand in vectors that were computed elsewhere, in place of those handed in before."""
        self._primed = dict(zip(texts, vectors, strict=True))

    def _lexical(self, sketch: Sketch, limits: Thresholds) -> SearchResult:
        hit = self._texts.lexical(sketch)
        if hit is None or hit[1] < limits.lexical:
            return SearchResult(sketch)
        return SearchResult(sketch, None, self._clusters.get(hit[0]), Method.LEXICAL, hit[1])

    def _contested(self, found: SearchResult) -> bool:
        """Whether a text that joins one cluster by its letters shares some with another, which it may bridge to."""
        cluster, sketch, least = found.cluster, found.sketch, self._config.bridge_lexical
        if cluster is None:
            return False
        return self._texts.contested(sketch, cluster.id, least) or self._resembles_akin(sketch, cluster)

    def _resembles_akin(self, sketch: Sketch, cluster: Cluster) -> bool:
        """Whether a text of a cluster shares letters with one near to it: banding misses many that are known anyway."""
        least = self._config.bridge_lexical
        return any(self._texts.resembles(sketch, other, least) for other in self._clusters.akin(cluster))

    def _between(self, sighting: Sighting, found: SearchResult, limits: Thresholds) -> SearchResult:
        """The other clusters that the text matches; how it joins its own stays as it was."""
        near = self._agreeing(self._near(self._vector(sighting), limits.match), sighting.content.normal, found.sketch)
        return found._replace(matches=tuple(one for one in near if one.cluster is not found.cluster))

    def _meaning(self, sighting: Sighting, marks: list[SharedKey], sketch: Sketch, limits: Thresholds) -> SearchResult:
        vector = self._vector(sighting)
        near = self._agreeing(self._near(vector, limits.suggest), sighting.content.normal, sketch)
        matches = tuple(one for one in near if one.cosine >= limits.match)
        if matches:
            best = matches[0]
            return SearchResult(sketch, vector, best.cluster, Method.EMBEDDING, best.cosine, matches)
        for method, mark in marks:
            ids = self._marks.clusters(mark)
            for one in near:
                if one.cluster.id in ids:
                    return SearchResult(sketch, vector, one.cluster, method, one.cosine)
        suggestion = Suggestion(near[0].cluster.id, near[0].cosine) if near else None
        return SearchResult(sketch, vector, near=tuple(near), suggestion=suggestion)

    def _agreeing(self, near: list[Neighbour], normal: str, sketch: Sketch) -> list[Neighbour]:
        """Leave out what only the model finds near: in a language that it was not taught, strangers look alike."""
        if not near:
            return near
        floor = self._thresholds.min_lexical(normal)
        compared = [one._replace(letters=self._texts.alike(sketch, one.representative)) for one in near]
        return [one for one in compared if one.letters >= floor]

    def _near(self, vector: Vectors, at_least: float) -> list[Neighbour]:
        """Each near cluster once, by its nearest representative."""
        nearest: dict[str, Neighbour] = {}
        for id_, representative, cosine in self._texts.near(vector, at_least):
            cluster = self._clusters.get(id_)
            if cluster is not None and cluster.id not in nearest:
                nearest[cluster.id] = Neighbour(cluster, representative, cosine)
        return list(nearest.values())

    def _sketch(self, content: TextContent) -> Sketch:
        sketch = self._sketches.pop(content.fingerprint, None)
        return self._texts.sketch(content) if sketch is None else sketch

    def _vector(self, sighting: Sighting) -> Vectors:
        normal = sighting.content.normal
        vector = _read(sighting.vector, self._texts.dimension)
        if vector is None:
            vector = self._primed.pop(normal, None)
        return self._embed_with_next(normal) if vector is None else vector

    def _embed_with_next(self, normal: str) -> Vectors:
        texts = [normal]
        while self._pending and len(texts) < self._config.embed_batch:
            content = self._pending.popleft()
            if content.normal != normal and content.normal not in self._primed and self._is_novel(content):
                texts.append(content.normal)
        rows = self._embed(texts)
        self._primed.update(zip(texts[1:], rows[1:], strict=True))
        first: Vectors = rows[0]
        return first

    def _is_novel(self, content: TextContent) -> bool:
        """Whether no rung below the embedding knows a text. Its sketch is kept for when its turn comes."""
        if self._texts.known(content.fingerprint) is not None:
            return False
        sketch = self._sketches[content.fingerprint] = self._texts.sketch(content)
        found = self._lexical(sketch, self._thresholds.of(content))
        return found.cluster is None or self._contested(found)


def _read(data: bytes | None, dimension: int) -> Vectors | None:
    """Give the vector that travelled with a sighting, unless it is none of this model's."""
    if not data or len(data) % 4 or (dimension and len(data) != 4 * dimension):
        return None
    vector = np.frombuffer(data, dtype="<f4").astype(np.float32)
    return vector if abs(float(np.linalg.norm(vector)) - 1.0) <= _UNIT else None
