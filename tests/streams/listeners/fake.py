"""A broker in memory, and a listener that runs against a loopback server."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from aiokafka.errors import KafkaTimeoutError

from schemas.cursor import Cursor
from schemas.event import ForwardEvent
from schemas.rejection import Rejection
from streams.listeners.base import START, Mark, SinkError, Transport
from streams.listeners.listener import Listener
from streams.listeners.metrics import ListenerMetrics
from streams.listeners.publisher import Publisher
from streams.settings.load import ResolvedSettings, load

FAST = (
    "listen.backoff_min_ms=5",
    "listen.backoff_max_ms=20",
    "listen.cursor_interval_ms=10",
    "listen.idle_timeout_ms=10000",
)


def settings(*overrides: str, environ: dict[str, str] | None = None) -> ResolvedSettings:
    return load(None, environ or {}, [*FAST, *overrides])


class _Id(msgspec.Struct):
    event_id: str


_id_of = msgspec.json.Decoder(_Id).decode


class FakeSink:
    """Keeps records; acknowledges each after `delay_s`, or never while `held`; fails `failing` records in a row."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.records: list[tuple[str, bytes | None, bytes]] = []
        self.delay_s = delay_s
        self.held = False
        self.waiting: list[asyncio.Future[Any]] = []
        self.failing = 0
        self.opened = 0
        self.ids: set[str] = set()  # of the events so far

    async def open(self) -> None:
        self.opened += 1
        if self.failing > 1:
            self.failing -= 1
            raise SinkError("away")
        self.failing = 0
        self.waiting.clear()

    async def send(self, topic: str, key: bytes | None, value: bytes) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.failing:
            future.set_exception(KafkaTimeoutError())
            return future
        self.records.append((topic, key, value))
        if topic == "forwards":
            self.ids.add(_id_of(value).event_id)
        if self.held and topic != "cursors":
            self.waiting.append(future)
        elif self.delay_s:
            asyncio.get_running_loop().call_later(self.delay_s, future.set_result, None)
        else:
            future.set_result(None)
        return future

    async def close(self) -> None:
        pass

    def release(self) -> None:
        self.held = False
        for future in self.waiting:
            future.set_result(None)
        self.waiting.clear()

    def of(self, topic: str) -> list[bytes]:
        return [value for name, _, value in self.records if name == topic]

    @property
    def events(self) -> list[ForwardEvent]:
        return [msgspec.json.decode(value, type=ForwardEvent) for value in self.of("forwards")]

    @property
    def cursors(self) -> list[Cursor]:
        return [msgspec.json.decode(value, type=Cursor) for value in self.of("cursors")]

    @property
    def rejections(self) -> list[Rejection]:
        return [msgspec.json.decode(value, type=Rejection) for value in self.of("rejections")]


class Running:
    """A listener that runs in this process."""

    def __init__(self, transport: Transport, effective: ResolvedSettings, sink: FakeSink, *, raw: bool = True) -> None:
        self.sink = sink
        self.metrics = ListenerMetrics()
        self.publisher = Publisher(
            transport.name,
            sink,
            effective.key.pseudonymiser(),
            self.metrics,
            effective.settings.pipeline,
            raw=raw,
            max_in_flight=effective.settings.listen.max_in_flight,
        )
        listen = effective.settings.listen
        self.listener = Listener(
            transport, self.publisher, sink, metrics=self.metrics, settings=listen, random=np.random.default_rng(7)
        )
        self._task: asyncio.Task[None] | None = None

    def start(self, resume: Mark = START) -> "Running":
        self._task = asyncio.create_task(self.listener.run(resume))
        return self

    async def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                assert self._task is None or not self._task.done(), self._task.result()
                await asyncio.sleep(0.002)

    async def stop(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.listener.drain()

    def metric(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"hearsay_listener_{name}", labels or None) or 0.0
