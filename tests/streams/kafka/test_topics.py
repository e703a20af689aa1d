"""The table of topics, and what is told of a broker that has others."""

import json
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient

from streams.cli.common import put_into
from streams.errors import UserError
from streams.kafka import topics
from streams.kafka.topics import TOPICS, BrokerTopic
from streams.settings.load import Settings
from tests.streams.kafka.deployment import Deployment

OPERATE = Path(__file__).parents[3] / "docs" / "operate" / "reference.md"
NAMES = [topic.name for topic in TOPICS]
DAY_MS = 86_400_000
NOBODY = "127.0.0.1:9"


def as_it_should_be(kafka):
    return {
        topic.name: BrokerTopic(topic.partitions(kafka), kafka.replication_factor, topic.config()) for topic in TOPICS
    }


def with_one(kafka, name, **change):
    found = as_it_should_be(kafka)
    whole = {"partitions": found[name].partitions, "replicas": found[name].replicas, "config": found[name].config}
    return found | {name: BrokerTopic(**(whole | change))}


def test_topics_that_are_as_the_table_says_have_no_drift():
    kafka = Settings().kafka
    assert topics.drifts(kafka, as_it_should_be(kafka)) == []


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("alerts", {"partitions": 3}, "alerts: too few partitions; has 3, needs 4"),
        ("alerts", {"partitions": 5}, "alerts: too many partitions; has 5, needs 4"),
        ("ordered", {"partitions": 2}, "ordered: too many partitions; has 2, needs 1"),
        ("sightings", {"replicas": 0}, "sightings: too few replicas; has 0, needs 1"),
        (
            "watermarks",
            {"config": {"max.message.bytes": "1048576"}},
            "different cleanup.policy; has none, needs compact",
        ),
    ],
)
def test_each_way_to_differ_is_one_drift_of_one_line(name, change, said):
    kafka = Settings().kafka
    (drift,) = topics.drifts(kafka, with_one(kafka, name, **change))
    assert said in str(drift)
    assert "\n" not in str(drift)


def test_more_replicas_than_asked_for_are_no_drift():
    kafka = Settings().kafka
    assert topics.drifts(kafka, with_one(kafka, "alerts", replicas=3)) == []


# The stages behind these keep a checkpoint and read the input since then again; what is gone by then is lost.
def test_the_journals_of_the_stages_outlive_a_long_weekend():
    kept = {topic.name: topic.retention_ms for topic in TOPICS}
    assert all(kept[name] >= 7 * DAY_MS for name in ("ordered", "assignments", "state-transfers"))


def test_the_table_in_the_documentation_is_fresh():
    page = OPERATE.read_text("utf-8")
    assert put_into(page, "topics", topics.as_markdown()) == page, (
        "run `hearsay topics --into docs/operate/reference.md`"
    )


@pytest.mark.broker
def test_created_topics_are_as_the_table_says_and_are_created_once(broker):
    deployment = Deployment(broker.bootstrap, create=False)
    assert [drift.topic for drift in topics.check(deployment.kafka, None)] == [
        deployment.prefix + name for name in NAMES
    ]
    assert sorted(topics.create(deployment.kafka, None)) == sorted(deployment.prefix + name for name in NAMES)
    assert topics.check(deployment.kafka, None) == []
    assert topics.create(deployment.kafka, None) == []


@pytest.mark.broker
def test_a_topic_that_is_there_is_neither_changed_nor_deleted(broker):
    deployment = Deployment(broker.bootstrap, create=False)
    name = deployment.prefix + "alerts"
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        admin.create_topics({name: {"num_partitions": 1, "replication_factor": 1, "configs": {"retention.ms": "1000"}}})
    created = topics.create(deployment.kafka, None)
    assert name not in created
    assert len(created) == len(NAMES) - 1
    assert [str(drift) for drift in topics.check(deployment.kafka, None)] == [
        f"{name}: too few partitions; has 1, needs 4",
        f"{name}: different retention.ms; has 1000, needs {365 * DAY_MS}",
        f"{name}: different max.message.bytes; has 1048588, needs {8 << 20}",
    ]


@pytest.mark.broker
def test_a_worker_is_told_every_topic_that_it_cannot_go_on_without(broker):
    whole = Deployment(broker.bootstrap)
    topics.require(whole.kafka, None, NAMES)
    other = Deployment(broker.bootstrap, create=False, kafka__prefix=whole.prefix, kafka__cascade_partitions=8)
    with pytest.raises(UserError) as told:
        topics.require(other.kafka, None, ["sightings", "assignments", "alerts"])
    assert f"{whole.prefix}assignments (has 4, needs 8); {whole.prefix}alerts (has 4, needs 8)" in str(told.value)
    assert "sightings" not in str(told.value)
    nothing = Deployment(broker.bootstrap, create=False)
    with pytest.raises(UserError, match=r"ordered \(missing, needs 1\).*`hearsay topics --create`"):
        topics.require(nothing.kafka, None, ["ordered"])


@pytest.mark.broker
def test_more_replicas_than_there_are_brokers_is_the_users_error(broker):
    deployment = Deployment(broker.bootstrap, create=False, kafka__replication_factor=7)
    with pytest.raises(UserError, match=r"check kafka\.replication_factor"):
        topics.create(deployment.kafka, None)


@pytest.mark.parametrize("ask", [topics.check, topics.create, topics.describe, lambda *to: topics.require(*to, NAMES)])
def test_a_broker_that_is_away_is_one_line(ask):
    away = Deployment(NOBODY, create=False, kafka__request_timeout_ms=1000).kafka
    with pytest.raises(UserError, match=f"cannot connect to Kafka at {NOBODY}: Connection refused"):
        ask(away, None)


@pytest.mark.broker
def test_the_command_creates_checks_and_prints(broker):
    deployment = Deployment(broker.bootstrap, create=False)
    missing = deployment.call("topics", "--check")
    assert (missing.exit_code, len(missing.stdout.splitlines())) == (1, len(NAMES))
    created = deployment.call("topics", "--create")
    assert (created.exit_code, len(created.stdout.splitlines())) == (0, len(NAMES))
    again = deployment.call("topics", "--create")
    assert (again.exit_code, again.stdout) == (0, f"nothing to create: all {len(NAMES)} topics exist\n")
    checked = deployment.call("topics", "--check")
    assert (checked.exit_code, checked.stdout) == (0, f"all {len(NAMES)} topics match the settings\n")
    shown = deployment.call("topics")
    assert shown.exit_code == 0
    _, *rows = [line.split("\t") for line in shown.stdout.splitlines()]
    assert [(row[0], row[-1]) for row in rows] == [(deployment.prefix + name, "ok") for name in NAMES]
    as_json = json.loads(deployment.call("topics", "--json").stdout)
    assert [(one["topic"], one["differences"]) for one in as_json] == [(row[0], []) for row in rows]


def test_the_command_puts_the_table_into_a_page_without_a_broker(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- topics -->\n<!-- /topics -->\n", "utf-8")
    away = Deployment(NOBODY, create=False)
    assert away.call("topics", "--into", page).exit_code == 0
    assert "| `forwards` |" in page.read_text("utf-8")
    without = tmp_path / "none.md"
    without.write_text("nothing here\n", "utf-8")
    assert away.call("topics", "--into", without).exit_code == 2
    missing = away.call("topics", "--into", tmp_path / "missing.md")
    assert (missing.exit_code, missing.stderr.count("\n")) == (2, 1)
    assert "missing.md" in missing.stderr
