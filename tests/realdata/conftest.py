"""Data tests are skipped, and say why, where the development data are absent."""

import pytest

from tests.realdata.loaders import data_folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if data_folder() is None:
        absent = pytest.mark.skip(reason="no development data: set HEARSAY_DATA to their folder (docs/evaluation.md)")
        for item in items:
            if item.get_closest_marker("data"):
                item.add_marker(absent)
