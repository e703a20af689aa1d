"""Suggests a category of harm for a wording: the category of the nearest labelled example sentence.

A suggestion helps to order a queue of alerts, for example alerts that resemble a call to violence first. A suggestion
is no finding: no accuracy is claimed, a quotation or a denial is as near as the message itself, and the level of an
alert never depends on a suggestion. Nearest labelled example: Cover and Hart 1967, DOI 10.1109/TIT.1967.1053964.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated, TypeAlias

import msgspec
import numpy as np
from msgspec import Meta

from detectors.base_config import BaseConfig
from detectors.similarity.embedding import Vectors
from schemas.claim import HarmSuggestion

_DIGITS = 6


class HarmExample(msgspec.Struct, frozen=True):
    """An example sentence with the category of harm assigned by people."""

    category: str
    text: str


MinCosine: TypeAlias = Annotated[
    float, Meta(gt=0, le=1, description="Cosine to the nearest labelled example below which no category is suggested.")
]


class HarmConfig(BaseConfig, frozen=True, kw_only=True):
    """Threshold from which the category of the nearest example is suggested."""

    min_cosine: MinCosine = 0.45


def examples_digest(config: HarmConfig, examples: Sequence[HarmExample]) -> str:
    """Return a digest of everything a suggestion depends on: 32 hexadecimal digits."""
    content = msgspec.json.encode((config, examples))
    return hashlib.blake2b(content, digest_size=16, person=b"hearsay.harm").hexdigest()


class HarmExamples:
    """Labelled examples by vector; comparing with a few thousand examples costs a fraction of a millisecond."""

    def __init__(self, config: HarmConfig, examples: Sequence[HarmExample], vectors: Vectors) -> None:
        """Index the examples, given unit rows of shape (n, dimension); of equally near examples, the first counts."""
        self._config = config
        self._examples = tuple(examples)
        self.digest = examples_digest(config, examples)
        self._vectors = vectors.astype(np.float64)

    def suggest(self, vector: Vectors) -> HarmSuggestion | None:
        """Return the category of the nearest example, or None below `min_cosine`."""
        if not self._examples:
            return None
        scores = (self._vectors @ vector.astype(np.float64)).round(_DIGITS)
        best = int(np.argmax(scores))
        if scores[best] < self._config.min_cosine:
            return None
        example = self._examples[best]
        return HarmSuggestion(category=example.category, score=float(scores[best]), example=example.text)


__all__ = ["HarmConfig", "HarmExample", "HarmExamples", "MinCosine", "examples_digest"]
