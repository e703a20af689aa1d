"""Open a recorded file, or standard input; the first bytes decide the format, not the name."""

import sys
from pathlib import Path
from typing import cast

from streams.recordings.base import RecordReader, SourceError, printable, unreadable
from streams.recordings.jsonl import HashedStream, JsonLinesReader, Readable
from streams.recordings.parquet import ParquetReader

_HEAD = 16


_FOREIGN = {
    b"\xff\xfe": ("UTF-16 text", "iconv -f UTF-16 -t UTF-8"),
    b"\xfe\xff": ("UTF-16 text", "iconv -f UTF-16 -t UTF-8"),
    b"PK\x03\x04": ("a ZIP archive", "unzip -p"),
    b"\xfd7zXZ\x00": ("xz", "xz -dc"),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", "7z x -so"),
    b"\x04\x22\x4d\x18": ("lz4", "lz4 -dc"),
    b"Obj\x01": ("Avro", "an Avro tool"),
    **{b"BZh%d1AY&SY" % size: ("bzip2", "bzip2 -dc") for size in range(1, 10)},
    b"ORC": ("ORC", "an ORC tool"),
    b"SQLite format 3\x00": ("a SQLite database", "sqlite3"),
}


def open_source(path: str, max_bytes: int) -> RecordReader:
    """Open a file, or standard input for "-".

    Args:
        path: the file, or "-".
        max_bytes: size of the longest event; a longer event becomes an `UnreadableRecord`.

    Raises:
        SourceError: the file is missing, unreadable, a folder, or of an unknown format.

    """
    if path == "-":
        return _reader_of(HashedStream(cast(Readable, sys.stdin.buffer), endless=True), "-", None, max_bytes)
    file = Path(path)
    try:
        if file.is_dir():
            raise SourceError(f"cannot read {path}: it is a folder; name a file in it")
        stream = HashedStream(file.open("rb"), endless=not file.is_file())
        return _reader_of(
            stream, printable(file.name), file.stat().st_size if file.is_file() else None, max_bytes, file
        )
    except OSError as error:
        raise unreadable(path, error) from None


def _reader_of(
    stream: HashedStream, name: str, total: int | None, max_bytes: int, file: Path | None = None
) -> RecordReader:
    head = b""
    while len(head) < _HEAD and (more := stream.read(_HEAD - len(head))):
        head += more
    if head.startswith(b"PAR1"):
        stream.close()
        if file is None or total is None:
            raise SourceError(
                "standard input is Parquet, whose index is at its end, so it cannot be read from a pipe; save it to a "
                "file and name the file"
            )
        return ParquetReader(file, max_bytes)
    for magic, (what, remedy) in _FOREIGN.items():
        if head.startswith(magic):
            stream.close()
            raise SourceError(
                f"{name} is {what}; Hearsay reads JSON Lines (plain, gzip, zstd) and Parquet; convert it with {remedy}"
            )
    return JsonLinesReader(stream, head, name, total, max_bytes)
