"""Fixtures that every test may ask for by name, and how properties and coverage are run.

Properties run on the same examples each time and without a time limit, so a red run means a change and not luck or a
busy machine. `HYPOTHESIS_PROFILE=default pytest` tries other examples each time.

Coverage is measured by the tests in `tests/detectors` alone. They must reach the branches of `detectors/` without help
from the slower tests of whole programs, which run up to ten times as fast when they are not traced.
"""

import os
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import settings

from tests.streams.devtools.broker.fixture import broker, own_broker

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

TRACED = Path(__file__).parent / "detectors"
BROKERS = {"broker", "own_broker"}


@pytest.hookimpl(tryfirst=True)  # before pytest-cov starts the measurement that it reports
def pytest_sessionstart(session: pytest.Session) -> None:
    """Stop the measurement that pytest-cov starts too early in each process of a parallel run.

    The reported measurement starts on top of the early one. A test marked `no_cover` pauses the reported one alone, so
    without this hook the early one traces the test, for no result.
    """
    plugin = session.config.pluginmanager.get_plugin("_cov")
    early = getattr(plugin, "cov_controller", None)
    if early is not None and hasattr(session.config, "workerinput"):
        early.cov.stop()


@pytest.hookimpl(tryfirst=True)  # before pytest selects by mark
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that uses a broker's fixture, trace the detectors' tests alone, and begin with the brokers."""
    for item in items:
        if BROKERS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.broker)
        if TRACED not in item.path.parents:
            item.add_marker(pytest.mark.no_cover)
    waiting = {item.path for item in items if item.get_closest_marker("broker")}
    items[:] = dealt(items, waiting, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def dealt(items: list[pytest.Item], waiting: set[Path], processes: int) -> list[pytest.Item]:
    """Return the tests in the order in which each process of a parallel run begins with its part of the brokers.

    `--dist worksteal` gives each process a block of consecutive tests of equal length, and a process that has finished
    takes tests from the end of another's block. The tests with a broker mostly wait. At the start of every block they
    wait together, while at the start of the first one process would wait for all of them in turn. A file stays whole,
    because its tests share what they start.
    """
    files = defaultdict(list)
    for item in items:
        files[item.path].append(item)
    others = [item for item in items if item.path not in waiting]
    blocks: list[list[pytest.Item]] = [[] for _ in range(processes)]
    for path in sorted(waiting, key=lambda path: (-len(files[path]), path)):
        min(blocks, key=len).extend(files[path])
    start = 0
    for number, block in enumerate(blocks):
        size = (len(items) - sum(map(len, blocks[:number]))) // (processes - number)
        end = start + max(0, size - len(block))
        block.extend(others[start:end])
        start = end
    return [item for block in blocks for item in block] + others[start:]


__all__ = ["broker", "own_broker"]
