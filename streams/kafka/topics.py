"""The topics as data; creating them, and holding the broker's against them.

Everything that names a topic, cuts it or describes it takes that from the one table here. An existing topic is never
changed or deleted: what differs is told, and whoever runs the cluster decides.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from schemas import Alert, CascadeCommands, EventBatch, ForwardEvent, Rejection, StateTransferChunk, WatermarkReport
from schemas.base import Message
from streams.errors import UserError
from streams.kafka import clients
from streams.kafka.connection import KafkaSettings
from streams.times import format_duration

_DAY_MS = 86_400_000
_MIB = 1 << 20
_ALREADY_EXISTS = 36  # the broker's code
_CUTS = {"source": "`kafka.source_partitions`", "cascade": "`kafka.cascade_partitions`", "one": "1"}


class Topic(msgspec.Struct, frozen=True):
    """A topic: what it carries, how it is cut, and how long it is kept."""

    name: str
    about: str  # what its records are, in a sentence
    message: type[Message]
    key: str | None
    cut: str  # "source", "cascade" or "one"
    retention_ms: int | None  # None: for each key the newest, for ever
    max_bytes: int  # of one record batch
    packed: bool = False  # MessagePack between our own stages; else JSON
    inbound: bool = False  # written by others; all else by us

    def partitions(self, settings: KafkaSettings) -> int:
        """How many partitions it has in a deployment."""
        counts = {"source": settings.source_partitions, "cascade": settings.cascade_partitions, "one": 1}
        return counts[self.cut]

    def config(self) -> dict[str, str]:
        """Its settings on the broker."""
        if self.retention_ms is None:
            return {"cleanup.policy": "compact", "max.message.bytes": str(self.max_bytes)}
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(self.max_bytes),
        }

    @property
    def encoding(self) -> str:
        """How its records are written, for people."""
        return "MessagePack" if self.packed else "JSON"

    @property
    def kept(self) -> str:
        """How long a record stays, for people."""
        return "newest of each key" if self.retention_ms is None else str(format_duration(self.retention_ms))


# `ordered`, `assignments` and `state-transfers` are the journal of the stages that read them: the state of a stage
# is its newest checkpoint plus the input since then. Keep them for longer than a stage may run without a checkpoint,
# which is as long as its workers may be down. Otherwise the input that a restarted stage needs is gone.
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
        "The same with vectors, in one log.",
        EventBatch,
        None,
        "one",
        7 * _DAY_MS,
        8 * _MIB,
        packed=True,
    ),
    Topic(
        "assignments",
        "Each sighting's cluster, clusters that became one, and how far time has come.",
        CascadeCommands,
        None,
        "cascade",
        7 * _DAY_MS,
        8 * _MIB,
        packed=True,
    ),
    Topic(
        "state-transfers",
        "Cascades that move to another partition because they were merged.",
        StateTransferChunk,
        None,
        "cascade",
        7 * _DAY_MS,
        8 * _MIB,
        packed=True,
    ),
    Topic(
        "alerts",
        "What a cascade does that somebody should know. It measures spread, not truth.",
        Alert,
        "cluster_id",
        "cascade",
        365 * _DAY_MS,
        8 * _MIB,
    ),
    Topic(
        "rejections",
        "Events that could not be used, with the reason and the position.",
        Rejection,
        "position",
        "one",
        30 * _DAY_MS,
        8 * _MIB,
    ),
    Topic(
        "watermarks",
        "How far the ordered log has come, and where its events went.",
        WatermarkReport,
        "realm",
        "one",
        None,
        _MIB,
    ),
)
BY_NAME = {topic.name: topic for topic in TOPICS}


class BrokerTopic(msgspec.Struct, frozen=True):
    """What a topic is on the broker."""

    partitions: int
    replicas: int  # of the partition that has the fewest
    config: dict[str, str]


class Drift(msgspec.Struct, frozen=True):
    """One way in which the broker's topic is not the table's."""

    topic: str  # as the broker knows it
    what: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.what}"


def standing(settings: KafkaSettings, password: str | None) -> dict[str, BrokerTopic]:
    """What the broker has of the table's topics, by the table's names; a missing topic is left out.

    Raises:
        UserError: the broker does not answer.

    """
    with clients.admin(settings, password) as admin:
        there = {topic["name"]: topic["partitions"] for topic in admin.describe_topics()}
        ours = [topic for topic in TOPICS if settings.prefix + topic.name in there]
        configs = _configs(admin, [settings.prefix + topic.name for topic in ours])
    return {
        topic.name: BrokerTopic(
            partitions=len(parts := there[settings.prefix + topic.name]),
            replicas=min((len(part["replica_nodes"]) for part in parts), default=0),
            config=configs.get(settings.prefix + topic.name, {}),
        )
        for topic in ours
    }


def check(settings: KafkaSettings, password: str | None) -> list[Drift]:
    """Every way in which the broker's topics are not the table's.

    Raises:
        UserError: the broker does not answer.

    """
    return drifts(settings, standing(settings, password))


def drifts(settings: KafkaSettings, found: Mapping[str, BrokerTopic]) -> list[Drift]:
    """The same for what `standing` found."""
    return [
        Drift(settings.prefix + topic.name, what)
        for topic in TOPICS
        for what in _differences(topic, settings, found.get(topic.name))
    ]


def create(settings: KafkaSettings, password: str | None) -> list[str]:
    """Create what is missing, and wait until it can be used; gives the names of what was created.

    Raises:
        UserError: the broker does not answer, or cannot make such a topic.

    """
    with clients.admin(settings, password) as admin:
        there = set(admin.list_topics())
        missing = [topic for topic in TOPICS if settings.prefix + topic.name not in there]
        if not missing:
            return []
        answer = admin.create_topics(_requests(missing, settings), raise_errors=False)
        made = [topic["name"] for topic in answer["topics"] if topic["error_code"] == 0]
        refused = [topic for topic in answer["topics"] if topic["error_code"] not in (0, _ALREADY_EXISTS)]
        if refused:
            raise UserError(
                f"the broker must be able to make the topics; got {refused[0]['error_message']} for "
                f"{refused[0]['name']}; check kafka.replication_factor, kafka.prefix and the rights on the cluster"
            )
        admin.wait_for_topics(made, timeout_ms=settings.request_timeout_ms)
        return made


def require(settings: KafkaSettings, password: str | None, names: Sequence[str]) -> None:
    """Refuse to go on without these topics, each with its number of partitions.

    Raises:
        UserError: the broker does not answer, or a topic is missing or cut otherwise.

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
            f"the topics must be there with their partitions; got {'; '.join(wrong)}; `hearsay topics --create` makes "
            "what is missing; the numbers are kafka.source_partitions and kafka.cascade_partitions"
        )


def as_markdown() -> str:
    """The table of topics for the documentation."""
    lines = [
        "| topic | holds | key | value | partitions | kept for | largest record |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{topic.name}` | {topic.about} | {topic.key or 'none'} | `{topic.message.__name__}`, {topic.encoding} | "
        f"{_CUTS[topic.cut]} | {topic.kept} | {topic.max_bytes // _MIB} MiB |"
        for topic in TOPICS
    ]
    return "\n".join(lines) + "\n"


def _differences(topic: Topic, settings: KafkaSettings, found: BrokerTopic | None) -> Iterator[str]:
    if found is None:
        yield "missing; `hearsay topics --create` makes it"
        return
    wanted = topic.partitions(settings)
    if found.partitions != wanted:
        yield f"too {'few' if found.partitions < wanted else 'many'} partitions; has {found.partitions}, needs {wanted}"
    if found.replicas < settings.replication_factor:
        yield f"too few replicas; has {found.replicas}, needs {settings.replication_factor}"
    for name, value in topic.config().items():
        if found.config.get(name) != value:
            yield f"another {name}; has {found.config.get(name, 'none')}, needs {value}"


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
