"""Reads recorded events from a file or standard input: JSON Lines (plain, gzip, zstd) and Parquet.

A source hands over raw bytes with their position and judges nothing that intake can judge. What it cannot hand over
(a line beyond the bound, the rest of a file that is cut off) becomes an `UnreadableRecord`; only a source that cannot
be read at all is an error. Memory is bounded by the longest event allowed, whatever the file. The format is recognised
by the first bytes, not by the name. gzip: RFC 1952, DOI 10.17487/RFC1952; zstd: RFC 8878, DOI 10.17487/RFC8878.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec
import zstandard

from schemas.rejection import Reason
from schemas.sighting import Position
from streams.recordings.base import Record, SourceError, UnreadableRecord, too_large

_CHUNK = 1 << 18
_GZIP_STEP = 1 << 14  # of compressed bytes; deflate gives at most 1032 times as many, so 16 MiB
_ZSTD_STEP = 1 << 10  # 4 bytes can stand for 128 KiB, so 32 MiB
_BOM = b"\xef\xbb\xbf"


class Readable(Protocol):
    """A file or a pipe."""

    def read1(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class _Cut(Exception):  # noqa: N818 - the expected end of a damaged file, caught where its lines are read
    """Compressed data that ends early or is damaged."""


class HashedStream:
    """A byte stream that counts and digests what is read from it."""

    def __init__(self, stream: Readable, *, endless: bool) -> None:
        self._stream = stream
        self._endless = endless
        self._digest = hashlib.sha256()
        self._ended = False
        self.done = 0

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; fewer do not mean the end, none do."""
        try:
            data = self._stream.read1(size)
        except OSError as error:
            self._endless = True
            raise _Cut(f"a source must be readable to its end; got {error.strerror}") from None
        self._digest.update(data)
        self.done += len(data)
        self._ended = self._ended or not data
        return data

    def sha256(self) -> str | None:
        """Digest of everything; of a pipe only if its end was seen, because a pipe may have none."""
        while not (self._ended or self._endless):
            self.read(_CHUNK)
        return self._digest.hexdigest() if self._ended else None

    def close(self) -> None:
        """Let go of the stream."""
        if not self._endless:
            self._stream.close()


class _Inflate(Protocol):
    """What zlib and zstandard have in common."""

    @property
    def eof(self) -> bool:
        """Whether the member has ended."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What came after its end."""
        ...

    def decompress(self, data: bytes) -> bytes:
        """As much as those bytes give."""
        ...


def _inflated(stream: HashedStream, head: bytes, make: Callable[[], _Inflate], step: int) -> Iterator[bytes]:
    """Decompressed bytes of one compressed member after another.

    Raises:
        _Cut: the data ends within a member, or cannot be decompressed. All that came before it has been given.

    """
    inflate: _Inflate | None = None
    for data in _plain(stream, head):
        for start in range(0, len(data), step):
            piece = data[start : start + step]
            while piece:
                if inflate is None:
                    piece = piece.lstrip(b"\0")  # padding between and after members
                    inflate = make()
                try:
                    yield inflate.decompress(piece)
                except (zlib.error, zstandard.ZstdError) as error:
                    raise _Cut(f"compressed data must be whole; got a damaged part ({error})") from None
                piece, inflate = (inflate.unused_data, None) if inflate.eof else (b"", inflate if piece else None)
    if inflate is not None:
        raise _Cut("compressed data must be whole; got its end too early")


def _plain(stream: HashedStream, head: bytes) -> Iterator[bytes]:
    yield head
    while chunk := stream.read(_CHUNK):
        yield chunk


class _TooLong:
    """Keeps account of a line that is too long to keep."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.size = 0

    def add(self, part: bytes) -> None:
        """More of the line."""
        self._digest.update(part)
        self.size += len(part)

    def refused(self, position: Position, bound: int) -> UnreadableRecord:
        """The line's rejection, without the line."""
        return too_large(position, self.size, self._digest.hexdigest(), bound)


class JsonLinesReader:
    """JSON Lines, plain or compressed.

    Tolerated: a byte-order mark at the start, CRLF line ends, a last line without its end, and blank lines, which are
    no events. A position's offset is the line's number, counted from 0, blank lines among them.
    """

    def __init__(self, stream: HashedStream, head: bytes, name: str, total: int | None, max_bytes: int) -> None:
        self.name = name
        self.total = total
        self.format, self._chunks = _decoder(stream, head)
        self._stream = stream
        self._max = max_bytes
        self._line = 0
        self._rest = b""
        self._long: _TooLong | None = None

    @property
    def done(self) -> int:
        """As stored."""
        return self._stream.done

    def sha256(self) -> str | None:
        """Digest of the file as stored."""
        return self._stream.sha256()

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()

    def __iter__(self) -> Iterator[Record]:
        """Every line that is not blank."""
        try:
            for chunk in self._chunks:
                yield from self._lines(chunk)
        except _Cut as cut:
            yield self._truncated(str(cut))
            return
        if self._rest or self._long:
            yield from self._lines(b"\n")

    def _lines(self, chunk: bytes) -> Iterator[Record]:
        lines = chunk.split(b"\n")
        last = lines.pop()
        if lines:
            lines[0] = self._rest + lines[0]
            if self._long is not None:
                yield self._end_of_long(lines.pop(0))
            for line in lines:
                record = self._one(line)
                self._line += 1
                if record is not None:
                    yield record
            self._rest = b""
        self._keep(last)

    def _keep(self, part: bytes) -> None:
        if self._long is None and len(self._rest) + len(part) > self._max + len(_BOM) + 1:  # a mark and a CR are free
            self._long = _TooLong()
        if self._long is None:
            self._rest += part
        else:
            self._long.add(self._rest + part)
            self._rest = b""

    def _end_of_long(self, part: bytes) -> UnreadableRecord:
        long, self._long = self._long, None
        assert long is not None  # noqa: S101 - the caller asked
        long.add(part)
        refused = long.refused(self._here(), self._max)
        self._line += 1
        return refused

    def _one(self, line: bytes) -> Record | None:
        event = line[:-1] if line.endswith(b"\r") else line
        if self._line == 0:
            event = event.removeprefix(_BOM)
        if len(event) > self._max:
            return too_large(self._here(), len(line), hashlib.sha256(line).hexdigest(), self._max)
        return (event, Position(self.name, 0, self._line)) if event and not event.isspace() else None

    def _truncated(self, detail: str) -> UnreadableRecord:
        if self._long is not None:
            refused = self._long.refused(self._here(), self._max)
            return msgspec.structs.replace(refused, reason=Reason.SOURCE_TRUNCATED, detail=detail)
        rest = self._rest
        digest = hashlib.sha256(rest).hexdigest()
        return UnreadableRecord(Reason.SOURCE_TRUNCATED, detail, self._here(), len(rest), digest, rest)

    def _here(self) -> Position:
        return Position(self.name, 0, self._line)


def _decoder(stream: HashedStream, head: bytes) -> tuple[str, Iterator[bytes]]:
    if head.startswith(b"\x1f\x8b"):
        return "jsonl.gz", _inflated(stream, head, lambda: zlib.decompressobj(wbits=31), _GZIP_STEP)
    if head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == b"\x2a\x4d\x18" and head[:1] in b"PQRSTUVWXYZ[\\]^_"):
        return "jsonl.zst", _inflated(stream, head, lambda: zstandard.ZstdDecompressor().decompressobj(), _ZSTD_STEP)
    return "jsonl", _plain(stream, head)


def _unreadable(error: OSError, path: str) -> SourceError:
    return SourceError(f"a source must be readable; got {error.strerror} for {path}; check its name and rights")
