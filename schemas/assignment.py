"""Define `Assignment` and `Merge`: the cluster stage's result for each sighting, in event-time order."""

from enum import StrEnum
from typing import Annotated

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


class Relation(StrEnum):
    """Property that two clusters have in common without being one."""

    SAME_ADDRESS = "same_address"  # one address under different words
    SAME_WORDS = "same_words"  # a caption or a frame over different addresses or pictures


class RelatedCluster(msgspec.Struct, frozen=True):
    """A cluster that is linked to another cluster, and kept apart from it."""

    cluster_id: Annotated[
        Digest,
        msgspec.Meta(description="Id of the linked cluster.", examples=["9f3c2a8c4f7d1b06a1e2c93bb04d77e5"]),
    ]
    relation: Annotated[
        Relation, msgspec.Meta(description="Property that the clusters share.", examples=["same_address"])
    ]


class Timeliness(StrEnum):
    """Arrival of a sighting relative to the watermark."""

    ON_TIME = "on_time"
    LATE = "late"  # behind the watermark: adds to the state, triggers no alert
    DROPPED_LATE = "dropped_late"  # beyond the allowed lateness: only counted


class Role(StrEnum):
    """Effect of a sighting with a message on its cluster; a statement has the role `share` and no such effect."""

    SHARE = "share"  # a post of its sharer
    COMMENT = "comment"  # a quote with words of its own: counted apart from shares
    REVISION = "revision"  # new words of a post that counts already: an edit, or the caption of its album
    WITHDRAWAL = "withdrawal"  # the message is a part of a post that counts as another message


class Assignment(Message, frozen=True, kw_only=True):
    """One sighting and its cluster."""

    cluster_id: Digest
    sighting: Sighting
    role: Role = Role.SHARE
    method: Method
    similarity: float | None = None  # by the method that matched: Jaccard or cosine, rounded
    suggestion: Suggestion | None = None
    variants: tuple[Variant, ...] = ()
    frame: Frame | None = None  # the words are those of a frame
    related: tuple[RelatedCluster, ...] = ()  # other clusters with the same address, or with the same words
    counts_in: Digest | None = None  # cluster whose growth counts the sharer, if not this cluster
    echo: bool = False  # a share of a related cluster: only its sharer counts here
    timeliness: Timeliness = Timeliness.ON_TIME
    member_chats: tuple[Digest, ...] = ()  # earlier chats of the sender; only if the parent is hidden
    reference_matches: ReferenceMatches = NOTHING  # of a new wording
    threshold_offset: float = 0.0  # levels by which the alert budget raises the threshold of an opening at this moment

    @property
    def is_frame(self) -> bool:
        """True if the cluster has no more in common than the words of a frame: its growth is that of no message."""
        apart = any(other.relation is Relation.SAME_WORDS for other in self.related)
        return self.frame is not None and not apart


class Merge(Message, frozen=True, kw_only=True):
    """Two clusters turn out to be one: `survivor`, created earlier, keeps its id and `absorbed` becomes an alias."""

    survivor: Digest
    absorbed: Digest
    time: Ms
    method: Method
    event_id: Digest  # of the sighting that matched both
    similarity: float | None = None
    same_post: bool = False  # the two clusters are parts of one post: no merge of rumours
    threshold_offset: float = 0.0  # as in `Assignment`
