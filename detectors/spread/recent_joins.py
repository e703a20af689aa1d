"""How many sharers joined in the last window, and in the one before it: an alert's comparison cell.

"27 joined in the last 30 minutes, 6 in the 30 before" is what a person can judge; a rate is not.
"""

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from detectors.base_config import BaseConfig
from detectors.snapshot import pack, unpack


class WindowConfig(BaseConfig, frozen=True, kw_only=True):
    """Length of the two windows that an alert compares, and of the buckets in a window. Durations in ms."""

    window_ms: Annotated[
        int,
        Meta(ge=1, description="Length of each of the two consecutive windows whose new sharers an alert compares."),
    ] = 1_800_000
    bucket_ms: Annotated[
        int, Meta(ge=1, description="Resolution at which new sharers are counted; divides recent.window_ms.")
    ] = 60_000

    def __post_init__(self) -> None:
        """Check that a window is a whole number of buckets."""
        super().__post_init__()
        if self.window_ms % self.bucket_ms:
            raise ValueError(
                f"recent.window_ms is {self.window_ms}, not a multiple of recent.bucket_ms ({self.bucket_ms}); "
                "try 1800000 and 60000"
            )


class _State(msgspec.Struct, array_like=True):
    newest: int
    buckets: list[tuple[int, float]]


class WindowCounter:
    """Weighted first shares by bucket of event time, over the last two windows.

    Exact at the buckets' granularity: the window that ends at a time is the bucket of that time and those before it,
    `window_ms / bucket_ms` in all, so it misses less than one bucket at its beginning. An update is O(1) amortised.
    Memory: only buckets in which somebody joined, at most four windows of them. Use `Growth` for a rate that forgets.

    >>> joins = WindowCounter(WindowConfig(window_ms=120_000, bucket_ms=60_000))
    >>> for minute in (0, 1, 2, 3, 3):
    ...     joins.add(minute * 60_000, 1.0)
    >>> joins.counts(3 * 60_000)
    (3.0, 2.0)
    """

    __slots__ = ("_bucket_ms", "_buckets", "_newest", "_span")

    def __init__(self, config: WindowConfig | None = None) -> None:
        config = config or WindowConfig()
        self._bucket_ms = config.bucket_ms
        self._span = config.window_ms // config.bucket_ms
        self._buckets: dict[int, float] = {}
        self._newest = 0

    def add(self, time: int, weight: float) -> None:
        """Somebody joined; a negative weight takes a join back. What is older than two windows is left out."""
        bucket = time // self._bucket_ms
        buckets = self._buckets
        if bucket in buckets:
            buckets[bucket] += weight
            return
        if not buckets or bucket > self._newest:
            self._newest = bucket
        elif bucket <= self._newest - 2 * self._span:
            return
        buckets[bucket] = weight
        if len(buckets) > 4 * self._span:
            self._prune()

    def counts(self, time: int) -> tuple[float, float]:
        """Joined in the window that ends at `time`, and in the one before it; O(buckets)."""
        last, span = time // self._bucket_ms, self._span
        return self._sum(last - span, last), self._sum(last - 2 * span, last - span)

    def merge(self, other: "WindowCounter") -> None:
        """Add the joins of a merged cluster; the caller takes back those that both had counted."""
        self._newest = max(self._newest, other._newest) if self._buckets else other._newest
        for bucket, weight in other._buckets.items():
            self._buckets[bucket] = self._buckets.get(bucket, 0.0) + weight
        self._prune()

    def snapshot(self) -> bytes:
        """The whole state."""
        return pack("recent", 1, _State(self._newest, list(self._buckets.items())))

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot of an object with the same configuration."""
        state = unpack("recent", 1, _State, data)
        self._newest, self._buckets = state.newest, dict(state.buckets)

    def _sum(self, after: int, last: int) -> float:
        get = self._buckets.get
        return max(math.fsum([get(bucket, 0.0) for bucket in range(after + 1, last + 1)]), 0.0)

    def _prune(self) -> None:
        oldest = self._newest - 2 * self._span
        self._buckets = {bucket: weight for bucket, weight in self._buckets.items() if bucket > oldest}
