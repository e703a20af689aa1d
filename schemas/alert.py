"""Define `Alert`: one notification about one cascade, with its evidence.

An alert explains itself: counts before rates, the threshold and its origin, and the conditions that would lower it.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.base import Count, Digest, Message, Ms
from schemas.evidence import Evidence


class Lifecycle(StrEnum):
    """Event of the cascade that an alert reports.

    `opened`: the score has reached level 1. `escalated`: the score has reached level 2 or 3. `milestone`: the size has
    reached the target size, or a multiple, without a growth alert. `evidence`: new evidence on the content.
    `subsided`: no level is active any more. `closed`: the cascade is over. `resurfaced`: the cascade has come back.
    """

    OPENED = "opened"
    ESCALATED = "escalated"
    MILESTONE = "milestone"
    EVIDENCE = "evidence"
    SUBSIDED = "subsided"
    CLOSED = "closed"
    RESURFACED = "resurfaced"


class Basis(StrEnum):
    """Data that an alert rests on: the distinct sharers whom Hearsay has seen, or the platform's own counters.

    The two kinds have their own thresholds, levels, states and episodes. No counter is ever counted as a sharer.
    """

    SHARERS = "sharers"
    COUNTERS = "counters"


class TargetCause(StrEnum):
    """Cause of a review target. `own_detection` starts an internal target, never a legal deadline."""

    OWN_DETECTION = "own_detection"


class ReviewTarget(msgspec.Struct, frozen=True):
    """Time by which a reviewer should look at the alert."""

    cause: Annotated[TargetCause, Meta(description="Cause of the target.", examples=["own_detection"])]
    started_at: Annotated[
        Ms, Meta(description="Start, the alert's `time`, in ms since 1970-01-01T00:00Z.", examples=[1795513800000])
    ]
    target_at: Annotated[
        Ms, Meta(description="Target of the review, in ms since 1970-01-01T00:00Z.", examples=[1795528200000])
    ]


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True):
    """Origin of the alert, exact enough to produce the alert again."""

    code_version: Annotated[str, Meta(description="Release of Hearsay.", examples=["0.1.0"])]
    rule_version: Annotated[
        int, Meta(description="Version of the alert rules; a new version gives new alert ids.", examples=[1])
    ]
    detector: Annotated[str, Meta(description="Growth detector in the settings.", examples=["L"])]
    settings_digest: Annotated[
        Digest,
        Meta(
            description="Digest of the settings that affect alerts.",
            examples=["c0ffee00c0ffee00c0ffee00c0ffee00"],
        ),
    ]
    model_revision: Annotated[
        str, Meta(description="Name and revision of the embedding model.", examples=["all-minilm-l6-v2 fp32"])
    ]
    key_id: Annotated[str, Meta(description="Name of the pseudonym key.", examples=["2026-11"])]
    reference_digest: Annotated[
        Digest | None,
        Meta(
            description="Digest of the reference data: checked claims and examples of harm; absent without such data.",
            examples=["9d3f2c61b87a4e05"],
        ),
    ] = None


class Alert(Message, frozen=True, kw_only=True):
    """One notification about one cascade. It measures spread, not truth."""

    alert_id: Annotated[
        Digest,
        Meta(
            description="Digest of cluster, basis, episode, state, level, number and rule version; equal in replays.",
            examples=["d5fe18b275706129701c9a8f6d26c382"],
        ),
    ]
    cluster_id: Annotated[
        Digest,
        Meta(description="Id of the rumour cluster.", examples=["81f0c2aa5d1b4e0f9a7c3e6d2b8f4a10"]),
    ]
    state: Annotated[Lifecycle, Meta(description="Event that the alert reports.", examples=["opened"])]
    level: Annotated[
        Count,
        Meta(description="Growth level, 1 to 3; 0 for a milestone, evidence or an end without a level.", examples=[1]),
    ]
    time: Annotated[
        Ms,
        Meta(
            description="Event time of the event or timer that triggered the alert, in ms since 1970-01-01T00:00Z; "
            "not the time of delivery.",
            examples=[1795513800000],
        ),
    ]
    episode: Annotated[Count, Meta(description="Number of times that the cascade has come back.", examples=[0])]
    headline: Annotated[
        str,
        Meta(
            description="One line for people.",
            examples=["Spreading fast (level 1): 42 distinct sharers in 58 min"],
        ),
    ]
    explanation: Annotated[
        str,
        Meta(
            description="The whole alert in sentences for people, complete without the other fields.",
            examples=["Cluster 81f0c2aa: 42 distinct sharers in 11 chats since 2026-11-24 08:52 UTC, 58 min ago, …"],
        ),
    ]
    evidence: Annotated[Evidence, Meta(description="The evidence, for programs and people.")]
    provenance: Annotated[Provenance, Meta(description="Code, rules, settings, model and key that produced the alert.")]
    review: Annotated[
        ReviewTarget | None,
        Meta(description="Internal target for a review; absent for `subsided` and `closed`. Never a legal deadline."),
    ] = None
    aliases: Annotated[
        tuple[Digest, ...],
        Meta(
            description="Ids of clusters that were merged into this cluster.",
            examples=[["bb2f0c2aa5d1b4e0f9a7c3e6d2b8f4a1"]],
        ),
    ] = ()
    basis: Annotated[
        Basis,
        Meta(
            description="Kind of the alert: `sharers`, or `counters` for a rise of a platform's own counter "
            "(`evidence.counters`).",
            examples=["sharers"],
        ),
    ] = Basis.SHARERS
