"""Checks that everything a run needs is here: Python, packages, the model, room, the key.

A deployment finds out before its first event, and a newcomer sees which of several things is missing.
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
from rich.table import Table
from rich.text import Text

from detectors.similarity.embedding import Embedder
from streams.embedders import make_embedder
from streams.settings.key import KEY_VARIABLE
from streams.settings.load import ResolvedSettings

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_UNIT_TOLERANCE = 1e-3
_LEAST_PYTHON = (3, 11)
_LEAST_MEMORY = 2 << 30  # bytes: the model, the index and two million remembered messages
_LEAST_DISK = 1 << 30
_SWITCHES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


class Status(StrEnum):
    """How a check went."""

    GOOD = "ok"
    WARNING = "warning"
    FAILED = "failed"


_COLOURS = {Status.GOOD: "green", Status.WARNING: "yellow", Status.FAILED: "bold red"}


class Finding(msgspec.Struct, frozen=True):
    """One check, what was found, and what to do about it."""

    name: str
    status: Status
    found: str
    remedy: str = ""

    @property
    def failed(self) -> bool:
        """Whether a run cannot do without it."""
        return self.status is Status.FAILED


def examine(effective: ResolvedSettings) -> list[Finding]:
    """Every check, in the order in which they are worth reading."""
    return [
        python(),
        packages(),
        model(effective),
        threads(),
        memory(),
        disk(Path.cwd()),
        hub(),
        key(effective),
        *tools(),
    ]


def python(found: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Whether the interpreter is new enough."""
    name = f"{platform.python_implementation()} {'.'.join(map(str, found))}"
    if found < _LEAST_PYTHON:
        return Finding("python", Status.FAILED, name, "install Python 3.11 or newer")
    return Finding("python", Status.GOOD, name)


def packages(name: str = "hearsay") -> Finding:
    """Whether what the installed package asks for is installed."""
    try:
        wanted = distribution(name).requires or []
    except PackageNotFoundError:
        return Finding("packages", Status.WARNING, f"{name} is not installed as a package", "pip install -e .")
    needed = [requirement for requirement in wanted if "extra ==" not in requirement]
    names = [_NAME.match(requirement)[0] for requirement in needed]  # type: ignore[index]  # a requirement has a name
    missing = [bare for bare in names if not _is_installed(bare)]
    if missing:
        return Finding("packages", Status.FAILED, f"missing: {', '.join(missing)}", "pip install -e .")
    return Finding("packages", Status.GOOD, f"all {len(names)} that are needed")


def _is_installed(name: str) -> bool:
    try:
        installed(name)
    except PackageNotFoundError:
        return False
    return True


def model(effective: ResolvedSettings, make: Callable[..., Embedder] = make_embedder) -> Finding:
    """Whether the model loads and gives a unit vector; the first time, this also writes the model's fast form."""
    began = time.perf_counter()
    try:
        embedder = make(effective.settings.embedder)
        vector = embedder.embed(["the mill has poisoned the river"])[0]
    except Exception as error:  # noqa: BLE001 - whatever keeps the model from loading is the finding
        return Finding(
            "model", Status.FAILED, f"{type(error).__name__}: {_first_line(error)}", "see embedder.* settings"
        )
    seconds = time.perf_counter() - began
    if not abs(float(np.linalg.norm(vector)) - 1.0) < _UNIT_TOLERANCE:
        return Finding("model", Status.FAILED, f"{embedder.revision} gives no unit vectors", "choose another model")
    return Finding("model", Status.GOOD, f"{embedder.revision}, {len(vector)} numbers, ready in {seconds:.1f} s")


def threads(environ: Mapping[str, str] | None = None, cores: int | None = None) -> Finding:
    """Whether the model's threads fit the machine; too many of them fight each other."""
    environ = os.environ if environ is None else environ
    cores = cores or os.cpu_count() or 1
    given = environ.get("OMP_NUM_THREADS", "")
    found = f"OMP_NUM_THREADS={given or 'not set'}, {cores} cores"
    if given.isdigit() and 0 < int(given) <= cores:
        return Finding("threads", Status.GOOD, found)
    return Finding("threads", Status.WARNING, found, "export OMP_NUM_THREADS=1, one process a core")


def memory(available: int | None = None) -> Finding:
    """Whether there is room for the model, the index and what is remembered."""
    available = _free_memory() if available is None else available
    found = f"{available / (1 << 30):.1f} GiB available"
    if available < _LEAST_MEMORY:
        return Finding("memory", Status.WARNING, found, "2 GiB do for a day of a busy platform; lower the bounds")
    return Finding("memory", Status.GOOD, found)


def disk(path: Path, free: int | None = None) -> Finding:
    """Whether run folders can be written here."""
    if not os.access(path, os.W_OK):
        return Finding("disk", Status.WARNING, "the working folder cannot be written", "name run folders with --out")
    free = shutil.disk_usage(path).free if free is None else free
    found = f"{free / (1 << 30):.1f} GiB free here"
    return Finding("disk", Status.GOOD if free >= _LEAST_DISK else Status.WARNING, found, "make room for run folders")


def hub(environ: Mapping[str, str] | None = None) -> Finding:
    """Whether the model libraries may call a hub; the default model comes as a package and needs none."""
    environ = os.environ if environ is None else environ
    on = [name for name in _SWITCHES if environ.get(name, "").lower() in ("1", "true", "yes", "on")]
    found = ", ".join(on) or "not set; the default model needs no hub"
    return Finding("hub offline", Status.GOOD, found)


def key(effective: ResolvedSettings) -> Finding:
    """Whether pseudonyms are made with a key that not everybody knows."""
    if effective.key.is_demo:
        return Finding("key", Status.WARNING, effective.key.origin, f"export {KEY_VARIABLE}=$(openssl rand -hex 32)")
    return Finding("key", Status.GOOD, f"{effective.key.id}, {effective.key.origin}")


def tools(which: Callable[[str], str | None] = shutil.which) -> Iterator[Finding]:
    """Whether programs are here that only some tests and deployments use."""
    for name, use in (("java", "a local Kafka broker"), ("mvn", "fetching that broker")):
        path = which(name)
        yield Finding(name, Status.GOOD, f"{path or 'not here'}; optional: for {use}")


def table(findings: list[Finding]) -> Table:
    """The findings for people."""
    shown = Table("check", "", "found", "what to do")
    for finding in findings:
        remedy = "" if finding.status is Status.GOOD else finding.remedy
        shown.add_row(finding.name, Text(finding.status, _COLOURS[finding.status]), Text(finding.found), Text(remedy))
    return shown


def _free_memory() -> int:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):  # not every system tells; then there is nothing to warn of
        return _LEAST_MEMORY


def _first_line(error: BaseException) -> str:
    return (str(error) or "no message").splitlines()[0][:160]
