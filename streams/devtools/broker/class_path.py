"""Gives Java the files that make up Kafka: Maven fetches them once, later starts ask nobody.

The answer is kept by the digest of `pom.xml`, so that another version of Kafka is another entry, and it counts only
while every file that it names is there.
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
    """The class path, as `java -cp` takes it.

    Processes that ask at the same time wait for the one that fetches. The lock dies with its process.

    Args:
        cache: where the answer is kept; the user's cache folder if None.

    Raises:
        ToolMissingError: Maven is needed and absent.
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
        raise UserError(f"Maven must name the files of the broker; got others than are there ({entry}); delete it")
    return found


def _run_maven(arguments: list[str]) -> None:
    command = [find_maven(), "--batch-mode", "--quiet", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_FETCHED_WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"the broker's files must be fetched within {_FETCHED_WITHIN_S} s; got no end of it (mvn); "
            "see whether Maven Central, or the mirror in ~/.m2/settings.xml, answers"
        ) from None
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[:_SHOWN_LINES])
        raise UserError(
            f"the broker's files must be fetched with Maven the first time; got exit status {done.returncode} (mvn); "
            f"see whether Maven Central, or the mirror in ~/.m2/settings.xml, answers:\n{said}"
        )


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("wb")
    except OSError as error:
        raise UserError(
            f"the broker's cache folder must be writable the first time; got {error.strerror} for {path.parent} "
            "(XDG_CACHE_HOME); set another folder"
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
