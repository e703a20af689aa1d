"""A worker: the chosen stages in one process, until it is told to stop or cannot go on."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, Self, TypeVar

from kafka.errors import KafkaError

from detectors.snapshot import SnapshotError
from streams.embedders.model_files import ModelError
from streams.embedders.pool.pool import FACTORY, EmbeddingPool
from streams.errors import STATUS, UserError
from streams.kafka import topics
from streams.live.app import StageApp
from streams.live.io.checkpoints import StateFolderError, named
from streams.live.ops import logs
from streams.live.ops.metrics import Metrics
from streams.live.ops.shutdown import in_time, leave
from streams.live.ops.web import Condition, Web
from streams.live.stages import STAGES, WITH_MODEL, Model, make_engine
from streams.live.vectors import TextVectors
from streams.process import rare_collection
from streams.reference.load import ReferenceData, load_reference_data
from streams.settings.load import ResolvedSettings, to_values

T = TypeVar("T")

HANG_UP_S = 60.0  # the stages may take to leave their groups: a broker that rebalances answers late
_LAG_S = 2.0
_SAID = 10  # skipped entries of a bank that the log names

_log = logging.getLogger(__name__)


def choose(only: str | None) -> list[str]:
    """The stages that a comma-separated choice names, in the order in which data flows; all without one.

    Raises:
        UserError: a name that is no stage.
    """
    if only is None:
        return list(STAGES)
    chosen = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in chosen if name not in STAGES]
    if unknown or not chosen:
        raise UserError(
            f"--only takes stages, separated by commas; got {', '.join(unknown) or 'none'}; "
            f"there are {', '.join(STAGES)}"
        )
    return [name for name in STAGES if name in chosen]


def run(effective: ResolvedSettings, stages: Sequence[str], factory: str = FACTORY) -> None:
    """Run a worker in this process until SIGTERM or SIGINT, and end the process; see `work`."""
    try:
        with rare_collection():
            asyncio.run(work(effective, stages, factory))
        leave(0)
    except StateFolderError as error:
        _log.error("worker failed", extra={"reason": str(error)})
        raise SystemExit(1) from error


async def work(effective: ResolvedSettings, stages: Sequence[str], factory: str = FACTORY) -> None:
    """Run until SIGTERM or SIGINT.

    Args:
        effective: settings, key and password of the deployment.
        stages: names from `STAGES`.
        factory: makes the model, as for `EmbeddingPool`.

    Raises:
        UserError: a topic is missing or wrong, the address is taken, or a state cannot be read.
        Exception: what a stage could not go on from. Nothing is committed that was not done.
    """
    settings = effective.settings
    logs.set_up(settings.worker.log_level, settings.worker.log_format)
    _log.info("settings", extra={"settings": to_values(settings), "key": effective.key.id, "stages": list(stages)})
    names = sorted({name for stage in stages for name in (*STAGES[stage].inputs, *STAGES[stage].outputs)})
    await asyncio.to_thread(topics.require, settings.kafka, effective.kafka_password, names)
    async with _Worker(effective, factory) as worker:
        with _to_put_right():
            await worker.run(stages)


@contextlib.contextmanager
def _to_put_right() -> Iterator[None]:
    """What only the settings or their files can put right, as such."""
    try:
        yield
    except (SnapshotError, ModelError) as error:
        raise UserError(str(error)) from error


def _say_skipped(knowledge: ReferenceData) -> None:
    for skipped in knowledge.bank.skipped[:_SAID]:
        _log.warning("entry of claims.file skipped", extra={"entry": skipped.entry, "reason": skipped.reason})
    if knowledge.bank.claims:
        counts = {"claims": len(knowledge.bank.claims), "skipped": len(knowledge.bank.skipped)}
        _log.info("checked claims read", extra=counts | {"digest": knowledge.digest})


class _Worker:
    def __init__(self, effective: ResolvedSettings, factory: str) -> None:
        self._effective = effective
        self._factory = factory
        self._metrics = Metrics()
        self._engines: list[StageApp] = []
        self._pool: EmbeddingPool | None = None
        self._tasks: list[asyncio.Task[Any]] = []
        worker = effective.settings.worker
        self._web = Web(worker.host, worker.port, self._metrics, self._condition)
        self._told = asyncio.Event()
        self._made = asyncio.Event()  # the stages' applications are there, and may fail

    async def run(self, stages: Sequence[str]) -> None:
        """Start, and go on until it is told to stop; raises what it could not go on from, during the start too."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._told.set)
        told = self._begin(self._told.wait())
        starting = self._begin(self._start(stages))
        failing = self._begin(self._failure())
        await asyncio.wait([told, starting, failing], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await asyncio.wait([told, failing], return_when=asyncio.FIRST_COMPLETED)
        if failing.done():
            raise named(failing.result(), self._effective.settings.worker.data_dir)
        _log.info("worker stopping", extra={"reason": "told to"})

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    async def _start(self, stages: Sequence[str]) -> None:
        port = await self._web.start()
        model = await self._start_model(stages) if WITH_MODEL & set(stages) else None
        self._engines = [make_engine(stage, self._effective, self._metrics, model) for stage in stages]
        self._made.set()
        for engine in self._engines:
            engine.app.finalize()
            await engine.app.start()
        self._begin(self._measure_lag())
        _log.info("worker started", extra={"stages": list(stages), "port": port})

    async def _start_model(self, stages: Sequence[str]) -> Model:
        settings = self._effective.settings
        knowledge = await asyncio.to_thread(load_reference_data, settings.claims, settings.harm)
        _say_skipped(knowledge)
        self._pool = EmbeddingPool(settings.embedder, settings.pool, self._metrics, self._factory)
        await self._pool.start()
        vectors = TextVectors(self._pool)
        recogniser = None
        if "cluster" in stages:
            limits, cache_dir = settings.pipeline.clustering, settings.embedder.cache_dir
            recogniser = await asyncio.to_thread(knowledge.recogniser, limits, vectors, cache_dir)
        return Model(vectors, knowledge.digest, recogniser)

    async def _failure(self) -> BaseException:
        """What the first stage that fails could not go on from."""
        await self._made.wait()
        ends = [self._begin(_end(engine)) for engine in self._engines]
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, UserError):
            await self._stop(STATUS, error.line)
        else:
            await self._stop(int(error is not None))

    async def _stop(self, status: int, last_line: str | None = None) -> None:
        """Finish what is at hand where nothing failed, and let go of everything.

        Args:
            status: 0 where nothing failed; the process ends with it should letting go take too long.
            last_line: said then, as by `in_time`.
        """
        clean = not status and not any(engine.failed.done() for engine in self._engines)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        seconds = self._effective.settings.worker.drain_timeout_ms / 1000
        async with in_time(2 * seconds, status or 1, last_line):
            await asyncio.gather(*(engine.close_lanes(finish=clean) for engine in self._engines))
        async with in_time(HANG_UP_S, status or int(not clean), last_line):
            await asyncio.gather(*(engine.stop() for engine in self._engines))
            if self._pool is not None:
                await self._pool.stop()
            await self._web.stop()
        _log.info("worker stopped", extra={"clean": clean})

    def _condition(self) -> Condition:
        reasons = [f"{engine.stage} has not joined its group" for engine in self._engines if not engine.joined]
        if self._pool is not None and not self._pool.healthy:
            reasons.append("the model fails")
        if not self._engines:
            reasons.append("starting")
        return Condition(not reasons, tuple(reasons))

    async def _measure_lag(self) -> None:
        while True:
            await asyncio.sleep(_LAG_S)
            for engine in self._engines:
                engine.measure_lag()
                with contextlib.suppress(KafkaError):  # the broker is away: there is nothing to look after
                    await engine.look_after()


async def _end(engine: StageApp) -> BaseException:
    """What a lane failed with, or Faust gave the application up for."""
    crash = asyncio.create_task(engine.app.wait_until_stopped())
    try:
        ends: list[asyncio.Future[Any]] = [crash, engine.failed]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        crash.cancel()
    if engine.failed.done():
        return engine.failed.result()
    return engine.app.crash_reason or RuntimeError(f"the application of {engine.stage} ended by itself")
