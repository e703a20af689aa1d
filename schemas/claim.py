"""`Claim`: a claim that somebody has checked; and what a message may be recognised as.

It stands beside an alert's level and never moves it: it says what a message resembles, not what is true.
"""

from enum import StrEnum

import msgspec

from schemas.base import Digest


class Claim(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One checked claim, as a line of a bank of claims."""

    text: str  # the claim, in the words in which it goes round
    verdict: str  # in the checker's own words
    publisher: str
    url: str | None = None  # of the published check
    date: str | None = None  # of its publication, ISO 8601
    languages: tuple[str, ...] = ()  # BCP 47; of the claim's text


class Nearness(StrEnum):
    """How near a message is to a claim."""

    MATCH = "match"  # as near as two wordings of one rumour
    SUGGEST = "suggest"  # near enough that a person should look


class ClaimMatch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A checked claim that a message repeats, or may repeat."""

    claim_id: Digest
    nearness: Nearness
    similarity: float  # Jaccard or cosine, rounded; 1 where the texts are the same
    text: str  # the claim
    verdict: str
    publisher: str
    url: str | None = None
    date: str | None = None


class HarmSuggestion(msgspec.Struct, frozen=True, kw_only=True):
    """The category of the labelled example that a message is nearest to: for ordering a queue, not a finding."""

    category: str
    score: float  # cosine of the message and the example
    example: str


class ReferenceMatches(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a new wording is recognised as."""

    claims: tuple[ClaimMatch, ...] = ()  # matches before suggestions, nearest first
    harm: HarmSuggestion | None = None


NOTHING = ReferenceMatches()
