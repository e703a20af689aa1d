"""A recorded stream through a live worker with the real model: the alerts are those of a replay, byte for byte."""

import pytest

from tests.realdata import loaders
from tests.streams.live.harness import Live

pytestmark = [pytest.mark.data, pytest.mark.model, pytest.mark.broker]


@pytest.fixture
def live(broker, tmp_path):
    deployment = Live(
        broker.bootstrap, tmp_path, sources=4, cascades=2, embedder__runtime="onnx", pool__timeout_ms=60_000
    ).create_topics()
    yield deployment
    deployment.close()


def test_rumours_of_2014_raise_live_the_alerts_of_their_replay(live):
    events = loaders.pheme()
    live.worker()
    live.publish(loaders.encoded(events))
    live.end(events[-1].created_at, senders=3)
    assert live.settle() == 0
    assert len(live.alerts()) > 100
