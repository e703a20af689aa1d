"""What a replay reads: one source or several in one, with marks for the partitions there are and when each ends.

In live operation no partition runs ahead of another, because the watermark is the least of all. A replay of several
files, or of a topic, has the same watermark if it knows of a partition before its first event and after its last.
"""

from collections.abc import Iterator
from typing import Protocol

import msgspec

from streams.sources import Record


class Begun(msgspec.Struct, frozen=True):
    """The partitions that a feed is about to give: none of them may be forgotten until it has spoken or ended."""

    partitions: tuple[int, ...]


class Ended(msgspec.Struct, frozen=True):
    """One partition of a feed has come to its end: nobody waits for it any more."""

    partition: int


Mark = Begun | Ended


class Feed(Protocol):
    """What a replay reads: a source, or several in one with marks between their records. Iterate it once, then ask."""

    name: str
    format: str
    total: int | None

    def __iter__(self) -> Iterator[Record | Mark]:
        """Every event with its position."""
        ...

    @property
    def done(self) -> int:
        """How much of `total` has been read."""
        ...

    def sha256(self) -> str | None:
        """Digest of the whole, reading on to its end if need be; None where it has none."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


__all__ = ["Begun", "Ended", "Feed", "Mark"]
