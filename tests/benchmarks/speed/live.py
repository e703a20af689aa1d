"""Events per second of one live worker beside a bare client loop on the same topic, and latency at half that rate.

    python -m tests.benchmarks.speed.live [--events 200000] [--seconds 90] [--hashing] [--json FILE]

The stream is synthetic: 99 of 100 events bring a text that was seen before, the rest a new one. The bare loop fetches the
topic with the client that Faust uses and decodes each event; nobody can read it faster in this language. The worker does
everything up to the alerts, the model in a process beside it. The broker runs on the same machine, and all share its
cores. Names of figures are permanent.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition
from kafka import KafkaConsumer, KafkaProducer
from kafka import TopicPartition as Part

from schemas.alert import Alert, Lifecycle
from schemas.event import ForwardEvent
from streams.devtools.broker import Broker
from tests.streams.live.harness import Live, until

SOURCES = 4
KNOWN = 0.99
_TICKS = os.sysconf("SC_CLK_TCK")
_WORDS = [f"{a}{b}" for a in ("ka", "ro", "mi", "ste", "lun", "per", "dof", "gra") for b in ("ta", "mel", "son", "vik")]


class Figure(msgspec.Struct, frozen=True):
    """One line of the report."""

    name: str
    value: float
    unit: str


def events(count: int, begin: int, step: float, seed: int = 7) -> Iterator[bytes]:
    """Forwards by 50,000 people; a new text comes with every hundredth, an old one is chosen by how often it was."""
    rng = np.random.default_rng(seed)
    texts = [_text(rng, number) for number in range(max(1, round(count * (1 - KNOWN))))]
    for number in range(count):
        known = max(1, round((number + 1) * (1 - KNOWN)))
        chosen = min(int(rng.zipf(1.3)) - 1, known - 1) if number % 100 else known - 1
        yield msgspec.json.encode(
            {
                "event_id": f"e{begin}-{number}",
                "platform": "bench",
                "kind": "forward",
                "created_at": begin + int(number * step),
                "message_id": f"m{begin}-{number}",
                "actor": f"person {int(rng.integers(50_000))}",
                "chat": f"chat {int(rng.integers(2_000))}",
                "text": texts[chosen],
            }
        )


def _text(rng: np.random.Generator, number: int) -> str:
    return " ".join(str(word) for word in rng.choice(_WORDS, 24)) + f" number {number}"


async def bare_loop(live: Live, count: int) -> tuple[float, float]:
    """Wall and CPU seconds to fetch and decode the topic with nothing else."""
    decode = msgspec.json.Decoder(ForwardEvent).decode
    consumer = AIOKafkaConsumer(
        bootstrap_servers=live.client["bootstrap_servers"], auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(live.prefix + "forwards", number) for number in range(SOURCES)])
        wall, cpu, done = time.perf_counter(), time.process_time(), 0
        while done < count:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                for record in records:
                    decode(record.value)
                done += len(records)
        return time.perf_counter() - wall, time.process_time() - cpu
    finally:
        await consumer.stop()


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and its children so far."""
    total = 0.0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(entry.parent.name) == pid or int(fields[1]) == pid:
            total += (int(fields[11]) + int(fields[12])) / _TICKS
    return total


def publish(live: Live, stream: Iterator[bytes], rate: float | None = None) -> int:
    """Events to the partitions by turns; at a rate, each is sent when its turn has come."""
    producer = KafkaProducer(**live.client, acks="all", linger_ms=5, batch_size=262_144)
    begun, sent = time.monotonic(), 0
    for sent, raw in enumerate(stream, 1):
        if rate is not None and (ahead := sent / rate - (time.monotonic() - begun)) > 0.002:
            time.sleep(ahead)
        producer.send(live.prefix + "forwards", raw, partition=sent % SOURCES)
    producer.flush()
    producer.close()
    return sent


def throughput(live: Live, count: int) -> list[Figure]:
    """The bare loop and the worker on the same records."""
    publish(live, events(count, begin=1_772_000_000_000, step=20.0))
    bare_wall, bare_cpu = asyncio.run(bare_loop(live, count))
    worker = live.worker("bench")
    received = lambda: worker.metric("hearsay_ordered_events", where="received") or 0.0  # noqa: E731 - asked twice
    until("the first events", lambda: received() > 0, worker=worker)
    wall, cpu, first = time.perf_counter(), cpu_seconds(worker.process.pid), received()
    until("the last events", lambda: received() >= count, seconds=1_800, worker=worker)
    wall, cpu, done = time.perf_counter() - wall, cpu_seconds(worker.process.pid) - cpu, count - first
    worker.stop()
    return [
        Figure("bare_loop_events_per_s", count / bare_wall, "events/s"),
        Figure("bare_loop_events_per_cpu_s", count / bare_cpu, "events/CPU-s"),
        Figure("worker_events_per_s", done / wall, "events/s"),
        Figure("worker_events_per_cpu_s", done / cpu, "events/CPU-s"),
        Figure("worker_to_bare_loop", done / wall / (count / bare_wall), "x"),
    ]


def latency(live: Live, rate: float, seconds: float) -> list[Figure]:
    """From an event's own time to its alert on the topic, in a steady stream."""
    worker = live.worker("bench")
    count = int(rate * seconds)
    lateness = live.effective.settings.pipeline.order.max_out_of_orderness_ms
    begin = time.time_ns() // 1_000_000
    publish(live, events(count, begin=begin, step=1000 / rate), rate)
    until("the last events", lambda: (worker.metric("hearsay_ordered_events", where="received") or 0) >= count)
    time.sleep(lateness / 1000)
    worker.stop()
    waits = sorted(ms - lateness for ms in _waits(live))
    return [
        Figure("latency_rate", rate, "events/s"),
        Figure("latency_alerts", len(waits), "alerts"),
        Figure("allowed_lateness", lateness / 1000, "s"),
        Figure("latency_beyond_lateness_p50", statistics.median(waits) / 1000, "s"),
        Figure("latency_beyond_lateness_p99", waits[int(len(waits) * 0.99)] / 1000, "s"),
        Figure("latency_p50", (statistics.median(waits) + lateness) / 1000, "s"),
        Figure("latency_p99", (waits[int(len(waits) * 0.99)] + lateness) / 1000, "s"),
    ]


def _waits(live: Live) -> Iterator[int]:
    """For each alert that an event raised: milliseconds from its event time to its record's."""
    consumer = KafkaConsumer(**live.client, enable_auto_commit=False)
    parts = [Part(live.prefix + "alerts", number) for number in range(live.cascades)]
    consumer.assign(parts)
    consumer.seek_to_beginning(*parts)
    ends = consumer.end_offsets(parts)
    while any(consumer.position(part) < ends[part] for part in parts):
        for records in consumer.poll(timeout_ms=500).values():
            for record in records:
                alert = msgspec.json.decode(record.value, type=Alert)
                if alert.evidence.trigger_event is not None and alert.state is not Lifecycle.CLOSED:
                    yield record.timestamp - alert.time
    consumer.close()


def main() -> None:
    """Run both parts and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--hashing", action="store_true", help="without the model: what the rest can do")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    settings: dict[str, Any] = {
        "embedder__runtime": "hashing" if given.hashing else "onnx",
        "growth__big": 50,
        "worker__checkpoint_bytes": 4_194_304,
        "worker__frame_events": 256,
        "worker__commit_ms": 1000,
        "worker__session_timeout_ms": 30_000,
    }
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, Broker(Path(folder) / "broker") as broker:
        for part in ("throughput", "latency"):
            live = Live(broker.bootstrap, Path(folder) / part, SOURCES, 4, **settings).create_topics()
            live.folder.mkdir()
            try:
                if part == "throughput":
                    figures += throughput(live, given.events)
                else:
                    rate = next(figure.value for figure in figures if figure.name == "worker_events_per_s") / 2
                    figures += latency(live, rate, given.seconds)
            finally:
                live.close()
    for figure in figures:
        sys.stdout.write(f"{figure.name:32s} {figure.value:12,.2f} {figure.unit}\n")
    if given.json:
        given.json.write_bytes(msgspec.json.encode(figures))


if __name__ == "__main__":
    main()
