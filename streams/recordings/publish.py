"""Publish a recorded file to the topic `forwards`, in order within each chat, and resume after an interruption.

Published recordings take the path of live events, to try, load and back-fill the live stages. A live run decides as a
replay of the file would: a header gives each event the time of its first recording, or states that the file has none.
The number of acknowledged records is saved next to the file, so an interruption loses no event; a record may be sent
twice, and intake drops the second by the id of the event.
"""

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from kafka.errors import KafkaError

from schemas.sighting import RawEvent
from streams.errors import UserError
from streams.kafka import clients, topics
from streams.kafka.connection import KafkaSettings
from streams.kafka.recorded_at import recorded_at, republished
from streams.recordings.base import SourceReader, UnreadableRecord
from streams.recordings.envelope import Envelope
from streams.recordings.imports.choices import DEFAULTS
from streams.recordings.imports.locate import locate
from streams.recordings.open_file import open_source
from streams.recordings.peek import created_at, partition_key
from streams.recordings.recording import RecordingReader

MAX_IN_FLIGHT = 10_000  # records
MAX_IN_FLIGHT_BYTES = 32 << 20
_MAX_RECORD_BYTES = topics.BY_NAME["forwards"].max_bytes
_MAX_BYTES = _MAX_RECORD_BYTES - (64 << 10)  # of an event; the rest is for key, headers and frame of its record
_SAVE_INTERVAL_S = 1.0
_LONGEST_SILENCE_MS = 86_400_000  # a longer gap in event time, forwards or back, is not waited for
_PACE = re.compile(r"(\d+(?:\.\d+)?)x")


class ResumePoint(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a file that has been published to a topic."""

    topic: str
    bootstrap: str
    file_bytes: int
    records: int  # from the start of the file, all acknowledged


class _Message(msgspec.Struct, frozen=True):
    """A record to send."""

    value: bytes | None  # None: a tombstone
    key: bytes | None
    partition: int | None  # None: by the key
    headers: list[tuple[str, bytes]]
    time: int | None  # at which it was recorded, else claimed to have happened, in ms


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
    foreign = () if file == "-" else locate((file,), DEFAULTS).foreign
    if foreign:
        raise UserError(f"{file} is {foreign[0].format.title}; publish it with `hearsay import {file} --publish`")
    topics.require(settings, password, ["forwards"])
    source = open_source(file, _MAX_BYTES)
    path = None if source.total is None else resume_path(file)
    return _publish(source, path, settings, password, pace=pace, resume=resume, progress=progress)


def publish_events(source: SourceReader, settings: KafkaSettings, password: str | None) -> Published:
    """Send each record of an open source to `forwards`, and wait until all are acknowledged; close the source.

    Raises:
        UserError: no broker, no topic, a refused record.

    """
    topics.require(settings, password, ["forwards"])
    return _publish(source, None, settings, password)


def _publish(
    source: SourceReader,
    resume_at: Path | None,
    settings: KafkaSettings,
    password: str | None,
    *,
    pace: float | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] = lambda records, bytes_read: None,
) -> Published:
    topic = settings.prefix + "forwards"
    try:
        resume_file = _ResumeFile(resume_at, source, topic, settings.bootstrap)
        done = resume_file.read() if resume else 0
        with clients.producer(
            settings, password, linger_ms=20, batch_size=256 << 10, max_request_size=_MAX_RECORD_BYTES
        ) as kafka:
            # the metadata must be there before the pace begins, so that the first event is on time
            _check_partitions(source, topic, len(kafka.partitions_for(topic)))
            sender = _Sender(partial(_send, kafka, topic), resume_file, done)
            complete = _send_all(_after(source, done), sender, _Pacer(pace), lambda n: progress(n, source.done))
    finally:
        source.close()
    return Published(published=sender.published, skipped=sender.skipped, resumed_after=done, complete=complete)


def _send(kafka: Any, topic: str, message: _Message) -> Any:  # noqa: ANN401 - kafka-python has no types
    return kafka.send(topic, message.value, key=message.key, partition=message.partition, headers=message.headers)


def _check_partitions(source: SourceReader, topic: str, partitions: int) -> None:
    """Refuse a recording with a partition that the topic does not have.

    Raises:
        UserError: the topic has too few partitions.

    """
    if isinstance(source, RecordingReader) and source.partitions and source.partitions[-1] >= partitions:
        raise UserError(
            f"{source.name} has records of partition {source.partitions[-1]}, and the topic {topic} has {partitions} "
            "partitions; publish to a deployment with at least as many as the recorded topic (kafka.source_partitions)"
        )


def _messages(source: SourceReader) -> Iterator[_Message | None]:
    """Yield what to send for each record of a source, None for a record without deliverable bytes."""
    if isinstance(source, RecordingReader):
        for record in source.envelopes():
            yield _of_raw(record.raw) if isinstance(record, UnreadableRecord) else _of_envelope(record)
    else:
        for event in source:
            if isinstance(event, RawEvent | UnreadableRecord):
                yield _of_raw(event.raw)


def _of_raw(raw: bytes | None) -> _Message | None:
    return _Message(raw, partition_key(raw), None, republished((), None), created_at(raw)) if raw else None


def _of_envelope(record: Envelope) -> _Message | None:
    if len(record.value or b"") > _MAX_BYTES:
        return None
    time = recorded_at(record.timestamp, record.headers)
    return _Message(record.value, record.key, record.partition, republished(record.headers, time), time)


def _send_all(
    messages: Iterator[_Message | None], sender: "_Sender", pacer: "_Pacer", progress: Callable[[int], None]
) -> bool:
    try:
        for message in messages:
            if message is not None:
                pacer.wait(message.time)
            sender.put(message)
            progress(sender.taken)
        sender.drain()
    except KeyboardInterrupt:
        sender.drain()
        sender.resume_file.write(sender.acknowledged)
        return False
    sender.resume_file.remove()
    return True


def _after(source: SourceReader, count: int) -> Iterator[_Message | None]:
    return islice(_messages(source), count, None)


class _Pacer:
    """Delays events to the pace at which they were recorded or happened, times a factor."""

    def __init__(self, pace: float | None) -> None:
        self._pace = pace
        self._began: tuple[float, int] | None = None  # (real seconds, time in ms) of the same instant
        self._last = 0

    def wait(self, at: int | None) -> None:
        """Wait until an event of time `at` is due; the first event, and one that is late already, are due at once."""
        if self._pace is None or at is None:
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

    def __init__(self, send: Callable[[_Message], Any], resume_file: "_ResumeFile", done: int) -> None:
        self.resume_file = resume_file
        self.taken = self.acknowledged = done
        self.published = self.skipped = 0
        self._send = send
        self._in_flight: deque[tuple[Any, int]] = deque()  # (future, or None for a skipped record; bytes)
        self._bytes = 0

    def put(self, message: _Message | None) -> None:
        """Send a record; only count None."""
        while len(self._in_flight) >= MAX_IN_FLIGHT or self._bytes >= MAX_IN_FLIGHT_BYTES:
            self._await_oldest()
        future = None if message is None else self._send(message)
        size = 0 if message is None else len(message.value or b"")
        self._in_flight.append((future, size))
        self._bytes += size
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

    def __init__(self, path: Path | None, source: SourceReader, topic: str, bootstrap: str) -> None:
        self._path = path
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
