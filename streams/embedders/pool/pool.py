"""Embeds texts in processes of their own, for any number of callers on one event loop.

Neither the loop nor the interpreter's lock waits for the model, so heartbeats go on; and a model that hangs, crashes or
returns nonsense is replaced while the callers wait, so that no text is lost to an accident.
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
from streams.embedders.pool.child import ChildFailure, Keeper
from streams.embedders.pool.config import PoolConfig
from streams.embedders.pool.worker import FailureKind, Job, Ready, encode_text

FACTORY = "streams.embedders:make_embedder"

_UNHEALTHY = 2  # failures in a row: one is an accident

_log = logging.getLogger(__name__)


class Observer(Protocol):
    """Is told what the pool does, on the event loop; it must neither raise nor take long."""

    def embedded(self, texts: int, seconds: float) -> None:
        """A process has done a batch."""
        ...

    def failed(self, kind: FailureKind) -> None:
        """A process has failed and is replaced."""
        ...

    def given_up(self) -> None:
        """A text has no vector."""
        ...


class _Item:
    """A distinct text on its way, and everybody who waits for its vector."""

    __slots__ = ("alone", "blamed", "future", "key", "text")

    def __init__(self, key: bytes, text: bytes, future: "asyncio.Future[bytes | None]") -> None:
        self.key = key
        self.text = text
        self.future = future
        self.alone = False  # its batch failed: it is tried by itself
        self.blamed = 0  # failures that were the text's own


class EmbeddingPool:
    """Vectors from one model in several processes, bit for bit those of `make_embedder(config).embed([text])`.

    What waits is handed out in batches as soon as a process is free; a text that several callers want at once is
    computed once, and recent vectors are remembered. A process that fails is replaced and its batch tried again, for as
    long as it takes. When a batch has failed twice its texts are tried one by one, and a text gets no vector only
    after `attempts` fresh processes failed at it that could embed another text just before, and whose successors
    could at once after.

    Memory: a copy of the model per process, `max_waiting` texts of at most `max_chars` code points, `remembered`
    vectors. One pool belongs to one event loop and is started once.

    Attributes:
        texts: embedded by a process, in total.
        batches: done by a process, in total.
        recalled: texts whose vector was remembered, or already on its way for another caller.
        refused: texts given up.
        failures: of processes, by kind.

    """

    def __init__(
        self,
        config: EmbedderConfig,
        pool: PoolConfig | None = None,
        observer: Observer | None = None,
        factory: str = FACTORY,
    ) -> None:
        """Set it up; `start` starts it.

        Args:
            config: the embedder, as for `make_embedder`.
            pool: processes, batches and patience.
            observer: is told of every batch and failure.
            factory: `module:function` that makes the embedder from `config`, imported in the process.

        """
        self.texts = self.batches = self.recalled = self.refused = 0
        self.failures: Counter[FailureKind] = Counter()
        self._embedder = config
        self._config = pool or PoolConfig()
        self._observer = observer
        self._factory = factory
        self._model: Ready | None = None
        self._decided = asyncio.Event()  # whether the start has come to anything
        self._unusable = ""
        self._keepers: list[Keeper] = []
        self._workers: list[asyncio.Task[None]] = []
        self._calls: set[asyncio.Task[list[bytes | None]]] = set()
        self._running = False
        self._room = asyncio.Semaphore(self._config.max_waiting)
        self._waiting: deque[_Item] = deque()
        self._arrived = asyncio.Event()
        self._under_way: dict[bytes, _Item] = {}
        self._remembered: OrderedDict[bytes, bytes | None] = OrderedDict()

    @property
    def healthy(self) -> bool:
        """Whether it runs, its model is loaded, and no process has failed twice in a row."""
        return (
            self._running and self._model is not None and all(keeper.failures < _UNHEALTHY for keeper in self._keepers)
        )

    @property
    def waiting(self) -> int:
        """Distinct texts that have no vector yet, at most `max_waiting`."""
        return len(self._under_way)

    @property
    def revision(self) -> str:
        """Which weights and which recipe, as the model's processes say.

        Raises:
            RuntimeError: before the start.

        """
        return self._known().revision

    @property
    def dimension(self) -> int:
        """How many numbers a vector has.

        Raises:
            RuntimeError: before the start.

        """
        return self._known().dimension

    async def start(self) -> None:
        """Start the processes; back when the first has embedded a probe. Failures are waited out, but for one kind.

        Raises:
            ModelError: no such model here, or one that the runtime cannot run.
            asyncio.CancelledError: the pool was stopped meanwhile.

        """
        if self._keepers:
            raise RuntimeError("a pool must be started once; got a second start; make another pool")
        self._running = True
        loop = asyncio.get_running_loop()
        for _ in range(self._config.processes):
            keeper = Keeper(self._job(), self._config, self._accept, self._note)
            worker = loop.create_task(self._work(keeper))
            worker.add_done_callback(self._ended)
            self._keepers.append(keeper)
            self._workers.append(worker)
        try:
            await self._decided.wait()
            if self._unusable:
                raise ModelError(self._unusable)
            if not self._running:
                raise asyncio.CancelledError
        except BaseException:
            await self.stop()
            raise

    async def embed(self, texts: Sequence[str]) -> list[bytes | None]:
        """One vector a text, in the texts' order: `dimension` little-endian float32; None for a text given up.

        Waits for as long as the model needs, failures included, and for room while `max_waiting` texts wait.

        Raises:
            RuntimeError: the pool is not running.
            asyncio.CancelledError: the pool was stopped meanwhile.

        """
        if not self._running:
            raise RuntimeError(
                "a pool must be running to embed; got a call outside start and stop; await start() first"
            )
        call = asyncio.get_running_loop().create_task(self._embed(texts))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        return await call

    async def stop(self) -> None:
        """End the processes at once, whatever they do, and cancel every caller that waits."""
        if self._running:
            self._halt()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def _halt(self) -> None:
        self._running = False
        self._decided.set()
        for keeper in self._keepers:
            keeper.kill()
        for task in (*self._calls, *self._workers):
            task.cancel()

    async def _embed(self, texts: Sequence[str]) -> list[bytes | None]:
        found = [await self._find(text[: self._embedder.max_chars]) for text in texts]
        # A caller that is cancelled takes the text from nobody else: hence the shield.
        return [await asyncio.shield(one) if isinstance(one, asyncio.Future) else one for one in found]

    async def _find(self, text: str) -> "bytes | asyncio.Future[bytes | None] | None":
        """The remembered vector, or the future of one under way, which begins here if need be and there is room."""
        encoded = encode_text(text)
        key = hashlib.blake2b(encoded, digest_size=16).digest()
        if not self._knows(key):
            await self._room.acquire()
            if not self._knows(key):  # while this one waited for room, somebody else may have brought the same text
                return self._begin(key, encoded)
            self._room.release()
        self.recalled += 1
        if key in self._under_way:
            return self._under_way[key].future
        self._remembered.move_to_end(key)
        return self._remembered[key]

    def _knows(self, key: bytes) -> bool:
        return key in self._remembered or key in self._under_way

    def _begin(self, key: bytes, text: bytes) -> "asyncio.Future[bytes | None]":
        item = _Item(key, text, asyncio.get_running_loop().create_future())
        self._under_way[key] = item
        self._waiting.append(item)
        self._arrived.set()
        return item.future

    async def _work(self, keeper: Keeper) -> None:
        """One process's share of the work, until cancelled."""
        try:
            await keeper.prove()
            self._decided.set()
            while True:
                batch = await self._take()
                if batch[0].alone:
                    await self._judge(keeper, batch[0])
                elif not (await self._attempt(keeper, batch) or await self._attempt(keeper, batch)):
                    self._split(batch)
                    await keeper.prove()
        finally:
            await keeper.end()

    async def _take(self) -> list[_Item]:
        """The next batch: a fair share of what waits, at most `batch_texts`; or one text that is to be tried alone."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
            await asyncio.sleep(0)  # one turn of the loop: callers that are ready go into the same batch
        share = -(-len(self._waiting) // self._config.processes)
        batch = [self._waiting.popleft()]
        while len(batch) < min(share, self._config.batch_texts) and not (batch[0].alone or self._waiting[0].alone):
            batch.append(self._waiting.popleft())
        return batch

    async def _attempt(self, keeper: Keeper, batch: Sequence[_Item]) -> bool:
        """Whether the process did the batch; if so, its callers have their vectors."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        rows = await keeper.embed([item.text for item in batch])
        if rows is None:
            return False
        for item, row in zip(batch, rows, strict=True):
            self._settle(item, row)
        self.batches += 1
        self.texts += len(batch)
        if self._observer:
            self._observer.embedded(len(batch), clock() - begun)
        return True

    def _split(self, batch: Sequence[_Item]) -> None:
        """Put the texts back in front, each to be tried alone, by whichever process is free."""
        for item in reversed(batch):
            item.alone = True
            self._waiting.appendleft(item)
        self._arrived.set()

    async def _judge(self, keeper: Keeper, item: _Item) -> None:
        """Try one text; a failure is its own only if the model works just before, and in a fresh process just after."""
        if item.blamed:
            await keeper.end()  # what earlier texts did to the process shall not be this one's fault
        await keeper.prove()
        if await self._attempt(keeper, [item]):
            return
        if await keeper.prove():
            item.blamed += 1
        if item.blamed < self._config.attempts:
            self._waiting.append(item)  # behind the others: they need not wait for every trial
            self._arrived.set()
            return
        _log.error("text given up", extra={"bytes": len(item.text), "attempts": item.blamed})
        self.refused += 1
        if self._observer:
            self._observer.given_up()
        self._settle(item, None)

    def _settle(self, item: _Item, vector: bytes | None) -> None:
        """A text that was given up is remembered too: the next copy of it must not end as many processes again."""
        del self._under_way[item.key]
        self._room.release()
        self._remembered[item.key] = vector
        if len(self._remembered) > self._config.remembered:
            self._remembered.popitem(last=False)
        item.future.set_result(vector)

    def _job(self) -> Job:
        return Job(factory=self._factory, config=self._embedder, parent=os.getpid())

    def _accept(self, model: Ready) -> None:
        """Learn the model from the first process, and hold every later one to it: other weights cannot be compared."""
        if self._model is None:
            self._model = model
        elif model != self._model:
            raise ChildFailure("changed", f"the model's files are now {model.revision}; started with {self.revision}")

    def _note(self, failure: ChildFailure) -> None:
        self.failures[failure.kind] += 1
        if self._observer:
            self._observer.failed(failure.kind)
        if failure.kind == "unusable" and self._model is None:
            self._unusable = failure.reason
            self._decided.set()

    def _ended(self, worker: "asyncio.Task[None]") -> None:
        """A worker ends by being cancelled; anything else is this program's mistake, and no caller may hang on it."""
        if worker.cancelled() or (error := worker.exception()) is None:
            return
        _log.critical("embedding pool broken", exc_info=error)
        self._halt()

    def _known(self) -> Ready:
        if self._model is None:
            raise RuntimeError("a model is known once it is loaded; got a question before; await start() first")
        return self._model
