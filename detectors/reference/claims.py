"""Finds the checked claims that a message repeats.

The methods and thresholds are those of clustering: the same text, a similar sketch, a near embedding. A match means
that a message resembles a checked claim; a message that denies the claim resembles the claim too. Claim matching by
sentence embeddings: Shaar et al. 2020, DOI 10.18653/v1/2020.acl-main.332.
"""

import hashlib
from collections.abc import Iterator, Sequence

import msgspec

from detectors.clustering.config import ClusteringConfig
from detectors.clustering.thresholds import ThresholdTable
from detectors.similarity.embedding import Vectors
from detectors.similarity.neighbours import NeighbourIndex
from detectors.similarity.sketch import Sketch, Sketcher, SketchIndex, estimate
from schemas.claim import Claim, ClaimMatch, Nearness
from schemas.sighting import TextContent

_REPORTED = 3  # most claims reported for a message
_CANDIDATES = 16  # nearest claims to compare; `min_lexical` may still reject some


def claim_id(claim: Claim) -> str:
    """Return the id of a claim: 32 hexadecimal digits, BLAKE2b of text, verdict, publisher, address and date."""
    parts = (claim.text, claim.verdict, claim.publisher, claim.url or "", claim.date or "")
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16, person=b"hearsay.claim").hexdigest()


def bank_digest(claims: Sequence[Claim]) -> str:
    """Return a digest of claims in any order: 32 hexadecimal digits."""
    ids = "".join(sorted(claim_id(claim) for claim in claims))
    return hashlib.blake2b(ids.encode(), digest_size=16, person=b"hearsay.bank").hexdigest()


class ClaimIndex:
    """Checked claims by text, sketch and vector. The index never changes, so equal banks give equal matches.

    A look-up costs one matrix product with all vectors: some milliseconds at 20,000 claims, for each new wording.
    """

    def __init__(
        self, config: ClusteringConfig, claims: Sequence[Claim], contents: Sequence[TextContent], vectors: Vectors
    ) -> None:
        """Index a bank of claims.

        Args:
            config: the thresholds of clustering.
            claims: the claims in any order; a repeated claim counts once.
            contents: the text of each claim after intake.
            vectors: unit rows for the normal text of each content, shape (n, dimension).

        """
        self.digest = bank_digest(claims)
        self._config = config
        self._thresholds = ThresholdTable(config)
        self._claims: dict[str, Claim] = {}
        self._by_text: dict[str, list[str]] = {}
        sketches = msgspec.structs.replace(config.sketch, max_entries=max(1, len(claims)))
        self._sketcher = Sketcher(sketches)
        self._sketches = SketchIndex(sketches)
        self._vectors = NeighbourIndex(max(1, vectors.shape[1]), exact_until=max(1, len(claims)))
        by_id = sorted(zip(map(claim_id, claims), claims, contents, vectors, strict=True), key=lambda row: row[0])
        for id_, claim, content, vector in by_id:
            if id_ in self._claims or not content.fingerprint:
                continue
            self._claims[id_] = claim
            self._by_text.setdefault(content.fingerprint, []).append(id_)
            self._sketches.add(id_, self._sketcher.sketch(content.normal))
            self._vectors.add(id_, vector)

    def __len__(self) -> int:
        return len(self._claims)

    def match(self, content: TextContent, sketch: Sketch, vector: Vectors | None) -> tuple[ClaimMatch, ...]:
        """Return the claims that a text repeats, nearest first, at most three; without a vector, compare words only."""
        if content.words < self._config.min_words:
            return ()
        found = dict(self._near(content, sketch, vector))
        if not found:
            hit = self._sketches.query(sketch)
            if hit is not None and hit[1] >= self._thresholds.of(content).lexical:
                found[hit[0]] = self._match(hit[0], Nearness.MATCH, hit[1])
        found.update((id_, self._match(id_, Nearness.MATCH, 1.0)) for id_ in self._by_text.get(content.fingerprint, ()))
        ranked = sorted(
            found.values(), key=lambda match: (match.nearness is not Nearness.MATCH, -match.similarity, match.claim_id)
        )
        return tuple(ranked[:_REPORTED])

    def _near(self, content: TextContent, sketch: Sketch, vector: Vectors | None) -> Iterator[tuple[str, ClaimMatch]]:
        if vector is None:
            return
        thresholds = self._thresholds.of(content)
        min_lexical = self._thresholds.min_lexical(content.normal)
        for id_, cosine in self._vectors.query(vector, _CANDIDATES, thresholds.suggestion):
            if estimate(sketch, self._sketches.get(id_) or b"") >= min_lexical:
                nearness = Nearness.MATCH if cosine >= thresholds.embedding else Nearness.SUGGEST
                yield id_, self._match(id_, nearness, cosine)

    def _match(self, id_: str, nearness: Nearness, similarity: float) -> ClaimMatch:
        claim = self._claims[id_]
        return ClaimMatch(
            claim_id=id_,
            nearness=nearness,
            similarity=similarity,
            text=claim.text,
            verdict=claim.verdict,
            publisher=claim.publisher,
            url=claim.url,
            date=claim.date,
        )


__all__ = ["ClaimIndex", "bank_digest", "claim_id"]
