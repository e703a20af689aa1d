"""Compares new wordings with reference data: checked claims and labelled examples of harm.

The results appear in alerts, but no level depends on them. Reference data can be replaced without touching any state.
"""

import hashlib

from detectors.reference.claims import ClaimIndex
from detectors.reference.harm import HarmExamples
from detectors.similarity.embedding import Vectors
from detectors.similarity.sketch import Sketch
from schemas.claim import ReferenceMatches
from schemas.sighting import TextContent


def reference_digest(claims: str, harm: str) -> str:
    """Return 32 hexadecimal digits for all reference data, given the digests of claims and examples."""
    return hashlib.blake2b((claims + harm).encode(), digest_size=16, person=b"hearsay.known").hexdigest()


class ReferenceMatcher:
    """Compares each new wording once. The result is a pure function of the wording and the reference data."""

    def __init__(self, claims: ClaimIndex, harm: HarmExamples) -> None:
        self._claims = claims
        self.harm = harm
        self.digest = reference_digest(claims.digest, harm.digest)

    def __call__(self, content: TextContent, sketch: Sketch, vector: Vectors | None) -> ReferenceMatches:
        """Return claims and harm for a text, given its sketch and, if the search needed one, its vector."""
        harm = None if vector is None else self.harm.suggest(vector)
        return ReferenceMatches(self._claims.match(content, sketch, vector), harm)


__all__ = ["ReferenceMatcher", "reference_digest"]
