"""Opens clients of kafka-python for as long as they are used, and words what goes wrong between them and the broker.

Every command that speaks to Kafka opens its clients here, so that a broker that is away is told alike everywhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

from streams.connection import KafkaSettings, client_options
from streams.errors import UserError


@contextmanager
def admin(settings: KafkaSettings, password: str | None) -> Iterator[KafkaAdminClient]:
    """A client that asks for topics and makes them.

    Raises:
        UserError: the broker does not answer or refuses.

    """
    with answering(settings), KafkaAdminClient(**_options(settings, password)) as client:
        yield client


@contextmanager
def consumer(settings: KafkaSettings, password: str | None, **more: object) -> Iterator[KafkaConsumer]:
    """A consumer of no group, unless `more` names one; it commits nothing on its own.

    Raises:
        UserError: the broker does not answer or refuses.

    """
    with (
        answering(settings),
        KafkaConsumer(
            **_options(settings, password), enable_auto_commit=False, allow_auto_create_topics=False, **more
        ) as client,
    ):
        yield client


@contextmanager
def producer(settings: KafkaSettings, password: str | None, **more: object) -> Iterator[KafkaProducer]:
    """A producer that writes each record once, in order, and waits for all replicas.

    Raises:
        UserError: the broker does not answer or refuses.

    """
    options = _options(settings, password) | {"allow_auto_create_topics": False, **more}
    with answering(settings):
        client = KafkaProducer(acks="all", enable_idempotence=True, **options)
        try:
            yield client
        finally:
            client.close(timeout=settings.request_timeout_ms / 1000)


@contextmanager
def answering(settings: KafkaSettings) -> Iterator[None]:
    """Word an error of kafka-python for a person.

    Raises:
        UserError: instead of any `KafkaError`.

    """
    try:
        yield
    except KafkaError as error:
        raise UserError(
            f"the broker must answer and let us in; got {type(error).__name__} from {settings.bootstrap} "
            "(kafka.bootstrap); start it, name another, or check kafka.security and kafka.sasl_username"
        ) from None


def _options(settings: KafkaSettings, password: str | None) -> dict[str, Any]:
    """A person waits no longer for the first answer than for any later one."""
    return client_options(settings, password) | {"bootstrap_timeout_ms": settings.request_timeout_ms}
