"""Define the evidence of an alert: counts, growth, forward graph, text and content of one cascade at one moment."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.assignment import Method, RelatedCluster
from schemas.base import Count, Digest, Duration, Ms
from schemas.claim import ClaimMatch, HarmSuggestion
from schemas.event import Debunk

_GROUPS = "as pairs of name and count; groups smaller than `evidence.k_anonymity` are left out"


class GrowthEvidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Output of the growth detector at the time of the alert."""

    detector: Annotated[str, Meta(description="Label of the growth detector.", examples=["L"])]
    score: Annotated[
        float, Meta(description="Growth score, in the detector's own unit; higher is faster.", examples=[7.189984])
    ]
    threshold: Annotated[
        float,
        Meta(
            description="Threshold of the alert's level, or of level 1 for level 0; the score is compared with it.",
            examples=[6.97304],
        ),
    ]
    rule: Annotated[
        str,
        Meta(
            description="Origin of the threshold, as a formula.",
            examples=["1.5 ln q + 0.4 with q = 80, cold-start rule"],
        ),
    ]
    lowers_when: Annotated[
        str,
        Meta(
            description="Condition under which the level of the alert falls; absent at level 0.",
            examples=["no new distinct sharer for 2 h 50 min"],
        ),
    ] = ""
    expected_further: Annotated[
        float | None,
        Meta(
            description="Further distinct sharers expected; a rough number. This field and the next five are present "
            "in the states `opened` and `escalated` only.",
            examples=[112.71],
        ),
    ] = None
    expected_low: Annotated[
        float | None,
        Meta(
            description="Low end of the range that held about eight of ten recorded cascades (docs/methods/growth.md).",
            examples=[28.003],
        ),
    ] = None
    expected_high: Annotated[
        float | None, Meta(description="High end of the range of `expected_low`.", examples=[485.764])
    ] = None
    threshold_at_size: Annotated[
        float | None,
        Meta(
            description="The `expected_further` with which a cascade of this size and exponent reaches the threshold.",
            examples=[90.729],
        ),
    ] = None
    reproduction_number: Annotated[
        float | None,
        Meta(
            description="Further sharers that each sharer brings, estimated. Present from 11 offspring on, where the "
            "coefficient of variation is at most 0.3.",
            examples=[2.299],
        ),
    ] = None
    reproduction_low: Annotated[
        float | None, Meta(description="Low end of the reproduction number's 90 % interval.", examples=[1.771])
    ] = None
    reproduction_high: Annotated[
        float | None, Meta(description="High end of the reproduction number's 90 % interval.", examples=[2.883])
    ] = None
    exponent: Annotated[
        float | None,
        Meta(
            description="Exponent of growth as a power of the cascade's age: below 1 growth slows down, above 1 growth "
            "speeds up.",
            examples=[1.142],
        ),
    ] = None
    calibration: Annotated[
        float,
        Meta(
            description="Factor applied to the expected number, its range and `threshold_at_size`; 1 is uncalibrated.",
            examples=[0.8],
        ),
    ] = 1.0
    threshold_offset: Annotated[
        float,
        Meta(
            description="Levels by which the alert budget has raised the threshold; 0 without a budget.", examples=[0.4]
        ),
    ] = 0.0
    fresh_share: Annotated[
        float | None,
        Meta(
            description="Part of the sharers whose share people may still react to, 0 to 1.",
            examples=[0.642607],
        ),
    ] = None
    target_size: Annotated[
        Count | None,
        Meta(
            description="Distinct sharers from which the operator calls a cascade big, the basis of the threshold; "
            "absent if the threshold is set directly.",
            examples=[80],
        ),
    ] = None


class CascadeCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Counts of the cascade so far, and of its last two windows."""

    sharers: Annotated[
        float,
        Meta(
            description="Distinct sharers; exact up to the size of the sample, estimated above.",
            examples=[42.0],
        ),
    ]
    posts: Annotated[Count, Meta(description="Posts, forwards, replies, and quotes without words.", examples=[57])]
    chats: Annotated[Count, Meta(description="Distinct chats.", examples=[11])]
    first_time: Annotated[
        Ms, Meta(description="Event time of the first share, ms since 1970-01-01T00:00Z.", examples=[1795510320000])
    ]
    last_time: Annotated[
        Ms, Meta(description="Event time of the newest share, ms since 1970-01-01T00:00Z.", examples=[1795513800000])
    ]
    recent_window: Annotated[
        Duration, Meta(description="Length of the two windows of the next two fields, in ms.", examples=[1800000])
    ]
    recent_sharers: Annotated[
        Count, Meta(description="Sharers who joined in the window that ends at the alert.", examples=[27])
    ]
    previous_sharers: Annotated[
        Count, Meta(description="Sharers who joined in the window before, for comparison.", examples=[15])
    ]
    platforms: Annotated[
        tuple[tuple[str, int], ...],
        Meta(description=f"Posts by platform, {_GROUPS}.", examples=[[["telegram", 45], ["whatsapp", 7]]]),
    ] = ()
    other_platforms: Annotated[
        Count,
        Meta(
            description="Posts on the platforms that `platforms` leaves out; the two together are `posts`.",
            examples=[5],
        ),
    ] = 0
    replies: Annotated[Count, Meta(description="Replies among the posts.", examples=[4])] = 0
    quotes: Annotated[
        Count,
        Meta(
            description="Quotes with words of their own, which may contradict the message; not among the posts.",
            examples=[12],
        ),
    ] = 0
    members: Annotated[
        Count | None,
        Meta(description="Members of the distinct chats, where the events give the size.", examples=[4830]),
    ] = None
    views: Annotated[
        Count | None, Meta(description="Views by the platforms' own counters, if known.", examples=[282])
    ] = None
    forwards: Annotated[
        Count | None, Meta(description="Forwards by the platforms' own counters, if known.", examples=[7])
    ] = None


class FirstSighting(msgspec.Struct, frozen=True, omit_defaults=True):
    """First share of the cluster on one platform, and the match that joined the share to the cluster."""

    platform: Annotated[str, Meta(description="Name of the platform, as in the events.", examples=["whatsapp"])]
    first_seen_at: Annotated[
        Ms,
        Meta(
            description="Event time of the first share on the platform, ms since 1970-01-01T00:00Z.",
            examples=[1795511160000],
        ),
    ]
    lag_ms: Annotated[
        Duration, Meta(description="Time since the first share on any platform, in ms.", examples=[840000])
    ]
    joined_by: Annotated[
        Method,
        Meta(
            description="Match that joined the share to the cluster. For the share that started a merged cluster, the "
            "match that merged the two.",
            examples=["exact"],
        ),
    ]
    event: Annotated[
        Digest,
        Meta(description="Digest of the event of the share.", examples=["4b7e0d9c2a6f81354c1e8d7b90a3f562"]),
    ]
    similarity: Annotated[
        float | None,
        Meta(description="Jaccard similarity (`lexical`) or cosine of the match, if there is one.", examples=[0.871]),
    ] = None
    precision_ms: Annotated[
        Duration,
        Meta(
            description="Error of the lag, at most: the times of the platform, or those of the first one, are full "
            "minutes, full hours or dates; absent if the times are finer.",
            examples=[60000],
        ),
    ] = 0


class CounterName(StrEnum):
    """Counter that a platform publishes of a message."""

    VIEWS = "views"
    FORWARDS = "forwards"


class CounterEvidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Rise of one platform's own counter, over the messages of the cluster whose counter rose in the window.

    The rise lies between snapshots. Where the window begins between two snapshots, a straight line gives the value at
    its beginning.
    """

    platform: Annotated[str, Meta(description="Platform that publishes the counter.", examples=["youtube"])]
    counter: Annotated[CounterName, Meta(description="Name of the counter.", examples=["forwards"])]
    value_before: Annotated[Count, Meta(description="Sum of the counters at the start of the rise.", examples=[10])]
    value_after: Annotated[Count, Meta(description="Sum of the newest counters.", examples=[150_000])]
    rise: Annotated[Count, Meta(description="`value_after` less `value_before`.", examples=[149_990])]
    elapsed: Annotated[
        Duration, Meta(description="Time from the start of the rise to the alert, in ms.", examples=[4_500_000])
    ]
    messages: Annotated[
        Count,
        Meta(
            description="Messages with a counter that rose in the window; a repost counts as its original.",
            examples=[1],
        ),
    ]
    window: Annotated[
        Duration,
        Meta(description="`counters.window_ms`: longest time over which a rise counts.", examples=[21_600_000]),
    ]


class Structure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Shape of the forward graph, from recorded edges only."""

    nodes: Annotated[Count, Meta(description="Messages in the graph, unobserved messages included.", examples=[59])]
    unseen: Annotated[
        Count, Meta(description="Messages that other messages refer to, but that were not observed.", examples=[2])
    ]
    trees: Annotated[
        Count,
        Meta(
            description="Trees in the graph; each message without a recorded parent is the root of a tree.",
            examples=[2],
        ),
    ]
    depth: Annotated[Count, Meta(description="Length of the longest recorded chain, in edges.", examples=[4])]
    max_breadth: Annotated[Count, Meta(description="Messages at one depth of a tree, at most.", examples=[31])]
    mean_depth: Annotated[float, Meta(description="Mean distance of a message from its root.", examples=[1.24])]
    structural_virality: Annotated[
        float,
        Meta(
            description="Mean distance between two messages of one tree: near 2 for a broadcast, larger for a chain.",
            examples=[2.31],
        ),
    ]
    edge_coverage: Annotated[
        float,
        Meta(
            description="Share of the observed messages whose parent is recorded, among those with one, 0 to 1.",
            examples=[0.35],
        ),
    ]
    hops_at_least: Annotated[
        Count, Meta(description="Largest number of hops that a platform's mark guarantees.", examples=[5])
    ] = 0
    frequently_forwarded: Annotated[
        Count, Meta(description="Messages that a platform marks as frequently forwarded.", examples=[6])
    ] = 0


class TextEvidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """The message: its representative text, masked for people, and the matches that built the cluster."""

    representative: Annotated[
        str,
        Meta(
            description="Text of the first share, with names and numbers of people masked, shortened to "
            "`evidence.max_text`.",
            examples=["Boil the leaves twice and drink at night: the fever is gone in one day. Ask ⟨phone⟩"],
        ),
    ]
    sha256: Annotated[
        str,
        Meta(
            description="SHA-256 of the whole original text, in hexadecimal.",
            examples=["5d41402abc4b2a76b9719d911017c592ae0f7c3d2b1a4958677e8d9c0b1a2f3e"],
        ),
    ]
    fingerprint: Annotated[
        str,
        Meta(
            description="Digest of the whole normalised text; empty for a message without words.",
            examples=["7b52009b64fd0a2a49e6d8a939753077"],
        ),
    ]
    lang: Annotated[
        str | None,
        Meta(description="Language of the first share as a BCP 47 tag, if the platform named it.", examples=["en"]),
    ] = None
    urls: Annotated[
        tuple[str, ...],
        Meta(
            description="Canonical addresses in the first share, masked for people.",
            examples=[["example.org/news/dam-broke"]],
        ),
    ] = ()
    media_sha256: Annotated[
        tuple[str, ...],
        Meta(
            description="SHA-256 of the first share's media, in hexadecimal.",
            examples=[["82433e9f2a2de9dba316e419dcf8ff4fc1564695e060d41750d97bb20ac3191f"]],
        ),
    ] = ()
    wordings: Annotated[Count, Meta(description="Distinct texts in the cluster.", examples=[3])] = 1
    methods: Annotated[
        tuple[tuple[str, int], ...],
        Meta(
            description="Sightings by the method that assigned them to the cluster, as pairs of name and count.",
            examples=[[["exact", 49], ["first_share", 1], ["lexical", 7]]],
        ),
    ] = ()
    variants: Annotated[
        tuple[tuple[str, int], ...],
        Meta(
            description="Posts whose meaning may differ (negation, number, place, time, blood_group, roles), as pairs "
            "of name and count.",
            examples=[[["number", 2]]],
        ),
    ] = ()


class ContentEvidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Evidence on the content. Growth is not rumour: this evidence never moves the level."""

    debunks: Annotated[
        tuple[Debunk, ...], Meta(description="Published fact-checks of the message, from events of kind debunk.")
    ] = ()
    reports: Annotated[Count, Meta(description="Distinct people who reported the message.", examples=[12])] = 0
    report_categories: Annotated[
        tuple[tuple[str, int], ...],
        Meta(description=f"Reports by category, {_GROUPS}.", examples=[[["health", 7]]]),
    ] = ()
    claims: Annotated[
        tuple[ClaimMatch, ...],
        Meta(description="Checked claims that the message repeats or resembles; matches first, nearest first."),
    ] = ()
    harm: Annotated[
        HarmSuggestion | None,
        Meta(description="Category of harm that the wording is nearest to: for ordering a queue, not a finding."),
    ] = None


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that a person needs to judge the alert, and to find the events in the log."""

    counts: Annotated[CascadeCounts, Meta(description="Counts of the cascade.")]
    growth: Annotated[
        GrowthEvidence,
        Meta(
            description="Output of the growth detector; in an alert of the basis `counters`, the rise of the counter "
            "and its threshold."
        ),
    ]
    structure: Annotated[Structure, Meta(description="Shape of the forward graph.")]
    text: Annotated[TextEvidence, Meta(description="The message and its wordings.")]
    content: Annotated[ContentEvidence, Meta(description="Fact-checks, checked claims, reports and category of harm.")]
    first_event: Annotated[
        Digest, Meta(description="Digest of the cluster's first event.", examples=["0a1b2c3d4e5f60718293a4b5c6d7e8f9"])
    ]
    trigger_event: Annotated[
        Digest | None,
        Meta(
            description="Digest of the event that triggered the alert; absent if a timer triggered it.",
            examples=["f9e8d7c6b5a493827160f5e4d3c2b1a0"],
        ),
    ] = None
    first_sightings: Annotated[
        tuple[FirstSighting, ...],
        Meta(
            description="First share on each platform that `counts.platforms` shows, in order of time; absent with "
            "fewer than two such platforms."
        ),
    ] = ()
    related: Annotated[
        tuple[RelatedCluster, ...],
        Meta(description="Clusters with the same address under other words, or the same words over other addresses."),
    ] = ()
    notes: Annotated[
        tuple[str, ...],
        Meta(
            description="Gaps and adjustments in the data: late posts, deletions, merges, estimates.",
            examples=[["3 late posts (counted, cannot trigger an alert)"]],
        ),
    ] = ()
    counters: Annotated[
        CounterEvidence | None,
        Meta(description="Rise of the platform's counter; in alerts of the basis `counters` only."),
    ] = None
