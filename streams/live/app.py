"""Run one stage as a Faust application: its agents feed the partition tasks.

Each stage is an application and a consumer group of its own, so any number of workers can run any choice of stages.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import faust
from faust.types import TP, EventT
from yarl import URL

from schemas.sighting import RawEvent
from streams.errors import UserError
from streams.kafka import connection, offsets
from streams.kafka.connection import KafkaSettings
from streams.kafka.offsets import CommittedOffset
from streams.live.io.buffer import PartitionBuffer
from streams.live.io.checkpoints import ChunkTable, StateFolderError, as_state_folder_error
from streams.live.io.transport import MAX_RECORD_BYTES, Consumer, Transport
from streams.live.ops.metrics import Metrics
from streams.settings.load import ResolvedSettings, Settings

T = TypeVar("T")

_log = logging.getLogger(__name__)

_REQUEST_BYTES = 1 << 20  # of records for one partition in one produce request
_BROKER_TIMEOUT_S = 120.0  # a broker that does not answer for so long stops the worker
_STREAM_BUFFER = 64  # records that Faust may hold for a stream; an event batch may have some megabytes
_STALLED_S = 15.0  # without a task, after which a partition's offsets are compared with the broker's
_NEVER_S = 3_600.0 * 24 * 365  # for Faust's own commits and stall detection: tasks commit offsets


class RunnableTask(Protocol):
    """The task of one partition, as the application starts, feeds and stops it."""

    inputs: dict[str, PartitionBuffer]

    def start(self, event: EventT[Any] | None = None) -> None:
        """Start processing, at the first record's event, if any."""
        ...

    async def stop(self, *, finish: bool) -> None:
        """Stop processing, after the current step if `finish`."""
        ...


class StageApp:
    """A stage's Faust application and its partition tasks.

    Args:
        stage: name of the stage, part of the consumer group's name.
        effective: settings, key and password of the deployment.
        metrics: of this worker.
        inputs: names of the input topics, all with the same number of partitions.
        stateful: whether tasks write checkpoints.
        partitions: number of partitions of each input.
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
        self.make_task: Callable[[StageApp, int], RunnableTask] | None = None
        self.tasks: dict[int, RunnableTask] = {}
        self._assigned = False
        self._without_task: dict[TP, float] = {}  # assigned partitions without a task, and since when
        self.pseudonymiser = effective.key.pseudonymiser()
        self._password = password
        self._log_ends = offsets.LogEndOffsets(settings.kafka, password)
        self.faust_app = _make_faust_app(self.group, settings, password)
        self.table = _make_table(self.faust_app, partitions, self.fail) if stateful else None
        self._bind()

    def topic(self, name: str) -> str:
        """Return a topic's name on the broker, prefix included."""
        return self.settings.kafka.prefix + name

    @property
    def consumer(self) -> Consumer:
        """Return the application's consumer; available once the application has started."""
        consumer = self.faust_app.consumer
        assert isinstance(consumer, Consumer)  # noqa: S101 - our transport creates it
        return consumer

    async def send(self, name: str, partition: int, key: bytes | None, value: bytes) -> "asyncio.Future[Any]":
        """Send a record; the returned future completes when the broker has acknowledged the record."""
        sent: Any = await self.faust_app.producer.send(self.topic(name), key, value, partition, None, None)
        future: asyncio.Future[Any] = asyncio.ensure_future(sent)
        return future

    async def commit(self, next_offsets: Mapping[TP, int]) -> None:
        """Commit the next offset to read of each partition. A rejected commit after a rebalance is only logged."""
        if not await self.consumer.commit_offsets(next_offsets):
            _log.warning("offsets not committed", extra={"stage": self.stage, "reason": "the group was rebalanced"})

    async def committed(self, name: str, partition: int) -> CommittedOffset:
        """Return the group's committed offset in a partition."""
        return await self._query(offsets.committed_offset, self.group, self.topic(name), partition)

    async def last_values(self, name: str, partition: int, at_most: int) -> list[bytes]:
        """Return the values of the last records of a topic's partition."""
        return await self._query(offsets.last_values, self.topic(name), partition, at_most)

    async def events_of(self, name: str, partition: int, span: range) -> list[RawEvent]:
        """Return the events in a span of offsets of a topic's partition, oldest first."""
        return await self._query(offsets.events_of, self.topic(name), partition, span)

    async def published_alert_ids(self, name: str, partition: int, begin: int) -> tuple[set[str], int]:
        """Return the ids of the alerts in a topic's partition from offset `begin`, and the log end offset."""
        return await self._query(offsets.published_alert_ids, self.topic(name), partition, begin)

    async def log_end_behind(self, name: str, partition: int, offset: int) -> int | None:
        """Return the log end if no record lies between `offset` and it; see `LogEndOffsets.end_behind`."""
        return await self._log_ends.end_behind(self.topic(name), partition, offset)

    def fail(self, error: BaseException, *, partition: int | None = None) -> None:
        """Log the error and stop the worker."""
        error = as_state_folder_error(error, self.settings.worker.data_dir)
        source = {"stage": self.stage, "partition": partition}
        if isinstance(error, (UserError, StateFolderError)):
            _log.error("task failed", extra={**source, "reason": str(error)})
        else:
            _log.error("task failed", exc_info=error, extra=source)
        if not self.failed.done():
            self.failed.set_result(error)

    @property
    def joined(self) -> bool:
        """Return True if the group has assigned partitions to the worker, and all state is restored."""
        return self._assigned and not self.faust_app.rebalancing and not self.faust_app.in_recovery

    def update_lag(self) -> None:
        """Set the lag metric of each task: records on the broker, as of the last fetch, minus buffered records."""
        for partition, task in self.tasks.items():
            behind = sum(max(0, (self.consumer.log_end(one.tp) or 0) - one.next_offset) for one in task.inputs.values())
            self.metrics.lag.labels(self.stage, str(partition)).set(behind)

    async def rewind_stalled(self) -> None:
        """Rewind assigned partitions whose records never reached a task; see `PartitionBuffer.rewind_if_stalled`."""
        now = asyncio.get_running_loop().time()
        mine = {tp for tp in self.consumer.assignment() if tp.topic in map(self.topic, self.inputs)}
        without_task = {tp for tp in mine if tp.partition not in self.tasks} if self.joined else set()
        self._without_task = {tp: self._without_task.get(tp, now) for tp in without_task}
        for tp in [tp for tp, since in self._without_task.items() if now - since > _STALLED_S]:
            committed = await self.committed(tp.topic.removeprefix(self.settings.kafka.prefix), tp.partition)
            self._without_task[tp] = now
            end = self.consumer.log_end(tp)
            if (end is None or end > committed.offset) and tp.partition not in self.tasks:
                _log.warning("partition stalled", extra={"stage": self.stage, "partition": tp.partition})
                await self.consumer.rewind(tp, committed.offset)

    async def stop_tasks(self, *, finish: bool) -> None:
        """Stop all tasks concurrently; see `PartitionTask.stop`."""
        tasks, self.tasks = list(self.tasks.values()), {}
        await asyncio.gather(*(task.stop(finish=finish) for task in tasks))

    async def stop(self) -> None:
        """Leave the group and close all connections. Faust may block the event loop meanwhile, without a time limit."""
        await self.faust_app.stop()
        await self._log_ends.close()

    async def _query(self, query: Callable[..., T], *args: object) -> T:
        ask = partial(query, self.settings.kafka, self._password, *args)
        return await offsets.retry_query(ask, _BROKER_TIMEOUT_S)

    def _bind(self) -> None:
        for name in self.inputs:
            topic = self.faust_app.topic(
                self.topic(name),
                key_type=bytes,
                value_type=bytes,
                key_serializer="raw",
                value_serializer="raw",
                acks=False,  # only tasks commit offsets
                allow_empty=True,  # the tasks count a record without a value
            )
            self.faust_app.agent(topic, name=f"{self.stage}-{name}")(self._agent_for(name))
        on_revoked: Any = self._on_revoked  # Faust's signal types require parameter names that Faust does not pass
        on_assigned: Any = self._on_assigned
        self.faust_app.on_partitions_revoked.connect(on_revoked)
        self.faust_app.on_partitions_assigned.connect(on_assigned)

    def _agent_for(self, name: str) -> Callable[[Any], Any]:
        async def consume(stream: Any) -> None:
            async for event in stream.noack().events():
                self._task_for(event).inputs[name].put(event.message.value)

        return consume

    def _task_for(self, event: EventT[Any]) -> RunnableTask:
        task = self.tasks.get(event.message.partition)
        return task if task is not None else self._start_task(event.message.partition, event)

    def _start_task(self, partition: int, event: EventT[Any] | None) -> RunnableTask:
        assert self.make_task is not None  # noqa: S101 - set before the application starts
        task = self.tasks[partition] = self.make_task(self, partition)
        task.start(event)
        return task

    async def _on_revoked(self, _: object, revoked: set[TP], **__: object) -> None:
        self.metrics.rebalances.labels(self.stage).inc()
        self._assigned = False
        await self.stop_tasks(finish=True)

    async def _on_assigned(self, _: object, assigned: set[TP], **__: object) -> None:
        self._assigned = True
        if not self.reads_events:
            return
        for tp in assigned:
            if tp.topic == self.topic(self.inputs[0]) and tp.partition not in self.tasks:
                self._start_task(tp.partition, None)  # the task of an empty source partition reports it as idle


def _make_faust_app(group: str, settings: Settings, password: str | None) -> faust.App:
    worker, kafka = settings.worker, settings.kafka
    folder = Path(worker.data_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot create the state folder {folder}: {error.strerror}; set worker.data_dir to another folder"
        ) from None
    app = faust.App(
        group,
        broker=[URL(f"kafka://{server.strip()}") for server in kafka.bootstrap.split(",")],
        broker_credentials=_credentials(kafka, password),
        broker_session_timeout=worker.session_timeout_ms / 1000,
        broker_heartbeat_interval=min(3.0, worker.session_timeout_ms / 3000),
        broker_commit_interval=_NEVER_S,
        broker_commit_livelock_soft_timeout=_NEVER_S,
        stream_processing_timeout=_NEVER_S,
        stream_wait_empty=False,
        stream_buffer_maxsize=_STREAM_BUFFER,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=MAX_RECORD_BYTES,
        producer_max_request_size=MAX_RECORD_BYTES,
        producer_request_timeout=_BROKER_TIMEOUT_S,
        producer_max_batch_size=_REQUEST_BYTES,
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
    app.transport = Transport(app.conf.broker_consumer, app, kafka.isolation)
    app.producer_transport = Transport(app.conf.broker_producer, app, kafka.isolation)
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
