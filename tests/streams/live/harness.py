"""A deployment for tests: real workers on a real broker, and what a replay says they must say."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from schemas.alert import Alert
from schemas.rejection import Rejection
from schemas.sighting import Position
from schemas.watermark_report import WatermarkReport
from streams.kafka import topics
from streams.kafka.recorded_at import republished
from streams.replay.build import make_pipeline
from streams.settings.load import load

HEARSAY = str(Path(sys.executable).parent / "hearsay")
PATIENCE = 180.0  # a busy machine is slow, and not wrong
LATENESS = 30_000

SETTINGS = {
    "claims.file": str(Path(__file__).with_name("claims.jsonl")),  # three rumours of the sample
    "embedder.runtime": "hashing",
    "growth.target_size": "10",
    "order.idle_timeout_ms": "600000",  # no partition falls idle in a test that is not about it
    "worker.port": "0",
    "worker.session_timeout_ms": "6000",
    "worker.checkpoint_bytes": "200000",
    "worker.commit_interval_ms": "200",
    "worker.batch_max_events": "64",
    "pool.timeout_ms": "2000",
}


def until(what, condition, seconds=PATIENCE, worker=None):
    """Wait for a condition; gives what made it true."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if worker is not None and worker.poll() is not None:
            raise AssertionError(
                f"the worker ended with {worker.poll()} while waiting for {what}:\n{worker.log_tail()}"
            )
        if time.monotonic() > deadline:
            state = "" if worker is None else f"\n{worker.diagnosis()}"
            raise AssertionError(f"waited {seconds:.0f} s for {what}; last: {found!r}{state}")
        time.sleep(0.1)


class Worker:
    """A worker in a process of its own."""

    def __init__(self, live, name, argv, environ, before_exec=None):
        self.name = name
        self.log = live.folder / f"{name}-{uuid.uuid4().hex[:4]}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                argv, env=environ, stderr=log, stdout=log, preexec_fn=before_exec, cwd=Path(__file__).parents[3]
            )

    def poll(self):
        return self.process.poll()

    def events(self):
        lines = self.log.read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def log_tail(self):
        return self.log.read_text("utf-8")[-3000:]

    def diagnosis(self):
        """What a worker that does not come forward was doing: its lag and counts, and where each thread stands."""
        try:
            shown = [line for line in self.get("/metrics")[1].splitlines() if line.startswith("hearsay_")]
        except OSError as error:
            shown = [repr(error)]
        self.process.send_signal(signal.SIGABRT)  # faulthandler writes the threads into the log
        self.process.wait()
        return "\n".join([*(line for line in shown if "_bucket" not in line), self.log.read_text("utf-8")[-20_000:]])

    def port(self):
        started = [event for event in self.events() if event["event"] == "worker started"]
        return started[-1]["port"] if started else None

    def wait_started(self):
        until(f"{self.name} to start", self.port, worker=self)
        until(f"{self.name} to be ready", lambda: self.get("/ready")[0] == 200, worker=self)
        return self

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port()}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name, **labels):
        wanted = ",".join(f'{key}="{value}"' for key, value in labels.items())
        pattern = re.compile(rf"^{re.escape(name)}(?:\{{{re.escape(wanted)}\}})? (\S+)$", re.MULTILINE)
        found = pattern.search(self.get("/metrics")[1])
        return float(found[1]) if found else None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=PATIENCE):
        """SIGTERM; gives the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not stop in {seconds:.0f} s:\n{self.diagnosis()}") from None


class Live:
    """Topics under a prefix of their own, workers, and what stands on the topics."""

    def __init__(self, bootstrap, folder, sources=4, cascades=4, **settings):
        self.folder = folder
        self.sources, self.cascades = sources, cascades
        self.prefix = f"t{uuid.uuid4().hex[:8]}."
        self.values = {
            **SETTINGS,
            "kafka.bootstrap": bootstrap,
            "kafka.prefix": self.prefix,
            "kafka.source_partitions": str(sources),
            "kafka.cascade_partitions": str(cascades),
            **{name.replace("__", "."): str(value) for name, value in settings.items()},
        }
        self.effective = load(None, {}, [f"{name}={value}" for name, value in self.values.items()])
        self.client = {"bootstrap_servers": bootstrap}
        self.workers = []
        self.published = []
        self._at = [0] * sources
        self._ended = 0  # the newest event time before the last statements

    def create_topics(self):
        topics.create(self.effective.settings.kafka, self.effective.kafka_password)
        return self

    def environ(self, name="w0", **more):
        given = {**self.values, "worker.data_dir": str(self.folder / name), **more}
        known = {key: value for key, value in os.environ.items() if not key.startswith("HEARSAY_")}
        known |= {"PYTHONFAULTHANDLER": "1"}  # where a native library dies, the log says in which thread
        return known | {f"HEARSAY_{key.upper().replace('.', '__')}": value for key, value in given.items()}

    def worker(self, name="w0", *, only=None, argv=None, before_exec=None, wait=True, **more):
        argv = argv or [HEARSAY, "worker", *(["--only", only] if only else [])]
        environ = self.environ(name, **{key.replace("__", "."): value for key, value in more.items()})
        worker = Worker(self, name, argv, environ, before_exec)
        self.workers.append(worker)
        return worker.wait_started() if wait else worker

    def publish(self, raws, partition=None):
        """Events to the source partitions by turns, without a time of recording, as `hearsay publish` sends a file."""
        producer = KafkaProducer(**self.client, acks="all", linger_ms=5)
        for raw in raws:
            chosen = len(self.published) % self.sources if partition is None else partition
            producer.send(self.prefix + "forwards", raw, partition=chosen, headers=republished((), None))
            self.published.append(raw)
        producer.flush()
        producer.close()

    def put(self, name, value, partition=0, key=None):
        producer = KafkaProducer(**self.client, acks="all")
        producer.send(self.prefix + name, value, key=key, partition=partition)
        producer.flush()
        producer.close()

    def end(self, time, senders=1):
        """Last statements in each partition, about nobody's message: they move the watermark past all before them.

        Three senders are needed where the last events of a partition are more than `order.max_jump_ms` apart.
        """
        self._ended = time
        for partition in range(self.sources):
            last = [
                {
                    "event_id": f"last-{partition}-{sender}",
                    "platform": "test",
                    "kind": "counter",
                    "created_at": time + LATENESS + 60_000,
                    "observed_at": time + LATENESS + 60_000,
                    "actor": f"last-{sender}",
                    "message_id": "nobody's",
                    "counters": {"views": 1},
                }
                for sender in range(senders)
            ]
            self.publish([json.dumps(one).encode() for one in last], partition)

    def read(self, name):
        """Every record of a topic: (partition, offset, key, value)."""
        consumer = KafkaConsumer(**self.client, enable_auto_commit=False, max_partition_fetch_bytes=1 << 24)
        try:
            found = consumer.partitions_for_topic(self.prefix + name) or ()
            parts = [TopicPartition(self.prefix + name, number) for number in sorted(found)]
            consumer.assign(parts)
            consumer.seek_to_beginning(*parts)
            ends = consumer.end_offsets(parts)
            out = []
            while any(consumer.position(part) < ends[part] for part in parts):
                for part, records in consumer.poll(timeout_ms=500).items():
                    out += [(part.partition, record.offset, record.key, record.value) for record in records]
            return out
        finally:
            consumer.close()

    def account(self):
        """The newest account on `watermarks`; nothing before the first."""
        accounts = [_decoded(value, WatermarkReport) for *_, value in self.read("watermarks")]
        accounts = [account for account in accounts if account is not None]
        return max(accounts, key=lambda account: (account.received, account.time, account.applied), default=WatermarkReport(
            realm="", time=0, received=0, applied=0, duplicates=0, late=0, rejected=0, waiting=0))  # fmt: skip

    def received(self, events):
        """Wait until the ordered log accounts for so many events."""
        return until(f"{events} events", lambda: self.account().received >= events, worker=self._any_worker())

    def _any_worker(self):
        """One that is alive; where none is, the last, whose end a test that waits has to tell."""
        return next((worker for worker in self.workers if worker.poll() is None), self.workers[-1])

    def alerts(self):
        """Every alert on the topic as it stands there, in no particular order; others' records are left out."""
        return [value for *_, value in self.read("alerts") if _decoded(value, Alert) is not None]

    def rejections(self):
        """Every rejection by its position: a second delivery counts once."""
        found = [_decoded(value, Rejection) for *_, value in self.read("rejections")]
        return {one.position: one for one in found if one is not None}

    def expected(self):
        """The alerts of a replay of all that was published, and its counts."""
        settings, key = self.effective.settings, self.effective.key
        pipeline = make_pipeline(settings, key).pipeline
        placed = [(raw, Position("forwards", 0, number)) for number, raw in enumerate(self.published)]
        alerts = [msgspec.json.encode(alert) for alert in (*pipeline.feed(placed).alerts, *pipeline.finish().alerts)]
        return sorted(alerts), pipeline.counts

    def settle(self):
        """Wait until all that was published went through, stop the workers, and compare with a replay."""
        expected, counts = self.expected()
        total = len(self.published)
        until(
            f"{total} events, and a watermark beyond them",
            lambda: (now := self.account()).received == total and now.time > self._ended,
            worker=self._any_worker(),
        )
        until(f"{len(expected)} alerts", lambda: set(self.alerts()) >= set(expected), worker=self._any_worker())
        for worker in self.workers:
            if worker.poll() is None:
                assert worker.stop() == 0, worker.log_tail()
        account, alerts = self.account(), self.alerts()
        assert sorted(set(alerts)) == expected
        assert (account.applied + account.waiting, account.duplicates, account.late, account.rejected) == (
            counts.applied, counts.duplicates, counts.late, counts.rejected,
        )  # fmt: skip
        assert (
            account.received == account.applied + account.duplicates + account.late + account.rejected + account.waiting
        )
        assert account.missing == 0
        return len(alerts) - len(set(alerts))

    def close(self):
        for worker in self.workers:
            if worker.poll() is None:
                worker.process.kill()
                worker.process.wait()


def _decoded(value, kind):
    try:
        return msgspec.json.decode(value or b"", type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
