"""Measure `hearsay listen bluesky` against a loopback Jetstream: the listener is killed three times on the way.

    python -m tests.benchmarks.speed.listen [--events 100000] [--kills 3]

Prints what was lost and repeated, and events per CPU-second of the listener; a third of the stream are likes, which the
listener does not ask for. The broker and the Jetstream run on the same machine.
"""

import argparse
import tempfile
from pathlib import Path

from streams.devtools.broker import Broker
from tests.streams.kafka.deployment import Deployment
from tests.streams.listeners.jetstream import InThread, Jetstream, frames_of
from tests.streams.listeners.killed import listen_through_kills, report


def main() -> None:
    """Run the benchmark and print the figures; exit with 1 if an event was lost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder) / "broker").start()
        try:
            with InThread(Jetstream(frames_of(options.events))) as server:
                outcome = listen_through_kills(Deployment(broker.bootstrap), server, folder, options.kills)
        finally:
            broker.stop()
    print(report(outcome))
    raise SystemExit(set(outcome.published) != outcome.expected)


if __name__ == "__main__":
    main()
