"""`hearsay listen bluesky` in a process of its own against a loopback Jetstream, killed several times."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

import msgspec

from schemas.event import ForwardEvent
from streams.adapters.base import Converted
from streams.adapters.bluesky import convert
from streams.listeners.cursors import newest_mark
from streams.recordings.imports.edge import pseudonymise
from streams.settings.load import load
from tests.streams.kafka.deployment import HEARSAY, ROOT, until
from tests.streams.listeners.jetstream import Jetstream

_TICKS = os.sysconf("SC_CLK_TCK")


class Outcome(NamedTuple):
    """Records on the topic after all runs, and the time that the listeners spent."""

    published: list[str]  # event ids, duplicates included
    expected: set[str]
    cpu_s: float  # of all runs, from the connection on
    start_s: float  # CPU of all runs before the connection
    wall_s: float
    kills: int
    status: int  # of the last run, after SIGTERM
    metrics: str
    readiness: str
    health: str


class Process:
    """One run of the listener."""

    def __init__(self, deployment, server, folder, *words):
        self.log = Path(folder) / f"listen-{time.monotonic_ns()}.log"
        known = {name: value for name, value in os.environ.items() if not name.startswith("HEARSAY_")}
        more = (
            f"listen.bluesky_url={server.url}",
            "listen.port=0",
            "listen.cursor_interval_ms=200",
            "listen.backoff_min_ms=50",
        )
        argv = [
            HEARSAY,
            *deployment.words("listen", "bluesky", *words),
            *(word for one in more for word in ("--set", one)),
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(argv, cwd=ROOT, env=known, stdout=log, stderr=log)
        until(lambda: server.clients or self.process.poll() is not None, "the listener to connect")
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        self.start_s = self.cpu()

    def cpu(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def get(self, path):
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        port = next(line["port"] for line in lines if line["event"] == "listener started")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def end(self, number):
        spent = self.cpu() - self.start_s
        self.process.send_signal(number)
        return spent, self.process.wait(60)


def expected_ids(frames, collections=("app.bsky.feed.post", "app.bsky.feed.repost")):
    names = load(None, {}).key.pseudonymiser()
    found = set()
    for frame in frames:
        outcome = convert(json.loads(frame))
        if isinstance(outcome, Converted):
            found |= {pseudonymise(event, names).event_id for event in outcome.events}
    return found


def listen_through_kills(deployment, server: Jetstream, folder, kills=3) -> Outcome:
    """Run the listener until every frame is acknowledged; kill it `kills` times on the way."""
    wanted = sum(collection != "app.bsky.feed.like" for collection in server.collections)
    began, spent, starts = time.monotonic(), [], []
    server.pause_s = 0.02  # or the frames would be in the sockets before the first cursor

    def mark():
        return newest_mark(deployment.values_of("cursors"), "bluesky", server.url)

    for number in range(kills):
        until(lambda: not server.clients, "the server to notice the end of the connection")
        before, running = mark(), Process(deployment, server, folder)
        starts.append(running.start_s)
        target = server.sent + (wanted - server.sent) // (kills + 1 - number)
        until(lambda t=target: server.sent >= t, f"the listener to read up to {target} of {wanted} frames")
        until(lambda old=before: mark() != old, "a cursor")
        spent.append(running.end(signal.SIGKILL)[0])
    until(lambda: not server.clients, "the server to notice the end of the connection")
    running = Process(deployment, server, folder)
    starts.append(running.start_s)
    last = str(max(at for at, one in zip(server.times, server.collections, strict=True) if one != "app.bsky.feed.like"))

    until(lambda: mark().position == last, "the last cursor")
    metrics, readiness = running.get("/metrics"), running.get("/ready")
    health = running.get("/health")
    used, status = running.end(signal.SIGTERM)
    spent.append(used)
    wall_s = time.monotonic() - began
    decode = msgspec.json.Decoder(ForwardEvent).decode
    return Outcome(
        published=[decode(value).event_id for value in deployment.values_of("forwards")],
        expected=expected_ids(server.frames),
        cpu_s=sum(spent),
        start_s=sum(starts),
        wall_s=wall_s,
        kills=kills,
        status=status,
        metrics=metrics,
        readiness=readiness,
        health=health,
    )


def report(outcome: Outcome) -> str:
    """The figures of a run, as one line each."""
    found = set(outcome.published)
    lost, foreign = len(outcome.expected - found), len(found - outcome.expected)
    rate = len(outcome.published) / outcome.cpu_s
    return (
        f"{len(outcome.expected)} events, the listener killed {outcome.kills} times\n"
        f"lost {lost}, foreign {foreign}, published again {len(outcome.published) - len(found)} (the same event_id)\n"
        f"{rate:.0f} events per CPU-second of the listener ({outcome.cpu_s:.1f} CPU-s, {outcome.start_s:.1f} CPU-s to "
        f"start {outcome.kills + 1} times); {outcome.wall_s:.0f} s"
    )


def metric(text: str, name: str) -> float:
    found = re.search(rf"^hearsay_listener_{name} (\S+)$", text, re.MULTILINE)
    assert found, name
    return float(found[1])
