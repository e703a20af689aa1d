"""Guesses which texts the cluster stage will want a vector of, before it sees them.

The guess only saves time: a vector too many is never looked at, and one too few is computed when it is needed.
"""

from collections import OrderedDict
from collections.abc import Iterable

from detectors.clustering import ClusteringConfig
from detectors.similarity.sketch import Sketcher, SketchIndex
from schemas.event import Kind
from schemas.sighting import SPREADING, Sighting

_SPEAKING = SPREADING | {Kind.DEBUNK, Kind.REPORT}


class Prefetcher:
    """Remembers the texts that went by lately, exactly and by sketch.

    A text like one of them needs no vector: the cluster stage will know it by the same means. A known text costs a
    dictionary look-up, a new one 0.1 ms. Memory: `remembered` fingerprints and as many sketches.
    """

    def __init__(self, config: ClusteringConfig, remembered: int) -> None:
        self._config = config
        self._remembered = remembered
        self._known: OrderedDict[str, bool] = OrderedDict()  # fingerprint -> whether its sketch is in the index
        self._sketcher = Sketcher(config.sketch)
        self._sketches = SketchIndex(config.sketch)

    def texts_to_embed(self, sightings: Iterable[Sighting]) -> list[str]:
        """Give the normal texts among these that look new, each once; remembers all of them."""
        return [s.content.normal for s in sightings if self._speaks(s) and self._is_new(s.content.fingerprint, s)]

    def _speaks(self, sighting: Sighting) -> bool:
        content = sighting.content
        return sighting.kind in _SPEAKING and bool(content.fingerprint) and content.words >= self._config.min_words

    def _is_new(self, fingerprint: str, sighting: Sighting) -> bool:
        if fingerprint in self._known:
            self._known.move_to_end(fingerprint)
            return False
        sketch = self._sketcher.sketch(sighting.content.normal)
        hit = self._sketches.query(sketch)
        new = hit is None or hit[1] < self._lexical(sighting)
        if new:
            self._sketches.add(fingerprint, sketch)
        self._known[fingerprint] = new
        if len(self._known) > self._remembered:
            oldest, indexed = self._known.popitem(last=False)
            if indexed:
                self._sketches.remove(oldest)
        return new

    def _lexical(self, sighting: Sighting) -> float:
        short = sighting.content.words <= self._config.short_text_words
        return min(1.0, self._config.lexical + (self._config.short_text_margin if short else 0.0))
