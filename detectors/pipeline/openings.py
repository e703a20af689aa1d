"""Foresees which cascades will open an alert, and tells each by how much the budget of alerts has raised the limit.

A budget is one number for all cascades, and cascades live on many partitions. So it is kept where the log is ordered
and one writer sees everything: each cluster's growth is followed here a second time, and every assignment carries what
the budget asked for at that moment. The cascade that gets it decides by that, wherever it lives.
"""

from collections import OrderedDict
from typing import Any

import msgspec

from detectors.budget import AlertBudget
from detectors.graph import node_id
from detectors.growth import GrowthConfig, make_detector, regrown
from detectors.levels import fall_lines
from detectors.policy import PolicyConfig
from detectors.sharers import DistinctSharers, SharersConfig
from detectors.snapshot import pack, unpack
from schemas.assignment import Arrival, Assignment, Merge
from schemas.sighting import SPREADING


class _Followed:
    """One cluster's growth, by the settings of the platform that it began on."""

    __slots__ = ("before", "below", "config", "growth", "held", "newest", "open", "platform", "sharers")

    def __init__(self, platform: str, growth: GrowthConfig, sharers: SharersConfig) -> None:
        self.platform = platform
        self.config = growth.on(platform)
        self.growth = make_detector(self.config)
        self.sharers = DistinctSharers(sharers)
        self.newest = 0  # time of the newest first share
        self.before = 0.0  # sharers from before a long silence, whose names are forgotten
        self.below: int | None = None  # since when the score is under the line at which level 1 falls
        self.open = False  # an alert stands
        self.held = False  # the plain limit was reached, the raised one never


class _Saved(msgspec.Struct, array_like=True):
    platform: str
    growth: bytes
    sharers: bytes
    newest: int
    before: float
    below: int | None
    open: bool
    held: bool


class _State(msgspec.Struct, array_like=True):
    budget: bytes
    followed: dict[str, _Saved]
    asleep: dict[str, _Saved]
    withheld: int


class Openings:
    """Follows every cluster's distinct sharers and growth as its cascade will, and spends the budget on each opening.

    It foresees shares and merges; what is taken back later (deleted posts, ended accounts) it does not subtract, so
    that at times it counts an opening that does not come. A share costs some microseconds; memory is about half a
    kilobyte a cluster that was shared within `policy.close_after_ms`, and 180 bytes a kept sharer.

    Args:
        a_day: openings a day.
        growth: settings of the detectors.
        policy: when an alert falls, and when a cascade closes.
        sharers: how many sharers of a cluster are known one by one.
        most: clusters followed at once, and as many asleep; beyond, the least recently shared is forgotten.
    """

    def __init__(
        self, a_day: float, growth: GrowthConfig, policy: PolicyConfig, sharers: SharersConfig, most: int
    ) -> None:
        self._budget = AlertBudget(a_day)
        self._growth, self._policy, self._sharers, self._most = growth, policy, sharers, most
        self._followed: OrderedDict[str, _Followed] = OrderedDict()  # the least recently shared first
        self._asleep: OrderedDict[str, _Followed] = OrderedDict()
        self.withheld = 0
        """Cascades that reached the plain limit, and at that moment not the raised one."""

    def update(self, item: Assignment | Merge) -> Assignment | Merge:
        """Take the next assignment or merge of the ordered log; give it back with the levels its limit is raised by."""
        raised = self._budget.raised(item.time if isinstance(item, Merge) else item.sighting.time)
        if isinstance(item, Merge):
            self._merge(item, raised)
        elif item.sighting.kind in SPREADING:
            self._share(item, raised)
        return msgspec.structs.replace(item, raised=raised) if raised else item

    def _share(self, assignment: Assignment, raised: float) -> None:
        sighting = assignment.sighting
        time = sighting.time
        followed = self._follow(assignment.cluster_id, sighting.platform, time)
        weight = followed.sharers.add(sighting.actor or sighting.chat or node_id(sighting), time)
        if not weight:
            return
        if assignment.arrival is not Arrival.ON_TIME:
            followed.growth.late(time, weight, expired=assignment.arrival is Arrival.EXPIRED)
            return
        self._settle(followed, time)
        followed.newest = max(followed.newest, time)
        self._judge(followed, followed.growth.update(time, weight), time, raised)

    def _settle(self, followed: _Followed, time: int) -> None:
        """Before a share: note that the alert has subsided, if its score has been low for long enough."""
        if not followed.open:
            return
        line = fall_lines(followed.growth.levels(), self._policy.hysteresis)[0]
        if followed.below is None and followed.growth.score(time) < line:
            followed.below = followed.growth.falls_below(line, followed.newest)
        if followed.below is not None and time - followed.below >= self._policy.subside_after_ms:
            followed.open = followed.held = False

    def _judge(self, followed: _Followed, score: float, time: int, raised: float) -> None:
        growth = followed.growth
        if followed.open:
            line = fall_lines(growth.levels(), self._policy.hysteresis)[0]
            followed.below = None if score >= line else followed.below
        elif not growth.level(score):
            return
        elif score >= growth.limit(raised):
            followed.open, followed.below = True, None
            self._budget.spend(time)
        elif not followed.held:
            followed.held = True
            self.withheld += 1

    def _merge(self, merge: Merge, raised: float) -> None:
        absorbed = self._followed.pop(merge.absorbed, None) or self._wake(merge.absorbed, merge.time)
        if absorbed is None:
            return
        survivor = self._followed.get(merge.survivor) or self._wake(merge.survivor, merge.time)
        if survivor is None:
            self._followed[merge.survivor] = absorbed
            return
        self._followed[merge.survivor] = survivor
        growth = absorbed.growth
        if absorbed.config != survivor.config:
            growth = regrown(survivor.config, absorbed.sharers.firsts(), absorbed.before)
        survivor.growth.merge(growth, survivor.sharers.merge(absorbed.sharers))
        survivor.before += absorbed.before
        survivor.newest = max(survivor.newest, absorbed.newest)
        survivor.open = survivor.open or absorbed.open
        survivor.held = survivor.held or absorbed.held
        survivor.below = None
        self._judge(survivor, survivor.growth.score(merge.time), merge.time, raised)

    def _follow(self, cluster_id: str, platform: str, time: int) -> _Followed:
        followed = self._followed.get(cluster_id)
        if followed is None:
            self._lay_down(time)
            followed = self._wake(cluster_id, time) or _Followed(platform, self._growth, self._sharers)
            followed.newest = followed.newest or time
            self._followed[cluster_id] = followed
        self._followed.move_to_end(cluster_id)
        return followed

    def _lay_down(self, time: int) -> None:
        """Forget the names of the sharers of what has been silent for long, and in the end everything."""
        since = time - self._policy.close_after_ms
        while self._followed:
            cluster_id, oldest = next(iter(self._followed.items()))
            if oldest.newest > since and len(self._followed) < self._most:
                break
            del self._followed[cluster_id]
            oldest.before, oldest.sharers = oldest.growth.size, DistinctSharers(self._sharers)
            self._asleep[cluster_id] = oldest
        while self._asleep:
            cluster_id, oldest = next(iter(self._asleep.items()))
            if oldest.newest > since - self._policy.tombstone_ms and len(self._asleep) <= self._most:
                break
            del self._asleep[cluster_id]

    def _wake(self, cluster_id: str, time: int) -> _Followed | None:
        followed = self._asleep.pop(cluster_id, None)
        if followed is not None and followed.growth.quiet(time):
            followed.growth.reopen(time)
            followed.open = followed.held = False
            followed.below = None
        return followed

    def snapshot(self) -> bytes:
        """The budget and everything that is followed."""
        followed, asleep = (
            {name: _saved(one) for name, one in kept.items()} for kept in (self._followed, self._asleep)
        )
        return pack("openings", 1, _State(self._budget.snapshot(), followed, asleep, self.withheld))

    def restore(self, data: bytes) -> None:
        """Take up where `snapshot` was taken, with the same settings.

        Raises:
            SnapshotError: not such a state, or another version's.
        """
        state = unpack("openings", 1, _State, data)
        self._budget.restore(state.budget)
        self._followed = OrderedDict((name, self._restored(one)) for name, one in state.followed.items())
        self._asleep = OrderedDict((name, self._restored(one)) for name, one in state.asleep.items())
        self.withheld = state.withheld

    def _restored(self, saved: _Saved) -> _Followed:
        followed = _Followed(saved.platform, self._growth, self._sharers)
        followed.growth.restore(saved.growth)
        followed.sharers.restore(saved.sharers)
        for name in ("newest", "before", "below", "open", "held"):
            setattr(followed, name, getattr(saved, name))
        return followed


def _saved(followed: _Followed) -> _Saved:
    plain: dict[str, Any] = {name: getattr(followed, name) for name in _Saved.__struct_fields__}
    return _Saved(**{**plain, "growth": followed.growth.snapshot(), "sharers": followed.sharers.snapshot()})
