"""Brokers for tests: one that a whole run shares, and ones of its own for a test that does harm to them.

`KAFKA_BOOTSTRAP` names a cluster to use instead of the shared one. Where Java or Maven is missing a test is skipped and
says so; under CI, or with `HEARSAY_REQUIRE_BROKER=1`, it fails, so that no run can pass by skipping.
"""

import os
from contextlib import ExitStack, contextmanager

import pytest

from streams.devtools.broker import Broker, ToolMissingError


class GivenCluster:
    """A cluster that somebody else runs: it has an address, and no test may stop it."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap


@contextmanager
def tools_needed():
    """Where Java or Maven is missing the test is skipped, or fails where skipping would hide it."""
    try:
        yield
    except ToolMissingError as error:
        if os.environ.get("CI") or os.environ.get("HEARSAY_REQUIRE_BROKER") == "1":
            raise
        pytest.skip(f"NO BROKER, NOT TESTED: {error}")


def started(broker):
    """The broker, started, where there are the tools."""
    with tools_needed():
        return broker.start()


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """The broker of the whole run; use topics and groups of your own, and leave it running."""
    given = os.environ.get("KAFKA_BOOTSTRAP")
    if given:
        yield GivenCluster(given)
        return
    with ExitStack() as stack:
        running = started(Broker(tmp_path_factory.mktemp("shared-broker")))
        stack.callback(running.stop)
        yield running


@pytest.fixture
def own_broker(tmp_path_factory):
    """Makes and starts a broker that the test may kill; takes what `Broker` takes beside the folder."""
    with ExitStack() as stack:

        def make(folder=None, **options):
            made = Broker(folder or tmp_path_factory.mktemp("own-broker"), **options)
            stack.callback(made.stop)
            return started(made)

        yield make
