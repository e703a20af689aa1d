"""Recognises frames: one text that apps or habits write over different addresses, pictures or numbers.

"Check out this article" over sixty articles is sixty messages, and "I scored 218 points" is no rumour. Lists of
such texts are never complete, hence the rule looks at the behaviour: most of the latest shares of a short text have a
value of their own. A rumour's copies repeat their address, picture and numbers, so a rumour that was taken for a frame
stops to be one as soon as it is copied.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from detectors.clustering.clusters import Cluster, Variety
from detectors.clustering.config import ClusteringConfig
from detectors.clustering.keys.shared_keys import SharedKey
from detectors.text.content_urls import host, names_content
from schemas.assignment import Frame, Method
from schemas.sighting import TextContent

# Looking a member up in its enumeration takes longer than the rest of a comparison.
_URL = Method.URL
_ADDRESSES, _MEDIA, _NUMBERS = Frame.ADDRESSES, Frame.MEDIA, Frame.NUMBERS
_A_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_MOSTLY = 0.5  # least part of the latest shares with an address for a caption
_KEPT = 0.5  # part of `frame_share` under which a text is no frame any more


class FrameDetector:
    """Follows the values of the shares of each cluster. A share costs about 2 microseconds, 0.1 if it has no value."""

    def __init__(self, config: ClusteringConfig) -> None:
        self.max_words = config.caption_words or -1  # 0: not even a bare address is a caption
        self._short = config.short_text_words
        self._distinct = config.frame_distinct
        self._share = config.frame_share
        self._window = config.frame_window

    def update(self, words: Cluster, cluster: Cluster, content: TextContent, keys: Sequence[SharedKey]) -> None:
        """Add a share of a short text to the values of two clusters, often the same one.

        Args:
            words: the cluster with the words of the share, which may be a frame.
            cluster: the cluster of the share, which may be the caption of an address.
            content: the text of the share.
            keys: addresses and pictures of the share.

        """
        address = media = shape = numbers = ""
        if content.words <= self.max_words:
            shape, numbers = _shape(content.normal)
            if keys:
                address, media = _address_and_picture(keys)
        if words.variety is not None or address or media or numbers:
            self._add_to_words(words, (address, media, numbers), shape)
        if address or cluster.addresses:
            if not cluster.addresses:
                cluster.addresses = self._earlier(cluster)
            self._append(cluster.addresses, address)
            if address != cluster.address:
                cluster.address = _main_address(cluster.addresses)

    def _add_to_words(self, cluster: Cluster, values: tuple[str, str, str], shape: str) -> None:
        variety = cluster.variety
        if variety is None:
            earlier = self._earlier(cluster)
            variety = cluster.variety = Variety(earlier, earlier.copy(), earlier.copy(), shape)
        variety.shape = variety.shape or shape
        address, media, numbers = values
        is_new = self._append(variety.addresses, address)
        is_new |= self._append(variety.media, media)
        is_new |= self._append(variety.numbers, numbers if shape == variety.shape else "")
        if is_new or variety.frame is not None:
            variety.frame = self._frame(variety)

    def _earlier(self, cluster: Cluster) -> list[str]:
        """Return empty values for the shares of a cluster before its newest share."""
        return [""] * (min(cluster.shares, self._window) - 1)

    def _append(self, latest: list[str], value: str) -> bool:
        """Append the value of a share; return True if none of the latest shares has this value."""
        is_new = bool(value) and value not in latest
        latest.append(value)
        if len(latest) > self._window:
            del latest[0]
        return is_new

    def telling(self, cluster: Cluster, content: TextContent, keys: Sequence[SharedKey]) -> Sequence[SharedKey]:
        """Return the keys of a share that outweigh equal words: the share belongs to the cluster of such a key.

        These are the addresses or pictures of a frame, and the address of a caption: a short text whose latest shares
        mostly have an address. A caption of up to `short_text_words` words fits any address, a longer one may be the
        headline of one story at many publishers; only another address of the same host shows another story.
        """
        frame = cluster.frame
        if content.words > self.max_words or (frame is None and not cluster.address):
            return ()
        if frame is None and any(key == cluster.address for _, key in keys):
            return ()
        if frame is _MEDIA:
            return [key for key in keys if key[0] is not _URL]
        addresses = [key for key in keys if key[0] is _URL and names_content(key[1][1:])]
        if not addresses or frame is not None:
            return addresses if frame is _ADDRESSES else ()
        if content.words > self._short:
            hosts = {host(address) for address in set(cluster.addresses)}
            return [key for key in addresses if host(key[1]) in hosts]
        return addresses

    def _frame(self, variety: Variety) -> Frame | None:
        before = variety.frame
        if self._differ(variety.addresses, is_frame=before is _ADDRESSES) and _of_few_hosts(variety.addresses):
            return _ADDRESSES
        if self._differ(variety.media, is_frame=before is _MEDIA):
            return _MEDIA
        return _NUMBERS if self._differ(variety.numbers, is_frame=before is _NUMBERS) else None

    def _differ(self, latest: Sequence[str], *, is_frame: bool) -> bool:
        """Return True if enough of the latest shares have a value that no other of these shares has."""
        if len(set(latest)) < self._distinct:  # cheap, and true for nearly every rumour
            return False
        own = sum(1 for value, shares in Counter(latest).items() if shares == 1 and value)
        return own >= max(self._distinct, len(latest) * (self._share * _KEPT if is_frame else self._share))


def _address_and_picture(keys: Sequence[SharedKey]) -> tuple[str, str]:
    """Return the first address that names content, and the first picture, by its perceptual hash if there is one."""
    address = next((key for method, key in keys if method is _URL and names_content(key[1:])), "")
    return address, min((key for method, key in keys if method is not _URL), default="")


def _main_address(latest: Sequence[str]) -> str:
    """Return the most frequent address if most of the latest shares have an address; on equal counts, the first."""
    counts = Counter(latest)
    without = counts.pop("", 0)
    return counts.most_common(1)[0][0] if len(latest) - without >= _MOSTLY * len(latest) else ""


def _of_few_hosts(latest: Sequence[str]) -> bool:
    """Return True if the addresses are of one app or a few platforms, and not one story at many publishers."""
    addresses = set(latest) - {""}
    return 2 * len({host(address) for address in addresses}) <= len(addresses)


@lru_cache(maxsize=65_536)
def _shape(normal: str) -> tuple[str, str]:
    """Return a text with each number replaced, and its numbers; both empty for a text without a number."""
    numbers = _A_NUMBER.findall(normal)
    return (_A_NUMBER.sub("0", normal), " ".join(numbers)) if numbers else ("", "")
