"""A state folder that takes no more stops the worker, which says so; nothing is lost, and with room it goes on.

The test takes half a minute: the worker has to fill its folder, stop, and restore its state with room again.
"""

import resource

import pytest

from tests.streams.live.events import sample
from tests.streams.live.harness import PATIENCE, Live

pytestmark = pytest.mark.broker

ROOM = 600_000  # bytes: some checkpoints of the sample, and not all of them


@pytest.fixture
def live(broker, tmp_path):
    deployment = Live(broker.bootstrap, tmp_path, 2, 2, worker__checkpoint_bytes=100_000).create_topics()
    yield deployment
    deployment.close()


def no_room():
    """Files of this process end at a size: for the store that is a full disk, and it needs no root."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))


def test_a_full_disk_stops_the_worker_with_a_word_and_nothing_is_lost(live):
    events, newest = sample(111, 3_000)
    live.publish(events)
    live.end(newest)
    for _ in range(2):  # there is no room when it is started again either
        worker = live.worker(before_exec=no_room, wait=False)
        assert worker.process.wait(PATIENCE) == 1
        (said,) = [event for event in worker.events() if event["event"] == "worker failed"]
        assert "cannot write the state folder" in said["reason"]
        assert f"free some space in {live.folder / 'w0'}" in said["reason"]
        assert not [line for line in worker.log.read_text("utf-8").splitlines() if line.startswith("Traceback")]
    live.worker()
    assert live.settle() == 0
