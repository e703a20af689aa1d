"""Addresses and pictures that identify what a message is about, and the clusters that they were seen in.

A shared link or picture is strong evidence beside a similar text, and the only evidence where there is no text.
PDQ picture hashes and their distance of 31 bits: github.com/facebook/ThreatExchange, hashing/hashing.pdf.
"""

from collections.abc import Callable
from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.clustering.config import ClusteringConfig
from detectors.clustering.lru import LruDict
from detectors.text.urls import identifying
from schemas.assignment import Method
from schemas.sighting import Sighting

SharedKey = tuple[Method, str]


class SharedKeysState(msgspec.Struct, array_like=True):
    """Marks least recently used first, pictures in their places."""

    clusters: list[tuple[str, list[str]]]
    pictures: list[str]
    next_picture: int


class MediaIndex:
    """The last perceptual hashes that looked new; a picture within `pdq_distance` of one of them is that one.

    A look-up compares with all of them: 15 microseconds at 4,096.
    """

    def __init__(self, config: ClusteringConfig) -> None:
        self._distance = config.pdq_distance
        self._bound = config.max_pictures
        self._bits: NDArray[np.uint64] = np.zeros((config.max_pictures, 4), dtype=np.uint64)
        self.hashes: list[str] = []
        self.next = 0  # the place that is overwritten next, once all are taken

    def find(self, pdq: str) -> str | None:
        """Give the known hash nearest to this one, of equals the one in the first place; None where none is near."""
        if not self.hashes:
            return None
        apart = np.bitwise_count(self._bits[: len(self.hashes)] ^ _bits(pdq)).sum(axis=1)
        nearest = int(apart.argmin())
        return self.hashes[nearest] if apart[nearest] <= self._distance else None

    def add(self, pdq: str) -> None:
        """Remember a hash in place of the oldest."""
        if len(self.hashes) < self._bound:
            self.hashes.append(pdq)
            self._bits[len(self.hashes) - 1] = _bits(pdq)
            return
        self.hashes[self.next] = pdq
        self._bits[self.next] = _bits(pdq)
        self.next = (self.next + 1) % self._bound

    def fill(self, hashes: list[str], next_: int) -> None:
        """Take saved hashes in their places."""
        self.hashes, self.next = list(hashes), next_
        for place, pdq in enumerate(hashes):
            self._bits[place] = _bits(pdq)


class SharedKeys:
    """Which living clusters each address and picture was seen in, earliest first."""

    def __init__(self, config: ClusteringConfig, living: Callable[[str], str | None]) -> None:
        """`living` gives the id under which a cluster lives on, or None."""
        self._clusters: LruDict[list[str]] = LruDict(config.max_shared_keys)
        self._config = config
        self._living = living
        self._pictures = MediaIndex(config)
        self._identifying = lru_cache(maxsize=65_536)(identifying)

    def of(self, sighting: Sighting) -> list[SharedKey]:
        """Give a sighting's marks, addresses before pictures; one that looks like a known picture has its mark."""
        most = self._config.shared_keys_per_share
        marks = [(Method.URL, "u" + url) for url in sighting.content.urls[:most] if self._identifying(url)]
        for media in sighting.media[:most]:
            marks.append((Method.MEDIA, "s" + media.sha256))
            if media.pdq is not None and (media.pdq_quality or 0) >= self._config.pdq_quality:
                marks.append((Method.MEDIA, self._picture(media.pdq)))
        return marks

    def clusters(self, mark: str) -> list[str]:
        """Give the ids of the living clusters with this mark."""
        living = (self._living(id_) for id_ in self._clusters.get(mark, ()))
        return list(dict.fromkeys(id_ for id_ in living if id_ is not None))

    def add(self, marks: list[SharedKey], cluster: str) -> None:
        """Note that a living cluster has these marks."""
        for _, mark in marks:
            known = self._clusters.get(mark)
            if known is None:
                self._clusters.put(mark, [cluster])
                if mark[0] == "p" and self._pictures.find(mark[1:]) is None:
                    self._pictures.add(mark[1:])
                continue
            self._clusters.move_to_end(mark)
            if cluster not in known:
                known[:] = [*self.clusters(mark), cluster]
                del known[self._config.clusters_per_shared_key :]

    def sweep(self, most: int) -> None:
        """Drop up to `most` of the least recent marks, as long as no living cluster has them."""
        self._clusters.sweep(lambda ids: all(self._living(id_) is None for id_ in ids), most)

    def state(self) -> SharedKeysState:
        """Give the state for a snapshot."""
        return SharedKeysState(list(self._clusters.items()), self._pictures.hashes, self._pictures.next)

    def resume(self, state: SharedKeysState) -> None:
        """Take up where `state` was taken."""
        self._clusters.fill(state.clusters)
        self._pictures.fill(state.pictures, state.next_picture)

    def _picture(self, pdq: str) -> str:
        if "p" + pdq in self._clusters:
            return "p" + pdq
        return "p" + (self._pictures.find(pdq) or pdq)


def _bits(pdq: str) -> NDArray[np.uint64]:
    return np.frombuffer(bytes.fromhex(pdq), dtype=np.uint64)
