"""Searches for the cluster of a message, cheapest method first: known text, lexical sketch, embedding, shared key.

The search owns the indices and decides nothing: `Clustering` derives merges and new clusters from the returned `Match`.
Near-duplicates by resemblance: Broder 1997, DOI 10.1109/SEQUEN.1997.666900; by sentence embeddings: Reimers and
Gurevych 2019, DOI 10.18653/v1/D19-1410.
"""

from collections.abc import Iterator, Sequence

import msgspec

from detectors.clustering.clusters import Cluster, Clusters
from detectors.clustering.config import ClusteringConfig
from detectors.clustering.keys.frames import FrameDetector
from detectors.clustering.keys.shared_keys import SharedKey, SharedKeys, SharedKeysState
from detectors.clustering.lru import LruDict
from detectors.clustering.match import NO_LINKS, NO_MATCH, ClusterLinks, Match, Neighbour, NewWording
from detectors.clustering.thresholds import Thresholds, ThresholdTable
from detectors.clustering.vectors import Embed, VectorSource
from detectors.clustering.wordings import NO_RECHECK, KnownWording, WordingIndex, WordingIndexState
from detectors.similarity.embedding import Vectors
from detectors.similarity.sketch import Sketch
from schemas.assignment import Method, RelatedCluster, Relation, Suggestion, Variant
from schemas.event import Kind
from schemas.sighting import SPREADING, Sighting, TextContent

SearchState = tuple[WordingIndexState, SharedKeysState, list[tuple[str, str]]]
"""State of the wordings, of the shared keys, and the known messages with their clusters."""

# Looking a member up in its enumeration takes longer than the rest of a comparison.
_QUOTE = Kind.QUOTE
_EXACT, _LEXICAL = Method.EXACT, Method.LEXICAL
_URL = Method.URL
_SWEPT = 8  # stale index entries to sweep for each evicted cluster


class CandidateSearch:
    """Owns the indices of wordings, shared keys and messages, and finds the cluster of a sighting.

    A known text costs a dictionary look-up, a sketch about 0.1 ms, a vector some 10 ms.
    """

    def __init__(self, config: ClusteringConfig, clusters: Clusters, embed: Embed) -> None:
        self._config = config
        self._clusters = clusters
        self._thresholds = ThresholdTable(config)
        self._frames = FrameDetector(config)
        self._wordings = WordingIndex(config)
        self._shared_keys = SharedKeys(config, self._living)
        self._messages: LruDict[str] = LruDict(config.max_messages)
        self._vectors = VectorSource(embed, config.embed_batch, self._needs_vector)
        self._sketches: dict[str, Sketch] = {}  # of the texts looked at ahead

    # --- searching ----------------------------------------------------------------------------------------------------

    def linked(self, refs: Sequence[str]) -> list[Cluster]:
        """Return the living clusters of some messages, each once, in order."""
        messages = self._messages
        found: list[Cluster] = []
        for ref in refs:
            if ref in messages:
                cluster = self._clusters.get(messages[ref])
                if cluster is not None and cluster not in found:
                    found.append(cluster)
        return found

    def keys(self, sighting: Sighting) -> list[SharedKey]:
        """Return the shared keys of a sighting: addresses and pictures."""
        return self._shared_keys.of(sighting)

    def find(self, sighting: Sighting, keys: Sequence[SharedKey] = ()) -> Match:
        """Find the cluster of a sighting by text, or by shared keys if the text has too few words."""
        if not self._has_words(sighting):
            return self._by_shared_key(keys) if keys else NO_MATCH
        match = self._by_fingerprint(sighting.content) or self._by_similarity(sighting, keys)
        return self._by_telling_key(sighting.content, keys, match) if keys else match

    def find_without_model(self, sighting: Sighting) -> Match:
        """Find the cluster of a late sighting as `find` does, but never ask the model."""
        if self._has_words(sighting):
            content = sighting.content
            known = self._by_fingerprint(content)
            match = known or self._by_sketch(self._wordings.sketch(content), self._thresholds.of(content))
            keys = self.keys(sighting) if sighting.kind in SPREADING else ()
            return self._by_telling_key(content, keys, match)
        return self._by_shared_key(self.keys(sighting)) if sighting.kind in SPREADING else NO_MATCH

    def home(self, content: TextContent) -> Cluster | None:
        """Return the living cluster of a known wording."""
        match = self._by_fingerprint(content)
        return None if match is None else match.cluster

    def recheck(self, sighting: Sighting, wording: KnownWording, cluster: Cluster) -> tuple[Neighbour, ...]:
        """Compare a known text of a cluster again, and return the clusters that the text matches by now.

        A cluster created later may match the same text; the two clusters are then link candidates.
        """
        wording.checked_at = self._clusters.candidate_epoch
        sketch = self._wordings.sketch(sighting.content)
        return self._matches(sighting, sketch) if self._resembles_candidate(sketch, cluster) else ()

    def are_apart(self, a: Cluster, b: Cluster) -> bool:
        """Return True if equal words are no evidence that two clusters are one: frames, and captions of two addresses.

        A frame joins no other cluster by its words.
        """
        of_words = (self._clusters.get(a.same_words) is b, self._clusters.get(b.same_words) is a)
        return any(of_words) or a.frame is not None or b.frame is not None

    def links(self, cluster: Cluster, keys: Sequence[SharedKey]) -> ClusterLinks:
        """Return the links of a cluster to others, given the keys of its newest share.

        Clusters with one address are linked. Where two clusters are captions of an address, so that the address is the
        message, the first cluster counts the sharers of both.
        """
        has_several = self._shared_keys.has_several
        addresses = [key for method, key in keys if method is _URL and has_several(key)]
        if not (addresses or cluster.same_words or cluster.frame or has_several(cluster.address)):
            return NO_LINKS
        related: dict[str, RelatedCluster] = {}
        words = self._clusters.get(cluster.same_words)
        if words is not None:
            related[words.id] = RelatedCluster(words.id, Relation.SAME_WORDS)
        for key in addresses:
            for id_ in self._shared_keys.clusters(key):
                related.setdefault(id_, RelatedCluster(id_, Relation.SAME_ADDRESS))
        related.pop(cluster.id, None)
        return ClusterLinks((words or cluster).frame, tuple(related.values()), self._lead(cluster))

    def is_bridge(self, cluster: Cluster, neighbour: Neighbour) -> bool:
        """Return True if a text of a cluster, near to a neighbour, shows that the two clusters are one.

        The text must share letters with the neighbour, and the representatives must be near to each other.
        """
        shared = neighbour.jaccard >= self._config.bridge_threshold
        return shared and self._wordings.is_near(cluster, neighbour.representative)

    # --- learning -----------------------------------------------------------------------------------------------------

    def add(self, cluster: Cluster, keys: Sequence[SharedKey], messages: tuple[str, ...]) -> None:
        """Record the shared keys and the messages of a share under the cluster of the share."""
        if keys:
            self._shared_keys.add(keys, cluster.id)
        self._messages.put_all(messages, cluster.id)

    def observe(self, words: Cluster, cluster: Cluster, content: TextContent, keys: Sequence[SharedKey]) -> bool:
        """Record the address, picture and numbers of a share for its words and for its cluster.

        Return True if the cluster with the words is a frame from this share on.
        """
        is_plain = words.variety is None and not cluster.addresses
        if is_plain and content.words > self._frames.max_words:
            return False
        before = words.frame
        self._frames.update(words, cluster, content, keys)
        return before is None and words.frame is not None

    def touch(self, content: TextContent) -> None:
        """Make a known wording the most recent."""
        self._wordings.touch(content.fingerprint)

    def learn(self, cluster: Cluster, content: TextContent, match: Match, new: NewWording) -> tuple[Variant, ...]:
        """Add a new wording to a cluster, and return how its meaning may differ from the representative wording.

        Only a wording without a match gets a vector, so nearness cannot creep from text to text.
        """
        unmatched = match.cluster is None and match.same_words is None
        checked_at = NO_RECHECK if unmatched else self._clusters.candidate_epoch
        wording = self._wordings.learn(cluster, content, checked_at)
        if match.method is not _LEXICAL and match.same_words is None:
            vector = new.vector if unmatched else None
            self._wordings.add_representative(cluster, content.fingerprint, new.sketch, vector)
            for neighbour in new.near:
                if neighbour.cluster is not cluster:
                    self._clusters.link_candidate(cluster, neighbour.cluster)
        return wording.variants

    def absorb(self, survivor: Cluster, absorbed: Cluster) -> None:
        """Move the representatives of an absorbed cluster to the survivor of a merge."""
        self._wordings.absorb(survivor, absorbed)

    def forget(self, evicted: Sequence[Cluster]) -> None:
        """Drop the representatives of evicted clusters, and sweep out some stale entries of every index."""
        for cluster in evicted:
            self._wordings.drop(cluster.representatives)
        limit = _SWEPT * len(evicted)
        self._messages.sweep(self._is_dead, limit)
        self._wordings.sweep(self._is_dead, limit)
        self._shared_keys.sweep(limit)

    # --- vectors ahead of time ----------------------------------------------------------------------------------------

    def texts_to_embed(self, sightings: Sequence[Sighting]) -> list[str]:
        """Return the normal texts that the cheaper methods do not find, each once, in order."""
        self._sketches.clear()
        return [content.normal for content in self._distinct(sightings) if self._needs_vector(content)]

    def set_vectors(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Set vectors computed elsewhere, shape (n, dimension), in place of vectors set before."""
        self._vectors.set_vectors(texts, vectors)

    def prefetch(self, sightings: Sequence[Sighting]) -> None:
        """Announce the next sightings: a call of the model then embeds their texts as well."""
        self._sketches.clear()
        self._vectors.prefetch(c for c in self._distinct(sightings) if self._wordings.get(c.fingerprint) is None)

    # --- state --------------------------------------------------------------------------------------------------------

    def snapshot(self) -> SearchState:
        """Return the state of the indices. Prepared vectors are not part of the state: they change no decision."""
        return self._wordings.snapshot(), self._shared_keys.snapshot(), self._messages.snapshot()

    def restore(self, state: SearchState) -> None:
        """Continue from a snapshot."""
        wordings, shared_keys, messages = state
        self._wordings.restore(wordings)
        self._shared_keys.restore(shared_keys)
        self._messages.restore(messages)

    # --- methods, cheapest first --------------------------------------------------------------------------------------

    def _by_fingerprint(self, content: TextContent) -> Match | None:
        wording = self._wordings.get(content.fingerprint)
        cluster = None if wording is None else self._clusters.get(wording.cluster)
        return None if cluster is None else Match(cluster, _EXACT, known=wording)

    def _by_similarity(self, sighting: Sighting, keys: Sequence[SharedKey]) -> Match:
        """Search by sketch; search by embedding if the sketch finds no cluster, or if a second cluster may match."""
        content = sighting.content
        sketch = self._sketches.pop(content.fingerprint, None) or self._wordings.sketch(content)
        match = self._by_sketch(sketch, self._thresholds.of(content))
        if match.cluster is None:
            return self._by_embedding(sighting, keys, sketch)
        if not self._is_contested(sketch, match.cluster):
            return match
        return Match(match.cluster, _LEXICAL, match.similarity, self._matches(sighting, sketch), new=match.new)

    def _by_sketch(self, sketch: Sketch, thresholds: Thresholds) -> Match:
        hit = self._wordings.most_similar(sketch)
        if hit is None or hit[1] < thresholds.lexical:
            return NO_MATCH
        return Match(self._clusters.get(hit[0]), _LEXICAL, hit[1], new=NewWording(sketch))

    def _by_embedding(self, sighting: Sighting, keys: Sequence[SharedKey], sketch: Sketch) -> Match:
        thresholds = self._thresholds.of(sighting.content)
        vector = self._vector(sighting)
        sharing = self._sharing(keys)
        near = tuple(self._near(sighting.content, sketch, vector, thresholds.suggestion, sharing))
        least = self._thresholds.min_lexical(sighting.content.normal) if near else 0.0
        matches = tuple(n for n in near if n.cosine >= thresholds.embedding and n.jaccard >= least)
        new = NewWording(sketch, vector)
        if matches:
            return Match(matches[0].cluster, Method.EMBEDDING, matches[0].cosine, matches, new=new)
        for method, ids in sharing:
            for neighbour in near:
                if neighbour.cluster.id in ids:
                    return Match(neighbour.cluster, method, neighbour.cosine, new=new)
        suggestion = Suggestion(near[0].cluster.id, near[0].cosine) if near else None
        return Match(suggestion=suggestion, new=NewWording(sketch, vector, near))

    def _by_telling_key(self, content: TextContent, keys: Sequence[SharedKey], match: Match) -> Match:
        """Replace a match by words by one with the address or picture, where these are the message.

        Without a cluster of the address or picture, the message starts one.
        """
        words = match.cluster
        telling = () if words is None else self._frames.telling(words, content, keys)
        if words is None or not telling:
            return match
        replace = msgspec.structs.replace
        clusters = {key: self._shared_keys.clusters(key) for _, key in telling}
        if words.frame is None and any(words.id in ids for ids in clusters.values()):
            return match
        for method, key in telling:
            for other in map(self._clusters.get, clusters[key]):
                if other is not None and other is not words and self._may_carry(other, words):
                    return replace(match, cluster=other, method=method, bridges=(), same_words=words)
        return replace(match, cluster=None, method=Method.FIRST_SHARE, similarity=None, bridges=(), same_words=words)

    def _may_carry(self, cluster: Cluster, words: Cluster) -> bool:
        """Return True if a cluster was set apart from the words of another, or began without words."""
        return not cluster.normal or self._clusters.get(cluster.same_words) is words

    def _lead(self, cluster: Cluster) -> Cluster | None:
        """Return the first cluster whose address is that of a caption; None if the caption is the first, or none."""
        address = cluster.caption_of
        if not self._shared_keys.has_several(address):
            return None
        captions = map(self._clusters.get, self._shared_keys.clusters(address))
        first = next((each for each in captions if each is not None and each.caption_of == address), cluster)
        return None if first is cluster else first

    def _by_shared_key(self, keys: Sequence[SharedKey]) -> Match:
        for method, key in keys:
            clusters = [self._clusters.get(id_) for id_ in self._shared_keys.clusters(key)]
            if self._shared_keys.is_stock(key):
                clusters = [each for each in clusters if each is not None and not each.normal]
            if clusters:
                return Match(clusters[0], method)
        return NO_MATCH

    # --- comparisons --------------------------------------------------------------------------------------------------

    def _matches(self, sighting: Sighting, sketch: Sketch) -> tuple[Neighbour, ...]:
        at_least = self._thresholds.of(sighting.content).embedding
        return tuple(self._near(sighting.content, sketch, self._vector(sighting), at_least))

    def _sharing(self, keys: Sequence[SharedKey]) -> list[tuple[Method, list[str]]]:
        """Return the ids of the clusters that have each key; none for a stock photo."""
        shared_keys = self._shared_keys
        return [(method, shared_keys.clusters(key)) for method, key in keys if not shared_keys.is_stock(key)]

    def _near(
        self,
        content: TextContent,
        sketch: Sketch,
        vector: Vectors,
        at_least: float,
        sharing: Sequence[tuple[Method, list[str]]] = (),
    ) -> Iterator[Neighbour]:
        """Yield the clusters near by meaning that share enough letters with the text, nearest first.

        Unrelated texts get similar vectors in a language outside the model's training, hence the letters. Fewer
        letters suffice for the clusters that share an address or a picture with the text.
        """
        nearest = self._nearest(vector, at_least)
        if not nearest:
            return
        least = self._thresholds.min_lexical(content.normal)
        least_sharing = self._thresholds.min_lexical_sharing(content.normal) if sharing else least
        for cluster, representative, cosine in nearest:
            jaccard = self._wordings.similarity(sketch, representative)
            if jaccard >= least or (jaccard >= least_sharing and any(cluster.id in ids for _, ids in sharing)):
                yield Neighbour(cluster, representative, cosine, jaccard)

    def _nearest(self, vector: Vectors, at_least: float) -> list[tuple[Cluster, str, float]]:
        """Return each near cluster once, with the nearest representative and the cosine."""
        nearest: dict[str, tuple[Cluster, str, float]] = {}
        for id_, representative, cosine in self._wordings.nearest(vector, at_least):
            cluster = self._clusters.get(id_)
            if cluster is not None and cluster.id not in nearest:
                nearest[cluster.id] = (cluster, representative, cosine)
        return list(nearest.values())

    def _is_contested(self, sketch: Sketch, cluster: Cluster) -> bool:
        """Return True if a text of a cluster shares letters with another cluster too: the text may be a bridge."""
        least = self._config.bridge_threshold
        return self._wordings.is_contested(sketch, cluster.id, least) or self._resembles_candidate(sketch, cluster)

    def _resembles_candidate(self, sketch: Sketch, cluster: Cluster) -> bool:
        """Return True if a text shares letters with a link candidate of a cluster; banding misses many of these."""
        least = self._config.bridge_threshold
        candidates = self._clusters.link_candidates(cluster)
        return any(self._wordings.resembles(sketch, candidate, least) for candidate in candidates)

    def _needs_vector(self, content: TextContent) -> bool:
        """Return True if the cheaper methods do not suffice for a text; keeps the sketch for the text's turn."""
        if self._wordings.get(content.fingerprint) is not None:
            return False
        sketch = self._sketches[content.fingerprint] = self._wordings.sketch(content)
        cluster = self._by_sketch(sketch, self._thresholds.of(content)).cluster
        return cluster is None or self._is_contested(sketch, cluster)

    def _vector(self, sighting: Sighting) -> Vectors:
        return self._vectors.of(sighting, self._wordings.dimension)

    # --- sightings and clusters ---------------------------------------------------------------------------------------

    def _has_words(self, sighting: Sighting) -> bool:
        """Return True if the text identifies the message: long enough, and no comment on another message."""
        content = sighting.content
        if content.words < self._config.min_words or not content.fingerprint:
            return False
        return sighting.kind is not _QUOTE or (sighting.parent is None and sighting.root is None)

    def _distinct(self, sightings: Sequence[Sighting]) -> Sequence[TextContent]:
        """Return the texts without a vector, each once, in order."""
        contents = [s.content for s in sightings if s.vector is None and self._has_words(s)]
        return list({content.fingerprint: content for content in contents}.values())

    def _living(self, id_: str) -> str | None:
        cluster = self._clusters.get(id_)
        return None if cluster is None else cluster.id

    def _is_dead(self, id_: str) -> bool:
        return self._clusters.get(id_) is None
