"""Faust's aiokafka driver with the two things changed that at-least-once delivery in order depends on.

The producer is idempotent, so that a retry after a broker's restart neither doubles a record nor overtakes one. The
consumer commits nothing on its own: a lane commits its position when all that it led to is acknowledged.
"""

from collections.abc import Mapping
from typing import Any

from faust.transport.drivers import aiokafka
from faust.types import TP

MAX_RECORD_BYTES = 8 * 1024 * 1024  # of a frame with one event of the largest size; the topics allow as much


class Consumer(aiokafka.Consumer):
    """A consumer whose positions are committed by name only."""

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commit nothing: Faust counts what its streams skip at a rebalance as done."""
        return False

    async def commit_positions(self, positions: Mapping[TP, int]) -> bool:
        """Commit the next offset to read of each partition; whether the group took it."""
        return bool(await self._commit(positions))


class Producer(aiokafka.Producer):
    """A producer that writes each record once and in order."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class Transport(aiokafka.Transport):
    """The driver that makes them."""

    Consumer = Consumer
    Producer = Producer


__all__ = ["MAX_RECORD_BYTES", "Consumer", "Producer", "Transport"]
