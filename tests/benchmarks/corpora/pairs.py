"""Pairs of texts, how near each method of the search finds them, and figures over pairs that are not independent.

The candidate search is stated here once more, for arrays of pairs: `detectors.clustering` asks it for one text against all that it
knows. A test holds the two together.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import cached_property, partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.clustering import ClusteringConfig
from detectors.clustering.thresholds import ThresholdTable
from detectors.pipeline.intake import read_content
from detectors.similarity.sketch import Sketcher
from schemas.sighting import TextContent
from tests.benchmarks.corpora.tracks import Remembering
from tests.benchmarks.metrics.scores import Interval, bootstrap

CONFIG = ClusteringConfig()
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]
Score = Callable[[Places, Places], Floats]
"""A measure of pairs of a known and a new text."""
_CHUNK = 50_000
ROUNDS = 200
SEED = 20_261_128


class SearchStep(IntEnum):
    """The method that a pair is decided on, cheapest first."""

    EXACT = 0
    SKETCH = 1
    MATCH = 2
    SUGGEST = 3
    NONE = 4


class Kept:
    """A measure that is asked for the same pairs more than once, and measures them once."""

    def __init__(self, score: Score) -> None:
        self._score = score
        self._known: list[tuple[Places, Places, Floats]] = []

    def __call__(self, known: Places, new: Places) -> Floats:
        """The measure."""
        for a, b, scores in self._known:
            if a is known and b is new:
                return scores
        scores = self._score(known, new)
        self._known.append((known, new, scores))
        return scores


class Corpus:
    """Texts with all that any measure needs to know of them; a place is a text's position."""

    def __init__(self, embedder: Remembering) -> None:
        self.embedder = embedder
        self.contents: list[TextContent] = []
        self._place: dict[str, int] = {}
        self._floors: dict[tuple[float, float], Floats] = {}

    def add(self, texts: Sequence[str]) -> Places:
        """The texts' places; those that are new get one. Everything must be added before anything is measured."""
        for text in texts:
            if text not in self._place:
                self._place[text] = len(self.contents)
                self.contents.append(read_content(text, ()))
        return np.array([self._place[text] for text in texts], dtype=np.int64)

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """Shape (n, dimension)."""
        return self.embedder.embed([content.normal for content in self.contents])

    @cached_property
    def minima(self) -> NDArray[np.uint32]:
        """Each text's sketch, shape (n, permutations)."""
        sketcher = Sketcher(CONFIG.sketch)
        none = b"\0" * (4 * CONFIG.sketch.permutations)
        sketches = [sketcher.sketch(content.normal) or none for content in self.contents]
        return np.frombuffer(b"".join(sketches), dtype="<u4").reshape(len(sketches), -1)

    @cached_property
    def names(self) -> NDArray[np.int64]:
        """Equal where fingerprints are, shape (n,)."""
        seen: dict[str, int] = {}
        return np.array([seen.setdefault(content.fingerprint, len(seen)) for content in self.contents])

    @cached_property
    def words(self) -> NDArray[np.int64]:
        """Shape (n,)."""
        return np.array([content.words for content in self.contents])

    @cached_property
    def jaccard(self) -> Score:
        """Estimated Jaccard similarity of pairs."""
        return Kept(partial(lexical, self))

    @cached_property
    def near(self) -> Score:
        """Cosine of pairs."""
        return Kept(lambda known, new: cosine(self.vectors, known, new))

    def floors(self, config: ClusteringConfig = CONFIG) -> Floats:
        """The Jaccard similarity below which no cosine of a text counts, shape (n,)."""
        key = config.min_lexical_read, config.min_lexical_unread
        if key not in self._floors:
            thresholds = ThresholdTable(config)
            self._floors[key] = np.array([thresholds.min_lexical(content.normal) for content in self.contents])
        return self._floors[key]


class Pairs(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be told apart. The first text of a pair is known, the second one is new."""

    name: str
    known: Places
    new: Places
    same: Flags
    units: Places  # what is drawn in a bootstrap, shape (n, 1) or (n, 2): pairs share stories, or texts
    groups: Places  # what must not be on both sides of a split, shape (n,)

    def __len__(self) -> int:
        return len(self.same)

    @property
    def half(self) -> Flags:
        """Every other group."""
        return (np.unique(self.groups, return_inverse=True)[1] % 2).astype(np.bool_)

    def among(self, chosen: Flags) -> "Pairs":
        """Some of them."""
        return Pairs(
            name=self.name,
            known=self.known[chosen],
            new=self.new[chosen],
            same=self.same[chosen],
            units=self.units[chosen],
            groups=self.groups[chosen],
        )


# --- similarities -----------------------------------------------------------------------------------------------------


def chunked(measure: Callable[[Places, Places], Floats], known: Places, new: Places) -> Floats:
    """A measure of many pairs, a bounded number at a time."""
    starts = range(0, len(known), _CHUNK)
    parts = [measure(known[start : start + _CHUNK], new[start : start + _CHUNK]) for start in starts]
    return np.concatenate(parts) if parts else np.zeros(0)


def lexical(corpus: Corpus, known: Places, new: Places) -> Floats:
    """Estimated Jaccard similarity, as `detectors.similarity.sketch.estimate` has it; 0 where a text is empty."""
    minima, filled = corpus.minima, corpus.words > 0

    def measure(a: Places, b: Places) -> Floats:
        return np.mean(minima[a] == minima[b], axis=1) * filled[a]

    return chunked(measure, known, new).round(6)


def cosine(vectors: NDArray[np.float32], known: Places, new: Places) -> Floats:
    """Dot product of unit vectors."""
    measured = chunked(lambda a, b: np.einsum("ij,ij->i", vectors[a], vectors[b]).astype(np.float64), known, new)
    return measured.round(6)


def search_steps(
    corpus: Corpus,
    known: Places,
    new: Places,
    least: float = CONFIG.lexical_threshold,
    match: float = CONFIG.embedding_threshold,
    others: ClusteringConfig = CONFIG,
) -> NDArray[np.int64]:
    """The method that a new text joins a known one by, without links and addresses; every threshold can be moved."""
    jaccard, near = corpus.jaccard(known, new), corpus.near(known, new)
    guard = others.short_text_margin * (corpus.words[new] <= others.short_text_words)
    spoken = (corpus.words[known] >= others.min_words) & (corpus.words[new] >= others.min_words)
    agreeing = jaccard >= corpus.floors(others)[new]
    holds = [
        spoken & (corpus.names[known] == corpus.names[new]),
        spoken & (jaccard >= _limit(least, guard)),
        spoken & agreeing & (near >= _limit(match, guard)),
        spoken & agreeing & (near >= _limit(others.suggestion_threshold, guard)),
    ]
    return np.select(holds, list(SearchStep)[:-1], default=SearchStep.NONE)


def _limit(limit: float, guard: Floats) -> Floats:
    return np.minimum(1.0, (limit + guard).round(6))


# --- figures ----------------------------------------------------------------------------------------------------------


def weighted(figure: Callable[[Floats], float], units: Places, *, rounds: int = ROUNDS) -> Interval:
    """Bootstrap of a figure of pairs, drawing what the pairs are made of.

    A pair weighs as often as its unit was drawn; a pair of two units, such as two texts, the product of both counts.

    Args:
        figure: of the pairs' weights.
        units: shape (n, 1) or (n, 2).
        rounds: how often to draw.
    """
    codes = np.unique(units, return_inverse=True)[1].reshape(units.shape)
    n = int(codes.max()) + 1 if codes.size else 0

    def drawn(chosen: NDArray[np.int64]) -> float:
        counts = np.bincount(chosen, minlength=n).astype(np.float64)
        return figure(np.prod(counts[codes], axis=1))

    return bootstrap(drawn, n, seed=SEED, rounds=rounds)


def precision(same: Flags, joined: Flags, weight: Floats) -> float:
    """Of the pairs joined, those that belong together; not a number where none is joined."""
    put = float(weight[joined].sum())
    return float(weight[joined & same].sum()) / put if put else np.nan


def recall(same: Flags, joined: Flags, weight: Floats) -> float:
    """Of the pairs that belong together, those joined."""
    belong = float(weight[same].sum())
    return float(weight[joined & same].sum()) / belong if belong else np.nan


def f1(same: Flags, joined: Flags, weight: Floats) -> float:
    """Harmonic mean of the two; 0 where none is joined."""
    both, total = float(weight[joined & same].sum()), float(weight[joined].sum() + weight[same].sum())
    return 2 * both / total if total else np.nan


def area(same: Flags, scores: Floats, weight: Floats) -> float:
    """AUC of weighted pairs; not a number where one kind is missing. A bootstrap asks too often for scikit-learn's."""
    value = np.unique(scores, return_inverse=True)[1]
    yes, no = (np.bincount(value, weight * of_kind) for of_kind in (same, ~same))
    both = float(yes.sum() * no.sum())
    return float(yes @ (no.cumsum() - no / 2)) / both if both else np.nan


def shown(interval: Interval) -> str:
    """A figure with its interval, for a table."""
    if np.isnan(interval.value):
        return "-"
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
