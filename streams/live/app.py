"""One stage's Faust application: the agent that feeds its lanes, and what a lane needs of the broker.

Each stage is an application and a consumer group of its own, so that any number of workers can run any choice of them.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import faust
from faust.types import TP, EventT
from yarl import URL

from streams.errors import UserError
from streams.kafka import connection
from streams.kafka import offsets as places
from streams.kafka.connection import KafkaSettings
from streams.kafka.offsets import CommittedOffset
from streams.live.io.buffer import PartitionBuffer
from streams.live.io.checkpoints import ChunkTable, StateFolderError, named
from streams.live.io.transport import MAX_RECORD_BYTES, Consumer, Transport
from streams.live.ops.metrics import Metrics
from streams.settings.load import ResolvedSettings, Settings

_log = logging.getLogger(__name__)

_PRODUCE_BYTES = 1 << 20  # of records for one partition that may go in one request
_PRODUCE_S = 120.0  # a broker that does not take a record for so long stops the worker
_BUFFERED = 64  # records that Faust may hold for a stream; a frame may have some megabytes
_UNHEARD_S = 15.0  # without a lane, after which a partition is asked after
_LONG_S = 3_600.0 * 24 * 365  # for Faust's own commits and its suspicions: positions are committed by lanes


class RunnableTask(Protocol):
    """The task of one partition, as the application starts it, feeds it and closes it."""

    inputs: dict[str, PartitionBuffer]

    def start(self, event: EventT[Any] | None = None) -> None:
        """Start processing. The event is the first record, if there is one."""
        ...

    async def close(self, *, finish: bool) -> None:
        """Stop processing, after the current step if `finish`."""
        ...


class StageApp:
    """A stage's application with its lanes.

    Args:
        stage: its name, part of the consumer group's.
        effective: settings, key and password of the deployment.
        metrics: of this worker.
        inputs: topics that it reads, all with the same number of partitions.
        stateful: whether lanes keep checkpoints.
        partitions: of each input.
    """

    def __init__(
        self,
        stage: str,
        effective: ResolvedSettings,
        metrics: Metrics,
        *,
        inputs: Sequence[str],
        stateful: bool,
        partitions: int,
    ) -> None:
        settings, password = effective.settings, effective.kafka_password
        self.stage = stage
        self.inputs = tuple(inputs)
        self.settings = settings
        self.metrics = metrics
        self.reads_events = stage == "intake"
        self.partitions = partitions
        self.group = f"{settings.kafka.prefix}hearsay-{stage}"
        self.failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self.make_lane: Callable[[StageApp, int], RunnableTask] | None = None
        self.lanes: dict[int, RunnableTask] = {}
        self._assigned = False
        self._without: dict[TP, float] = {}  # assigned partitions without a lane, and since when
        self.pseudonymiser = effective.key.pseudonymiser()
        self._client = connection.client_options(settings.kafka, password)
        self._ends = places.LogEndOffsets(self._client)
        self.app = _make_app(self.group, settings, password)
        self.table = _make_table(self.app, partitions, self.fail) if stateful else None
        self._bind()

    def topic(self, name: str) -> str:
        """A topic's name on the broker."""
        return self.settings.kafka.prefix + name

    @property
    def consumer(self) -> Consumer:
        """The application's consumer, once it has started."""
        consumer = self.app.consumer
        assert isinstance(consumer, Consumer)  # noqa: S101 - our transport made it
        return consumer

    async def send(self, name: str, partition: int, key: bytes | None, value: bytes) -> "asyncio.Future[Any]":
        """Put a record on its way; the future is done when the broker has it."""
        sent: Any = await self.app.producer.send(self.topic(name), key, value, partition, None, None)
        future: asyncio.Future[Any] = asyncio.ensure_future(sent)
        return future

    async def commit(self, positions: Mapping[TP, int]) -> None:
        """Commit the next offset to read of each partition. A group that moved on without us is no failure."""
        if not await self.consumer.commit_positions(positions):
            _log.warning("positions not taken", extra={"stage": self.stage, "reason": "the group was rebalanced"})

    async def committed(self, name: str, partition: int) -> CommittedOffset:
        """Where the group stands in a partition."""
        ask = partial(places.of_group, self._client, self.group, self.topic(name), partition)
        return await places.patiently(ask, _PRODUCE_S)

    async def newest(self, name: str, partition: int, most: int) -> list[bytes]:
        """The values of the last records of a topic's partition."""
        ask = partial(places.newest, self._client, self.topic(name), partition, most)
        return await places.patiently(ask, _PRODUCE_S)

    async def said(self, name: str, partition: int, begin: int) -> tuple[set[str], int]:
        """The ids of the alerts on a topic's partition from an offset on, and the offset behind the last."""
        return await places.patiently(
            partial(places.said, self._client, self.topic(name), partition, begin), _PRODUCE_S
        )

    async def caught_up(self, name: str, partition: int, position: int) -> bool:
        """Whether the broker has nothing after a position; one that does not answer says nothing."""
        return await self._ends.of(self.topic(name), partition) == position

    def fail(self, error: BaseException, *, partition: int | None = None) -> None:
        """Let the worker stop because of this."""
        error = named(error, self.settings.worker.data_dir)
        where = {"stage": self.stage, "partition": partition}
        if isinstance(error, (UserError, StateFolderError)):
            _log.error("lane failed", extra={**where, "reason": str(error)})
        else:
            _log.error("lane failed", exc_info=error, extra=where)
        if not self.failed.done():
            self.failed.set_result(error)

    @property
    def joined(self) -> bool:
        """Whether the group has said which partitions are this worker's, and their state is here."""
        return self._assigned and not self.app.rebalancing and not self.app.in_recovery

    def measure_lag(self) -> None:
        """Show how many records each lane has still to read, as far as the last fetch told."""
        for partition, lane in self.lanes.items():
            behind = sum(max(0, (self.consumer.end(one.tp) or 0) - one.due) for one in lane.inputs.values())
            self.metrics.lag.labels(self.stage, str(partition)).set(behind)

    async def look_after(self) -> None:
        """Seek back in partitions whose records never reached a task: see `PartitionBuffer.look_after`."""
        now = asyncio.get_running_loop().time()
        mine = {tp for tp in self.consumer.assignment() if tp.topic in map(self.topic, self.inputs)}
        without = {tp for tp in mine if tp.partition not in self.lanes} if self.joined else set()
        self._without = {tp: self._without.get(tp, now) for tp in without}
        for tp in [tp for tp, since in self._without.items() if now - since > _UNHEARD_S]:
            place = await self.committed(tp.topic.removeprefix(self.settings.kafka.prefix), tp.partition)
            self._without[tp] = now
            end = self.consumer.end(tp)
            if (end is None or end > place.offset) and tp.partition not in self.lanes:
                _log.warning("partition unheard", extra={"stage": self.stage, "partition": tp.partition})
                await self.consumer.rewind(tp, place.offset)

    async def close_lanes(self, *, finish: bool) -> None:
        """End all lanes, together."""
        lanes, self.lanes = list(self.lanes.values()), {}
        await asyncio.gather(*(lane.close(finish=finish) for lane in lanes))

    async def stop(self) -> None:
        """Leave the group and hang up. Faust may block the event loop meanwhile, for however long it takes."""
        await self.app.stop()
        await self._ends.close()

    def _bind(self) -> None:
        for name in self.inputs:
            topic = self.app.topic(
                self.topic(name),
                key_type=bytes,
                value_type=bytes,
                key_serializer="raw",
                value_serializer="raw",
                acks=False,  # positions are committed by lanes alone
                allow_empty=True,  # a record without a value is one that intake refuses
            )
            self.app.agent(topic, name=f"{self.stage}-{name}")(self._consumer_of(name))
        on_revoked: Any = self._on_revoked  # the signal's type asks for names that it does not give
        on_assigned: Any = self._on_assigned
        self.app.on_partitions_revoked.connect(on_revoked)
        self.app.on_partitions_assigned.connect(on_assigned)

    def _consumer_of(self, name: str) -> Callable[[Any], Any]:
        async def consume(stream: Any) -> None:
            async for event in stream.noack().events():
                self._lane(event).inputs[name].put(event.message.value)

        return consume

    def _lane(self, event: EventT[Any]) -> RunnableTask:
        lane = self.lanes.get(event.message.partition)
        return lane if lane is not None else self._start_lane(event.message.partition, event)

    def _start_lane(self, partition: int, event: EventT[Any] | None) -> RunnableTask:
        assert self.make_lane is not None  # noqa: S101 - set before the application starts
        lane = self.lanes[partition] = self.make_lane(self, partition)
        lane.start(event)
        return lane

    async def _on_revoked(self, _: object, revoked: set[TP], **__: object) -> None:
        self.metrics.rebalances.labels(self.stage).inc()
        self._assigned = False
        await self.close_lanes(finish=True)

    async def _on_assigned(self, _: object, assigned: set[TP], **__: object) -> None:
        self._assigned = True
        if not self.reads_events:
            return
        for tp in assigned:
            if tp.topic == self.topic(self.inputs[0]) and tp.partition not in self.lanes:
                self._start_lane(tp.partition, None)  # a source partition that stays empty has to say so


def _make_app(group: str, settings: Settings, password: str | None) -> faust.App:
    worker, kafka = settings.worker, settings.kafka
    folder = Path(worker.data_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"worker.data_dir must be a folder that can be made; got {error.strerror} for {folder}; name another"
        ) from None
    app = faust.App(
        group,
        broker=[URL(f"kafka://{server.strip()}") for server in kafka.bootstrap.split(",")],
        broker_credentials=_credentials(kafka, password),
        broker_session_timeout=worker.session_timeout_ms / 1000,
        broker_heartbeat_interval=min(3.0, worker.session_timeout_ms / 3000),
        broker_commit_interval=_LONG_S,
        broker_commit_livelock_soft_timeout=_LONG_S,
        stream_processing_timeout=_LONG_S,
        stream_wait_empty=False,
        stream_buffer_maxsize=_BUFFERED,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=MAX_RECORD_BYTES,
        producer_max_request_size=MAX_RECORD_BYTES,
        producer_request_timeout=_PRODUCE_S,
        producer_max_batch_size=_PRODUCE_BYTES,
        producer_linger=0.0,
        topic_replication_factor=kafka.replication_factor,
        topic_disable_leader=True,
        table_standby_replicas=worker.standby_replicas,
        store=URL("rocksdb://"),
        datadir=str(folder / group),
        web_enabled=False,
        key_serializer="raw",
        value_serializer="raw",
    )
    app.transport = Transport(app.conf.broker_consumer, app)
    app.producer_transport = Transport(app.conf.broker_producer, app)
    return app


def _credentials(kafka: KafkaSettings, password: str | None) -> faust.SASLCredentials | faust.SSLCredentials | None:
    context = connection.ssl_context(kafka)
    if kafka.security.startswith("sasl"):
        return faust.SASLCredentials(
            username=kafka.sasl_username, password=password, mechanism=kafka.sasl_mechanism, ssl_context=context
        )
    return None if context is None else faust.SSLCredentials(context)


def _make_table(app: faust.App, partitions: int, on_failure: Callable[[BaseException], None]) -> ChunkTable:
    table = ChunkTable(
        app, name="checkpoints", key_type=bytes, value_type=bytes, partitions=partitions, on_failure=on_failure
    )
    app.tables.add(table)
    return table
