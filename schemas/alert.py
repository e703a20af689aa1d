"""`Alert`: what Hearsay is for.

It explains itself: counts before rates, the limit and what fixed it, what would lower it.
"""

from enum import StrEnum

import msgspec

from schemas.base import Count, Digest, Duration, Message, Ms
from schemas.claim import ClaimMatch, HarmSuggestion
from schemas.event import Debunk


class Lifecycle(StrEnum):
    """What this notification says about the cascade."""

    OPENED = "opened"
    ESCALATED = "escalated"
    MILESTONE = "milestone"
    EVIDENCE = "evidence"
    SUBSIDED = "subsided"
    CLOSED = "closed"
    RESURFACED = "resurfaced"


class GrowthEvidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the growth detector saw when it spoke."""

    detector: str
    score: float
    threshold: float
    rule: str  # what fixed the threshold, in words
    lowers_when: str  # what would bring the level down
    expected_further: float | None = None  # distinct sharers; rough
    expected_low: float | None = None  # the range into which about eight of ten fell (docs/methods/growth.md)
    expected_high: float | None = None
    threshold_at_size: float | None = (
        None  # the expected_further at which one of this size and exponent meets the threshold
    )
    reproduction_number: float | None = None  # only with 11 offspring or more (coefficient of variation <= 0.3)
    reproduction_low: float | None = None  # 90 % interval
    reproduction_high: float | None = None
    exponent: float | None = None  # of growth as a power of the age: under 1 it slows down, above 1 it speeds up
    calibration: float = 1.0  # by which the expected number, its range and the limit at this size are multiplied
    threshold_offset: float = 0.0  # levels by which the budget of alerts a day has raised the threshold
    fresh_share: float | None = None  # of the mass that has not yet had time to be passed on
    target_size: Count | None = None  # distinct sharers of a big cascade; absent where the threshold is set directly


class CascadeCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many, since when."""

    sharers: float  # distinct; exact up to the sample's size, estimated above it
    posts: Count
    chats: Count
    first_time: Ms
    last_time: Ms
    recent_window: Duration  # length of the two windows below
    recent_sharers: Count  # joined in the window that ends at the alert
    previous_sharers: Count  # joined in the window before it: the comparison cell
    platforms: tuple[tuple[str, int], ...] = ()  # posts by platform; groups smaller than k are left out
    replies: Count = 0
    views: Count | None = None  # by the platforms' own counters
    forwards: Count | None = None


class Structure(msgspec.Struct, frozen=True, omit_defaults=True):
    """The forward graph's shape, from recorded edges only."""

    nodes: Count
    unseen: Count  # messages that others point to and nobody saw
    trees: Count
    depth: Count
    max_breadth: Count
    mean_depth: float
    structural_virality: float
    edge_coverage: float  # share of messages whose parent is recorded
    hops_at_least: Count = 0  # the platforms' own hop hints
    frequently_forwarded: Count = 0


class TextEvidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """The message: its representative, masked for people, and what matched it."""

    representative: str
    sha256: str
    fingerprint: str
    lang: str | None = None
    urls: tuple[str, ...] = ()
    media_sha256: tuple[str, ...] = ()
    wordings: Count = 1  # distinct texts in the cluster
    methods: tuple[tuple[str, int], ...] = ()  # sightings by rung of the ladder
    variants: tuple[tuple[str, int], ...] = ()  # negation, number and place swaps


class ContentEvidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """What others say of the message. Growth is not rumour: this stands beside the level and never moves it."""

    debunks: tuple[Debunk, ...] = ()
    reports: Count = 0  # distinct reporters
    report_categories: tuple[tuple[str, int], ...] = ()
    claims: tuple[ClaimMatch, ...] = ()  # checked claims that it repeats or resembles; matches first, nearest first
    harm: HarmSuggestion | None = None  # for ordering a queue, not a finding


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that a person needs to judge the alert, and to find it again in the log."""

    counts: CascadeCounts
    growth: GrowthEvidence
    structure: Structure
    text: TextEvidence
    content: ContentEvidence
    first_event: Digest
    trigger_event: Digest | None = None  # absent where a timer spoke
    notes: tuple[str, ...] = ()  # late posts, deletions, merges, estimates


class TargetCause(StrEnum):
    """What starts a clock. Own detection starts an internal target, never a legal deadline."""

    OWN_DETECTION = "own_detection"


class ReviewTarget(msgspec.Struct, frozen=True):
    """When somebody should have looked."""

    cause: TargetCause
    started_at: Ms
    target_at: Ms


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True):
    """What made this alert, exactly enough to make it again."""

    code_version: str
    rule_version: int
    detector: str
    settings_digest: Digest
    model_revision: str
    key_id: str
    reference_digest: Digest | None = None  # of the checked claims and examples of harm that texts were compared with


class Alert(Message, frozen=True, kw_only=True):
    """One notification about one cascade. It measures spread, not truth.

    `alert_id` is a digest of cluster, episode, what is said and the rule's version: a replay reproduces it.
    """

    alert_id: Digest
    cluster_id: Digest
    state: Lifecycle
    level: Count  # 0: milestone or content evidence only; 1 to 3: growth
    time: Ms
    episode: Count  # 0, then one more for each resurfacing
    headline: str
    explanation: str
    evidence: Evidence
    provenance: Provenance
    review: ReviewTarget | None = None
    aliases: tuple[Digest, ...] = ()  # ids of clusters merged into this one
