"""What a new wording is recognised as: the checked claims that it repeats, the category of harm that it resembles.

Both stand beside an alert's level and never move it. What is known here can be replaced without touching any state.
"""

import hashlib

from detectors.reference.claims import ClaimIndex
from detectors.reference.harm import HarmExamples
from detectors.similarity.embedding import Vectors
from detectors.similarity.sketch import Sketch
from schemas.claim import ReferenceMatches
from schemas.sighting import TextContent


def reference_digest(claims: str, harm: str) -> str:
    """Thirty-two hexadecimal digits for all that wordings are compared with, from the digests of its two parts."""
    return hashlib.blake2b((claims + harm).encode(), digest_size=16, person=b"hearsay.known").hexdigest()


class ReferenceMatcher:
    """Asked once for each new wording. A pure function of what it was made from."""

    def __init__(self, claims: ClaimIndex, harm: HarmExamples) -> None:
        self._claims = claims
        self.harm = harm
        self.digest = reference_digest(claims.digest, harm.digest)

    def __call__(self, content: TextContent, sketch: Sketch, vector: Vectors | None) -> ReferenceMatches:
        """What a text is recognised as, from its sketch and, where the ladder needed one, its vector."""
        harm = None if vector is None else self.harm.suggest(vector)
        return ReferenceMatches(self._claims.match(content, sketch, vector), harm)


__all__ = ["ReferenceMatcher", "reference_digest"]
