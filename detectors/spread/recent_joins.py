"""Count the sharers who joined in the last window and in the window before, for an alert's comparison.

A reviewer can judge "27 joined in the last 30 minutes, 6 in the 30 minutes before"; a rate is harder to judge.
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

    Counts are exact at the granularity of buckets: a window consists of `window_ms / bucket_ms` buckets, the last of
    which contains the window's end, so its beginning misses less than one bucket. An update is O(1) amortised. Memory:
    non-empty buckets of at most four windows. Use a growth detector for a rate that decays.

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
        """Count a join, or subtract a join for a negative weight; ignore a join before the last two windows."""
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
        """Return the joins in the window up to `time`, and in the window before; O(buckets)."""
        last, span = time // self._bucket_ms, self._span
        return self._sum(last - span, last), self._sum(last - 2 * span, last - span)

    def merge(self, other: "WindowCounter") -> None:
        """Add the joins of a merged cluster; the caller subtracts the joins counted by both."""
        self._newest = max(self._newest, other._newest) if self._buckets else other._newest
        for bucket, weight in other._buckets.items():
            self._buckets[bucket] = self._buckets.get(bucket, 0.0) + weight
        self._prune()

    def snapshot(self) -> bytes:
        """Return the whole state."""
        return pack("recent", 1, _State(self._newest, list(self._buckets.items())))

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot of an object with the same configuration.

        Raises:
            SnapshotError: `data` is not such a snapshot, or has another version.
        """
        state = unpack("recent", 1, _State, data)
        self._newest, self._buckets = state.newest, dict(state.buckets)

    def _sum(self, after: int, last: int) -> float:
        get = self._buckets.get
        return max(math.fsum([get(bucket, 0.0) for bucket in range(after + 1, last + 1)]), 0.0)

    def _prune(self) -> None:
        oldest = self._newest - 2 * self._span
        self._buckets = {bucket: weight for bucket, weight in self._buckets.items() if bucket > oldest}
