"""A worker: the chosen stages in one process, until it is told to stop or cannot go on."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Sequence

from detectors.snapshot import SnapshotError
from streams import topics
from streams.embedders.model_files import ModelError
from streams.embedders.pool import FACTORY, EmbeddingPool
from streams.errors import UserError
from streams.live import logs
from streams.live.engine import Engine
from streams.live.metrics import Metrics
from streams.live.stages import STAGES, WITH_MODEL, make_engine
from streams.live.vectors import TextVectors
from streams.live.web import Condition, Web
from streams.replay import rare_collection
from streams.settings import Effective, to_values

_LAG_S = 2.0

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


def run(effective: Effective, stages: Sequence[str], factory: str = FACTORY) -> None:
    """Run a worker in this process until SIGTERM or SIGINT; see `work`."""
    try:
        with rare_collection():
            asyncio.run(work(effective, stages, factory))
    except (SnapshotError, ModelError) as error:
        raise UserError(str(error)) from error


async def work(effective: Effective, stages: Sequence[str], factory: str = FACTORY) -> None:
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
    async with contextlib.AsyncExitStack() as stack:
        worker = _Worker(effective, factory)
        stack.push_async_callback(worker.stop)
        await worker.start(stages)
        await worker.wait()


class _Worker:
    def __init__(self, effective: Effective, factory: str) -> None:
        self._effective = effective
        self._factory = factory
        self._metrics = Metrics()
        self._engines: list[Engine] = []
        self._pool: EmbeddingPool | None = None
        self._tasks: list[asyncio.Task[None]] = []
        worker = effective.settings.worker
        self._web = Web(worker.host, worker.port, self._metrics, self._condition)
        self._told: asyncio.Event = asyncio.Event()

    async def start(self, stages: Sequence[str]) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told.set)
        port = await self._web.start()
        vectors = await self._start_model() if WITH_MODEL & set(stages) else None
        for stage in stages:
            engine = make_engine(stage, self._effective, self._metrics, vectors)
            self._engines.append(engine)
            engine.app.finalize()
            await engine.app.start()
        self._tasks.append(asyncio.create_task(self._measure_lag()))
        _log.info("worker started", extra={"stages": list(stages), "port": port})

    async def _start_model(self) -> TextVectors:
        settings = self._effective.settings
        self._pool = EmbeddingPool(settings.embedder, settings.pool, self._metrics, self._factory)
        await self._pool.start()
        return TextVectors(self._pool)

    async def wait(self) -> None:
        """Until it is told to stop; raises what a stage could not go on from."""
        stopped = asyncio.create_task(self._told.wait())
        crashes = [asyncio.create_task(_crash(engine)) for engine in self._engines]
        failures = [engine.failed for engine in self._engines]
        await asyncio.wait([stopped, *failures, *crashes], return_when=asyncio.FIRST_COMPLETED)
        for task in (stopped, *crashes):
            task.cancel()
        failed = next((failure.result() for failure in failures if failure.done()), None)
        failed = failed or next((engine.app.crash_reason for engine in self._engines if engine.app.crashed), None)
        if failed is not None:
            raise failed
        _log.info("worker stopping", extra={"reason": "told to"})

    async def stop(self) -> None:
        """Finish what is at hand where nothing failed, and let go of everything."""
        clean = self._told.is_set() and not any(engine.failed.done() for engine in self._engines)
        for task in self._tasks:
            task.cancel()
        for engine in self._engines:
            await engine.close_lanes(finish=clean)
        for engine in self._engines:
            await engine.stop(self._effective.settings.worker.drain_ms / 1000)
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


async def _crash(engine: Engine) -> None:
    """Until Faust gives an application up."""
    await engine.app.wait_until_stopped()
