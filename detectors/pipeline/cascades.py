"""All cascades of one partition: who gets which assignment, which timer is due, which cascade has ended.

Timers run on event time: one due at T fires before anything at T or later is applied, whatever the batches were. So an
outcome depends on the order of events and on nothing else.
"""

import heapq
from collections import OrderedDict
from collections.abc import Callable, Sequence

import msgspec

from detectors.alerting.evidence import AlertContext, build_alert
from detectors.alerting.transition import Transition
from detectors.pipeline.cascade import Cascade, CascadeState
from detectors.pipeline.cascade_stats import CascadeSettings, CascadeStats
from detectors.pipeline.observation import gather
from detectors.pipeline.rows import ClusterRow, EdgeRow, WordingRow
from detectors.snapshot import pack, unpack
from schemas.alert import Alert
from schemas.assignment import Assignment, Merge
from schemas.sighting import SPREADING

_NEVER_FALLS_MS = 400 * 86_400_000  # the detector looks no further ahead
_SPARE_TIMERS = 64  # stale timers that are tolerated beside as many as there are cascades


class Closed(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of a closed cascade, so that a revival counts on: some hundreds of bytes."""

    facts: CascadeStats
    growth: bytes
    policy: bytes
    until: int  # event time; forgotten after it


class ScoreTrace(msgspec.Struct, frozen=True):
    """For an explanation: what one event did to a cascade's score."""

    cluster_id: str
    time: int
    event_id: str
    sharers: float
    score: float
    threshold: float
    level: int


class TransitionTrace(msgspec.Struct, frozen=True):
    """For an explanation: a change of the cascade's state."""

    cluster_id: str
    transition: Transition


class StateTransfer(msgspec.Struct, frozen=True, array_like=True):
    """A cascade on its way to the one that it was merged into; None where there was nothing any more."""

    cascade: CascadeState | None = None


class Outputs(msgspec.Struct):
    """What a stage gave, in order."""

    alerts: list[Alert] = []
    edges: list[EdgeRow] = []
    clusters: list[ClusterRow] = []
    wordings: list[WordingRow] = []


class _State(msgspec.Struct, array_like=True):
    cascades: list[CascadeState]
    closed: list[Closed]
    timers: list[tuple[int, str]]
    time: int = 0


Trace = Callable[[str, msgspec.Struct], None]


class Cascades:
    """Routes assignments to cascades and runs their timers.

    Memory is bounded by `cascade.max_cascades` (the least recently active is evicted, as a row) and
    `cascade.max_closed`.
    """

    def __init__(self, parts: CascadeSettings, author: AlertContext, trace: Trace | None = None) -> None:
        self._parts = parts
        self._author = author
        self._trace = trace
        self._alive: OrderedDict[str, Cascade] = OrderedDict()
        self._closed: OrderedDict[str, Closed] = OrderedDict()
        self._timers: list[tuple[int, str]] = []
        self._time = 0  # newest event time that `advance` was called with

    def __len__(self) -> int:
        return len(self._alive)

    def update(self, item: Assignment | Merge, out: Outputs) -> None:
        """Apply one assignment or merge, after the timers that are due before it."""
        if isinstance(item, Merge):
            self.absorb(item, self.release(item, out), out)
            return
        sighting = item.sighting
        if self._timers and self._timers[0][0] <= sighting.time:
            self.advance(sighting.time, out)
        cascade = self._alive.get(item.cluster_id)
        if cascade is None:
            if sighting.kind not in SPREADING and not self._begins(item):
                return
            cascade = self._open(item, out)
        if sighting.kind in SPREADING:
            transitions, edge, wording = cascade.share(item)
            out.edges.append(edge)
            if wording is not None:
                out.wordings.append(wording)
            self._alive.move_to_end(item.cluster_id)
        else:
            transitions = cascade.state(item)
        if self._trace is not None:
            self._tell(cascade, item)
        if transitions:
            self._say(cascade, transitions, out, sighting.event_id)
        self._schedule(cascade)

    def advance(self, time: int, out: Outputs) -> None:
        """Fire every timer due at or before an event time."""
        timers = self._timers
        self._time = max(self._time, time)
        while timers and timers[0][0] <= time:
            due, cluster_id = heapq.heappop(timers)
            cascade = self._alive.get(cluster_id)
            if cascade is not None and cascade.timer_at == due:
                self._fire(cascade, due, out)
        while self._closed:
            cluster_id, closed = next(iter(self._closed.items()))
            if closed.until > time:
                break
            del self._closed[cluster_id]

    def finish(self, out: Outputs) -> None:
        """Describe what is still open when a recorded stream ends, in order of founding. Nothing is closed by it."""
        alive = sorted(self._alive.values(), key=lambda cascade: (cascade.facts.first_time, cascade.facts.cluster_id))
        out.clusters.extend(cascade.row("open") for cascade in alive)

    def _begins(self, statement: Assignment) -> bool:
        """Tell whether a statement is the first that is known of a cluster; a closed cascade only notes a fact-check.

        Nothing spreads by being counted, reported or deleted, so none of it brings a cascade back.
        """
        debunk = statement.sighting.debunk
        closed = self._remembered(statement.cluster_id, statement.sighting.time)
        if closed is not None and debunk is not None:
            closed.facts.know(debunk, self._parts.cascade)
        return closed is None and debunk is not None

    def _open(self, founder: Assignment, out: Outputs) -> Cascade:
        self._make_room(out)
        cascade = self._revive(founder.cluster_id, founder.sighting.time)
        if cascade is None:
            cascade = Cascade.founded(self._parts, founder)
        self._alive[founder.cluster_id] = cascade
        return cascade

    def _make_room(self, out: Outputs) -> None:
        """Evict the least recently active cascade where one more would be too many."""
        if len(self._alive) >= self._parts.cascade.max_cascades:
            oldest = next(iter(self._alive.values()))
            self._close(oldest, oldest.facts.last_time, out, "evicted")

    def _revive(self, cluster_id: str, time: int) -> Cascade | None:
        """Take a closed cascade up again: its size counts on, nothing in it is fresh."""
        closed = self._remembered(cluster_id, time)
        self._closed.pop(cluster_id, None)
        if closed is None:
            return None
        cascade = Cascade(self._parts, closed.facts)
        cascade.growth.restore(closed.growth)
        cascade.growth.reopen(time)
        cascade.policy.restore(closed.policy)
        cascade.policy.reopen(time)
        return cascade

    def _remembered(self, cluster_id: str, time: int) -> Closed | None:
        """What is kept of a closed cascade. Event time decides: when it is cleared away depends on others' timers."""
        closed = self._closed.get(cluster_id)
        return closed if closed is not None and closed.until > max(time, self._time) else None

    def _fire(self, cascade: Cascade, due: int, out: Outputs) -> None:
        cascade.timer_at = None
        growth, policy = cascade.growth, cascade.policy
        score = growth.score(due)
        quiet = due - cascade.facts.last_time >= self._parts.policy.close_after_ms and growth.quiet(due)
        transitions = policy.tick(due, score, quiet)
        if policy.level and score >= policy.fall_threshold(policy.level):
            under = growth.falls_below(policy.fall_threshold(policy.level), due)
            policy.postpone_check(due + _NEVER_FALLS_MS if under is None else under)
        if transitions:
            self._say(cascade, transitions, out, None)
        if cascade.policy.closed:
            self._close(cascade, due, out)
        else:
            self._schedule(cascade)

    def _close(self, cascade: Cascade, time: int, out: Outputs, status: str = "closed") -> None:
        facts = cascade.facts
        out.clusters.append(cascade.row(status))
        del self._alive[facts.cluster_id]
        facts.before_closing = cascade.size
        facts.counters, facts.owners = {}, {}
        self._closed[facts.cluster_id] = Closed(
            facts, cascade.growth.snapshot(), cascade.policy.snapshot(), time + self._parts.policy.tombstone_ms
        )
        if len(self._closed) > self._parts.cascade.max_closed:
            self._closed.popitem(last=False)

    def _schedule(self, cascade: Cascade) -> None:
        at = cascade.timer_at
        if at is not None and at <= cascade.policy.next_check:
            return  # no closing is due before the one that was planned: activity only puts it off
        due = cascade.policy.next_timer()
        if due is not None and (at is None or due < at):
            cascade.timer_at = due
            heapq.heappush(self._timers, (due, cascade.facts.cluster_id))
            if len(self._timers) > 2 * len(self._alive) + _SPARE_TIMERS:
                self._drop_stale_timers()

    def _drop_stale_timers(self) -> None:
        """Forget the timers of cascades that are gone, and those that an earlier one replaced."""
        alive = self._alive.items()
        self._timers[:] = [(cascade.timer_at, id_) for id_, cascade in alive if cascade.timer_at is not None]
        heapq.heapify(self._timers)

    def release(self, merge: Merge, out: Outputs) -> StateTransfer:
        """The absorbed side of a merge: describe the cascade that ends here, and give its state away."""
        self.advance(merge.time, out)
        cascade = self._alive.pop(merge.absorbed, None) or self._revive(merge.absorbed, merge.time)
        if cascade is None:
            return StateTransfer()
        out.clusters.append(cascade.row("merged", merge.survivor))
        return StateTransfer(cascade.snapshot())

    def absorb(self, merge: Merge, handover: StateTransfer, out: Outputs) -> None:
        """The survivor's side of a merge: take the absorbed cascade's state in."""
        self.advance(merge.time, out)
        if self._trace is not None:
            self._trace("merge", merge)
        if handover.cascade is None:
            return
        absorbed = Cascade.restored(self._parts, handover.cascade)
        survivor = self._alive.get(merge.survivor) or self._revive(merge.survivor, merge.time)
        transitions: Sequence[Transition] = ()
        if survivor is None:  # evicted: the absorbed one lives on under the id that stays
            survivor = absorbed
            survivor.facts.aliases.append(merge.absorbed)
            survivor.facts.cluster_id = merge.survivor
        else:
            transitions = survivor.merge(absorbed, merge)
        if merge.survivor not in self._alive:
            self._make_room(out)
        self._alive[merge.survivor] = survivor
        if transitions:
            self._say(survivor, transitions, out, merge.event_id)
        self._schedule(survivor)

    def _say(
        self,
        cascade: Cascade,
        transitions: Sequence[Transition],
        out: Outputs,
        trigger: str | None,
    ) -> None:
        author = self._author_of(cascade)
        for transition in transitions:
            if self._trace is not None:
                self._trace("transition", TransitionTrace(cascade.facts.cluster_id, transition))
            out.alerts.append(build_alert(gather(cascade, transition, trigger), transition, author))

    def _author_of(self, cascade: Cascade) -> AlertContext:
        """The author, with the name of the detector that this cascade's platform has chosen."""
        author, replace = self._author, msgspec.structs.replace
        if cascade.growth.name == author.provenance.detector:
            return author
        return replace(author, provenance=replace(author.provenance, detector=cascade.growth.name))

    def _tell(self, cascade: Cascade, item: Assignment) -> None:
        assert self._trace is not None  # noqa: S101 - the caller asked
        self._trace("assignment", item)
        growth, sighting = cascade.growth, item.sighting
        self._trace(
            "judgement",
            ScoreTrace(
                cascade.facts.cluster_id,
                sighting.time,
                sighting.event_id,
                cascade.size,
                growth.score(sighting.time),
                growth.threshold(cascade.facts.threshold_offset),
                cascade.policy.level,
            ),
        )

    def snapshot(self) -> bytes:
        """Every cascade, closed one and timer."""
        alive = [cascade.snapshot() for cascade in self._alive.values()]
        self._drop_stale_timers()
        return pack("cascades", 1, _State(alive, list(self._closed.values()), sorted(self._timers), self._time))

    def restore(self, data: bytes) -> None:
        """Take up where `snapshot` was taken."""
        state = unpack("cascades", 1, _State, data)
        self._alive = OrderedDict(
            (saved.facts.cluster_id, Cascade.restored(self._parts, saved)) for saved in state.cascades
        )
        self._closed = OrderedDict((closed.facts.cluster_id, closed) for closed in state.closed)
        self._timers = list(state.timers)
        self._time = state.time
        for due, cluster_id in self._timers:
            self._alive[cluster_id].timer_at = due


__all__ = ["Cascades", "Closed", "Outputs", "ScoreTrace", "StateTransfer", "Trace", "TransitionTrace"]
