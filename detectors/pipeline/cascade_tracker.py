"""Track everything observed of one cascade: counters, forward graph, distinct sharers, growth.

Observations are kept apart from decisions (`Cascade`): the tracker knows scores, and no level. A share costs O(depth of
the share), never O(size of the cascade).
"""

import msgspec

from detectors.alerting.cascade_snapshot import CascadeSnapshot, DataNotes
from detectors.growth import GrowthDetector, make_detector, rebuild_detector
from detectors.ordering.resolution import Resolution
from detectors.pipeline.cascade_state import CascadeState
from detectors.pipeline.cascade_stats import CascadeSettings, CascadeStats
from detectors.pipeline.rows import ClusterRow, CounterSummary, EdgeRow, WordingRow, edge_row, wording_row
from detectors.spread.edges import EdgeInference, EdgeSource, InferredEdge, recorded_edge
from detectors.spread.graph import ForwardGraph, Placement, node_id
from detectors.spread.recent_joins import WindowCounter
from detectors.spread.sharers import DistinctSharers, SharersConfig
from schemas.assignment import Assignment, Merge, Timeliness
from schemas.claim import NOTHING
from schemas.event import AccountStatus, Kind
from schemas.evidence import CascadeCounts, GrowthEvidence
from schemas.sighting import Sighting

# Read on every event; access to enum members is slow.
_EXPLICIT, _ORIGIN = EdgeSource.EXPLICIT, EdgeSource.ORIGIN
_ON_TIME = Timeliness.ON_TIME
_FORWARD = Kind.FORWARD
_DETECTORS = ("graph", "edges", "sharers", "chats", "wordings", "reporters", "recent", "growth")
_FORECAST_FIELDS = (
    "expected_further", "expected_low", "expected_high", "threshold_at_size", "reproduction_number",
    "reproduction_low", "reproduction_high", "exponent", "fresh_share",
)  # fmt: skip
_MAX_CATEGORY = 64  # characters of a report's category
_COMMENT_OWNER = ""  # in place of the sharer of a comment, which is no share


class ShareResult(msgspec.Struct, frozen=True, gc=False):
    """Outcome of one share: the analyst's rows, and the new score if a new sharer arrived on time."""

    edge: EdgeRow
    wording: WordingRow | None  # only for a wording that is new to the cascade
    score: float | None


class CascadeTracker:
    """Observed state of one cascade. Memory: some kB, then about 0.3 kB per message up to `graph.max_nodes`."""

    __slots__ = (
        "chats", "edges", "graph", "growth", "growth_config", "recent", "reporters", "settings", "sharers", "stats",
        "wordings",
    )  # fmt: skip

    def __init__(self, settings: CascadeSettings, stats: CascadeStats) -> None:
        self.settings = settings
        self.stats = stats
        self.graph = ForwardGraph(settings.graph)
        self.edges = None if settings.edges is None else EdgeInference(settings.edges)
        self.sharers = DistinctSharers(settings.sharers)
        sample = SharersConfig(capacity=settings.cascade.sample_size)
        self.chats, self.wordings, self.reporters = (DistinctSharers(sample) for _ in range(3))
        self.recent = WindowCounter(settings.recent)
        self.growth_config = settings.growth.on(stats.platform)
        self.growth = make_detector(self.growth_config)

    @property
    def size(self) -> float:
        """Distinct sharers, including those counted before the cascade closed."""
        return self.sharers.count + self.stats.before_closing

    def set_platform(self, platform: str) -> bool:
        """Record the platform of the first post; return True if the platform needs another growth detector."""
        self.stats.platform = platform
        config = self.settings.growth.on(platform)
        if config == self.growth_config:
            return False
        self.growth_config, self.growth = config, make_detector(config)
        return True

    def share(self, assignment: Assignment) -> ShareResult:
        """Apply a post, forward, quote or reply."""
        sighting, stats, edges = assignment.sighting, self.stats, self.edges
        stats.count_share(assignment, self.settings.cascade.max_platforms, self.settings.cascade.max_related)
        if sighting.chat is not None:
            stats.members += self.chats.add(sighting.chat, sighting.time) * (sighting.chat_size or 0)
        is_new_wording = self._add_wording(sighting)
        if assignment.reference_matches is not NOTHING:
            stats.add_matches(assignment.reference_matches, self.settings.cascade)
        edge = recorded_edge(sighting) if edges is None else edges.update(sighting, assignment.member_chats)
        message = node_id(sighting)
        sharer = sighting.actor or sighting.chat or message
        placement = self._add_message(sighting, message, edge)
        self._add_owner(message, sharer)
        score = self._add_sharer(sharer, sighting.time, assignment.timeliness)
        row = edge_row(assignment, edge, placement, sharer)
        return ShareResult(row, wording_row(assignment) if is_new_wording else None, score)

    def echo(self, assignment: Assignment) -> float | None:
        """Count the sharer and the chat of a share that belongs to a linked cluster; return the new score, if any."""
        sighting, stats = assignment.sighting, self.stats
        stats.echoes += 1
        stats.last_time = max(stats.last_time, sighting.time)
        stats.set_text(sighting.content, sighting.lang)
        stats.add_related(assignment.related, self.settings.cascade.max_related)
        if sighting.chat is not None:
            stats.members += self.chats.add(sighting.chat, sighting.time) * (sighting.chat_size or 0)
        return self._add_sharer(
            sighting.actor or sighting.chat or node_id(sighting), sighting.time, assignment.timeliness
        )

    def comment(self, assignment: Assignment) -> EdgeRow:
        """Count a quote with words of its own: a message of the graph, but no share, sharer or wording."""
        sighting, edges = assignment.sighting, self.edges
        self.stats.quotes += 1
        edge = recorded_edge(sighting) if edges is None else edges.update(sighting, assignment.member_chats)
        message = node_id(sighting)
        placement = self._add_message(sighting, message, edge)
        self._add_owner(message, _COMMENT_OWNER)
        return edge_row(assignment, edge, placement, sighting.actor or sighting.chat or message)

    def revise(self, assignment: Assignment) -> WordingRow | None:
        """Add new words of a counted post; return the row of a wording that is new to the cascade."""
        if assignment.reference_matches is not NOTHING:
            self.stats.add_matches(assignment.reference_matches, self.settings.cascade)
        return wording_row(assignment) if self._add_wording(assignment.sighting) else None

    def withdraw(self, sighting: Sighting) -> bool:
        """Take the share of a message back; return True if a sharer no longer counts.

        The message stays in the graph, marked as deleted, so its own deletion later changes nothing.
        """
        message = node_id(sighting)
        sharer = self.stats.owners.get(message)
        if not sharer or not self.graph.retract(message):
            return False
        self.stats.withdraw_share(sighting.platform)
        return self._subtract(self.sharers.remove(sharer))

    def apply_statement(self, sighting: Sighting) -> bool:
        """Apply a deletion, account state or report; return True if a sharer no longer counts."""
        message = sighting.message or sighting.parent or sighting.root or ""
        if sighting.kind is Kind.DELETE:
            return self._delete(message)
        if sighting.kind is Kind.REPORT and sighting.report is not None:
            self._report(sighting, sighting.report.category)
        elif sighting.kind is Kind.ACCOUNT_STATE and sighting.account_status is not AccountStatus.ACTIVE:
            return self._remove_account(sighting.actor or "")
        return False

    def merge(self, other: "CascadeTracker", merge: Merge) -> None:
        """Add the observations of an absorbed cascade: a common sharer counts once, all other counts add up."""
        growth = self._growth_of(other)
        chats = self.chats.count + other.chats.count
        duplicates = self.sharers.merge(other.sharers)
        self.chats.merge(other.chats)
        if chats:  # a common chat counts once, at the mean size
            self.stats.members = (self.stats.members + other.stats.members) * self.chats.count / chats
        self.wordings.merge(other.wordings)
        self.reporters.merge(other.reporters)
        self.growth.merge(growth, duplicates)
        self.graph.merge(other.graph)
        if self.edges is not None and other.edges is not None:
            self.edges.merge(other.edges)
        self.recent.merge(other.recent)
        for time, weight in duplicates:
            self.recent.add(time, -weight)
        self.stats.merge(other.stats, merge, self.settings.cascade, self.settings.graph.max_nodes)

    def evidence(
        self,
        time: int,
        level: int,
        trigger: str | None,
        counters: CounterSummary,
        *,
        threshold_offset: float,
        fall_threshold: float,
        lowered_at: int | None,
    ) -> CascadeSnapshot:
        """Collect the evidence for an alert.

        Args:
            time: event time of the alert in ms.
            level: level of the alert, 0 to 3.
            trigger: id of the event behind the alert; None for a timer.
            counters: the platforms' own counters.
            threshold_offset: levels added to the reported threshold by the alert budget.
            fall_threshold: score under which the active level falls.
            lowered_at: event time at which the level falls without further sharers; None if unknown.
        """
        stats = self.stats
        return CascadeSnapshot(
            cluster_id=stats.cluster_id,
            time=time,
            first_event=stats.first_event,
            trigger_event=trigger,
            aliases=tuple(stats.aliases),
            withheld=stats.withheld,
            counts=self._counts(time, counters),
            growth=self._growth_evidence(time, level, threshold_offset),
            structure=self.graph.shape(),
            fall_threshold=fall_threshold,
            lowered_at=lowered_at,
            text=stats.text_evidence(max(1, round(self.wordings.count))),
            content=stats.content_evidence(round(self.reporters.count)),
            related=stats.related_clusters(),
            first_sightings=stats.first_sighting_evidence(),
            notes=self._data_notes(),
        )

    def row(self, status: str, episode: int, counters: CounterSummary, merged_into: str | None = None) -> ClusterRow:
        """Summarise the cascade as a row of the clusters table."""
        stats, shape = self.stats, self.graph.shape()
        return ClusterRow(
            cluster_id=stats.cluster_id,
            status=status,
            merged_into=merged_into,
            first_time=stats.first_time,
            last_time=stats.last_time,
            first_event=stats.first_event,
            representative=stats.content.text,
            sha256=stats.content.sha256,
            lang=stats.lang,
            platform=stats.platform,
            sharers=self.size,
            posts=stats.posts,
            chats=round(self.chats.count),
            replies=stats.replies,
            quotes=stats.quotes,
            members=round(stats.members),
            wordings=round(self.wordings.count),
            level=stats.top_level,
            max_score=stats.max_score,
            episode=episode,
            nodes=shape.nodes,
            unseen=shape.unseen,
            trees=shape.trees,
            depth=shape.depth,
            max_breadth=shape.max_breadth,
            mean_depth=shape.mean_depth,
            structural_virality=shape.structural_virality,
            edge_coverage=shape.edge_coverage,
            debunks=len(stats.debunks),
            claims=stats.fact_checks,
            frame=stats.frame,
            related=",".join(f"{other.relation} {other.cluster_id}" for other in stats.related_clusters()),
            harm=None if stats.harm is None else stats.harm.category,
            reports=round(self.reporters.count),
            late=stats.late + stats.dropped_late,
            deleted=stats.deleted,
            views=counters.views,
            forwards=counters.forwards,
            views_rise=counters.views_rise,
            forwards_rise=counters.forwards_rise,
            counter_level=counters.level,
            first_sightings=stats.first_sighting_evidence(),
        )

    def snapshot(self) -> dict[str, bytes]:
        """Return the snapshot of each detector, by field of `CascadeState`."""
        detectors = {name: getattr(self, name) for name in _DETECTORS}
        return {name: b"" if detector is None else detector.snapshot() for name, detector in detectors.items()}

    def restore(self, state: CascadeState) -> None:
        """Restore every active detector; the constructor has received the stats."""
        for name in _DETECTORS:
            detector = getattr(self, name)
            if detector is not None:
                detector.restore(getattr(state, name))

    def _add_owner(self, message: str, sharer: str) -> None:
        if len(self.stats.owners) < self.settings.graph.max_nodes:
            self.stats.owners[message] = sharer

    def _add_wording(self, sighting: Sighting) -> bool:
        """Count the wording; return True if the wording is new to the cascade."""
        content = sighting.content
        if not content.fingerprint:
            return False
        self.stats.set_text(content, sighting.lang)
        return self.wordings.add(content.fingerprint, sighting.time) > 0

    def _add_message(self, sighting: Sighting, message: str, edge: InferredEdge) -> Placement:
        """Add the message to the graph, under the recorded parent.

        A reply belongs to the cascade for its own text, so its parent is kept only if the parent is in the graph.
        """
        origin = edge.source is _ORIGIN
        parent = edge.parent if origin or edge.source is _EXPLICIT else None
        if parent is not None and sighting.kind is Kind.REPLY and parent not in self.graph:
            parent = None
        return self.graph.add(
            message,
            parent,
            sighting.time,
            sighting.event_id,
            origin=origin,
            hops_min=sighting.hops_min,
            frequently_forwarded=sighting.frequently_forwarded,
            repost=sighting.kind is _FORWARD,
        )

    def _add_sharer(self, sharer: str, time: int, timeliness: Timeliness) -> float | None:
        """Count the sharer; return the new score if the sharer is new and on time."""
        weight = self.sharers.add(sharer, time)
        if timeliness is not _ON_TIME:
            self.stats.count_late(timeliness)
            if weight:
                self.growth.late(time, weight, dropped_late=timeliness is Timeliness.DROPPED_LATE)
        if not weight:
            return None
        self.recent.add(time, weight)
        return self.growth.update(time, weight) if timeliness is _ON_TIME else None

    def _delete(self, message: str) -> bool:
        if not self.graph.retract(message):
            return False
        sharer = self.stats.owners.get(message)
        if sharer == _COMMENT_OWNER:
            self.stats.quotes -= 1
            return False
        if sharer is None or not self.sharers.exact or self.sharers.posts_of(sharer):
            self.stats.deleted += 1  # otherwise the removal of the account has counted the post
        return sharer is not None and self._subtract(self.sharers.remove(sharer))

    def _remove_account(self, sharer: str) -> bool:
        self.stats.deleted += self.sharers.posts_of(sharer)
        return self._subtract(self.sharers.discard(sharer))

    def _subtract(self, first_share: tuple[int, float] | None) -> bool:
        """Subtract a removed sharer's first share from growth; return False if no sharer was removed."""
        if first_share is None:
            return False
        time, weight = first_share
        self.growth.retract(time, weight)
        self.recent.add(time, -weight)
        return True

    def _report(self, sighting: Sighting, category: str) -> None:
        """Count a user report once per reporter."""
        if self.reporters.add(sighting.actor or sighting.event_id, sighting.time):
            self.stats.count_report(category[:_MAX_CATEGORY], self.settings.cascade.max_debunks)

    def _growth_of(self, other: "CascadeTracker") -> GrowthDetector:
        """Return the growth of `other` under the tracker's own settings, rebuilt from the sharers if needed."""
        if other.growth_config == self.growth_config:
            return other.growth
        return rebuild_detector(self.growth_config, other.sharers.firsts(), other.stats.before_closing)

    def _counts(self, time: int, counters: CounterSummary) -> CascadeCounts:
        stats = self.stats
        recent, previous = self.recent.counts(time)
        return CascadeCounts(
            sharers=self.size,
            posts=stats.posts,
            chats=round(self.chats.count),
            first_time=stats.first_time,
            last_time=stats.last_time,
            recent_window=self.settings.recent.window_ms,
            recent_sharers=round(recent),
            previous_sharers=round(previous),
            platforms=tuple(sorted(stats.platforms.items())),
            replies=stats.replies,
            quotes=stats.quotes,
            members=round(stats.members) or None,
            views=counters.views,
            forwards=counters.forwards,
        )

    def _growth_evidence(self, time: int, level: int, threshold_offset: float) -> GrowthEvidence:
        """Explain the growth; without a forecast if the times are too coarse for a speed."""
        growth = self.growth.explain(time, level, threshold_offset)
        if self.stats.resolution < Resolution.HOUR:
            return growth
        return msgspec.structs.replace(growth, **dict.fromkeys(_FORECAST_FIELDS))

    def _data_notes(self) -> DataNotes:
        stats, tally = self.stats, self.graph.tally
        return DataNotes(
            late=stats.late + stats.dropped_late,
            corrected=stats.corrected,
            ahead=stats.ahead,
            catching_up=stats.catching_up,
            resolution=stats.resolution,
            deleted=stats.deleted,
            merged_at=tuple(stats.merged_at),
            unseen=tally.unseen,
            sampled=not self.sharers.exact,
            busy_sharers=round(self.sharers.heavy),
            capped=tally.capped,
            overflow=tally.overflow,
            before_closing=stats.before_closing,
            fields=msgspec.structs.replace(stats.fields),
            echoes=stats.echoes,
        )
