"""Faust's aiokafka driver with three things changed that delivery in order, at least once and in time depends on.

The producer is idempotent, so that a retry after a broker's restart neither doubles a record nor overtakes one. The
consumer commits nothing on its own: a lane commits its position when all that it led to is acknowledged. And it hands a
stream many records of a partition at once, because Faust's own work for each thing it hands on is ten times ours.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka
from faust.types import TP, Message

MAX_RECORD_BYTES = 8 * 1024 * 1024  # of a frame with one event of the largest size; the topics allow as much


_BATCH_RECORDS = 512
_BATCH_BYTES = 512 * 1024


class FetchedBatch(msgspec.Struct, frozen=True, gc=False):
    """Consecutive records of one partition as one value in a stream."""

    records: tuple[tuple[int, bytes], ...]  # offset and value


class _ReadOffsets(dict[TP, int | None]):
    """Up to where Faust takes a partition for read; it drops what comes from before that.

    Only of changelogs: Faust sets it after each record that it hands on, and so would undo a rewind that came between.
    A lane knows better what it has had.
    """

    def __init__(self, is_changelog: Callable[[TP], bool]) -> None:
        super().__init__()
        self._is_changelog = is_changelog

    def __missing__(self, tp: TP) -> None:
        return None

    def __setitem__(self, tp: TP, offset: int | None) -> None:
        if self._is_changelog(tp):
            super().__setitem__(tp, offset)

    def update(self, *others: Any, **_: Any) -> None:
        """Set each; `dict.update` would pass `__setitem__` by."""
        for tp, offset in dict(*others).items():
            self[tp] = offset


class Consumer(aiokafka.Consumer):
    """A consumer whose records come in batches, and whose positions are committed by name only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held: set[TP] = set()  # partitions whose lanes have enough
        self._released: set[TP] = set()  # that have room again, and are not fetched yet
        self._read_offset = _ReadOffsets(self._is_changelog_tp)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        """What was fetched, each partition's records in batches; a changelog's one by one, as recovery wants them."""
        self._resume_released()
        records, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            # What was fetched is for nobody. It is fetched again when flow resumes, from where recovery puts the
            # consumer; a partition that is just moving cannot be sought, and needs not be.
            with contextlib.suppress(KafkaError):
                await self.perform_seek()
            return
        for tp, fetched in records.items():
            for message in self._messages(tp, fetched):
                if not self.flow_active or self.app.consumer_generation_id != generation:
                    return
                if active is None or tp in active or tp in self._held or tp in self._buffered_partitions:
                    self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
                    yield tp, message

    async def rewind(self, tp: TP, offset: int) -> None:
        """Read a partition again from an offset, where it is still ours: in the fetching thread, where that is safe.

        One that Faust left paused after a rebalance is fetched again too, unless it is held.
        """
        with contextlib.suppress(KafkaError, TimeoutError):  # whoever asked sees that nothing came, and asks again
            await self.seek_wait({tp: offset})
            self._read_offset.pop(tp, None)
        if tp not in self._held:
            self._released.add(tp)
            self._resume_released()

    def end(self, tp: TP) -> int | None:
        """The offset behind a partition's last record, as far as the last fetch told; None where none has told."""
        return self.highwater(tp) if tp in self.assignment() else None

    def hold(self, tp: TP) -> None:
        """Fetch nothing more of a partition for now."""
        if tp not in self._held:
            self._held.add(tp)
            self._released.discard(tp)
            self.pause_partitions({tp})

    def release(self, tp: TP) -> None:
        """Fetch a held partition again, as soon as no rebalance and no recovery stands in the way."""
        if tp in self._held:
            self._held.remove(tp)
            self._released.add(tp)
            self._resume_released()

    def _resume_released(self) -> None:
        if self._released and not self.app.rebalancing and not self.app.in_recovery:
            self.resume_partitions(self._released & self.assignment())
            self._released.clear()

    def _messages(self, tp: TP, fetched: Sequence[Any]) -> Iterator[Message]:
        if self._is_changelog_tp(tp):
            yield from (self._to_message(tp, record) for record in fetched)
            return
        for cut in _cuts(fetched):
            message = self._to_message(tp, cut[-1])
            batch: Any = FetchedBatch(tuple((record.offset, record.value or b"") for record in cut))
            message.value = batch  # Faust passes a value on as it is
            yield message

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commit nothing: Faust counts what its streams skip at a rebalance as done."""
        return False

    async def commit_positions(self, positions: Mapping[TP, int]) -> bool:
        """Commit the next offset to read of each partition; whether the group took it."""
        return bool(await self._commit(positions))


def _cuts(fetched: Sequence[Any]) -> Iterator[Sequence[Any]]:
    begin = size = 0
    for end, record in enumerate(fetched):
        if end - begin == _BATCH_RECORDS or size > _BATCH_BYTES:
            yield fetched[begin:end]
            begin, size = end, 0
        size += len(record.value or b"")
    if begin < len(fetched):
        yield fetched[begin:]


class Producer(aiokafka.Producer):
    """A producer that writes each record once and in order."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class Transport(aiokafka.Transport):
    """The driver that makes them."""

    Consumer = Consumer
    Producer = Producer


__all__ = ["MAX_RECORD_BYTES", "Consumer", "FetchedBatch", "Producer", "Transport"]
