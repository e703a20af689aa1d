"""The small format of the tests in place of the formats that ship."""

import pytest

from tests.streams.recordings.imports.formats import line_format


@pytest.fixture(autouse=True)
def only_the_format_of_the_tests(monkeypatch):
    monkeypatch.setattr("streams.recordings.imports.locate.FORMATS", (line_format(),))
