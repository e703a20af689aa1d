"""Decides how similar two texts must be, given length and script: one rule for clusters and for checked claims."""

from typing import NamedTuple

from detectors.clustering.config import ClusteringConfig
from detectors.text.scripts import ScriptShare
from schemas.sighting import TextContent

_READABLE = 0.5  # least share of letters in the model's scripts for a text to count as readable


class Thresholds(NamedTuple):
    """The least similarities for a text."""

    lexical: float  # Jaccard similarity of shingles
    suggestion: float  # cosine
    embedding: float  # cosine


class ThresholdTable:
    """Thresholds by text. They are higher for short texts and for scripts outside the model's training."""

    def __init__(self, config: ClusteringConfig) -> None:
        self._config = config
        self._normal = _thresholds(config, 0.0)
        self._short = _thresholds(config, config.short_text_margin)
        self._readable = ScriptShare(config.model_scripts)

    def of(self, content: TextContent) -> Thresholds:
        """Return the thresholds for a text of its length."""
        return self._short if content.words <= self._config.short_text_words else self._normal

    def min_lexical(self, normal: str) -> float:
        """Return the least Jaccard similarity for a cosine to count.

        Unrelated texts get similar vectors in a language outside the model's training.
        """
        config = self._config
        return config.min_lexical_read if self._is_read(normal) else config.min_lexical_unread

    def min_lexical_sharing(self, normal: str) -> float:
        """Return the least Jaccard similarity for a cosine to count towards a cluster with the same address or picture.

        A cosine says nothing in a script that the model does not read, so a shared key does not replace letters there.
        """
        least = self.min_lexical(normal)
        return min(least, self._config.min_lexical_sharing) if self._is_read(normal) else least

    def _is_read(self, normal: str) -> bool:
        return self._readable.of(normal) >= _READABLE


def _thresholds(config: ClusteringConfig, margin: float) -> Thresholds:
    plain = (config.lexical_threshold, config.suggestion_threshold, config.embedding_threshold)
    return Thresholds(*(min(1.0, round(value + margin, 6)) for value in plain))
