"""Find the files to read below the given paths, and decide the format of each by its content."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from streams.adapters.base import Format, FormatError
from streams.adapters.opening import Opening
from streams.adapters.registry import FORMATS, by_name, recognise
from streams.adapters.tables import format_of, profile_formats
from streams.recordings.base import SourceError, printable, unreadable
from streams.recordings.envelope import is_envelope
from streams.recordings.imports.choices import ImportChoices
from streams.recordings.imports.files import ZIP, ImportFile, open_import
from streams.recordings.imports.media import MediaFolder
from streams.recordings.imports.reader import Recognised

_PARQUET = b"PAR1"
_OURS = ("event_id", "platform")  # keys that no other format has together
_NO_MESSAGES = frozenset(
    {
        *(".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".bmp", ".tiff", ".svg", ".thumb", ".tgs", ".ico"),
        *(".mp4", ".mov", ".avi", ".mkv", ".webm", ".3gp", ".mp3", ".ogg", ".opus", ".m4a", ".wav", ".aac"),
        *(".pdf", ".doc", ".docx", ".vcf", ".css", ".html", ".htm", ".db", ".md", ".xml", ".woff", ".ttf"),
    }
)
"""Endings of the files that exports bring with their messages."""


class Located(msgspec.Struct, frozen=True):
    """The files below the given paths: files of events, files of foreign formats, and the number of other files."""

    events: tuple[str, ...]
    foreign: tuple[Recognised, ...]
    ignored: int = 0


def locate(paths: Sequence[str], settings: ImportChoices) -> Located:
    """Find the files of events and of foreign formats.

    A named file that no format recognises is taken for a file of events, whose reader reports what is wrong with it.
    Such a file in a folder is ignored and counted.

    Raises:
        FormatError: two formats recognise one file, or a chosen format does not exist.
        SourceError: a folder without a file to read.

    """
    search = _Search(settings)
    for path in paths:
        if path == "-" or not Path(path).is_dir():
            if not search.add(path):
                search.events.append(path)
        else:
            _search_folder(path, search)
    for file in search.opened:
        file.others = search.opened
    return Located(tuple(search.events), tuple(search.foreign), search.ignored)


class _Search:
    """The files found so far."""

    def __init__(self, settings: ImportChoices) -> None:
        self.events: list[str] = []
        self.foreign: list[Recognised] = []
        self.opened: list[ImportFile] = []
        self.ignored = 0
        self._settings = settings
        self._media = MediaFolder(Path(settings.media)) if settings.media else None
        self._own = None if settings.profile is None else format_of(settings.profile.encode(), settings.profile_name)
        self._no_tables = [one for one in FORMATS if one not in profile_formats()]

    def add(self, path: str) -> bool:
        """Add the file, or the members of an archive, with their formats; False for a file of no known format.

        Raises:
            FormatError: an archive without a member of a known format, or a file that two formats recognise.

        """
        if path == "-" or not Path(path).is_file() or _starts_with(path, _PARQUET):
            return False
        files = open_import(path, self._media)
        self.opened += files
        found = [Recognised(file, one) for file in files if (one := self._format_of(file)) is not None]
        self.foreign += found
        if not found and _starts_with(path, ZIP):
            raise FormatError(
                f"{printable(Path(path).name)} is a ZIP archive of files in no known format; extract it, and name the "
                "file with the messages"
            )
        return bool(found)

    def _format_of(self, file: ImportFile) -> Format | None:
        """Return the format that the user names, else the user's own profile for a table, else what is recognised."""
        if self._settings.format is not None:
            return by_name(self._settings.format, FORMATS)
        opening = file.opening()
        if self._own is not None and self._own.recognises(opening):
            return self._own
        if _is_ours(opening):
            return None
        if self._own is None or not opening.columns:
            return recognise(opening, FORMATS)
        return recognise(opening, self._no_tables) or self._own


def _search_folder(folder: str, search: _Search) -> None:
    """Add the files below a folder; other files are counted.

    Raises:
        SourceError: a folder without a file to read.

    """
    before = len(search.events) + len(search.foreign)
    for file in _files(Path(folder)):
        if Path(file).suffix.lower() not in _NO_MESSAGES and search.add(file):
            continue
        if has_events(file):
            search.events.append(file)
        else:
            search.ignored += 1
    if len(search.events) + len(search.foreign) == before:
        raise SourceError(
            f"cannot read the folder {folder}: no file in it holds events or has a known format; "
            "`hearsay import --list` shows the formats"
        )


def _files(folder: Path) -> Iterator[str]:
    """Yield the files below a folder in the order of their paths; hidden files and links are not followed."""
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(root) / name
            if not name.startswith(".") and path.is_file() and not path.is_symlink():
                yield str(path)


def has_events(path: str) -> bool:
    """Return True for a file of events: Parquet, JSON Lines of events, or a recording of a topic."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(len(_PARQUET))
        if head == _PARQUET:
            return True
        return head != ZIP and _is_ours(open_import(path)[0].opening())
    except (OSError, FormatError):
        return False


def _is_ours(opening: Opening) -> bool:
    return opening.has(*_OURS) or is_envelope(opening.text.partition("\n")[0].encode("utf-8", "replace"))


def _starts_with(path: str, signature: bytes) -> bool:
    try:
        with Path(path).open("rb") as file:
            return file.read(len(signature)) == signature
    except OSError as error:
        raise unreadable(path, error) from None


__all__ = ["Located", "has_events", "locate"]
