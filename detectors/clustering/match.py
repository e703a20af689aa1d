"""How a sighting came to its cluster: filled on the way up the ladder, told in the assignment."""

import msgspec

from detectors.clustering.clusters import Cluster
from detectors.clustering.search import SearchResult
from schemas.assignment import Assignment, Method, Suggestion, Timeliness, Variant
from schemas.claim import NOTHING, ReferenceMatches
from schemas.sighting import Sighting


class Match(msgspec.Struct):
    """The cluster, as soon as a rung holds, and which one it was."""

    cluster: Cluster | None
    method: Method
    similarity: float | None = None
    suggestion: Suggestion | None = None
    variants: tuple[Variant, ...] = ()
    novel: SearchResult | None = None  # the search, where the text was new
    reference_matches: ReferenceMatches = NOTHING

    def assignment(
        self, sighting: Sighting, timeliness: Timeliness, cluster: Cluster, chats: tuple[str, ...]
    ) -> Assignment:
        """What is told of it; the vector has done its work."""
        if sighting.vector is not None:
            sighting = msgspec.structs.replace(sighting, vector=None)
        return Assignment(
            cluster_id=cluster.id,
            sighting=sighting,
            method=self.method,
            similarity=self.similarity,
            suggestion=self.suggestion,
            variants=self.variants,
            timeliness=timeliness,
            member_chats=chats,
            reference_matches=self.reference_matches,
        )
