"""Every evaluation, and one page of all their tables: python -m tests.benchmarks.studies [--out FOLDER] [--only NAME ...].

Each evaluation is a process of its own, as many at a time as there are cores. They share the vectors of the texts that
several of them read, and nothing else. The page says which command, code and data made it, and how long each part took.
What each figure means: docs/evaluation.md.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from streams.version import code_version
from tests.benchmarks.corpora.tracks import SHARED, require_data
from tests.realdata.loaders import data_folder

PARTS = {
    "growth": "How early: clusters as the program found them",
    "alerts": "How early: recorded cascades, every detector, three budgets",
    "variants": "How early: other scores in L's place, and whom alerts are about",
    "forecast": "How many more: range, reproduction number, SEISMIC",
    "nulls": "False alarms where nothing takes off",
    "budget": "What a budget of alerts costs, and whether it holds",
    "texts": "How near: near-duplicates and clusters",
    "pairs": "How near, method by method, and the alternatives",
    "disguises": "What is a copy: pairs by dimension",
    "clusters": "One rumour, one cluster: against batch, order, purity, merges",
    "content": "What is known: checked claims, categories of harm",
    "coordination": "Organic or coordinated: sharing within seconds",
    "structure": "Rumour or not: depth at a fixed size",
    "edges": "From whom: hidden parents",
}
"""By name of the module in the order of the page; the slowest are begun first."""

_SLOWEST_FIRST = (
    "clusters",
    "pairs",
    "texts",
    "variants",
    "growth",
    "content",
    "budget",
    "alerts",
    "forecast",
    "edges",
    "structure",
    "nulls",
    "disguises",
    "coordination",
)


class Part(msgspec.Struct, frozen=True):
    """One evaluation that has run."""

    name: str
    seconds: float
    printed: str
    failed: bool


def main() -> None:
    """Run, write, print; ends with 1 if a part failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs") / "evaluation")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    given = parser.parse_args()
    require_data()
    begin = time.monotonic()
    parts = run_all(given.only)
    page = "\n".join(lines(parts, time.monotonic() - begin))
    given.out.mkdir(parents=True, exist_ok=True)
    place = given.out / "evaluation.md"
    place.write_text(page, "utf-8")
    print(page)
    print(f"\nwritten to {place}")
    sys.exit(int(any(part.failed for part in parts)))


def run_all(names: Sequence[str]) -> list[Part]:
    """The parts, in the order of the page."""
    begun = sorted(names, key=_SLOWEST_FIRST.index)
    with TemporaryDirectory() as shared, ThreadPoolExecutor(os.cpu_count()) as pool:
        done = {part.name: part for part in pool.map(partial(run, shared=shared), begun)}
    return [done[name] for name in PARTS if name in done]


def run(name: str, shared: str) -> Part:
    """One evaluation in a process of its own, with the folder of the vectors that it shares."""
    begin = time.monotonic()
    command = [sys.executable, "-m", f"tests.benchmarks.studies.{name}"]
    environ = os.environ | {SHARED: shared}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    printed = ended.stdout if not ended.returncode else f"{ended.stdout}\n{ended.stderr}"
    return Part(name, time.monotonic() - begin, printed.strip(), bool(ended.returncode))


def lines(parts: Sequence[Part], seconds: float) -> Iterator[str]:
    """The page."""
    yield "# Evaluation"
    yield ""
    yield f"`python -m tests.benchmarks.studies`, code {code_version()}, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores,"
    yield f"{seconds / 60:.1f} minutes. What each figure means, and what not to believe: docs/evaluation.md."
    for part in parts:
        yield ""
        yield f"## {PARTS[part.name]}"
        yield ""
        yield f"`python -m tests.benchmarks.studies.{part.name}`, {part.seconds:.0f} s{', FAILED' if part.failed else ''}"
        yield ""
        yield "```text"
        yield part.printed
        yield "```"
    yield ""
    yield "## The data"
    yield ""
    yield "| file | bytes | sha256 |"
    yield "| --- | --- | --- |"
    for path in sorted(folder().glob("*.jsonl.gz")):
        yield f"| {path.name} | {path.stat().st_size:,} | {hashlib.sha256(path.read_bytes()).hexdigest()} |"


def folder() -> Path:
    """Where the data are, which `require_data` has seen to be somewhere."""
    found = data_folder()
    assert found is not None
    return found


if __name__ == "__main__":
    main()
