"""All cascades of one partition: routes assignments, runs timers, closes, evicts and reopens cascades.

Timers run on event time: a timer due at T fires before any event at T or later is applied, whatever the batches were.
An outcome therefore depends on the order of events alone.
"""

import heapq
from collections import OrderedDict
from collections.abc import Callable, Sequence

import msgspec

from detectors.alerting.evidence import AlertContext, build_alert
from detectors.alerting.transition import Transition
from detectors.pipeline.cascade import Cascade
from detectors.pipeline.cascade_state import CascadeState, ClosedCascade, StateTransfer
from detectors.pipeline.cascade_stats import CascadeSettings
from detectors.pipeline.counter_cases import CounterCases, counted_message, is_withdrawn, with_counter_cases
from detectors.pipeline.rows import ClusterRow, EdgeRow, WordingRow, edge_row
from detectors.snapshot import pack, unpack
from detectors.spread.edges import recorded_edge
from detectors.spread.graph import Placement, node_id
from schemas.alert import Alert, Basis
from schemas.assignment import Assignment, Merge, Role
from schemas.event import Kind
from schemas.sighting import SPREADING

_VERSION = 6
_SPARE_TIMERS = 64  # stale timers tolerated in addition to one per cascade
_COUNTER, _DELETE = Kind.COUNTER, Kind.DELETE  # read on every event; access to enum members is slow


class ScoreTrace(msgspec.Struct, frozen=True):
    """Score of a cascade after one event, for an explanation."""

    cluster_id: str
    time: int
    event_id: str
    sharers: float
    score: float
    threshold: float
    level: int


class TransitionTrace(msgspec.Struct, frozen=True):
    """Transition of a cascade, for an explanation."""

    cluster_id: str
    transition: Transition
    basis: Basis = Basis.SHARERS


class CascadeOutput(msgspec.Struct):
    """Alerts and table rows, each list in order."""

    alerts: list[Alert] = []
    edges: list[EdgeRow] = []
    clusters: list[ClusterRow] = []
    wordings: list[WordingRow] = []


class _State(msgspec.Struct, array_like=True):
    cascades: list[CascadeState]
    closed: list[ClosedCascade]
    timers: list[tuple[int, str]]
    time: int = 0
    counters: bytes = b""


Trace = Callable[[str, msgspec.Struct], None]
"""Receives every decision, as a name and a struct."""


class Cascades:
    """Routes assignments to cascades and runs their timers.

    Memory is bounded by `cascade.max_cascades` (the least recently active cascade is evicted, as a row) and
    `cascade.max_closed`.
    """

    def __init__(self, settings: CascadeSettings, context: AlertContext, trace: Trace | None = None) -> None:
        bounds = settings.cascade
        self._settings = settings
        self._counters = CounterCases(settings.counters, settings.policy, bounds.max_counters, bounds.max_cascades)
        self._context = context
        self._trace = trace
        self._open: OrderedDict[str, Cascade] = OrderedDict()
        self._closed: OrderedDict[str, ClosedCascade] = OrderedDict()
        self._timers: list[tuple[int, str]] = []
        self._time = 0  # newest event time given to `advance`
        self._stop: int | None = None  # event time after which no timer fires

    def __len__(self) -> int:
        return len(self._open)

    def update(self, item: Assignment | Merge, out: CascadeOutput) -> None:
        """Apply an assignment or a merge, after all timers due earlier."""
        if isinstance(item, Merge):
            self.receive_state(item, self.send_state(item, out), out)
            return
        sighting = item.sighting
        if self._is_due(sighting.time):
            self.advance(sighting.time, out)
        cascade = self._open.get(item.cluster_id)
        if sighting.kind is _COUNTER:
            self._count(item, cascade, out)
            return
        if sighting.kind is _DELETE:
            self._counters.discard(item.cluster_id, sighting.message or "", sighting.platform)
        if cascade is None:
            if not self._starts_cascade(item, out):
                return
            cascade = self._add(item, out)
        transitions = self._apply(cascade, item, out)
        if self._trace is not None:
            self._trace("assignment", item)
            self._trace("score", _score_trace(cascade, item))
        if transitions:
            self._publish(cascade, transitions, out, sighting.event_id)
        self._schedule(cascade)

    def advance(self, time: int, out: CascadeOutput) -> None:
        """Fire every timer due at or before an event time in ms, and forget expired closed cascades."""
        timers = self._timers
        if self._stop is not None:
            time = min(time, self._stop)
        self._time = max(self._time, time)
        while self._is_due(time):
            counters_due = self._counters.next_timer()
            if counters_due is not None and (not timers or counters_due < timers[0][0]):
                cluster_id, transitions = self._counters.tick(self._is_known)
                self._publish_counters(cluster_id, counters_due, transitions, out, None)
                continue
            due, cluster_id = heapq.heappop(timers)
            cascade = self._open.get(cluster_id)
            if cascade is not None and cascade.timer_at == due:
                self._fire(cascade, due, out)
        while self._closed:
            cluster_id, closed = next(iter(self._closed.items()))
            if closed.until > time:
                break
            del self._closed[cluster_id]

    def stop_timers(self, time: int) -> None:
        """Fire no timer after an event time in ms, at the end of a recording.

        The last events may carry times that no other sender confirms. They count in their own cascades, and must not
        make the time of all others pass.
        """
        self._stop = time

    def finish(self, out: CascadeOutput) -> None:
        """Add the rows of all open cascades, in order of creation, at the end of a recording; close none."""
        in_order = sorted(self._open.values(), key=lambda cascade: (cascade.stats.first_time, cascade.stats.cluster_id))
        for cascade in in_order:
            out.clusters.append(cascade.row("open", self._counters.summary(cascade.stats.cluster_id)))

    def send_state(self, merge: Merge, out: CascadeOutput) -> StateTransfer:
        """Remove the absorbed cascade of a merge, add the row, and return the state for the survivor."""
        self.advance(merge.time, out)
        cascade = self._open.pop(merge.absorbed, None) or self._reopen(merge.absorbed, merge.time)
        summary, counters = self._counters.summary(merge.absorbed), self._counters.send(merge.absorbed)
        if cascade is None:
            return StateTransfer()
        out.clusters.append(cascade.row("merged", summary, merge.survivor))
        return StateTransfer(cascade.snapshot(), counters)

    def receive_state(self, merge: Merge, transfer: StateTransfer, out: CascadeOutput) -> None:
        """Merge the transferred state of the absorbed cascade into the survivor."""
        self.advance(merge.time, out)
        if self._trace is not None:
            self._trace("merge", merge)
        if transfer.cascade is None:
            return
        absorbed = Cascade.restore(self._settings, transfer.cascade)
        survivor = self._open.get(merge.survivor) or self._reopen(merge.survivor, merge.time)
        transitions: Sequence[Transition] = ()
        if survivor is None:  # evicted: the absorbed cascade continues under the survivor's id
            survivor = absorbed
            survivor.stats.aliases.append(merge.absorbed)
            survivor.stats.cluster_id = merge.survivor
        else:
            transitions = survivor.merge(absorbed, merge)
        if merge.survivor not in self._open:
            self._make_room(out)
        self._open[merge.survivor] = survivor
        silent = survivor.is_silent
        risen = self._counters.receive(merge.survivor, transfer.counters, merge.time, silent=silent)
        if transitions:
            self._publish(survivor, transitions, out, merge.event_id)
        self._publish_counters(merge.survivor, merge.time, risen, out, merge.event_id)
        self._schedule(survivor)

    def snapshot(self) -> bytes:
        """Return the state: every open cascade, closed cascade and timer."""
        cascades = [cascade.snapshot() for cascade in self._open.values()]
        self._drop_stale_timers()
        counters = self._counters.snapshot()
        state = _State(cascades, list(self._closed.values()), sorted(self._timers), self._time, counters)
        return pack("cascades", _VERSION, state)

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot made with the same settings.

        Raises:
            SnapshotError: `data` is not such a snapshot, or has another version.
        """
        state = unpack("cascades", _VERSION, _State, data, dict.fromkeys(range(1, _VERSION), with_counter_cases))
        self._open = OrderedDict(
            (cascade.stats.cluster_id, Cascade.restore(self._settings, cascade)) for cascade in state.cascades
        )
        self._closed = OrderedDict((closed.stats.cluster_id, closed) for closed in state.closed)
        self._timers = list(state.timers)
        self._time = state.time
        if state.counters:
            self._counters.restore(state.counters)
        for due, cluster_id in self._timers:
            self._open[cluster_id].timer_at = due

    def _is_due(self, time: int) -> bool:
        """Return True if a timer is due at an event time."""
        if self._timers and self._timers[0][0] <= time:
            return True
        due = self._counters.next_timer()
        return due is not None and due <= time

    def _observed(self, cluster_id: str, time: int) -> Cascade | None:
        """Return a cascade for evidence at an event time: the open one, or a view of the closed one."""
        closed = self._closed.get(cluster_id)
        if closed is None or closed.until <= time:
            return self._open.get(cluster_id)
        return Cascade.reopen(self._settings, closed, time)

    def _is_known(self, cluster_id: str, time: int) -> bool:
        return self._observed(cluster_id, time) is not None

    def _count(self, item: Assignment, cascade: Cascade | None, out: CascadeOutput) -> None:
        """Apply a snapshot of counters to its case, whether the cascade is open or closed; no cascade changes."""
        sighting, id_ = item.sighting, item.cluster_id
        if self._trace is not None:
            self._trace("assignment", item)
        closed = self._find_closed(id_, sighting.time) if cascade is None else None
        message: str | None = None
        if cascade is not None:
            silent, message = cascade.is_silent, counted_message(cascade.tracker, sighting)
            if message is not None and is_withdrawn(cascade.tracker, message):
                self._counters.discard(id_, message, sighting.platform)
                return
        elif closed is not None:
            silent = closed.stats.is_silent
        else:
            return
        transitions = self._counters.update(id_, sighting, message, item.timeliness, silent=silent)
        self._publish_counters(id_, sighting.time, transitions, out, sighting.event_id)

    def _apply(self, cascade: Cascade, item: Assignment, out: CascadeOutput) -> Sequence[Transition]:
        if item.role is not Role.SHARE:
            return self._apply_apart(cascade, item, out)
        if item.sighting.kind not in SPREADING:
            return cascade.apply_statement(item)
        if item.echo:
            return cascade.echo(item)
        transitions, edge, wording = cascade.share(item)
        out.edges.append(edge)
        if wording is not None:
            out.wordings.append(wording)
        self._open.move_to_end(item.cluster_id)
        return transitions

    def _apply_apart(self, cascade: Cascade, item: Assignment, out: CascadeOutput) -> Sequence[Transition]:
        """Apply a message that adds no share to its cascade."""
        if item.role is Role.COMMENT:
            out.edges.append(cascade.comment(item))
        elif item.role is Role.WITHDRAWAL:
            cascade.withdraw(item)
        elif (wording := cascade.tracker.revise(item)) is not None:
            out.wordings.append(wording)
        return ()

    def _starts_cascade(self, first: Assignment, out: CascadeOutput) -> bool:
        """Return True for a share, and for a fact-check or comment of an unknown cluster.

        A closed cascade keeps a fact-check or a comment and stays closed. A report, deletion or edit is no spread and
        neither creates nor reopens a cascade.
        """
        sighting, is_comment = first.sighting, first.role is Role.COMMENT
        if first.role is Role.SHARE and sighting.kind in SPREADING:
            return True
        closed, debunk = self._find_closed(first.cluster_id, sighting.time), sighting.debunk
        if closed is not None and debunk is not None:
            closed.stats.add_debunk(debunk, self._settings.cascade)
        if closed is not None and is_comment:
            closed.stats.quotes += 1
            sharer = sighting.actor or sighting.chat or node_id(sighting)
            out.edges.append(edge_row(first, recorded_edge(sighting), Placement.OVERFLOW, sharer))
        return closed is None and (is_comment or debunk is not None)

    def _add(self, first: Assignment, out: CascadeOutput) -> Cascade:
        """Reopen the closed cascade of an assignment, or create a cascade."""
        self._make_room(out)
        cascade = self._reopen(first.cluster_id, first.sighting.time)
        if cascade is None:
            cascade = Cascade.create(self._settings, first)
        self._open[first.cluster_id] = cascade
        return cascade

    def _make_room(self, out: CascadeOutput) -> None:
        """Evict the least recently active cascade at the bound."""
        if len(self._open) >= self._settings.cascade.max_cascades:
            oldest = next(iter(self._open.values()))
            self._close(oldest, oldest.stats.last_time, out, "evicted")

    def _reopen(self, cluster_id: str, time: int) -> Cascade | None:
        """Remove and reopen a closed cascade; None if no closed cascade is known."""
        closed = self._find_closed(cluster_id, time)
        self._closed.pop(cluster_id, None)
        return None if closed is None else Cascade.reopen(self._settings, closed, time)

    def _find_closed(self, cluster_id: str, time: int) -> ClosedCascade | None:
        """Look up a closed cascade, unless expired by event time.

        Event time decides, because removal from the table depends on the timers of other cascades.
        """
        closed = self._closed.get(cluster_id)
        return closed if closed is not None and closed.until > max(time, self._time) else None

    def _fire(self, cascade: Cascade, due: int, out: CascadeOutput) -> None:
        transitions = cascade.tick(due)
        if transitions:
            self._publish(cascade, transitions, out, None)
        if cascade.policy.closed:
            self._close(cascade, due, out)
        else:
            self._schedule(cascade)

    def _close(self, cascade: Cascade, time: int, out: CascadeOutput, status: str = "closed") -> None:
        cluster_id = cascade.stats.cluster_id
        out.clusters.append(cascade.row(status, self._counters.summary(cluster_id)))
        del self._open[cluster_id]
        self._closed[cluster_id] = cascade.close(time + self._settings.policy.closed_retention_ms)
        if len(self._closed) > self._settings.cascade.max_closed:
            self._closed.popitem(last=False)

    def _schedule(self, cascade: Cascade) -> None:
        due = cascade.plan_timer()
        if due is not None:
            heapq.heappush(self._timers, (due, cascade.stats.cluster_id))
            if len(self._timers) > 2 * len(self._open) + _SPARE_TIMERS:
                self._drop_stale_timers()

    def _drop_stale_timers(self) -> None:
        """Drop the timers of removed cascades and all replaced timers."""
        cascades = self._open.items()
        self._timers[:] = [(cascade.timer_at, id_) for id_, cascade in cascades if cascade.timer_at is not None]
        heapq.heapify(self._timers)

    def _publish(
        self, cascade: Cascade, transitions: Sequence[Transition], out: CascadeOutput, trigger: str | None
    ) -> None:
        """Add one alert per transition; `trigger` is the id of the event behind the transitions."""
        context, counters = self._context_for(cascade), self._counters.summary(cascade.stats.cluster_id)
        for transition in transitions:
            if self._trace is not None:
                self._trace("transition", TransitionTrace(cascade.stats.cluster_id, transition))
            out.alerts.append(build_alert(cascade.evidence(transition, trigger, counters), transition, context))

    def _publish_counters(
        self, cluster_id: str, time: int, transitions: Sequence[Transition], out: CascadeOutput, trigger: str | None
    ) -> None:
        """Add one counter alert per transition, with the evidence of the cascade, open or closed."""
        cascade = self._observed(cluster_id, time) if transitions else None
        if cascade is None:
            return
        context, counters = self._context_for(cascade), self._counters.summary(cluster_id)
        for transition in transitions:
            if self._trace is not None:
                self._trace("transition", TransitionTrace(cluster_id, transition, Basis.COUNTERS))
            seen = self._counters.evidence(cascade.evidence(transition, trigger, counters), transition)
            out.alerts.append(build_alert(seen, transition, context))

    def _context_for(self, cascade: Cascade) -> AlertContext:
        """Return the context with the name of the detector selected for the cascade's platform."""
        context, name, replace = self._context, cascade.tracker.growth.name, msgspec.structs.replace
        if name == context.provenance.detector:
            return context
        return replace(context, provenance=replace(context.provenance, detector=name))


def _score_trace(cascade: Cascade, item: Assignment) -> ScoreTrace:
    growth, stats, sighting = cascade.tracker.growth, cascade.stats, item.sighting
    return ScoreTrace(
        stats.cluster_id,
        sighting.time,
        sighting.event_id,
        cascade.size,
        growth.score(sighting.time),
        growth.threshold(stats.threshold_offset),
        cascade.policy.level,
    )
