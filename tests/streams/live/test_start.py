"""What a worker cannot start with is said in one line with what to do, and ends with status 2.

The test of a state that does not fit takes a minute: a worker writes the state first, and a second one has to restore
the state before it can refuse.
"""

import secrets
import socket

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from tests.streams.live.events import sample
from tests.streams.live.harness import HEARSAY, PATIENCE, Live

pytestmark = pytest.mark.broker


@pytest.fixture
def live(broker, tmp_path):
    deployment = Live(broker.bootstrap, tmp_path, 2, 2)
    yield deployment
    deployment.close()


def refused(deployment, *, only=None, argv=None, **settings):
    """The one line with which a worker refuses to start, or to go on from a state."""
    worker = deployment.worker(wait=False, only=only, argv=argv, **settings)
    assert worker.process.wait(PATIENCE) == 2, worker.log_tail()
    lines = worker.log.read_text("utf-8").splitlines()
    (said,) = [line for line in lines if line.startswith("error: ")]
    assert lines[-1] == said
    assert "Traceback" not in worker.log.read_text("utf-8")
    return said


def test_wrong_words_on_the_command_line_are_named_before_anything_is_asked_of_the_broker(live):
    said = refused(live, only="intake,detect")
    assert said == "error: unknown stage 'detect' in --only; choose from intake, embed, cluster, cascade"
    said = refused(live, argv=[HEARSAY, "worker", "--set", "worker.max_in_flight=0"])
    assert "worker.max_in_flight is 0 (from --set), but must be a whole number of at least 1" in said
    said = refused(live, argv=[HEARSAY, "worker", "--set", "worker.inflight=3"])
    assert "worker.inflight" in said
    assert "worker.max_in_flight" in said
    said = refused(live, worker__lingr_ms="3")
    assert "HEARSAY_WORKER__LINGR_MS" in said


def test_topics_that_are_missing_or_cut_otherwise_are_all_named(live):
    said = refused(live)
    for name in (
        "forwards",
        "sightings",
        "ordered",
        "assignments",
        "state-transfers",
        "alerts",
        "rejections",
        "watermarks",
    ):
        assert f"{live.prefix}{name} (missing, needs" in said
    assert "hearsay topics --create" in said
    admin = KafkaAdminClient(**live.client)
    admin.create_topics([NewTopic(live.prefix + "alerts", num_partitions=1, replication_factor=1)])
    admin.close()
    live.create_topics()
    said = refused(live)
    assert f": {live.prefix}alerts (has 1, needs 2);" in said


def test_a_broker_that_does_not_answer_is_named(live):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        said = refused(live, kafka__bootstrap=address, kafka__request_timeout_ms="2000")
    assert f"cannot connect to Kafka at {address}: " in said


def test_an_address_that_is_taken_and_a_folder_that_cannot_be_made_are_named(live):
    live.create_topics()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(live, worker__port=str(port))
    assert f"cannot listen on 127.0.0.1:{port}: " in said
    assert "set worker.port" in said
    file = live.folder / "file"
    file.touch()
    said = refused(live, worker__data_dir=str(file / "state"))
    assert f"cannot create the state folder {file / 'state'}: Not a directory; set worker.data_dir" in said


def test_the_settings_are_printed_at_the_start_and_no_secret_with_them(live):
    live.create_topics()
    key, password = secrets.token_hex(32), secrets.token_hex(16)
    worker = live.worker(only="intake", key=key, kafka_password=password, growth__target_size="12")
    assert worker.stop() == 0
    log = worker.log.read_text("utf-8")
    (said,) = [event for event in worker.events() if event["event"] == "settings"]
    assert said["settings"]["growth.target_size"] == 12
    assert said["settings"]["kafka.prefix"] == live.prefix
    assert said["key"].startswith("k")
    assert key not in log
    assert password not in log
    assert "demo key" not in log


def test_a_state_that_the_settings_cannot_go_on_from_is_refused_and_left_alone(live):
    #  a run; then other partitions, another rule, no changelog: each refused; then everything as it was
    live.create_topics()
    live.worker()
    events, newest = sample(121, 1_400)
    live.publish(events[:1_200])
    live.received(1_200)
    assert live.workers[-1].stop() == 0
    live.publish(events[1_200:1_300])

    said = refused(live, growth__target_size="11")
    assert "set back every setting that was changed since, or start anew under another kafka.prefix" in said
    said = refused(live, order__max_out_of_orderness_ms="31000")
    assert "set back every setting that was changed since" in said
    said = refused(live, kafka__cascade_partitions="1")
    assert f"{live.prefix}assignments (has 2, needs 1)" in said

    live.worker()
    live.publish(events[1_300:])
    live.end(newest)
    assert live.settle() == 0

    admin = KafkaAdminClient(**live.client)
    admin.create_partitions({live.prefix + name: 3 for name in ("assignments", "state-transfers", "alerts")})
    admin.close()
    live.publish([b"[]"])
    said = refused(live, kafka__cascade_partitions="3")
    assert "saved with 2 cascade partitions, but 3 are configured; set kafka.cascade_partitions back" in said


def test_a_stage_whose_changelog_was_deleted_is_refused_and_does_not_begin_with_nothing(live):
    live.create_topics()
    live.worker()
    events, _ = sample(131, 700)
    live.publish(events[:600])
    live.received(600)
    assert live.workers[-1].stop() == 0
    changelog = f"{live.prefix}hearsay-cluster-checkpoints-changelog"
    admin = KafkaAdminClient(**live.client)
    admin.delete_topics([changelog])
    admin.close()
    live.publish(events[600:])
    said = refused(live, worker__data_dir=str(live.folder / "another machine"))
    assert (
        f"there is no checkpoint in {changelog}; restore that topic, or start anew under another kafka.prefix" in said
    )
