"""Assigns each sighting to its rumour cluster, and merges clusters that prove to be the same rumour.

A rumour split into two clusters is alerted late or never: splits reduced recall from .80 to .24 (docs/concepts.md).
Hence the search goes on to paraphrases, and a text between two clusters merges them. Sources: see `search`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from detectors.clustering.clusters import Cluster, Clusters, ClustersState
from detectors.clustering.config import ClusteringConfig
from detectors.clustering.keys.shared_keys import SharedKeysState
from detectors.clustering.match import NO_MATCH, ClusterChoice, Match, echo
from detectors.clustering.membership import Actor, Membership
from detectors.clustering.posts import Addition, Posts, PostsState
from detectors.clustering.posts.albums import Album
from detectors.clustering.search import CandidateSearch
from detectors.clustering.vectors import Embed
from detectors.clustering.wordings import WordingIndexState
from detectors.similarity.embedding import Vectors
from detectors.similarity.sketch import Sketch
from detectors.snapshot import pack, unpack
from schemas.assignment import (
    Assignment,
    Merge,
    Method,
    Role,
    Suggestion,
    Timeliness,
    Variant,
)  # fmt: skip
from schemas.claim import NOTHING, ReferenceMatches
from schemas.event import Kind
from schemas.sighting import SPREADING, Sighting, TextContent

Decision = Assignment | Merge
MatchReferences = Callable[[TextContent, Sketch, Vectors | None], ReferenceMatches]
"""Compare a new wording with reference data, given its sketch and, if the search needed one, its vector."""

# Looking a member up in its enumeration takes longer than the rest of a comparison.
_REPLY, _EDIT = Kind.REPLY, Kind.EDIT
_SHARE, _COMMENT, _REVISION = Role.SHARE, Role.COMMENT, Role.REVISION
_FIRST_SHARE, _LINK = Method.FIRST_SHARE, Method.LINK
_SAME_TEXT = (Method.EXACT, Method.LEXICAL)
_DROPPED_LATE = Timeliness.DROPPED_LATE
_VERSION = 3


class _State(msgspec.Struct, array_like=True):
    clusters: ClustersState
    wordings: WordingIndexState
    shared_keys: SharedKeysState
    messages: list[tuple[str, str]]
    actors: list[tuple[str, Actor]]
    methods: dict[Method, int]
    counts: tuple[int, int, int, int, int]
    frames: int
    posts: PostsState


def _without_posts(state: list[Any]) -> list[Any]:
    """Convert version 1 or 2, without the texts of messages and without albums; version 1 has no frames."""
    indices, counts, frames = state[:6], state[6], state[7:] or [0]
    return [*indices, [*counts, 0], *frames, [[], [[], []]]]


class Clustering:
    """Groups near-duplicate texts into clusters; each assignment reports the method and the similarity of the match.

    A high similarity means that two messages have nearly the same content, not that either message is true. The two may
    even disagree: a negation is a near-duplicate, and is marked as a variant.

    A linked or known text costs about 4 microseconds, a lexical near-duplicate 0.1 ms, a novel text one embedding and
    one neighbour search. Every index has its own bound in the configuration; a cluster is forgotten `retention_ms`
    after its last share. Sightings must come in the order that `ReorderBuffer` emits; DROPPED_LATE sightings change
    nothing.
    """

    def __init__(self, config: ClusteringConfig, embed: Embed, match_references: MatchReferences | None = None) -> None:
        """Start without clusters.

        Args:
            config: thresholds and bounds.
            embed: returns one unit row for each normal text; called only if the cheaper methods find no cluster.
            match_references: called once for each new wording; the assignment carries the result.

        """
        self._match_references = match_references
        self._clusters = Clusters(config)
        self._search = CandidateSearch(config, self._clusters, embed)
        self._membership = Membership(config)
        self._posts = Posts(config, self._clusters, self._search)
        self.methods: dict[Method, int] = dict.fromkeys(Method, 0)
        self.unmatched = self.merged = self.evicted = self.created = self.revised = 0
        self.frames = 0
        """Number of clusters that were recognised as frames."""

    def __len__(self) -> int:
        return len(self._clusters)

    def resolve(self, cluster_id: str) -> str:
        """Return the surviving id of a merged cluster; any other id is returned unchanged."""
        return self._clusters.resolve(cluster_id)

    def texts_to_embed(self, sightings: Sequence[Sighting]) -> list[str]:
        """Return the normal texts of a batch that will probably need a vector, each once."""
        return self._search.texts_to_embed(sightings)

    def set_vectors(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Set the vectors of `texts_to_embed`, shape (n, dimension). Saves calls of the model; changes no decision."""
        self._search.set_vectors(texts, vectors)

    def prefetch(self, sightings: Sequence[Sighting]) -> None:
        """Announce the next batch: the first call of the model embeds the other texts of the batch as well."""
        self._search.prefetch(sightings)

    def update(self, sighting: Sighting, timeliness: Timeliness = Timeliness.ON_TIME) -> list[Decision]:
        """Assign one sighting; return the merges that the sighting causes, then the assignments.

        A caption over an address that another cluster shared first has a second assignment, an echo for that cluster.
        The list is empty for a statement about an unknown message (counted as `unmatched`), and for a DROPPED_LATE
        sighting of an unknown text.
        """
        out: list[Decision] = []
        sighting = self._posts.resolve(sighting)
        if timeliness is _DROPPED_LATE:
            self._late(sighting, out)
            return out
        if sighting.time >= self._clusters.check_at:
            self._forget(self._clusters.expire(sighting.time))
        if sighting.kind in SPREADING or sighting.kind is _EDIT:
            self._share(sighting, timeliness, out)
        elif sighting.kind is Kind.ACCOUNT_STATE:
            self._account(sighting, timeliness, out)
        else:
            self._statement(sighting, timeliness, out)
        return out

    # --- kinds of sightings -------------------------------------------------------------------------------------------

    def _share(self, sighting: Sighting, timeliness: Timeliness, out: list[Decision]) -> None:
        references = _references(sighting)
        keys = self._search.keys(sighting) if sighting.content.urls or sighting.media else ()
        addition = self._posts.find_addition(sighting, keys, references)
        if addition is not None:
            self._add_to_post(addition, sighting, timeliness, out)
            return
        linked = self._linked(references, sighting, out)
        match = self._search.find(sighting, keys)
        album = self._posts.open_album(sighting) if sighting.content.fingerprint else None
        if album is not None and linked is None and match.cluster is None:
            linked = next(self._posts.lone_clusters(album), None)
        choice = self._choose(sighting, linked, match, out)
        if album is None:
            role = _COMMENT if self._posts.is_comment(sighting, choice.cluster) else _SHARE
            self._posts.add(sighting, choice.cluster, counts=role is _SHARE)
        else:
            choice, role = self._complete(album, choice, sighting, timeliness, out)
        cluster = choice.cluster
        if choice.method is not _FIRST_SHARE and role is not _REVISION:
            self._clusters.touch(cluster, sighting.time)
        if role is not _COMMENT:
            self.frames += self._search.observe(match.same_words or cluster, cluster, sighting.content, keys)
        self._search.add(cluster, keys, references)
        chats: tuple[str, ...] = ()
        if sighting.actor is not None:
            chats = self._membership.update(sighting.actor, sighting.chat, cluster.id)
            if sighting.parent is not None:
                chats = ()
        self.methods[choice.method] += 1
        apart = cluster.variety or cluster.addresses or cluster.same_words
        if not apart or role is not _SHARE:  # the message is in the words
            out.append(choice.assignment(sighting, timeliness, chats, role=role))
            return
        links = self._search.links(cluster, keys)
        out.append(choice.assignment(sighting, timeliness, chats, links))
        if links.lead is not None:
            out.append(echo(sighting, timeliness, cluster, links.lead))

    def _add_to_post(self, addition: Addition, sighting: Sighting, timeliness: Timeliness, out: list[Decision]) -> None:
        """Report new words of a post that counts already."""
        if addition.cluster is None:
            self.unmatched += 1
            return
        self.revised += 1
        if addition.rewords:
            out.append(ClusterChoice(addition.cluster, _LINK).assignment(sighting, timeliness, role=_REVISION))

    def _complete(
        self, album: Album, choice: ClusterChoice, sighting: Sighting, timeliness: Timeliness, out: list[Decision]
    ) -> tuple[ClusterChoice, Role]:
        """Gather an album around its caption: merge the clusters of its other parts, and withdraw their shares."""

        def merge(cluster: Cluster, other: Cluster) -> Cluster:
            return self._merge((cluster, other), _LINK, None, sighting, out, same_post=True)

        post = self._posts.complete(album, choice.cluster, sighting, merge)
        for part in post.surplus:
            withdrawn = msgspec.structs.replace(sighting, message=part.message)
            cluster = self._clusters.get(part.cluster)
            if cluster is not None:
                out.append(ClusterChoice(cluster, _LINK).assignment(withdrawn, timeliness, role=Role.WITHDRAWAL))
        self.revised += post.counted
        return msgspec.structs.replace(choice, cluster=post.cluster), _REVISION if post.counted else _SHARE

    def _statement(self, sighting: Sighting, timeliness: Timeliness, out: list[Decision]) -> None:
        """Assign a statement to the cluster of its message, or else by its words. Only a debunk is learned."""
        linked = self._referred(sighting)
        match = Match(linked, _LINK) if linked is not None else self._search.find(sighting)
        if linked is None and sighting.kind is Kind.DEBUNK and (match.known or match.new):
            out.append(self._choose(sighting, None, match, out).assignment(sighting, timeliness))
        else:
            self._answer(sighting, timeliness, match, out)

    def _account(self, sighting: Sighting, timeliness: Timeliness, out: list[Decision]) -> None:
        """Assign the end of an account to every cluster that the account shared, least recently shared first."""
        newest_first = map(self._clusters.get, reversed(self._membership.clusters(sighting.actor or "")))
        living = {cluster.id: cluster for cluster in newest_first if cluster is not None}
        for cluster in reversed(living.values()):
            self._answer(sighting, timeliness, Match(cluster, _LINK), out)
        if not living:
            self.unmatched += 1

    def _late(self, sighting: Sighting, out: list[Decision]) -> None:
        """Assign a sighting dropped as late, without asking the model and without changing any state."""
        if sighting.kind is Kind.ACCOUNT_STATE:
            self._account(sighting, _DROPPED_LATE, out)
            return
        if self._posts.is_addition(sighting):
            self.revised += 1
            return
        linked = None if sighting.kind is _REPLY else self._referred(sighting)
        match = Match(linked, _LINK) if linked is not None else self._search.find_without_model(sighting)
        self._answer(sighting, _DROPPED_LATE, match, out)

    def _answer(self, sighting: Sighting, timeliness: Timeliness, match: Match, out: list[Decision]) -> None:
        """Report a match without learning from the sighting."""
        if match.cluster is None:
            self.unmatched += 1
            return
        variants = () if match.known is None else match.known.variants
        choice = ClusterChoice(match.cluster, match.method, match.similarity, variants=variants)
        role = _COMMENT if self._posts.is_comment(sighting, match.cluster) else _SHARE
        out.append(choice.assignment(sighting, timeliness, role=role))

    # --- decisions ----------------------------------------------------------------------------------------------------

    def _choose(self, sighting: Sighting, linked: Cluster | None, match: Match, out: list[Decision]) -> ClusterChoice:
        """Decide the cluster of a share or a debunk, and learn the wording. A link decides before the match."""
        if linked is not None and match is NO_MATCH:
            return ClusterChoice(linked, _LINK)
        cluster, suggestion = self._decide(sighting, linked, match, out)
        method, similarity = (match.method, match.similarity) if linked is None else (_LINK, None)
        learned = self._learn(sighting.content, match.same_words or cluster, match)
        return ClusterChoice(cluster, method, similarity, suggestion, *learned)

    def _decide(
        self, sighting: Sighting, linked: Cluster | None, match: Match, out: list[Decision]
    ) -> tuple[Cluster, Suggestion | None]:
        """Return the cluster after all merges, new if neither link nor match gives a cluster, and the suggestion."""
        cluster = matched = match.cluster
        if linked is not None:
            cluster = linked
            same_text = matched is not None and matched is not linked and match.method in _SAME_TEXT
            if matched is not None and same_text and not self._search.are_apart(linked, matched):
                cluster = self._merge((linked, matched), match.method, match.similarity, sighting, out)
        if cluster is None:
            cluster = self._create(sighting)
            cluster.same_words = "" if match.same_words is None else match.same_words.id
            return cluster, match.suggestion
        if match.same_words is not None:
            return cluster, None
        return self._bridge(cluster, match, sighting, out)

    def _bridge(
        self, cluster: Cluster, match: Match, sighting: Sighting, out: list[Decision]
    ) -> tuple[Cluster, Suggestion | None]:
        """Merge the clusters that a text bridges; the first cluster matched without a merge is the suggestion."""
        neighbours, suggestion, known = match.bridges, match.suggestion, match.known
        if known is not None and known.checked_at < cluster.candidate_epoch:
            neighbours = self._search.recheck(sighting, known, cluster)
        for neighbour in neighbours:
            other = self._clusters.get(neighbour.cluster.id)
            if other is None or other is cluster:
                continue
            if self._search.is_bridge(cluster, neighbour):
                cluster = self._merge((cluster, other), Method.EMBEDDING, neighbour.cosine, sighting, out)
            elif suggestion is None:
                suggestion = Suggestion(other.id, neighbour.cosine)
        own = suggestion is not None and suggestion.cluster_id == cluster.id
        return cluster, None if own else suggestion

    def _linked(self, references: tuple[str, ...], sighting: Sighting, out: list[Decision]) -> Cluster | None:
        """Return the cluster of the message, its parent and its root; merge their clusters if they differ."""
        linked: Cluster | None = None
        for cluster in self._search.linked(references):
            linked = cluster if linked is None else self._merge((linked, cluster), _LINK, None, sighting, out)
        return linked

    def _referred(self, sighting: Sighting) -> Cluster | None:
        """Return the cluster of the message, else of its parent, else of its root."""
        refs = [ref for ref in (sighting.message, sighting.parent, sighting.root) if ref is not None]
        return next(iter(self._search.linked(refs)), None)

    # --- changes ------------------------------------------------------------------------------------------------------

    def _create(self, sighting: Sighting) -> Cluster:
        shared = sighting.kind in SPREADING
        cluster, evicted = self._clusters.create(sighting.event_id, sighting.time, shared=shared)
        if evicted:
            self._forget(evicted)
        self.created += 1
        return cluster

    def _learn(
        self, content: TextContent, cluster: Cluster, match: Match
    ) -> tuple[tuple[Variant, ...], ReferenceMatches]:
        """Learn a new wording, and return the variants and, for a new wording, the reference matches."""
        if match.known is not None:
            self._search.touch(content)
            return match.known.variants, NOTHING
        if match.new is None:  # a message without words
            return (), NOTHING
        variants = self._search.learn(cluster, content, match, match.new)
        if self._match_references is None:
            return variants, NOTHING
        return variants, self._match_references(content, match.new.sketch, match.new.vector)

    def _merge(
        self,
        pair: tuple[Cluster, Cluster],
        method: Method,
        similarity: float | None,
        sighting: Sighting,
        out: list[Decision],
        *,
        same_post: bool = False,
    ) -> Cluster:
        survivor, absorbed = self._clusters.merge(*pair)
        self._search.absorb(survivor, absorbed)
        self.merged += 1
        out.append(
            Merge(
                survivor=survivor.id,
                absorbed=absorbed.id,
                time=sighting.time,
                method=method,
                event_id=sighting.event_id,
                similarity=similarity,
                same_post=same_post,
            )
        )
        return survivor

    def _forget(self, evicted: Sequence[Cluster]) -> None:
        self._search.forget(evicted)
        self.evicted += len(evicted)

    # --- state --------------------------------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """Return the state as bytes. Prepared vectors are not part of the state: they change no decision."""
        state = _State(
            self._clusters.snapshot(),
            *self._search.snapshot(),
            self._membership.snapshot(),
            self.methods,
            (self.unmatched, self.merged, self.evicted, self.created, self.revised),
            self.frames,
            self._posts.snapshot(),
        )
        return pack("clustering", _VERSION, state)

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot, with the same configuration and model."""
        state = unpack("clustering", _VERSION, _State, data, {1: _without_posts, 2: _without_posts})
        self._clusters.restore(state.clusters)
        self._search.restore((state.wordings, state.shared_keys, state.messages))
        self._membership.restore(state.actors)
        self.methods = state.methods
        self.unmatched, self.merged, self.evicted, self.created, self.revised = state.counts
        self._posts.restore(state.posts)
        self.frames = state.frames


def _references(sighting: Sighting) -> tuple[str, ...]:
    """Return the message, its parent and its root, each once; of a reply, the message alone: a reply has own words."""
    message, parent, root = sighting.message, sighting.parent, sighting.root
    refs: tuple[str, ...] = () if message is None else (message,)
    if sighting.kind is _REPLY or (parent is None and root is None):
        return refs
    if parent is not None:
        refs += (parent,)
    return refs if root is None or root == parent else (*refs, root)
