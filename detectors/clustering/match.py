"""Defines the result of a candidate search, and the choice of a cluster that clustering derives from the result."""

from typing import NamedTuple

import msgspec

from detectors.clustering.clusters import Cluster
from detectors.clustering.wordings import KnownWording
from detectors.similarity.embedding import Vectors
from detectors.similarity.sketch import Sketch
from schemas.assignment import (
    Assignment,
    Frame,
    Method,
    RelatedCluster,
    Relation,
    Role,
    Suggestion,
    Timeliness,
    Variant,
)
from schemas.claim import NOTHING, ReferenceMatches
from schemas.sighting import Sighting


class Neighbour(NamedTuple):
    """A cluster near to a text, by the nearest representative of the cluster."""

    cluster: Cluster
    representative: str  # fingerprint
    cosine: float
    jaccard: float  # similarity of shingles


class NewWording(NamedTuple):
    """The facts of a search that are needed to learn a new wording."""

    sketch: Sketch
    vector: Vectors | None = None  # None if the sketch alone found the cluster
    near: tuple[Neighbour, ...] = ()  # from `suggestion_threshold` on, nearest first; empty if a cluster matched


class Match(msgspec.Struct, frozen=True):
    """The result of a candidate search. No cluster: none is similar enough."""

    cluster: Cluster | None = None
    method: Method = Method.FIRST_SHARE
    similarity: float | None = None
    bridges: tuple[Neighbour, ...] = ()  # every cluster that the text matches by meaning, nearest first
    suggestion: Suggestion | None = None
    same_words: Cluster | None = None  # another cluster with these words: the addresses set the message apart
    known: KnownWording | None = None  # the wording, if known
    new: NewWording | None = None  # the facts to learn, if the wording is new; neither for a message without words


NO_MATCH = Match()


class ClusterLinks(NamedTuple):
    """The relations of a cluster with other clusters, as of one share."""

    frame: Frame | None = None  # of the cluster's words
    related: tuple[RelatedCluster, ...] = ()
    lead: Cluster | None = None  # the first cluster of the address, if the address is the message of both


NO_LINKS = ClusterLinks()


class ClusterChoice(msgspec.Struct, frozen=True):
    """The cluster chosen for a sighting, and the facts that the assignment reports."""

    cluster: Cluster
    method: Method
    similarity: float | None = None
    suggestion: Suggestion | None = None
    variants: tuple[Variant, ...] = ()
    reference_matches: ReferenceMatches = NOTHING

    def assignment(
        self,
        sighting: Sighting,
        timeliness: Timeliness,
        member_chats: tuple[str, ...] = (),
        links: ClusterLinks = NO_LINKS,
        role: Role = Role.SHARE,
    ) -> Assignment:
        """Build the `Assignment`. The embedding is dropped: nothing downstream reads a vector."""
        if sighting.vector is not None:
            sighting = msgspec.structs.replace(sighting, vector=None)
        return Assignment(
            cluster_id=self.cluster.id,
            sighting=sighting,
            role=role,
            method=self.method,
            similarity=self.similarity,
            suggestion=self.suggestion,
            variants=self.variants,
            frame=links.frame,
            related=links.related,
            counts_in=None if links.lead is None else links.lead.id,
            timeliness=timeliness,
            member_chats=member_chats,
            reference_matches=self.reference_matches,
        )


def echo(sighting: Sighting, timeliness: Timeliness, cluster: Cluster, lead: Cluster) -> Assignment:
    """Return the assignment of a share to the first cluster of its address, where only the sharer counts."""
    related = (RelatedCluster(cluster.id, Relation.SAME_ADDRESS),)
    assignment = ClusterChoice(lead, Method.URL).assignment(sighting, timeliness, links=ClusterLinks(related=related))
    return msgspec.structs.replace(assignment, echo=True)
