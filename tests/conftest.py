"""Fixtures that every test may ask for by name, and how properties and coverage are run.

Properties run on the same examples each time and without a time limit, so a red run means a change and not luck or a
busy machine. `HYPOTHESIS_PROFILE=default pytest` tries other examples each time.

Coverage is measured by the tests in `tests/detectors` alone. They must reach the branches of `detectors/` without help
from the slower tests of whole programs, which run up to ten times as fast when they are not traced.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.streams.devtools.broker.fixture import broker, own_broker

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

TRACED = Path(__file__).parent / "detectors"
BROKERS = {"broker", "own_broker"}


@pytest.hookimpl(tryfirst=True)  # before pytest selects by mark
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that uses a broker's fixture, trace the tests of the detectors alone, and begin with the brokers.

    The tests with a broker mostly wait. When they come first, the other processes compute meanwhile.
    """
    for item in items:
        if BROKERS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.broker)
        if TRACED not in item.path.parents:
            item.add_marker(pytest.mark.no_cover)
    waiting = {item.path for item in items if item.get_closest_marker("broker")}
    items.sort(key=lambda item: item.path not in waiting)


__all__ = ["broker", "own_broker"]
