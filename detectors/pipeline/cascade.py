"""One cascade: everything that is known about one cluster's spread, and what it says aloud.

It joins the steps that follow a single cluster (forward graph, distinct sharers, growth, policy) and gathers the
evidence when the policy speaks. A share costs O(depth of the share), never O(size of the cascade).
"""

from collections.abc import Sequence
from math import inf

import msgspec

from detectors.alerting.policy import AlertPolicy
from detectors.alerting.transition import Transition
from detectors.growth import GrowthDetector, make_detector, rebuild_detector
from detectors.pipeline.cascade_stats import OTHER_PLATFORMS, CascadeSettings, CascadeStats
from detectors.pipeline.rows import ClusterRow, EdgeRow, WordingRow
from detectors.spread.edges import EdgeInference, EdgeSource, InferredEdge, recorded_edge
from detectors.spread.graph import ForwardGraph, Placement, node_id
from detectors.spread.recent_joins import WindowCounter
from detectors.spread.sharers import DistinctSharers, SharersConfig
from schemas.assignment import Assignment, Merge, Timeliness
from schemas.claim import NOTHING
from schemas.event import AccountStatus, Counters, Kind
from schemas.sighting import Sighting

# Read on every event, and an enum's members are slow to look up.
_EXPLICIT, _ORIGIN = EdgeSource.EXPLICIT, EdgeSource.ORIGIN
_ON_TIME = Timeliness.ON_TIME
_STEPS = ("graph", "edges", "sharers", "chats", "wordings", "reporters", "recent", "growth", "policy")


class CascadeState(msgspec.Struct, frozen=True, array_like=True):
    """A cascade's snapshot: the facts, then each step's own."""

    facts: CascadeStats
    graph: bytes
    edges: bytes
    sharers: bytes
    chats: bytes
    wordings: bytes
    reporters: bytes
    recent: bytes
    growth: bytes
    policy: bytes


class Cascade:
    """Follows one cluster. Memory: some kilobytes, then about 0.3 kB per message up to `graph.max_nodes`."""

    __slots__ = (
        "chats", "edges", "facts", "graph", "growth", "growth_config", "parts", "policy", "recent", "reporters",
        "sharers", "timer_at", "wordings",
    )  # fmt: skip

    def __init__(self, parts: CascadeSettings, facts: CascadeStats) -> None:
        self.parts = parts
        self.facts = facts
        self._make_steps()

    @classmethod
    def founded(cls, parts: CascadeSettings, founder: Assignment) -> "Cascade":
        """Begin with a cluster's first sighting, which is still to be applied."""
        sighting = founder.sighting
        facts = CascadeStats(
            cluster_id=founder.cluster_id,
            first_event=sighting.event_id,
            first_time=sighting.time,
            last_time=sighting.time,
            content=sighting.content,
            lang=sighting.lang,
            media=sighting.media,
        )
        return cls(parts, facts)

    def _make_steps(self) -> None:
        parts = self.parts
        self.graph = ForwardGraph(parts.graph)
        self.edges = None if parts.edges is None else EdgeInference(parts.edges)
        self.sharers = DistinctSharers(parts.sharers)
        sample = SharersConfig(capacity=parts.cascade.sample_size)
        self.chats, self.wordings, self.reporters = (DistinctSharers(sample) for _ in range(3))
        self.recent = WindowCounter(parts.recent)
        self._make_judges()
        self.timer_at: int | None = None

    def _make_judges(self) -> None:
        config = self.growth_config = self.parts.growth.on(self.facts.platform)
        self.growth = make_detector(config)
        self.policy = AlertPolicy(self.parts.policy, self.growth.levels(), config.target_size, config.min_sharers)

    def _begin_on(self, platform: str) -> None:
        """The first post says by whose settings the cascade is judged; what was known before it stays known."""
        self.facts.platform = platform
        if self.parts.growth.on(platform) != self.growth_config:
            before = self.policy
            self._make_judges()
            self.policy.merge(before)

    @property
    def size(self) -> float:
        """Distinct sharers, those from before a closing among them."""
        return self.sharers.count + self.facts.before_closing

    def share(self, assignment: Assignment) -> tuple[Sequence[Transition], EdgeRow, WordingRow | None]:
        """Apply a post, forward, quote or reply; give what is to be said and the analyst's rows."""
        sighting = assignment.sighting
        novel = self._count(assignment, sighting)
        if assignment.reference_matches is not NOTHING:
            self.facts.recognise(assignment.reference_matches, self.parts.cascade)
        edges = self.edges
        edge = recorded_edge(sighting) if edges is None else edges.update(sighting, assignment.member_chats)
        message = node_id(sighting)
        sharer = sighting.actor or sighting.chat or message
        placed = self._link(sighting, message, edge)
        if len(self.facts.owners) < self.parts.graph.max_nodes:
            self.facts.owners[message] = sharer
        said = self._join(sharer, sighting.time, assignment.timeliness, assignment.threshold_offset)
        return said, _edge_row(assignment, edge, placed, sharer), _wording_row(assignment) if novel else None

    def _link(self, sighting: Sighting, message: str, edge: InferredEdge) -> Placement:
        """Put the message into the graph, under its parent if that is recorded and belongs to this cascade.

        A reply is here for its own text: what it answers is another cluster's message, unless it is seen here too.
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
        )

    def _count(self, assignment: Assignment, sighting: Sighting) -> bool:
        """Count a share; tell whether its wording is new to the cascade."""
        facts = self.facts
        content = sighting.content
        if not facts.posts:  # what is said of a message before it is seen is not its beginning
            facts.first_time = facts.last_time = sighting.time
            self._begin_on(sighting.platform)
        elif sighting.time > facts.last_time:
            facts.last_time = sighting.time
        elif sighting.time < facts.first_time:
            facts.first_time = sighting.time
        facts.posts += 1
        if sighting.kind is Kind.REPLY:
            facts.replies += 1
        facts.methods[assignment.method] = facts.methods.get(assignment.method, 0) + 1
        platforms = facts.platforms
        platform = sighting.platform
        if platform not in platforms and len(platforms) >= self.parts.cascade.max_platforms:
            platform = OTHER_PLATFORMS
        platforms[platform] = platforms.get(platform, 0) + 1
        for variant in assignment.variants:
            facts.variants[variant] = facts.variants.get(variant, 0) + 1
        if sighting.chat is not None:
            self.chats.add(sighting.chat, sighting.time)
        if not content.fingerprint:
            return False
        if not facts.content.fingerprint:
            facts.content, facts.lang = content, sighting.lang
        return self.wordings.add(content.fingerprint, sighting.time) > 0

    def _join(self, sharer: str, time: int, timeliness: Timeliness, threshold_offset: float) -> Sequence[Transition]:
        weight = self.sharers.add(sharer, time)
        if timeliness is not _ON_TIME:
            self._join_late(time, weight, dropped_late=timeliness is Timeliness.DROPPED_LATE)
            return ()
        if not weight:
            self.policy.touch(time)
            return ()
        self.recent.add(time, weight)
        return self.judge(time, self.growth.update(time, weight), threshold_offset)

    def _join_late(self, time: int, weight: float, *, dropped_late: bool) -> None:
        self.facts.late += not dropped_late
        self.facts.dropped_late += dropped_late
        self.policy.touch(time)
        if weight:
            self.growth.late(time, weight, dropped_late=dropped_late)
            self.recent.add(time, weight)

    def judge(self, time: int, score: float, threshold_offset: float) -> Sequence[Transition]:
        """Ask the policy what this score says, at an event's time.

        Where the budget of alerts has raised the limit, a score under it opens nothing; one that stands stays.
        """
        facts = self.facts
        facts.max_score = max(facts.max_score, score)
        if not self.policy.level:
            facts.threshold_offset = threshold_offset
            if threshold_offset and score < self.growth.threshold(threshold_offset):
                facts.withheld = facts.withheld or self.growth.level(score) > 0
                score = -inf
        transitions = self.policy.update(time, score, self.size, len(facts.debunks) + self._repeated())
        for transition in transitions:
            facts.top_level = max(facts.top_level, transition.level)
            facts.withheld = facts.withheld and not transition.level
        return transitions

    def _repeated(self) -> int:
        """Checked claims that are worth a notification of their own; a text that hardly anybody shares is not."""
        facts = self.facts
        return facts.fact_checks if facts.claims and self.size >= self.growth_config.min_sharers else 0

    def state(self, assignment: Assignment) -> Sequence[Transition]:
        """Apply what is said about a message: a counter, a deletion, an account's end, a report, a debunk."""
        sighting = assignment.sighting
        if not self.facts.posts:
            self.policy.touch(sighting.time)
        if sighting.kind is Kind.DEBUNK:
            return self._debunk(sighting, assignment.timeliness, assignment.threshold_offset)
        if sighting.kind is Kind.DELETE:
            self._delete(sighting.message or sighting.parent or sighting.root or "", sighting.time)
        elif sighting.kind is Kind.COUNTER and sighting.counters is not None:
            self._observe(sighting.message or sighting.parent or sighting.root or "", sighting.counters)
        elif sighting.kind is Kind.REPORT and sighting.report is not None:
            self._report(sighting)
        elif sighting.kind is Kind.ACCOUNT_STATE and sighting.account_status is not AccountStatus.ACTIVE:
            self._retract(sighting.actor or "", sighting.time, every_post=True)
        return ()

    def _debunk(self, sighting: Sighting, timeliness: Timeliness, threshold_offset: float) -> Sequence[Transition]:
        news = sighting.debunk is not None and self.facts.know(sighting.debunk, self.parts.cascade)
        if not news or timeliness is not Timeliness.ON_TIME or not self.facts.posts:
            return ()
        return self.judge(sighting.time, self.growth.score(sighting.time), threshold_offset)

    def _delete(self, message: str, now: int) -> None:
        if not self.graph.retract(message):
            return
        sharer = self.facts.owners.get(message)
        if sharer is None or not self.sharers.exact or self.sharers.posts_of(sharer):
            self.facts.deleted += 1  # otherwise it went with its account, and was counted then
        if sharer is not None:
            self._retract(sharer, now, every_post=False)

    def _retract(self, sharer: str, now: int, *, every_post: bool) -> None:
        if every_post:
            self.facts.deleted += self.sharers.posts_of(sharer)
        removed = self.sharers.discard(sharer) if every_post else self.sharers.remove(sharer)
        if removed is not None:
            time, weight = removed
            self.growth.retract(time, weight)
            self.recent.add(time, -weight)
            self.policy.advance_check(now)

    def _observe(self, message: str, counters: Counters) -> None:
        seen = self.facts.counters
        if message not in seen and len(seen) >= self.parts.cascade.max_counters:
            return
        views, forwards = seen.get(message, (0, 0))
        seen[message] = (max(views, counters.views or 0), max(forwards, counters.forwards or 0))

    def _report(self, sighting: Sighting) -> None:
        reporter = sighting.actor or sighting.event_id
        if self.reporters.add(reporter, sighting.time) and sighting.report is not None:
            categories = self.facts.report_categories
            category = sighting.report.category[:64]
            if category in categories or len(categories) < self.parts.cascade.max_debunks:
                categories[category] = categories.get(category, 0) + 1

    def merge(self, other: "Cascade", merge: Merge) -> Sequence[Transition]:
        """Take in another cascade's state: sharers count once, everything else adds up; the policy looks once more."""
        if not self.facts.posts and other.facts.platform is not None:
            self._begin_on(other.facts.platform)
        growth = self._growth_of(other)
        duplicates = self.sharers.merge(other.sharers)
        for mine, theirs in (
            (self.chats, other.chats),
            (self.wordings, other.wordings),
            (self.reporters, other.reporters),
        ):
            mine.merge(theirs)
        self.growth.merge(growth, duplicates)
        self.graph.merge(other.graph)
        if self.edges is not None and other.edges is not None:
            self.edges.merge(other.edges)
        self.recent.merge(other.recent)
        for time, weight in duplicates:
            self.recent.add(time, -weight)
        self.facts.absorb(other.facts, merge, self.parts.cascade, self.parts.graph.max_nodes)
        self.policy.merge(other.policy)
        if not self.facts.posts:
            return ()
        time = max(merge.time, self.facts.last_time)
        return self.judge(time, self.growth.score(time), merge.threshold_offset)

    def _growth_of(self, other: "Cascade") -> GrowthDetector:
        """Another cascade's growth as this one's settings see it: from its sharers again, where it had others."""
        if other.growth_config == self.growth_config:
            return other.growth
        return rebuild_detector(self.growth_config, other.sharers.firsts(), other.facts.before_closing)

    def row(self, status: str, merged_into: str | None = None) -> ClusterRow:
        """Sum the cascade up as a row of the analyst's table."""
        facts, shape = self.facts, self.graph.shape()
        return ClusterRow(
            cluster_id=facts.cluster_id,
            status=status,
            merged_into=merged_into,
            first_time=facts.first_time,
            last_time=facts.last_time,
            first_event=facts.first_event,
            representative=facts.content.text,
            sha256=facts.content.sha256,
            lang=facts.lang,
            platform=facts.platform,
            sharers=self.size,
            posts=facts.posts,
            chats=round(self.chats.count),
            replies=facts.replies,
            wordings=round(self.wordings.count),
            level=facts.top_level,
            max_score=facts.max_score,
            episode=self.policy.episode,
            nodes=shape.nodes,
            unseen=shape.unseen,
            trees=shape.trees,
            depth=shape.depth,
            max_breadth=shape.max_breadth,
            mean_depth=shape.mean_depth,
            structural_virality=shape.structural_virality,
            edge_coverage=shape.edge_coverage,
            debunks=len(facts.debunks),
            claims=facts.fact_checks,
            harm=None if facts.harm is None else facts.harm.category,
            reports=round(self.reporters.count),
            late=facts.late + facts.dropped_late,
            deleted=facts.deleted,
        )

    def snapshot(self) -> CascadeState:
        """Everything that the cascade knows."""
        steps = [getattr(self, name) for name in _STEPS]
        return CascadeState(self.facts, *(b"" if step is None else step.snapshot() for step in steps))

    @classmethod
    def restored(cls, parts: CascadeSettings, saved: CascadeState) -> "Cascade":
        """Build the cascade that `snapshot` described."""
        cascade = cls(parts, saved.facts)
        for name in _STEPS:
            step = getattr(cascade, name)
            if step is not None:
                step.restore(getattr(saved, name))
        return cascade


def _edge_row(assignment: Assignment, edge: InferredEdge, placed: Placement, sharer: str) -> EdgeRow:
    """One share as a row of the analyst's table."""
    sighting, suggestion = assignment.sighting, assignment.suggestion
    return EdgeRow(
        cluster_id=assignment.cluster_id,
        time=sighting.time,
        event_id=sighting.event_id,
        kind=sighting.kind,
        platform=sighting.platform,
        message=edge.child,
        parent=edge.parent,
        source=edge.source,
        confidence=edge.confidence,
        placed=placed,
        sharer=sharer,
        chat=sighting.chat,
        fingerprint=sighting.content.fingerprint,
        method=assignment.method,
        similarity=assignment.similarity,
        variants=",".join(assignment.variants),
        timeliness=assignment.timeliness,
        suggestion=None if suggestion is None else suggestion.cluster_id,
        suggestion_similarity=None if suggestion is None else suggestion.similarity,
    )


def _wording_row(assignment: Assignment) -> WordingRow:
    """A wording where it was first seen."""
    sighting = assignment.sighting
    return WordingRow(
        cluster_id=assignment.cluster_id,
        time=sighting.time,
        event_id=sighting.event_id,
        fingerprint=sighting.content.fingerprint,
        text=sighting.content.text,
        lang=sighting.lang,
        method=assignment.method,
        similarity=assignment.similarity,
        variants=",".join(assignment.variants),
    )


__all__ = ["Cascade", "CascadeState"]
