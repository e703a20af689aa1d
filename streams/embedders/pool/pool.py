"""Embed texts in separate processes, for any number of callers on one event loop.

Neither the event loop nor the interpreter's lock waits for the model, so heartbeats continue. A process that hangs,
crashes or returns invalid vectors is replaced while the callers wait, so an accident loses no text.
"""

import asyncio
import hashlib
import logging
import os
from collections import Counter, OrderedDict, deque
from collections.abc import Sequence
from typing import Protocol

from streams.embedders.config import EmbedderConfig
from streams.embedders.model_files import ModelError
from streams.embedders.pool.child import ChildFailure, Supervisor
from streams.embedders.pool.config import PoolConfig
from streams.embedders.pool.worker import FailureKind, Job, Ready, encode_text

FACTORY = "streams.embedders:make_embedder"

_UNHEALTHY = 2  # failures in a row: a single failure may be an accident

_log = logging.getLogger(__name__)


class Observer(Protocol):
    """Receives the pool's events, on the event loop; methods must return quickly and not raise."""

    def embedded(self, texts: int, seconds: float) -> None:
        """Handle an embedded batch."""
        ...

    def failed(self, kind: FailureKind) -> None:
        """Handle the failure of a process."""
        ...

    def given_up(self) -> None:
        """Handle a text without a vector."""
        ...


class _Item:
    """A distinct text to embed, and the future of its vector."""

    __slots__ = ("alone", "failures", "future", "key", "text")

    def __init__(self, key: bytes, text: bytes, future: "asyncio.Future[bytes | None]") -> None:
        self.key = key
        self.text = text
        self.future = future
        self.alone = False  # its batch failed, so the text is tried alone
        self.failures = 0  # failures caused by the text


class EmbeddingPool:
    """Embeds texts with one model in several processes, bit for bit as `make_embedder(config).embed([text])` does.

    A free process receives the waiting texts in a batch. A text that several callers request at once is embedded once,
    and recent vectors are cached. A failed process is replaced and its batch repeated, without a limit in time. When a
    batch has failed twice, its texts are tried one by one. A text is given up only after `attempts` fresh processes
    have failed on the text, each between two successful probes.

    Memory: a copy of the model per process, `max_waiting` texts of at most `max_chars` code points, `cached_vectors`
    vectors. A pool belongs to one event loop and is started once.

    Attributes:
        texts: number of texts embedded by a process.
        batches: number of batches embedded by a process.
        cached: number of requested texts whose vector was cached, or pending for another caller.
        given_up: number of texts given up.
        failures: number of failures of processes, by kind.

    """

    def __init__(
        self,
        config: EmbedderConfig,
        pool: PoolConfig | None = None,
        observer: Observer | None = None,
        factory: str = FACTORY,
    ) -> None:
        """Create a pool; `start` starts its processes.

        Args:
            config: of the embedder, as for `make_embedder`.
            pool: number of processes, batch sizes, timeouts.
            observer: receives every batch and failure.
            factory: `module:function` that creates the embedder from `config`, imported in the process.

        """
        self.texts = self.batches = self.cached = self.given_up = 0
        self.failures: Counter[FailureKind] = Counter()
        self._embedder = config
        self._config = pool or PoolConfig()
        self._observer = observer
        self._factory = factory
        self._model: Ready | None = None
        self._start_decided = asyncio.Event()  # the start has succeeded, failed, or was stopped
        self._unusable = ""
        self._supervisors: list[Supervisor] = []
        self._workers: list[asyncio.Task[None]] = []
        self._calls: set[asyncio.Task[list[bytes | None]]] = set()
        self._running = False
        self._room = asyncio.Semaphore(self._config.max_waiting)
        self._waiting: deque[_Item] = deque()
        self._arrived = asyncio.Event()
        self._pending: dict[bytes, _Item] = {}
        self._cache: OrderedDict[bytes, bytes | None] = OrderedDict()

    @property
    def healthy(self) -> bool:
        """Return True if the pool runs, its model is loaded, and no process has failed twice in a row."""
        return (
            self._running
            and self._model is not None
            and all(supervisor.failures < _UNHEALTHY for supervisor in self._supervisors)
        )

    @property
    def waiting(self) -> int:
        """Return the number of distinct texts without a vector so far, at most `max_waiting`."""
        return len(self._pending)

    @property
    def revision(self) -> str:
        """Return the model's revision: a digest of weights and recipe.

        Raises:
            RuntimeError: the model is not loaded yet.

        """
        return self._loaded_model().revision

    @property
    def dimension(self) -> int:
        """Return the number of components of a vector.

        Raises:
            RuntimeError: the model is not loaded yet.

        """
        return self._loaded_model().dimension

    async def start(self) -> None:
        """Start the processes, and return when the first process has embedded the probe.

        Failures of processes are retried, except for an unusable model.

        Raises:
            ModelError: the model is not on this machine, or the runtime cannot run the model.
            asyncio.CancelledError: the pool was stopped during the start.

        """
        if self._supervisors:
            raise RuntimeError("this pool was started before; create another pool")
        self._running = True
        loop = asyncio.get_running_loop()
        for _ in range(self._config.processes):
            supervisor = Supervisor(self._job(), self._config, self._check_model, self._record_failure)
            worker = loop.create_task(self._work(supervisor))
            worker.add_done_callback(self._on_worker_done)
            self._supervisors.append(supervisor)
            self._workers.append(worker)
        try:
            await self._start_decided.wait()
            if self._unusable:
                raise ModelError(self._unusable)
            if not self._running:
                raise asyncio.CancelledError
        except BaseException:
            await self.stop()
            raise

    async def embed(self, texts: Sequence[str]) -> list[bytes | None]:
        """Return one vector for each text, in the texts' order, or None for a text that was given up.

        A vector is encoded as `dimension` little-endian float32. The call waits without a time limit: for the model,
        failures included, and for room while `max_waiting` texts wait.

        Raises:
            RuntimeError: the pool is not running.
            asyncio.CancelledError: the pool was stopped during the call.

        """
        if not self._running:
            raise RuntimeError(
                "this pool is not running; await start() before embed(), and do not call it after stop()"
            )
        call = asyncio.get_running_loop().create_task(self._embed(texts))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        return await call

    async def stop(self) -> None:
        """Kill the processes at once, and cancel every waiting call."""
        if self._running:
            self._halt()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def _halt(self) -> None:
        self._running = False
        self._start_decided.set()
        for supervisor in self._supervisors:
            supervisor.kill()
        for task in (*self._calls, *self._workers):
            task.cancel()

    async def _embed(self, texts: Sequence[str]) -> list[bytes | None]:
        found = [await self._request(text[: self._embedder.max_chars]) for text in texts]
        # The shield keeps the future alive for other callers if this caller is cancelled.
        return [await asyncio.shield(one) if isinstance(one, asyncio.Future) else one for one in found]

    async def _request(self, text: str) -> "bytes | asyncio.Future[bytes | None] | None":
        """Return the cached vector, or the future of a pending vector; queue the text if necessary and if room."""
        encoded = encode_text(text)
        key = hashlib.blake2b(encoded, digest_size=16).digest()
        if not self._is_known(key):
            await self._room.acquire()
            if not self._is_known(key):  # another caller may have queued the same text during the wait
                return self._queue(key, encoded)
            self._room.release()
        self.cached += 1
        if key in self._pending:
            return self._pending[key].future
        self._cache.move_to_end(key)
        return self._cache[key]

    def _is_known(self, key: bytes) -> bool:
        return key in self._cache or key in self._pending

    def _queue(self, key: bytes, text: bytes) -> "asyncio.Future[bytes | None]":
        item = _Item(key, text, asyncio.get_running_loop().create_future())
        self._pending[key] = item
        self._waiting.append(item)
        self._arrived.set()
        return item.future

    async def _work(self, supervisor: Supervisor) -> None:
        """Embed batches with one process until cancelled."""
        try:
            await supervisor.probe()
            self._start_decided.set()
            while True:
                batch = await self._take_batch()
                if batch[0].alone:
                    await self._try_alone(supervisor, batch[0])
                elif not (await self._attempt(supervisor, batch) or await self._attempt(supervisor, batch)):
                    self._split(batch)
                    await supervisor.probe()
        finally:
            await supervisor.stop()

    async def _take_batch(self) -> list[_Item]:
        """Return a fair share of the waiting texts, at most `batch_texts`; or a single text to try alone."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
            await asyncio.sleep(0)  # one turn of the event loop, so ready callers join the same batch
        share = -(-len(self._waiting) // self._config.processes)
        batch = [self._waiting.popleft()]
        while len(batch) < min(share, self._config.batch_texts) and not (batch[0].alone or self._waiting[0].alone):
            batch.append(self._waiting.popleft())
        return batch

    async def _attempt(self, supervisor: Supervisor, batch: Sequence[_Item]) -> bool:
        """Embed a batch and resolve its futures; return False if the process failed."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        rows = await supervisor.embed([item.text for item in batch])
        if rows is None:
            return False
        for item, row in zip(batch, rows, strict=True):
            self._resolve(item, row)
        self.batches += 1
        self.texts += len(batch)
        if self._observer:
            self._observer.embedded(len(batch), clock() - begun)
        return True

    def _split(self, batch: Sequence[_Item]) -> None:
        """Return the texts to the front of the queue, each to be tried alone by any free process."""
        for item in reversed(batch):
            item.alone = True
            self._waiting.appendleft(item)
        self._arrived.set()

    async def _try_alone(self, supervisor: Supervisor, item: _Item) -> None:
        """Embed one text; count a failure against the text only if the probe succeeds just before and just after."""
        if item.failures:
            await supervisor.stop()  # a fresh process, so the effects of earlier texts do not count against this text
        await supervisor.probe()
        if await self._attempt(supervisor, [item]):
            return
        if await supervisor.probe():
            item.failures += 1
        if item.failures < self._config.attempts:
            self._waiting.append(item)  # last, so the others do not wait for every attempt
            self._arrived.set()
            return
        _log.error("text given up", extra={"bytes": len(item.text), "attempts": item.failures})
        self.given_up += 1
        if self._observer:
            self._observer.given_up()
        self._resolve(item, None)

    def _resolve(self, item: _Item, vector: bytes | None) -> None:
        """Cache the vector, or None to spare processes a copy of the text, and complete the future."""
        del self._pending[item.key]
        self._room.release()
        self._cache[item.key] = vector
        if len(self._cache) > self._config.cached_vectors:
            self._cache.popitem(last=False)
        item.future.set_result(vector)

    def _job(self) -> Job:
        return Job(factory=self._factory, config=self._embedder, parent=os.getpid())

    def _check_model(self, model: Ready) -> None:
        """Store the first process's model, and refuse other models later: their vectors would not be comparable."""
        if self._model is None:
            self._model = model
        elif model != self._model:
            raise ChildFailure("changed", f"the model's files changed from {self.revision} to {model.revision}")

    def _record_failure(self, failure: ChildFailure) -> None:
        self.failures[failure.kind] += 1
        if self._observer:
            self._observer.failed(failure.kind)
        if failure.kind == "unusable" and self._model is None:
            self._unusable = failure.reason
            self._start_decided.set()

    def _on_worker_done(self, worker: "asyncio.Task[None]") -> None:
        """Stop the pool if a worker ended without being cancelled: a bug, and no caller may wait for ever."""
        if worker.cancelled() or (error := worker.exception()) is None:
            return
        _log.critical("embedding pool broken", exc_info=error)
        self._halt()

    def _loaded_model(self) -> Ready:
        if self._model is None:
            raise RuntimeError("the model is not loaded yet; await start() first")
        return self._model
