"""Recognises the parts of one post: an album arrives as one message for each picture, with the caption on one of them.

Counted one by one, an album of four pictures would be four rumours. A platform's album id (`group`) decides. Without
an id, the parts are recognised by behaviour: pictures of one sender in one chat within `album_ms`, of which exactly one
has words. Pictures without any words stay apart: a person may send several unrelated pictures at once.
"""

import msgspec

from detectors.clustering.config import ClusteringConfig
from detectors.clustering.lru import LruDict
from schemas.sighting import Sighting

_MAX_PARTS = 32  # parts before the caption that are remembered; no platform allows larger albums


class Part(msgspec.Struct, array_like=True, gc=False):
    """A part that came before the caption and counts as a share: its message, and its cluster at that time."""

    message: str
    cluster: str


class Album(msgspec.Struct, array_like=True):
    """A post so far."""

    time: int  # event time of the first part
    cluster: str
    message: str  # the message that counts as the share
    captioned: bool  # a part with words has come
    counted: list[Part]  # before the caption; empty afterwards


class AlbumsState(msgspec.Struct, array_like=True):
    """Open albums and known parts, least recent first."""

    albums: list[tuple[str, Album]]
    posts: list[tuple[str, str]]


class Albums:
    """The latest `max_albums` posts with pictures, and the messages that are further parts of them."""

    def __init__(self, config: ClusteringConfig) -> None:
        self._window = config.album_ms
        self._albums: LruDict[Album] = LruDict(config.max_albums)
        self._posts: LruDict[str] = LruDict(config.max_albums)  # further part -> message that counts

    def find(self, sighting: Sighting) -> Album | None:
        """Return the post that a sighting may be a further part of."""
        key = _key(sighting)
        album = None if key is None else self._albums.get(key)
        if album is None or sighting.group is not None:
            return album
        near = abs(sighting.time - album.time) <= self._window
        return album if self._window and near and not (album.captioned and sighting.content.fingerprint) else None

    def start(self, sighting: Sighting, cluster: str) -> None:
        """Remember a share that further parts may follow."""
        key, message = _key(sighting), sighting.message
        if key is None or message is None:
            return
        captioned = bool(sighting.content.fingerprint)
        counted = [] if captioned else [Part(message, cluster)]
        self._albums.put(key, Album(sighting.time, cluster, message, captioned, counted))

    def add_counted(self, album: Album, sighting: Sighting, cluster: str) -> None:
        """Add a part without words that counts as a share until a caption comes."""
        if sighting.message is not None and len(album.counted) < _MAX_PARTS:
            album.counted.append(Part(sighting.message, cluster))

    def add_part(self, album: Album, message: str | None) -> None:
        """Add a part that does not count as a share."""
        if message is not None and message != album.message:
            self._posts.put(message, album.message)

    def complete(self, album: Album, cluster: str, message: str, parts: list[Part]) -> None:
        """Record the caption: the cluster and the counted message of the whole post, and the parts counted with it."""
        for part in parts:
            self._posts.put(part.message, message)
        album.cluster, album.message, album.captioned, album.counted = cluster, message, True, []

    def resolve(self, sighting: Sighting) -> Sighting:
        """Return a sighting that refers to the counted messages of posts in place of their further parts."""
        posts = self._posts
        if not posts:
            return sighting
        root, parent = posts.get(sighting.root or ""), posts.get(sighting.parent or "")
        if root is None and parent is None:
            return sighting
        return msgspec.structs.replace(sighting, root=root or sighting.root, parent=parent or sighting.parent)

    def about_post(self, sighting: Sighting) -> Sighting:
        """Return a statement about a further part as a statement about the post."""
        post = self._posts.get(sighting.message or "")
        return sighting if post is None else msgspec.structs.replace(sighting, message=post)

    def snapshot(self) -> AlbumsState:
        """Return the state."""
        return AlbumsState(self._albums.snapshot(), self._posts.snapshot())

    def restore(self, state: AlbumsState) -> None:
        """Continue from a snapshot."""
        self._albums.restore(state.albums)
        self._posts.restore(state.posts)


def _key(sighting: Sighting) -> str | None:
    """Return the key of the post: the platform's album, or else the sender's pictures in a chat."""
    if sighting.group is not None:
        return sighting.group
    if not sighting.media or sighting.chat is None:
        return None
    return f"{sighting.kind} {sighting.actor or ''} {sighting.chat}"


__all__ = ["Album", "Albums", "AlbumsState", "Part"]
