"""Emit sightings in event-time order, and drop second deliveries."""

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Any

import msgspec

from detectors.ordering.config import OrderConfig
from detectors.ordering.seen_events import UNKNOWN, Delivery, SeenEvents
from detectors.ordering.watermark import Watermark, WatermarkState
from detectors.snapshot import pack, unpack
from schemas.assignment import Timeliness
from schemas.sighting import Sighting

TimedSightings = list[tuple[Sighting, Timeliness]]


class _BufferState(msgspec.Struct, array_like=True):
    watermark: WatermarkState
    waiting: list[Sighting]
    ids: list[str]
    times: list[int]
    checksums: list[int]
    counts: tuple[int, int, int, int, int, int]


def _without_clock(state: list[Any]) -> list[Any]:
    """Convert version 1, with idleness by the driver's clock: keep only the list of idle partitions."""
    (value, progress, _last_event, idle, _now, _check_at), *rest = state
    return _with_checksums([[value, progress, idle], *rest])


def _with_checksums(state: list[Any]) -> list[Any]:
    """Convert version 2, without checksums of the content: the events seen then count as duplicates only."""
    watermark, waiting, ids, times, counts = state
    return [watermark, waiting, ids, times, [UNKNOWN] * len(ids), [*counts, 0]]


class ReorderBuffer:
    """Holds sightings back until their turn in (time, event id) order has come, and drops second deliveries.

    A sighting before the watermark is LATE; a sighting more than `allowed_lateness_ms` before the watermark is
    DROPPED_LATE. Both pass through at once. Other sightings are ON_TIME: they wait until the watermark has passed their
    time and leave in order; a sighting exactly at the watermark waits. Every sighting is counted once: emitted,
    waiting, duplicate, late or dropped late. Of the duplicates, `conflicts` counts those with other content: another
    event with the same id, of which the first is kept.

    An on-time sighting costs about 2 microseconds. Memory: `max_waiting` sightings (beyond the bound the oldest leave
    early, the watermark moves with them, and `forced` counts them) and `max_remembered_ids` ids. An id is forgotten
    when the watermark has moved on by `allowed_lateness_ms`, and a second delivery is then DROPPED_LATE; ids are
    forgotten sooner if more than `max_remembered_ids` fall into the allowed lateness.
    """

    def __init__(self, config: OrderConfig) -> None:
        self._config = config
        self._watermark = Watermark(config)
        self._heap: list[tuple[int, str, Sighting]] = []
        self._seen = SeenEvents(config.max_remembered_ids)
        self.emitted = self.duplicates = self.late = self.dropped_late = self.forced = self.conflicts = 0

    @property
    def watermark(self) -> int:
        """Return the lower bound of the times of further on-time sightings."""
        return self._watermark.value

    @property
    def waiting(self) -> int:
        """Count the sightings held back."""
        return len(self._heap)

    def expect(self, partitions: Iterable[int]) -> None:
        """Name partitions that will report; see `Watermark.expect`."""
        self._watermark.expect(partitions)

    def update(self, sighting: Sighting) -> TimedSightings:
        """Add a sighting; return the sightings whose turn has come, in order."""
        event_id = sighting.event_id
        time = sighting.time
        watermark = self._watermark
        out: TimedSightings = []
        delivery = self._seen.add(sighting)
        if delivery is not Delivery.NEW:
            self.duplicates += 1
            self.conflicts += delivery is Delivery.CONFLICT
        elif time < watermark.value:
            out.append((sighting, self._pass_late(event_id, time)))
        else:
            heappush(self._heap, (time, event_id, sighting))
        self._emit(watermark.update(sighting.partition, sighting.progress), out)
        if len(self._heap) > self._config.max_waiting:
            self._force(out)
        return out

    def mark_idle(self, partition: int) -> TimedSightings:
        """Stop waiting for an idle partition; return the sightings now due. See `Watermark.mark_idle`."""
        out: TimedSightings = []
        self._emit(self._watermark.mark_idle(partition), out)
        if self._watermark.all_idle:
            self._emit_credible(out)
        return out

    def flush(self) -> TimedSightings:
        """Return all waiting sightings in order, at the end of a stream; the watermark passes the newest sighting."""
        out: TimedSightings = []
        if self._heap:
            self._emit(self._watermark.raise_to(max(self._heap)[0] + 1), out)
        return out

    def snapshot(self) -> bytes:
        """Return the state as bytes, waiting sightings included."""
        waiting = [sighting for _, _, sighting in sorted(self._heap)]
        counts = (self.emitted, self.duplicates, self.late, self.dropped_late, self.forced, self.conflicts)
        state = _BufferState(self._watermark.snapshot(), waiting, *self._seen.snapshot(), counts)
        return pack("reorder", 3, state)

    def restore(self, data: bytes) -> None:
        """Restore the state returned by `snapshot` under the same settings."""
        state = unpack("reorder", 3, _BufferState, data, {1: _without_clock, 2: _with_checksums})
        self._watermark.restore(state.watermark)
        self._heap = [(sighting.time, sighting.event_id, sighting) for sighting in state.waiting]
        self._seen.restore(state.ids, state.times, state.checksums, state.waiting)
        self.emitted, self.duplicates, self.late, self.dropped_late, self.forced, self.conflicts = state.counts

    def _pass_late(self, event_id: str, time: int) -> Timeliness:
        self._seen.release(event_id, self._watermark.value)
        if time < self._watermark.value - self._config.allowed_lateness_ms:
            self.dropped_late += 1
            return Timeliness.DROPPED_LATE
        self.late += 1
        return Timeliness.LATE

    def _emit_credible(self, out: TimedSightings) -> None:
        """Emit unconfirmed sightings, unless their time is a leap ahead of all partitions."""
        newest_credible = self._watermark.newest + self._config.max_jump_ms
        credible = [time for time, _, _ in self._heap if time <= newest_credible]
        if credible:
            self._emit(self._watermark.raise_to(max(credible) + 1), out)

    def _force(self, out: TimedSightings) -> None:
        before = len(self._heap)
        self._emit(self._watermark.raise_to(self._heap[0][0] + 1), out)
        self.forced += before - len(self._heap)

    def _emit(self, before_time: int, out: TimedSightings) -> None:
        heap = self._heap
        if not heap or heap[0][0] >= before_time:
            return
        before = len(heap)
        while heap and heap[0][0] < before_time:
            _, event_id, sighting = heappop(heap)
            out.append((sighting, Timeliness.ON_TIME))
            self._seen.release(event_id, self._watermark.value)
        self.emitted += before - len(heap)
        self._seen.forget(before_time - self._config.allowed_lateness_ms)
