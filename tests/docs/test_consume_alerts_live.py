"""The example of an alert consumer: each alert handled once, through kills, restarts and rebalances."""

import signal
import sqlite3
import sys
from contextlib import closing

import pytest

from examples.consume_alerts import Cases
from tests.streams.kafka.deployment import PATIENT_S, Deployment, start, until
from tests.streams.kafka.some_alerts import alert, digest, encoded


def rows(store):
    if not store.exists():
        return []
    with closing(sqlite3.connect(store, timeout=60)) as db:
        try:
            return db.execute("SELECT alert_id, case_id FROM handled ORDER BY rowid").fetchall()
        except sqlite3.OperationalError:  # it is about to make its tables
            return []


def member(deployment, store):
    words = [word for override in deployment.overrides for word in ("--set", override)]
    return start([sys.executable, "examples/consume_alerts.py", "--store", str(store), *words])


def stop(process, with_signal=signal.SIGTERM):
    process.send_signal(with_signal)
    out, said = process.communicate(timeout=PATIENT_S)
    return process.returncode, out + said


@pytest.fixture
def cases(tmp_path):
    def make(**options):
        return Cases(str(tmp_path / "cases.sqlite"), **options)

    return make


def test_an_alert_is_handled_once(cases):
    store = cases()
    assert store.handle(alert(1, "a")) == digest("a")
    assert store.handle(alert(1, "a")) is None
    assert store.handle(alert(2, "a")) == digest("a")


def test_what_was_handled_is_known_after_a_restart(cases):
    cases().handle(alert(1, "a"))
    again = cases()
    assert again.handle(alert(1, "a")) is None
    assert again.handle(alert(2, "b", ["a"])) == digest("a")


# clusters   a ── alert 1        b (was a) ── alert 2        c (was b, d) ── alert 3
def test_a_merged_cluster_stays_in_the_case_that_it_began_with(cases):
    store = cases()
    assert store.handle(alert(1, "a")) == digest("a")
    assert store.handle(alert(2, "b", ["a"])) == digest("a")
    assert store.handle(alert(3, "c", ["b", "d"])) == digest("a")
    assert store.handle(alert(4, "d")) == digest("a")
    assert store.handle(alert(5, "e")) == digest("e")


def test_so_many_ids_are_kept_and_no_more(cases, tmp_path):
    store = cases(rows=3)
    for number in range(10):
        store.handle(alert(number, f"cluster {number}"))
    assert [row[0] for row in rows(tmp_path / "cases.sqlite")] == [digest(f"alert {n}") for n in (7, 8, 9)]
    assert store.handle(alert(9)) is None


# alerts    |=== 200 ===|       |=== 200 ===|       |=== 200 ===|
# members   first ... killed    second ... killed   third ... all handled, told to stop
@pytest.mark.broker
def test_each_alert_is_handled_once_through_kills(broker, tmp_path):
    deployment, store = Deployment(broker.bootstrap), tmp_path / "cases.sqlite"
    values = encoded(*(alert(number, f"cluster {number % 9}") for number in range(600)))
    for life in range(3):
        for partition in range(4):
            deployment.produce("alerts", values[200 * life + partition : 200 * (life + 1) : 4], partition)
        deployment.produce("alerts", [b"no alert", *values[: 200 * life : 9]], 0)  # second deliveries
        process = member(deployment, store)
        if life < 2:  # what is handled is more than before, so the member is in the middle of its work
            until(lambda before=200 * life: len(rows(store)) > before, "one alert more")
            assert stop(process, signal.SIGKILL)[0] == -signal.SIGKILL
    until(lambda: len(rows(store)) >= len(values), "all alerts")
    code, said = stop(process)
    assert code == 0, said
    found = [row[0] for row in rows(store)]
    assert sorted(found) == sorted(digest(f"alert {number}") for number in range(600))


@pytest.mark.broker
def test_a_stopped_consumer_goes_on_behind_what_it_committed(broker, tmp_path):
    deployment, store = Deployment(broker.bootstrap), tmp_path / "cases.sqlite"
    deployment.produce("alerts", encoded(*map(alert, range(5))))
    process = member(deployment, store)
    until(lambda: len(rows(store)) == 5, "five alerts")
    assert stop(process)[0] == 0
    deployment.produce("alerts", encoded(*map(alert, range(5, 8))))
    process = member(deployment, tmp_path / "other.sqlite")  # knows nothing: what it gets is what was not committed
    until(lambda: len(rows(tmp_path / "other.sqlite")) >= 3, "the rest")
    assert stop(process)[0] == 0
    found = [row[0] for row in rows(tmp_path / "other.sqlite")]
    assert found[-3:] == [digest(f"alert {number}") for number in range(5, 8)]


@pytest.mark.broker
def test_members_of_a_group_share_the_work_and_double_nothing(broker, tmp_path):
    deployment, store = Deployment(broker.bootstrap), tmp_path / "cases.sqlite"
    first = member(deployment, store)
    total = 0

    def publish(count):
        nonlocal total
        values = encoded(*(alert(number) for number in range(total, total + count)))
        total += count
        for partition in range(4):
            deployment.produce("alerts", values[partition::4], partition)

    publish(200)
    until(lambda: len(rows(store)) >= 50, "the first alerts")
    second = member(deployment, store)
    publish(200)
    until(lambda: len(rows(store)) >= total, "both publications")
    assert stop(first, signal.SIGKILL)[0] == -signal.SIGKILL
    publish(50)
    until(lambda: len(rows(store)) >= total, "what came after a member was killed")
    assert stop(second)[0] == 0
    assert sorted(row[0] for row in rows(store)) == sorted(digest(f"alert {number}") for number in range(total))
