"""How near two texts must be, given their length and script: one rule for clusters and for checked claims."""

from typing import NamedTuple

from detectors.clustering.config import ClusteringConfig
from detectors.text.scripts import ScriptShare
from schemas.sighting import TextContent

_READ = 0.5  # share of a text's letters in the model's scripts from which it counts as read


class Thresholds(NamedTuple):
    """The similarities that a text must reach."""

    lexical: float
    suggest: float
    match: float


class ThresholdTable:
    """What is demanded of a text: more of short ones, and of those in a script that the model was not taught."""

    def __init__(self, config: ClusteringConfig) -> None:
        self._config = config
        self._plain = _limits(config, 0.0)
        self._guarded = _limits(config, config.short_text_margin)
        self._readable = ScriptShare(config.model_scripts)

    def of(self, content: TextContent) -> Thresholds:
        """The least similarities of each rung."""
        return self._guarded if content.words <= self._config.short_text_words else self._plain

    def min_lexical(self, normal: str) -> float:
        """The Jaccard similarity below which no cosine counts: strangers look alike in a language not taught."""
        config = self._config
        return config.min_lexical_read if self._readable.of(normal) >= _READ else config.min_lexical_unread


def _limits(config: ClusteringConfig, guard: float) -> Thresholds:
    return Thresholds(*(min(1.0, round(limit + guard, 6)) for limit in (config.lexical, config.suggest, config.match)))
