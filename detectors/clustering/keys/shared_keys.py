"""Indexes the living clusters by shared keys: addresses and pictures that identify the subject of a message.

A shared key is strong evidence together with a similar text, and the only evidence for a message without text.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec

from detectors.clustering.config import ClusteringConfig
from detectors.clustering.keys.media_index import MediaIndex
from detectors.clustering.lru import LruDict
from detectors.text.content_urls import identifying_address
from schemas.assignment import Method
from schemas.sighting import Sighting

SharedKey = tuple[Method, str]
"""URL or MEDIA, and the key: `u` and an address, `s` and a SHA-256, or `p` and a PDQ hash."""


class SharedKeysState(msgspec.Struct, array_like=True):
    """Keys with their clusters, least recently used first; picture hashes by position."""

    clusters: list[tuple[str, list[str]]]
    pictures: list[str]
    next_picture: int


class SharedKeys:
    """The living clusters of each address and picture, earliest first."""

    def __init__(self, config: ClusteringConfig, living: Callable[[str], str | None]) -> None:
        """Create an empty index; `living` maps the id of a cluster to the surviving id, or to None."""
        self._clusters: LruDict[list[str]] = LruDict(config.max_shared_keys)
        self._config = config
        self._living = living
        self._pictures = MediaIndex(config)
        self._address = lru_cache(maxsize=65_536)(identifying_address)

    def of(self, sighting: Sighting) -> list[SharedKey]:
        """Return the shared keys of a sighting, addresses before pictures; similar pictures have the same key."""
        limit = self._config.shared_keys_per_share
        addresses = map(self._address, sighting.content.urls[:limit])
        keys = [(Method.URL, "u" + address) for address in addresses if address]
        for media in sighting.media[:limit]:
            keys.append((Method.MEDIA, "s" + media.sha256))
            if media.pdq is not None and (media.pdq_quality or 0) >= self._config.pdq_quality:
                keys.append((Method.MEDIA, self._picture(media.pdq)))
        return keys

    def clusters(self, key: str) -> list[str]:
        """Return the ids of the living clusters with a key, earliest first."""
        living = (self._living(id_) for id_ in self._clusters.get(key, ()))
        return list(dict.fromkeys(id_ for id_ in living if id_ is not None))

    def has_several(self, key: str) -> bool:
        """Return False if no more than one cluster has a key; cheaper than `clusters`."""
        return len(self._clusters.get(key, ())) > 1

    def is_stock(self, key: str) -> bool:
        """Return True for a picture under so many texts that an equal picture is no evidence: a stock photo."""
        return key[0] != "u" and len(self.clusters(key)) >= self._config.clusters_per_shared_key

    def add(self, keys: Sequence[SharedKey], cluster: str) -> None:
        """Record the keys of a share under the id of a living cluster; a full key keeps its first and latest ones."""
        for _, key in keys:
            known = self._clusters.get(key)
            if known is None:
                self._clusters.put(key, [cluster])
                if key[0] == "p" and self._pictures.find(key[1:]) is None:
                    self._pictures.add(key[1:])
                continue
            self._clusters.move_to_end(key)
            if cluster not in known:
                known[:] = [*self.clusters(key), cluster]
                del known[1 : 1 + max(0, len(known) - self._config.clusters_per_shared_key)]

    def sweep(self, limit: int) -> None:
        """Drop up to `limit` keys, least recent first, and stop at the first key of a living cluster."""
        self._clusters.sweep(lambda ids: all(self._living(id_) is None for id_ in ids), limit)

    def snapshot(self) -> SharedKeysState:
        """Return the state."""
        return SharedKeysState(self._clusters.snapshot(), *self._pictures.snapshot())

    def restore(self, state: SharedKeysState) -> None:
        """Continue from a snapshot."""
        self._clusters.restore(state.clusters)
        self._pictures.restore(state.pictures, state.next_picture)

    def _picture(self, pdq: str) -> str:
        if "p" + pdq in self._clusters:
            return "p" + pdq
        return "p" + (self._pictures.find(pdq) or pdq)
