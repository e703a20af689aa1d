"""Puts sightings into event-time order: progress of each source partition, watermark, reorder buffer.

Everything downstream depends on order. With this step the order is (event time, event id) and nothing else, so a
replay and a live run decide alike as long as disorder stays within the allowed lateness. Watermarks as a minimum over
inputs: Akidau et al. 2015, "The Dataflow Model", DOI 10.14778/2824032.2824076.
"""

from collections import deque
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Any

import msgspec

from detectors.snapshot import pack, unpack
from schemas.assignment import Arrival
from schemas.sighting import Sighting

Arrivals = list[tuple[Sighting, Arrival]]


class OrderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How much disorder is waited for, and how much is remembered. Durations in milliseconds."""

    lateness_ms: int = 30_000  # an event may come this much behind its partition's newest
    horizon_ms: int = 86_400_000  # what is later than this is only counted
    idle_ms: int = 60_000  # a live source partition that is read to its end and silent for so long holds nobody up
    max_waiting: int = 1_000_000  # sightings in the buffer
    max_remembered: int = 1_000_000  # ids of released sightings, for recognising a second delivery
    confirmations: int = 3  # events in a row that must agree before a great leap in time is believed
    max_jump_ms: int = 604_800_000  # what counts as a great leap: 7 days

    def __post_init__(self) -> None:
        """Refuse what could never release an event."""
        for name in ("lateness_ms", "horizon_ms", "max_jump_ms"):
            _require(getattr(self, name) >= 0, name, "must not be negative", getattr(self, name), "use 0 for none")
        for name in ("idle_ms", "max_waiting", "max_remembered", "confirmations"):
            _require(getattr(self, name) >= 1, name, "must be positive", getattr(self, name), "leave it out")


def _require(holds: bool, name: str, rule: str, value: int, advice: str) -> None:
    if not holds:
        raise ValueError(f"order.{name} {rule}; got {value}; {advice}")


class Progress:
    """How far one source partition has come: its newest event time that can be believed.

    A clock that runs years ahead must not make everyone else late. A time more than `max_jump_ms` ahead therefore moves
    nothing until `confirmations` such events came in a row; then progress is the smallest of their times. Progress
    starts at 0, so the first events of a partition are confirmed in the same way. It never exceeds the newest time
    seen, hence an event that is out of order by at most the lateness is never late. An update costs 0.2 microseconds;
    memory is `confirmations` integers.
    """

    __slots__ = ("_confirmations", "_max_jump", "_suspects", "time")

    def __init__(self, config: OrderConfig, time: int = 0) -> None:
        self._confirmations = config.confirmations
        self._max_jump = config.max_jump_ms
        self._suspects: list[int] = []
        self.time = time

    def observe(self, time: int) -> int:
        """Progress in milliseconds after an event of this time (not negative); it never goes back."""
        if time - self.time > self._max_jump:
            return self._doubt(time)
        if self._suspects:
            self._suspects.clear()
        self.time = max(self.time, time)
        return self.time

    def snapshot(self) -> bytes:
        """Give the state as bytes; see `restore`."""
        return pack("progress", 1, (self.time, self._suspects))

    def restore(self, data: bytes) -> None:
        """Take up where `snapshot` was taken."""
        self.time, self._suspects = unpack("progress", 1, tuple[int, list[int]], data)

    def _doubt(self, time: int) -> int:
        self._suspects.append(time)
        if len(self._suspects) >= self._confirmations:
            self.time = min(self._suspects)
            self._suspects.clear()
        return self.time


class _MarkState(msgspec.Struct, array_like=True):
    value: int
    progress: dict[int, int]
    silent: list[int]


class Watermark:
    """The time before which no on-time event is expected any more: least progress of any partition, less the lateness.

    A high value means that the stream is far ahead. It never goes back. A partition that is said to be silent stops
    counting until it reports again. Whether one is silent is decided where it is read (`Idleness`) and said in the
    stream, so that the watermark is a function of the stream and of no clock. An update costs 0.3 microseconds, and one
    pass over the partitions where the slowest one moved.
    """

    def __init__(self, config: OrderConfig) -> None:
        self._lateness = config.lateness_ms
        self._progress: dict[int, int] = {}
        self._silent: set[int] = set()
        self._least = 0
        self.value = -config.lateness_ms

    def expect(self, partitions: Iterable[int]) -> None:
        """Name partitions that will report: until they do, or are said to be silent, the watermark waits for them."""
        for partition in partitions:
            self.update(partition, 0)

    def update(self, partition: int, progress: int) -> int:
        """The watermark after a partition's report."""
        known = self._progress.get(partition)
        if partition in self._silent:
            self._silent.remove(partition)
            self._progress[partition] = max(progress, known or 0)
            self._recompute()
        elif known is None or progress > known:
            self._progress[partition] = progress
            if known is None or known <= self._least:
                self._recompute()
        return self.value

    def silence(self, partition: int) -> int:
        """The watermark after a partition was said to be silent.

        When all are, nobody is waited for: the watermark passes the newest time that can be believed, and what comes
        later with an older time is late.
        """
        self._progress.setdefault(partition, 0)
        self._silent.add(partition)
        self._recompute()
        if self.all_silent:
            self.raise_to(self.newest + 1)
        return self.value

    @property
    def all_silent(self) -> bool:
        """Whether no partition is waited for."""
        return len(self._silent) == len(self._progress)

    @property
    def newest(self) -> int:
        """The newest time that any partition has confirmed."""
        return max(self._progress.values(), default=0)

    def raise_to(self, time: int) -> int:
        """Give up waiting for events before `time`."""
        self.value = max(self.value, time)
        return self.value

    def state(self) -> _MarkState:
        """Give the state for a snapshot."""
        return _MarkState(self.value, dict(self._progress), sorted(self._silent))

    def resume(self, state: _MarkState) -> None:
        """Take up where `state` was taken."""
        self.value = state.value
        self._progress, self._silent = dict(state.progress), set(state.silent)
        self._recompute()

    def _recompute(self) -> None:
        active = [progress for partition, progress in self._progress.items() if partition not in self._silent]
        if active:
            self._least = min(active)
            self.value = max(self.value, self._least - self._lateness)


class Idleness:
    """Decides whether a source partition is idle: read to its end, and silent since for `idle_ms` that were observed.

    Time counts only from one look to the next, where both found nothing left to read and lay at most half of `idle_ms`
    apart. So a process that slept, and a broker that did not answer, are nobody's silence.
    """

    def __init__(self, config: OrderConfig) -> None:
        self._idle_ms = config.idle_ms
        self._quiet = 0
        self._looked: int | None = None
        self._told = False

    def heard(self) -> None:
        """Note an event."""
        self._quiet, self._looked, self._told = 0, None, False

    def look(self, now: int, *, caught_up: bool) -> bool:
        """Whether the partition has just become idle; true once for each silence.

        Args:
            now: milliseconds of the driver's clock, from any origin.
            caught_up: whether everything that the broker has was read.
        """
        if not caught_up:
            self._looked = None
            return False
        if self._looked is not None and now - self._looked <= self._idle_ms // 2:
            self._quiet += now - self._looked
        self._looked = now
        if self._told or self._quiet < self._idle_ms:
            return False
        self._told = True
        return True


class _BufferState(msgspec.Struct, array_like=True):
    mark: _MarkState
    waiting: list[Sighting]
    ids: list[str]
    times: list[int]
    counts: tuple[int, int, int, int, int]


def _without_clock(state: list[Any]) -> list[Any]:
    """Read version 1, which judged silence by the driver's clock: of that, only who was silent is kept."""
    (value, progress, _heard, silent, _now, _check_at), *rest = state
    return [[value, progress, silent], *rest]


class ReorderBuffer:
    """Holds sightings back until their turn in (time, event id) order has surely come, and drops second deliveries.

    A sighting before the watermark is LATE, one more than `horizon_ms` before it EXPIRED; both pass through at once.
    The others wait, and leave in order when the watermark has passed them: one exactly at the watermark still waits.
    Of every sighting pushed in exactly one is true: it was released, waits, was a duplicate, late or expired.

    An on-time sighting costs about 2 microseconds. Memory: `max_waiting` sightings (past it the oldest leave early, the
    watermark moves with them, and `forced` counts them) and `max_remembered` ids, each forgotten when the watermark has
    moved on by the horizon, when a second delivery is EXPIRED; sooner where more than that fall into one horizon.
    """

    def __init__(self, config: OrderConfig) -> None:
        self._config = config
        self._mark = Watermark(config)
        self._heap: list[tuple[int, str, Sighting]] = []
        self._seen: set[str] = set()  # ids that wait and ids that are remembered
        self._ids: deque[str] = deque()  # remembered, in the order of release
        self._times: deque[int] = deque()  # where the watermark stood then
        self.released = self.duplicates = self.late = self.expired = self.forced = 0

    @property
    def watermark(self) -> int:
        """No on-time sighting before this time will be released any more."""
        return self._mark.value

    @property
    def waiting(self) -> int:
        """Sightings held back."""
        return len(self._heap)

    def expect(self, partitions: Iterable[int]) -> None:
        """See `Watermark.expect`."""
        self._mark.expect(partitions)

    def update(self, sighting: Sighting) -> Arrivals:
        """Push one sighting in; get those whose turn has come, in order."""
        event_id = sighting.event_id
        time = sighting.time
        mark = self._mark
        out: Arrivals = []
        if event_id in self._seen:
            self.duplicates += 1
        elif time < mark.value:
            out.append((sighting, self._pass_late(event_id, time)))
        else:
            self._seen.add(event_id)
            heappush(self._heap, (time, event_id, sighting))
        self._release(mark.update(sighting.partition, sighting.progress), out)
        if len(self._heap) > self._config.max_waiting:
            self._force(out)
        return out

    def silence(self, partition: int) -> Arrivals:
        """Wait no longer for a silent partition; get what waited for it alone. See `Watermark.silence`."""
        out: Arrivals = []
        self._release(self._mark.silence(partition), out)
        if self._mark.all_silent:
            self._release_believable(out)
        return out

    def flush(self) -> Arrivals:
        """End of the stream: get all that wait, in order. The watermark moves behind the newest of them."""
        out: Arrivals = []
        if self._heap:
            self._release(self._mark.raise_to(max(self._heap)[0] + 1), out)
        return out

    def snapshot(self) -> bytes:
        """Give the state as bytes, the waiting sightings included."""
        waiting = [sighting for _, _, sighting in sorted(self._heap)]
        counts = (self.released, self.duplicates, self.late, self.expired, self.forced)
        state = _BufferState(self._mark.state(), waiting, list(self._ids), list(self._times), counts)
        return pack("reorder", 2, state)

    def restore(self, data: bytes) -> None:
        """Take up where `snapshot` was taken, with the same configuration."""
        state = unpack("reorder", 2, _BufferState, data, {1: _without_clock})
        self._mark.resume(state.mark)
        self._heap = [(sighting.time, sighting.event_id, sighting) for sighting in state.waiting]
        self._ids, self._times = deque(state.ids), deque(state.times)
        self._seen = {sighting.event_id for sighting in state.waiting} | set(state.ids)
        self.released, self.duplicates, self.late, self.expired, self.forced = state.counts

    def _pass_late(self, event_id: str, time: int) -> Arrival:
        self._seen.add(event_id)
        self._remember(event_id)
        if time < self._mark.value - self._config.horizon_ms:
            self.expired += 1
            return Arrival.EXPIRED
        self.late += 1
        return Arrival.LATE

    def _release_believable(self, out: Arrivals) -> None:
        """Nobody speaks: release what no partition has confirmed yet, as far as it is no leap ahead of them all."""
        limit = self._mark.newest + self._config.max_jump_ms
        believable = [time for time, _, _ in self._heap if time <= limit]
        if believable:
            self._release(self._mark.raise_to(max(believable) + 1), out)

    def _force(self, out: Arrivals) -> None:
        before = len(self._heap)
        self._release(self._mark.raise_to(self._heap[0][0] + 1), out)
        self.forced += before - len(self._heap)

    def _release(self, limit: int, out: Arrivals) -> None:
        heap = self._heap
        if not heap or heap[0][0] >= limit:
            return
        before = len(heap)
        while heap and heap[0][0] < limit:
            _, event_id, sighting = heappop(heap)
            out.append((sighting, Arrival.ON_TIME))
            self._remember(event_id)
        self.released += before - len(heap)
        self._forget(limit - self._config.horizon_ms)

    def _remember(self, event_id: str) -> None:
        self._ids.append(event_id)
        self._times.append(self._mark.value)
        if len(self._ids) > self._config.max_remembered:
            self._drop_oldest()

    def _forget(self, before: int) -> None:
        times = self._times
        while times and times[0] < before:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._times.popleft()
        self._seen.remove(self._ids.popleft())
