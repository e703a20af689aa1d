"""Known wordings by fingerprint, and the representative ones by sketch and by vector.

A wording that was matched once costs a dictionary look-up ever after. What a novel text is compared with stays small:
a few representatives of each cluster.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.clustering.clusters import Cluster
from detectors.clustering.config import ClusteringConfig
from detectors.clustering.lru import LruDict
from detectors.similarity.neighbours import NeighbourIndex
from detectors.similarity.sketch import Sketch, Sketcher, SketchIndex, estimate
from detectors.similarity.variants import variants
from schemas.assignment import Variant
from schemas.sighting import TextContent

Vector = NDArray[np.float32]

NEVER = 2**63 - 1  # more meetings of clusters than there can be


class KnownWording(msgspec.Struct, array_like=True):
    """Where a text belongs, and how its meaning may differ from the one that represents its cluster."""

    cluster: str
    variants: tuple[Variant, ...] = ()
    asked: int = NEVER  # meetings that there had been when it was last compared; NEVER: it need not be again


class WordingIndexState(msgspec.Struct, array_like=True):
    """The three indices; aliases least recently used first."""

    aliases: list[tuple[str, KnownWording]]
    owners: dict[str, str]
    sketches: bytes
    dimension: int
    vectors: bytes


class WordingIndex:
    """The three indices that a text is looked up in: exact, lexical, and by meaning."""

    def __init__(self, config: ClusteringConfig) -> None:
        self._config = config
        self._sketcher = Sketcher(config.sketch)
        self._sketches = SketchIndex(config.sketch)
        self._vectors: NeighbourIndex | None = None  # made for the first vector: its dimension is the model's
        self.aliases: LruDict[KnownWording] = LruDict(config.max_aliases)
        self._owners: dict[str, str] = {}  # representative -> cluster
        self.dimension = 0

    def known(self, fingerprint: str) -> KnownWording | None:
        """Where a text belongs that was seen before; its cluster may be gone."""
        return self.aliases.get(fingerprint)

    def sketch(self, content: TextContent) -> Sketch:
        """Give a text's lexical sketch."""
        return self._sketcher.sketch(content.normal)

    def lexical(self, sketch: Sketch) -> tuple[str, float] | None:
        """Give the cluster of the lexically nearest representative, and its Jaccard similarity."""
        hit = self._sketches.query(sketch)
        return None if hit is None else (self._owners[hit[0]], round(hit[1], 6))

    def contested(self, sketch: Sketch, cluster_id: str, at_least: float) -> bool:
        """Whether another cluster has a representative with letters in common too, as far as banding shows it."""
        return any(self._owners[key] != cluster_id for key in self._sketches.resembling(sketch, at_least))

    def alike(self, sketch: Sketch, representative: str) -> float:
        """Give the Jaccard similarity of a sketch and a representative's; 0 where that sketch was forgotten."""
        kept = self._sketches.get(representative)
        return 0.0 if kept is None else estimate(sketch, kept)

    def near(self, vector: Vector, at_least: float) -> list[tuple[str, str, float]]:
        """Give (cluster, representative, cosine) of the representatives that are near in meaning, nearest first."""
        if self._vectors is None:
            return []
        found = self._vectors.query(vector, self._config.candidates, at_least)
        return [(self._owners[key], key, cosine) for key, cosine in found]

    def resembles(self, sketch: Sketch, cluster: Cluster, at_least: float) -> bool:
        """Whether a text shares so many letters with any of a cluster's representatives."""
        return any(self.alike(sketch, representative) >= at_least for representative in cluster.representatives)

    def akin(self, cluster: Cluster, representative: str) -> bool:
        """Whether a representative is near to any of a cluster's; a cluster without vectors contradicts nothing."""
        vectors = self._index(self.dimension)
        mine = [key for key in cluster.representatives if key in vectors]
        return not mine or any(vectors.similarity(key, representative) >= self._config.suggest for key in mine)

    def learn(self, cluster: Cluster, content: TextContent, asked: int) -> KnownWording:
        """Remember a new wording of a cluster, and what sets it apart from the one that represents it."""
        if cluster.normal:
            wording = KnownWording(cluster.id, variants(cluster.normal, content.normal), asked)
        else:
            cluster.normal = content.normal
            wording = KnownWording(cluster.id, (), asked)
        self.aliases.put(content.fingerprint, wording)
        return wording

    def represent(self, cluster: Cluster, fingerprint: str, sketch: Sketch, vector: Vector | None) -> None:
        """Let novel texts be compared with this wording, where its cluster has room for one more."""
        if len(cluster.representatives) >= self._config.max_representatives or fingerprint in self._owners:
            return
        cluster.representatives.append(fingerprint)
        self._owners[fingerprint] = cluster.id
        self._sketches.add(fingerprint, sketch)
        if vector is not None:
            self._index(len(vector)).add(fingerprint, vector)

    def absorb(self, survivor: Cluster, absorbed: Cluster) -> None:
        """Move representatives to the cluster that survives a merge, as far as there is room."""
        room = max(0, self._config.max_representatives - len(survivor.representatives))
        for fingerprint in absorbed.representatives[:room]:
            self._owners[fingerprint] = survivor.id
        survivor.representatives.extend(absorbed.representatives[:room])
        self.drop(absorbed.representatives[room:])

    def drop(self, representatives: list[str]) -> None:
        """Compare nothing with these any more."""
        for fingerprint in representatives:
            del self._owners[fingerprint]
            self._sketches.remove(fingerprint)
            self._index(self.dimension).remove(fingerprint)  # the first representative of all has a vector

    def state(self) -> WordingIndexState:
        """Give the state for a snapshot."""
        vectors = b"" if self._vectors is None else self._vectors.snapshot()
        return WordingIndexState(
            list(self.aliases.items()), self._owners, self._sketches.snapshot(), self.dimension, vectors
        )

    def resume(self, state: WordingIndexState) -> None:
        """Take up where `state` was taken."""
        self.aliases.fill(state.aliases)
        self._owners = state.owners
        self._sketches.restore(state.sketches)
        self._vectors, self.dimension = None, 0
        if state.dimension:
            self._index(state.dimension).restore(state.vectors)

    def _index(self, dimension: int) -> NeighbourIndex:
        if self._vectors is None:
            entries = self._config.max_clusters * self._config.max_representatives
            self._vectors = NeighbourIndex(dimension, self._config.exact_until, entries)
            self.dimension = dimension
        return self._vectors
