"""Opens clients of kafka-python for as long as they are used, and words what goes wrong between them and the broker.

Every command that speaks to Kafka opens its clients here, so that a broker that is away is told alike everywhere.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

from streams.errors import UserError
from streams.kafka.connection import KafkaSettings, client_options, servers

_CONNECT_S = 3.0
_PAUSE_S = 0.1


@contextmanager
def admin(settings: KafkaSettings, password: str | None) -> Iterator[KafkaAdminClient]:
    """A client that asks for topics and makes them.

    Raises:
        UserError: the broker does not answer or refuses.

    """
    _await_listener(settings)
    with answering(settings), KafkaAdminClient(**_options(settings, password)) as client:
        yield client


@contextmanager
def consumer(settings: KafkaSettings, password: str | None, **more: object) -> Iterator[KafkaConsumer]:
    """A consumer of no group, unless `more` names one; it commits nothing on its own.

    Raises:
        UserError: the broker does not answer or refuses.

    """
    _await_listener(settings)
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
    _await_listener(settings)
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
        raise _away(settings, type(error).__name__) from None


def _await_listener(settings: KafkaSettings) -> None:
    """Wait until one of the servers takes a connection; a client that gets none would leave its sockets open."""
    deadline = time.monotonic() + settings.request_timeout_ms / 1000
    while True:
        for host, port in servers(settings):
            try:
                socket.create_connection((host.strip("[]"), port), timeout=_CONNECT_S).close()
            except OSError as error:
                refused = error.strerror or type(error).__name__
            else:
                return
        if time.monotonic() >= deadline:
            raise _away(settings, refused)
        time.sleep(_PAUSE_S)


def _away(settings: KafkaSettings, what: str) -> UserError:
    return UserError(
        f"the broker must answer and let us in; got {what} from {settings.bootstrap} (kafka.bootstrap); start it, "
        "name another, or check kafka.security and kafka.sasl_username"
    )


def _options(settings: KafkaSettings, password: str | None) -> dict[str, Any]:
    """A person waits no longer for the first answer than for any later one."""
    return client_options(settings, password) | {"bootstrap_timeout_ms": settings.request_timeout_ms}
