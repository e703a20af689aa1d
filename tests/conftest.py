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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Trace the tests of the detectors alone; without pytest-cov the mark has no effect."""
    for item in items:
        if TRACED not in item.path.parents:
            item.add_marker(pytest.mark.no_cover)


__all__ = ["broker", "own_broker"]
