"""Assigns each sighting to its rumour cluster, by the cheapest means that holds, and merges clusters that prove one.

A rumour counted as two is seen late or not at all: split in two, recall fell from .80 to .24 (docs/concepts.md). Hence
the ladder goes on to paraphrases, and a bridge between two clusters makes them one. Sources: see `rungs`.
"""

from collections.abc import Callable, Sequence

import msgspec

from detectors.clustering.clusters import Cluster, Clusters, ClustersState
from detectors.clustering.config import ClusteringConfig
from detectors.clustering.lru import LruDict
from detectors.clustering.match import Match
from detectors.clustering.membership import Actor, Membership
from detectors.clustering.search import CandidateSearch, Embed, Neighbour, SearchResult, Vectors
from detectors.clustering.shared_keys import SharedKey, SharedKeys, SharedKeysState
from detectors.clustering.wordings import NEVER, KnownWording, WordingIndex, WordingIndexState
from detectors.similarity.sketch import Sketch
from detectors.snapshot import pack, unpack
from schemas.assignment import Assignment, Merge, Method, Suggestion, Timeliness
from schemas.claim import ReferenceMatches
from schemas.event import Kind
from schemas.sighting import SPREADING, Sighting, TextContent

Decision = Assignment | Merge
Recognise = Callable[[TextContent, Sketch, Vectors | None], ReferenceMatches]
"""Says what a new wording is recognised as, from its sketch and, where one was needed, its vector."""

# Looking a member up in its enumeration takes longer than the rest of a comparison.
_REPLY, _QUOTE = Kind.REPLY, Kind.QUOTE
_FIRST_SHARE, _LINK, _EXACT = Method.FIRST_SHARE, Method.LINK, Method.EXACT
_DROPPED_LATE = Timeliness.DROPPED_LATE
_SWEPT = 8  # stale index entries looked at for each cluster that is evicted


class _State(msgspec.Struct, array_like=True):
    clusters: ClustersState
    texts: WordingIndexState
    marks: SharedKeysState
    messages: list[tuple[str, str]]
    actors: list[tuple[str, Actor]]
    methods: dict[Method, int]
    counts: tuple[int, int, int, int]


class Clustering:
    """Near-duplicate texts become one cluster; a join says how it was recognised and how near it was.

    A high similarity means that two messages say much the same, not that either is true, and not that they mean the
    same: a negation is a near-duplicate, and is marked as a variant.

    A linked or known text costs about 4 microseconds, a lexical near-duplicate 0.1 ms, a novel text one embedding and
    one neighbour search. Every index has its own bound in the configuration; a cluster is forgotten `retention_ms`
    after its last share. Sightings must come in the order that `watermark` gives; EXPIRED ones change nothing.
    """

    def __init__(self, config: ClusteringConfig, vectors: Embed, recognise: Recognise | None = None) -> None:
        """Start without clusters.

        Args:
            config: thresholds and bounds.
            vectors: gives one unit row for each normal text; asked only where no cheaper rung holds.
            recognise: asked once for each wording that is learned; what it says travels with the assignment.

        """
        self._config = config
        self._recognise = recognise
        self._clusters = Clusters(config)
        self._texts = WordingIndex(config)
        self._marks = SharedKeys(config, self._living)
        self._rungs = CandidateSearch(config, self._texts, self._marks, self._clusters, vectors)
        self._messages: LruDict[str] = LruDict(config.max_messages)
        self._membership = Membership(config)
        self.methods: dict[Method, int] = dict.fromkeys(Method, 0)
        self.unmatched = self.merged = self.evicted = self.created = 0

    def __len__(self) -> int:
        return len(self._clusters)

    def resolve(self, cluster_id: str) -> str:
        """Give the id under which a cluster lives on after merges; an id that was never merged stays as it is."""
        return self._clusters.resolve(cluster_id)

    def texts_to_embed(self, sightings: Sequence[Sighting]) -> list[str]:
        """Give the normal texts of a batch that will probably need a vector, each once."""
        return self._rungs.texts_to_embed([s.content for s in sightings if s.vector is None and self._has_words(s)])

    def set_vectors(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Hand in the vectors of `texts_to_embed`, shape (n, dimension). It saves calls and changes no outcome."""
        self._rungs.set_vectors(texts, vectors)

    def prefetch(self, sightings: Sequence[Sighting]) -> None:
        """Look ahead over a batch about to come, so that its vectors are computed together when the first is needed."""
        self._rungs.prefetch([s.content for s in sightings if s.vector is None and self._has_words(s)])

    def update(self, sighting: Sighting, timeliness: Timeliness = Timeliness.ON_TIME) -> list[Decision]:
        """Assign one sighting; merges that it brings about come before its own assignment.

        An empty list: a statement about a message that nobody saw (`unmatched` counts them), or an expired sighting of
        a text that nobody knows.
        """
        if timeliness is _DROPPED_LATE:
            return self._look_up(sighting)
        if sighting.time >= self._clusters.check_at:
            self._forget(self._clusters.expire(sighting.time))
        out: list[Decision] = []
        if sighting.kind in SPREADING:
            self._share(sighting, timeliness, out)
        elif sighting.kind is Kind.ACCOUNT_STATE:
            self._account(sighting, timeliness, out)
        else:
            self._statement(sighting, timeliness, out)
        return out

    # --- shares -------------------------------------------------------------------------------------------------------

    def _share(self, sighting: Sighting, timeliness: Timeliness, out: list[Decision]) -> None:
        content = sighting.content
        marks = self._marks.of(sighting) if content.urls or sighting.media else []
        refs = _references(sighting)
        join = Match(self._linked(refs, sighting, out), _LINK)
        if self._has_words(sighting):
            self._by_words(sighting, marks, join, out)
        elif join.cluster is None:
            self._by_marks(marks, join)
        cluster = join.cluster
        if cluster is None:
            cluster = self._found(sighting, join, shared=True)
        else:
            self._clusters.touch(cluster, sighting.time)
        if marks:
            self._marks.add(marks, cluster.id)
        self._messages.put_all(refs, cluster.id)
        chats: tuple[str, ...] = ()
        if sighting.actor is not None:
            chats = self._membership.update(sighting.actor, sighting.chat, cluster.id)
            if sighting.parent is not None:
                chats = ()
        self.methods[join.method] += 1
        out.append(join.assignment(sighting, timeliness, cluster, chats))

    def _linked(self, refs: tuple[str, ...], sighting: Sighting, out: list[Decision]) -> Cluster | None:
        """The cluster of the message itself, its parent or its root; where they differ, they are one."""
        ids = self._messages
        found: Cluster | None = None
        for ref in refs:
            if ref in ids:
                cluster = self._clusters.get(ids[ref])
                if found is None:
                    found = cluster
                elif cluster is not None and cluster is not found:
                    found = self._merge((found, cluster), _LINK, None, sighting, out)
        return found

    def _by_words(self, sighting: Sighting, marks: list[SharedKey], join: Match, out: list[Decision]) -> None:
        fingerprint = sighting.content.fingerprint
        wording = self._texts.known(fingerprint)
        cluster = None if wording is None else self._clusters.get(wording.cluster)
        if wording is None or cluster is None:
            self._by_search(sighting, marks, join, out)
            return
        self._texts.aliases.move_to_end(fingerprint)
        join.variants = wording.variants
        if join.cluster is None:
            join.cluster, join.method = cluster, _EXACT
        elif join.cluster is not cluster:
            join.cluster = self._merge((join.cluster, cluster), _EXACT, None, sighting, out)
        if wording.asked < join.cluster.met:
            self._ask_again(sighting, wording, join.cluster, join, out)

    def _by_search(self, sighting: Sighting, marks: list[SharedKey], join: Match, out: list[Decision]) -> None:
        found = self._rungs.search(sighting, marks)
        join.novel, join.suggestion = found, found.suggestion
        if join.cluster is None and found.cluster is not None:
            join.cluster, join.method, join.similarity = found.cluster, found.method, found.similarity
        elif join.cluster is not None and found.method is Method.LEXICAL and found.cluster is not join.cluster:
            pair = (join.cluster, found.cluster or join.cluster)
            join.cluster = self._merge(pair, Method.LEXICAL, found.similarity, sighting, out)
        if join.cluster is not None:
            self._bridge(sighting, found.matches, join, out)
            self._learn(sighting.content, join.cluster, join, found)
            if join.suggestion is not None and join.suggestion.cluster_id == join.cluster.id:
                join.suggestion = None  # linked to just that one

    def _ask_again(
        self, sighting: Sighting, wording: KnownWording, cluster: Cluster, join: Match, out: list[Decision]
    ) -> None:
        """A text that joined by its words may lie between its cluster and one that was founded after it came."""
        wording.asked = self._clusters.meetings
        self._bridge(sighting, self._rungs.again(sighting, cluster), join, out)

    def _bridge(self, sighting: Sighting, matches: Sequence[Neighbour], join: Match, out: list[Decision]) -> None:
        """A text near to two clusters, by letters too, makes them one if their own texts are near to each other."""
        for near in matches:
            anchor = join.cluster
            other = self._clusters.get(near.cluster.id)
            if anchor is None or other is None or other is anchor:
                continue
            letters = near.letters >= self._config.bridge_lexical
            if letters and self._texts.akin(anchor, near.representative):
                join.cluster = self._merge((anchor, other), Method.EMBEDDING, near.cosine, sighting, out)
            elif join.suggestion is None:
                join.suggestion = Suggestion(other.id, near.cosine)

    def _by_marks(self, marks: list[SharedKey], join: Match) -> None:
        """Without words, an equal address or picture is all there is."""
        for method, mark in marks:
            ids = self._marks.clusters(mark)
            if ids:
                join.cluster, join.method = self._clusters.get(ids[0]), method
                return

    def _found(self, sighting: Sighting, join: Match, *, shared: bool) -> Cluster:
        cluster, gone = self._clusters.found(sighting.event_id, sighting.time, shared=shared)
        if gone:
            self._forget(gone)
        join.cluster, join.method = cluster, _FIRST_SHARE
        self.created += 1
        if join.novel is not None:
            self._learn(sighting.content, cluster, join, join.novel)
        return cluster

    def _learn(self, content: TextContent, cluster: Cluster, join: Match, found: SearchResult) -> None:
        """Remember the wording. It gets a vector only where nothing was near: nearness must not creep on."""
        asked = NEVER if found.cluster is None else self._clusters.meetings
        join.variants = self._texts.learn(cluster, content, asked).variants
        if self._recognise is not None:
            join.reference_matches = self._recognise(content, found.sketch, found.vector)
        if found.method is not Method.LEXICAL:
            vector = found.vector if found.cluster is None else None
            self._texts.represent(cluster, content.fingerprint, found.sketch, vector)
            for near in found.near:
                if near.cluster is not cluster:
                    self._clusters.meet(cluster, near.cluster)

    # --- statements ---------------------------------------------------------------------------------------------------

    def _statement(self, sighting: Sighting, timeliness: Timeliness, out: list[Decision]) -> None:
        join = Match(self._referred(sighting), _LINK)
        if join.cluster is None and self._has_words(sighting):
            if sighting.kind is Kind.DEBUNK:
                self._by_words(sighting, [], join, out)
                if join.cluster is None:
                    self._found(sighting, join, shared=False)
            else:
                self._by_words_unchanged(sighting, join)
        self._answer(sighting, timeliness, join, out)

    def _by_words_unchanged(self, sighting: Sighting, join: Match) -> None:
        """A report's words find the message that it complains of; they teach nothing."""
        if not self._by_fingerprint(sighting.content, join):
            found = self._rungs.search(sighting, [])
            join.cluster, join.method, join.similarity = found.cluster, found.method, found.similarity

    def _account(self, sighting: Sighting, timeliness: Timeliness, out: list[Decision]) -> None:
        """An account's end concerns every cluster that it shared, least recently shared first."""
        newest_first = map(self._living, reversed(self._membership.clusters(sighting.actor or "")))
        living = dict.fromkeys(id_ for id_ in newest_first if id_ is not None)
        for id_ in reversed(living):
            self._answer(sighting, timeliness, Match(self._clusters.get(id_), _LINK), out)
        if not living:
            self.unmatched += 1

    def _answer(self, sighting: Sighting, timeliness: Timeliness, join: Match, out: list[Decision]) -> None:
        if join.cluster is None:
            self.unmatched += 1
        else:
            out.append(join.assignment(sighting, timeliness, join.cluster, ()))

    def _referred(self, sighting: Sighting) -> Cluster | None:
        for ref in (sighting.message, sighting.parent, sighting.root):
            id_ = self._messages.get(ref) if ref is not None else None
            cluster = self._clusters.get(id_) if id_ is not None else None
            if cluster is not None:
                return cluster
        return None

    # --- what came too late -------------------------------------------------------------------------------------------

    def _look_up(self, sighting: Sighting) -> list[Decision]:
        """Find an expired sighting's cluster without the model, and without leaving a trace."""
        out: list[Decision] = []
        if sighting.kind is Kind.ACCOUNT_STATE:
            self._account(sighting, _DROPPED_LATE, out)
            return out
        join = Match(None, _LINK)
        if sighting.kind is not _REPLY:
            join.cluster = self._referred(sighting)
        if join.cluster is None and self._has_words(sighting):
            if not self._by_fingerprint(sighting.content, join):
                found = self._rungs.shallow(sighting.content)
                join.cluster, join.method, join.similarity = found.cluster, found.method, found.similarity
        elif join.cluster is None and sighting.kind in SPREADING:
            self._by_marks(self._marks.of(sighting), join)
        self._answer(sighting, _DROPPED_LATE, join, out)
        return out

    def _by_fingerprint(self, content: TextContent, join: Match) -> bool:
        wording = self._texts.known(content.fingerprint)
        cluster = None if wording is None else self._clusters.get(wording.cluster)
        if wording is None or cluster is None:
            return False
        join.cluster, join.method, join.variants = cluster, _EXACT, wording.variants
        return True

    # --- shared -------------------------------------------------------------------------------------------------------

    def _has_words(self, sighting: Sighting) -> bool:
        """Whether the text may speak for itself: long enough, and no comment on another message."""
        content = sighting.content
        if content.words < self._config.min_words or not content.fingerprint:
            return False
        return sighting.kind is not _QUOTE or (sighting.parent is None and sighting.root is None)

    def _living(self, id_: str) -> str | None:
        cluster = self._clusters.get(id_)
        return None if cluster is None else cluster.id

    def _merge(
        self,
        pair: tuple[Cluster, Cluster],
        method: Method,
        similarity: float | None,
        sighting: Sighting,
        out: list[Decision],
    ) -> Cluster:
        survivor, absorbed = self._clusters.merge(*pair)
        self._texts.absorb(survivor, absorbed)
        self.merged += 1
        out.append(
            Merge(
                survivor=survivor.id,
                absorbed=absorbed.id,
                time=sighting.time,
                method=method,
                event_id=sighting.event_id,
                similarity=similarity,
            )
        )
        return survivor

    def _forget(self, gone: Sequence[Cluster]) -> None:
        for cluster in gone:
            self._texts.drop(cluster.representatives)
        self.evicted += len(gone)
        most = _SWEPT * len(gone)
        self._messages.sweep(lambda id_: self._clusters.get(id_) is None, most)
        self._texts.aliases.sweep(lambda wording: self._clusters.get(wording.cluster) is None, most)
        self._marks.sweep(most)

    # --- state --------------------------------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """Give the state as bytes. What was prepared or primed is not part of it: it changes no outcome."""
        state = _State(
            self._clusters.state(),
            self._texts.state(),
            self._marks.state(),
            list(self._messages.items()),
            self._membership.state(),
            self.methods,
            (self.unmatched, self.merged, self.evicted, self.created),
        )
        return pack("clustering", 1, state)

    def restore(self, data: bytes) -> None:
        """Take up where `snapshot` was taken, with the same configuration and model."""
        state = unpack("clustering", 1, _State, data)
        self._clusters.resume(state.clusters)
        self._texts.resume(state.texts)
        self._marks.resume(state.marks)
        self._messages.fill(state.messages)
        self._membership.resume(state.actors)
        self.methods = state.methods
        self.unmatched, self.merged, self.evicted, self.created = state.counts


def _references(sighting: Sighting) -> tuple[str, ...]:
    """The messages whose cluster is this sighting's, each once; a reply says something of its own."""
    message, parent, root = sighting.message, sighting.parent, sighting.root
    refs: tuple[str, ...] = () if message is None else (message,)
    if sighting.kind is _REPLY or (parent is None and root is None):
        return refs
    if parent is not None:
        refs += (parent,)
    return refs if root is None or root == parent else (*refs, root)
