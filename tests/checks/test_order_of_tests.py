"""In a parallel run the tests with a broker are at the start of every process's part, and few tests are traced."""

import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import dealt

BROKERS = {Path(f"broker-{number}"): 5 + number for number in range(10)}


def a_run_of(files):
    return [SimpleNamespace(path=path, number=number) for path, size in files.items() for number in range(size)]


def parts(order, processes):
    """As `--dist worksteal` cuts the list of tests at the start."""
    left = list(order)
    for number in range(processes):
        size = len(left) // (processes - number)
        yield left[:size]
        left = left[size:]


@pytest.mark.parametrize("processes", [1, 2, 3, 4])
def test_each_process_begins_with_its_part_of_the_brokers_in_whole_files(processes):
    order = dealt(a_run_of({Path("a"): 500, **BROKERS, Path("b"): 501}), set(BROKERS), processes)
    with_broker = []
    for part in parts(order, processes):
        waiting = [test.path for test in part if test.path in BROKERS]
        assert waiting == [test.path for test in part[: len(waiting)]]
        with_broker.append(Counter(waiting))
    sizes = [sum(files.values()) for files in with_broker]
    assert max(sizes) - min(sizes) <= max(BROKERS.values())
    assert all(files[path] in {0, size} for files in with_broker for path, size in BROKERS.items())


@pytest.mark.parametrize("processes", [1, 2, 5])
@pytest.mark.parametrize("others", [0, 1, 1000])
def test_every_test_is_dealt_once_in_the_order_of_its_file(processes, others):
    tests = a_run_of({Path("other"): others, **BROKERS})
    order = dealt(tests, set(BROKERS), processes)
    assert len(order) == len(tests)
    for path in {test.path for test in tests}:
        assert [test for test in order if test.path == path] == [test for test in tests if test.path == path]


def test_a_test_outside_the_detectors_is_not_traced():
    assert not type(sys.gettrace()).__module__.startswith("coverage")
