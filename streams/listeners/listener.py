"""Keep a transport connected: publish its items, write cursors, and connect again after a growing pause.

At-least-once: a cursor is written only when the broker has acknowledged every event before it, and a new connection
begins at that place. Event ids are deterministic, so an event that is published twice is recognised by intake. The
pause doubles with each attempt and is drawn at random below that bound ("full jitter"), so many listeners do not come
back at once.
"""

import asyncio
import logging
from typing import Any

import numpy as np
from aiokafka.errors import KafkaError

from streams.listeners.base import Arrival, ConnectionEndError, Mark, Sent, SinkError, Transport
from streams.listeners.cursors import TOPIC, encode_cursor, key_of
from streams.listeners.metrics import ListenerMetrics
from streams.listeners.publisher import Publisher
from streams.listeners.sink import Sink
from streams.live.ops.web import Readiness
from streams.settings.listen import ListenSettings

_BROKER = "broker"
_LONGEST_PAUSE_S = 3_600.0
_SHOWN_LOSSES = 3

_log = logging.getLogger(__name__)


class Backoff:
    """Pauses between attempts: at random up to a bound, which doubles with each attempt. Seconds."""

    def __init__(self, least_s: float, most_s: float, random: np.random.Generator) -> None:
        self._least, self._most = least_s, most_s
        self._random = random
        self._attempts = 0

    def reset(self) -> None:
        """Start again with the shortest pause: the connection works."""
        self._attempts = 0

    def next(self) -> float:
        """Return the next pause."""
        bound = min(self._most, self._least * 2.0 ** min(self._attempts, 32))
        self._attempts += 1
        return float(self._random.uniform(0, bound))


class Listener:
    """One transport, its publisher and its cursor; the session that the transport sees.

    Args:
        transport: the connection to the platform.
        publisher: publishes the items.
        sink: writes the cursors, and is opened again after it failed.
        metrics: of this listener.
        settings: pauses and intervals.
        random: for the pauses.

    """

    def __init__(
        self,
        transport: Transport,
        publisher: Publisher,
        sink: Sink,
        *,
        metrics: ListenerMetrics,
        settings: ListenSettings,
        random: np.random.Generator,
    ) -> None:
        self._transport = transport
        self._publisher = publisher
        self._sink = sink
        self._metrics = metrics
        self._settings = settings
        self._backoff = Backoff(settings.backoff_min_ms / 1000, settings.backoff_max_ms / 1000, random)
        self._written: Mark | None = None
        self._problem = "not connected yet"
        self._losses: list[str] = []
        self._is_connected = False
        self._connected_at = 0.0  # of the event loop's clock
        self._refused: asyncio.Future[SinkError] | None = None  # set when the broker refuses a cursor

    async def run(self, resume: Mark) -> None:
        """Listen until cancelled, from a place on."""
        self._publisher.start_at(resume)
        self._written = resume
        writing = asyncio.create_task(self._write_cursors())
        try:
            while True:
                await asyncio.sleep(await self._listen())
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def drain(self) -> None:
        """Wait until every event is acknowledged, and write the last cursor.

        Raises:
            SinkError: the broker did not accept a record; the last cursor that was written holds.

        """
        await self._publisher.flush()
        await self._write_cursor()

    def readiness(self) -> Readiness:
        """Return whether the platform is connected, and which parts of its stream are missing."""
        problem = () if self._is_connected else (f"{self._transport.name}: {self._problem}",)
        return Readiness(self._is_connected, (*problem, *self._losses))

    def connected(self) -> None:
        """See `Session`."""
        if self._is_connected:
            return
        self._is_connected = True
        self._connected_at = asyncio.get_running_loop().time()
        self._metrics.connected.set(1)
        _log.info("connected", extra={"listener": self._transport.name, "stream": self._transport.stream})

    async def take(self, arrival: Arrival) -> Sent:
        """See `Session`."""
        self._backoff.reset()
        return await self._publisher.take(arrival)

    async def flush(self) -> None:
        """See `Session`."""
        await self._publisher.flush()

    async def acknowledged(self, sent: Sent) -> None:
        """See `Session`."""
        await self._publisher.acknowledged(sent)

    def missed(self, seconds: float, detail: str) -> None:
        """See `Session`."""
        self._metrics.missed.inc(max(0.0, seconds))
        _log.warning("part of the stream missed", extra={"seconds": round(seconds), "detail": detail})
        self._losses = [*self._losses, f"up to {seconds:.0f} s of the stream are missing: {detail}"][-_SHOWN_LOSSES:]

    def turned_away(self, reason: str) -> None:
        """See `Session`."""
        self._metrics.turned_away.labels(reason).inc()

    async def _listen(self) -> float:
        """Listen until the connection ends; return the pause before the next attempt in seconds."""
        try:
            await self._run_transport()
            end = ConnectionEndError("closed")
        except ConnectionEndError as error:
            end = error
        except SinkError as error:
            end = _of_broker(error)
        try:
            if end.reason != _BROKER:
                await self._publisher.flush()
        except SinkError as error:
            end = _of_broker(error)
        lasted = asyncio.get_running_loop().time() - self._connected_at if self._is_connected else 0.0
        if lasted > self._settings.backoff_max_ms / 1000:
            self._backoff.reset()
        self._is_connected = False
        self._problem = end.advice or f"the connection ended ({end.reason})"
        self._metrics.connected.set(0)
        self._metrics.reconnects.labels(end.reason).inc()
        pause = self._backoff.next() if end.retry_after_s is None else min(end.retry_after_s, _LONGEST_PAUSE_S)
        _log.warning("connecting again", extra={"reason": end.reason, "detail": end.advice, "seconds": round(pause, 2)})
        if end.reason == _BROKER:
            await self._reopen()
        return pause

    async def _run_transport(self) -> None:
        """Run the transport until its connection ends, or until a cursor shows that the broker refuses records.

        Raises:
            ConnectionEndError: the connection ended.
            SinkError: the broker did not accept a record.

        """
        refused: asyncio.Future[SinkError] = asyncio.get_running_loop().create_future()
        self._refused = refused
        running = asyncio.create_task(self._transport.run(self, self._publisher.done))
        try:
            ends: list[asyncio.Future[Any]] = [running, refused]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended = running.done()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        if ended:
            running.result()
        else:
            raise refused.result()

    async def _reopen(self) -> None:
        """Drop what is in flight, and connect to the broker again."""
        self._publisher.start_at(self._publisher.done)
        while True:
            try:
                await self._sink.open()
            except SinkError as error:
                self._problem = _of_broker(error).advice
                await asyncio.sleep(self._backoff.next())
            else:
                return

    async def _write_cursors(self) -> None:
        while True:
            await asyncio.sleep(self._settings.cursor_interval_ms / 1000)
            try:
                await self._write_cursor()
            except SinkError as error:
                _log.warning("cursor not written", extra={"reason": str(error)})
                if self._refused is not None and not self._refused.done():
                    self._refused.set_result(error)

    async def _write_cursor(self) -> None:
        """Write the acknowledged place, unless it is written already."""
        await self._publisher.collect()
        done = self._publisher.done
        self._metrics.observe_lag(done.at)
        value = encode_cursor(self._transport.name, self._transport.stream, done)
        if value is None or done == self._written:
            return
        try:
            await (await self._sink.send(TOPIC, key_of(self._transport.name, self._transport.stream), value))
        except KafkaError as error:
            raise SinkError(type(error).__name__) from None
        self._written = done


def _of_broker(error: SinkError) -> ConnectionEndError:
    return ConnectionEndError(_BROKER, f"the broker did not accept the events ({error}); check that Kafka runs")


__all__ = ["Backoff", "Listener"]
