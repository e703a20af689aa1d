"""Define the topics, create them, and compare them with the broker's.

The table `TOPICS` is the only source of each topic's name, partitions and description. An existing topic is never
changed or deleted: differences are reported, and the operator of the cluster decides.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from schemas import (
    Alert,
    CascadeCommands,
    Cursor,
    EventBatch,
    ForwardEvent,
    Rejection,
    StateTransferChunk,
    WatermarkReport,
)
from schemas.base import Message
from streams.errors import UserError
from streams.kafka import clients
from streams.kafka.connection import KafkaSettings
from streams.times import format_duration

_DAY_MS = 86_400_000
_MIB = 1 << 20
_ALREADY_EXISTS = 36  # the broker's code
_PARTITIONS = {"source": "`kafka.source_partitions`", "cascade": "`kafka.cascade_partitions`", "one": "1"}


class Topic(msgspec.Struct, frozen=True):
    """A topic: message, partitioning and retention."""

    name: str
    about: str  # its records, in one sentence
    message: type[Message]
    key: str | None
    partitioning: str  # "source", "cascade" or "one"
    retention_ms: int | None  # None: the newest record of each key is kept for ever
    max_bytes: int  # of one record batch
    packed: bool = False  # MessagePack between stages; else JSON
    inbound: bool = False  # written by adapters; all other topics by the stages

    def partitions(self, settings: KafkaSettings) -> int:
        """Return the number of partitions in a deployment."""
        counts = {"source": settings.source_partitions, "cascade": settings.cascade_partitions, "one": 1}
        return counts[self.partitioning]

    def config(self) -> dict[str, str]:
        """Return the topic's settings on the broker."""
        if self.retention_ms is None:
            return {"cleanup.policy": "compact", "max.message.bytes": str(self.max_bytes)}
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(self.max_bytes),
        }

    @property
    def encoding(self) -> str:
        """Return the encoding of the records, for people."""
        return "MessagePack" if self.packed else "JSON"

    @property
    def retention(self) -> str:
        """Return the retention of a record, for people."""
        return "newest of each key" if self.retention_ms is None else str(format_duration(self.retention_ms))


# `ordered`, `assignments` and `state-transfers` are the journal of the stages that read them: the state of a stage
# is its newest checkpoint plus the input since then. Their retention must exceed the time that a stage may run without
# a checkpoint, which is the longest outage of its workers. Otherwise a restarted stage lacks input.
TOPICS = (
    Topic(
        "forwards",
        "Events of message trails, from platform adapters.",
        ForwardEvent,
        "chat, else actor, else message",
        "source",
        7 * _DAY_MS,
        2 * _MIB,
        inbound=True,
    ),
    Topic(
        "sightings",
        "Sightings after intake: pseudonymised, normalised, fingerprinted.",
        EventBatch,
        None,
        "source",
        2 * _DAY_MS,
        8 * _MIB,
        packed=True,
    ),
    Topic(
        "ordered",
        "Sightings with the vectors of new texts, in one log.",
        EventBatch,
        None,
        "one",
        7 * _DAY_MS,
        8 * _MIB,
        packed=True,
    ),
    Topic(
        "assignments",
        "Commands for cascades: the cluster of each sighting, merged clusters, and the watermark.",
        CascadeCommands,
        None,
        "cascade",
        7 * _DAY_MS,
        8 * _MIB,
        packed=True,
    ),
    Topic(
        "state-transfers",
        "Cascades that move to another partition after a merge.",
        StateTransferChunk,
        None,
        "cascade",
        7 * _DAY_MS,
        8 * _MIB,
        packed=True,
    ),
    Topic(
        "alerts",
        "Alerts about cascades, for reviewers. They measure spread, not truth.",
        Alert,
        "cluster_id",
        "cascade",
        365 * _DAY_MS,
        8 * _MIB,
    ),
    Topic(
        "rejections",
        "Rejected events, with the reason and the position.",
        Rejection,
        "position",
        "one",
        30 * _DAY_MS,
        8 * _MIB,
    ),
    Topic(
        "watermarks",
        "The watermark of the ordered log, and the counts of its events.",
        WatermarkReport,
        "realm",
        "one",
        None,
        _MIB,
    ),
    Topic(
        "cursors",
        "Positions in platforms' streams, from listeners: up to there, every event is on `forwards`.",
        Cursor,
        "listener and stream",
        "one",
        None,
        _MIB,
    ),
)
BY_NAME = {topic.name: topic for topic in TOPICS}


def is_ordered_log(name: str) -> bool:
    """Return True if a topic is the ordered log of a deployment, by its name with or without a prefix."""
    return name.endswith("ordered")


class BrokerTopic(msgspec.Struct, frozen=True):
    """A topic's properties on the broker."""

    partitions: int
    replicas: int  # the lowest number of any partition
    config: dict[str, str]


class Drift(msgspec.Struct, frozen=True):
    """A difference between a topic on the broker and its definition."""

    topic: str  # name on the broker, prefix included
    difference: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.difference}"


def describe(settings: KafkaSettings, password: str | None) -> dict[str, BrokerTopic]:
    """Return the topics on the broker by their names without the prefix; missing topics are left out.

    Raises:
        UserError: the broker does not answer.

    """
    with clients.admin(settings, password) as admin:
        existing = {topic["name"]: topic["partitions"] for topic in admin.describe_topics()}
        ours = [topic for topic in TOPICS if settings.prefix + topic.name in existing]
        configs = _configs(admin, [settings.prefix + topic.name for topic in ours])
    return {
        topic.name: BrokerTopic(
            partitions=len(parts := existing[settings.prefix + topic.name]),
            replicas=min((len(part["replica_nodes"]) for part in parts), default=0),
            config=configs.get(settings.prefix + topic.name, {}),
        )
        for topic in ours
    }


def check(settings: KafkaSettings, password: str | None) -> list[Drift]:
    """Return all differences between the topics on the broker and their definitions.

    Raises:
        UserError: the broker does not answer.

    """
    return drifts(settings, describe(settings, password))


def drifts(settings: KafkaSettings, found: Mapping[str, BrokerTopic]) -> list[Drift]:
    """Return the differences of the topics in the result of `describe`."""
    return [
        Drift(settings.prefix + topic.name, difference)
        for topic in TOPICS
        for difference in _differences(topic, settings, found.get(topic.name))
    ]


def create(settings: KafkaSettings, password: str | None) -> list[str]:
    """Create the missing topics, wait until they are usable, and return their names on the broker.

    Raises:
        UserError: the broker does not answer, or cannot create a topic.

    """
    with clients.admin(settings, password) as admin:
        existing = set(admin.list_topics())
        missing = [topic for topic in TOPICS if settings.prefix + topic.name not in existing]
        if not missing:
            return []
        answer = admin.create_topics(_requests(missing, settings), raise_errors=False)
        created = [topic["name"] for topic in answer["topics"] if topic["error_code"] == 0]
        refused = [topic for topic in answer["topics"] if topic["error_code"] not in (0, _ALREADY_EXISTS)]
        if refused:
            raise UserError(
                f"cannot create the topic {refused[0]['name']}: {refused[0]['error_message']}; check "
                "kafka.replication_factor, kafka.prefix and the rights on the cluster"
            )
        admin.wait_for_topics(created, timeout_ms=settings.request_timeout_ms)
        return created


def require(settings: KafkaSettings, password: str | None, names: Sequence[str]) -> None:
    """Check that topics exist with their numbers of partitions.

    Raises:
        UserError: the broker does not answer, a topic is missing, or a topic has another number of partitions.

    """
    with clients.admin(settings, password) as admin:
        found = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}
    wrong = []
    for topic in (BY_NAME[name] for name in names):
        have, want = found.get(settings.prefix + topic.name, 0), topic.partitions(settings)
        if have != want:
            wrong.append(f"{settings.prefix + topic.name} ({f'has {have}' if have else 'missing'}, needs {want})")
    if wrong:
        raise UserError(
            f"topics without the needed partitions: {'; '.join(wrong)}; run `hearsay topics --create` to create "
            "missing topics; kafka.source_partitions and kafka.cascade_partitions are the needed numbers"
        )


def as_markdown() -> str:
    """Return the table of topics for the documentation."""
    lines = [
        "| topic | content | key | value | partitions | retention | largest record |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{topic.name}` | {topic.about} | {topic.key or 'none'} | `{topic.message.__name__}`, {topic.encoding} | "
        f"{_PARTITIONS[topic.partitioning]} | {topic.retention} | {topic.max_bytes // _MIB} MiB |"
        for topic in TOPICS
    ]
    return "\n".join(lines) + "\n"


def _differences(topic: Topic, settings: KafkaSettings, found: BrokerTopic | None) -> Iterator[str]:
    if found is None:
        yield "missing; run `hearsay topics --create`"
        return
    wanted = topic.partitions(settings)
    if found.partitions != wanted:
        yield f"too {'few' if found.partitions < wanted else 'many'} partitions; has {found.partitions}, needs {wanted}"
    if found.replicas < settings.replication_factor:
        yield f"too few replicas; has {found.replicas}, needs {settings.replication_factor}"
    for name, value in topic.config().items():
        if found.config.get(name) != value:
            yield f"different {name}; has {found.config.get(name, 'none')}, needs {value}"


def _configs(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    wanted = dict.fromkeys(("cleanup.policy", "retention.ms", "max.message.bytes"))
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, wanted) for name in names]
    found = admin.describe_configs(resources, config_filter="all")["topic"]
    return {
        topic: {name: config["value"] for name, config in configs.items() if config["value"] is not None}
        for topic, configs in found.items()
    }


def _requests(topics: Sequence[Topic], settings: KafkaSettings) -> dict[str, dict[str, object]]:
    return {
        settings.prefix + topic.name: {
            "num_partitions": topic.partitions(settings),
            "replication_factor": settings.replication_factor,
            "configs": topic.config(),
        }
        for topic in topics
    }
