"""How well near-duplicate texts are recognised on recorded messages: python -m tests.benchmarks.studies.texts.

Human-judged pairs, journalists' story clusters, and texts that must stay apart, each through the real search with the
real model; then the same at other thresholds. What each figure means: docs/evaluation.md.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np

from detectors.clustering import ClusteringConfig
from detectors.pipeline.config import PipelineConfig
from schemas.event import ForwardEvent, Kind
from tests.benchmarks.corpora.beds import load_judged
from tests.benchmarks.corpora.pairs import Corpus, Pairs, SearchStep, search_steps
from tests.benchmarks.corpora.tracks import Remembering, Run, digests, require_data, run, shares, shipped, table
from tests.benchmarks.metrics.scores import Agreement, auc, b_cubed, best_f1
from tests.realdata import loaders

START_MS = 1_600_000_000_000
DEFAULT = ClusteringConfig()
SHARING = (0.10, 0.15, 0.20)
THRESHOLDS = (0.70, 0.75, 0.79, 0.82, 0.85, 0.88, 0.90, 0.92)


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is judged, loaded once."""

    corpus: Corpus  # the judged pairs' texts
    judged: Pairs
    urls: Sequence[str]  # of each judged pair, that both texts led to
    pheme: Sequence[ForwardEvent]
    cascade_of: Mapping[str, str]  # event digest -> recorded cascade
    story_of: Mapping[str, str]  # cascade -> the journalists' story
    covid: Sequence[tuple[str, str]]  # text, label
    tico: Mapping[str, Sequence[tuple[str, str]]]  # language -> text, segment


def main() -> None:
    """Print the tables."""
    require_data()
    embedder = shipped()
    texts = load(embedder)
    judge_pairs(texts, embedder)
    judge_pheme(texts, embedder)
    judge_unrelated(texts, embedder)
    judge_translations(texts, embedder)
    print_thresholds(texts, embedder)


def load(embedder: Remembering) -> Texts:
    """Read the files; the pairs that people could not agree on are left out."""
    events = loaders.pheme()
    cascades = list(loaders.rows("pheme_dev_cascades"))
    own = {str(row["event_id"]): str(row["cascade_id"]) for row in loaders.rows("pheme_dev_events")}
    tico: dict[str, list[tuple[str, str]]] = {}
    for row in loaders.rows("tico19_dev"):
        tico.setdefault(str(row["lang"]), []).append((str(row["text"]), str(row["cluster_id"])))
    rows = [row for row in loaders.rows("twitter_url_pairs_dev") if row["label"] is not None]
    corpus = Corpus(embedder)
    return Texts(
        corpus=corpus,
        judged=load_judged(corpus, rows),
        urls=[str(row["url"]) for row in rows],
        pheme=events,
        cascade_of=digests(events, own),
        story_of={str(row["cascade_id"]): str(row["story"]) for row in cascades},
        covid=[(str(row["text"]), str(row["label"])) for row in loaders.rows("covid_rumours_dev")],
        tico=dict(sorted(tico.items())),
    )


# --- judged pairs ----------------------------------------------------------------------------------------------------


def judge_pairs(texts: Texts, embedder: Remembering) -> None:
    """How well a similarity ranks the pairs, and what the search decides."""
    corpus, judged = texts.corpus, texts.judged
    same: list[bool] = judged.same.tolist()
    print(f"\n=== judged pairs (Twitter-URL): {len(same)}, {sum(same)} paraphrases ===")
    words, meaning = corpus.jaccard(judged.known, judged.new), corpus.near(judged.known, judged.new)
    exact = corpus.names[judged.known] == corpus.names[judged.new]
    scores = {
        "embedding": meaning,
        "lexical": words,
        "whole search": np.where(exact, 1.0, np.maximum(words, meaning)),
    }
    table(
        "ranking",
        ("similarity", "AUC", "best F1", "at"),
        [(name, auc(same, score), *best_f1(same, score)) for name, score in scores.items()],
    )
    both = [(corpus.contents[a].text, corpus.contents[b].text) for a, b in zip(judged.known, judged.new, strict=True)]
    plain = [joins(pair, embedder) for pair in both]
    lifted = [joins(pair, embedder, (url,)) for pair, url in zip(both, texts.urls, strict=True)]
    table(
        f"decisions of the search at its defaults (match {DEFAULT.embedding_threshold}, suggest {DEFAULT.suggestion_threshold})",
        ("texts", "precision", "recall", "F1", "joined"),
        [verdict("alone", same, plain), verdict("with the address they share", same, lifted)],
    )

    def at_least(letters: float) -> list[bool]:
        config = msgspec.structs.replace(DEFAULT, min_lexical_sharing=letters)
        return [joins(pair, embedder, (url,), config) for pair, url in zip(both, texts.urls, strict=True)]

    table(
        f"the same with the address, by min_lexical_sharing (default {DEFAULT.min_lexical_sharing})",
        ("letters in common", "precision", "recall", "F1", "joined"),
        [verdict(f"{letters:.2f}", same, at_least(letters)) for letters in (*SHARING, DEFAULT.min_lexical_read)],
    )


def joins(
    pair: Sequence[str], embedder: Remembering, urls: tuple[str, ...] = (), config: ClusteringConfig = DEFAULT
) -> bool:
    """Whether two posts by two authors become one cluster."""
    return run(posts(pair, urls), PipelineConfig(clustering=config), embedder).clusters == 1


def verdict(name: str, same: Sequence[bool], joined: Sequence[bool]) -> tuple[str, float, float, float, int]:
    """A table's row of precision, recall and F1."""
    agreement = agree(same, joined)
    return name, agreement.precision, agreement.recall, agreement.f1, sum(joined)


def agree(same: Sequence[bool], joined: Sequence[bool]) -> Agreement:
    """Precision and recall of yes and no."""
    both = sum(a and b for a, b in zip(same, joined, strict=True))
    return Agreement(both / sum(joined) if any(joined) else 1.0, both / sum(same))


# --- stories ---------------------------------------------------------------------------------------------------------


def judge_pheme(texts: Texts, embedder: Remembering) -> None:
    """Clusters against the journalists' stories and against the recorded cascades."""
    roots, stream = pheme_roots(texts, DEFAULT, embedder), pheme_stream(texts, DEFAULT, embedder)
    stories = len(set(texts.story_of.values()))
    print(f"\n=== stories (PHEME): {len(texts.story_of)} source texts of {stories} stories ===")
    by_story = agreement_with(roots, texts, by_story=True)
    table(
        "B-cubed agreement",
        ("items, truth", "precision", "recall", "F", "clusters"),
        [
            ("source texts, story", by_story.precision, by_story.recall, by_story.f1, roots.clusters),
            stream_row("posts and retweets, story", stream, texts, by_story=True),
            stream_row("posts and retweets, recorded cascade", stream, texts, by_story=False),
        ],
    )
    print(f"search, source texts: {shares(roots.methods)}")
    print(f"search, whole stream: {shares(stream.methods)}")
    replies = Counter(str(edge.method) for edge in stream.edges if edge.kind is Kind.REPLY)
    print(f"search, replies only: {shares(replies)}")


def stream_row(name: str, stream: Run, texts: Texts, *, by_story: bool) -> tuple[str, float, float, float, int]:
    """A table's row of B-cubed over the posts and retweets."""
    agreement = agreement_with(stream, texts, by_story=by_story)
    clusters = {stream.resolve(edge.cluster_id) for edge in stream.edges if edge.kind is not Kind.REPLY}
    return name, agreement.precision, agreement.recall, agreement.f1, len(clusters)


def pheme_roots(texts: Texts, config: ClusteringConfig, embedder: Remembering) -> Run:
    """The source texts alone."""
    roots = [event for event in texts.pheme if event.kind is Kind.POST]
    return run(roots, PipelineConfig(clustering=config), embedder)


def pheme_stream(texts: Texts, config: ClusteringConfig, embedder: Remembering) -> Run:
    """The whole stream, replies among it."""
    return run(texts.pheme, PipelineConfig(clustering=config), embedder)


def agreement_with(found: Run, texts: Texts, *, by_story: bool) -> Agreement:
    """B-cubed over the posts and retweets; a reply is a text of its own that no truth speaks of."""
    edges = [edge for edge in found.edges if edge.kind is not Kind.REPLY]
    cascades = [texts.cascade_of[edge.event_id] for edge in edges]
    truth = [texts.story_of[cascade] for cascade in cascades] if by_story else cascades
    return b_cubed(truth, [found.resolve(edge.cluster_id) for edge in edges])


# --- texts that must stay apart --------------------------------------------------------------------------------------


def judge_unrelated(texts: Texts, embedder: Remembering) -> None:
    """How many texts of other content were put together."""
    print("\n=== texts of different content ===")
    rows = []
    for name, items in (
        ("covid rumours", texts.covid),
        *((f"tico19 {lang}", items) for lang, items in texts.tico.items()),
    ):
        found = run(posts([text for text, _ in items]), PipelineConfig(), embedder)
        joined = Counter(method for method, n in found.methods.items() for _ in range(n) if method != "first_share")
        largest = max(Counter(found.cluster_of().values()).values())
        rows.append(
            (name, len(items), false_joins(found), *(joined[m] for m in ("exact", "lexical", "embedding")), largest)
        )
    table(
        "each alone: a text that found its way to another's cluster (all false in tico19, at most so in covid)",
        ("texts", "texts", "joined", "exact", "lexical", "embedding", "largest cluster"),
        rows,
    )
    print_labels(texts, embedder)


def print_labels(texts: Texts, embedder: Remembering) -> None:
    """Joined covid texts: those with different verdicts are surely not one rumour."""
    found = run(posts([text for text, _ in texts.covid]), PipelineConfig(), embedder)
    members: dict[str, list[str]] = {}
    for edge, (_, label) in zip(found.edges, texts.covid, strict=True):
        members.setdefault(found.resolve(edge.cluster_id), []).append(label)
    several = [labels for labels in members.values() if len(labels) > 1]
    mixed = sum(len(set(labels)) > 1 for labels in several)
    print(f"covid clusters of several texts: {len(several)}, of these with more than one verdict: {mixed}")


def false_joins(found: Run) -> int:
    """Texts less clusters: what would be 0 if all stayed apart."""
    return len(found.edges) - found.clusters


def judge_translations(texts: Texts, embedder: Remembering) -> None:
    """All languages in one stream: translations that were joined, and strangers."""
    items = [(lang, text, segment) for lang, rows in texts.tico.items() for text, segment in rows]
    found = run(posts([text for _, text, _ in items]), PipelineConfig(), embedder)
    clusters: dict[str, list[tuple[str, str]]] = {}
    for edge, (lang, _, segment) in zip(found.edges, items, strict=True):
        clusters.setdefault(found.resolve(edge.cluster_id), []).append((lang, segment))
    together = sum(same_pairs([segment for _, segment in members]) for members in clusters.values())
    across = sum(all_pairs(len(members)) for members in clusters.values())
    possible = same_pairs([segment for _, _, segment in items])
    print(
        f"\nall languages as one stream: {together} of {possible} pairs of translations joined, beside "
        f"{across - together} pairs of other segments (expected: the default model knows English first)"
    )


def same_pairs(labels: Iterable[str]) -> int:
    """Pairs with the same label."""
    return sum(all_pairs(n) for n in Counter(labels).values())


def all_pairs(n: int) -> int:
    """Pairs among n."""
    return n * (n - 1) // 2


# --- thresholds ------------------------------------------------------------------------------------------------------


def print_thresholds(texts: Texts, embedder: Remembering) -> None:
    """Every figure at other match thresholds, the rest of the settings as they are."""
    print("\n=== other match thresholds ===")
    rows = [threshold_row(texts, at(match), embedder) for match in THRESHOLDS]
    names = ("match", "pair F1", "precision", "recall", "story F", "cascade P", "cascade R", "cascade F", "covid")
    table("similarities; then texts joined that should be apart", (*names, *texts.tico), rows)


def at(match: float) -> ClusteringConfig:
    """The defaults with another match threshold."""
    return ClusteringConfig(embedding_threshold=match, suggestion_threshold=min(DEFAULT.suggestion_threshold, match))


def threshold_row(texts: Texts, config: ClusteringConfig, embedder: Remembering) -> tuple[object, ...]:
    """One row of the table."""
    judged = texts.judged
    joined = (
        search_steps(texts.corpus, judged.known, judged.new, match=config.embedding_threshold, others=config)
        <= SearchStep.MATCH
    )
    agreement = agree(judged.same.tolist(), joined.tolist())
    story = agreement_with(pheme_roots(texts, config, embedder), texts, by_story=True)
    cascade = agreement_with(pheme_stream(texts, config, embedder), texts, by_story=False)
    apart = [[text for text, _ in texts.covid], *([text for text, _ in items] for items in texts.tico.values())]
    joins = [false_joins(run(posts(group), PipelineConfig(clustering=config), embedder)) for group in apart]
    pair = (agreement.f1, agreement.precision, agreement.recall)
    return (f"{config.embedding_threshold:.2f}", *pair, story.f1, cascade.precision, cascade.recall, cascade.f1, *joins)


def posts(texts: Sequence[str], urls: tuple[str, ...] = ()) -> list[ForwardEvent]:
    """Each text as a post by an author of its own, a second apart."""
    return [
        ForwardEvent(
            event_id=f"text-{i}",
            platform="recorded",
            kind=Kind.POST,
            created_at=START_MS + 1000 * i,
            message_id=f"text-{i}",
            actor=f"author-{i}",
            text=text,
            urls=urls,
        )
        for i, text in enumerate(texts)
    ]


if __name__ == "__main__":
    main()
