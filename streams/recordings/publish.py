"""Publish a recorded file to the topic `forwards`, in order within each chat, and resume after an interruption.

Published recordings take the path of live events, to try, load and back-fill the live stages. The number of
acknowledged records is saved next to the file, so an interruption loses no event; a record may be sent twice, and
intake drops the second by the id of the event.
"""

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from kafka.errors import KafkaError

from streams.errors import UserError
from streams.kafka import clients, topics
from streams.kafka.connection import KafkaSettings
from streams.recordings.base import Record, RecordReader, UnreadableRecord
from streams.recordings.open_file import open_source
from streams.recordings.peek import created_at, partition_key

MAX_IN_FLIGHT = 10_000  # records
MAX_IN_FLIGHT_BYTES = 32 << 20
_OVERHEAD = 64 << 10  # bytes for key, headers and frame of a record, kept free below the topic's bound
_SAVE_INTERVAL_S = 1.0
_LONGEST_SILENCE_MS = 86_400_000  # a longer gap in event time, forwards or back, is not waited for
_PACE = re.compile(r"(\d+(?:\.\d+)?)x")


class ResumePoint(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a file that has been published to a topic."""

    topic: str
    bootstrap: str
    file_bytes: int
    records: int  # from the start of the file, all acknowledged


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a run: acknowledged records, skipped records without bytes, records of an earlier run."""

    published: int
    skipped: int
    resumed_after: int
    complete: bool


def read_pace(text: str | None) -> float | None:
    """Return the factor in a text such as "10x": event time per real time; None for full speed.

    Raises:
        UserError: not a positive number and an x.

    """
    if text is None:
        return None
    match = _PACE.fullmatch(text)
    if match is None or float(match[1]) == 0:
        raise UserError(
            f"--pace is {text[:40]!r}, but must be a positive number and an x, such as 10x; leave out --pace for full "
            "speed"
        )
    return float(match[1])


def resume_path(file: str) -> Path:
    """Return the path of a file's resume point: next to the file."""
    return Path(f"{file}.published")


def publish(
    file: str,
    settings: KafkaSettings,
    password: str | None,
    *,
    pace: float | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] = lambda records, bytes_read: None,
) -> Published:
    """Send each record of a file to `forwards`, and wait until all records are acknowledged.

    On Ctrl-C, wait for the records in flight, save the resume point, and return `complete=False`.

    Args:
        file: a file in any format of a replay; "-" for standard input, which cannot be resumed.
        settings: settings of the broker.
        password: SASL password.
        pace: event time per real time; None for full speed.
        resume: continue after an interrupted run; without a resume point, begin at the start.
        progress: called after each record with the number of records sent and of bytes read.

    Raises:
        UserError: an unreadable file, a resume point of another file or topic, no broker, no topic, a refused record.

    """
    topics.require(settings, password, ["forwards"])
    topic = settings.prefix + "forwards"
    bound = topics.BY_NAME["forwards"].max_bytes
    source = open_source(file, bound - _OVERHEAD)
    try:
        resume_file = _ResumeFile(file, source, topic, settings.bootstrap)
        done = resume_file.read() if resume else 0
        with clients.producer(settings, password, linger_ms=20, batch_size=256 << 10, max_request_size=bound) as kafka:
            kafka.partitions_for(topic)  # fetch the metadata before the pace begins, so the first event is on time
            sender = _Sender(lambda raw: kafka.send(topic, raw, key=partition_key(raw)), resume_file, done)
            complete = _send_all(_after(source, done), sender, _Pacer(pace), lambda n: progress(n, source.done))
    finally:
        source.close()
    return Published(published=sender.published, skipped=sender.skipped, resumed_after=done, complete=complete)


def _send_all(records: Iterator[Record], sender: "_Sender", pacer: "_Pacer", progress: Callable[[int], None]) -> bool:
    try:
        for record in records:
            raw = record.raw if isinstance(record, UnreadableRecord) else record[0]
            if raw:
                pacer.wait(raw)
            sender.put(raw)
            progress(sender.taken)
        sender.drain()
    except KeyboardInterrupt:
        sender.drain()
        sender.resume_file.write(sender.acknowledged)
        return False
    sender.resume_file.remove()
    return True


def _after(source: RecordReader, count: int) -> Iterator[Record]:
    records = iter(source)
    for _ in range(count):
        if next(records, None) is None:
            break
    yield from records


class _Pacer:
    """Delays events to the pace at which they happened, times a factor."""

    def __init__(self, pace: float | None) -> None:
        self._pace = pace
        self._began: tuple[float, int] | None = None  # (real seconds, event time in ms) of the same instant
        self._last = 0

    def wait(self, raw: bytes) -> None:
        """Wait until an event is due; the first event, and an event that is late already, are due at once."""
        if self._pace is None or (at := created_at(raw)) is None:
            return
        now = time.monotonic()
        if self._began is None or abs(at - self._last) > _LONGEST_SILENCE_MS:
            self._began = (now, at)
        self._last = at
        due = self._began[0] + (at - self._began[1]) / 1000 / self._pace
        if due > now:
            time.sleep(due - now)


class _Sender:
    """Sends records with a bound on records in flight, and counts the acknowledged records from the start."""

    def __init__(self, send: Callable[[bytes], Any], resume_file: "_ResumeFile", done: int) -> None:
        self.resume_file = resume_file
        self.taken = self.acknowledged = done
        self.published = self.skipped = 0
        self._send = send
        self._in_flight: deque[tuple[Any, int]] = deque()  # (future, or None for a skipped record; bytes)
        self._bytes = 0

    def put(self, raw: bytes | None) -> None:
        """Send a record; only count a record without bytes."""
        while len(self._in_flight) >= MAX_IN_FLIGHT or self._bytes >= MAX_IN_FLIGHT_BYTES:
            self._await_oldest()
        future = self._send(raw) if raw else None
        self._in_flight.append((future, len(raw or b"")))
        self._bytes += len(raw or b"")
        self.taken += 1
        while self._in_flight and (self._in_flight[0][0] is None or self._in_flight[0][0].is_done):
            self._await_oldest()
        self.resume_file.maybe_write(self.acknowledged)

    def drain(self) -> None:
        """Wait until no record is in flight."""
        while self._in_flight:
            self._await_oldest()

    def _await_oldest(self) -> None:
        future, size = self._in_flight[0]
        if future is None:
            self.skipped += 1
        else:
            try:
                future.get()
            except KafkaError:
                self.resume_file.write(self.acknowledged)
                raise
            self.published += 1
        self._in_flight.popleft()
        self._bytes -= size
        self.acknowledged += 1


class _ResumeFile:
    """Keeps the resume point on disk; each write is atomic."""

    def __init__(self, file: str, source: RecordReader, topic: str, bootstrap: str) -> None:
        self._path = None if source.total is None else resume_path(file)
        self._topic, self._bootstrap, self._bytes = topic, bootstrap, source.total or 0
        self._next = time.monotonic() + _SAVE_INTERVAL_S

    def read(self) -> int:
        """Return the number of records that an interrupted run has published."""
        if self._path is None:
            raise UserError("standard input cannot be resumed; save it to a file and name the file")
        if not self._path.exists():
            return 0
        try:
            point = msgspec.json.decode(self._path.read_bytes(), type=ResumePoint)
        except (OSError, msgspec.MsgspecError):
            raise UserError(
                f"{self._path} is not a resume point of `hearsay publish`; remove it, and publish from the start"
            ) from None
        if (point.topic, point.bootstrap, point.file_bytes) != (self._topic, self._bootstrap, self._bytes):
            raise UserError(
                f"{self._path} belongs to another run: {point.file_bytes} bytes to {point.topic} at {point.bootstrap}, "
                f"not {self._bytes} bytes to {self._topic} at {self._bootstrap}; remove it to publish from the start"
            )
        return point.records

    def maybe_write(self, records: int) -> None:
        """Save the number of acknowledged records if the last save is a second old."""
        if time.monotonic() >= self._next:
            self.write(records)

    def write(self, records: int) -> None:
        """Save the number of acknowledged records."""
        if self._path is None:
            return
        self._next = time.monotonic() + _SAVE_INTERVAL_S
        point = ResumePoint(topic=self._topic, bootstrap=self._bootstrap, file_bytes=self._bytes, records=records)
        with _writable(self._path):
            complete = self._path.with_name(self._path.name + ".new")
            complete.write_bytes(msgspec.json.encode(point))
            complete.replace(self._path)

    def remove(self) -> None:
        """Remove the resume point of a file that is published completely."""
        if self._path is not None:
            with _writable(self._path):
                self._path.unlink(missing_ok=True)


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"cannot save the resume point {path}: {error.strerror}; copy the file to a writable folder, or publish it "
            "from standard input with -"
        ) from None
