"""Decide what to announce about one cascade: a tracker observes the spread, a policy turns scores into transitions.

The tracker (`CascadeTracker`) holds every observation; the decisions are here. The alert budget may raise the threshold
of an opening; the threshold of an active alert never rises.
"""

from collections.abc import Sequence
from math import inf

from detectors.alerting.cascade_snapshot import CascadeSnapshot
from detectors.alerting.policy import AlertPolicy
from detectors.alerting.transition import Transition
from detectors.ordering.resolution import Resolution
from detectors.pipeline.cascade_state import CascadeState, ClosedCascade
from detectors.pipeline.cascade_stats import CascadeSettings, CascadeStats
from detectors.pipeline.cascade_tracker import CascadeTracker
from detectors.pipeline.rows import ClusterRow, CounterSummary, EdgeRow, WordingRow
from schemas.alert import Lifecycle
from schemas.assignment import Assignment, Merge, Timeliness
from schemas.event import Kind

_SEARCH_HORIZON_MS = 400 * 86_400_000  # `falls_below` searches no further ahead
_OPENING = (Lifecycle.OPENED, Lifecycle.RESURFACED)


class Cascade:
    """Follows one cluster: applies its events to the tracker and asks the policy for transitions.

    Memory is that of `CascadeTracker`. `timer_at` is the event time of the planned timer, which `Cascades` runs.
    """

    __slots__ = ("policy", "settings", "stats", "timer_at", "tracker")

    def __init__(self, settings: CascadeSettings, stats: CascadeStats) -> None:
        self.settings = settings
        self.stats = stats
        self.tracker = CascadeTracker(settings, stats)
        self.policy = self._new_policy()
        self.timer_at: int | None = None

    @classmethod
    def create(cls, settings: CascadeSettings, first: Assignment) -> "Cascade":
        """Create a cascade for a new cluster; the caller applies `first` afterwards."""
        return cls(settings, CascadeStats.create(first))

    @classmethod
    def reopen(cls, settings: CascadeSettings, closed: ClosedCascade, time: int) -> "Cascade":
        """Create a cascade from a closed state: the size continues, and no earlier share is fresh."""
        cascade = cls(settings, closed.stats)
        cascade.tracker.growth.restore(closed.growth)
        cascade.tracker.growth.reopen(time)
        cascade.policy.restore(closed.policy)
        cascade.policy.reopen(time)
        return cascade

    @property
    def size(self) -> float:
        """Distinct sharers, including those counted before the cascade closed."""
        return self.tracker.size

    @property
    def is_silent(self) -> bool:
        """True if the cascade raises no alert: a frame, a caption that counts elsewhere, or no posts."""
        return self.stats.is_silent or not self.stats.posts

    def share(self, assignment: Assignment) -> tuple[Sequence[Transition], EdgeRow, WordingRow | None]:
        """Apply a post, forward, quote or reply; return the transitions and the analyst's rows."""
        sighting = assignment.sighting
        if not self.stats.posts:
            self._set_platform(sighting.platform)
        result = self.tracker.share(assignment)
        transitions: Sequence[Transition] = ()
        if result.score is None:
            self.policy.touch(sighting.time)
        else:
            transitions = self._judge(sighting.time, result.score, assignment.threshold_offset)
        return transitions, result.edge, result.wording

    def echo(self, assignment: Assignment) -> Sequence[Transition]:
        """Count the sharer of a linked cluster with the same address; return the transitions."""
        time, score = assignment.sighting.time, self.tracker.echo(assignment)
        if score is None:
            self.policy.touch(time)
            return ()
        return self._judge(time, score, assignment.threshold_offset)

    def comment(self, assignment: Assignment) -> EdgeRow:
        """Apply a quote with words of its own; a cascade without posts waits for its first share."""
        if not self.stats.posts:
            self.policy.touch(assignment.sighting.time)
        return self.tracker.comment(assignment)

    def withdraw(self, assignment: Assignment) -> None:
        """Take the share of a message back, as a deletion does."""
        if self.tracker.withdraw(assignment.sighting):
            self.policy.advance_check(assignment.sighting.time)

    def apply_statement(self, assignment: Assignment) -> Sequence[Transition]:
        """Apply a deletion, account state, report or fact-check; return the transitions."""
        sighting = assignment.sighting
        if not self.stats.posts:
            self.policy.touch(sighting.time)
        if sighting.kind is Kind.DEBUNK:
            return self._apply_debunk(assignment)
        if self.tracker.apply_statement(sighting):
            self.policy.advance_check(sighting.time)
        return ()

    def merge(self, other: "Cascade", merge: Merge) -> Sequence[Transition]:
        """Add an absorbed cascade, then judge the union once; return the transitions."""
        if not self.stats.posts and other.stats.platform is not None:
            self._set_platform(other.stats.platform)
        self.tracker.merge(other.tracker, merge)
        self.policy.merge(other.policy)
        if not self.stats.posts:
            return ()
        time = max(merge.time, self.stats.last_time)
        return self._judge(time, self.tracker.growth.score(time), merge.threshold_offset)

    def tick(self, due: int) -> Sequence[Transition]:
        """Run the timer of event time `due`; return the transitions. Afterwards the cascade may be closed."""
        self.timer_at = None
        growth, policy = self.tracker.growth, self.policy
        score = growth.score(due)
        is_quiet = due - self.stats.last_time >= self.settings.policy.close_after_ms and growth.quiet(due)
        transitions = policy.tick(due, score, is_quiet)
        if policy.level and score >= policy.fall_threshold(policy.level):
            under = growth.falls_below(policy.fall_threshold(policy.level), due)
            policy.postpone_check(due + _SEARCH_HORIZON_MS if under is None else under)
        return transitions

    def plan_timer(self) -> int | None:
        """Plan the next timer; return the event time of an earlier timer, or None to keep the planned timer."""
        planned = self.timer_at
        if planned is not None and planned <= self.policy.next_check:
            return None  # activity only postpones closing, so no closing is due before the planned timer
        due = self.policy.next_timer()
        if due is None or (planned is not None and due >= planned):
            return None
        self.timer_at = due
        return due

    def close(self, until: int) -> ClosedCascade:
        """Return the state to keep until event time `until`; the cascade must not be used afterwards."""
        self.stats.before_closing = self.size
        self.stats.owners = {}
        return ClosedCascade(self.stats, self.tracker.growth.snapshot(), self.policy.snapshot(), until)

    def evidence(self, transition: Transition, trigger: str | None, counters: CounterSummary) -> CascadeSnapshot:
        """Collect the evidence for the alert about a transition; `trigger` is the id of the event, if any."""
        time, level = transition.time, transition.level
        return self.tracker.evidence(
            time,
            level,
            trigger,
            counters,
            threshold_offset=self._reported_offset(transition),
            fall_threshold=self.policy.fall_threshold(max(level, 1)),
            lowered_at=self._lowered_at(time, level) if level else None,
        )

    def row(self, status: str, counters: CounterSummary, merged_into: str | None = None) -> ClusterRow:
        """Summarise the cascade as a row of the clusters table."""
        return self.tracker.row(status, self.policy.episode, counters, merged_into)

    def snapshot(self) -> CascadeState:
        """Return the whole state."""
        return CascadeState(stats=self.stats, policy=self.policy.snapshot(), **self.tracker.snapshot())

    @classmethod
    def restore(cls, settings: CascadeSettings, state: CascadeState) -> "Cascade":
        """Create a cascade from the result of `snapshot`."""
        cascade = cls(settings, state.stats)
        cascade.tracker.restore(state)
        cascade.policy.restore(state.policy)
        return cascade

    def _new_policy(self) -> AlertPolicy:
        config, levels = self.tracker.growth_config, self.tracker.growth.thresholds()
        return AlertPolicy(self.settings.policy, levels, config.target_size, config.min_sharers)

    def _set_platform(self, platform: str) -> None:
        """Adopt the settings of the first post's platform; the history of the policy is kept."""
        if self.tracker.set_platform(platform):
            previous = self.policy
            self.policy = self._new_policy()
            self.policy.merge(previous)

    def _apply_debunk(self, assignment: Assignment) -> Sequence[Transition]:
        """Keep a fact-check; judge the cascade if the fact-check is new and on time."""
        sighting, stats = assignment.sighting, self.stats
        is_new = sighting.debunk is not None and stats.add_debunk(sighting.debunk, self.settings.cascade)
        if not is_new or assignment.timeliness is not Timeliness.ON_TIME or not stats.posts:
            return ()
        return self._judge(sighting.time, self.tracker.growth.score(sighting.time), assignment.threshold_offset)

    def _judge(self, time: int, score: float, threshold_offset: float) -> Sequence[Transition]:
        """Ask the policy for transitions, at the time of an event.

        A frame has no transitions: its growth is that of an app or a habit. Nor has a caption whose address counts in
        another cascade, which notifies once for the address.
        While the alert budget raises the threshold, a lower score cannot open an alert; an active alert is unaffected.
        Times that are dates or full hours only raise no level.
        """
        stats, policy = self.stats, self.policy
        if stats.is_silent:
            policy.touch(time)
            return ()
        if stats.resolution >= Resolution.HOUR:
            score = -inf  # elapsed times of zero are no speed
        stats.max_score = max(stats.max_score, score)
        if not policy.level:
            stats.threshold_offset = threshold_offset
            if threshold_offset and self._withhold(score, threshold_offset):
                score = -inf
        transitions = policy.update(time, score, self.size, len(stats.debunks) + self._repeated_claims())
        for transition in transitions:
            stats.top_level = max(stats.top_level, transition.level)
            stats.withheld = stats.withheld and not transition.level
        return transitions

    def _withhold(self, score: float, threshold_offset: float) -> bool:
        """Return True if a score is below the raised threshold; note a score over the base threshold."""
        growth = self.tracker.growth
        if score >= growth.threshold(threshold_offset):
            return False
        self.stats.withheld = self.stats.withheld or growth.level(score) > 0
        return True

    def _repeated_claims(self) -> int:
        """Count the checked claims worth a notification: none for a text with too few sharers."""
        stats = self.stats
        enough = stats.claims and self.size >= self.tracker.growth_config.min_sharers
        return stats.fact_checks if enough else 0

    def _reported_offset(self, transition: Transition) -> float:
        """Return the threshold offset to report, 0 except for openings and withheld cascades."""
        opens = transition.level == 1 and transition.state in _OPENING
        return self.stats.threshold_offset if opens or self.stats.withheld else 0.0

    def _lowered_at(self, time: int, level: int) -> int | None:
        """Return the event time at which a level falls without further sharers; level 1 falls after the cool-down."""
        under = self.policy.below_since(level)
        if under is None:
            under = self.tracker.growth.falls_below(self.policy.fall_threshold(level), time)
        if under is None:
            return None
        policy = self.settings.policy
        return max(under + policy.subside_after_ms, time + policy.cool_down_ms if level == 1 else time)
