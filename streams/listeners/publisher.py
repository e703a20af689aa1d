"""Publish the events of items to `forwards`, and refused items to `rejections`, and track what is acknowledged."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import msgspec
from aiokafka.errors import KafkaError

from detectors.pipeline.config import PipelineConfig
from detectors.privacy.pseudonym import Pseudonymiser
from detectors.privacy.rejections import build_rejection, seal_payload
from schemas.base import encode
from schemas.event import ForwardEvent, Kind
from schemas.rejection import Reason
from schemas.sighting import Position
from streams.adapters.base import Converted, Refused, Skipped, date_counter
from streams.kafka.topics import BY_NAME
from streams.listeners.base import START, Arrival, Mark, Sent, SinkError
from streams.listeners.metrics import ListenerMetrics
from streams.listeners.sink import Sink
from streams.live.io.in_flight import InFlightSends
from streams.recordings.imports.edge import pseudonymise

FORWARDS, REJECTIONS = "forwards", "rejections"
_MAX_EVENT_BYTES = BY_NAME[FORWARDS].max_bytes - (64 << 10)  # the rest is for key and frame of its record
_ITEMS_A_TURN = 64  # of the event loop
_MOST_LOGGED = 100  # refused items that the log names

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class Publisher:
    """Publishes items in their order.

    Args:
        listener: name of the listener; the position of a rejection has it as source.
        sink: writes the records.
        names: the deployment's pseudonyms, for events and for the seals of rejected items.
        metrics: of this listener.
        config: limits of a rejected item.
        raw: publish raw identifiers, which intake pseudonymises.
        max_in_flight: items that may await the broker.

    """

    def __init__(
        self,
        listener: str,
        sink: Sink,
        names: Pseudonymiser,
        metrics: ListenerMetrics,
        config: PipelineConfig,
        *,
        raw: bool,
        max_in_flight: int,
    ) -> None:
        self._listener = listener
        self._sink = sink
        self._names = names
        self._metrics = metrics
        self._max_sealed_bytes = config.intake.max_sealed_bytes
        self._change: Callable[[ForwardEvent, Pseudonymiser], ForwardEvent] = _unchanged if raw else pseudonymise
        self._max_in_flight = max_in_flight
        self._in_flight = InFlightSends(START)
        self._taken = START
        self._refused = self._since_turn = 0

    @property
    def done(self) -> Mark:
        """Return the last place up to which the broker has acknowledged everything."""
        return self._in_flight.done

    def start_at(self, mark: Mark) -> None:
        """Set the place before the first item, and drop what is in flight."""
        self._in_flight = InFlightSends(mark)
        self._taken = mark

    async def take(self, arrival: Arrival) -> Sent:
        """Publish an item; see `Session.take`."""
        outcome = arrival.outcome
        self._metrics.received.inc()
        if isinstance(outcome, Converted):
            sent = [await self._publish(event) for event in outcome.events]
            self._metrics.converted.inc()
        elif isinstance(outcome, Skipped):
            sent = []
            self._metrics.skipped.labels(outcome.reason).inc()
        else:
            sent = [await self._reject(outcome, arrival)]
        self._taken = _later(self._taken, arrival.mark)
        self._in_flight.add(self._taken, sent)
        await self._flush(self._max_in_flight)
        self._since_turn += 1
        if self._since_turn >= _ITEMS_A_TURN:
            self._since_turn = 0
            await asyncio.sleep(0)  # a stream that always has a next item would let no other task run
        return sent

    async def flush(self) -> None:
        """Wait until everything is acknowledged; see `Session.flush`."""
        await self._flush(0)

    async def collect(self) -> None:
        """Remove what is acknowledged, without waiting.

        Raises:
            SinkError: the broker did not accept a record.

        """
        await self._flush(len(self._in_flight))

    async def acknowledged(self, sent: Sent) -> None:
        """Wait until some records are acknowledged; see `Session.acknowledged`."""
        if sent:
            await asyncio.wait(sent)
        for future in sent:
            error = future.exception()
            if error is not None:
                raise SinkError(type(error).__name__) from None

    async def _flush(self, at_most: int) -> None:
        try:
            await self._in_flight.flush(at_most)
        except KafkaError as error:
            raise SinkError(type(error).__name__) from None
        finally:
            self._metrics.in_flight.set(len(self._in_flight))

    async def _publish(self, event: ForwardEvent) -> "asyncio.Future[Any]":
        event = self._change(_dated(event), self._names)
        value = _encode(event)
        if len(value) > _MAX_EVENT_BYTES:
            return await self._reject(
                Refused("too_large", f"the event has {len(value)} bytes; at most {_MAX_EVENT_BYTES} are published"),
                Arrival(Skipped("too_large"), self._taken),
            )
        key = event.chat or event.actor or event.message_id
        sent = await self._sink.send(FORWARDS, None if key is None else key.encode("utf-8", "replace"), value)
        self._metrics.published.inc()
        return sent

    async def _reject(self, refused: Refused, arrival: Arrival) -> "asyncio.Future[Any]":
        """Publish a rejection; its position is the number in the platform's position, else the time of receipt."""
        self._metrics.refused.labels(refused.reason).inc()
        position = arrival.mark.position or ""
        offset = int(position) if position.isascii() and position.isdigit() and len(position) < 16 else now_ms()
        place = Position(self._listener, 0, offset)
        self._refused += 1
        if self._refused <= _MOST_LOGGED:
            _log.warning("item refused", extra={"reason": refused.reason, "detail": refused.detail, "offset": offset})
        payload = seal_payload(refused.raw or arrival.raw, self._names, self._max_sealed_bytes)
        rejection = build_rejection(Reason.FOREIGN_ITEM, f"{refused.reason}: {refused.detail}", place, payload)
        return await self._sink.send(REJECTIONS, f"{self._listener}/0/{offset}".encode(), encode(rejection))


def now_ms() -> int:
    """Return the time in ms since 1970."""
    return time.time_ns() // 1_000_000


def _dated(event: ForwardEvent) -> ForwardEvent:
    """Return an event with a time: one that its platform does not date happened when the item came, as far as known."""
    if event.kind is Kind.COUNTER and "#c" not in event.event_id:
        return date_counter(event, event.stamped_at or now_ms())
    if not event.stamped_at:
        at = now_ms()
        return msgspec.structs.replace(event, created_at=at, observed_at=at)
    return event


def _unchanged(event: ForwardEvent, _: Pseudonymiser) -> ForwardEvent:
    return event


def _later(before: Mark, mark: Mark) -> Mark:
    """Return the place after an item; an item without a position or a time leaves that of the item before."""
    return Mark(mark.position or before.position, before.at if mark.at is None else mark.at)


__all__ = ["Publisher", "now_ms"]
