"""What a replay reads: one source or several in one, with marks for the partitions there are and when each ends.

In live operation no partition runs ahead of another, because the watermark is the least of all. A replay of several
files, or of a topic, has the same watermark if it knows of a partition before its first event and after its last.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from schemas.rejection import Reason
from schemas.sighting import Position
from streams.errors import UserError


class SourceError(UserError):
    """A source that cannot be read at all. The message says rule, what came, where, and what to try."""


class UnreadableRecord(msgspec.Struct, frozen=True):
    """What a source could not hand over as an event."""

    reason: Reason
    detail: str
    position: Position
    size: int
    sha256: str
    raw: bytes | None = None  # absent where it was too large to hold


Record = tuple[bytes, Position] | UnreadableRecord


class RecordReader(Protocol):
    """An open source: iterate it once, then ask what was read."""

    name: str
    format: str
    total: int | None  # bytes as stored, so compressed, or records of a topic; None where nobody knows

    def __iter__(self) -> Iterator[Record]:
        """Every event with its position, in the source's order."""
        ...

    @property
    def done(self) -> int:
        """How much of `total` has been read."""
        ...

    def sha256(self) -> str | None:
        """Digest of the whole source as stored, reading on to its end if need be; None where it has none."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def too_large(position: Position, size: int, sha256: str, bound: int) -> UnreadableRecord:
    """What becomes of an event beyond the bound."""
    return UnreadableRecord(
        Reason.TOO_LARGE, f"an event must have at most {bound} bytes; got {size}", position, size, sha256
    )


def printable(name: str) -> str:
    """A file's name as UTF-8, which a name on disk need not be."""
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
    return SourceError(f"a source must be readable; got {error.strerror} for {path}; check its name and rights")


def sha256_of(path: str) -> str:
    """Digest of a file's bytes.

    Raises:
        SourceError: it cannot be read.

    """
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from None


class PartitionsAssigned(msgspec.Struct, frozen=True):
    """The partitions that a feed is about to give: none of them may be forgotten until it has spoken or ended."""

    partitions: tuple[int, ...]


class EndOfPartition(msgspec.Struct, frozen=True):
    """One partition of a feed has come to its end: nobody waits for it any more."""

    partition: int


ControlEvent = PartitionsAssigned | EndOfPartition


class SourceReader(Protocol):
    """What a replay reads: a source, or several in one with marks between their records. Iterate it once, then ask."""

    name: str
    format: str
    total: int | None

    def __iter__(self) -> Iterator[Record | ControlEvent]:
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
