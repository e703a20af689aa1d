"""Decide when a cascade triggers a notification: levels, hysteresis, cool-down, milestones, close and reopen.

A score alone would notify at every event around a threshold. An officer wants each notification once, and must be able
to rely on the last notification. All times are event times, so a replay decides the same.
"""

from bisect import bisect_right
from collections.abc import Sequence
from math import inf

import msgspec

from detectors.alerting.config import PolicyConfig
from detectors.alerting.levels import make_rules
from detectors.alerting.transition import Transition
from detectors.growth.base import Thresholds
from detectors.snapshot import pack, unpack
from schemas.alert import Lifecycle

_NEVER = -(1 << 62)  # earlier than every event time
_UNENDING = 1 << 62  # later than every event time
_REOPENED, _RETURNED = 1, 2  # reopened after closing; then shared by enough people to announce the return


class _State(msgspec.Struct, array_like=True):
    """State of one cascade; the last five fields follow from the others and keep the common case short."""

    level: int = 0
    announced_level: int = 0  # highest level announced in this episode
    episode: int = 0
    last_activity: int = _NEVER
    notified_at: int = _NEVER  # newest notification
    check_at: int = _UNENDING  # next check of the score, while a level is active
    close_retry_at: int = _NEVER  # must not close before
    below_since: tuple[int, int, int] = (_NEVER, _NEVER, _NEVER)  # start of the score's time below each fall threshold
    evidence: int = 0  # known pieces of evidence on the content
    reported_evidence: int = 0  # pieces that a notification has reported
    next_milestone_index: int = 0
    pending_milestone: int = 0  # multiple of the target size that waits for the cool-down
    last_milestone: int = 0  # highest multiple announced
    has_alerted: bool = False  # for growth, in any episode
    has_notified: bool = False  # for any reason, in any episode
    open_case: bool = False  # this episode has notifications, so its end is announced too
    subsided: bool = False  # the end of the level was announced; the next rise resurfaces
    returning: int = 0
    episode_start_size: float = inf  # sharers at the first share of a reopened episode, that share included
    closed: bool = False
    score_low: float = -inf
    score_high: float = inf
    next_milestone_size: float = inf
    next_check: int = _UNENDING
    close_not_before: int = _NEVER


class AlertPolicy:
    """Decides when the score of one cascade triggers a notification.

    A rising level means: many more distinct sharers are expected than before. A level-0 notification means only size
    (MILESTONE) or a new fact-check (EVIDENCE). An update far from any threshold costs about 0.2 µs, an update near a
    threshold a few µs; memory is some 300 bytes. The policy serves every growth detector.

    Args:
        config: the rules.
        thresholds: thresholds of levels 1 to 3, in the unit of the score.
        target_size: q, the number of distinct sharers of a big cascade.
        min_sharers: a smaller cascade triggers no notification, whatever its score.

    >>> policy = AlertPolicy(PolicyConfig(), (6.0, 7.4, 8.8), 50, 5)
    >>> [(t.state.value, t.level) for t in policy.update(0, 6.5, 12)]
    [('opened', 1)]
    >>> policy.update(60_000, 6.7, 13)
    ()

    """

    __slots__ = ("_config", "_min_sharers", "_rules", "_state")

    def __init__(self, config: PolicyConfig, thresholds: Thresholds, target_size: int, min_sharers: int) -> None:
        self._min_sharers = min_sharers
        self._config = config
        self._rules = make_rules(thresholds, target_size, config.hysteresis, config.milestones)
        self._state = _State()
        self._update_bounds()

    @property
    def level(self) -> int:
        """Return the active level, 0 to 3."""
        return self._state.level

    def fall_threshold(self, level: int) -> float:
        """Return the fall threshold of a level, 1 to 3."""
        return self._rules.fall_thresholds[level - 1]

    def below_since(self, level: int) -> int | None:
        """Return the event time since which the score has been below the fall threshold of a level; None if above."""
        since = self._state.below_since[level - 1]
        return None if since == _NEVER else since

    @property
    def episode(self) -> int:
        """Count how often the cascade has come back."""
        return self._state.episode

    @property
    def closed(self) -> bool:
        """Return True if the cascade is closed; `reopen` starts a new episode."""
        return self._state.closed

    def update(self, time: int, score: float, sharers: float, evidence: int = 0) -> Sequence[Transition]:
        """Evaluate the score after an on-time event was applied.

        Args:
            time: of the event; a time before the newest activity counts as the newest.
            score: growth score at the time, rounded.
            sharers: N, sharers of earlier episodes included.
            evidence: number of known pieces of evidence on the content.

        Raises:
            ValueError: the cascade is closed.
        """
        state = self._state
        if time > state.last_activity:  # noqa: PLR1730 - on the hot path, a call costs as much as the rest
            state.last_activity = time
        if (
            state.score_low <= score < state.score_high
            and sharers < state.next_milestone_size
            and evidence <= state.reported_evidence
        ):
            return ()
        return self._evaluate(max(state.last_activity, state.notified_at), score, sharers, evidence)

    def touch(self, time: int) -> None:
        """Record activity without a notification, such as a late share: only a real silence closes."""
        self._state.last_activity = max(self._state.last_activity, time)

    def tick(self, time: int, score: float, quiet: bool) -> Sequence[Transition]:
        """Evaluate the score when the timer of `next_timer` fires; an earlier tick changes nothing.

        A tick never raises the level.

        Args:
            time: event time of the timer.
            score: growth score at the time, rounded.
            quiet: no share is still fresh at the time.

        """
        due = self.next_timer()
        if due is None or time < due:
            return ()
        state, transitions = self._state, list[Transition]()
        now = max(time, state.notified_at)
        if time >= state.check_at:
            interval = self._config.check_interval_ms
            state.check_at += interval * ((time - state.check_at) // interval + 1)
            self._lower_level(now, score, transitions)
        self._notify_pending(now, transitions)
        if time >= max(state.last_activity + self._config.close_after_ms, state.close_retry_at, self._cool_down_end()):
            self._close(now, quiet, transitions)
        self._update_bounds()
        return transitions

    @property
    def next_check(self) -> int:
        """Return the event time of the next check or pending notification; far in the future if there is none.

        `next_timer` returns the same time, or the time of closing if closing is due first.
        """
        return self._state.next_check

    def next_timer(self) -> int | None:
        """Return the event time of the next `tick`; None for a closed cascade, or one without activity."""
        state = self._state
        if state.closed or state.last_activity == _NEVER:
            return None
        due = state.last_activity + self._config.close_after_ms
        if due < state.close_not_before:  # noqa: PLR1730 - called after every event
            due = state.close_not_before
        return state.next_check if state.next_check < due else due

    def postpone_check(self, time: int) -> None:
        """Skip checks of the score before `time`: until then only a deleted share can lower the level.

        Saves the checks of a level over days; `advance_check` undoes the postponement.
        """
        state = self._state
        if state.level and time > state.check_at:
            state.check_at = time
            self._update_bounds()

    def advance_check(self, time: int) -> None:
        """Check the score within `check_interval_ms` of `time`, because a deletion may lower the score."""
        state = self._state
        if state.level and time + self._config.check_interval_ms < state.check_at:
            state.check_at = time + self._config.check_interval_ms
            self._update_bounds()

    def merge(self, other: "AlertPolicy") -> None:
        """Add another cascade's history: the higher level stays active, and announcements of both sides count.

        Call `update` once afterwards; it notifies only if the union exceeds both sides.
        """
        mine, theirs = self._state, other._state
        if mine.level or theirs.level:  # an active level: a side that has subsided comes back with it
            mine.episode = max(state.episode + state.subsided for state in (mine, theirs))
            mine.subsided, mine.pending_milestone = False, 0
        else:
            mine.episode = max(mine.episode, theirs.episode)
            mine.subsided = mine.subsided or theirs.subsided
            pending = max(mine.pending_milestone, theirs.pending_milestone)
            mine.pending_milestone = pending if pending > max(mine.last_milestone, theirs.last_milestone) else 0
        for name in _MERGED_BY_MAXIMUM:
            setattr(mine, name, max(getattr(mine, name), getattr(theirs, name)))
        for name in ("has_alerted", "has_notified", "open_case"):
            setattr(mine, name, getattr(mine, name) or getattr(theirs, name))
        mine.returning = 0 if mine.open_case else mine.returning
        mine.check_at = min(mine.check_at, theirs.check_at)
        mine.below_since, mine.episode_start_size = (_NEVER, _NEVER, _NEVER), inf
        self._update_bounds()

    def reopen(self, time: int) -> None:
        """Start a new episode of a closed cascade; `update` announces the return if the cascade was ever notified."""
        state = self._state
        state.episode += 1
        state.level = state.announced_level = state.pending_milestone = 0
        state.below_since, state.check_at, state.close_retry_at = (_NEVER, _NEVER, _NEVER), _UNENDING, _NEVER
        state.open_case = state.subsided = state.closed = False
        state.returning, state.episode_start_size = (_REOPENED if state.has_notified else 0), inf
        self.touch(time)
        self._update_bounds()

    def snapshot(self) -> bytes:
        """Return the state as bytes; equal states give equal bytes."""
        return pack("policy", 1, self._state)

    def restore(self, data: bytes) -> None:
        """Restore a state written by `snapshot` under the same settings.

        Raises:
            SnapshotError: not the state of a policy, or of another version.
        """
        self._state = unpack("policy", 1, _State, data)

    def _evaluate(self, now: int, score: float, sharers: float, evidence: int) -> Sequence[Transition]:
        state, transitions = self._state, list[Transition]()
        if state.closed:
            raise ValueError("cannot update a closed cascade; call reopen first")
        if state.returning == _REOPENED:
            state.episode_start_size = min(state.episode_start_size, float(sharers))
            if sharers - state.episode_start_size >= self._config.resurface_sharers - 1:
                state.returning = _RETURNED
        if sharers >= self._min_sharers:
            state.evidence = max(state.evidence, evidence)
            self._raise_level(now, score, transitions)
            self._pass_milestones(sharers)
        self._lower_level(now, score, transitions)
        self._notify_pending(now, transitions)
        self._update_bounds()
        return transitions

    def _raise_level(self, now: int, score: float, transitions: list[Transition]) -> None:
        state = self._state
        level = bisect_right(self._rules.thresholds, score)
        if level <= state.level:
            return
        if not state.level:
            state.check_at = now + self._config.check_interval_ms
        first = Lifecycle.RESURFACED if state.returning or state.subsided else Lifecycle.OPENED
        state.episode, state.subsided = state.episode + state.subsided, False
        state.level, state.has_alerted, state.pending_milestone = level, True, 0
        for step in range(state.announced_level + 1, level + 1):
            self._notify(first if step == 1 else Lifecycle.ESCALATED, step, now, transitions)
            state.announced_level, state.returning = step, 0

    def _lower_level(self, now: int, score: float, transitions: list[Transition]) -> None:
        state, config = self._state, self._config
        level = state.level
        if not level:
            return
        one, two, three = (
            _NEVER if score >= threshold else now if since == _NEVER else since
            for threshold, since in zip(self._rules.fall_thresholds, state.below_since, strict=True)
        )
        state.below_since = below = (one, two, three)
        if below[level - 1] != _NEVER:
            state.check_at = min(state.check_at, now + config.check_interval_ms)
        while level and below[level - 1] != _NEVER and now - below[level - 1] >= config.subside_after_ms:
            level -= 1
        if level:
            state.level = level
        elif now >= self._cool_down_end():
            state.level = state.announced_level = 0
            state.check_at, state.subsided = _UNENDING, True
            self._notify(Lifecycle.SUBSIDED, 0, now, transitions)
        else:
            state.level = 1

    def _pass_milestones(self, sharers: float) -> None:
        """Record the milestones up to the size.

        A milestone is skipped while a growth alert is active, and the first milestone after any growth alert.
        """
        state, sizes = self._state, self._rules.milestones
        while state.next_milestone_index < len(sizes) and sharers >= sizes[state.next_milestone_index]:
            if not state.level and (state.next_milestone_index or not state.has_alerted):
                state.pending_milestone = self._config.milestones[state.next_milestone_index]
            state.next_milestone_index += 1

    def _notify_pending(self, now: int, transitions: list[Transition]) -> None:
        """Notify of a pending matter after the end of the cool-down."""
        state = self._state
        if not self._has_pending() or now < self._cool_down_end():
            return
        if state.returning == _RETURNED:
            state.returning = 0
            self._notify(Lifecycle.RESURFACED, state.level, now, transitions)
        elif state.evidence > state.reported_evidence:
            self._notify(Lifecycle.EVIDENCE, state.level, now, transitions, state.evidence)
        else:
            state.last_milestone, state.pending_milestone = state.pending_milestone, 0
            self._notify(Lifecycle.MILESTONE, 0, now, transitions, state.last_milestone)

    def _close(self, now: int, quiet: bool, transitions: list[Transition]) -> None:
        state = self._state
        if not quiet:
            state.close_retry_at = now + self._config.close_retry_ms
            return
        if state.open_case:
            self._notify(Lifecycle.CLOSED, 0, now, transitions)
        state.level, state.check_at, state.closed = 0, _UNENDING, True

    def _notify(self, event: Lifecycle, level: int, now: int, transitions: list[Transition], number: int = 0) -> None:
        state = self._state
        transitions.append(Transition(event, level, now, state.episode, number))
        state.notified_at, state.reported_evidence = now, state.evidence
        state.has_notified = state.open_case = True

    def _cool_down_end(self) -> int:
        return self._state.notified_at + self._config.cool_down_ms

    def _has_pending(self) -> bool:
        state = self._state
        return state.returning == _RETURNED or state.evidence > state.reported_evidence or state.pending_milestone > 0

    def _update_bounds(self) -> None:
        """Derive the bounds of the early return in `update`, and the next timer."""
        state, rules, level = self._state, self._rules, self._state.level
        watched = state.closed or state.returning or any(since != _NEVER for since in state.below_since[:level])
        state.score_low = inf if watched else rules.fall_thresholds[level - 1] if level else -inf
        state.score_high = rules.thresholds[level] if level < 3 else inf
        index, sizes = state.next_milestone_index, rules.milestones
        state.next_milestone_size = sizes[index] if index < len(sizes) else inf
        state.next_check = min(state.check_at, self._cool_down_end() if self._has_pending() else _UNENDING)
        state.close_not_before = max(state.close_retry_at, self._cool_down_end())


_MERGED_BY_MAXIMUM = (
    "level",
    "announced_level",
    "last_activity",
    "notified_at",
    "close_retry_at",
    "evidence",
    "reported_evidence",
    "next_milestone_index",
    "last_milestone",
    "returning",
)

__all__ = ["AlertPolicy"]
