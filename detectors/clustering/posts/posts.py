"""Decides which sightings add to a post that counts already, and which message of a post counts.

An edit or a further picture counted as a share of its own would inflate a rumour, and would merge two rumours through
the message that both texts have in common (docs/adr/0026-identity-of-messages.md).
"""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from detectors.clustering.clusters import Cluster, Clusters
from detectors.clustering.config import ClusteringConfig
from detectors.clustering.keys.shared_keys import SharedKey
from detectors.clustering.posts.albums import Album, Albums, AlbumsState, Part
from detectors.clustering.posts.message_texts import MessageText, MessageTexts
from detectors.clustering.search import CandidateSearch
from schemas.event import Kind
from schemas.sighting import SPREADING, Sighting

# Looking a member up in its enumeration takes longer than the rest of a comparison.
_QUOTE, _EDIT = Kind.QUOTE, Kind.EDIT
_ABOUT_POSTS = frozenset({Kind.COUNTER, Kind.REPORT})


class Addition(msgspec.Struct, frozen=True):
    """A sighting without a share: the cluster of its post, None if forgotten, and True for new words of the post."""

    cluster: Cluster | None
    rewords: bool = False


class Completed(msgspec.Struct, frozen=True):
    """A post whose caption has come: its cluster, the surplus shares, and True if one of its parts counts already."""

    cluster: Cluster
    surplus: list[Part]
    counted: bool


class PostsState(msgspec.Struct, array_like=True):
    """Texts of messages, and albums."""

    texts: list[tuple[str, MessageText]]
    albums: AlbumsState


class Posts:
    """Texts of the latest messages, and the latest albums.

    A message without pictures costs about a microsecond. An edit changes no index, so it is no bridge between clusters.
    Memory is bounded by `max_message_texts` and `max_albums`.
    """

    def __init__(self, config: ClusteringConfig, clusters: Clusters, search: CandidateSearch) -> None:
        self._clusters = clusters
        self._search = search
        self._texts = MessageTexts(config.max_message_texts)
        self._albums = Albums(config)

    def resolve(self, sighting: Sighting) -> Sighting:
        """Return a sighting in terms of counted messages.

        The first edit seen of an unknown message counts as a post. References to further parts of an album, and
        counters and reports about them, refer to the message that counts.
        """
        if sighting.kind is _EDIT and sighting.message not in self._texts:
            return msgspec.structs.replace(sighting, kind=Kind.POST)
        if sighting.kind in _ABOUT_POSTS:
            return self._albums.about_post(sighting)
        return self._albums.resolve(sighting)

    def find_addition(
        self, sighting: Sighting, keys: Sequence[SharedKey], references: tuple[str, ...]
    ) -> Addition | None:
        """Record a sighting that adds no share to its post: an edit or a further part; None for any other sighting."""
        known = self._texts.revised_by(sighting)
        if known is not None:
            cluster = self._cluster_of(sighting.message)
            self._texts.add(sighting, counts=known.counts)
            return Addition(cluster, known.counts and self._is_reworded(sighting, cluster))
        album = self.open_album(sighting)
        cluster = None if album is None else self._clusters.get(album.cluster)
        if album is None or cluster is None or not self._is_further_part(album, sighting, keys, references):
            return None
        self._search.add(cluster, keys, tuple(ref for ref in references if self._cluster_of(ref) is None))
        self._texts.add(sighting)
        self._albums.add_part(album, sighting.message)
        return Addition(cluster, self._is_reworded(sighting, cluster))

    def is_addition(self, sighting: Sighting) -> bool:
        """Return True if a sighting is an edit or a part of a known album; records nothing."""
        in_album = sighting.group is not None and sighting.kind in SPREADING and self.open_album(sighting) is not None
        return in_album or self._texts.revised_by(sighting) is not None

    def is_comment(self, sighting: Sighting, cluster: Cluster) -> bool:
        """Return True for a quote with words of its own, unless the words repeat a wording of the quoted cluster."""
        if sighting.kind is not _QUOTE or (sighting.parent is None and sighting.root is None):
            return False
        return bool(sighting.content.fingerprint) and self._search.home(sighting.content) is not cluster

    def add(self, sighting: Sighting, cluster: Cluster, *, counts: bool) -> None:
        """Record a share or, with `counts` false, a comment."""
        self._texts.add(sighting, counts=counts)
        if not counts:
            return
        album = self.open_album(sighting)
        if album is None:
            self._albums.start(sighting, cluster.id)
        elif not album.captioned:
            self._albums.add_counted(album, sighting, cluster.id)

    def open_album(self, sighting: Sighting) -> Album | None:
        """Return the post that a sighting may be a part of, if the cluster of the post is known."""
        album = self._albums.find(sighting) if sighting.media or sighting.group is not None else None
        return None if album is None or self._clusters.get(album.cluster) is None else album

    def lone_clusters(self, album: Album) -> Iterator[Cluster]:
        """Yield the clusters that consist of a counted part alone."""
        for part in album.counted:
            cluster = self._clusters.get(part.cluster)
            if cluster is not None and not cluster.grown:
                yield cluster

    def complete(
        self, album: Album, cluster: Cluster, sighting: Sighting, merge: Callable[[Cluster, Cluster], Cluster]
    ) -> Completed:
        """Gather the parts before the caption in the caption's cluster, and keep one share of the post.

        A part that joined another rumour by its picture is surplus if the platform's album id proves that the part is
        no share of that rumour.

        Args:
            album: the post, without a caption so far.
            cluster: of the caption.
            sighting: the caption.
            merge: merges two clusters and returns the survivor.
        """
        for other in list(self.lone_clusters(album)):
            if other is not cluster:
                cluster = merge(cluster, other)
        here = [part for part in album.counted if self._clusters.resolve(part.cluster) == cluster.id]
        elsewhere = [part for part in album.counted if part not in here]
        surplus = here[1:] if sighting.group is None else [*here[1:], *elsewhere]
        message = here[0].message if here else sighting.message or ""
        self._texts.add(sighting)
        self._albums.complete(album, cluster.id, message, surplus)
        self._albums.add_part(album, sighting.message)
        return Completed(cluster, surplus, bool(here))

    def snapshot(self) -> PostsState:
        """Return the state."""
        return PostsState(self._texts.snapshot(), self._albums.snapshot())

    def restore(self, state: PostsState) -> None:
        """Continue from a snapshot."""
        self._texts.restore(state.texts)
        self._albums.restore(state.albums)

    def _cluster_of(self, message: str | None) -> Cluster | None:
        return None if message is None else next(iter(self._search.linked((message,))), None)

    def _is_reworded(self, sighting: Sighting, cluster: Cluster | None) -> bool:
        """Return True for words that are no known wording of another rumour."""
        home = self._search.home(sighting.content)
        return bool(sighting.content.fingerprint) and (home is None or home is cluster)

    def _is_further_part(
        self, album: Album, sighting: Sighting, keys: Sequence[SharedKey], references: tuple[str, ...]
    ) -> bool:
        """Return True if a part adds no share.

        Without an album id, a picture that already spreads as another rumour is a share of that rumour.
        """
        if sighting.group is not None:
            return album.captioned or not sighting.content.fingerprint
        if not album.captioned:
            return False
        post = self._clusters.get(album.cluster)
        found = [*self._search.linked(references), self._search.find(sighting, keys).cluster]
        return all(cluster is None or cluster is post or not cluster.grown for cluster in found)


__all__ = ["Addition", "Completed", "Posts", "PostsState"]
