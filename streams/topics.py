"""The topics as data; creating them, and holding the broker's against them."""

import msgspec
from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import KafkaError

from streams.connection import KafkaSettings, client_options
from streams.errors import UserError

_DAY_MS = 86_400_000
_MIB = 1 << 20


class Topic(msgspec.Struct, frozen=True):
    """A topic: what it carries, how it is cut, and how long it is kept."""

    name: str
    key: str
    value: str
    cut: str  # "source", "cascade" or "one"
    retention_ms: int | None
    max_bytes: int

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


TOPICS = (
    Topic("forwards", "any", "ForwardEvent", "source", 7 * _DAY_MS, 2 * _MIB),
    Topic("texts", "none", "Frame", "source", 2 * _DAY_MS, 8 * _MIB),
    Topic("ordered", "none", "Frame", "one", 7 * _DAY_MS, 8 * _MIB),
    Topic("sightings", "none", "Steps", "cascade", 7 * _DAY_MS, 8 * _MIB),
    Topic("handovers", "none", "HandoverPart", "cascade", 7 * _DAY_MS, 8 * _MIB),
    Topic("alerts", "cluster_id", "Alert", "cascade", 365 * _DAY_MS, 8 * _MIB),
    Topic("rejections", "position", "Rejection", "one", 30 * _DAY_MS, 8 * _MIB),
    Topic("watermarks", "realm", "Watermark", "one", None, _MIB),
)


def create(settings: KafkaSettings, password: str | None) -> list[str]:
    """Create what is missing; gives the names of what was."""
    admin = KafkaAdminClient(**client_options(settings, password))
    try:
        there = set(admin.list_topics())
        missing = [topic for topic in TOPICS if settings.prefix + topic.name not in there]
        if missing:
            admin.create_topics(
                [
                    NewTopic(
                        settings.prefix + topic.name,
                        num_partitions=topic.partitions(settings),
                        replication_factor=settings.replication_factor,
                        topic_configs=topic.config(),
                    )
                    for topic in missing
                ]
            )
        return [settings.prefix + topic.name for topic in missing]
    finally:
        admin.close()


def require(settings: KafkaSettings, password: str | None, names: list[str]) -> None:
    """Refuse to go on without these topics, each with its number of partitions.

    Raises:
        UserError: the broker does not answer, or a topic is missing or cut otherwise.
    """
    try:
        admin = KafkaAdminClient(**client_options(settings, password))
    except KafkaError as error:
        raise UserError(
            f"the broker must answer; got {type(error).__name__} from {settings.bootstrap} (kafka.bootstrap); start it, "
            "or name another"
        ) from None
    try:
        found = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}
    finally:
        admin.close()
    wrong = []
    for topic in TOPICS:
        have, want = found.get(settings.prefix + topic.name, 0), topic.partitions(settings)
        if topic.name in names and have != want:
            wrong.append(f"{settings.prefix + topic.name} ({f'has {have}' if have else 'missing'}, needs {want})")
    if wrong:
        raise UserError(
            f"the topics must be there with their partitions; got {'; '.join(wrong)}; `hearsay topics --create` makes what "
            "is missing; the numbers are kafka.source_partitions and kafka.cascade_partitions"
        )
