"""What is counted about one cascade beside its detectors' own state, and the bounds on it."""

import msgspec

from detectors.alerting.evidence import EvidenceConfig
from detectors.alerting.policy import PolicyConfig
from detectors.growth import GrowthConfig
from detectors.spread.edges import EdgeConfig
from detectors.spread.graph import GraphConfig
from detectors.spread.recent_joins import WindowConfig
from detectors.spread.sharers import SharersConfig
from schemas.assignment import Merge
from schemas.claim import ClaimMatch, HarmSuggestion, Nearness, ReferenceMatches
from schemas.event import Debunk, Media
from schemas.sighting import TextContent

OTHER_PLATFORMS = "other"


class CascadeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one cascade and of all of them."""

    sample_size: int = 1024  # distinct chats, wordings and reporters known one by one; above it, a sample
    max_counters: int = 4096  # messages whose platform counters are remembered
    max_debunks: int = 16  # fact-checks, and categories of reports, that are kept
    max_platforms: int = 64  # told apart; the posts of further ones count together
    max_aliases: int = 256  # ids of merged clusters that its alerts carry
    max_cascades: int = 200_000  # alive at once; beyond it the least recently active is evicted
    max_closed: int = 200_000  # remembered after closing, so that they count on when they come back

    def __post_init__(self) -> None:
        """Refuse bounds that hold nothing."""
        for name in self.__struct_fields__:
            if getattr(self, name) < 1:
                raise ValueError(
                    f"cascade.{name} must be positive; got {getattr(self, name)}; leave it out for the default"
                )


class CascadeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The configurations that one cascade is made from."""

    cascade: CascadeConfig
    graph: GraphConfig
    edges: EdgeConfig | None  # None where no table of edges is wanted: no alert needs an inferred one
    sharers: SharersConfig
    recent: WindowConfig
    growth: GrowthConfig
    policy: PolicyConfig
    evidence: EvidenceConfig


class CascadeStats(msgspec.Struct, kw_only=True):
    """What is counted about a cascade beside its detectors' own state."""

    cluster_id: str
    first_event: str
    first_time: int
    last_time: int
    content: TextContent
    lang: str | None = None
    media: tuple[Media, ...] = ()
    platform: str | None = None  # of its first post, which decides by whose settings it is judged
    posts: int = 0
    replies: int = 0
    late: int = 0
    dropped_late: int = 0
    deleted: int = 0
    before_closing: float = 0.0  # sharers counted before the cascade closed and came back
    max_score: float = 0.0
    withheld: bool = False  # it reached the limit when the budget asked for more, and opened nothing since
    threshold_offset: float = 0.0  # levels by which the budget of alerts had raised the limit when no level stood last
    top_level: int = 0
    aliases: list[str] = []
    merged_at: list[int] = []
    platforms: dict[str, int] = {}
    methods: dict[str, int] = {}
    variants: dict[str, int] = {}
    report_categories: dict[str, int] = {}
    debunks: list[Debunk] = []
    claims: list[ClaimMatch] = []  # each once, as near as any wording came to it
    harm: HarmSuggestion | None = None  # the nearest that any wording came to an example
    counters: dict[str, tuple[int, int]] = {}
    owners: dict[str, str] = {}  # message -> sharer, to know whose share a deletion takes back

    def know(self, debunk: Debunk, bounds: CascadeConfig) -> bool:
        """Keep a fact-check; tell whether it is news and there was room."""
        if debunk in self.debunks or len(self.debunks) >= bounds.max_debunks:
            return False
        self.debunks.append(debunk)
        return True

    def recognise(self, found: ReferenceMatches, bounds: CascadeConfig) -> None:
        """Keep what a new wording is recognised as: the nearest counts, and room is for matches first."""
        if found.claims:
            farthest_first = sorted((*self.claims, *found.claims), key=_rank, reverse=True)
            nearest = {claim.claim_id: claim for claim in farthest_first}
            self.claims = sorted(nearest.values(), key=_rank)[: bounds.max_debunks]
        if found.harm is not None and (self.harm is None or _nearer(found.harm) > _nearer(self.harm)):
            self.harm = found.harm

    @property
    def fact_checks(self) -> int:
        """How many checked claims it repeats; those that it only resembles are for a person to judge."""
        return sum(claim.nearness is Nearness.MATCH for claim in self.claims)

    def absorb(self, other: "CascadeStats", merge: Merge, bounds: CascadeConfig, max_nodes: int) -> None:
        """Add up with the facts of a cascade that was merged into this one; `other` must not be used afterwards."""
        self.aliases = [*self.aliases, merge.absorbed, *other.aliases][: bounds.max_aliases]
        self.merged_at = sorted([*self.merged_at, *other.merged_at, merge.time])[-bounds.max_aliases :]
        if other.posts:  # a fact-check that nobody shared yet is no beginning
            self.first_time = min(self.first_time, other.first_time) if self.posts else other.first_time
            self.last_time = max(self.last_time, other.last_time) if self.posts else other.last_time
        for name in ("posts", "replies", "late", "dropped_late", "deleted", "before_closing"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.max_score = max(self.max_score, other.max_score)
        self.top_level = max(self.top_level, other.top_level)
        self.withheld = self.withheld or other.withheld
        for name in ("methods", "variants"):
            add_counts(getattr(self, name), getattr(other, name))
        add_counts(self.platforms, other.platforms, bounds.max_platforms)
        add_counts(self.report_categories, other.report_categories, bounds.max_debunks)
        for message, seen in other.counters.items():
            if len(self.counters) < bounds.max_counters:
                self.counters.setdefault(message, seen)
        self.owners = _joined(self.owners, other.owners, max_nodes)
        fresh = [debunk for debunk in other.debunks if debunk not in self.debunks]
        self.debunks = (self.debunks + fresh)[: bounds.max_debunks]
        self.recognise(ReferenceMatches(tuple(other.claims), other.harm), bounds)
        if not self.content.fingerprint:
            self.content, self.lang = other.content, other.lang


def _joined(mine: dict[str, str], others: dict[str, str], most: int) -> dict[str, str]:
    """Both in the larger of the two, which may have 100,000 messages: only the smaller is walked."""
    smaller, larger = sorted((mine, others), key=len)
    for message, sharer in smaller.items():
        if message in larger:
            larger[message] = mine[message]
        elif len(larger) < most:
            larger[message] = sharer
    return larger


def _rank(claim: ClaimMatch) -> tuple[bool, float, str]:
    """Matches before suggestions, nearest first."""
    return claim.nearness is not Nearness.MATCH, -claim.similarity, claim.claim_id


def _nearer(harm: HarmSuggestion) -> tuple[float, str, str]:
    return harm.score, harm.category, harm.example


def add_counts(into: dict[str, int], other: dict[str, int], most: int | None = None) -> None:
    """Add one table of counts to another, in place; new names only up to so many in all."""
    for name, count in other.items():
        if most is None or name in into or len(into) < most:
            into[name] = into.get(name, 0) + count
