"""Define `Claim`, a checked claim, and the matches of a message with the reference data.

A match appears next to an alert's level and never moves the level: a match describes what a message resembles, not what
is true.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.base import Digest


class Claim(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One checked claim, as a line of a claims file."""

    text: str  # the claim, in the words in which it circulates
    verdict: str  # in the fact-checker's own words
    publisher: str
    url: str | None = None  # of the published check
    date: str | None = None  # of its publication, ISO 8601
    languages: tuple[str, ...] = ()  # BCP 47 tags of the claim's text, or of the review if the source names no other


class Nearness(StrEnum):
    """Nearness of a message to a claim: `match` is as near as two wordings of one rumour, `suggest` needs a person."""

    MATCH = "match"
    SUGGEST = "suggest"


class ClaimMatch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A checked claim that a message repeats, or may repeat."""

    claim_id: Annotated[Digest, Meta(description="Digest of the claim.", examples=["517b679951e6d7c9a7c3e6d2b8f4a10f"])]
    nearness: Annotated[
        Nearness,
        Meta(
            description="`match` if the message repeats the claim, `suggest` if a person must compare the two.",
            examples=["match"],
        ),
    ]
    similarity: Annotated[
        float,
        Meta(
            description="Similarity of message and claim, Jaccard or cosine, rounded; 1 for equal texts.",
            examples=[0.873],
        ),
    ]
    text: Annotated[
        str, Meta(description="The claim as published.", examples=["The bridge at Lower Mill is closing tonight."])
    ]
    verdict: Annotated[str, Meta(description="Verdict in the fact-checker's own words.", examples=["false"])]
    publisher: Annotated[str, Meta(description="Name of the fact-checker.", examples=["Desk of Doubt"])]
    url: Annotated[
        str | None,
        Meta(description="Address of the published check.", examples=["https://facts.example.org/517b6799"]),
    ] = None
    date: Annotated[str | None, Meta(description="Date of publication, ISO 8601.", examples=["2026-02-17"])] = None


class HarmSuggestion(msgspec.Struct, frozen=True, kw_only=True):
    """Category of the labelled example that a message is nearest to: for ordering a queue, not a finding."""

    category: Annotated[
        str, Meta(description="Category of the nearest labelled example.", examples=["harm to children"])
    ]
    score: Annotated[float, Meta(description="Cosine similarity of the message and the example.", examples=[0.533])]
    example: Annotated[
        str,
        Meta(
            description="The labelled example.",
            examples=["Strangers in a white van are taking children from schools."],
        ),
    ]


class ReferenceMatches(msgspec.Struct, frozen=True, omit_defaults=True):
    """Matches of a new wording with the reference data."""

    claims: tuple[ClaimMatch, ...] = ()  # matches before suggestions, nearest first
    harm: HarmSuggestion | None = None


NOTHING = ReferenceMatches()
