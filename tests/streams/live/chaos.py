"""Harm at random moments for as long as one likes, and the alerts of a replay in the end.

    python -m tests.streams.live.chaos [--minutes 20] [--events 1000000] [--seed 1] [--harm kill ...]

Two workers read a steady stream from a broker of their own. Every half minute or so the seed chooses what goes wrong.
A worker that stops is started again, as a supervisor would. At the end every alert is there once, and the accounts
add up.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
from kafka import KafkaProducer

from streams.devtools.broker import Broker
from tests.benchmarks.speed.live import events
from tests.streams.live.harness import LATENESS, Live, until

BEGIN = 1_772_000_000_000
STEP_MS = 20.0
HARMS = ("kill", "stop", "join", "kill_broker", "pause_broker", "lose_state", "poison", "pause_worker")


def stream(count, seed):
    """The benchmark's stream, out of order within the lateness, with bridges between clusters now and then."""
    rng = np.random.default_rng(seed)
    window, ahead = [], int(LATENESS / 3 / STEP_MS)
    for number, raw in enumerate(events(count, BEGIN, STEP_MS, seed)):
        bridge = number > 5_000 and number % 997 == 0
        window.append(_bridge(raw, rng, number) if bridge else raw)
        if len(window) > ahead:
            yield window.pop(int(rng.integers(len(window))) if rng.random() < 0.5 else 0)
    yield from window


def _bridge(raw, rng, number):
    """A forward that names a parent in one cluster and a root in another: both are one rumour."""
    event = msgspec.json.decode(raw)
    first, second = rng.integers(max(0, number - 4_000), number, 2)
    event |= {"parent_ref": f"m{BEGIN}-{first}", "root_ref": f"m{BEGIN}-{second}", "parent_evidence": "api_parent"}
    return msgspec.json.encode(event)


class Chaos:
    """A deployment under harm; what was done is kept with its time."""

    def __init__(self, folder, seed, harms):
        self.harms = harms
        self.rng = np.random.default_rng(seed)
        self.broker = Broker(folder / "broker").start()
        settings = {"worker__batch_max_events": 256, "worker__checkpoint_bytes": 2_000_000}
        self.live = Live(self.broker.bootstrap, folder, 4, 4, **settings).create_topics()
        self.workers = {}
        self.done = Counter()
        self.poisoned = 0

    def supervise(self):
        """Start again whoever stopped, as a container's restart policy does."""
        for name in ("w0", "w1"):
            if name not in self.workers or self.workers[name].poll() is not None:
                if name in self.workers:
                    self.done[f"{name} started again"] += 1
                self.workers[name] = self.live.worker(name, wait=False)

    def harm(self):
        """Something goes wrong."""
        name = self.harms[int(self.rng.integers(len(self.harms)))]
        getattr(self, name)(("w0", "w1")[int(self.rng.integers(2))])
        self.done[name] += 1
        return name

    def kill(self, name):
        self.workers[name].kill()

    def stop(self, name):
        self.workers[name].stop()

    def join(self, _):
        third = self.live.worker("w2", wait=False)
        until("the third worker", lambda: third.port() or third.poll() is not None)
        third.stop() if self.rng.random() < 0.5 else third.kill()

    def kill_broker(self, _):
        self.broker.kill()
        self.broker.restart()

    def pause_broker(self, _):
        self.broker.pause()
        time.sleep(self.live.effective.settings.worker.session_timeout_ms / 1000 + 2)
        self.broker.resume()

    def pause_worker(self, name):
        """Suspended beyond the session timeout: its partitions go to another, then it wakes up."""
        self.workers[name].process.send_signal(19)
        time.sleep(self.live.effective.settings.worker.session_timeout_ms / 1000 + 4)
        self.workers[name].process.send_signal(18)

    def lose_state(self, name):
        self.workers[name].kill()
        shutil.rmtree(self.live.folder / name, ignore_errors=True)

    def poison(self, _):
        for topic in ("sightings", "ordered", "assignments", "state-transfers"):
            self.live.put(topic, b"\x00 not ours")
        self.poisoned += 4


def main():
    """Run it and print what was done and what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=float, default=30.0, help="seconds between two harms, on average")
    parser.add_argument("--harm", nargs="+", choices=HARMS, default=HARMS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hearsay-chaos-") as folder:
        chaos = Chaos(Path(folder), given.seed, given.harm)
        try:
            run(chaos, given)
        finally:
            chaos.live.close()
            chaos.broker.stop()


def run(chaos, given):
    """Publish at a steady rate with harm on the way; then wait, stop, compare."""
    live, begun = chaos.live, time.monotonic()
    rate = given.events / (given.minutes * 60)
    producer = KafkaProducer(**live.client, acks="all", linger_ms=20, delivery_timeout_ms=600_000, max_block_ms=600_000)
    chaos.supervise()
    next_harm = given.every
    for number, raw in enumerate(stream(given.events, given.seed)):
        producer.send(live.prefix + "forwards", raw, partition=number % live.sources)
        live.published.append(raw)
        if number % 500 == 0:
            ahead = number / rate - (time.monotonic() - begun)
            time.sleep(max(0.0, ahead))
            chaos.supervise()
            if time.monotonic() - begun > next_harm:
                producer.flush()
                say(f"{time.monotonic() - begun:6.0f} s  {number:9,d} events  {chaos.harm()}")
                next_harm = time.monotonic() - begun + given.every * float(chaos.rng.uniform(0.5, 1.5))
    producer.flush()
    live.end(BEGIN + int(given.events * STEP_MS))
    say(f"{time.monotonic() - begun:6.0f} s  all published")
    say(report(chaos))


def report(chaos):
    """What came of it; raises where something is lost or wrong."""
    live = chaos.live
    expected, counts = live.expected()
    total = len(live.published)

    def through():
        chaos.supervise()
        account, alerts = live.account(), set(live.alerts())
        say(
            f"        {account.received:9,d} received, {account.waiting} waiting, {len(alerts)} of {len(expected)} alerts"
        )
        return account.received == total and account.waiting == live.sources and alerts >= set(expected)

    until("everything to go through", lambda: through() or time.sleep(10), seconds=1800)
    for worker in chaos.workers.values():
        worker.stop()
    account, alerts = live.account(), live.alerts()
    distinct = set(alerts)
    assert distinct == set(expected), (
        f"{len(distinct - set(expected))} too many, {len(set(expected) - distinct)} missing"
    )
    assert (account.applied + account.waiting, account.duplicates, account.late, account.rejected, account.missing) == (
        counts.applied, counts.duplicates, counts.late, counts.rejected, 0,
    )  # fmt: skip
    return "\n".join(
        [
            f"harm: {dict(chaos.done)}",
            f"events: {account.received:,} received = {account.applied:,} applied + {account.duplicates:,} duplicates + "
            f"{account.late:,} late + {account.rejected:,} rejected + {account.waiting} waiting",
            f"alerts: {len(expected):,} expected, {len(distinct):,} distinct on the topic, "
            f"{len(alerts) - len(distinct)} twice; byte for byte those of a replay",
        ]
    )


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
