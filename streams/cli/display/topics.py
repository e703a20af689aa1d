"""Print the topics and the differences between the settings and the broker."""

from collections.abc import Mapping, Sequence

from streams.cli.display.tables import Column, Table
from streams.kafka.connection import KafkaSettings
from streams.kafka.topics import TOPICS, BrokerTopic, Drift


def topics_table(settings: KafkaSettings, found: Mapping[str, BrokerTopic], drifts: Sequence[Drift]) -> Table:
    """Return one row for each topic, with the differences between the settings and the broker."""
    columns = (
        Column("topic"),
        Column("value"),
        Column("partitions"),
        Column("retention", wide=True),
        Column("on the broker", wrap=True),
    )
    rows = []
    for topic in TOPICS:
        name = settings.prefix + topic.name
        state = "; ".join(drift.difference for drift in drifts if drift.topic == name) or "ok"
        has = str(found[topic.name].partitions) if topic.name in found else "-"
        partitions = f"{has} of {topic.partitions(settings)}"
        rows.append((name, topic.message.__name__, partitions, topic.retention, state))
    return Table(columns, list(rows))


def topics_json(
    settings: KafkaSettings, found: Mapping[str, BrokerTopic], drifts: Sequence[Drift]
) -> list[dict[str, object]]:
    """Return the same for programs; `on_broker` is null for a missing topic."""
    return [
        {
            "topic": settings.prefix + topic.name,
            "value": topic.message.__name__,
            "partitions": topic.partitions(settings),
            "config": topic.config(),
            "on_broker": found.get(topic.name),
            "differences": [drift.difference for drift in drifts if drift.topic == settings.prefix + topic.name],
        }
        for topic in TOPICS
    ]


__all__ = ["topics_json", "topics_table"]
