"""Open a recorded file, or standard input; the content decides the format, not the name."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import msgspec

from schemas.sighting import RawEvent
from streams.recordings.base import SourceError, SourceReader, UnreadableRecord, printable, unreadable
from streams.recordings.envelope import Envelope, EnvelopeError, is_envelope, read
from streams.recordings.jsonl import HEAD_OF_FORMAT, HashedStream, JsonLinesReader, Line, Readable
from streams.recordings.parquet import ParquetReader, ParquetRecords, has_records
from streams.recordings.pipe import Pipe
from streams.recordings.recording import LOG_BYTES, RecordedTopic, RecordingReader, survey, unreadable_line

_ESCAPED = 6  # bytes of a line for one byte of an event, at most: "\u0000"
_IN_BASE64 = 2  # bytes of a line for one byte in base64, at most
_ENVELOPE = 64 << 10  # bytes of a line for key, headers and names


_FOREIGN = {
    b"\xff\xfe": ("UTF-16 text", "iconv -f UTF-16 -t UTF-8"),
    b"\xfe\xff": ("UTF-16 text", "iconv -f UTF-16 -t UTF-8"),
    b"PK\x03\x04": ("a ZIP archive", "unzip -p"),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", "7z x -so"),
    b"\x04\x22\x4d\x18": ("lz4", "lz4 -dc"),
    b"Obj\x01": ("Avro", "an Avro tool"),
    b"ORC": ("ORC", "an ORC tool"),
    b"SQLite format 3\x00": ("a SQLite database", "sqlite3"),
}


def open_source(path: str, max_bytes: int) -> SourceReader:
    """Open a file, or standard input for "-".

    Args:
        path: the file, or "-".
        max_bytes: size of the longest event; a longer event becomes an `UnreadableRecord`.

    Raises:
        SourceError: the file is missing, unreadable, a folder, of an unknown format, or a recording of several topics.

    """
    if path == "-":
        return _open_pipe(cast(Readable, sys.stdin.buffer), "-", max_bytes)
    file = Path(path)
    try:
        if file.is_dir():
            raise SourceError(f"cannot read {path}: it is a folder; name a file in it")
        if not file.is_file():
            return _open_pipe(file.open("rb"), printable(file.name), max_bytes)
        with file.open("rb") as opened:
            head = opened.read(HEAD_OF_FORMAT)
        if head.startswith(b"PAR1"):
            return _open_parquet(file, max_bytes)
        return _open_lines(file.open("rb"), printable(file.name), file.stat().st_size, max_bytes)
    except OSError as error:
        raise unreadable(path, error) from None


def _open_parquet(file: Path, max_bytes: int) -> SourceReader:
    if not has_records(file):
        return ParquetReader(file, max_bytes)
    records = ParquetRecords(file, max(max_bytes, LOG_BYTES))
    return RecordingReader(records, survey(records.name, records.places()), max_bytes)


def _open_lines(file: IO[bytes], name: str, total: int | None, max_bytes: int) -> SourceReader:
    try:
        scanned = _lines(cast(Readable, file), name, total, _longest_line(max_bytes))
        topic = _survey(scanned)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    if topic is None:
        return _lines(cast(Readable, file), name, total, max_bytes)
    lines = _lines(cast(Readable, file), name, total, _longest_line(max_bytes))
    return RecordingReader(_LineRecords(lines), topic, max_bytes)


def _open_pipe(source: Readable, name: str, max_bytes: int) -> SourceReader:
    pipe = Pipe(source)
    first = next(iter(_lines(pipe, name, None, _longest_line(max_bytes), endless=True)), None)
    if _is_record(first):
        return _open_lines(pipe.to_file(), name, None, max_bytes)
    pipe.rewind()
    return _lines(pipe, name, None, max_bytes, endless=True)


def _lines(source: Readable, name: str, total: int | None, max_bytes: int, *, endless: bool = False) -> JsonLinesReader:
    """Return a reader of lines of at most `max_bytes`.

    Raises:
        SourceError: the first bytes are those of another format.

    """
    stream = HashedStream(source, endless=endless)
    head = b""
    while len(head) < HEAD_OF_FORMAT and (more := stream.read(HEAD_OF_FORMAT - len(head))):
        head += more
    if head.startswith(b"PAR1"):
        raise SourceError(
            "standard input is Parquet, whose index is at its end, so it cannot be read from a pipe; save it to a "
            "file and name the file"
        )
    for magic, (what, remedy) in _FOREIGN.items():
        if head.startswith(magic):
            stream.close()
            raise SourceError(
                f"{name} is {what}; Hearsay reads JSON Lines (plain, gzip, zstd, bzip2, xz) and Parquet; convert it "
                f"with {remedy}"
            )
    return JsonLinesReader(stream, head, name, total, max_bytes)


def _longest_line(max_bytes: int) -> int:
    return max(_ESCAPED * max_bytes, _IN_BASE64 * LOG_BYTES) + _ENVELOPE


class _Place(msgspec.Struct, gc=False):
    topic: str
    partition: int


_decode_place = msgspec.json.Decoder(_Place).decode


def _survey(lines: JsonLinesReader) -> RecordedTopic | None:
    """Return the topic of a recording; None if the first line is no record, so that the lines are events."""
    records = iter(lines)
    first = next(records, None)
    if first is None or not _is_record(first):
        return None

    def places() -> Iterator[tuple[str, int] | None]:
        yield _place(first)
        yield from map(_place, records)

    return survey(lines.name, places())


def _is_record(line: Line | None) -> bool:
    return isinstance(line, RawEvent) and is_envelope(line.raw)


def _place(line: Line) -> tuple[str, int] | None:
    if not isinstance(line, RawEvent):
        return None
    try:
        found = _decode_place(line.raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return (found.topic, found.partition) if found.partition >= 0 else None


class _LineRecords:
    """The lines of a recording as records; see `EnvelopeReader`."""

    def __init__(self, lines: JsonLinesReader) -> None:
        self.name, self.format, self.total = lines.name, lines.format, lines.total
        self._lines = lines

    @property
    def done(self) -> int:
        """The bytes read so far, as stored."""
        return self._lines.done

    def sha256(self) -> str | None:
        """See `SourceReader`."""
        return self._lines.sha256()

    def close(self) -> None:
        """Close the file."""
        self._lines.close()

    def __iter__(self) -> Iterator[Envelope | UnreadableRecord]:
        """Yield the record of each line."""
        for line in self._lines:
            if isinstance(line, UnreadableRecord):
                yield line
                continue
            try:
                yield read(line.raw)
            except EnvelopeError as error:
                yield unreadable_line(line.raw, line.position, str(error))
