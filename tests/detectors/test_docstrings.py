"""The examples in docstrings print the results that they show."""

import doctest
import importlib
import pkgutil

import pytest

import detectors
import schemas

MODULES = [
    module.name
    for package in (detectors, schemas)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]


def examples(name):
    """The examples of one module, one list for each docstring that has some."""
    return [test for test in doctest.DocTestFinder().find(importlib.import_module(name)) if test.examples]


@pytest.mark.parametrize("name", [name for name in MODULES if examples(name)])
def test_the_examples_of_a_module_hold(name):
    runner = doctest.DocTestRunner()
    assert [test.name for test in examples(name) if runner.run(test).failed] == []
