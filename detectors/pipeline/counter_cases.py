"""Follow the platforms' counters of all clusters, and decide on counter alerts, apart from all counts of sharers.

Each cluster has a case of its own for its counters: growth, policy, timers and episodes. A case outlives the closing of
its cascade, so a post without new shares is still watched, and no counter changes an alert about sharers
(docs/adr/0032-counter-alerts.md).
"""

import heapq
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from detectors.alerting.cascade_snapshot import CascadeSnapshot
from detectors.alerting.config import PolicyConfig
from detectors.alerting.policy import AlertPolicy
from detectors.alerting.transition import Transition
from detectors.growth.counters import CounterConfig, CounterGrowth
from detectors.pipeline.cascade_tracker import CascadeTracker
from detectors.pipeline.rows import CounterSummary
from detectors.snapshot import pack, unpack
from detectors.text.formatting import duration, whole
from schemas.assignment import Timeliness
from schemas.event import Counters
from schemas.evidence import CounterEvidence, CounterName, GrowthEvidence
from schemas.sighting import Sighting

_ONE_SHARER, _MIN_SHARERS = 1.0, 1  # the policy counts no sharers here
_SPARE_TIMERS = 64  # stale timers tolerated in addition to one per case
_DETECTOR = "counters"


class _CaseState(msgspec.Struct, array_like=True):
    growth: bytes
    policy: bytes
    originals: dict[str, str]
    top_level: int


class _Case:
    """Counters of one cluster."""

    __slots__ = ("growth", "originals", "policy", "timer_at", "top_level")

    def __init__(self, config: CounterConfig, policy: PolicyConfig, max_messages: int) -> None:
        self.growth = CounterGrowth(config, max_messages)
        self.policy = AlertPolicy(_counter_policy(policy), config.thresholds(), 2, _MIN_SHARERS)
        self.originals: dict[str, str] = {}  # repost -> original, for reposts with a counter
        self.timer_at: int | None = None
        self.top_level = 0

    def judge(self, time: int) -> Sequence[Transition]:
        """Ask the policy for transitions after a rise."""
        if self.policy.closed:
            self.policy.reopen(time)
        transitions = self.policy.update(time, self.growth.score(time), _ONE_SHARER)
        self.top_level = max([self.top_level, *(transition.level for transition in transitions)])
        return transitions

    def subject(self, sighting: Sighting, original: str | None, max_originals: int) -> str:
        """Return the message that the counters of a sighting belong to; without a graph, as for earlier snapshots."""
        message = sighting.message or sighting.parent or sighting.root or ""
        if original is None:
            return self.originals.get(message, message)
        if original != message and (message in self.originals or len(self.originals) < max_originals):
            self.originals[message] = original
        return original

    def merge(self, other: "_Case", time: int, max_originals: int) -> None:
        """Add the case of an absorbed cluster; a closed case reopens if the other is open."""
        if self.policy.closed != other.policy.closed:
            (self if self.policy.closed else other).policy.reopen(time)
        self.growth.merge(other.growth)
        self.policy.merge(other.policy)
        self.originals = dict([*self.originals.items(), *other.originals.items()][:max_originals])
        self.top_level = max(self.top_level, other.top_level)

    def snapshot(self) -> _CaseState:
        """Return the state."""
        return _CaseState(self.growth.snapshot(), self.policy.snapshot(), self.originals, self.top_level)

    def restore(self, state: _CaseState) -> None:
        """Continue from a snapshot."""
        self.growth.restore(state.growth)
        self.policy.restore(state.policy)
        self.originals, self.top_level = state.originals, state.top_level


class _State(msgspec.Struct, array_like=True):
    cases: list[tuple[str, _CaseState]]
    timers: list[tuple[int, str]]


@lru_cache(maxsize=64)
def _counter_policy(policy: PolicyConfig) -> PolicyConfig:
    """Return the policy without milestones and without the return of sharers, because a case counts no sharers."""
    return msgspec.structs.replace(policy, milestones=(), resurface_sharers=2)


def counted_message(tracker: CascadeTracker, sighting: Sighting) -> str | None:
    """Return the message that the counters of a sighting belong to: of a repost, the original.

    Platforms show the counters of the original under each repost, so a repost's own would count twice.
    """
    known = None if sighting.message is None else tracker.graph.original_of(sighting.message)
    return known or sighting.root or sighting.parent or sighting.message


def is_withdrawn(tracker: CascadeTracker, message: str) -> bool:
    """Return True for a deleted message, and for a message whose sharer no longer counts."""
    sharer = tracker.stats.owners.get(message)
    gone = bool(sharer) and tracker.sharers.exact and not tracker.sharers.posts_of(sharer or "")
    return gone or tracker.graph.is_deleted(message)


def with_counter_cases(state: list[Any]) -> list[Any]:
    """Convert a state of `Cascades` of version 1 to 5, where each cascade kept the values of its counters.

    The values are taken as read long ago: the next snapshot of a message adds no rise to speak of.
    """
    cases = CounterCases(CounterConfig(), PolicyConfig(), 1 << 20, 1 << 40)
    for cascade in state[0]:
        stats = cascade[0]
        for message, (views, forwards) in stats.get("counters", {}).items():
            counters = Counters(views=views, forwards=forwards)
            cases._find(stats["cluster_id"]).growth.update(message, stats.get("platform") or "", counters, 0)
    time = state[3] if len(state) > 3 else 0
    return [*state[:3], time, cases.snapshot()]


_decode_case = msgspec.msgpack.Decoder(_CaseState).decode


class CounterCases:
    """The cases of all clusters with counters, with their timers.

    Args:
        config: thresholds of counter alerts.
        policy: durations of the alert policy; milestones and returns of sharers do not apply.
        max_messages: messages per cluster whose counters are kept.
        max_cases: cases at most; beyond, the case whose counter was read least recently is dropped.

    """

    def __init__(self, config: CounterConfig, policy: PolicyConfig, max_messages: int, max_cases: int) -> None:
        self._config, self._policy = config, policy
        self._max_messages, self._max_cases = max_messages, max_cases
        self._cases: OrderedDict[str, _Case] = OrderedDict()
        self._timers: list[tuple[int, str]] = []

    def update(
        self, cluster_id: str, sighting: Sighting, original: str | None, timeliness: Timeliness, *, silent: bool
    ) -> Sequence[Transition]:
        """Apply a snapshot of counters; return the transitions.

        Args:
            cluster_id: cluster of the message.
            sighting: event of the kind counter.
            original: message that the counters belong to, as in `counted_message`; None without a forward graph.
            timeliness: a late snapshot triggers no alert.
            silent: True for a cluster that raises no alert.

        """
        case = self._find(cluster_id)
        message, counters = case.subject(sighting, original, self._max_messages), sighting.counters or Counters()
        rose = case.growth.update(message, sighting.platform, counters, sighting.time)
        if not rose or silent or timeliness is not Timeliness.ON_TIME:
            return ()
        transitions = case.judge(sighting.time)
        self._schedule(cluster_id, case)
        return transitions

    def discard(self, cluster_id: str, message: str, platform: str) -> None:
        """Ignore further snapshots of a deleted message."""
        case = self._cases.get(cluster_id)
        if case is not None:
            case.growth.discard(message, platform)

    def next_timer(self) -> int | None:
        """Return the event time of the next timer."""
        while self._timers:
            due, cluster_id = self._timers[0]
            case = self._cases.get(cluster_id)
            if case is not None and case.timer_at == due:
                return due
            heapq.heappop(self._timers)
        return None

    def tick(self, is_known: Callable[[str, int], bool]) -> tuple[str, Sequence[Transition]]:
        """Run the next timer; return its cluster and the transitions.

        A case is dropped unless `is_known` finds a cascade, open or closed, for its cluster and the event time.
        """
        due, cluster_id = heapq.heappop(self._timers)
        case = self._cases[cluster_id]
        case.timer_at = None
        if not is_known(cluster_id, due):
            del self._cases[cluster_id]
            return cluster_id, ()
        transitions = case.policy.tick(due, case.growth.score(due), quiet=True)
        self._schedule(cluster_id, case)
        return cluster_id, transitions

    def summary(self, cluster_id: str) -> CounterSummary:
        """Summarise the counters of a cluster."""
        case = self._cases.get(cluster_id)
        if case is None:
            return CounterSummary()
        growth = case.growth
        views, forwards = growth.totals()
        rises = growth.peak(CounterName.VIEWS), growth.peak(CounterName.FORWARDS)
        return CounterSummary(views, forwards, *rises, case.top_level)

    def evidence(self, seen: CascadeSnapshot, transition: Transition) -> CascadeSnapshot:
        """Replace the growth of a cascade's evidence by the rise of the counter behind a transition."""
        case, config = self._cases[seen.cluster_id], self._config
        level = max(transition.level, 1)
        found = case.growth.rise(transition.time, config.thresholds()[level - 1])
        if found is None:
            raise ValueError("a transition without a rise; ask for evidence only after a transition")
        least = config.min_rise(found.counter)
        window, replace = duration(config.window_ms), msgspec.structs.replace
        factor = f"at least {config.min_factor:g} times the value before"
        step = f"{config.level_step:g} times as many for each further level"
        return replace(
            seen,
            counters=CounterEvidence(
                platform=found.platform,
                counter=found.counter,
                value_before=found.before,
                value_after=found.after,
                rise=found.rise,
                elapsed=max(0, transition.time - found.start),
                messages=found.messages,
                window=config.window_ms,
            ),
            growth=GrowthEvidence(
                detector=_DETECTOR,
                score=float(found.rise),
                threshold=config.thresholds()[level - 1] * least,
                rule=f"{whole(least)} more {found.counter} in {window}, {factor}; {step}",
            ),
            fall_threshold=case.policy.fall_threshold(level) * least,
            withheld=False,
            notes=replace(seen.notes, counters_fell=case.growth.fell, counters_ignored=case.growth.ignored),
        )

    def send(self, cluster_id: str) -> bytes | None:
        """Remove a case; return its state for the survivor of a merge."""
        case = self._cases.pop(cluster_id, None)
        return None if case is None else msgspec.msgpack.encode(case.snapshot())

    def receive(self, cluster_id: str, data: bytes | None, time: int, *, silent: bool) -> Sequence[Transition]:
        """Merge the case of an absorbed cluster into that of the survivor; return the transitions of the union."""
        if data is None:
            return ()
        absorbed = self._new_case()
        absorbed.restore(_decode_case(data))
        case = self._cases.get(cluster_id)
        if case is None:
            case = self._add(cluster_id, absorbed)
            self._schedule(cluster_id, case)
            return ()
        case.merge(absorbed, time, self._max_messages)
        transitions = () if silent or case.policy.closed else case.judge(time)
        self._schedule(cluster_id, case)
        return transitions

    def snapshot(self) -> bytes:
        """Return the state: every case and timer."""
        self._drop_stale_timers()
        cases = [(cluster_id, case.snapshot()) for cluster_id, case in self._cases.items()]
        return pack("counter-cases", 1, _State(cases, sorted(self._timers)))

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot made with the same settings.

        Raises:
            SnapshotError: `data` is not such a snapshot, or has another version.
        """
        state = unpack("counter-cases", 1, _State, data)
        self._cases = OrderedDict()
        for cluster_id, saved in state.cases:
            self._cases[cluster_id] = case = self._new_case()
            case.restore(saved)
        self._timers = list(state.timers)
        for due, cluster_id in self._timers:
            self._cases[cluster_id].timer_at = due

    def _new_case(self) -> _Case:
        return _Case(self._config, self._policy, self._max_messages)

    def _find(self, cluster_id: str) -> _Case:
        """Return the case of a cluster as the most recently read; create the case if needed."""
        case = self._cases.get(cluster_id)
        if case is None:
            return self._add(cluster_id, self._new_case())
        self._cases.move_to_end(cluster_id)
        return case

    def _add(self, cluster_id: str, case: _Case) -> _Case:
        if len(self._cases) >= self._max_cases:
            self._cases.popitem(last=False)
        self._cases[cluster_id] = case
        return case

    def _schedule(self, cluster_id: str, case: _Case) -> None:
        due = case.policy.next_timer()
        if due is None or (case.timer_at is not None and case.timer_at <= due):
            return  # an early timer changes nothing, and plans the next
        case.timer_at = due
        heapq.heappush(self._timers, (due, cluster_id))
        if len(self._timers) > 2 * len(self._cases) + _SPARE_TIMERS:
            self._drop_stale_timers()

    def _drop_stale_timers(self) -> None:
        cases = self._cases.items()
        self._timers[:] = [(case.timer_at, id_) for id_, case in cases if case.timer_at is not None]
        heapq.heapify(self._timers)


__all__ = ["CounterCases", "counted_message", "is_withdrawn", "with_counter_cases"]
