"""Own the location of a run: mark the folder, lock the folder, and delete only files that a run wrote.

Many tools write a file called `manifest.json`, so a marker of its own identifies a run folder. A folder with any other
content is never deleted, with or without the marker. The lock is on the marker and ends with the process.
"""

import fcntl
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from streams.errors import UserError
from streams.runs.manifest import Manifest

MARKER = ".hearsay-run"
_MARK = b"Hearsay wrote this folder, and replaces it while it holds only files of a run.\n"


class RunFolderError(UserError):
    """Failure to write or read a run folder. The message gives the cause, the path and the action to take."""


class RunFiles:
    """Names of the files in a run folder.

    Args:
        always: files of every run, interrupted and killed runs included.
        at_the_end: files that a run writes at its end.
        manifest: the file among `always` that identifies runs of releases without the marker.

    """

    def __init__(self, always: Collection[str], at_the_end: Collection[str], manifest: str) -> None:
        self._always = frozenset(always)
        self._all = self._always | frozenset(at_the_end)
        self._manifest = manifest

    def obstacle(self, path: Path) -> str | None:
        """Return the reason why no run may replace a path; None for a run folder or an empty folder.

        Raises:
            OSError: the folder cannot be read.

        """
        if path.is_symlink() or not path.is_dir():
            return "is not a run folder"
        with os.scandir(path) as found:
            plain = {entry.name: entry.is_file(follow_symlinks=False) for entry in found}
        names = plain.keys() - {MARKER}
        foreign = sorted(name for name in plain if not plain[name] or name not in self._all | {MARKER})
        is_run = _is_marked(path) if MARKER in plain else self._is_older_run(path, names)
        if not plain or (is_run and not foreign):
            return None
        return f"holds {foreign[0][:80]!r}, which no run wrote" if is_run else "is not a run folder"

    def _is_older_run(self, path: Path, names: Collection[str]) -> bool:
        """Return True for a whole set of files, with a manifest of a run: releases without marker wrote these."""
        if not self._always <= set(names):
            return False
        try:
            msgspec.json.decode((path / self._manifest).read_bytes(), type=Manifest)
        except (OSError, ValueError, RecursionError):
            return False
        return True

    def remove(self, path: Path) -> None:
        """Delete a run folder file by file, the marker last; do nothing if the path does not exist.

        Raises:
            RunFolderError: the folder has other content.
            OSError: a file cannot be deleted.

        """
        if not os.path.lexists(path):
            return
        self._check(path)
        self._empty(path)
        (path / MARKER).unlink(missing_ok=True)
        path.rmdir()

    def claim(self, path: Path) -> BinaryIO:
        """Create a run folder or empty an interrupted run; return its locked marker, which holds the lock until closed.

        Raises:
            RunFolderError: the folder has other content, or another run is writing to it.
            OSError: the folder cannot be written.

        """
        while True:
            if os.path.lexists(path):
                self._check(path)
            path.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # the other run ended and renamed its folder in between
                lock = _locked(path)
                if lock is not None:
                    lock.write(_MARK)
                    lock.flush()
                    self._empty(path)
                    return lock

    def _check(self, path: Path) -> None:
        if obstacle := self.obstacle(path):
            raise RunFolderError(f"{path} {obstacle}; move it away, or choose another --out")

    def _empty(self, path: Path) -> None:
        for name in sorted(self._all):
            (path / name).unlink(missing_ok=True)


def is_in_use(path: Path) -> bool:
    """Return True if another run is writing to a folder."""
    try:
        with (path / MARKER).open("rb") as file:
            return not _try_lock(file)
    except OSError:
        return False


def _locked(path: Path) -> BinaryIO | None:
    """Return the locked marker of a folder; None if the folder was renamed before the lock."""
    marker = path / MARKER
    file = os.fdopen(os.open(marker, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666), "r+b")
    try:
        if not _try_lock(file):
            raise RunFolderError(f"another run is writing to {path}; wait for its end, or choose another --out")
        if os.path.samestat(os.fstat(file.fileno()), marker.stat()):
            return file
    except BaseException:
        file.close()
        raise
    file.close()
    return None


def _try_lock(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_marked(path: Path) -> bool:
    """Return True if a folder has the marker, whole or cut off by a kill."""
    try:
        with (path / MARKER).open("rb") as file:
            return _MARK.startswith(file.read(len(_MARK) + 1))
    except OSError:
        return False


__all__ = ["MARKER", "RunFiles", "RunFolderError", "is_in_use"]
