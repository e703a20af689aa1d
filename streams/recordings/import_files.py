"""Write the events of an import to a file, or publish them to `forwards`."""

import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, cast

import msgspec
import zstandard

from detectors.privacy.pseudonym import Pseudonymiser
from schemas.event import ForwardEvent
from schemas.sighting import RawEvent
from streams.adapters.tables import propose
from streams.errors import UserError, already_exists
from streams.kafka.connection import KafkaSettings
from streams.recordings import publish as publishing
from streams.recordings.base import SourceError, printable
from streams.recordings.imports.choices import ImportChoices
from streams.recordings.imports.edge import pseudonymise
from streams.recordings.imports.files import open_import
from streams.recordings.imports.locate import has_events, locate
from streams.recordings.imports.reader import ImportedReader
from streams.recordings.imports.report import FileReport
from streams.recordings.recognise import OPENING_BYTES, recognise

_FORMATS = (".jsonl", ".jsonl.gz", ".jsonl.zst")
_NEXT_STEP = "`hearsay import --list` shows the known formats, and docs/events.md the form of an event"
_USABLE = 10  # one in so many items must be read; otherwise the import has failed


class ImportResult(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of an import: the report of each file, the number of events, and of files of no known format."""

    files: tuple[FileReport, ...]
    written: int
    ignored: int = 0  # files in the given folders that hold no messages

    @property
    def usable(self) -> bool:
        """Return True unless more than nine in ten items were refused."""
        read = sum(one.read for one in self.files)
        refused = sum(sum(one.refused.values()) for one in self.files)
        return (read - refused) * _USABLE >= read


def import_to_file(
    paths: Sequence[str],
    out: Path,
    imports: ImportChoices,
    names: Pseudonymiser | None,
    *,
    overwrite: bool = False,
) -> ImportResult:
    """Write the events of files in foreign formats to a file that `hearsay replay` reads.

    Args:
        paths: files and folders.
        out: `.jsonl`, `.jsonl.gz` or `.jsonl.zst`; the file appears when complete.
        imports: choices of the user about the files.
        names: replaces the identifiers by digests; None keeps the platform's identifiers.
        overwrite: replace an existing file.

    Raises:
        UserError: a file of no known format, an output that exists or cannot be written.

    """
    if not out.name.endswith(_FORMATS):
        raise UserError(f"cannot write {out}: the name must end with {', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}")
    if out.exists() and not overwrite:
        raise UserError(already_exists(out))
    reader, ignored = _open(paths, imports, names)
    written = 0
    with _written(out) as file:
        for record in reader:
            if isinstance(record, RawEvent):
                file.write(record.raw + b"\n")
                written += 1
    return ImportResult(files=reader.reports(), written=written, ignored=ignored)


def import_to_topic(
    paths: Sequence[str],
    imports: ImportChoices,
    names: Pseudonymiser | None,
    settings: KafkaSettings,
    password: str | None,
) -> ImportResult:
    """Publish the events of files in foreign formats to `forwards`, and wait until all are acknowledged.

    A second import of the same files publishes events with the same ids, which intake counts as duplicates.

    Raises:
        UserError: a file of no known format, no broker, no topic, a refused record.

    """
    reader, ignored = _open(paths, imports, names)
    done = publishing.publish_events(_Events(reader), settings, password)
    return ImportResult(files=reader.reports(), written=done.published, ignored=ignored)


def proposed_profile(path: str) -> str:
    """Return a profile in TOML that names the columns of a table, to be checked and completed by hand.

    Raises:
        UserError: the file cannot be read, or is no table.

    """
    return propose(open_import(path)[0].opening())


class _Events:
    """The events of an import without its refused items, which the report holds."""

    topic = None

    def __init__(self, reader: ImportedReader) -> None:
        self._reader = reader
        self.name, self.format = reader.name, reader.format
        self.total: int | None = None

    @property
    def done(self) -> int:
        """The stored bytes read so far."""
        return self._reader.done

    def __iter__(self) -> Iterator[RawEvent]:
        """Yield the events in the order of their times."""
        return (record for record in self._reader if isinstance(record, RawEvent))

    def sha256(self) -> str | None:
        """Return the digest of the files."""
        return self._reader.sha256()

    def close(self) -> None:
        """Close the files."""
        self._reader.close()


def _open(paths: Sequence[str], imports: ImportChoices, names: Pseudonymiser | None) -> tuple[ImportedReader, int]:
    located = locate(paths, imports)
    if located.events:
        raise _not_foreign(located.events[0])
    return ImportedReader(located.foreign, imports, _changer(names)), located.ignored


def _changer(names: Pseudonymiser | None) -> Callable[[ForwardEvent], ForwardEvent] | None:
    return None if names is None else lambda event: pseudonymise(event, names)


def _not_foreign(path: str) -> SourceError:
    """Return the error for a file that is no foreign format: events already, or an unknown format."""
    name = printable(Path(path).name)
    if path == "-":
        return SourceError("cannot import from standard input; save it to a file and name the file")
    if has_events(path):
        return SourceError(f"{name} holds events already; replay it with `hearsay replay`, or publish it")
    opening = open_import(path)[0].opening()
    if not opening.text:
        return SourceError(f"cannot import {name}: the file is empty; export it again")
    found = recognise(opening.data[:OPENING_BYTES])
    known = f"it has no known format; {_NEXT_STEP}" if found is None else str(found)
    return SourceError(f"cannot import {name}: {known}")


@contextmanager
def _written(out: Path) -> Iterator[IO[bytes]]:
    """Yield a temporary file, compressed by its ending, which is renamed when complete."""
    part = out.with_name(out.name + ".part")
    try:
        with ExitStack() as stack:
            file: IO[bytes] = stack.enter_context(part.open("wb"))
            if out.name.endswith(".gz"):  # without name and time: equal imports give equal files
                packed = gzip.GzipFile("", "wb", fileobj=file, mtime=0)
                file = stack.enter_context(cast("IO[bytes]", packed))
            elif out.name.endswith(".zst"):
                file = stack.enter_context(cast("IO[bytes]", zstandard.ZstdCompressor().stream_writer(file)))
            yield file
        part.replace(out)
    except OSError as error:
        raise UserError(f"cannot write the events to {out}: {error.strerror}; name another file") from None
    finally:
        part.unlink(missing_ok=True)


__all__ = ["ImportResult", "import_to_file", "import_to_topic"]
