"""Cache expensive files: an entry appears complete or not at all, is built once, and is rebuilt when damaged."""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from streams.embedders.model_files import ModelError, file_digest

_MANIFEST = "manifest.json"


class _Manifest(msgspec.Struct, frozen=True):
    """The digest of each file; written last."""

    files: dict[str, str]


def entry(folder: Path, key: str, build: Callable[[Path], None]) -> Path:
    """Return the folder `folder/key` with undamaged files; call `build(empty folder)` to create missing entries.

    Concurrent processes wait for the process that builds; a lock ends with its process. An intact entry is never
    written to, so a cache filled beforehand may be read-only.

    Raises:
        ModelError: the entry is missing and the folder is not writable.

    """
    target = folder / key
    if _intact(target):
        return target
    with _lock(folder, key):
        if not _intact(target):
            _build(target, build)
    return target


def _build(target: Path, build: Callable[[Path], None]) -> None:
    partial = target.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)  # left by a killed process
    partial.mkdir()
    try:
        build(partial)
        files = {path.name: file_digest(path).hex() for path in sorted(partial.iterdir())}
        (partial / _MANIFEST).write_bytes(msgspec.json.encode(_Manifest(files)))
        shutil.rmtree(target, ignore_errors=True)  # damaged
        partial.rename(target)
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
            f"cannot write the model's cache folder {folder}: {error.strerror} (embedder.cache_dir); set another "
            "folder, or fill the folder beforehand"
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
