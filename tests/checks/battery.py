"""One battery of checks over every stateful detector.

A detector takes part through an `Adapter`: how to make one, what it eats, how one step looks, what bounds its memory.
Each check either passes or is exempted by the adapter with a written reason.
"""

import gc
import hashlib
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest

from detectors.snapshot import SnapshotError

SEEDS = (1, 2, 3)


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """What the battery needs to know of one detector.

    Attributes:
        name: for the test's id.
        covers: the class under test.
        make: a fresh detector, always with the same settings.
        stream: items in the order in which the detector would get them, from a seed.
        step: one item into the detector; what it says, comparable.
        finish: the end of the stream; what it says then.
        hostile: a long stream meant to fill its memory.
        bound: what it may hold after that, in bytes of Python objects.
        slack: how much more than at half of that stream.
        shift: the stream's items moved in time.
        shift_ms: by how much, where the detector has a grid of its own.
        unshift: what it says, moved back.
        again: the stream with second deliveries, for a detector which removes them.
        shuffle: the stream in another order within the allowed lateness, for a detector with a reorder buffer in front.
        essence: of everything said, what second deliveries and shuffling must not change.
        exempt: check -> why it does not apply.

    """

    name: str
    covers: type
    make: Callable[[], Any]
    stream: Callable[[int], list[Any]]
    step: Callable[[Any, Any], Any]
    finish: Callable[[Any], Any] = lambda _: None
    hostile: Callable[[], Iterable[Any]]
    bound: int
    slack: float = 1.05
    shift: Callable[[Any, int], Any] | None = None
    shift_ms: int = 86_400_000
    unshift: Callable[[Any, int], Any] = lambda said, _: said
    again: Callable[[list[Any], np.random.Generator], list[Any]] | None = None
    shuffle: Callable[[list[Any], np.random.Generator], list[Any]] | None = None
    essence: Callable[[list[Any]], Any] = lambda said: said
    exempt: dict[str, str] = field(default_factory=dict)


def run(adapter: Adapter, detector: Any, items: Sequence[Any]) -> list[Any]:
    """Everything the detector says to these items."""
    return [adapter.step(detector, item) for item in items]


def whole(adapter: Adapter, items: Sequence[Any]) -> list[Any]:
    """Everything a fresh detector says to a stream, its end included."""
    detector = adapter.make()
    return [*run(adapter, detector, items), adapter.finish(detector)]


def check_restore_and_continue(adapter: Adapter, seed: int) -> None:
    """At any cut, a restored detector says and becomes what one that was never stopped does."""
    items = adapter.stream(seed)
    for cut in sorted({0, 1, len(items) // 3, len(items) // 2, len(items) - 1, len(items)}):
        straight, stopped = adapter.make(), adapter.make()
        run(adapter, straight, items[:cut])
        run(adapter, stopped, items[:cut])
        restored = adapter.make()
        restored.restore(stopped.snapshot())
        rest = items[cut:]
        assert run(adapter, straight, rest) == run(adapter, restored, rest), f"restored after {cut} items"
        assert straight.snapshot() == restored.snapshot(), f"restored after {cut} items"
        assert adapter.finish(straight) == adapter.finish(restored), f"restored after {cut} items"


def check_a_snapshot_is_of_that_moment(adapter: Adapter, seed: int) -> None:
    """A snapshot is a copy: what comes later does not change it, and one can be taken up twice."""
    items = adapter.stream(seed)
    detector = adapter.make()
    run(adapter, detector, items[: len(items) // 2])
    before = detector.snapshot()
    run(adapter, detector, items[len(items) // 2 :])
    for _ in range(2):
        restored = adapter.make()
        restored.restore(before)
        assert restored.snapshot() == before
        run(adapter, restored, items[len(items) // 2 :])
        assert restored.snapshot() == detector.snapshot()


def check_equal_states_give_equal_bytes(adapter: Adapter, seed: int) -> None:
    """Two detectors that saw the same have the same snapshot, and so has one that was restored at every step."""
    items = adapter.stream(seed)[:60]
    one, other, patched = adapter.make(), adapter.make(), adapter.make()
    for item in items:
        adapter.step(one, item)
        adapter.step(other, item)
        fresh = adapter.make()
        fresh.restore(patched.snapshot())
        patched = fresh
        adapter.step(patched, item)
        assert one.snapshot() == other.snapshot() == patched.snapshot()


def check_a_foreign_snapshot_is_refused(adapter: Adapter, seed: int) -> None:
    """Another detector's, another version's, a damaged one: refused in words that say what to do."""
    detector = adapter.make()
    run(adapter, detector, adapter.stream(seed)[:20])
    own = detector.snapshot()
    name, version, state = msgspec.msgpack.decode(own, type=tuple[str, int, msgspec.Raw])
    encode = msgspec.msgpack.encode
    for foreign, told in (
        (
            encode((f"{name}x", version, state)),
            f"cannot read a snapshot of {name}x version {version} as {name} version {version}",
        ),
        (encode((name, version + 1, state)), f"cannot read a snapshot of {name} version {version + 1} as"),
        (encode((name, version, "neither fish nor fowl")), f"cannot read the state of {name} version {version}: "),
        (own[:-1], "cannot read a snapshot of "),
        (b"", "cannot read a snapshot of "),
    ):
        with pytest.raises(SnapshotError) as refusal:
            adapter.make().restore(foreign)
        assert told in str(refusal.value)
        assert "replay the log" in str(refusal.value)


def check_memory_stays_bounded(adapter: Adapter, seed: int) -> None:
    """A long hostile stream leaves it under its bound, at every quarter of the way."""
    del seed  # the hostile stream is one
    detector = adapter.make()
    items = list(adapter.hostile())
    sizes = []
    for quarter in range(4):
        for item in items[quarter * len(items) // 4 : (quarter + 1) * len(items) // 4]:
            adapter.step(detector, item)
        sizes.append(deep_size(detector))
    assert max(sizes) <= adapter.bound, sizes
    # not loose either: a bound that nothing could reach checks nothing, and what still grows is not bounded
    assert max(sizes) >= adapter.bound / 4, sizes
    assert max(sizes[2:]) <= adapter.slack * max(sizes[:2]), sizes


def check_a_shift_in_time_shifts_only_time(adapter: Adapter, seed: int) -> None:
    """The same stream at another time leads to the same, at that other time."""
    assert adapter.shift is not None
    items = adapter.stream(seed)
    for times in (1, -2):
        moved = [adapter.shift(item, times * adapter.shift_ms) for item in items]
        said = [adapter.unshift(each, times * adapter.shift_ms) for each in whole(adapter, moved)]
        assert said == [adapter.unshift(each, 0) for each in whole(adapter, items)]


def check_second_deliveries_change_nothing(adapter: Adapter, seed: int) -> None:
    """What was delivered twice counts once."""
    assert adapter.again is not None
    items = adapter.stream(seed)
    twice = adapter.again(items, np.random.default_rng(seed))
    assert len(twice) > len(items)
    assert adapter.essence(whole(adapter, twice)) == adapter.essence(whole(adapter, items))


def check_shuffling_within_the_lateness_changes_nothing(adapter: Adapter, seed: int) -> None:
    """Another order of arrival, no later than allowed, leads to the same."""
    assert adapter.shuffle is not None
    items = adapter.stream(seed)
    shuffled = adapter.shuffle(items, np.random.default_rng(seed))
    assert shuffled != items
    assert adapter.essence(whole(adapter, shuffled)) == adapter.essence(whole(adapter, items))


CHECKS: dict[str, Callable[[Adapter, int], None]] = {
    "restore": check_restore_and_continue,
    "moment": check_a_snapshot_is_of_that_moment,
    "bytes": check_equal_states_give_equal_bytes,
    "foreign": check_a_foreign_snapshot_is_refused,
    "memory": check_memory_stays_bounded,
    "shift": check_a_shift_in_time_shifts_only_time,
    "duplicates": check_second_deliveries_change_nothing,
    "shuffle": check_shuffling_within_the_lateness_changes_nothing,
}


def digest(adapter: Adapter) -> str:
    """Everything that a stream leads to, as one number; equal in every process."""
    detector = adapter.make()
    seen = hashlib.sha256()
    for item in adapter.stream(1):
        seen.update(repr(adapter.step(detector, item)).encode())
    seen.update(repr(adapter.finish(detector)).encode())
    seen.update(detector.snapshot())
    return seen.hexdigest()


_SHARED = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)


def deep_size(root: object) -> int:
    """Bytes of every object that `root` holds, directly or not, code and classes left out."""
    seen: dict[int, object] = {}
    waiting = [root]
    total = 0
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, _SHARED):
            continue
        seen[id(each)] = each
        total += int(each.nbytes) if isinstance(each, np.ndarray) else sys.getsizeof(each)
        waiting.extend(gc.get_referents(each))
    return total
