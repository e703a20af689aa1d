"""Open clients of kafka-python, and turn their errors into readable messages.

Every module that talks to Kafka without Faust opens its clients here, so all clients connect alike. A caller that
retries uses `open_admin` or `open_consumer` and handles `KafkaError`; a command uses the context managers, which report
an unreachable broker in one line.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError

from streams.errors import UserError
from streams.kafka.connection import KafkaSettings, client_options, servers

_CONNECT_S = 3.0
_PAUSE_S = 0.1
_CHECK = "kafka.bootstrap, kafka.security and kafka.sasl_username"


def open_admin(settings: KafkaSettings, password: str | None) -> KafkaAdminClient:
    """Open a client that lists, describes and creates topics. The caller closes the client.

    Raises:
        KafkaError: the broker is unreachable or refuses the client.

    """
    _wait_for_listener(settings)
    return KafkaAdminClient(**_options(settings, password))


def open_consumer(settings: KafkaSettings, password: str | None, **options: object) -> KafkaConsumer:
    """Open a consumer without a group, unless `options` name a group. The caller commits, and closes the consumer.

    Args:
        settings: of the broker.
        password: for SASL.
        options: further options of kafka-python.

    Raises:
        KafkaError: the broker is unreachable or refuses the client.

    """
    _wait_for_listener(settings)
    defaults = {
        "enable_auto_commit": False,
        "allow_auto_create_topics": False,
        "isolation_level": settings.isolation,
    }
    return KafkaConsumer(**_options(settings, password), **defaults, **options)


@contextmanager
def admin(settings: KafkaSettings, password: str | None) -> Iterator[KafkaAdminClient]:
    """Open a client as `open_admin` does, and close the client at the end.

    Raises:
        UserError: the broker is unreachable or refuses the client.

    """
    with readable_errors(settings), open_admin(settings, password) as client:
        yield client


@contextmanager
def consumer(settings: KafkaSettings, password: str | None, **options: object) -> Iterator[KafkaConsumer]:
    """Open a consumer as `open_consumer` does, and close the consumer at the end.

    Raises:
        UserError: the broker is unreachable or refuses the client.

    """
    with readable_errors(settings), open_consumer(settings, password, **options) as client:
        yield client


@contextmanager
def producer(settings: KafkaSettings, password: str | None, **options: object) -> Iterator[KafkaProducer]:
    """Open a producer that writes each record once, in order, and waits for all replicas; close it at the end.

    Raises:
        UserError: the broker is unreachable or refuses the client.

    """
    with readable_errors(settings):
        _wait_for_listener(settings)
        defaults = {"acks": "all", "enable_idempotence": True, "allow_auto_create_topics": False}
        client = KafkaProducer(**_options(settings, password), **defaults, **options)
        try:
            yield client
        finally:
            client.close(timeout=settings.request_timeout_ms / 1000)


@contextmanager
def readable_errors(settings: KafkaSettings) -> Iterator[None]:
    """Turn each error of kafka-python into a message for a user.

    Raises:
        UserError: instead of any `KafkaError`.

    """
    try:
        yield
    except KafkaConnectionError as error:
        reason = error.args[0] if error.args else type(error).__name__
        raise UserError(
            f"cannot connect to Kafka at {settings.bootstrap}: {reason}; start the broker, or check {_CHECK}"
        ) from None
    except KafkaTimeoutError:  # also after a refused login
        raise UserError(
            f"Kafka at {settings.bootstrap} did not answer within {settings.request_timeout_ms / 1000:g} s; check the "
            f"broker's log, {_CHECK}"
        ) from None
    except KafkaError as error:
        raise UserError(
            f"Kafka at {settings.bootstrap} refused a request: {type(error).__name__}; check the broker's log, {_CHECK}"
        ) from None


def _wait_for_listener(settings: KafkaSettings) -> None:
    """Wait until a server accepts a connection: kafka-python would leave the sockets of failed attempts open.

    Raises:
        KafkaError: no server accepted a connection within `kafka.request_timeout_ms`.

    """
    deadline = time.monotonic() + settings.request_timeout_ms / 1000
    while True:
        for host, port in servers(settings):
            try:
                socket.create_connection((host.strip("[]"), port), timeout=_CONNECT_S).close()
            except OSError as error:
                reason = error.strerror or type(error).__name__
            else:
                return
        if time.monotonic() >= deadline:
            raise KafkaConnectionError(reason)
        time.sleep(_PAUSE_S)


def _options(settings: KafkaSettings, password: str | None) -> dict[str, Any]:
    """Return the common options, with one timeout for the first answer and all later answers."""
    return client_options(settings, password) | {"bootstrap_timeout_ms": settings.request_timeout_ms}
