"""Release events in event-time order."""

from collections import deque
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Any

import msgspec

from detectors.ordering.config import OrderConfig
from detectors.ordering.watermark import Watermark, WatermarkState
from detectors.snapshot import pack, unpack
from schemas.assignment import Timeliness
from schemas.sighting import Sighting

TimedSightings = list[tuple[Sighting, Timeliness]]


class _BufferState(msgspec.Struct, array_like=True):
    mark: WatermarkState
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

    A sighting before the watermark is LATE, one more than `allowed_lateness_ms` before it EXPIRED; both pass through at
    once. The others wait and leave in order once the watermark has passed them; one exactly at the watermark waits.
    Of every sighting pushed in exactly one is true: it was released, waits, was a duplicate, late or expired.

    An on-time sighting costs about 2 microseconds. Memory: `max_waiting` sightings (past it the oldest leave early, the
    watermark moves with them, and `forced` counts them) and `max_remembered_ids` ids, each forgotten when the watermark
    has moved on by the horizon, when a second delivery is EXPIRED; sooner where more than that fall into one horizon.
    """

    def __init__(self, config: OrderConfig) -> None:
        self._config = config
        self._mark = Watermark(config)
        self._heap: list[tuple[int, str, Sighting]] = []
        self._seen: set[str] = set()  # ids that wait and ids that are remembered
        self._ids: deque[str] = deque()  # remembered, in the order of release
        self._times: deque[int] = deque()  # where the watermark stood then
        self.emitted = self.duplicates = self.late = self.dropped_late = self.forced = 0

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

    def update(self, sighting: Sighting) -> TimedSightings:
        """Push one sighting in; get those whose turn has come, in order."""
        event_id = sighting.event_id
        time = sighting.time
        mark = self._mark
        out: TimedSightings = []
        if event_id in self._seen:
            self.duplicates += 1
        elif time < mark.value:
            out.append((sighting, self._pass_late(event_id, time)))
        else:
            self._seen.add(event_id)
            heappush(self._heap, (time, event_id, sighting))
        self._emit(mark.update(sighting.partition, sighting.progress), out)
        if len(self._heap) > self._config.max_waiting:
            self._force(out)
        return out

    def mark_idle(self, partition: int) -> TimedSightings:
        """Wait no longer for a silent partition; get what waited for it alone. See `Watermark.mark_idle`."""
        out: TimedSightings = []
        self._emit(self._mark.mark_idle(partition), out)
        if self._mark.all_idle:
            self._emit_believable(out)
        return out

    def flush(self) -> TimedSightings:
        """End of the stream: get all that wait, in order. The watermark moves behind the newest of them."""
        out: TimedSightings = []
        if self._heap:
            self._emit(self._mark.raise_to(max(self._heap)[0] + 1), out)
        return out

    def snapshot(self) -> bytes:
        """Give the state as bytes, the waiting sightings included."""
        waiting = [sighting for _, _, sighting in sorted(self._heap)]
        counts = (self.emitted, self.duplicates, self.late, self.dropped_late, self.forced)
        state = _BufferState(self._mark.snapshot(), waiting, list(self._ids), list(self._times), counts)
        return pack("reorder", 2, state)

    def restore(self, data: bytes) -> None:
        """Take up where `snapshot` was taken, with the same configuration."""
        state = unpack("reorder", 2, _BufferState, data, {1: _without_clock})
        self._mark.restore(state.mark)
        self._heap = [(sighting.time, sighting.event_id, sighting) for sighting in state.waiting]
        self._ids, self._times = deque(state.ids), deque(state.times)
        self._seen = {sighting.event_id for sighting in state.waiting} | set(state.ids)
        self.emitted, self.duplicates, self.late, self.dropped_late, self.forced = state.counts

    def _pass_late(self, event_id: str, time: int) -> Timeliness:
        self._seen.add(event_id)
        self._remember(event_id)
        if time < self._mark.value - self._config.allowed_lateness_ms:
            self.dropped_late += 1
            return Timeliness.DROPPED_LATE
        self.late += 1
        return Timeliness.LATE

    def _emit_believable(self, out: TimedSightings) -> None:
        """Nobody speaks: release what no partition has confirmed yet, as far as it is no leap ahead of them all."""
        limit = self._mark.newest + self._config.max_jump_ms
        believable = [time for time, _, _ in self._heap if time <= limit]
        if believable:
            self._emit(self._mark.raise_to(max(believable) + 1), out)

    def _force(self, out: TimedSightings) -> None:
        before = len(self._heap)
        self._emit(self._mark.raise_to(self._heap[0][0] + 1), out)
        self.forced += before - len(self._heap)

    def _emit(self, limit: int, out: TimedSightings) -> None:
        heap = self._heap
        if not heap or heap[0][0] >= limit:
            return
        before = len(heap)
        while heap and heap[0][0] < limit:
            _, event_id, sighting = heappop(heap)
            out.append((sighting, Timeliness.ON_TIME))
            self._remember(event_id)
        self.emitted += before - len(heap)
        self._forget(limit - self._config.allowed_lateness_ms)

    def _remember(self, event_id: str) -> None:
        self._ids.append(event_id)
        self._times.append(self._mark.value)
        if len(self._ids) > self._config.max_remembered_ids:
            self._drop_oldest()

    def _forget(self, before: int) -> None:
        times = self._times
        while times and times[0] < before:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._times.popleft()
        self._seen.remove(self._ids.popleft())
