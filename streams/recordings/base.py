"""Contract of recorded sources: events with positions, records without an event, and control events about partitions.

Live, no partition runs ahead of another, because the watermark is the minimum over all partitions. A replay of several
files, or of a topic, reaches the same watermark if each partition is announced before its first event and ends with a
control event after its last.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from schemas.rejection import Reason
from schemas.sighting import Position, RawEvent
from streams.errors import UserError

HEAD_BYTES = 1 << 13
"""Bytes kept of a record that is too large to hold."""


class SourceError(UserError):
    """A source that cannot be read at all; the message gives problem, path and remedy."""


class UnreadableRecord(msgspec.Struct, frozen=True):
    """A part of a source that is no event: a line beyond the bound, or the rest of a damaged file."""

    reason: Reason
    detail: str
    position: Position
    size: int
    sha256: str
    raw: bytes | None = None  # None: too large to hold
    head: bytes = b""  # the first bytes of a record that is too large to hold


class Tombstone(msgspec.Struct, frozen=True):
    """A record without a value, which marks a key as deleted in a compacted topic: counted, and no event."""

    position: Position


class PartitionsAssigned(msgspec.Struct, frozen=True):
    """Control event at the start: the watermark waits for these partitions until each has an event or ends."""

    partitions: tuple[int, ...]


class EndOfPartition(msgspec.Struct, frozen=True):
    """Control event after the last record of a partition: the watermark no longer waits for the partition."""

    partition: int


Record = RawEvent | UnreadableRecord | Tombstone
ControlEvent = PartitionsAssigned | EndOfPartition


class SourceReader(Protocol):
    """An open source of one or several partitions. Iterate once; the other members hold after the iteration too."""

    name: str
    format: str
    total: int | None  # bytes as stored (compressed), or records of a topic; None if unknown

    def __iter__(self) -> Iterator[Record | ControlEvent]:
        """Yield each record with its position, in the order of the source, and control events."""
        ...

    @property
    def topic(self) -> str | None:
        """The name of the topic that the records come from; None for a file of events."""
        ...

    @property
    def done(self) -> int:
        """The part of `total` read so far."""
        ...

    def sha256(self) -> str | None:
        """Return the digest of the whole source as stored, after reading any rest; None if there is no digest."""
        ...

    def close(self) -> None:
        """Close the files or the connection."""
        ...


def too_large(position: Position, size: int, sha256: str, bound: int, head: bytes = b"") -> UnreadableRecord:
    """Return the record of an event of `size` bytes, more than `bound`; `head` are its first bytes."""
    detail = f"an event must have at most {bound} bytes; got {size}"
    return UnreadableRecord(Reason.TOO_LARGE, detail, position, size, sha256, head=head[:HEAD_BYTES])


def printable(name: str) -> str:
    """Return a file name as valid UTF-8; a name on disk may hold other bytes."""
    return name.encode("utf-8", "backslashreplace").decode()


def check_exists(path: str) -> None:
    """Refuse a path where there is no file or folder.

    Raises:
        SourceError: the path does not exist.

    """
    try:
        Path(path).stat()
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: str, error: OSError) -> SourceError:
    """Return the error for a source that cannot be opened."""
    return SourceError(f"cannot read {path}: {error.strerror}; check the path and its permissions")


def sha256_of(path: str) -> str:
    """Return the digest of a file's bytes.

    Raises:
        SourceError: the file cannot be read.

    """
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from None


def combine_digests(digests: Iterable[str]) -> str:
    """Return one digest for several files, from their digests in order."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
