"""`Assignment` and `Merge`: what the cluster stage says of each sighting, in event-time order."""

from enum import StrEnum

import msgspec

from schemas.base import Digest, Message, Ms
from schemas.claim import NOTHING, ReferenceMatches
from schemas.sighting import Sighting


class Method(StrEnum):
    """The rung of the ladder on which a sighting found its cluster."""

    FIRST_SHARE = "first_share"
    LINK = "link"
    EXACT = "exact"
    LEXICAL = "lexical"
    EMBEDDING = "embedding"
    URL = "url"
    MEDIA = "media"


class Variant(StrEnum):
    """How a near-duplicate's meaning may differ from the representative's."""

    NEGATION = "negation"
    NUMBER = "number"
    PLACE = "place"


class Suggestion(msgspec.Struct, frozen=True):
    """A cluster that was near, but not near enough to join without a person's word."""

    cluster_id: Digest
    similarity: float


class Timeliness(StrEnum):
    """How a sighting came relative to the watermark."""

    ON_TIME = "on_time"
    LATE = "late"  # behind the watermark: adds to the state, raises nothing
    DROPPED_LATE = "dropped_late"  # behind the horizon: counted, nothing else


class Assignment(Message, frozen=True, kw_only=True):
    """One sighting, and the cluster that it belongs to."""

    cluster_id: Digest
    sighting: Sighting
    method: Method
    similarity: float | None = None  # of the rung that matched: Jaccard or cosine, rounded
    suggestion: Suggestion | None = None
    variants: tuple[Variant, ...] = ()
    timeliness: Timeliness = Timeliness.ON_TIME
    member_chats: tuple[Digest, ...] = ()  # where the sender was seen before; only where the parent is hidden
    reference_matches: ReferenceMatches = NOTHING  # of the wording, where it is new
    threshold_offset: float = (
        0.0  # levels by which the budget of alerts has raised the limit of an opening, at this moment
    )


class Merge(Message, frozen=True, kw_only=True):
    """Two clusters turn out to be one. `survivor` is the earlier founded; its id stays, `absorbed` becomes an alias."""

    survivor: Digest
    absorbed: Digest
    time: Ms
    method: Method
    event_id: Digest  # of the sighting that bridged them
    similarity: float | None = None
    threshold_offset: float = 0.0  # as in `Assignment`
