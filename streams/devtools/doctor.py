"""Check the requirements of a run: Python, packages, codecs, the model, memory, disk space, the key.

A deployment detects a missing requirement before its first event, and a new user sees the requirement by name.
"""

import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, distribution
from importlib.metadata import version as installed
from pathlib import Path

import msgspec
import numpy as np

from detectors.similarity.embedding import Embedder
from streams.embedders import make_embedder
from streams.kafka import codecs
from streams.settings.key import KEY_VARIABLE
from streams.settings.load import ResolvedSettings

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_UNIT_TOLERANCE = 1e-3
_MIN_PYTHON = (3, 11)
_MIN_MEMORY = 2 << 30  # bytes: the model, the index and two million remembered messages
_MIN_DISK = 1 << 30
_SWITCHES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


class Status(StrEnum):
    """Outcome of a check."""

    GOOD = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Finding(msgspec.Struct, frozen=True):
    """Result of one check, with the action to take."""

    name: str
    status: Status
    found: str
    remedy: str = ""

    @property
    def failed(self) -> bool:
        """Return True if a run is impossible without the requirement."""
        return self.status is Status.FAILED


def examine(effective: ResolvedSettings) -> list[Finding]:
    """Run every check; return the findings in the order of importance."""
    return [
        python(),
        packages(),
        compression(),
        model(effective),
        threads(),
        memory(),
        disk(Path.cwd()),
        hub(),
        key(effective),
        *tools(),
    ]


def python(found: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Check the version of the interpreter."""
    name = f"{platform.python_implementation()} {'.'.join(map(str, found))}"
    if found < _MIN_PYTHON:
        return Finding("python", Status.FAILED, name, "install Python 3.11 or newer")
    return Finding("python", Status.GOOD, name)


def packages(name: str = "hearsay") -> Finding:
    """Check the installed dependencies of a package."""
    try:
        wanted = distribution(name).requires or []
    except PackageNotFoundError:
        return Finding("packages", Status.WARNING, f"{name} is not installed as a package", "pip install -e .")
    needed = [requirement for requirement in wanted if "extra ==" not in requirement]
    names = [_NAME.match(requirement)[0] for requirement in needed]  # type: ignore[index]  # a requirement has a name
    missing = [bare for bare in names if not _is_installed(bare)]
    if missing:
        return Finding("packages", Status.FAILED, f"missing: {', '.join(missing)}", "pip install -e .")
    return Finding("packages", Status.GOOD, f"all {len(names)} required packages")


def compression() -> Finding:
    """Check that records of every compression codec can be read from a topic."""
    missing = codecs.unreadable()
    found = ", ".join(name for name in codecs.CODECS if name not in missing)
    if missing:
        return Finding("compression", Status.WARNING, f"{found}; not {', '.join(missing)}", codecs.REMEDY)
    return Finding("compression", Status.GOOD, found)


def _is_installed(name: str) -> bool:
    try:
        installed(name)
    except PackageNotFoundError:
        return False
    return True


def model(effective: ResolvedSettings, make: Callable[..., Embedder] = make_embedder) -> Finding:
    """Check that the model loads and returns a unit vector. The first call also writes the fast form of the model."""
    began = time.perf_counter()
    try:
        embedder = make(effective.settings.embedder)
        vector = embedder.embed(["the mill has poisoned the river"])[0]
    except Exception as error:  # noqa: BLE001 - any failure to load the model is the finding
        return Finding(
            "model", Status.FAILED, f"{type(error).__name__}: {_first_line(error)}", "see embedder.* settings"
        )
    seconds = time.perf_counter() - began
    if not abs(float(np.linalg.norm(vector)) - 1.0) < _UNIT_TOLERANCE:
        return Finding("model", Status.FAILED, f"{embedder.revision} returns no unit vectors", "choose another model")
    return Finding("model", Status.GOOD, f"{embedder.revision}, {len(vector)} dimensions, ready in {seconds:.1f} s")


def threads(environ: Mapping[str, str] | None = None, cores: int | None = None) -> Finding:
    """Check that the threads of the model fit the machine; surplus threads slow each other down."""
    environ = os.environ if environ is None else environ
    cores = cores or os.cpu_count() or 1
    given = environ.get("OMP_NUM_THREADS", "")
    found = f"OMP_NUM_THREADS={given or 'not set'}, {cores} cores"
    if given.isdigit() and 0 < int(given) <= cores:
        return Finding("threads", Status.GOOD, found)
    return Finding("threads", Status.WARNING, found, "export OMP_NUM_THREADS=1, and run one process per core")


def memory(available: int | None = None) -> Finding:
    """Check the memory for the model, the index and the remembered messages."""
    available = _free_memory() if available is None else available
    found = f"{available / (1 << 30):.1f} GiB available"
    if available < _MIN_MEMORY:
        remedy = "2 GiB suffice for one day of a busy platform; else lower clustering.max_messages and max_wordings"
        return Finding("memory", Status.WARNING, found, remedy)
    return Finding("memory", Status.GOOD, found)


def disk(path: Path, free: int | None = None) -> Finding:
    """Check that run folders can be written to the working folder."""
    if not os.access(path, os.W_OK):
        return Finding("disk", Status.WARNING, "the working folder is not writable", "choose the run folder with --out")
    free = shutil.disk_usage(path).free if free is None else free
    found = f"{free / (1 << 30):.1f} GiB free here"
    return Finding(
        "disk", Status.GOOD if free >= _MIN_DISK else Status.WARNING, found, "free disk space for run folders"
    )


def hub(environ: Mapping[str, str] | None = None) -> Finding:
    """Report the offline switches of the model libraries; the default model is a package and needs no hub."""
    environ = os.environ if environ is None else environ
    on = [name for name in _SWITCHES if environ.get(name, "").lower() in ("1", "true", "yes", "on")]
    found = ", ".join(on) or "not set; the default model needs no hub"
    return Finding("hub offline", Status.GOOD, found)


def key(effective: ResolvedSettings) -> Finding:
    """Check that the pseudonyms use a private key instead of the public demo key."""
    if effective.key.is_demo:
        return Finding("key", Status.WARNING, effective.key.origin, f"export {KEY_VARIABLE}=$(openssl rand -hex 32)")
    return Finding("key", Status.GOOD, f"{effective.key.id}, {effective.key.origin}")


def tools(which: Callable[[str], str | None] = shutil.which) -> Iterator[Finding]:
    """Report the optional programs of some tests and deployments."""
    for name, use in (("java", "a local Kafka broker"), ("mvn", "fetching that broker")):
        path = which(name)
        yield Finding(name, Status.GOOD, f"{path or 'not found'}; optional, for {use}")


def _free_memory() -> int:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):  # some systems report no figure; then skip the warning
        return _MIN_MEMORY


def _first_line(error: BaseException) -> str:
    return (str(error) or "no message").splitlines()[0][:160]
