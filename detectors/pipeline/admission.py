"""Predict which cascades will open an alert, and raise the threshold of openings while alerts exceed the budget.

The alert budget is one number for all cascades, and cascades live on many partitions. The budget is therefore spent at
the only step that sees every assignment in order. Admission control follows the growth of each cluster a second time
and writes the current threshold offset into every assignment; the cascade decides by that offset, on any partition.
"""

from collections import OrderedDict
from heapq import heapify, heappop, heappush

import msgspec

from detectors.alerting.budget import AlertBudget
from detectors.alerting.config import PolicyConfig
from detectors.alerting.levels import fall_thresholds
from detectors.growth import GrowthConfig, make_detector, rebuild_detector
from detectors.snapshot import pack, unpack
from detectors.spread.graph import node_id
from detectors.spread.sharers import DistinctSharers, SharersConfig
from schemas.assignment import Assignment, Merge, Role, Timeliness
from schemas.sighting import SPREADING

_SPARE_TIMERS = 64  # stale timers tolerated in addition to one per cluster


class _ClusterState(msgspec.Struct, array_like=True):
    platform: str
    growth: bytes
    sharers: bytes
    last_share: int
    before_closing: float
    below_since: int | None
    has_alert: bool
    withheld: bool
    until: int


class _Cluster:
    """Growth of one cluster, under the settings of the platform of its first share."""

    __slots__ = (
        "before_closing", "below_since", "config", "growth", "has_alert", "last_share", "platform", "sharers", "until",
        "withheld",
    )  # fmt: skip

    def __init__(self, platform: str, growth: GrowthConfig, sharers: SharersConfig) -> None:
        self.platform = platform
        self.config = growth.on(platform)
        self.growth = make_detector(self.config)
        self.sharers = DistinctSharers(sharers)
        self.last_share = 0  # event time of the newest share
        self.before_closing = 0.0  # sharers counted before the cluster closed; their names are forgotten
        self.below_since: int | None = None  # event time since which the score is below the fall threshold of level 1
        self.has_alert = False
        self.withheld = False  # met the base threshold, and not yet the raised threshold
        self.until = 0  # event time until which a closed cluster is remembered

    def close(self, sharers: SharersConfig, until: int) -> None:
        """Keep the size and forget the sharers' names."""
        self.before_closing, self.sharers = self.growth.size, DistinctSharers(sharers)
        self.has_alert, self.withheld, self.below_since = False, False, None
        self.until = until

    def merge(self, other: "_Cluster") -> None:
        """Add an absorbed cluster, with growth under the settings of the survivor."""
        growth = other.growth
        if other.config != self.config:
            growth = rebuild_detector(self.config, other.sharers.firsts(), other.before_closing)
        self.growth.merge(growth, self.sharers.merge(other.sharers))
        self.before_closing += other.before_closing
        self.last_share = max(self.last_share, other.last_share)
        self.has_alert = self.has_alert or other.has_alert
        self.withheld = self.withheld or other.withheld
        self.below_since = None

    def snapshot(self) -> _ClusterState:
        """Return the state."""
        return _ClusterState(
            self.platform,
            self.growth.snapshot(),
            self.sharers.snapshot(),
            self.last_share,
            self.before_closing,
            self.below_since,
            self.has_alert,
            self.withheld,
            self.until,
        )

    def restore(self, state: _ClusterState) -> None:
        """Continue from a snapshot of a cluster on the same platform."""
        self.growth.restore(state.growth)
        self.sharers.restore(state.sharers)
        self.last_share, self.before_closing = state.last_share, state.before_closing
        self.below_since, self.has_alert, self.withheld = state.below_since, state.has_alert, state.withheld
        self.until = state.until


class _State(msgspec.Struct, array_like=True):
    budget: bytes
    open: dict[str, _ClusterState]
    closed: dict[str, _ClusterState]
    timers: list[tuple[int, str]]
    withheld: int


class AdmissionControl:
    """Follows the distinct sharers and the growth of every cluster, and spends the alert budget on each opening.

    The prediction covers shares, merges, closing and reopening. Deleted posts and ended accounts are not subtracted, so
    admission control sometimes counts an opening that does not take place. A share costs some microseconds. Memory is
    about a kilobyte per open cluster, and 180 bytes per further sharer that is kept by name.

    Args:
        a_day: openings that the budget allows per day.
        growth: settings of the growth detectors.
        policy: decides when an alert falls, and when a cascade closes.
        sharers: number of sharers of a cluster that are kept by name.
        max_clusters: open clusters, and as many closed clusters; beyond, the least recently shared cluster is dropped.
    """

    def __init__(
        self, a_day: float, growth: GrowthConfig, policy: PolicyConfig, sharers: SharersConfig, max_clusters: int
    ) -> None:
        self._budget = AlertBudget(a_day)
        self._growth, self._policy, self._sharers, self._max_clusters = growth, policy, sharers, max_clusters
        self._open: OrderedDict[str, _Cluster] = OrderedDict()  # the least recently shared cluster first
        self._closed: OrderedDict[str, _Cluster] = OrderedDict()  # in order of closing
        self._timers: list[tuple[int, str]] = []  # one per open cluster: the next check for closing
        self.withheld = 0
        """Number of cascades that met the base threshold while the budget required a higher one."""

    def update(self, item: Assignment | Merge) -> Assignment | Merge:
        """Take the next assignment or merge in order; return a copy with the current threshold offset."""
        time = item.time if isinstance(item, Merge) else item.sighting.time
        self._advance(time)
        threshold_offset = self._budget.threshold_offset(time)
        if isinstance(item, Merge):
            self._merge(item, threshold_offset)
        elif item.role is Role.SHARE and item.sighting.kind in SPREADING:
            self._share(item, threshold_offset)
        return msgspec.structs.replace(item, threshold_offset=threshold_offset) if threshold_offset else item

    def snapshot(self) -> bytes:
        """Return the state: the budget and every cluster."""
        open_states, closed_states = (
            {cluster_id: cluster.snapshot() for cluster_id, cluster in clusters.items()}
            for clusters in (self._open, self._closed)
        )
        state = _State(self._budget.snapshot(), open_states, closed_states, sorted(self._timers), self.withheld)
        return pack("openings", 1, state)

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot made with the same settings.

        Raises:
            SnapshotError: `data` is not such a snapshot, or has another version.
        """
        state = unpack("openings", 1, _State, data)
        self._budget.restore(state.budget)
        self._open, self._closed = self._restore(state.open), self._restore(state.closed)
        self._timers, self.withheld = list(state.timers), state.withheld

    def _restore(self, states: dict[str, _ClusterState]) -> OrderedDict[str, _Cluster]:
        clusters: OrderedDict[str, _Cluster] = OrderedDict()
        for cluster_id, state in states.items():
            clusters[cluster_id] = cluster = _Cluster(state.platform, self._growth, self._sharers)
            cluster.restore(state)
        return clusters

    def _share(self, assignment: Assignment, threshold_offset: float) -> None:
        sighting, timeliness = assignment.sighting, assignment.timeliness
        time = sighting.time
        cluster = self._find(assignment.cluster_id, sighting.platform, time)
        weight = cluster.sharers.add(sighting.actor or sighting.chat or node_id(sighting), time)
        if weight and timeliness is Timeliness.ON_TIME:
            self._subside(cluster, time)
            score = cluster.growth.update(time, weight)
            if not assignment.is_frame and assignment.counts_in is None:
                self._judge(cluster, score, time, threshold_offset)
        elif weight:
            cluster.growth.late(time, weight, dropped_late=timeliness is Timeliness.DROPPED_LATE)
        cluster.last_share = max(cluster.last_share, time)

    def _subside(self, cluster: _Cluster, time: int) -> None:
        """End the alert before a share at `time` if the score has been low for long enough."""
        if not cluster.has_alert:
            return
        growth, threshold = cluster.growth, self._fall_threshold(cluster)
        if cluster.below_since is None and growth.score(time) < threshold:
            cluster.below_since = growth.falls_below(threshold, 0)
        if cluster.below_since is not None and time - cluster.below_since >= self._policy.subside_after_ms:
            cluster.has_alert = cluster.withheld = False

    def _judge(self, cluster: _Cluster, score: float, time: int, threshold_offset: float) -> None:
        """Open an alert, withhold the opening, or note the recovered score of an active alert."""
        growth = cluster.growth
        if cluster.has_alert:
            cluster.below_since = None if score >= self._fall_threshold(cluster) else cluster.below_since
        elif not growth.level(score):
            return
        elif score >= growth.threshold(threshold_offset):
            cluster.has_alert, cluster.below_since = True, None
            self._budget.spend(time)
        elif not cluster.withheld:
            cluster.withheld = True
            self.withheld += 1

    def _fall_threshold(self, cluster: _Cluster) -> float:
        """Return the fall threshold of level 1."""
        return fall_thresholds(cluster.growth.thresholds(), self._policy.hysteresis)[0]

    def _merge(self, merge: Merge, threshold_offset: float) -> None:
        absorbed = self._open.pop(merge.absorbed, None) or self._reopen(merge.absorbed, merge.time)
        if absorbed is None:
            return
        survivor = self._open.get(merge.survivor) or self._reopen(merge.survivor, merge.time)
        if survivor is None:
            self._add(merge.survivor, absorbed)
            return
        if merge.survivor not in self._open:
            self._add(merge.survivor, survivor)
        survivor.merge(absorbed)
        time = max(merge.time, survivor.last_share)
        self._judge(survivor, survivor.growth.score(time), time, threshold_offset)

    def _find(self, cluster_id: str, platform: str, time: int) -> _Cluster:
        """Return an open cluster as the most recently shared; reopen or create the cluster if needed."""
        cluster = self._open.get(cluster_id)
        if cluster is None:
            cluster = self._reopen(cluster_id, time) or _Cluster(platform, self._growth, self._sharers)
            cluster.last_share = max(cluster.last_share, time)
            self._add(cluster_id, cluster)
        self._open.move_to_end(cluster_id)
        return cluster

    def _add(self, cluster_id: str, cluster: _Cluster) -> None:
        """Add an open cluster and a timer; close the least recently shared cluster at the bound."""
        while len(self._open) >= self._max_clusters:
            oldest_id, oldest = next(iter(self._open.items()))
            self._close(oldest_id, oldest.last_share)
        self._open[cluster_id] = cluster
        heappush(self._timers, (self._due(cluster), cluster_id))
        if len(self._timers) > 2 * len(self._open) + _SPARE_TIMERS:
            self._timers = [(self._due(each), each_id) for each_id, each in self._open.items()]
            heapify(self._timers)

    def _due(self, cluster: _Cluster) -> int:
        return cluster.last_share + self._policy.close_after_ms

    def _advance(self, time: int) -> None:
        """Close clusters after the same silence as cascades, and forget expired closed clusters."""
        timers = self._timers
        while timers and timers[0][0] <= time:
            due, cluster_id = heappop(timers)
            cluster = self._open.get(cluster_id)
            if cluster is None:
                continue
            if self._due(cluster) > due:
                heappush(timers, (self._due(cluster), cluster_id))
            elif cluster.growth.quiet(due):
                self._close(cluster_id, due)
            else:
                heappush(timers, (due + self._policy.close_retry_ms, cluster_id))
        while self._closed and next(iter(self._closed.values())).until <= time:
            self._closed.popitem(last=False)

    def _close(self, cluster_id: str, time: int) -> None:
        cluster = self._open.pop(cluster_id)
        cluster.close(self._sharers, time + self._policy.closed_retention_ms)
        self._closed[cluster_id] = cluster
        if len(self._closed) > self._max_clusters:
            self._closed.popitem(last=False)

    def _reopen(self, cluster_id: str, time: int) -> _Cluster | None:
        """Remove a closed cluster and reopen the growth; None if the cluster is unknown or forgotten."""
        cluster = self._closed.pop(cluster_id, None)
        if cluster is None or cluster.until <= time:
            return None
        cluster.growth.reopen(time)
        return cluster
