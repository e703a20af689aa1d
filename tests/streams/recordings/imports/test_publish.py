"""Imported events on the topic `forwards` of a real broker."""

import json

import msgspec
import pytest

from schemas.event import ForwardEvent
from tests.streams.kafka.deployment import Deployment
from tests.streams.recordings.imports.formats import HEAD


@pytest.mark.broker
def test_an_import_publishes_digests_in_the_order_of_time_and_a_second_import_repeats_the_ids(broker, tmp_path):
    deployment = Deployment(broker.bootstrap)
    path = tmp_path / "log.txt"
    path.write_text(f"{HEAD}\n1772600300|ana|the bridge is shut\n1772600100|ben|is it\n?|cy|no time\n")
    for _ in range(2):
        done = deployment.call("import", path, "--publish", "--json")
        assert done.exit_code == 0, done.stderr
        report = json.loads(done.stdout)
        assert report["written"] == 2
        assert report["files"][0]["refused"] == {"no_time": 1}
    raw = [record.value for record in deployment.read("forwards")]
    events = [msgspec.json.decode(value, type=ForwardEvent) for value in raw]
    assert [event.text for event in events] == ["is it", "the bridge is shut"] * 2
    assert len({event.event_id for event in events}) == 2
    assert {event.key_id for event in events} != {None}
    assert b"ana" not in b"".join(raw)
