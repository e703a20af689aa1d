"""Find the class path of Kafka: Maven fetches the files once, and later starts read the cached class path.

The digest of `pom.xml` names the cache entry, so another version of Kafka has another entry. An entry is valid while
every listed file exists.
"""

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from streams.devtools.broker.tools import find_maven
from streams.errors import UserError

_POM = Path(__file__).with_name("pom.xml")
_FETCHED_WITHIN_S = 900
_SHOWN_LINES = 5


def class_path(cache: Path | None = None) -> str:
    """Return the class path in the form of `java -cp`.

    Concurrent processes wait for the first, which fetches the files. The lock ends with its process.

    Args:
        cache: folder of the cache entries; the cache folder of the user if None.

    Raises:
        ToolMissingError: Maven is necessary and missing.
        UserError: the files cannot be fetched, or the cache cannot be written.

    """
    folder = cache or platformdirs.user_cache_path("hearsay", appauthor=False) / "broker"
    entry = folder / f"{hashlib.blake2b(_POM.read_bytes(), digest_size=16).hexdigest()}.classpath"
    known = _read(entry)
    if known is None:
        with _lock(entry.with_suffix(".lock")):
            known = _read(entry) or _fetch(entry)
    return known


def _read(entry: Path) -> str | None:
    try:
        text = entry.read_text("utf-8").strip()
    except OSError:
        return None
    return text if text and all(Path(file).is_file() for file in text.split(os.pathsep)) else None


def _fetch(entry: Path) -> str:
    partial = entry.with_suffix(".partial")
    _run_maven([f"--file={_POM}", "dependency:build-classpath", f"-Dmdep.outputFile={partial}"])
    partial.replace(entry)
    found = _read(entry)
    if found is None:
        raise UserError(f"Maven listed files of the broker that do not exist; delete {entry} and try again")
    return found


def _run_maven(arguments: list[str]) -> None:
    command = [find_maven(), "--batch-mode", "--quiet", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_FETCHED_WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"mvn did not fetch the files of the broker within {_FETCHED_WITHIN_S} s; "
            "check the connection to Maven Central, or to the mirror in ~/.m2/settings.xml"
        ) from None
    if done.returncode:
        output = "\n".join((done.stdout + done.stderr).strip().splitlines()[:_SHOWN_LINES])
        raise UserError(
            f"mvn could not fetch the files of the broker (exit status {done.returncode}); "
            f"check the connection to Maven Central, or to the mirror in ~/.m2/settings.xml:\n{output}"
        )


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("wb")
    except OSError as error:
        raise UserError(
            f"cannot write to the cache folder of the broker {path.parent}: {error.strerror}; "
            "set XDG_CACHE_HOME to another folder"
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
