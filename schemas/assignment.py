"""Define `Assignment` and `Merge`: the cluster stage's result for each sighting, in event-time order."""

from enum import StrEnum

import msgspec

from schemas.base import Digest, Message, Ms
from schemas.claim import NOTHING, ReferenceMatches
from schemas.sighting import Sighting


class Method(StrEnum):
    """Method that assigned a sighting to its cluster."""

    FIRST_SHARE = "first_share"
    LINK = "link"
    EXACT = "exact"
    LEXICAL = "lexical"
    EMBEDDING = "embedding"
    URL = "url"
    MEDIA = "media"


class Variant(StrEnum):
    """Difference that may change the meaning of a near-duplicate, compared with the representative."""

    NEGATION = "negation"
    NUMBER = "number"
    PLACE = "place"
    TIME = "time"
    BLOOD_GROUP = "blood_group"
    ROLES = "roles"


class Frame(StrEnum):
    """Property by which the shares of a frame differ. A frame is one short text over many messages."""

    ADDRESSES = "addresses"
    MEDIA = "media"
    NUMBERS = "numbers"


class Suggestion(msgspec.Struct, frozen=True):
    """A cluster that was near, but not near enough for a match without a person's decision."""

    cluster_id: Digest
    similarity: float


class Timeliness(StrEnum):
    """Arrival of a sighting relative to the watermark."""

    ON_TIME = "on_time"
    LATE = "late"  # behind the watermark: adds to the state, triggers no alert
    DROPPED_LATE = "dropped_late"  # beyond the allowed lateness: only counted


class Assignment(Message, frozen=True, kw_only=True):
    """One sighting and its cluster."""

    cluster_id: Digest
    sighting: Sighting
    method: Method
    similarity: float | None = None  # by the method that matched: Jaccard or cosine, rounded
    suggestion: Suggestion | None = None
    variants: tuple[Variant, ...] = ()
    frame: Frame | None = None  # the cluster is a frame, and raises no growth alert
    timeliness: Timeliness = Timeliness.ON_TIME
    member_chats: tuple[Digest, ...] = ()  # earlier chats of the sender; only if the parent is hidden
    reference_matches: ReferenceMatches = NOTHING  # of a new wording
    threshold_offset: float = 0.0  # levels by which the alert budget raises the threshold of an opening at this moment


class Merge(Message, frozen=True, kw_only=True):
    """Two clusters turn out to be one: `survivor`, created earlier, keeps its id and `absorbed` becomes an alias."""

    survivor: Digest
    absorbed: Digest
    time: Ms
    method: Method
    event_id: Digest  # of the sighting that matched both
    similarity: float | None = None
    threshold_offset: float = 0.0  # as in `Assignment`
