"""Apache Kafka itself is run here: what a test relies on when it kills, pauses or restarts a broker."""

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, UnknownTopicOrPartitionError

from streams.devtools.broker import Broker, ports
from streams.devtools.broker.ports import accepts
from streams.errors import UserError
from tests.streams.devtools.broker.clients import FAST, consume, new_topic, produce, until
from tests.streams.devtools.broker.fixture import started

pytestmark = pytest.mark.broker

VALUES = [b"one", b"two", "तीन".encode()]


@pytest.fixture(scope="module")
def lent(tmp_path_factory):
    """A broker to which these tests do no harm. Its cluster's id begins with a dash, as one in 64 does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streams.devtools.broker.broker.uuid.uuid4", lambda: uuid.UUID(int=0xF8 << 120))
        running = started(Broker(tmp_path_factory.mktemp("lent")))
    yield running
    running.stop()


def processes_of(folder):
    """The numbers of the processes that run in this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").resolve() == folder.resolve():
                found.append(int(entry.name))
        except OSError:  # ended meanwhile
            continue
    return found


def test_a_broker_gives_back_what_it_was_given(broker):
    topic = new_topic(broker.bootstrap)
    produce(broker.bootstrap, topic, VALUES)
    assert consume(broker.bootstrap, topic, len(VALUES)) == VALUES


def test_a_topic_that_nobody_made_does_not_come_into_being(lent):
    with KafkaAdminClient(bootstrap_servers=lent.bootstrap) as admin:
        with pytest.raises(UnknownTopicOrPartitionError):
            admin.delete_topics(["misspelt"])
        assert "misspelt" not in admin.list_topics()


def test_what_was_acknowledged_survives_a_kill_and_the_address_stays(own_broker):
    running = own_broker()
    before = running.bootstrap
    topic = new_topic(before)
    produce(before, topic, VALUES)
    running.kill()
    running.restart()
    assert running.bootstrap == before
    produce(before, topic, [b"four"])
    assert consume(before, topic, 4) == [*VALUES, b"four"]


def test_a_folder_that_is_used_again_has_its_data_on_another_port_too(own_broker, tmp_path):
    first = own_broker(tmp_path / "kept")
    topic = new_topic(first.bootstrap)
    produce(first.bootstrap, topic, VALUES)
    first.stop()
    chosen = ports.choose().plain
    second = own_broker(tmp_path / "kept", port=chosen)
    assert second.bootstrap == f"127.0.0.1:{chosen}"
    assert consume(second.bootstrap, topic, len(VALUES)) == VALUES


def test_a_paused_broker_answers_nobody_and_a_resumed_one_does(own_broker):
    running = own_broker()
    with KafkaAdminClient(bootstrap_servers=running.bootstrap, **FAST) as admin:
        assert admin.list_topics() == []
        running.pause()
        with pytest.raises(KafkaError):
            admin.list_topics()
        running.resume()
        topic = new_topic(running.bootstrap)
        until(lambda: topic in admin.list_topics(), "the broker lists the topic again")


def test_a_stopped_broker_leaves_no_process_and_no_port(own_broker):
    running = own_broker()
    folder, port = running.log.parent, int(running.bootstrap.partition(":")[2])
    assert running.pid in processes_of(folder)
    running.stop()
    assert not accepts(port)
    until(lambda: processes_of(folder) == [], "the watcher ends, too")
    with pytest.raises(ValueError, match="the broker does not run"):
        running.pause()
    running.stop()  # nothing to do, nothing to complain of


def test_a_paused_broker_can_be_stopped(own_broker):
    running = own_broker(stop_within_s=30)
    running.pause()
    running.stop()
    assert "shut down completed" in running.log.read_text()


def test_two_brokers_stand_side_by_side_and_share_nothing(lent, own_broker):
    topic = new_topic(lent.bootstrap)
    other = own_broker()
    with KafkaAdminClient(bootstrap_servers=other.bootstrap) as admin:
        assert topic not in admin.list_topics()
    other.stop()
    produce(lent.bootstrap, topic, VALUES)


@pytest.mark.usefixtures("lent")  # so the tools are there
def test_a_broker_dies_with_a_parent_that_was_killed(tmp_path):
    folder = tmp_path / "orphan"
    program = (
        "import sys, time; from pathlib import Path; from streams.devtools.broker import Broker\n"
        "print(Broker(Path(sys.argv[1])).start().bootstrap, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True) as parent:
        port = int(parent.stdout.readline().partition(":")[2])
        assert accepts(port)
        os.kill(parent.pid, signal.SIGKILL)
    until(lambda: processes_of(folder) == [] and not accepts(port), "no process and no port is left")


def test_a_port_where_somebody_listens_is_refused_by_its_number(lent, tmp_path):
    port = int(lent.bootstrap.partition(":")[2])
    with pytest.raises(UserError, match=rf"port {port} is not free; .* choose another --port"):
        Broker(tmp_path / "second", port=port).start()


def test_a_broker_that_dies_at_its_start_shows_its_last_words(own_broker, tmp_path):
    folder = tmp_path / "kept"
    own_broker(folder).stop()
    (folder / "data" / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=wrong\n")
    with pytest.raises(UserError, match=r"(?s)the Kafka broker failed: .*kafka\.log.*try an empty folder:.*node id 7"):
        Broker(folder).start()
    assert processes_of(folder) == []


def test_a_broker_that_dies_while_somebody_waits_for_it_is_an_error(own_broker):
    running = own_broker()
    os.kill(running.pid, signal.SIGKILL)
    with pytest.raises(UserError, match="the Kafka broker failed: Kafka ended"):
        running.wait()
    assert accepts(int(running.start().bootstrap.partition(":")[2]))


def test_a_second_broker_in_the_same_folder_is_refused_and_the_first_goes_on(lent):
    with pytest.raises(UserError, match=r"another broker runs in .*lent"):
        Broker(lent.log.parent).start()
    produce(lent.bootstrap, new_topic(lent.bootstrap), VALUES)
