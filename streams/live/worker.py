"""Run the chosen stages in one process, until a signal stops the worker or a stage fails."""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, Self, TypeVar

from kafka.errors import KafkaError

from detectors.snapshot import SnapshotError
from streams.embedders.model_files import ModelError
from streams.embedders.pool.pool import FACTORY, EmbeddingPool
from streams.errors import STATUS, UserError
from streams.kafka import topics
from streams.live.app import StageApp
from streams.live.io.checkpoints import StateFolderError, as_state_folder_error
from streams.live.ops import logs
from streams.live.ops.metrics import Metrics
from streams.live.ops.shutdown import exit_after, exit_now
from streams.live.ops.web import Readiness, Web
from streams.live.stages import STAGES, WITH_MODEL, Model, make_app
from streams.live.vectors import TextVectors
from streams.process import rare_collection
from streams.reference.load import ReferenceData, load_reference_data
from streams.settings.load import ResolvedSettings, to_values

T = TypeVar("T")

SHUTDOWN_S = 60.0  # the stages may take to leave their groups: a broker answers late during a rebalance
_LAG_S = 2.0
_MAX_LOGGED = 10  # skipped claims that the log names

_log = logging.getLogger(__name__)


def choose(only: str | None) -> list[str]:
    """Return the stages of a comma-separated list, in the order of the data flow; all stages for None.

    Raises:
        UserError: the list is empty or contains an unknown stage.
    """
    if only is None:
        return list(STAGES)
    chosen = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in chosen if name not in STAGES]
    if unknown or not chosen:
        raise UserError(
            f"unknown stage {', '.join(map(repr, unknown))} in --only; choose from {', '.join(STAGES)}"
            if unknown
            else f"--only names no stage; choose from {', '.join(STAGES)}"
        )
    return [name for name in STAGES if name in chosen]


def run(effective: ResolvedSettings, stages: Sequence[str], factory: str = FACTORY) -> None:
    """Run a worker in this process until SIGTERM or SIGINT, and then end the process; see `work`."""
    try:
        with rare_collection():
            asyncio.run(work(effective, stages, factory))
        exit_now(0)
    except StateFolderError as error:
        _log.error("worker failed", extra={"reason": str(error)})
        raise SystemExit(1) from error


async def work(effective: ResolvedSettings, stages: Sequence[str], factory: str = FACTORY) -> None:
    """Run until SIGTERM or SIGINT.

    Args:
        effective: settings, key and password of the deployment.
        stages: names from `STAGES`.
        factory: creates the model, as for `EmbeddingPool`.

    Raises:
        UserError: a topic is missing or wrong, the address is in use, or a state cannot be restored.
        Exception: the error of the first failing stage. No unprocessed input is committed.
    """
    settings = effective.settings
    logs.set_up(settings.worker.log_level, settings.worker.log_format)
    _log.info("settings", extra={"settings": to_values(settings), "key": effective.key.id, "stages": list(stages)})
    names = sorted({name for stage in stages for name in (*STAGES[stage].inputs, *STAGES[stage].outputs)})
    await asyncio.to_thread(topics.require, settings.kafka, effective.kafka_password, names)
    async with _Worker(effective, factory) as worker:
        with _as_user_error():
            await worker.run(stages)


@contextlib.contextmanager
def _as_user_error() -> Iterator[None]:
    """Re-raise errors as `UserError` if only a change of the settings or their files can fix them."""
    try:
        yield
    except (SnapshotError, ModelError) as error:
        raise UserError(str(error)) from error


def _log_skipped(reference: ReferenceData) -> None:
    for skipped in reference.bank.skipped[:_MAX_LOGGED]:
        _log.warning("claim skipped", extra={"entry": skipped.entry, "reason": skipped.reason})
    if reference.bank.claims:
        counts = {"claims": len(reference.bank.claims), "skipped": len(reference.bank.skipped)}
        _log.info("claims loaded", extra=counts | {"digest": reference.digest})


class _Worker:
    def __init__(self, effective: ResolvedSettings, factory: str) -> None:
        self._effective = effective
        self._factory = factory
        self._metrics = Metrics()
        self._apps: list[StageApp] = []
        self._pool: EmbeddingPool | None = None
        self._background: list[asyncio.Task[Any]] = []
        worker = effective.settings.worker
        self._web = Web(worker.host, worker.port, self._metrics.registry, self._readiness)
        self._stop_requested = asyncio.Event()
        self._created = asyncio.Event()  # the stages' applications exist, and may fail

    async def run(self, stages: Sequence[str]) -> None:
        """Start the stages and run until a signal; raise the error of a failing stage, during the start too."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop_requested.set)
        stop_requested = self._spawn(self._stop_requested.wait())
        starting = self._spawn(self._start(stages))
        failing = self._spawn(self._failure())
        await asyncio.wait([stop_requested, starting, failing], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await asyncio.wait([stop_requested, failing], return_when=asyncio.FIRST_COMPLETED)
        if failing.done():
            raise as_state_folder_error(failing.result(), self._effective.settings.worker.data_dir)
        _log.info("worker stopping", extra={"reason": "signal"})

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._background.append(task)
        return task

    async def _start(self, stages: Sequence[str]) -> None:
        port = await self._web.start()
        model = await self._start_model(stages) if WITH_MODEL & set(stages) else None
        self._apps = [make_app(stage, self._effective, self._metrics, model) for stage in stages]
        self._created.set()
        for app in self._apps:
            app.faust_app.finalize()
            await app.faust_app.start()
        self._spawn(self._watch_lag())
        _log.info("worker started", extra={"stages": list(stages), "port": port})

    async def _start_model(self, stages: Sequence[str]) -> Model:
        settings = self._effective.settings
        reference = await asyncio.to_thread(load_reference_data, settings.claims, settings.harm)
        _log_skipped(reference)
        self._pool = EmbeddingPool(settings.embedder, settings.pool, self._metrics, self._factory)
        await self._pool.start()
        vectors = TextVectors(self._pool)
        matcher = None
        if "cluster" in stages:
            clustering, cache_dir = settings.pipeline.clustering, settings.embedder.cache_dir
            matcher = await asyncio.to_thread(reference.matcher, clustering, vectors, cache_dir)
        return Model(vectors, reference.digest, matcher)

    async def _failure(self) -> BaseException:
        """Return the error of the first failing stage."""
        await self._created.wait()
        failures = [self._spawn(_failure_of(app)) for app in self._apps]
        done, _ = await asyncio.wait(failures, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, UserError):
            await self._stop(STATUS, error.line)
        else:
            await self._stop(int(error is not None))

    async def _stop(self, status: int, last_line: str | None = None) -> None:
        """Stop the tasks, after their current steps unless a stage failed, and close all connections.

        Args:
            status: 0 if nothing failed; exit status of the process if stopping takes too long.
            last_line: last line on standard error in that case; see `exit_after`.
        """
        clean = not status and not any(app.failed.done() for app in self._apps)
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        seconds = self._effective.settings.worker.drain_timeout_ms / 1000
        async with exit_after(2 * seconds, status or 1, last_line):
            await asyncio.gather(*(app.stop_tasks(finish=clean) for app in self._apps))
        async with exit_after(SHUTDOWN_S, status or int(not clean), last_line):
            await asyncio.gather(*(app.stop() for app in self._apps))
            if self._pool is not None:
                await self._pool.stop()
            await self._web.stop()
        _log.info("worker stopped", extra={"clean": clean})

    def _readiness(self) -> Readiness:
        reasons = [f"{app.stage} has not joined its group" for app in self._apps if not app.joined]
        if self._pool is not None and not self._pool.healthy:
            reasons.append("the model fails")
        if not self._apps:
            reasons.append("starting")
        warnings = self._metrics.event_times.reasons(time.monotonic())
        return Readiness(not reasons, (*reasons, *warnings))

    async def _watch_lag(self) -> None:
        while True:
            await asyncio.sleep(_LAG_S)
            for app in self._apps:
                app.update_lag()
                with contextlib.suppress(KafkaError):  # the broker is away, so nothing can be stalled
                    await app.rewind_stalled()


async def _failure_of(app: StageApp) -> BaseException:
    """Wait until a task or the Faust application fails, and return the error."""
    crash = asyncio.create_task(app.faust_app.wait_until_stopped())
    try:
        ends: list[asyncio.Future[Any]] = [crash, app.failed]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        crash.cancel()
    if app.failed.done():
        return app.failed.result()
    return app.faust_app.crash_reason or RuntimeError(f"the Faust application of stage {app.stage} ended unexpectedly")
