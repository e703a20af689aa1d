"""Foresees which cascades will open an alert, and tells each by how much the budget of alerts has raised the limit.

A budget is one number for all cascades, and cascades live on many partitions. So it is kept where the log is ordered
and one writer sees everything: each cluster's growth is followed here a second time, and every assignment carries what
the budget asked for at that moment. The cascade that gets it decides by that, wherever it lives.
"""

from collections import OrderedDict
from heapq import heapify, heappop, heappush
from typing import Any

import msgspec

from detectors.alerting.budget import AlertBudget
from detectors.alerting.levels import fall_thresholds
from detectors.alerting.policy import PolicyConfig
from detectors.growth import GrowthConfig, make_detector, rebuild_detector
from detectors.snapshot import pack, unpack
from detectors.spread.graph import node_id
from detectors.spread.sharers import DistinctSharers, SharersConfig
from schemas.assignment import Assignment, Merge, Timeliness
from schemas.sighting import SPREADING

_SPARE_TIMERS = 64  # of clusters that are gone, tolerated beside as many as are followed


class _Followed:
    """One cluster's growth, by the settings of the platform that it began on."""

    __slots__ = ("active", "before", "below", "config", "growth", "held", "open", "platform", "sharers", "until")

    def __init__(self, platform: str, growth: GrowthConfig, sharers: SharersConfig) -> None:
        self.platform = platform
        self.config = growth.on(platform)
        self.growth = make_detector(self.config)
        self.sharers = DistinctSharers(sharers)
        self.active = 0  # time of the newest share
        self.before = 0.0  # sharers from before it closed, whose names are forgotten
        self.below: int | None = None  # since when the score is under the line at which level 1 falls
        self.open = False  # an alert stands
        self.held = False  # the plain limit was reached, the raised one never
        self.until = 0  # once it has closed: remembered for so long


class _Saved(msgspec.Struct, array_like=True):
    platform: str
    growth: bytes
    sharers: bytes
    active: int
    before: float
    below: int | None
    open: bool
    held: bool
    until: int


class _State(msgspec.Struct, array_like=True):
    budget: bytes
    followed: dict[str, _Saved]
    asleep: dict[str, _Saved]
    timers: list[tuple[int, str]]
    withheld: int


class AdmissionControl:
    """Follows every cluster's distinct sharers and growth as its cascade will, and spends the budget on each opening.

    It foresees shares, merges, closings and returns; what is taken back later (deleted posts, ended accounts) it does
    not subtract, so that at times it counts an opening that does not come. A share costs some microseconds; memory is
    about a kilobyte a cluster that has not closed, and 180 bytes a further kept sharer.

    Args:
        a_day: openings a day.
        growth: settings of the detectors.
        policy: when an alert falls, and when a cascade closes.
        sharers: how many sharers of a cluster are known one by one.
        most: clusters followed at once, and as many closed ones; beyond, the least recently shared is let go.
    """

    def __init__(
        self, a_day: float, growth: GrowthConfig, policy: PolicyConfig, sharers: SharersConfig, most: int
    ) -> None:
        self._budget = AlertBudget(a_day)
        self._growth, self._policy, self._sharers, self._most = growth, policy, sharers, most
        self._followed: OrderedDict[str, _Followed] = OrderedDict()  # the least recently shared first
        self._asleep: OrderedDict[str, _Followed] = OrderedDict()  # closed; the longest ago first
        self._timers: list[tuple[int, str]] = []  # one of each that is followed: when to see whether it has closed
        self.withheld = 0
        """Cascades that reached the plain limit, and at that moment not the raised one."""

    def update(self, item: Assignment | Merge) -> Assignment | Merge:
        """Take the next assignment or merge of the ordered log; give it back with the levels its limit is raised by."""
        time = item.time if isinstance(item, Merge) else item.sighting.time
        self._advance(time)
        threshold_offset = self._budget.threshold_offset(time)
        if isinstance(item, Merge):
            self._merge(item, threshold_offset)
        elif item.sighting.kind in SPREADING:
            self._share(item, threshold_offset)
        return msgspec.structs.replace(item, threshold_offset=threshold_offset) if threshold_offset else item

    def _share(self, assignment: Assignment, threshold_offset: float) -> None:
        sighting, timeliness = assignment.sighting, assignment.timeliness
        time = sighting.time
        followed = self._follow(assignment.cluster_id, sighting.platform, time)
        weight = followed.sharers.add(sighting.actor or sighting.chat or node_id(sighting), time)
        if weight and timeliness is Timeliness.ON_TIME:
            self._settle(followed, time)
            self._judge(followed, followed.growth.update(time, weight), time, threshold_offset)
        elif weight:
            followed.growth.late(time, weight, dropped_late=timeliness is Timeliness.DROPPED_LATE)
        followed.active = max(followed.active, time)

    def _settle(self, followed: _Followed, time: int) -> None:
        """Before a share: note that the alert has subsided, if its score has been low for long enough."""
        if not followed.open:
            return
        growth, line = followed.growth, self._line(followed)
        if followed.below is None and growth.score(time) < line:
            followed.below = growth.falls_below(line, 0)
        if followed.below is not None and time - followed.below >= self._policy.subside_after_ms:
            followed.open = followed.held = False

    def _judge(self, followed: _Followed, score: float, time: int, threshold_offset: float) -> None:
        growth = followed.growth
        if followed.open:
            followed.below = None if score >= self._line(followed) else followed.below
        elif not growth.level(score):
            return
        elif score >= growth.threshold(threshold_offset):
            followed.open, followed.below = True, None
            self._budget.spend(time)
        elif not followed.held:
            followed.held = True
            self.withheld += 1

    def _line(self, followed: _Followed) -> float:
        """The score under which level 1 falls."""
        return fall_thresholds(followed.growth.thresholds(), self._policy.hysteresis)[0]

    def _merge(self, merge: Merge, threshold_offset: float) -> None:
        absorbed = self._followed.pop(merge.absorbed, None) or self._wake(merge.absorbed, merge.time)
        if absorbed is None:
            return
        survivor = self._followed.get(merge.survivor) or self._wake(merge.survivor, merge.time)
        if survivor is None:
            self._begin(merge.survivor, absorbed)
            return
        if merge.survivor not in self._followed:
            self._begin(merge.survivor, survivor)
        growth = absorbed.growth
        if absorbed.config != survivor.config:
            growth = rebuild_detector(survivor.config, absorbed.sharers.firsts(), absorbed.before)
        survivor.growth.merge(growth, survivor.sharers.merge(absorbed.sharers))
        survivor.before += absorbed.before
        survivor.active = max(survivor.active, absorbed.active)
        survivor.open = survivor.open or absorbed.open
        survivor.held = survivor.held or absorbed.held
        survivor.below = None
        time = max(merge.time, survivor.active)
        self._judge(survivor, survivor.growth.score(time), time, threshold_offset)

    def _follow(self, cluster_id: str, platform: str, time: int) -> _Followed:
        followed = self._followed.get(cluster_id)
        if followed is None:
            followed = self._wake(cluster_id, time) or _Followed(platform, self._growth, self._sharers)
            followed.active = max(followed.active, time)
            self._begin(cluster_id, followed)
        self._followed.move_to_end(cluster_id)
        return followed

    def _begin(self, cluster_id: str, followed: _Followed) -> None:
        while len(self._followed) >= self._most:
            oldest, given_up = next(iter(self._followed.items()))
            self._close(oldest, given_up.active)
        self._followed[cluster_id] = followed
        heappush(self._timers, (self._due(followed), cluster_id))
        if len(self._timers) > 2 * len(self._followed) + _SPARE_TIMERS:
            self._timers = [(self._due(one), name) for name, one in self._followed.items()]
            heapify(self._timers)

    def _due(self, followed: _Followed) -> int:
        return followed.active + self._policy.close_after_ms

    def _advance(self, time: int) -> None:
        """Close what has been silent for long enough, as its cascade does, and forget what closed long ago."""
        timers = self._timers
        while timers and timers[0][0] <= time:
            due, cluster_id = heappop(timers)
            followed = self._followed.get(cluster_id)
            if followed is None:
                continue
            if self._due(followed) > due:
                heappush(timers, (self._due(followed), cluster_id))
            elif followed.growth.quiet(due):
                self._close(cluster_id, due)
            else:
                heappush(timers, (due + self._policy.close_retry_ms, cluster_id))
        while self._asleep and next(iter(self._asleep.values())).until <= time:
            self._asleep.popitem(last=False)

    def _close(self, cluster_id: str, time: int) -> None:
        followed = self._followed.pop(cluster_id)
        followed.before, followed.sharers = followed.growth.size, DistinctSharers(self._sharers)
        followed.open, followed.held, followed.below = False, False, None
        followed.until = time + self._policy.tombstone_ms
        self._asleep[cluster_id] = followed
        if len(self._asleep) > self._most:
            self._asleep.popitem(last=False)

    def _wake(self, cluster_id: str, time: int) -> _Followed | None:
        followed = self._asleep.pop(cluster_id, None)
        if followed is None or followed.until <= time:
            return None
        followed.growth.reopen(time)
        return followed

    def snapshot(self) -> bytes:
        """The budget and everything that is followed."""
        followed, asleep = (
            {name: _saved(one) for name, one in kept.items()} for kept in (self._followed, self._asleep)
        )
        state = _State(self._budget.snapshot(), followed, asleep, sorted(self._timers), self.withheld)
        return pack("openings", 1, state)

    def restore(self, data: bytes) -> None:
        """Take up where `snapshot` was taken, with the same settings.

        Raises:
            SnapshotError: not such a state, or another version's.
        """
        state = unpack("openings", 1, _State, data)
        self._budget.restore(state.budget)
        self._followed = OrderedDict((name, self._restored(one)) for name, one in state.followed.items())
        self._asleep = OrderedDict((name, self._restored(one)) for name, one in state.asleep.items())
        self._timers, self.withheld = list(state.timers), state.withheld

    def _restored(self, saved: _Saved) -> _Followed:
        followed = _Followed(saved.platform, self._growth, self._sharers)
        followed.growth.restore(saved.growth)
        followed.sharers.restore(saved.sharers)
        for name in _PLAIN:
            setattr(followed, name, getattr(saved, name))
        return followed


_PLAIN = ("active", "before", "below", "open", "held", "until")


def _saved(followed: _Followed) -> _Saved:
    plain: dict[str, Any] = {name: getattr(followed, name) for name in _PLAIN}
    growth, sharers = followed.growth.snapshot(), followed.sharers.snapshot()
    return _Saved(platform=followed.platform, growth=growth, sharers=sharers, **plain)
