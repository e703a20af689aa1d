"""Count what happens in one cascade: posts, platforms, methods, fact-checks, reports; within fixed bounds.

The counters complete the state of the cascade's detectors: an alert and a table row quote both.
"""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from detectors.alerting.config import PolicyConfig
from detectors.base_config import BaseConfig
from detectors.growth import GrowthConfig
from detectors.growth.counters import CounterConfig
from detectors.ordering.resolution import PlatformTimes, Resolution
from detectors.reading.profile import FieldCounts
from detectors.spread.edges import EdgeConfig
from detectors.spread.first_sightings import FirstSightings
from detectors.spread.graph import GraphConfig
from detectors.spread.recent_joins import WindowConfig
from detectors.spread.sharers import SharersConfig
from schemas.assignment import Assignment, Frame, Merge, RelatedCluster, Relation, Role, Timeliness
from schemas.claim import ClaimMatch, HarmSuggestion, Nearness, ReferenceMatches
from schemas.event import Debunk, Kind, Media
from schemas.evidence import ContentEvidence, FirstSighting, TextEvidence
from schemas.sighting import Sighting, TextContent

OTHER_PLATFORMS = "other"
_FINE = Resolution.FINE
_REPLY = Kind.REPLY  # read on every share; access to enum members is slow


class CascadeConfig(BaseConfig, frozen=True, kw_only=True):
    """Bounds on one cascade, and on the number of cascades."""

    sample_size: Annotated[
        int,
        Meta(
            ge=1,
            description="Distinct chats, wordings and reporters of one cascade counted exactly; beyond, a sample "
            "estimates.",
        ),
    ] = 1024
    max_counters: Annotated[
        int, Meta(ge=1, description="Messages of one cascade whose view and forward counters are kept at most.")
    ] = 4096
    max_debunks: Annotated[
        int, Meta(ge=1, description="Fact-checks, and separately report categories, kept per cascade at most.")
    ] = 16
    max_platforms: Annotated[
        int,
        Meta(ge=1, description="Platforms counted separately per cascade; posts on further platforms share a count."),
    ] = 64
    max_aliases: Annotated[
        int, Meta(ge=1, description="Ids of merged clusters that the alerts of a cascade list at most.")
    ] = 256
    max_related: Annotated[int, Meta(ge=1, description="Linked clusters that an alert of a cascade names at most.")] = (
        16
    )
    max_cascades: Annotated[
        int, Meta(ge=1, description="Open cascades at most; beyond, the least recently active is evicted.")
    ] = 200_000
    max_closed: Annotated[
        int, Meta(ge=1, description="Closed cascades remembered at most, to continue their counts on return.")
    ] = 200_000


class CascadeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The sections of the settings that build one cascade."""

    cascade: CascadeConfig
    graph: GraphConfig
    edges: EdgeConfig | None  # None: infer no edges; no alert depends on an inferred edge
    sharers: SharersConfig
    recent: WindowConfig
    growth: GrowthConfig
    counters: CounterConfig
    policy: PolicyConfig


class CascadeStats(msgspec.Struct, kw_only=True):
    """Counters of one cascade, its first event, its representative text, and the outcome of past scores."""

    cluster_id: str
    first_event: str
    first_time: int
    last_time: int
    content: TextContent
    lang: str | None = None
    media: tuple[Media, ...] = ()
    platform: str | None = None  # of the first post; selects the growth settings
    posts: int = 0
    replies: int = 0
    quotes: int = 0  # with words of their own; not among the posts
    members: float = 0.0  # of the distinct chats, where the events give the size
    late: int = 0
    dropped_late: int = 0
    deleted: int = 0
    corrected: int = 0  # posts whose claimed time was replaced by the time of observation
    ahead: int = 0  # posts held back, because later events contradicted their time
    catching_up: int = 0  # posts read by a listener that was behind
    times: dict[str, PlatformTimes] = {}  # by platform: the grid of the times of its posts
    before_closing: float = 0.0  # sharers counted before the cascade closed and reopened
    max_score: float = 0.0
    withheld: bool = False  # over the base threshold but below the budget's, and not opened since
    threshold_offset: float = 0.0  # levels, from the alert budget, as of the last event without an active level
    top_level: int = 0
    frame: Frame | None = None  # the words of the newest share are those of a frame
    is_silent: bool = False  # the newest share belongs to a frame, or counts elsewhere: no alert
    echoes: int = 0  # posts of linked clusters whose sharers count here
    related: dict[str, Relation] = {}  # linked clusters
    aliases: list[str] = []
    merged_at: list[int] = []
    platforms: dict[str, int] = {}
    first_sightings: FirstSightings = msgspec.field(default_factory=FirstSightings)  # not of `OTHER_PLATFORMS`
    methods: dict[str, int] = {}
    variants: dict[str, int] = {}
    report_categories: dict[str, int] = {}
    debunks: list[Debunk] = []
    claims: list[ClaimMatch] = []  # each claim once, with the similarity of its nearest wording
    harm: HarmSuggestion | None = None  # the harm example nearest to any wording
    fields: FieldCounts = msgspec.field(default_factory=FieldCounts)  # filled by the shares
    owners: dict[str, str] = {}  # message -> sharer: a deletion subtracts the sharer's post

    @classmethod
    def create(cls, first: Assignment) -> "CascadeStats":
        """Create the stats of a cascade from the first assignment, without counting the assignment.

        The words of a comment are not the rumour's, so the first share gives the text.
        """
        sighting = first.sighting
        return cls(
            cluster_id=first.cluster_id,
            first_event=sighting.event_id,
            first_time=sighting.time,
            last_time=sighting.time,
            content=TextContent() if first.role is Role.COMMENT else sighting.content,
            lang=sighting.lang,
            media=sighting.media,
        )

    @property
    def fact_checks(self) -> int:
        """Number of repeated checked claims, without mere resemblances, for which a reviewer decides."""
        return sum(claim.nearness is Nearness.MATCH for claim in self.claims)

    def count_share(self, assignment: Assignment, max_platforms: int, max_related: int) -> None:
        """Count a post, forward, quote or reply; platforms past `max_platforms` count as `OTHER_PLATFORMS`."""
        sighting = assignment.sighting
        self.frame = assignment.frame
        self.is_silent = assignment.is_frame or assignment.counts_in is not None
        if assignment.related:
            self.add_related(assignment.related, max_related)
        if not self.posts:  # a statement before the first post does not start the cascade
            self.first_time = self.last_time = sighting.time
        elif sighting.time > self.last_time:
            self.last_time = sighting.time
        elif sighting.time < self.first_time:
            self.first_time = sighting.time
        self.posts += 1
        self.fields.add(sighting)
        if sighting.kind is _REPLY:
            self.replies += 1
        self.methods[assignment.method] = self.methods.get(assignment.method, 0) + 1
        platform = sighting.platform
        if platform in self.platforms:
            self.first_sightings.update(platform, assignment)
        elif len(self.platforms) < max_platforms:
            self.first_sightings.start(platform, assignment)
        else:
            platform = OTHER_PLATFORMS
        self.platforms[platform] = self.platforms.get(platform, 0) + 1
        self._count_time(sighting, platform)
        for variant in assignment.variants:
            self.variants[variant] = self.variants.get(variant, 0) + 1

    def add_related(self, related: Iterable[RelatedCluster], max_related: int) -> None:
        """Keep linked clusters, at most `max_related`."""
        for other in related:
            if other.cluster_id in self.related or len(self.related) < max_related:
                self.related[other.cluster_id] = other.relation

    def related_clusters(self) -> tuple[RelatedCluster, ...]:
        """Return the linked clusters in the order of their first common share, without the cascade's own ids."""
        own = {self.cluster_id, *self.aliases}
        return tuple(RelatedCluster(id_, relation) for id_, relation in self.related.items() if id_ not in own)

    @property
    def resolution(self) -> Resolution:
        """Coarseness of the times of the platform with at least half of the posts."""
        if len(self.times) == 1:
            return next(iter(self.times.values())).resolution
        return max((each.resolution for each in self.times.values() if 2 * each.posts >= self.posts), default=_FINE)

    def withdraw_share(self, platform: str) -> None:
        """Take a post back that is a part of a post counted as another message."""
        self.posts -= 1
        counted = platform if platform in self.platforms else OTHER_PLATFORMS
        self.platforms[counted] = self.platforms.get(counted, 1) - 1
        if not self.platforms[counted]:
            del self.platforms[counted]
            self.first_sightings.drop(counted)

    def count_late(self, timeliness: Timeliness) -> None:
        """Count a share behind the watermark as late or as dropped late."""
        if timeliness is Timeliness.DROPPED_LATE:
            self.dropped_late += 1
        else:
            self.late += 1

    def count_report(self, category: str, max_categories: int) -> None:
        """Count a user report by category; new categories past `max_categories` are ignored."""
        categories = self.report_categories
        if category in categories or len(categories) < max_categories:
            categories[category] = categories.get(category, 0) + 1

    def set_text(self, content: TextContent, lang: str | None) -> None:
        """Use `content` as the representative text, unless the cascade already has a text with words."""
        if not self.content.fingerprint:
            self.content, self.lang = content, lang

    def add_debunk(self, debunk: Debunk, bounds: CascadeConfig) -> bool:
        """Keep a fact-check; return True if the fact-check is new and below the bound."""
        if debunk in self.debunks or len(self.debunks) >= bounds.max_debunks:
            return False
        self.debunks.append(debunk)
        return True

    def add_matches(self, matches: ReferenceMatches, bounds: CascadeConfig) -> None:
        """Keep the reference matches of a new wording: per claim the nearest, matches before suggestions."""
        if matches.claims:
            farthest_first = sorted((*self.claims, *matches.claims), key=_claim_rank, reverse=True)
            nearest = {claim.claim_id: claim for claim in farthest_first}
            self.claims = sorted(nearest.values(), key=_claim_rank)[: bounds.max_debunks]
        if matches.harm is not None and (self.harm is None or _harm_rank(matches.harm) > _harm_rank(self.harm)):
            self.harm = matches.harm

    def merge(self, other: "CascadeStats", merge: Merge, bounds: CascadeConfig, max_owners: int) -> None:
        """Add the stats of an absorbed cascade; `other` must not be used afterwards."""
        self.aliases = [*self.aliases, merge.absorbed, *other.aliases][: bounds.max_aliases]
        added = [] if merge.same_post else [merge.time]
        self.merged_at = sorted([*self.merged_at, *other.merged_at, *added])[-bounds.max_aliases :]
        self._merge_times(other)
        self._merge_outcomes(other)
        self.add_related(other.related_clusters(), bounds.max_related)
        for name in (
            "posts",
            "replies",
            "quotes",
            "late",
            "dropped_late",
            "deleted",
            "before_closing",
            "echoes",
            "corrected",
            "ahead",
            "catching_up",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.fields.merge(other.fields)
        for name in ("methods", "variants"):
            add_counts(getattr(self, name), getattr(other, name))
        add_counts(self.platforms, other.platforms, bounds.max_platforms)
        self.first_sightings.merge(other.first_sightings, merge, self.platforms)
        for platform, times in other.times.items():
            self._times_of(platform if platform in self.platforms else OTHER_PLATFORMS).merge(times)
        add_counts(self.report_categories, other.report_categories, bounds.max_debunks)
        self.owners = _merge_owners(self.owners, other.owners, max_owners)
        new = [debunk for debunk in other.debunks if debunk not in self.debunks]
        self.debunks = (self.debunks + new)[: bounds.max_debunks]
        self.add_matches(ReferenceMatches(tuple(other.claims), other.harm), bounds)
        self.set_text(other.content, other.lang)

    def text_evidence(self, wordings: int) -> TextEvidence:
        """Build an alert's evidence about the text, for a cascade of `wordings` distinct wordings."""
        return TextEvidence(
            representative=self.content.text,
            sha256=self.content.sha256,
            fingerprint=self.content.fingerprint,
            lang=self.lang,
            urls=self.content.urls,
            media_sha256=tuple(media.sha256 for media in self.media),
            wordings=wordings,
            methods=tuple(sorted(self.methods.items())),
            variants=tuple(sorted(self.variants.items())),
        )

    def content_evidence(self, reports: int) -> ContentEvidence:
        """Build an alert's evidence about the content, for `reports` distinct reporters."""
        return ContentEvidence(
            debunks=tuple(self.debunks),
            reports=reports,
            report_categories=tuple(sorted(self.report_categories.items())),
            claims=tuple(self.claims),
            harm=self.harm,
        )

    def first_sighting_evidence(self) -> tuple[FirstSighting, ...]:
        """Return the first share on each platform, in order of time."""
        units = {platform: times.resolution.unit_ms for platform, times in self.times.items()}
        return self.first_sightings.evidence(self.first_time, units)

    def _count_time(self, sighting: Sighting, platform: str) -> None:
        """Note the event time of a share, and how it was decided."""
        self._times_of(platform).add(sighting.time)
        if sighting.replaced is not None:
            self.corrected += 1
        elif sighting.catching_up:
            self.catching_up += 1
        if sighting.ahead:
            self.ahead += 1

    def _times_of(self, platform: str) -> PlatformTimes:
        times = self.times.get(platform)
        if times is None:
            times = self.times[platform] = PlatformTimes()
        return times

    def _merge_times(self, other: "CascadeStats") -> None:
        """Extend first and last time; a cascade without posts, with only a fact-check, has neither."""
        if other.posts:
            self.first_time = min(self.first_time, other.first_time) if self.posts else other.first_time
            self.last_time = max(self.last_time, other.last_time) if self.posts else other.last_time

    def _merge_outcomes(self, other: "CascadeStats") -> None:
        self.max_score = max(self.max_score, other.max_score)
        self.top_level = max(self.top_level, other.top_level)
        self.withheld = self.withheld or other.withheld


def add_counts(into: dict[str, int], other: dict[str, int], max_names: int | None = None) -> None:
    """Add the counts of `other` in place; new names only while `into` has fewer than `max_names`."""
    for name, count in other.items():
        if max_names is None or name in into or len(into) < max_names:
            into[name] = into.get(name, 0) + count


def _merge_owners(mine: dict[str, str], theirs: dict[str, str], max_owners: int) -> dict[str, str]:
    """Merge into the larger table, of up to 100,000 messages; only the smaller table is walked."""
    smaller, larger = sorted((mine, theirs), key=len)
    for message, sharer in smaller.items():
        if message in larger:
            larger[message] = mine[message]
        elif len(larger) < max_owners:
            larger[message] = sharer
    return larger


def _claim_rank(claim: ClaimMatch) -> tuple[bool, float, str]:
    """Rank matches before suggestions, then by similarity."""
    return claim.nearness is not Nearness.MATCH, -claim.similarity, claim.claim_id


def _harm_rank(harm: HarmSuggestion) -> tuple[float, str, str]:
    return harm.score, harm.category, harm.example
