"""Publishes a recorded file to the topic `forwards`, each chat in its order, and can go on where it stopped.

A recording that is published takes the way that live events take; this is how the live stages are tried, loaded and
caught up. What is acknowledged is written down beside the file, so that an interruption costs no event; a record may
be sent twice, which intake recognises by the event's id.
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

MAX_IN_FLIGHT = 10_000  # records sent and not yet acknowledged
MAX_IN_FLIGHT_BYTES = 32 << 20
_OVERHEAD = 64 << 10  # of a record's key, headers and frame, left free below the topic's bound
_NOTE_S = 1.0  # between two notes of what is acknowledged
_LONGEST_SILENCE_MS = 86_400_000  # of event time; a longer one, or a step back as far, is passed over
_PACE = re.compile(r"(\d+(?:\.\d+)?)x")


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """How far a file has been published to a topic."""

    topic: str
    bootstrap: str
    file_bytes: int
    records: int  # from the file's start, all acknowledged


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did: records acknowledged, those without bytes to send, and those that an earlier run had sent."""

    published: int
    refused: int
    resumed_after: int
    complete: bool


def read_pace(text: str | None) -> float | None:
    """Event time per second of real time, as "10x" says it; None for full speed.

    Raises:
        UserError: not a positive number and an x.

    """
    if text is None:
        return None
    found = _PACE.fullmatch(text)
    if found is None or float(found[1]) == 0:
        raise UserError(
            f'--pace must be a positive number and an x; got {text[:40]!r}; try "10x", or leave it out for full speed'
        )
    return float(found[1])


def note_path(file: str) -> Path:
    """Where it is written how far a file has been published: beside the file."""
    return Path(f"{file}.published")


def publish(
    file: str,
    settings: KafkaSettings,
    password: str | None,
    *,
    pace: float | None = None,
    resume: bool = False,
    told: Callable[[int, int], None] = lambda records, bytes_read: None,
) -> Published:
    """Send each record of a file to `forwards`, and wait until all are acknowledged.

    Ctrl-C waits for what is under way, notes how far it came, and gives `complete=False`.

    Args:
        file: of any format that a replay reads; "-" for standard input, which cannot be resumed.
        settings: of the broker.
        password: for SASL.
        pace: milliseconds of event time per millisecond; None for full speed.
        resume: go on where an interrupted run stopped; from the start if there is none.
        told: after each record how many are sent, and how many bytes of the file are read.

    Raises:
        UserError: an unreadable file, a note of another file or topic, no broker, no topic, a record it refuses.

    """
    topics.require(settings, password, ["forwards"])
    topic = settings.prefix + "forwards"
    limit = topics.BY_NAME["forwards"].max_bytes
    source = open_source(file, limit - _OVERHEAD)
    try:
        notebook = _Notebook(file, source, topic, settings.bootstrap)
        done = notebook.read() if resume else 0
        with clients.producer(settings, password, linger_ms=20, batch_size=256 << 10, max_request_size=limit) as kafka:
            kafka.partitions_for(topic)  # asked before the clock begins, so that the first event is not late
            outbox = _Outbox(lambda raw: kafka.send(topic, raw, key=partition_key(raw)), notebook, done)
            complete = _send_all(_after(source, done), outbox, _Clock(pace), lambda n: told(n, source.done))
    finally:
        source.close()
    return Published(published=outbox.published, refused=outbox.refused, resumed_after=done, complete=complete)


def _send_all(records: Iterator[Record], outbox: "_Outbox", clock: "_Clock", told: Callable[[int], None]) -> bool:
    try:
        for record in records:
            raw = record.raw if isinstance(record, UnreadableRecord) else record[0]
            if raw:
                clock.wait(raw)
            outbox.put(raw)
            told(outbox.taken)
        outbox.drain()
    except KeyboardInterrupt:
        outbox.drain()
        outbox.notebook.write(outbox.acknowledged)
        return False
    outbox.notebook.remove()
    return True


def _after(source: RecordReader, count: int) -> Iterator[Record]:
    records = iter(source)
    for _ in range(count):
        if next(records, None) is None:
            break
    yield from records


class _Clock:
    """Holds events back so that they come as fast as they happened, times the pace."""

    def __init__(self, pace: float | None) -> None:
        self._pace = pace
        self._began: tuple[float, int] | None = None  # real seconds and event time that stand for each other
        self._last = 0

    def wait(self, raw: bytes) -> None:
        """Wait until this event is due. The first one is due at once, and so is a late one."""
        if self._pace is None or (at := created_at(raw)) is None:
            return
        now = time.monotonic()
        if self._began is None or abs(at - self._last) > _LONGEST_SILENCE_MS:
            self._began = (now, at)
        self._last = at
        due = self._began[0] + (at - self._began[1]) / 1000 / self._pace
        if due > now:
            time.sleep(due - now)


class _Outbox:
    """Sends records with a bound on those under way, and knows up to which one all are acknowledged."""

    def __init__(self, send: Callable[[bytes], Any], notebook: "_Notebook", done: int) -> None:
        self.notebook = notebook
        self.taken = self.acknowledged = done
        self.published = self.refused = 0
        self._send = send
        self._under_way: deque[tuple[Any, int]] = deque()  # of each record taken: its future (none: not sent), its size
        self._bytes = 0

    def put(self, raw: bytes | None) -> None:
        """Send a record; one without bytes is counted only."""
        while len(self._under_way) >= MAX_IN_FLIGHT or self._bytes >= MAX_IN_FLIGHT_BYTES:
            self._settle_first()
        future = self._send(raw) if raw else None
        self._under_way.append((future, len(raw or b"")))
        self._bytes += len(raw or b"")
        self.taken += 1
        while self._under_way and (self._under_way[0][0] is None or self._under_way[0][0].is_done):
            self._settle_first()
        self.notebook.maybe_write(self.acknowledged)

    def drain(self) -> None:
        """Wait until nothing is under way."""
        while self._under_way:
            self._settle_first()

    def _settle_first(self) -> None:
        future, size = self._under_way[0]
        if future is None:
            self.refused += 1
        else:
            try:
                future.get()
            except KafkaError:
                self.notebook.write(self.acknowledged)
                raise
            self.published += 1
        self._under_way.popleft()
        self._bytes -= size
        self.acknowledged += 1


class _Notebook:
    """Keeps the note of what is acknowledged, written whole or not at all."""

    def __init__(self, file: str, source: RecordReader, topic: str, bootstrap: str) -> None:
        self._path = None if source.total is None else note_path(file)
        self._topic, self._bootstrap, self._bytes = topic, bootstrap, source.total or 0
        self._next = time.monotonic() + _NOTE_S

    def read(self) -> int:
        """How many records an interrupted run had acknowledged."""
        if self._path is None:
            raise UserError("only a file can be resumed, a pipe has no place to go on from; got -; save it to a file")
        if not self._path.exists():
            return 0
        try:
            note = msgspec.json.decode(self._path.read_bytes(), type=Note)
        except (OSError, msgspec.MsgspecError):
            raise UserError(f"{self._path} must be a note of this command; got something else; remove it") from None
        if (note.topic, note.bootstrap, note.file_bytes) != (self._topic, self._bootstrap, self._bytes):
            raise UserError(
                f"a run is resumed with the same file, broker and topic; got {self._topic} at {self._bootstrap} with "
                f"{self._bytes} bytes, and {self._path} is of {note.topic} at {note.bootstrap} with {note.file_bytes}; "
                "remove that note to begin anew"
            )
        return note.records

    def maybe_write(self, records: int) -> None:
        """Write, if the last note is some time ago."""
        if time.monotonic() >= self._next:
            self.write(records)

    def write(self, records: int) -> None:
        """Write how many records are acknowledged."""
        if self._path is None:
            return
        self._next = time.monotonic() + _NOTE_S
        note = Note(topic=self._topic, bootstrap=self._bootstrap, file_bytes=self._bytes, records=records)
        with _writable(self._path):
            whole = self._path.with_name(self._path.name + ".new")
            whole.write_bytes(msgspec.json.encode(note))
            whole.replace(self._path)

    def remove(self) -> None:
        """All is published: there is nothing to resume."""
        if self._path is not None:
            with _writable(self._path):
                self._path.unlink(missing_ok=True)


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"how far a file is published is written beside it; got {error.strerror} for {path}; copy the file to a "
            "folder that can be written, or pipe it in and name it -"
        ) from None
