"""Emit sightings in event-time order, and drop second deliveries."""

from collections import deque
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Any

import msgspec

from detectors.ordering.config import OrderConfig
from detectors.ordering.lateness import Lateness
from detectors.ordering.outliers import Outliers, Suspect, sender_of
from detectors.ordering.seen_events import UNKNOWN, Delivery, SeenEvents
from detectors.ordering.watermark import Watermark, WatermarkState
from detectors.snapshot import pack, unpack
from schemas.assignment import Timeliness
from schemas.sighting import Sighting

TimedSightings = list[tuple[Sighting, Timeliness]]

_END = 1 << 63  # later than every event time
_RETIMED = 16  # newest corrected sightings of a partition that can get their own time back


class _BufferState(msgspec.Struct, array_like=True):
    watermark: WatermarkState
    waiting: list[Sighting]
    ids: list[str]
    times: list[int]
    checksums: list[int]
    counts: tuple[int, int, int, int, int, int]
    outliers: tuple[list[tuple[int, str, Suspect]], list[str], int] = ([], [], 0)
    lateness: list[tuple[str, str | None, int, int, int]] = []
    corrected: dict[int, list[Sighting]] = {}


def _without_clock(state: list[Any]) -> list[Any]:
    """Convert version 1, with idleness by the driver's clock: keep only the list of idle partitions."""
    (value, progress, _last_event, idle, _now, _check_at), *rest = state
    return _with_checksums([[value, progress, idle], *rest])


def _with_checksums(state: list[Any]) -> list[Any]:
    """Convert version 2, without checksums of the content: the events seen then count as duplicates only."""
    watermark, waiting, ids, times, counts = state
    return [watermark, waiting, ids, times, [UNKNOWN] * len(ids), [*counts, 0]]


def _without_outliers(state: list[Any]) -> list[Any]:
    """Convert version 3, without outliers and late streams, which begin empty."""
    return state


class ReorderBuffer:
    """Holds sightings back until their turn in (time, event id) order has come, and drops second deliveries.

    A sighting before the watermark is LATE; a sighting more than `allowed_lateness_ms` before the watermark is
    DROPPED_LATE. Both pass through at once. Other sightings are ON_TIME: they wait until the watermark has passed their
    time and leave in order; a sighting exactly at the watermark waits. Every sighting is counted once: emitted,
    waiting, duplicate, late or dropped late. Of the duplicates, `conflicts` counts those with other content: another
    event with the same id, of which the first is kept.

    A sighting far ahead waits until its time comes. `outliers` counts the sightings whose time later arrivals
    contradict; each leaves with `ahead` set. `lateness` counts late events by platform and chat.

    An on-time sighting costs about 3 microseconds. Memory: `max_waiting` sightings (beyond the bound the oldest leave
    early, the watermark moves with them, and `forced` counts them) and `max_remembered_ids` ids. Outliers fill at most
    half of the buffer; further sightings ahead of the stream pass as late. An id is forgotten when the watermark has
    moved on by `allowed_lateness_ms`, and a second delivery is then DROPPED_LATE; ids are forgotten sooner if more than
    `max_remembered_ids` fall into the allowed lateness.
    """

    def __init__(self, config: OrderConfig) -> None:
        self._config = config
        self._watermark = Watermark(config)
        self._heap: list[tuple[int, str, Sighting]] = []
        self._stale: set[tuple[int, str]] = set()  # entries of the heap whose sighting has got another time
        self._corrected: dict[int, deque[Sighting]] = {}  # by partition: newest sightings with a replaced claim
        self._seen = SeenEvents(config.max_remembered_ids)
        self.outliers = Outliers(config)
        self.lateness = Lateness(config)
        self.emitted = self.duplicates = self.late = self.dropped_late = self.forced = self.conflicts = 0

    @property
    def watermark(self) -> int:
        """Return the lower bound of the times of further on-time sightings."""
        return self._watermark.value

    @property
    def waiting(self) -> int:
        """Count the sightings held back."""
        return len(self._heap) - len(self._stale)

    def expect(self, partitions: Iterable[int]) -> None:
        """Name partitions that will report; see `Watermark.expect`."""
        self._watermark.expect(partitions)

    def update(self, sighting: Sighting) -> TimedSightings:
        """Add a sighting; return the sightings whose turn has come, in order."""
        out: TimedSightings = []
        delivery = self._seen.add(sighting)
        if delivery is Delivery.NEW:
            self._take(sighting, out)
        else:
            self.duplicates += 1
            self.conflicts += delivery is Delivery.CONFLICT
        self._emit(self._watermark.update(sighting.partition, sighting.progress), out)
        if self.waiting > self._config.max_waiting:
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
        """Return all waiting sightings in order, at the end of a stream.

        The watermark passes only the sightings with a credible time, as in `mark_idle`: the end of the stream must not
        be the time that one sender claims.
        """
        out: TimedSightings = []
        self._emit_credible(out)
        self._emit_before(_END, out)
        return out

    def snapshot(self) -> bytes:
        """Return the state as bytes, waiting sightings included."""
        counts = (self.emitted, self.duplicates, self.late, self.dropped_late, self.forced, self.conflicts)
        state = _BufferState(
            self._watermark.snapshot(),
            self._in_order(),
            *self._seen.snapshot(),
            counts,
            self.outliers.snapshot(),
            self.lateness.snapshot(),
            {partition: list(sightings) for partition, sightings in sorted(self._corrected.items())},
        )
        return pack("reorder", 4, state)

    def restore(self, data: bytes) -> None:
        """Restore the state returned by `snapshot` under the same settings."""
        older = {1: _without_clock, 2: _with_checksums, 3: _without_outliers}
        state = unpack("reorder", 4, _BufferState, data, older)
        self._watermark.restore(state.watermark)
        self._heap = [(sighting.time, sighting.event_id, sighting) for sighting in state.waiting]
        self._stale = set()
        self._seen.restore(state.ids, state.times, state.checksums, state.waiting)
        self.outliers.restore(state.outliers)
        self.lateness.restore(state.lateness)
        self._corrected = {partition: deque(group, maxlen=_RETIMED) for partition, group in state.corrected.items()}
        self.emitted, self.duplicates, self.late, self.dropped_late, self.forced, self.conflicts = state.counts

    def _take(self, sighting: Sighting, out: TimedSightings) -> None:
        """Add a sighting that is no second delivery."""
        if sighting.catching_up and self._corrected:
            self._retime(sighting.partition, out)
        self.outliers.update(sighting)
        self._add(sighting, out)
        if sighting.replaced is not None:
            self._corrected.setdefault(sighting.partition, deque(maxlen=_RETIMED)).append(sighting)

    def _add(self, sighting: Sighting, out: TimedSightings) -> None:
        """Hold a sighting back, or pass it as late."""
        if sighting.time < self._watermark.value or self._has_no_room(sighting):
            out.append((sighting, self._pass_late(sighting)))
        else:
            self.lateness.update(sighting, None)
            heappush(self._heap, (sighting.time, sighting.event_id, sighting))

    def _has_no_room(self, sighting: Sighting) -> bool:
        """Return True for a sighting ahead of the stream while outliers fill half of the buffer."""
        return len(self.outliers) > self._config.max_waiting // 2 and self.outliers.is_ahead(sighting)

    def _pass_late(self, sighting: Sighting) -> Timeliness:
        behind_ms = self._watermark.value - sighting.time
        self.outliers.discard(sighting.event_id)
        self.lateness.update(sighting, max(0, behind_ms))
        self._seen.release(sighting.event_id, self._watermark.value)
        if behind_ms > self._config.allowed_lateness_ms:
            self.dropped_late += 1
            return Timeliness.DROPPED_LATE
        self.late += 1
        return Timeliness.LATE

    def _retime(self, partition: int, out: TimedSightings) -> None:
        """Give waiting sightings their own time back: their partition turns out to be catching up.

        The first events that a listener reads late look like claims, and wait at the time of observation.
        """
        for sighting in self._corrected.pop(partition, ()):
            claim = sighting.replaced
            if claim is None or claim > sighting.time or sighting.time < self._watermark.value:
                continue  # a claim of the future, or no longer waiting
            self._stale.add((sighting.time, sighting.event_id))
            self.outliers.withdraw(sighting.event_id)
            self._add(msgspec.structs.replace(sighting, time=claim, replaced=None, catching_up=True), out)

    def _emit_credible(self, out: TimedSightings) -> None:
        """Emit the sightings up to the newest credible time: confirmed, witnessed, or reached by several senders.

        Before the first confirmed time of a stream, two senders are enough.
        """
        limit = self._watermark.newest + self._config.max_out_of_orderness_ms
        waiting = [sighting for sighting in self._in_order() if sighting.event_id not in self.outliers]
        needed, needed_chats = self._needed(waiting)
        senders: set[str] = set()
        chats: set[str] = set()
        for sighting in reversed(waiting):
            senders.add(sender_of(sighting))
            chats.add(sighting.chat or sender_of(sighting))
            several = len(senders) >= needed and len(chats) >= needed_chats
            if sighting.time <= limit or sighting.witnessed or several:
                self._emit(self._watermark.raise_to(sighting.time + 1), out)
                return

    def _needed(self, waiting: list[Sighting]) -> tuple[int, int]:
        """Return the numbers of senders and chats that make a time credible."""
        config = self._config
        if self._watermark.newest:
            return config.confirming_senders, config.confirming_chats
        chats = {sighting.chat or sender_of(sighting) for sighting in waiting}
        return min(2, config.confirming_senders), min(len(chats), config.confirming_chats)

    def _in_order(self) -> list[Sighting]:
        """Return the waiting sightings in order."""
        stale = self._stale
        return [sighting for time, event_id, sighting in sorted(self._heap) if (time, event_id) not in stale]

    def _force(self, out: TimedSightings) -> None:
        before = self.emitted
        while self._heap[0][:2] in self._stale:
            self._stale.remove(heappop(self._heap)[:2])
        self._emit(self._watermark.raise_to(self._heap[0][0] + 1), out)
        self.forced += self.emitted - before

    def _emit(self, before_time: int, out: TimedSightings) -> None:
        if self._heap and self._heap[0][0] < before_time:
            self._emit_before(before_time, out)
            self._seen.forget(before_time - self._config.allowed_lateness_ms)

    def _emit_before(self, before_time: int, out: TimedSightings) -> None:
        heap, stale, outliers = self._heap, self._stale, self.outliers
        while heap and heap[0][0] < before_time:
            time, event_id, sighting = heappop(heap)
            if stale and (time, event_id) in stale:
                stale.remove((time, event_id))
                continue
            if outliers and outliers.discard(event_id):
                sighting = msgspec.structs.replace(sighting, ahead=True)
            out.append((sighting, Timeliness.ON_TIME))
            self.emitted += 1
            self._seen.release(event_id, self._watermark.value)
