"""When a cascade is spoken of: levels, hysteresis, cool-down, milestones, closing and coming back.

A score alone would ring at every event around a limit; an officer wants to hear each thing once, and to be able to rely
on the last thing heard. All times are event times, so a replay says the same.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import inf, log
from typing import Annotated

import msgspec
from msgspec import Meta

from detectors.alerting.levels import Levels, make_rules
from detectors.alerting.transition import Transition
from detectors.base_config import BaseConfig
from detectors.snapshot import pack, unpack
from schemas.alert import Lifecycle

_NEVER = -(1 << 62)  # earlier than every event time
_UNENDING = 1 << 62  # later than every event time
_REOPENED, _RETURNED = 1, 2  # closed once and open again; and enough have shared since


class PolicyConfig(BaseConfig, frozen=True, kw_only=True):
    """Rules of notification. Durations are event time in ms."""

    cool_down_ms: Annotated[
        int, Meta(ge=0, description="Silence after a notification about a cascade, broken only by a rising level.")
    ] = 1_800_000
    hysteresis: Annotated[
        float,
        Meta(
            ge=0,
            description="Distance below a level's threshold, as a natural logarithm, at which the level may fall "
            "(ln 2: at half the threshold).",
        ),
    ] = log(2)
    subside_after_ms: Annotated[
        int, Meta(ge=0, description="Time that a score must stay below the fall threshold before its level falls.")
    ] = 7_200_000
    check_interval_ms: Annotated[
        int, Meta(ge=1, description="Interval at which the score of a cascade with a level is checked without shares.")
    ] = 1_800_000
    close_after_ms: Annotated[
        int, Meta(ge=1, description="Silence after which a cascade closes, unless one of its posts is still fresh.")
    ] = 604_800_000
    close_retry_ms: Annotated[
        int, Meta(ge=1, description="Delay before the next attempt to close a cascade with a post that is still fresh.")
    ] = 86_400_000
    return_sharers: Annotated[
        int, Meta(ge=1, description="New sharers of a closed cascade from which an alert reports its return.")
    ] = 5
    tombstone_ms: Annotated[
        int, Meta(ge=0, description="Time for which a closed cascade is remembered, to continue its counts on return.")
    ] = 2_592_000_000
    alerts_a_day: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(
            description="Growth alerts per day that a team can review, over all cascades; beyond this rate the level-1 "
            "threshold rises. Unset: every cascade at the threshold opens an alert.",
        ),
    ] = None
    milestones: Annotated[
        tuple[Annotated[int, Meta(ge=1)], ...],
        Meta(
            description="Sizes at which a slowly growing cascade is reported, as rising multiples of the target size."
        ),
    ] = (1, 4)
    target_level_0_ms: Annotated[
        int, Meta(ge=0, description="Internal target for the review of a milestone or a matched fact-check.")
    ] = 86_400_000
    target_level_1_ms: Annotated[int, Meta(ge=0, description="Internal target for the review of a level-1 alert.")] = (
        14_400_000
    )
    target_level_2_ms: Annotated[int, Meta(ge=0, description="Internal target for the review of a level-2 alert.")] = (
        3_600_000
    )
    target_level_3_ms: Annotated[int, Meta(ge=0, description="Internal target for the review of a level-3 alert.")] = (
        900_000
    )

    def __post_init__(self) -> None:
        """Check that the milestones rise."""
        super().__post_init__()
        if not all(low < high for low, high in pairwise(self.milestones)):
            raise ValueError(f"policy.milestones is {self.milestones}, but milestones must rise; try [1, 4]")

    def target_ms(self, level: int) -> int:
        """Return the internal review target of an alert of `level` (0 to 3), in ms."""
        return (self.target_level_0_ms, self.target_level_1_ms, self.target_level_2_ms, self.target_level_3_ms)[level]


class _State(msgspec.Struct, array_like=True):
    """All that is remembered of one cascade; the last five follow from the others and keep the common case short."""

    level: int = 0
    said: int = 0  # the highest level announced in this episode
    episode: int = 0
    last: int = _NEVER  # newest activity
    said_at: int = _NEVER  # newest notification
    check: int = _UNENDING  # next look at the score, while a level stands
    retry: int = _NEVER  # not to be closed before
    below: tuple[int, int, int] = (_NEVER, _NEVER, _NEVER)  # since when the score is under each level's floor
    evidence: int = 0  # pieces known
    told: int = 0  # pieces that a notification has carried
    passed: int = 0  # milestones behind it
    milestone: int = 0  # the multiple that still waits to be announced
    burned: int = 0  # the highest that was
    alerted: bool = False  # for growth, ever
    spoke: bool = False  # of anything, ever
    open_case: bool = False  # something was announced in this episode, so its end is announced too
    subsided: bool = False  # its end was announced; a rise is a return
    returning: int = 0
    base: float = inf  # its size at the first share of this episode, that one included
    closed: bool = False
    low: float = -inf
    high: float = inf
    mark: float = inf
    alarm: int = _UNENDING
    not_before: int = _NEVER


class AlertPolicy:
    """Follows one cascade's score and says what is worth saying, each thing once.

    A rising level means: many more distinct sharers are to be expected than before. Level 0 notifications mean only
    size (MILESTONE) or a new fact-check (EVIDENCE). An update far from any limit costs about 0.2 µs, one near a limit a
    few µs; memory is some 300 bytes. There is no sibling: every growth detector speaks through it.

    Args:
        config: the rules.
        levels: limits of levels 1 to 3, in the unit of the score.
        big: q, the number of distinct sharers that the operator calls big.
        min_sharers: a smaller cascade is never spoken of, whatever its score.

    >>> policy = AlertPolicy(PolicyConfig(), (6.0, 7.4, 8.8), 50, 5)
    >>> [(t.state.value, t.level) for t in policy.update(0, 6.5, 12)]
    [('opened', 1)]
    >>> policy.update(60_000, 6.7, 13)
    ()

    """

    __slots__ = ("_config", "_min_sharers", "_rules", "_state")

    def __init__(self, config: PolicyConfig, levels: Levels, target_size: int, min_sharers: int) -> None:
        self._min_sharers = min_sharers
        self._config, self._rules, self._state = (
            config,
            make_rules(levels, target_size, config.hysteresis, config.milestones),
            _State(),
        )
        self._arm()

    @property
    def level(self) -> int:
        """The level that stands now, 0 to 3."""
        return self._state.level

    def fall_threshold(self, level: int) -> float:
        """The score under which a level, 1 to 3, begins to fall."""
        return self._rules.floors[level - 1]

    @property
    def episode(self) -> int:
        """How often it has come back."""
        return self._state.episode

    @property
    def closed(self) -> bool:
        """Whether it is over, until `reopen`."""
        return self._state.closed

    def update(self, time: int, score: float, sharers: float, evidence: int = 0) -> Sequence[Transition]:
        """Look at the score after an on-time event was applied.

        Args:
            time: of the event; one before the newest counts as the newest.
            score: growth score at that time, rounded.
            sharers: N, those from earlier episodes among them.
            evidence: how many pieces of evidence about the content are known.

        Raises:
            ValueError: the cascade is closed.
        """
        state = self._state
        if time > state.last:  # noqa: PLR1730 - on the hot path, a call costs as much as the rest
            state.last = time
        if state.low <= score < state.high and sharers < state.mark and evidence <= state.told:
            return ()
        return self._judge(max(state.last, state.said_at), score, sharers, evidence)

    def touch(self, time: int) -> None:
        """Note activity that can raise nothing, a late share or one more post of a known sharer: it is no silence."""
        self._state.last = max(self._state.last, time)

    def tick(self, time: int, score: float, quiet: bool) -> Sequence[Transition]:
        """Look again at the time that `next_timer` gave; at an earlier time nothing happens. A tick never raises.

        `score` is the growth score at that time, rounded; `quiet` says that nothing shared is still fresh then.
        """
        due = self.next_timer()
        if due is None or time < due:
            return ()
        state, said = self._state, list[Transition]()
        now = max(time, state.said_at)
        if time >= state.check:
            state.check += self._config.check_interval_ms * ((time - state.check) // self._config.check_interval_ms + 1)
            self._fall(now, score, said)
        self._catch_up(now, said)
        if time >= max(state.last + self._config.close_after_ms, state.retry, self._cooled()):
            self._close(now, quiet, said)
        self._arm()
        return said

    @property
    def next_check(self) -> int:
        """Event time of the next look at the score, or of what waits to be said; far in the future where there is none.

        `next_timer` is this, or the closing that is due before it.
        """
        return self._state.alarm

    def next_timer(self) -> int | None:
        """Event time at which `tick` is due; None for a cascade that is closed or has seen nothing."""
        state = self._state
        if state.closed or state.last == _NEVER:
            return None
        due = state.last + self._config.close_after_ms
        if due < state.not_before:  # noqa: PLR1730 - asked for after every event
            due = state.not_before
        return state.alarm if state.alarm < due else due

    def postpone_check(self, time: int) -> None:
        """Put the next look at the score off to this time: until then it cannot fall, unless a share is taken back.

        It spares the looks of a level that stands for days; `advance_check` takes it back.
        """
        state = self._state
        if state.level and time > state.check:
            state.check = time
            self._arm()

    def advance_check(self, time: int) -> None:
        """Look at the score within `check_interval_ms` of this time: something other than time may have lowered it."""
        state = self._state
        if state.level and time + self._config.check_interval_ms < state.check:
            state.check = time + self._config.check_interval_ms
            self._arm()

    def merge(self, other: "AlertPolicy") -> None:
        """Take in another cascade's history: the higher level stands, and what either announced stays announced.

        Call `update` once afterwards: it speaks only if the union deserves more than either had.
        """
        mine, theirs = self._state, other._state
        if mine.level or theirs.level:  # a level stands, so a side that has subsided comes back with it
            mine.episode = max(state.episode + state.subsided for state in (mine, theirs))
            mine.subsided, mine.milestone = False, 0
        else:
            mine.episode = max(mine.episode, theirs.episode)
            mine.subsided = mine.subsided or theirs.subsided
            waiting, burned = max(mine.milestone, theirs.milestone), max(mine.burned, theirs.burned)
            mine.milestone = waiting if waiting > burned else 0
        for name in ("level", "said", "last", "said_at", "retry", "evidence", "told", "passed", "burned", "returning"):
            setattr(mine, name, max(getattr(mine, name), getattr(theirs, name)))
        for name in ("alerted", "spoke", "open_case"):
            setattr(mine, name, getattr(mine, name) or getattr(theirs, name))
        mine.returning = 0 if mine.open_case else mine.returning
        mine.check = min(mine.check, theirs.check)
        mine.below, mine.base = (_NEVER, _NEVER, _NEVER), inf
        self._arm()

    def reopen(self, time: int) -> None:
        """Begin a new episode of a closed cascade; an `update` says so, if anything was ever said of it."""
        state = self._state
        state.episode += 1
        state.level = state.said = state.milestone = 0
        state.below, state.check, state.retry = (_NEVER, _NEVER, _NEVER), _UNENDING, _NEVER
        state.open_case = state.subsided = state.closed = False
        state.returning, state.base = (_REOPENED if state.spoke else 0), inf
        self.touch(time)
        self._arm()

    def snapshot(self) -> bytes:
        """State as bytes; equal states give equal bytes."""
        return pack("policy", 1, self._state)

    def restore(self, data: bytes) -> None:
        """Take on the state that `snapshot` wrote under the same settings.

        Raises:
            SnapshotError: not a policy's state, or another version's.
        """
        self._state = unpack("policy", 1, _State, data)

    def _judge(self, now: int, score: float, sharers: float, evidence: int) -> Sequence[Transition]:
        state, said = self._state, list[Transition]()
        if state.closed:
            raise ValueError("a closed cascade takes no update; got one; call reopen first")
        if state.returning == _REOPENED:
            state.base = min(state.base, float(sharers))
            if sharers - state.base >= self._config.return_sharers - 1:
                state.returning = _RETURNED
        if sharers >= self._min_sharers:
            state.evidence = max(state.evidence, evidence)
            self._rise(now, score, said)
            self._pass_milestones(sharers)
        self._fall(now, score, said)
        self._catch_up(now, said)
        self._arm()
        return said

    def _rise(self, now: int, score: float, said: list[Transition]) -> None:
        state = self._state
        level = bisect_right(self._rules.limits, score)
        if level <= state.level:
            return
        if not state.level:
            state.check = now + self._config.check_interval_ms
        first = Lifecycle.RESURFACED if state.returning or state.subsided else Lifecycle.OPENED
        state.episode, state.subsided = state.episode + state.subsided, False
        state.level, state.alerted, state.milestone = level, True, 0
        for step in range(state.said + 1, level + 1):
            self._say(first if step == 1 else Lifecycle.ESCALATED, step, now, said)
            state.said, state.returning = step, 0

    def _fall(self, now: int, score: float, said: list[Transition]) -> None:
        state, config = self._state, self._config
        level = state.level
        if not level:
            return
        one, two, three = (
            _NEVER if score >= floor else now if since == _NEVER else since
            for floor, since in zip(self._rules.floors, state.below, strict=True)
        )
        state.below = below = (one, two, three)
        if below[level - 1] != _NEVER:
            state.check = min(state.check, now + config.check_interval_ms)
        while level and below[level - 1] != _NEVER and now - below[level - 1] >= config.subside_after_ms:
            level -= 1
        if level:
            state.level = level
        elif now >= self._cooled():
            state.level = state.said = 0
            state.check, state.subsided = _UNENDING, True
            self._say(Lifecycle.SUBSIDED, 0, now, said)
        else:
            state.level = 1

    def _pass_milestones(self, sharers: float) -> None:
        """A growth alert that stands says more than a milestone; after any, the first milestone is no news."""
        state, marks = self._state, self._rules.marks
        while state.passed < len(marks) and sharers >= marks[state.passed]:
            if not state.level and (state.passed or not state.alerted):
                state.milestone = self._config.milestones[state.passed]
            state.passed += 1

    def _catch_up(self, now: int, said: list[Transition]) -> None:
        """Say one of the things that wait for the cool-down to end."""
        state = self._state
        if not self._waiting() or now < self._cooled():
            return
        if state.returning == _RETURNED:
            state.returning = 0
            self._say(Lifecycle.RESURFACED, state.level, now, said)
        elif state.evidence > state.told:
            self._say(Lifecycle.EVIDENCE, state.level, now, said, state.evidence)
        else:
            state.burned, state.milestone = state.milestone, 0
            self._say(Lifecycle.MILESTONE, 0, now, said, state.burned)

    def _close(self, now: int, quiet: bool, said: list[Transition]) -> None:
        state = self._state
        if not quiet:
            state.retry = now + self._config.close_retry_ms
            return
        if state.open_case:
            self._say(Lifecycle.CLOSED, 0, now, said)
        state.level, state.check, state.closed = 0, _UNENDING, True

    def _say(self, what: Lifecycle, level: int, now: int, said: list[Transition], number: int = 0) -> None:
        state = self._state
        said.append(Transition(what, level, now, state.episode, number))
        state.said_at, state.told = now, state.evidence
        state.spoke = state.open_case = True

    def _cooled(self) -> int:
        return self._state.said_at + self._config.cool_down_ms

    def _waiting(self) -> bool:
        state = self._state
        return state.returning == _RETURNED or state.evidence > state.told or state.milestone > 0

    def _arm(self) -> None:
        """Work out between which bounds nothing can happen, and the next timer."""
        state, rules, level = self._state, self._rules, self._state.level
        watched = state.closed or state.returning or any(since != _NEVER for since in state.below[:level])
        state.low = inf if watched else rules.floors[level - 1] if level else -inf
        state.high = rules.limits[level] if level < 3 else inf
        state.mark = rules.marks[state.passed] if state.passed < len(rules.marks) else inf
        state.alarm = min(state.check, self._cooled() if self._waiting() else _UNENDING)
        state.not_before = max(state.retry, self._cooled())


__all__ = ["AlertPolicy", "PolicyConfig"]
