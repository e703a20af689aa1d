"""Keep a stage's state in a Faust table: RocksDB on the worker, a changelog on the broker, copies on standby workers.

The input topic is the journal; a checkpoint is a stage's snapshot with the input offsets up to which the snapshot is
complete. A checkpoint is cut into chunks that a broker accepts, under keys that sort by offset. Restoring reads the
newest complete checkpoint. So a worker that dies while it writes, or resumes after another worker has replaced it,
damages nothing.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import faust
import msgspec
from faust.types import EventT

from detectors.snapshot import SnapshotError, pack, unpack

_CHUNK_BYTES = 512 * 1024


class StateFolderError(Exception):
    """The files of the local state are unusable. No data is lost: the broker has every earlier checkpoint."""

    def __init__(self, reason: object, folder: str) -> None:
        super().__init__(
            f"cannot write the state folder: {reason}; free some space in {folder} or set worker.data_dir, then start "
            "the worker again: it resumes from its last checkpoint"
        )


def as_state_folder_error(error: BaseException, folder: str) -> BaseException:
    """Wrap an I/O error of RocksDB (a plain `Exception`) in a `StateFolderError`; return other errors unchanged."""
    of_store = type(error) is Exception and str(error).startswith("IO error")
    return StateFolderError(error, folder) if of_store else error


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """A stage's state at an offset of each input topic."""

    offsets: dict[str, int]  # by topic: the next offset to read
    state: bytes
    published_offset: int = 0  # the state has led to every alert before this offset of `alerts`


class ChunkTable(faust.Table[bytes, bytes]):
    """A table that remembers the changelog records of its last writes, so a task can wait for their acknowledgement.

    Args:
        on_failure: called when changelog records cannot be applied; Faust alone would retry for ever without a log.
    """

    def __init__(self, *args: Any, on_failure: Callable[[BaseException], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._on_failure = on_failure
        self._sent: dict[int, list[Any]] = {}

    def send_changelog(self, partition: int | None, *args: Any, **kwargs: Any) -> Any:
        """See `faust.tables.Collection.send_changelog`."""
        future = super().send_changelog(partition, *args, **kwargs)
        if partition is not None:
            self._sent.setdefault(partition, []).append(future)
        return future

    def apply_changelog_batch(self, batch: Iterable[EventT[Any]]) -> None:
        """See `faust.tables.Collection.apply_changelog_batch`."""
        try:
            super().apply_changelog_batch(batch)
        except Exception as error:
            self._on_failure(error)
            raise

    async def acknowledged(self, partition: int) -> None:
        """Wait until the broker has acknowledged every write to a partition."""
        await asyncio.gather(*self._sent.pop(partition, ()))


class Checkpoints:
    """The checkpoints of one partition. Faust requires the context of an event of the partition."""

    def __init__(self, table: ChunkTable, partition: int) -> None:
        self._table = table
        self._partition = partition
        self._prefix = f"{partition:06d}/".encode()

    def latest(self) -> Checkpoint | None:
        """Return the newest complete and undamaged checkpoint, or None if there are no chunks.

        Raises:
            SnapshotError: chunks exist, but no complete checkpoint, or a checkpoint of an unknown format.
        """
        generations: dict[bytes, list[bytes]] = {}
        for key in self._keys():
            generations.setdefault(key.rsplit(b"/", 2)[0], []).append(key)
        for _, keys in sorted(generations.items(), reverse=True):
            data = self._read(sorted(keys))
            if data is not None:
                return unpack("checkpoint", 1, Checkpoint, data)
        if generations:
            raise SnapshotError(
                f"none of the {len(generations)} checkpoints is complete; delete this worker's state folder to rebuild "
                "it from the changelog"
            )
        return None

    async def write(self, checkpoint: Checkpoint) -> int:
        """Save a checkpoint, wait for the broker, and delete older checkpoints; return the number of bytes written."""
        data = await asyncio.to_thread(pack, "checkpoint", 1, checkpoint)
        generation = self._prefix + b".".join(b"%020d" % checkpoint.offsets[t] for t in sorted(checkpoint.offsets))
        old = [key for key in self._keys() if not key.startswith(generation + b"/")]
        for key, chunk in _chunks(generation, data):
            self._table[key] = chunk
            await asyncio.sleep(0)  # a large state has many chunks: let heartbeats run
        await self._table.acknowledged(self._partition)
        for key in old:
            if key < generation:
                del self._table[key]
        await self._table.acknowledged(self._partition)
        return len(data)

    def _keys(self) -> Iterator[bytes]:
        return (key for key in list(self._table.keys()) if key.startswith(self._prefix) and key.count(b"/") == 3)

    def _read(self, keys: list[bytes]) -> bytes | None:
        chunks = [self._table.get(key) for key in keys]
        if b"%06d" % len(keys) != keys[0].rsplit(b"/", 1)[1] or None in chunks:
            return None
        data = b"".join(chunk for chunk in chunks if chunk is not None)
        digest, body = data[:16], data[16:]
        return body if hashlib.blake2b(body, digest_size=16).digest() == digest else None


def _chunks(generation: bytes, data: bytes) -> Iterator[tuple[bytes, bytes]]:
    data = hashlib.blake2b(data, digest_size=16).digest() + data
    cuts = range(0, len(data), _CHUNK_BYTES)
    for number, begin in enumerate(cuts):
        yield b"%s/%06d/%06d" % (generation, number, len(cuts)), data[begin : begin + _CHUNK_BYTES]
