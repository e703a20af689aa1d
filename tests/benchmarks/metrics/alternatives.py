"""Other ways to tell how near two texts are, beside the search that ships.

Character n-grams weighted by rarity: Salton and Buckley 1988, DOI 10.1016/0306-4573(88)90021-0. Token vectors distilled from
a sentence model and averaged: Arora, Liang and Ma 2017 (smooth inverse frequency, openreview.net/forum?id=SyK00v5xx), with
Zipf's law in place of counts, as word lists are sorted by frequency.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
from scipy.sparse import csr_array
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

from detectors.similarity.embedding import Vectors, unit
from detectors.text.normalise import normalise
from streams.embedders import EmbedderConfig, libraries
from streams.embedders.model_files import find
from streams.embedders.sentence_transformer import load_model
from tests.benchmarks.corpora.pairs import CONFIG, SEED, Corpus, Floats, Kept, Pairs, Places, Score, chunked, cosine
from tests.benchmarks.metrics.scores import best_f1
from tests.realdata import loaders

Fit = Callable[[Pairs], Score]
"""A measure, after a look at judged pairs; most look at none."""

_GRAMS = (3, 5)
_DIMENSION = 256
_SIF = 1e-4  # a in a / (a + p)
_BATCH = 1024
_LENGTHS = (8, 14)  # words from which a text is of middle length, and long


class Alternative(msgspec.Struct, frozen=True):
    """A measure with its cost."""

    name: str
    fit: Fit
    step: Callable[[str], object] | None = None  # what one normal text costs; None: it uses what others computed
    uses: tuple[str, ...] = ()  # the steps that it needs


def alternatives(corpus: Corpus) -> list[Alternative]:
    """All of them, the search that ships first."""
    grams, static = Grams(corpus), Static(corpus)

    near, sketch = corpus.near, corpus.jaccard
    shipped = Kept(lambda known, new: ladder_score(corpus, known, new))
    characters = Kept(grams.score)
    three = (sketch, characters, near)

    def largest(known: Places, new: Places) -> Floats:
        return np.maximum.reduce([measure(known, new) for measure in three])

    def either(known: Places, new: Places) -> Floats:
        return np.maximum(shipped(known, new), characters(known, new))

    return [
        Alternative("the search", fixed(shipped), uses=("sketch", "vector")),
        Alternative("embedding", fixed(near), uses=("vector",)),
        Alternative("sketch", fixed(sketch), uses=("sketch",)),
        Alternative("characters", fixed(characters), grams.step, uses=("characters",)),
        Alternative("largest of the three", fixed(largest), uses=("sketch", "characters", "vector")),
        Alternative("search or characters", fixed(either), uses=("sketch", "characters", "vector")),
        Alternative(
            "regression on the three", lambda pairs: regression(three, pairs), uses=("sketch", "characters", "vector")
        ),
        Alternative(
            "regression without model", lambda pairs: regression(three[:2], pairs), uses=("sketch", "characters")
        ),
        Alternative("static embedding", fixed(Kept(static.score)), static.step, uses=("static",)),
        Alternative("search by length", lambda pairs: by_length(corpus, shipped, pairs), uses=("sketch", "vector")),
    ]


def fixed(score: Score) -> Fit:
    """A measure that nothing is fitted for."""
    return lambda pairs: score


def ladder_score(corpus: Corpus, known: Places, new: Places) -> Floats:
    """The candidate search as one number: it joins where this is at least `embedding_threshold`, with its other thresholds moved there.

    A sketch counts by as much more as its threshold is lower, a cosine not at all without letters in common; a short text
    loses the guard, and what has too few words is never near.
    """
    jaccard, near = corpus.jaccard(known, new), corpus.near(known, new)
    exact = corpus.names[known] == corpus.names[new]
    words = jaccard + CONFIG.embedding_threshold - CONFIG.lexical_threshold
    meaning = np.where(jaccard >= corpus.floors()[new], near, np.minimum(near, 0.0))
    guard = CONFIG.short_text_margin * (corpus.words[new] <= CONFIG.short_text_words)
    score = np.where(exact, 2.0, np.maximum(words, meaning) - guard)
    spoken = np.minimum(corpus.words[known], corpus.words[new]) >= CONFIG.min_words
    return np.where(spoken, score, -1.0).round(6)


# --- characters -------------------------------------------------------------------------------------------------------


class Grams:
    """Cosine of character n-grams; how rare they are is counted on texts that no verdict depends on."""

    def __init__(self, corpus: Corpus) -> None:
        others = ("twitter1516_dev_cascades", "covid_rumours_dev", "tico19_dev")
        background = [normalise(str(row["text"])) for name in others for row in loaders.rows(name)]
        self._vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=_GRAMS, sublinear_tf=True)
        self._vectoriser.fit(background)
        self._rows = csr_array(self._vectoriser.transform([content.normal for content in corpus.contents]))

    def score(self, known: Places, new: Places) -> Floats:
        """From 0 to 1."""
        return chunked(
            lambda a, b: np.asarray(self._rows[a].multiply(self._rows[b]).sum(axis=1)).ravel(), known, new
        ).round(6)

    def step(self, normal: str) -> object:
        """What a new text costs, without a search."""
        return self._vectoriser.transform([normal])


# --- a static embedding -----------------------------------------------------------------------------------------------


class Static:
    """The weighted mean of token vectors, each the shipped model's vector of the token alone, on 256 axes."""

    def __init__(self, corpus: Corpus) -> None:
        files = find(EmbedderConfig())
        self._tokenizer = Tokenizer.from_file(str(files.folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        vectors = token_vectors(load_model(files), self._tokenizer)
        axes = PCA(_DIMENSION, svd_solver="covariance_eigh", random_state=SEED).fit_transform(vectors)
        self._table = axes * zipf_weights(len(axes))[:, None]
        self._rows = unit(np.stack([self.step(content.normal) for content in corpus.contents]))

    def score(self, known: Places, new: Places) -> Floats:
        """From -1 to 1."""
        return cosine(self._rows, known, new)

    def step(self, normal: str) -> Floats:
        """The vector of a new text; of one without words the first axis."""
        tokens = self._tokenizer.encode(normal, add_special_tokens=False).ids
        if not tokens:
            return np.eye(1, _DIMENSION)[0]
        mean: Floats = self._table[tokens].mean(axis=0)
        return mean


def token_vectors(model: Any, tokenizer: Tokenizer) -> Vectors:
    """What the model makes of each token of its vocabulary alone, shape (vocabulary, dimension)."""
    torch = libraries.load("torch")
    begin, end = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    network, size = model[0].auto_model, tokenizer.get_vocab_size()
    found = []
    with torch.no_grad():
        for start in range(0, size, _BATCH):
            ids = torch.tensor([[begin, token, end] for token in range(start, min(size, start + _BATCH))])
            found.append(network(input_ids=ids).last_hidden_state.mean(dim=1).numpy())
    return unit(np.concatenate(found))


def zipf_weights(tokens: int) -> Floats:
    """a / (a + p) for tokens sorted by frequency, with p by Zipf's law: the rarer, the nearer to 1."""
    shares = 1.0 / np.arange(2, tokens + 2)
    weights: Floats = _SIF / (_SIF + shares / shares.sum())
    return weights


# --- fitted -----------------------------------------------------------------------------------------------------------


def regression(measures: Sequence[Score], pairs: Pairs) -> Score:
    """Log odds that two texts are the same, by logistic regression on several measures."""

    def features(known: Places, new: Places) -> Floats:
        return np.stack([measure(known, new) for measure in measures], axis=1)

    model = LogisticRegression(C=10.0).fit(features(pairs.known, pairs.new), pairs.same)
    return lambda known, new: np.asarray(model.decision_function(features(known, new))).round(6)


def by_length(corpus: Corpus, score: Score, pairs: Pairs) -> Score:
    """A measure less the threshold that suits texts of this length; the shorter text counts."""
    lengths = band(corpus, pairs.known, pairs.new)
    measured = score(pairs.known, pairs.new)
    limits = np.array([threshold(pairs.same[lengths == n], measured[lengths == n]) for n in range(len(_LENGTHS) + 1)])
    return lambda known, new: (score(known, new) - limits[band(corpus, known, new)]).round(6)


def band(corpus: Corpus, known: Places, new: Places) -> Places:
    """0 for short, 1 for middle, 2 for long."""
    return np.searchsorted(_LENGTHS, np.minimum(corpus.words[known], corpus.words[new]), side="right")


def threshold(same: np.ndarray, scores: Floats) -> float:
    """The one of highest F1; where nothing is the same, beyond all."""
    return best_f1(same, scores)[1] if same.any() else 3.0
