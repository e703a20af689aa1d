"""Read JSON Lines, plain or compressed, from a file or standard input.

A reader yields raw bytes with positions; intake validates the bytes. A line beyond the bound, and the rest of a
truncated file, become an `UnreadableRecord`. Memory is bounded by the longest allowed event, for any size of file.
gzip: RFC 1952, DOI 10.17487/RFC1952; zstd: RFC 8878, DOI 10.17487/RFC8878; bzip2 and xz by Python's own modules.
"""

import bz2
import hashlib
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec
import zstandard

from schemas.rejection import Reason
from schemas.sighting import Position, RawEvent
from streams.recordings.base import HEAD_BYTES, UnreadableRecord, too_large

_CHUNK = 1 << 18
_GZIP_STEP = 1 << 14  # compressed bytes per step; deflate expands at most 1032 times, so 16 MiB
_ZSTD_STEP = 1 << 10  # compressed bytes per step; 4 bytes may expand to 128 KiB, so 32 MiB
_OUTPUT_STEP = 1 << 20  # bytes that bzip2 and xz give at a time; 50 bytes of bzip2 may expand to 45 MB
_BZIP2_BLOCKS = {b"1AY&SY", b"\x17rE8P\x90"}  # the first block of a file, and the end of an empty one
_BOM = b"\xef\xbb\xbf"
_ZSTD_WINDOW = 1 << 31  # of `zstd --long=31`, as large public archives are compressed

HEAD_OF_FORMAT = 16
"""First bytes that identify the format of a file."""


Line = RawEvent | UnreadableRecord


class Readable(Protocol):
    """A file or a pipe."""

    def read1(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""
        ...

    def close(self) -> None:
        """Close the file or pipe."""
        ...


class TruncatedDataError(Exception):
    """The data ends too early or is damaged."""


class HashedStream:
    """A byte stream that counts and digests all bytes read."""

    def __init__(self, stream: Readable, *, endless: bool) -> None:
        self._stream = stream
        self._endless = endless
        self._digest = hashlib.sha256()
        self._ended = False
        self.done = 0

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; an empty result means the end, a short one does not."""
        try:
            data = self._stream.read1(size)
        except OSError as error:
            self._endless = True
            raise TruncatedDataError(f"a source must be readable to its end; got {error.strerror}") from None
        self._digest.update(data)
        self.done += len(data)
        self._ended = self._ended or not data
        return data

    def sha256(self) -> str | None:
        """Return the digest of all bytes, after reading any rest; None for a pipe whose end was not reached."""
        while not (self._ended or self._endless):
            self.read(_CHUNK)
        return self._digest.hexdigest() if self._ended else None

    def close(self) -> None:
        """Close the stream, except a pipe."""
        if not self._endless:
            self._stream.close()


class _Inflate(Protocol):
    """The common interface of the decompressors of zlib and zstandard."""

    @property
    def eof(self) -> bool:
        """True after the end of a member."""
        ...

    @property
    def unused_data(self) -> bytes:
        """The bytes after the end of a member."""
        ...

    def decompress(self, data: bytes) -> bytes:
        """Return the decompressed bytes of `data`."""
        ...


def decompressed(stream: HashedStream) -> Iterator[bytes]:
    """Yield the bytes of a file without its compression, if it has one: gzip, zstd, bzip2 or xz.

    Raises:
        TruncatedDataError: the data ends too early or is damaged; all bytes before the damage have been yielded.

    """
    head = b""
    while len(head) < HEAD_OF_FORMAT and (more := stream.read(HEAD_OF_FORMAT - len(head))):
        head += more
    yield from _decoder(stream, head)[1]


def _decompress(stream: HashedStream, head: bytes, make: Callable[[], _Inflate], step: int) -> Iterator[bytes]:
    """Yield the decompressed bytes of one member after another.

    Raises:
        TruncatedDataError: the data ends within a member, or is damaged; all bytes before the damage have been yielded.

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
                    raise TruncatedDataError(f"compressed data must be whole; got a damaged part ({error})") from None
                piece, inflate = (inflate.unused_data, None) if inflate.eof else (b"", inflate if piece else None)
    if inflate is not None:
        raise TruncatedDataError("compressed data must be whole; got its end too early")


def _decompress_in_steps(
    stream: HashedStream, head: bytes, make: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]
) -> Iterator[bytes]:
    """Do as `_decompress`, with a decompressor whose output has a bound of its own."""
    inflate: bz2.BZ2Decompressor | lzma.LZMADecompressor | None = None
    for data in _plain(stream, head):
        rest = data
        while rest or not (inflate is None or inflate.needs_input):
            if inflate is None:
                rest = rest.lstrip(b"\0")  # padding between and after members
                if not rest:
                    break
                inflate = make()
            try:
                yield inflate.decompress(rest, _OUTPUT_STEP)
            except (OSError, EOFError, lzma.LZMAError) as error:
                raise TruncatedDataError(f"compressed data must be whole; got a damaged part ({error})") from None
            rest, inflate = (inflate.unused_data, None) if inflate.eof else (b"", inflate)
    if inflate is not None:
        raise TruncatedDataError("compressed data must be whole; got its end too early")


def _plain(stream: HashedStream, head: bytes) -> Iterator[bytes]:
    yield head
    while chunk := stream.read(_CHUNK):
        yield chunk


class _TooLong:
    """Size and digest of a line that is too long to keep in memory."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._head = b""
        self.size = 0

    def add(self, part: bytes) -> None:
        """Add a part of the line."""
        if len(self._head) < HEAD_BYTES:
            self._head += part[:HEAD_BYTES]
        self._digest.update(part)
        self.size += len(part)

    def as_record(self, position: Position, bound: int) -> UnreadableRecord:
        """Return the unreadable record of the line."""
        return too_large(position, self.size, self._digest.hexdigest(), bound, self._head)


class JsonLinesReader:
    """Reader of JSON Lines, plain or compressed.

    The reader accepts a byte-order mark at the start, CRLF line ends and a last line without a line end, and skips
    blank lines. The offset of a position is the number of the line, from 0, blank lines included.
    """

    topic = None

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
        """The bytes read so far, as stored."""
        return self._stream.done

    def sha256(self) -> str | None:
        """Return the digest of the file as stored; see `SourceReader`."""
        return self._stream.sha256()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __iter__(self) -> Iterator[Line]:
        """Yield each line that is not blank."""
        try:
            for chunk in self._chunks:
                yield from self._lines(chunk)
        except TruncatedDataError as error:
            yield self._rest_of_truncated(str(error))
            return
        if self._rest or self._long:
            yield from self._lines(b"\n")

    def _lines(self, chunk: bytes) -> Iterator[Line]:
        lines = chunk.split(b"\n")
        last = lines.pop()
        if lines:
            lines[0] = self._rest + lines[0]
            if self._long is not None:
                yield self._finish_long(lines.pop(0))
            for line in lines:
                record = self._record_of(line)
                self._line += 1
                if record is not None:
                    yield record
            self._rest = b""
        self._keep(last)

    def _keep(self, part: bytes) -> None:
        if (
            self._long is None and len(self._rest) + len(part) > self._max + len(_BOM) + 1
        ):  # byte-order mark and CR do not count
            self._long = _TooLong()
        if self._long is None:
            self._rest += part
        else:
            self._long.add(self._rest + part)
            self._rest = b""

    def _finish_long(self, part: bytes) -> UnreadableRecord:
        long, self._long = self._long, None
        assert long is not None  # noqa: S101 - the caller has checked
        long.add(part)
        record = long.as_record(self._here(), self._max)
        self._line += 1
        return record

    def _record_of(self, line: bytes) -> Line | None:
        event = line[:-1] if line.endswith(b"\r") else line
        if self._line == 0:
            event = event.removeprefix(_BOM)
        if len(event) > self._max:
            return too_large(self._here(), len(line), hashlib.sha256(line).hexdigest(), self._max, line)
        return RawEvent(event, Position(self.name, 0, self._line)) if event and not event.isspace() else None

    def _rest_of_truncated(self, detail: str) -> UnreadableRecord:
        if self._long is not None:
            record = self._long.as_record(self._here(), self._max)
            return msgspec.structs.replace(record, reason=Reason.SOURCE_TRUNCATED, detail=detail)
        rest = self._rest
        digest = hashlib.sha256(rest).hexdigest()
        return UnreadableRecord(Reason.SOURCE_TRUNCATED, detail, self._here(), len(rest), digest, rest)

    def _here(self) -> Position:
        return Position(self.name, 0, self._line)


def _decoder(stream: HashedStream, head: bytes) -> tuple[str, Iterator[bytes]]:
    if head.startswith(b"\x1f\x8b"):
        return "jsonl.gz", _decompress(stream, head, lambda: zlib.decompressobj(wbits=31), _GZIP_STEP)
    if head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == b"\x2a\x4d\x18" and head[:1] in b"PQRSTUVWXYZ[\\]^_"):
        return "jsonl.zst", _decompress(stream, head, _zstd, _ZSTD_STEP)
    if head.startswith(b"BZh") and head[4:10] in _BZIP2_BLOCKS:
        return "jsonl.bz2", _decompress_in_steps(stream, head, bz2.BZ2Decompressor)
    if head.startswith(b"\xfd7zXZ\x00"):
        return "jsonl.xz", _decompress_in_steps(stream, head, lzma.LZMADecompressor)
    return "jsonl", _plain(stream, head)


def _zstd() -> _Inflate:
    return zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
