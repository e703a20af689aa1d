"""Open a file of a foreign format: plain, compressed, or a member of a ZIP archive, as pieces of UTF-8.

No archive is ever extracted. The size of decompressed data is bounded relative to the stored size, so that a small
file cannot fill the disk.
"""

import codecs
import lzma
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, cast

from schemas.event import Media
from streams.adapters.base import FormatError, TruncatedError
from streams.adapters.opening import OPENING_BYTES, Opening
from streams.recordings.base import printable, unreadable
from streams.recordings.imports.media import MediaFolder, hash_media
from streams.recordings.jsonl import HashedStream, Readable, TruncatedDataError, decompressed

_CHUNK = 1 << 18
_MAX_RATIO = 500  # decompressed bytes for each stored byte; exports compress to between a third and a fiftieth
_FREE_BYTES = 1 << 28  # the ratio is not checked below: 256 MiB
_MARKS = (  # UTF-32 first, because its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SHOWN = 64  # bytes that suffice to recognise an encoding
_MAX_MEMBERS = 1000  # texts of one archive; each is opened on its own
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
ZIP = b"PK\x03\x04"
_CHAT = "_chat.txt"  # the name that WhatsApp gives the text of an export


class ImportFile:
    """A file to import; see `streams.adapters.base.Source`.

    Args:
        path: the file.
        name: the name that adapters see.
        open_bytes: opener of the stored bytes, called for each pass.
        size: stored bytes.
        media: finder of the files that an export names.

    """

    def __init__(
        self,
        path: str,
        name: str,
        open_bytes: Callable[[], IO[bytes]],
        size: int,
        media: Callable[[str], Media | None],
    ) -> None:
        self.path = path
        self.name = name
        self.size = size
        self.done = 0  # stored bytes read in the current pass
        self.others: Sequence[ImportFile] = ()  # all files of the same import
        self._open, self._media = open_bytes, media

    def chunks(self) -> Generator[bytes]:
        """Yield the decompressed bytes as UTF-8; see `Source`.

        Raises:
            FormatError: the data expands beyond the bound.
            TruncatedError: the data ends too early or is damaged.

        """
        with self._open() as file:
            yield from _as_utf8(self._bounded(file))

    def opening(self) -> Opening:
        """Return the first bytes of the file."""
        data = b""
        with closing(self.chunks()) as pieces, suppress(TruncatedError):
            for piece in pieces:
                data += piece
                if len(data) >= OPENING_BYTES:
                    break
        return Opening(data[:OPENING_BYTES], self.name)

    def media(self, path: str) -> Media | None:
        """Return the hashes of a file that the export names; None if it is not at hand."""
        return self._media(path)

    def companions(self, recognises: Callable[[Opening], bool]) -> Iterator["ImportFile"]:
        """Yield the other files of the same import that have certain signs; see `Source`."""
        return (file for file in self.others if file is not self and recognises(file.opening()))

    def _bounded(self, file: IO[bytes]) -> Iterator[bytes]:
        stream = HashedStream(cast("Readable", file), endless=True)
        read = 0
        try:
            for piece in decompressed(stream):
                self.done = stream.done
                read += len(piece)
                if read > max(_FREE_BYTES, _MAX_RATIO * self.size):
                    raise _expands(self.name)
                yield piece
        except TruncatedDataError as error:
            raise TruncatedError(str(error)) from None
        except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error, lzma.LZMAError) as error:
            raise TruncatedError(f"the archive is damaged ({type(error).__name__})") from None


def _expands(name: str) -> FormatError:
    return FormatError(
        f"{printable(name)} expands to more than {_MAX_RATIO} times its size, like an archive made to fill a disk; "
        "decompress it yourself if you trust it"
    )


def open_import(path: str, media: MediaFolder | None = None) -> list[ImportFile]:
    """Return the file at a path, or the members of a ZIP archive that may hold messages.

    Args:
        path: a file.
        media: folder with the pictures and files that exports name; the folder of the file if None.

    Raises:
        FormatError: a damaged or encrypted archive, or one without a member to read.
        SourceError: the file cannot be read.

    """
    file = Path(path)
    try:
        with file.open("rb") as opened:
            head = opened.read(len(ZIP))
        if head == ZIP:
            return _members(file, media)
        size = file.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from None
    finder = media or MediaFolder(file.parent)
    return [ImportFile(path, file.name, lambda: file.open("rb"), size, finder)]


def _members(file: Path, media: MediaFolder | None) -> list[ImportFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise FormatError(f"{printable(file.name)} is a damaged or incomplete ZIP archive; export it again") from None
    if any(member.flag_bits & 1 for member in members):
        raise FormatError(f"{printable(file.name)} is encrypted; extract it, and name the extracted file")
    texts = [member for member in members if Path(member.filename).suffix.lower() in _TEXTS]
    chats = [member for member in texts if Path(member.filename).name == _CHAT]
    chosen = chats[:1] or texts
    if not chosen:
        raise FormatError(f"{printable(file.name)} holds no text, JSON or table; name the archive with the messages")
    if any(member.compress_type not in _METHODS for member in chosen):
        raise FormatError(f"{printable(file.name)} is compressed by a method that is not known; extract it")
    if len(chosen) > _MAX_MEMBERS:
        raise FormatError(
            f"{printable(file.name)} holds more than {_MAX_MEMBERS} texts; extract it, and name the folder or the files"
        )
    # No more bytes of a member are read than the archive declares, so the sum bounds what all members expand to.
    if sum(member.file_size for member in chosen) > max(_FREE_BYTES, _MAX_RATIO * file.stat().st_size):
        raise _expands(file.name)
    finder = media or ArchiveMedia(file, members)
    return [_member(file, member, len(chosen), finder) for member in chosen]


_TEXTS = {".txt", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".js"}


def _member(file: Path, member: zipfile.ZipInfo, count: int, media: Callable[[str], Media | None]) -> ImportFile:
    name = file.name if count == 1 else f"{file.name}/{member.filename}"
    return ImportFile(str(file), name, lambda: _open_member(file, member), max(1, member.compress_size), media)


def _open_member(file: Path, member: zipfile.ZipInfo) -> IO[bytes]:
    archive = zipfile.ZipFile(file)  # the member closes it
    try:
        opened = archive.open(member)
    finally:
        archive.close()
    return opened


class ArchiveMedia:
    """Finder of pictures and files within a ZIP archive, by the name without its folder."""

    def __init__(self, file: Path, members: list[zipfile.ZipInfo]) -> None:
        self._file = file
        self._members = {Path(member.filename).name: member for member in members}

    def __call__(self, path: str) -> Media | None:
        """Return the hashes of a member; None if it is not in the archive."""
        member = self._members.get(Path(path).name)
        if member is None:
            return None
        try:
            with _open_member(self._file, member) as opened:
                return hash_media(opened)
        except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, zlib.error, lzma.LZMAError):
            return None


def _as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield UTF-16 and UTF-32 as UTF-8, and everything else as it is."""
    first = b""
    while len(first) < _SHOWN and (piece := next(chunks, b"")):
        first += piece
    mark, encoding = _encoding_of(first[:_SHOWN])
    if encoding is None:
        yield first
        yield from chunks
        return
    decode = codecs.getincrementaldecoder(encoding)("replace").decode
    yield decode(first[len(mark) :]).encode("utf-8", "replace")
    for piece in chunks:
        yield decode(piece).encode("utf-8", "replace")


def _encoding_of(first: bytes) -> tuple[bytes, str | None]:
    """Return the byte-order mark and the encoding of a text that is not UTF-8, from its first bytes.

    Without a mark, UTF-16 shows by zero bytes in every second place, because every format begins with ASCII characters.
    """
    for mark, encoding in _MARKS:
        if first.startswith(mark):
            return mark, encoding
    even, odd = first[::2], first[1::2]
    if len(odd) >= 4 and 4 * max(even.count(0), odd.count(0)) >= 3 * len(odd) and 0 in (even.count(0), odd.count(0)):
        return b"", "utf-16-le" if 0 in odd else "utf-16-be"
    return b"", None


__all__ = ["ZIP", "ArchiveMedia", "ImportFile", "open_import"]
