"""Keeps what is dear to make: an entry appears whole or not at all, is made once, and is made again when it rots."""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from streams.embedders.model_files import ModelError, file_digest

_MANIFEST = "manifest.json"


class _Manifest(msgspec.Struct, frozen=True):
    """Each file's digest, written last."""

    files: dict[str, str]


def entry(folder: Path, key: str, build: Callable[[Path], None]) -> Path:
    """The folder `folder/key` with every file as it was written; made with `build(empty folder)` when it is not there.

    Processes that ask at the same time wait for the one that builds. The lock dies with its process. An entry that is
    intact is never touched again, so that a folder filled beforehand may be read-only.

    Raises:
        ModelError: the entry is not there and the folder cannot be written.

    """
    place = folder / key
    if _intact(place):
        return place
    with _lock(folder, key):
        if not _intact(place):
            _make(place, build)
    return place


def _make(place: Path, build: Callable[[Path], None]) -> None:
    partial = place.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)  # left by a process that was killed
    partial.mkdir()
    try:
        build(partial)
        files = {path.name: file_digest(path).hex() for path in sorted(partial.iterdir())}
        (partial / _MANIFEST).write_bytes(msgspec.json.encode(_Manifest(files)))
        shutil.rmtree(place, ignore_errors=True)  # not intact, or we would not be here
        partial.rename(place)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _intact(place: Path) -> bool:
    try:
        manifest = msgspec.json.decode((place / _MANIFEST).read_bytes(), type=_Manifest)
        return all(file_digest(place / name).hex() == digest for name, digest in manifest.files.items())
    except (OSError, msgspec.MsgspecError):
        return False


@contextmanager
def _lock(folder: Path, key: str) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / f"{key}.lock").open("wb")
    except OSError as error:
        raise ModelError(
            f"the model's cache folder must be writable the first time; got {error.strerror} for {folder} "
            "(embedder.cache_dir); set another folder, or fill it beforehand"
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
