"""Topics of a test's own on the shared broker, and the commands as a person would give them."""

import os
import subprocess
import sys
import time
import uuid
from contextlib import closing
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from typer.testing import CliRunner

from streams.cli.main import main
from streams.kafka import topics
from streams.settings.load import load

ROOT = Path(__file__).parents[3]
HEARSAY = str(Path(sys.executable).parent / "hearsay")
PATIENT_S = 90.0


def until(condition, what, within_s=PATIENT_S):
    """Wait for a condition; gives what made it true."""
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(0.02)
    return found


class Deployment:
    """Topics under a prefix of their own."""

    def __init__(self, bootstrap, create=True, environ=(), **settings):
        self.values = {
            "kafka.bootstrap": bootstrap,
            "kafka.prefix": f"t{uuid.uuid4().hex[:8]}.",
            "kafka.request_timeout_ms": "20000",
            **{name.replace("__", "."): str(value) for name, value in settings.items()},
        }
        self.overrides = [f"{name}={value}" for name, value in self.values.items()]
        self.kafka = load(environ=dict(environ), overrides=self.overrides).settings.kafka
        self.prefix = self.kafka.prefix
        self._client = {"bootstrap_servers": self.kafka.bootstrap}
        if create:
            topics.create(self.kafka, None)

    def words(self, command, *words):
        return [command, *map(str, words), *(word for override in self.overrides for word in ("--set", override))]

    def call(self, command, *words, **more):
        """A command within this process: exit code, standard output, standard error."""
        return CliRunner().invoke(main, self.words(command, *words), **more)

    def start(self, command, *words, environ=()):
        """A command in a process of its own."""
        return start([HEARSAY, *self.words(command), *map(str, words)], environ)

    def produce(self, name, values, partition=0, key=None, **more):
        with closing(KafkaProducer(**self._client, max_request_size=8 << 20)) as producer:
            for value in values:
                producer.send(self.prefix + name, value, key=key, partition=partition, **more)
            producer.flush()

    def read(self, name):
        """Every record, by partition and offset."""
        with closing(KafkaConsumer(**self._client)) as consumer:
            parts = [
                TopicPartition(self.prefix + name, n) for n in sorted(consumer.partitions_for_topic(self.prefix + name))
            ]
            consumer.assign(parts)
            consumer.seek_to_beginning(*parts)
            ends, found = consumer.end_offsets(parts), []
            while any(consumer.position(part) < ends[part] for part in parts):
                found += [one for records in consumer.poll(timeout_ms=500).values() for one in records]
            return sorted(found, key=lambda one: (one.partition, one.offset))

    def values_of(self, name):
        return [one.value for one in self.read(name)]


def start(argv, environ=()):
    known = {name: value for name, value in os.environ.items() if not name.startswith("HEARSAY_")}
    return subprocess.Popen(argv, cwd=ROOT, env=known | dict(environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
