"""Streams for the battery: what each detector eats, drawn from a seed."""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from schemas.event import Kind
from schemas.sighting import Sighting, TextContent

T0 = 1_700_000_000_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
LATENESS = 30_000


def hex_id(*parts: object) -> str:
    """An id of 32 hexadecimal digits, the same in every process."""
    text = "/".join(map(str, parts)).encode()
    return f"{int.from_bytes(text[-16:].rjust(16, b'.')):032x}"


def sighting(number: int, time: int, **fields: Any) -> Sighting:
    """One share of one message by one person in one chat."""
    given = {
        "platform": "test",
        "kind": Kind.FORWARD,
        "key_id": "k1",
        "content": TextContent(
            text=f"text {number}", normal=f"text {number}", fingerprint=hex_id("f", number), words=2
        ),
        "message": hex_id("m", number),
        "actor": hex_id("a", number % 37),
        "chat": hex_id("c", number % 11),
        "progress": time,
        **fields,
    }
    return Sighting(event_id=hex_id("e", number), time=time, **given)


def times(seed: int, count: int, mean_gap_ms: int) -> list[int]:
    """Increasing event times, some equal."""
    rng = np.random.default_rng(seed)
    gaps = rng.exponential(mean_gap_ms, size=count) * (rng.uniform(size=count) > 0.1)
    return [T0 + int(time) for time in np.cumsum(gaps)]


def with_progress(sightings: list[Sighting]) -> list[Sighting]:
    """Each with the newest time of its partition so far, as intake would write it."""
    newest: dict[int, int] = {}
    out = []
    for each in sightings:
        newest[each.partition] = max(newest.get(each.partition, 0), each.time)
        out.append(msgspec.structs.replace(each, progress=newest[each.partition]))
    return out


def moved(each: Sighting, shift: int) -> Sighting:
    """The same share at another time."""
    return msgspec.structs.replace(each, time=each.time + shift, progress=each.progress + shift)


def disordered(items: list[Any], time_of: Any, rng: np.random.Generator, lateness: int = LATENESS) -> list[Any]:
    """Another order in which nothing comes more than the lateness behind what is newer."""
    keys = [time_of(item) + rng.uniform(0, lateness * 0.99) for item in items]
    return [items[place] for place in np.argsort(keys, kind="stable")]


def repeated(items: list[Any], rng: np.random.Generator, share: float = 0.3) -> list[Any]:
    """The same stream in which some items come a second time, at once or somewhat later."""
    out: list[tuple[float, int, Any]] = []
    for place, item in enumerate(items):
        out.append((place, 0, item))
        if rng.uniform() < share:
            out.append((place + float(rng.integers(0, 6)), 1, item))
    return [item for _, _, item in sorted(out, key=lambda entry: entry[:2])]


def growth_items(seed: int) -> list[tuple[Any, ...]]:
    """First shares, late and expired ones, deletions, readings, a long silence, a reopening, a merge."""
    rng = np.random.default_rng(seed)
    items: list[tuple[Any, ...]] = []
    for time in times(seed, 150, 3 * MINUTE):
        items.append(("update", time, float(rng.choice([1.0, 1.0, 2.0]))))
        kind = rng.integers(0, 12)
        if kind == 0:
            items.append(("late", time - int(rng.integers(0, DAY)), 1.0, False))
        elif kind == 1:
            items.append(("late", time - 2 * DAY, 1.0, True))
        elif kind == 2:
            items.append(("retract", time, 1.0))
        elif kind == 3:
            items.append(("explain", time + int(rng.integers(0, HOUR))))
    last = items[-1][1] + 30 * DAY
    other = tuple(time + 30 * DAY for time in times(seed + 99, 40, MINUTE))
    return [
        *items,
        ("explain", last),
        ("reopen", last),
        *(("update", last + second * 1000, 1.0) for second in range(30)),
        ("merge", other, other[3:5]),
        ("explain", last + DAY),
    ]


def growth_shifted(item: tuple[Any, ...], shift: int) -> tuple[Any, ...]:
    """A growth item at another time."""
    if item[0] == "merge":
        return (item[0], *(tuple(time + shift for time in each) for each in item[1:]))
    return (item[0], item[1] + shift, *item[2:])


def growth_hostile() -> Iterator[tuple[Any, ...]]:
    """Bursts at one instant, then ever longer gaps, late shares all over the past, and deletions of what never was."""
    rng = np.random.default_rng(0)
    time = T0
    for number in range(12_000):
        time += int(rng.choice([0, 1, 1_000, 60_000, HOUR, DAY], p=[0.2, 0.2, 0.3, 0.2, 0.09, 0.01]))
        yield ("update", time, 1.0)
        if number % 5 == 0:
            yield ("late", int(rng.integers(T0, time + 1)), 0.3, False)
        if number % 7 == 0:
            yield ("retract", int(rng.integers(T0, time + 1)), 1.0)
