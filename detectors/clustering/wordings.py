"""Indexes wordings: every known wording by fingerprint, and representative wordings by sketch and by vector.

A matched wording costs a dictionary look-up from then on. A novel text is compared with a few representatives of each
cluster only.
"""

from collections.abc import Callable

import msgspec

from detectors.clustering.clusters import Cluster
from detectors.clustering.config import ClusteringConfig
from detectors.clustering.lru import LruDict
from detectors.similarity.neighbours import NeighbourIndex, Vector
from detectors.similarity.sketch import Sketch, Sketcher, SketchIndex, estimate
from detectors.similarity.variants import variants
from schemas.assignment import Variant
from schemas.sighting import TextContent

NO_RECHECK = 2**63 - 1  # above every candidate epoch


class KnownWording(msgspec.Struct, array_like=True):
    """The cluster of a wording, and the possible differences in meaning from the representative of the cluster."""

    cluster: str
    variants: tuple[Variant, ...] = ()
    checked_at: int = NO_RECHECK  # candidate epoch of the last comparison; NO_RECHECK: never compare again


class WordingIndexState(msgspec.Struct, array_like=True):
    """The three indices; known wordings least recently used first."""

    known: list[tuple[str, KnownWording]]
    owners: dict[str, str]
    sketches: bytes
    dimension: int
    vectors: bytes


class WordingIndex:
    """Three indices of wordings: exact, lexical, and by meaning."""

    def __init__(self, config: ClusteringConfig) -> None:
        self._config = config
        self._known: LruDict[KnownWording] = LruDict(config.max_wordings)
        self._owners: dict[str, str] = {}  # fingerprint of a representative -> id of the cluster
        self._sketcher = Sketcher(config.sketch)
        self._sketches = SketchIndex(config.sketch)
        self._vectors: NeighbourIndex | None = None  # created for the first vector: the model sets the dimension
        self.dimension = 0  # numbers in a vector; 0 before the first vector

    def get(self, fingerprint: str) -> KnownWording | None:
        """Return the known wording with a fingerprint; the cluster may have been evicted."""
        return self._known.get(fingerprint)

    def touch(self, fingerprint: str) -> None:
        """Make a known wording the most recent, unless it went with a cluster that a new one displaced."""
        if fingerprint in self._known:
            self._known.move_to_end(fingerprint)

    def sketch(self, content: TextContent) -> Sketch:
        """Return the lexical sketch of a text."""
        return self._sketcher.sketch(content.normal)

    def most_similar(self, sketch: Sketch) -> tuple[str, float] | None:
        """Return the cluster id of the most similar representative, and the Jaccard similarity."""
        hit = self._sketches.query(sketch)
        return None if hit is None else (self._owners[hit[0]], round(hit[1], 6))

    def nearest(self, vector: Vector, at_least: float) -> list[tuple[str, str, float]]:
        """Return (cluster id, representative, cosine) of the nearest representatives, nearest first."""
        if self._vectors is None:
            return []
        hits = self._vectors.query(vector, self._config.max_candidates, at_least)
        return [(self._owners[key], key, cosine) for key, cosine in hits]

    def is_contested(self, sketch: Sketch, cluster_id: str, at_least: float) -> bool:
        """Return True if the lexical index proposes a similar representative of another cluster."""
        return any(self._owners[key] != cluster_id for key in self._sketches.resembling(sketch, at_least))

    def similarity(self, sketch: Sketch, representative: str) -> float:
        """Return the Jaccard similarity of a sketch and a representative; 0 if the index dropped the representative."""
        other = self._sketches.get(representative)
        return 0.0 if other is None else estimate(sketch, other)

    def resembles(self, sketch: Sketch, cluster: Cluster, at_least: float) -> bool:
        """Return True if the Jaccard similarity of a sketch and any representative of a cluster suffices."""
        return any(self.similarity(sketch, representative) >= at_least for representative in cluster.representatives)

    def is_near(self, cluster: Cluster, representative: str) -> bool:
        """Return True if the cluster has no vectors, or one within `suggestion_threshold` of the representative."""
        vectors = self._index(self.dimension)
        own = [key for key in cluster.representatives if key in vectors]
        return not own or any(
            vectors.similarity(key, representative) >= self._config.suggestion_threshold for key in own
        )

    def learn(self, cluster: Cluster, content: TextContent, checked_at: int) -> KnownWording:
        """Add a wording to a cluster, and compare the meaning with the representative wording once."""
        if cluster.normal:
            wording = KnownWording(cluster.id, variants(cluster.normal, content.normal), checked_at)
        else:
            cluster.normal = content.normal
            wording = KnownWording(cluster.id, (), checked_at)
        self._known.put(content.fingerprint, wording)
        return wording

    def add_representative(self, cluster: Cluster, fingerprint: str, sketch: Sketch, vector: Vector | None) -> None:
        """Add a wording to the representatives of a cluster, if there is room for one more."""
        if len(cluster.representatives) >= self._config.max_representatives or fingerprint in self._owners:
            return
        cluster.representatives.append(fingerprint)
        self._owners[fingerprint] = cluster.id
        self._sketches.add(fingerprint, sketch)
        if vector is not None:
            self._index(len(vector)).add(fingerprint, vector)

    def absorb(self, survivor: Cluster, absorbed: Cluster) -> None:
        """Move the representatives of an absorbed cluster to the survivor, up to `max_representatives`."""
        room = max(0, self._config.max_representatives - len(survivor.representatives))
        for fingerprint in absorbed.representatives[:room]:
            self._owners[fingerprint] = survivor.id
        survivor.representatives.extend(absorbed.representatives[:room])
        self.drop(absorbed.representatives[room:])

    def drop(self, representatives: list[str]) -> None:
        """Remove representatives from the lexical index and the vector index."""
        for fingerprint in representatives:
            del self._owners[fingerprint]
            self._sketches.remove(fingerprint)
            self._index(self.dimension).remove(fingerprint)  # exists: the first representative of all has a vector

    def sweep(self, is_dead: Callable[[str], bool], limit: int) -> None:
        """Drop up to `limit` known wordings of dead clusters, least recent first."""
        self._known.sweep(lambda wording: is_dead(wording.cluster), limit)

    def snapshot(self) -> WordingIndexState:
        """Return the state."""
        vectors = b"" if self._vectors is None else self._vectors.snapshot()
        return WordingIndexState(
            self._known.snapshot(), self._owners, self._sketches.snapshot(), self.dimension, vectors
        )

    def restore(self, state: WordingIndexState) -> None:
        """Continue from a snapshot."""
        self._known.restore(state.known)
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
