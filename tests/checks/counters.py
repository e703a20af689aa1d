"""Adapters of what follows the platforms' counters: the rise in one cascade, and the cases of all clusters."""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from detectors.alerting.config import PolicyConfig
from detectors.growth.counters import CounterConfig, CounterGrowth
from detectors.pipeline.counter_cases import CounterCases
from schemas.assignment import Timeliness
from schemas.event import Counters, Kind
from schemas.sighting import Sighting
from tests.checks import streams
from tests.checks.battery import Adapter

NO_REORDER = "order is made by ReorderBuffer, before it"
NO_DEDUPE = "second deliveries are removed by ReorderBuffer, before it"
PLATFORMS = ("tube", "gram")


def snapshots(seed: int, every_ms: int = 5 * streams.MINUTE) -> list[Sighting]:
    """Counters of a few messages on two platforms: they rise in bursts, fall, start anew; a few are absurd."""
    rng = np.random.default_rng(seed)
    values = [10.0] * 7
    items = []
    for number, time in enumerate(streams.times(seed, 220, every_ms)):
        place = int(rng.integers(0, 7))
        burst = 40 <= number < 80 or 150 <= number < 170
        values[place] += rng.exponential(9_000 if burst else 30)
        shown = values[place] * (0.2 if rng.uniform() < 0.1 else 1.0) + (number % 50 == 49) * 1e12
        counters = Counters(views=int(30 * shown) if place % 2 else None, forwards=int(shown))
        message, platform = streams.hex_id("m", place), PLATFORMS[place % 2]
        fields = {"kind": Kind.COUNTER, "message": message, "platform": platform, "counters": counters}
        items.append(streams.sighting(number, time + streams.DAY * (number >= 120), **fields))
    return items


def read(growth: CounterGrowth, item: Sighting) -> Any:
    """One snapshot; the rise after it."""
    rose = growth.update(item.message or "", item.platform, item.counters or Counters(), item.time)
    if item.event_id.endswith("7"):
        growth.discard(streams.hex_id("m", 6), item.platform)
    return rose, growth.score(item.time), growth.rise(item.time), growth.totals()


def many_messages(count: int) -> Iterator[Sighting]:
    """Counters of ever new messages on ever new platforms, at ever new times."""
    for number in range(count):
        fields = {
            "kind": Kind.COUNTER,
            "message": streams.hex_id("m", number // 2),
            "platform": f"p{number // 2 % 4}",
            "counters": Counters(views=number * 7, forwards=number * 5),
        }
        yield streams.sighting(number, streams.T0 + number * 40_000, **fields)


def earlier(said: Any, shift: int) -> Any:
    """Growth as measured, moved back in time."""
    if not said or said[2] is None:
        return said
    return *said[:2], msgspec.structs.replace(said[2], start=said[2].start - shift), said[3]


COUNTERS = Adapter(
    name="counter growth",
    covers=CounterGrowth,
    make=lambda: CounterGrowth(CounterConfig(), 64),
    stream=snapshots,
    step=read,
    hostile=lambda: many_messages(4_000),
    bound=150_000,
    shift=streams.moved,
    unshift=earlier,
    again=streams.repeated,
    essence=lambda said: said[-2][1:],
    exempt={"shuffle": NO_REORDER},
)


def follow(cases: CounterCases, item: Sighting) -> Any:
    """The timers that are due before a snapshot, then the snapshot, in one of two clusters that merge now and then."""
    said: list[Any] = []
    while (due := cases.next_timer()) is not None and due <= item.time:
        said.append(cases.tick(lambda cluster, _: cluster != "gone"))
    cluster = item.platform if item.platform in PLATFORMS else item.message or ""
    said.append(cases.update(cluster, item, item.message, Timeliness.ON_TIME, silent=False))
    if item.event_id.endswith("55"):
        said.append(cases.receive(PLATFORMS[0], cases.send(PLATFORMS[1]), item.time, silent=False))
    return said, cases.summary(PLATFORMS[0])


def unmoved(said: Any, shift: int) -> Any:
    """Transitions, moved back in time."""
    if isinstance(said, list | tuple):
        return [unmoved(each, shift) for each in said]
    return msgspec.structs.replace(said, time=said.time - shift) if hasattr(said, "episode") else said


CASES = Adapter(
    name="counter cases",
    covers=CounterCases,
    make=lambda: CounterCases(CounterConfig(), PolicyConfig(), 32, 20),
    stream=lambda seed: snapshots(seed, 20 * streams.MINUTE),
    step=follow,
    hostile=lambda: many_messages(2_000),
    bound=120_000,
    shift=streams.moved,
    unshift=unmoved,
    exempt={"duplicates": NO_DEDUPE, "shuffle": NO_REORDER},
)
