"""Keeps a stage's state in a Faust table: RocksDB on this machine, a changelog on the broker, copies on standbys.

The input log is the journal; a checkpoint is a stage's snapshot and the input positions that it stands for. It is cut
into chunks that a broker takes, under keys that sort by position. Whoever restores takes the newest that is whole, so a
worker that dies while it writes, or wakes up after another took its place, spoils nothing.
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
    """The files of the local state cannot be used. Nothing is lost: the broker has all that was saved before."""

    def __init__(self, reason: object, folder: str) -> None:
        super().__init__(
            f"the state folder must take what is saved; got {reason}; make room in {folder} or set worker.data_dir, "
            "and start the worker again: it goes on where it stopped"
        )


def named(error: BaseException, folder: str) -> BaseException:
    """The same failure, told as a `StateFolderError` where it is one: the store has no type of its own for it."""
    of_store = type(error) is Exception and str(error).startswith("IO error")
    return StateFolderError(error, folder) if of_store else error


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """A stage's state at a place in its input."""

    positions: dict[str, int]  # by topic: the next offset to read
    state: bytes
    said_until: int = 0  # offset on `alerts` before which everything was said by this state


class ChunkTable(faust.Table[bytes, bytes]):
    """A table that remembers the changelog records of its last writes, so that they can be waited for.

    Args:
        on_failure: is told when what others wrote cannot be taken up: Faust would try for ever, and be silent.
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
        """Wait until the broker has everything that was written in a partition."""
        await asyncio.gather(*self._sent.pop(partition, ()))


class Checkpoints:
    """The checkpoints of one partition. To be used in the context of an event of that partition, as Faust demands."""

    def __init__(self, table: ChunkTable, partition: int) -> None:
        self._table = table
        self._partition = partition
        self._prefix = f"{partition:06d}/".encode()

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint that is whole and unspoilt; None where there is none at all.

        Raises:
            SnapshotError: there are chunks, and no whole checkpoint among them or one of an unknown format.
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
                f"a checkpoint must be whole; got {len(generations)} that are not; delete this worker's state folder, "
                "so that it is rebuilt from the changelog"
            )
        return None

    async def write(self, checkpoint: Checkpoint) -> int:
        """Save, wait until the broker has it, and drop the older ones; gives the bytes written."""
        data = await asyncio.to_thread(pack, "checkpoint", 1, checkpoint)
        generation = self._prefix + b".".join(b"%020d" % checkpoint.positions[t] for t in sorted(checkpoint.positions))
        old = [key for key in self._keys() if not key.startswith(generation + b"/")]
        for key, chunk in _chunks(generation, data):
            self._table[key] = chunk
            await asyncio.sleep(0)  # a large state is many chunks: heartbeats go on
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
