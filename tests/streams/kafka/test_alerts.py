"""Alerts as a person reads them from the topic: each once, to what is there or on and on, whatever else is there."""

import json
import select
import signal

import msgspec
import pytest

from schemas.alert import Alert
from streams.cli.display.alerts import alert_text
from streams.kafka import alerts as follow
from streams.kafka.alerts import deduplicate
from streams.kafka.reader import TopicRecord
from tests.streams.kafka.deployment import PATIENT_S, Deployment, until
from tests.streams.kafka.some_alerts import alert, digest, encoded


def records(values):
    return iter([TopicRecord(0, offset, 0, value) for offset, value in enumerate(values)])


def ids(output):
    return [json.loads(line)["alert_id"] for line in output.splitlines()]


def numbered(*numbers):
    return [digest(f"alert {number}") for number in numbers]


def test_each_alert_is_given_once_with_its_bytes():
    values = encoded(alert(1), alert(2), alert(1), alert(3), alert(2))
    found = list(deduplicate(records(values), pytest.fail))
    assert [one.alert.headline for one in found] == ["Headline 1", "Headline 2", "Headline 3"]
    assert [one.raw for one in found] == [values[0], values[1], values[3]]


def test_so_many_ids_are_remembered_and_no_more(monkeypatch):
    monkeypatch.setattr(follow, "REMEMBERED", 2)
    # 2 is known when it comes again, 1 is forgotten by then
    values = encoded(alert(1), alert(2), alert(3), alert(2), alert(1))
    assert [one.alert.headline[-1] for one in deduplicate(records(values), pytest.fail)] == ["1", "2", "3", "1"]


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"{}", b"\xff", b'{"alert_id": 5}', b"[" * 50_000])
def test_what_is_no_alert_is_told_by_its_position_and_passed_over(value):
    told = []
    found = list(deduplicate(records([*encoded(alert(1)), value, *encoded(alert(2))]), told.append))
    assert [one.alert.headline for one in found] == ["Headline 1", "Headline 2"]
    assert len(told) == 1
    assert told[0].startswith("partition 0, offset 1: not an alert (")


@pytest.mark.broker
def test_alerts_are_printed_as_a_replay_prints_them_and_it_ends(broker):
    deployment = Deployment(broker.bootstrap)
    deployment.produce("alerts", encoded(alert(1)), 2)
    deployment.produce("alerts", encoded(alert(2), alert(1)), 0)
    printed = deployment.call("alerts")
    assert printed.exit_code == 0, printed.stderr
    assert printed.stdout == "".join(f"{alert_text(alert(number)).plain}\n" for number in (1, 2))


@pytest.mark.broker
def test_json_is_the_alert_byte_for_byte(broker):
    deployment = Deployment(broker.bootstrap)
    values = encoded(alert(1, level=1), alert(2, level=2), alert(3, level=3))
    deployment.produce("alerts", values)
    assert deployment.call("alerts", "--json").stdout_bytes == b"".join(value + b"\n" for value in values)


@pytest.mark.broker
def test_an_empty_topic_is_no_error(broker):
    printed = Deployment(broker.bootstrap).call("alerts")
    assert (printed.exit_code, printed.stdout) == (0, "")
    assert "no alerts on the topic" in printed.stderr


@pytest.mark.broker
def test_reading_begins_where_it_is_told_to(broker):
    deployment = Deployment(broker.bootstrap, kafka__cascade_partitions=1)
    begin = 1_795_795_500_000  # 2026-11-27T16:05:00Z
    for number in range(3):
        deployment.produce("alerts", encoded(alert(number)), timestamp_ms=begin + number * 60_000)
    assert ids(deployment.call("alerts", "--json", "--from", "2026-11-27T16:05:30Z").stdout) == numbered(1, 2)
    assert ids(deployment.call("alerts", "--json", "--from", "2").stdout) == numbered(2)
    assert ids(deployment.call("alerts", "--json", "--from", "end").stdout) == []


@pytest.mark.broker
def test_others_records_are_named_on_standard_error_only(broker):
    deployment = Deployment(broker.bootstrap)
    deployment.produce("alerts", [b'{"alert_id": "\x1b[2J"}', *encoded(alert(1)), None], 3, key=b"k")
    printed = deployment.call("alerts", "--json")
    assert (printed.exit_code, ids(printed.stdout)) == (0, numbered(1))
    assert [line[:37] for line in printed.stderr.splitlines()] == [
        "skipped: partition 3, offset 0: not a",
        "skipped: partition 3, offset 2: not a",
    ]
    assert "\x1b" not in printed.stderr


@pytest.mark.broker
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_who_follows_gets_what_comes_until_told_to_stop(broker, end):
    deployment = Deployment(broker.bootstrap)
    deployment.produce("alerts", encoded(alert(1)))
    following = deployment.start("alerts", "--follow", "--json")
    try:
        assert ids(following.stdout.readline()) == numbered(1)
        deployment.produce("alerts", encoded(alert(1), alert(2)), 1)
        assert ids(following.stdout.readline()) == numbered(2)
        following.send_signal(end)
        out, said = following.communicate(timeout=PATIENT_S)
    finally:
        following.kill()
    assert (following.returncode, out, said) == (0, b"", b"")


@pytest.mark.broker
def test_who_follows_from_the_end_gets_only_what_is_new(broker):
    deployment = Deployment(broker.bootstrap)
    deployment.produce("alerts", encoded(alert(1)))
    following = deployment.start("alerts", "--follow", "--json", "--from", "end")
    try:
        sent = iter(range(2, 10_000))

        def one_more():  # where it began to listen is not told, so send until it hears
            deployment.produce("alerts", encoded(alert(next(sent))))
            return following.stdout.peek() if _has_output(following) else b""

        heard = until(one_more, "the first alert that is heard")
        assert digest("alert 1").encode() not in heard
    finally:
        following.kill()
        following.communicate()


@pytest.mark.broker
def test_who_follows_outlives_a_restart_of_the_broker(own_broker):
    running = own_broker()
    deployment = Deployment(running.bootstrap)
    deployment.produce("alerts", encoded(alert(1)))
    following = deployment.start("alerts", "--follow", "--json")
    try:
        assert ids(following.stdout.readline()) == numbered(1)
        running.kill()
        running.restart()
        deployment.produce("alerts", encoded(alert(2)), 1)
        assert ids(following.stdout.readline()) == numbered(2)
    finally:
        following.kill()
        following.communicate()


@pytest.mark.broker
@pytest.mark.parametrize("words", [["--from", "noon"], ["--follow", "--from", "noon"]])
def test_a_place_that_is_none_is_one_line(broker, words):
    refused = Deployment(broker.bootstrap).call("alerts", *words)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)


@pytest.mark.broker
@pytest.mark.parametrize("words", [[], ["--follow"]])
def test_a_topic_that_is_missing_is_one_line(broker, words):
    refused = Deployment(broker.bootstrap, create=False).call("alerts", *words)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert "does not exist; run `hearsay topics`" in refused.stderr


def test_a_fixture_is_an_alert():
    assert msgspec.json.decode(encoded(alert(1))[0], type=Alert) == alert(1)


def _has_output(process):
    return bool(select.select([process.stdout], [], [], 0.2)[0])
