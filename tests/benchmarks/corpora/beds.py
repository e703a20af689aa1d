"""The texts that near-duplicates are judged on, as pairs: people's verdicts, stories, altered copies, and strangers.

Nothing is fitted here. Samples are drawn with fixed seeds, so that the whole takes minutes on one core.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np

from detectors.text.normalise import count_words, normalise
from schemas.assignment import Variant
from tests.benchmarks.corpora.mutations import HINDI, MUTATIONS, TWICE
from tests.benchmarks.corpora.pairs import CONFIG, SEED, Corpus, Flags, Pairs, Places, SearchStep
from tests.realdata import loaders

_RANDOM = 1_000_000  # pairs of strangers
_SOURCES = 120  # texts of each collection that are altered
_COVID = 400  # texts that serve as strangers
_SEGMENTS = 200  # of each language
_LEAST_WORDS = 6  # of a text that is altered
_UNREAD = 40  # segments of each language in a script that the model does not read
UNREAD_LANGUAGES = ("ar", "bn", "hi", "ru", "ta", "ur")
UNSEEN = ("Hindi, romanised",)
"""Changes that no measure here sees through: it would have to read two scripts as one."""

Decide = Callable[[Places, Places], Places]
"""The method of each pair of a known and a new text."""


class Altered(msgspec.Struct, frozen=True, kw_only=True):
    """Copies that went through one change. `known[i]` became `new[i]`; every text of `sources` is known."""

    name: str
    mark: Variant | None
    known: Places
    new: Places
    sources: Places
    unchanged: int  # texts in which there was nothing to change


class Beds(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is judged."""

    corpus: Corpus
    judged: Pairs  # Twitter-URL
    stories: Pairs  # PHEME, inside one event
    altered: Sequence[Altered]
    unread: Sequence[Altered]  # twice changed copies in scripts that the model does not read
    segments: Mapping[str, Pairs]  # TICO-19 by language, all different
    strangers: Pairs
    other_news: Pairs  # Twitter-URL texts under different addresses
    same_call: Pairs  # different texts between the same banner and the same long call


def load(corpus: Corpus) -> Beds:
    """Read the files and draw the samples."""
    rng = np.random.default_rng(SEED)
    rows = [row for row in loaders.rows("twitter_url_pairs_dev") if row["label"] is not None]
    segments = load_segments(corpus)
    judged = load_judged(corpus, rows)
    covid = corpus.add(_drawn(rng, [str(row["text"]) for row in loaders.rows("covid_rumours_dev")], _COVID))
    twitter = corpus.add(sorted({str(row["text"]) for row in loaders.rows("twitter1516_dev_cascades")}))
    first = corpus.add(list({str(row["url"]): str(row["text_b"]) for row in rows}.values()))
    english = np.unique(segments["en"].known)
    altered = load_altered(corpus, rng)
    called = np.concatenate([one.new for one in altered if one.name == "banner and long call"])
    apart = [(first, twitter), (first, covid), (first, english), (twitter, covid), (twitter, english)]
    return Beds(
        corpus=corpus,
        judged=judged,
        stories=load_stories(corpus),
        altered=altered,
        unread=load_unread(corpus, np.random.default_rng(SEED)),
        segments=segments,
        strangers=load_strangers(rng, apart),
        other_news=all_different("other news", first),
        same_call=all_different("same banner and call", called),
    )


def load_judged(corpus: Corpus, rows: Sequence[loaders.Row]) -> Pairs:
    """The pairs that people judged; the pairs of one address are drawn, and split off, together."""
    urls = codes([str(row["url"]) for row in rows])
    return Pairs(
        name="judged pairs (Twitter-URL)",
        known=corpus.add([str(row["text_a"]) for row in rows]),
        new=corpus.add([str(row["text_b"]) for row in rows]),
        same=np.array([row["label"] == 1 for row in rows]),
        units=urls[:, None],
        groups=urls,
    )


def load_stories(corpus: Corpus) -> Pairs:
    """Source texts of one event: of the same story or not. An event is on one side of a split; texts are drawn."""
    cascades = sorted(loaders.rows("pheme_dev_cascades"), key=lambda row: (row["root_time"], row["cascade_id"]))
    places = corpus.add([str(row["text"]) for row in cascades])
    events, stories = (codes([str(row[name]) for row in cascades]) for name in ("event", "story"))
    known, new = np.triu_indices(len(cascades), 1)
    inside = (events[known] == events[new]) & (places[known] != places[new])
    known, new = known[inside], new[inside]
    return Pairs(
        name="stories of one event (PHEME)",
        known=places[known],
        new=places[new],
        same=stories[known] == stories[new],
        units=np.stack([known, new], axis=1),
        groups=events[known],
    )


def load_altered(corpus: Corpus, rng: np.random.Generator) -> list[Altered]:
    """Copies of real texts that are no copies of each other, and of Hindi segments in Latin letters."""
    texts = sources(corpus, rng)
    places = corpus.add(texts)
    found = []
    for mutation in MUTATIONS:
        copies = [mutation.change(rng, text) for text in texts]
        kept = np.array([copy != text for copy, text in zip(copies, texts, strict=True)])
        new = corpus.add([copy for copy, keep in zip(copies, kept, strict=True) if keep])
        found.append(
            Altered(
                name=mutation.name,
                mark=mutation.mark,
                known=places[kept],
                new=new,
                sources=places,
                unchanged=int((~kept).sum()),
            )
        )
    hindi = _drawn(rng, [str(row["text"]) for row in loaders.rows("tico19_dev") if row["lang"] == "hi"], _SEGMENTS)
    for name, (before, after) in HINDI.items():
        known, new = corpus.add([before(text) for text in hindi]), corpus.add([after(text) for text in hindi])
        found.append(Altered(name=name, mark=None, known=known, new=new, sources=known, unchanged=0))
    return found


def load_unread(corpus: Corpus, rng: np.random.Generator) -> list[Altered]:
    """Copies of TICO-19's segments in their own scripts."""
    rows = [row for row in loaders.rows("tico19_dev") if row["lang"] in UNREAD_LANGUAGES]
    spoken = [row for row in rows if count_words(normalise(str(row["text"]))) >= _LEAST_WORDS]
    texts = [
        text
        for lang in UNREAD_LANGUAGES
        for text in _drawn(rng, [str(row["text"]) for row in spoken if row["lang"] == lang], _UNREAD)
    ]
    known = corpus.add(texts)
    return [
        Altered(
            name=name,
            mark=None,
            known=known,
            new=corpus.add([change(rng, text) for text in texts]),
            sources=known,
            unchanged=0,
        )
        for name, change in TWICE.items()
    ]


def sources(corpus: Corpus, rng: np.random.Generator) -> list[str]:
    """Texts of three collections, each kept only if no earlier one could be suggested for it."""
    collections = (
        [str(row["text"]) for row in loaders.rows("pheme_dev_cascades") if row["lang"] == "en"],
        [str(row["text"]) for row in loaders.rows("twitter1516_dev_cascades")],
        [str(row["text"]) for row in loaders.rows("covid_rumours_dev")],
    )
    texts = [text for texts in collections for text in _drawn(rng, texts, _SOURCES)]
    texts = [text for text in texts if count_words(normalise(text)) >= _LEAST_WORDS]
    vectors = corpus.embedder.embed([normalise(text) for text in texts])
    return [texts[n] for n in unlike(vectors @ vectors.T, CONFIG.suggestion_threshold)]


def unlike(similarities: np.ndarray, limit: float) -> list[int]:
    """Positions kept, first come first served, such that no two are as similar as the threshold; shape (n, n)."""
    kept: list[int] = []
    for n in range(len(similarities)):
        if not kept or similarities[n, kept].max() < limit:
            kept.append(n)
    return kept


def load_segments(corpus: Corpus) -> dict[str, Pairs]:
    """The same segments in each language; every pair of one language is of different content."""
    by_language: dict[str, dict[str, str]] = {}
    for row in loaders.rows("tico19_dev"):
        by_language.setdefault(str(row["lang"]), {})[str(row["cluster_id"])] = str(row["text"])
    everywhere = sorted(set.intersection(*(set(texts) for texts in by_language.values())))
    chosen = _drawn(np.random.default_rng(SEED), everywhere, _SEGMENTS)
    return {
        language: all_different(language, corpus.add([texts[segment] for segment in chosen]))
        for language, texts in sorted(by_language.items())
    }


def load_strangers(rng: np.random.Generator, apart: Sequence[tuple[Places, Places]]) -> Pairs:
    """Pairs of texts of two collections that have neither year nor topic in common."""
    sizes = np.array([len(a) * len(b) for a, b in apart])
    counts = (_RANDOM * sizes / sizes.sum()).astype(np.int64)
    drawn = [(rng.choice(a, n), rng.choice(b, n)) for (a, b), n in zip(apart, counts, strict=True)]
    return _different("strangers", np.concatenate([a for a, _ in drawn]), np.concatenate([b for _, b in drawn]))


def all_different(name: str, places: Places) -> Pairs:
    """Every pair of these texts, of which none belongs together; repeated texts count once."""
    places = np.unique(places)
    known, new = np.triu_indices(len(places), 1)
    return _different(name, places[known], places[new])


def _different(name: str, known: Places, new: Places) -> Pairs:
    none: Flags = np.zeros(len(known), dtype=np.bool_)
    return Pairs(name=name, known=known, new=new, same=none, units=np.stack([known, new], axis=1), groups=known)


def different(beds: Beds) -> dict[str, Sequence[Pairs]]:
    """All pairs of which none belongs together, by kind."""
    return {
        "strangers": [beds.strangers],
        "other news": [beds.other_news],
        "same call": [beds.same_call],
        "TICO": list(beds.segments.values()),
    }


def copies_found(beds: Beds, decide: Decide) -> float:
    """Share of the altered copies, meaning kept, that join their own source."""
    return _found([one for one in beds.altered if one.mark is None and one.name not in UNSEEN], decide)


def unread_found(beds: Beds, decide: Decide) -> float:
    """The same of the copies in scripts that the model does not read."""
    return _found(beds.unread, decide)


def _found(kept: Sequence[Altered], decide: Decide) -> float:
    return float(np.mean(np.concatenate([decide(one.known, one.new) <= SearchStep.MATCH for one in kept])))


def false_answers(groups: Sequence[Pairs], decide: Decide, last: SearchStep = SearchStep.MATCH) -> str:
    """Answers up to a method for each million pairs of which none belongs together."""
    false = sum(int((decide(pairs.known, pairs.new) <= last).sum()) for pairs in groups)
    return f"{1e6 * false / sum(map(len, groups)):.1f}"


def codes(labels: Sequence[str]) -> Places:
    """Equal numbers for equal labels."""
    return np.unique(np.array(labels), return_inverse=True)[1].astype(np.int64)


def _drawn(rng: np.random.Generator, texts: Sequence[str], n: int) -> list[str]:
    distinct = sorted(set(texts))
    return [distinct[place] for place in sorted(rng.permutation(len(distinct))[:n].tolist())]
