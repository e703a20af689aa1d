"""Write records to Kafka from an event loop: each record once, in order within its key, with a bound on memory.

The client is the one that the workers' engine uses. A batch for each partition is filled while the one before is on its
way, and a further record waits, so a slow broker slows the reader.
"""

import asyncio
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.kafka import connection, topics
from streams.kafka.connection import KafkaSettings
from streams.listeners.base import SinkError

_BATCH_BYTES = 128 << 10
_LINGER_MS = 5


class Sink(Protocol):
    """A destination of records."""

    async def send(self, topic: str, key: bytes | None, value: bytes) -> "asyncio.Future[Any]":
        """Send a record; the future completes when the record is acknowledged, or raises `SinkError`."""
        ...

    async def open(self) -> None:
        """Connect; called again after a `SinkError`, which drops the records in flight.

        Raises:
            SinkError: the broker does not answer.

        """
        ...

    async def close(self) -> None:
        """Disconnect, after the records in flight."""
        ...


class KafkaSink:
    """A producer that writes each record once and waits for all replicas."""

    def __init__(self, settings: KafkaSettings, password: str | None) -> None:
        self._settings = settings
        self._password = password
        self._producer: AIOKafkaProducer | None = None

    async def open(self) -> None:
        """Connect, after closing an earlier connection."""
        await self.close()
        producer = AIOKafkaProducer(**self._options())
        try:
            await producer.start()
        except KafkaError as error:
            await producer.stop()
            raise SinkError(type(error).__name__) from None
        self._producer = producer

    async def send(self, topic: str, key: bytes | None, value: bytes) -> "asyncio.Future[Any]":
        """Send a record. Waits while the batch of its partition is full."""
        if self._producer is None:
            raise SinkError("not connected")
        try:
            sent: asyncio.Future[Any] = await self._producer.send(self._settings.prefix + topic, value, key)
        except KafkaError as error:
            raise SinkError(type(error).__name__) from None
        return sent

    async def close(self) -> None:
        """Disconnect, after the records in flight."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    def _options(self) -> dict[str, Any]:
        settings = self._settings
        options: dict[str, Any] = {
            "bootstrap_servers": [f"{host}:{port}" for host, port in connection.servers(settings)],
            "client_id": "hearsay-listener",
            "security_protocol": settings.security.upper(),
            "ssl_context": connection.ssl_context(settings),
            "request_timeout_ms": settings.request_timeout_ms,
            "acks": "all",
            "enable_idempotence": True,
            "linger_ms": _LINGER_MS,
            "max_batch_size": _BATCH_BYTES,
            "max_request_size": topics.BY_NAME["rejections"].max_bytes,
        }
        if settings.security.startswith("sasl"):
            options |= {
                "sasl_mechanism": settings.sasl_mechanism,
                "sasl_plain_username": settings.sasl_username,
                "sasl_plain_password": self._password,
            }
        return options


__all__ = ["KafkaSink", "Sink"]
