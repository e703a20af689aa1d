"""The sample stream, its disorder kept within the lateness: any order of reading gives the same alerts."""

import gzip
import json
from pathlib import Path

import numpy as np

from tests.streams.live.harness import LATENESS

SAMPLE = Path(__file__).parents[3] / "examples" / "sample.jsonl.gz"


def sample(seed, count=None):
    """Events of the sample in an order where none comes more than a third of the lateness behind a newer one.

    Its dirt (lines that are no events) and its second deliveries stay where they are in that order. Gives the lines and
    the newest event time.
    """
    rng = np.random.default_rng(seed)
    timed, now = [], 0
    for line in gzip.decompress(SAMPLE.read_bytes()).splitlines():
        at = _time(line)
        now = max(now, at or 0)
        timed.append((now if at is None else at, line))
    timed.sort(key=lambda pair: pair[0])
    timed = timed[:count]
    jitter = rng.integers(0, LATENESS // 3, len(timed))
    order = sorted(range(len(timed)), key=lambda n: (timed[n][0] + int(jitter[n]), n))
    return [timed[n][1] for n in order], timed[-1][0]


def disordered(seed, count, behind_ms):
    """Events of the sample, one in eight of them up to so much behind its turn; and the newest event time."""
    rng = np.random.default_rng(seed)
    events, newest = sample(seed, count)
    times, now = [], 0
    for line in events:
        now = max(now, _time(line) or 0)
        times.append(now)
    turns = np.array(times) + np.where(rng.random(count) < 1 / 8, rng.integers(0, behind_ms, count), 0)
    return [events[n] for n in np.argsort(turns, kind="stable")], newest


def _time(line):
    try:
        event = json.loads(line)
        at = event["created_at"]
        seen = event.get("observed_at")
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(at, int) or not 1_700_000_000_000 < at < 1_900_000_000_000:
        return None
    return min(at, seen) if isinstance(seen, int) else at
