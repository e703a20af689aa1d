"""What each method of the near-duplicate search finds, and what it costs: python -m tests.benchmarks.studies.pairs.

Method by method on judged pairs, on stories of one event, on copies altered in one way each, and on texts that have nothing to
do with each other. What each figure means: docs/evaluation.md; what follows: docs/methods/near-duplicates.md.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec
import numpy as np

from detectors.pipeline.intake import read_content
from detectors.similarity.embedding import Embedder
from detectors.similarity.neighbours import NeighbourIndex
from detectors.similarity.sketch import Sketcher, SketchIndex
from detectors.similarity.variants import variants
from streams.embedders import EmbedderConfig, make_embedder
from tests.benchmarks.corpora.beds import Altered, Beds, copies_found, different, false_answers, load
from tests.benchmarks.corpora.pairs import (
    CONFIG,
    ROUNDS,
    Corpus,
    Floats,
    Pairs,
    Places,
    SearchStep,
    f1,
    precision,
    recall,
    search_steps,
    shown,
    weighted,
)
from tests.benchmarks.corpora.tracks import require_data, shipped, table
from tests.benchmarks.metrics.alternatives import alternatives
from tests.benchmarks.metrics.compare import compare
from tests.benchmarks.metrics.representatives import judge_representatives
from tests.benchmarks.metrics.scores import Interval, bootstrap
from tests.benchmarks.studies.moved import move_pairs

SEARCH_STEPS = {
    SearchStep.EXACT: "exact",
    SearchStep.SKETCH: "and sketch",
    SearchStep.MATCH: "and embedding, match",
    SearchStep.SUGGEST: "and embedding, suggest",
}
_LIMITS = (0.75, 0.60, 0.50, 0.45, 0.40, 0.35, 0.30, 0.25)
_NEVER = 2.0  # no cosine reaches it
_TIMED = 300  # texts
_LISTED = 4_000  # texts in the index that they are looked up in


class Costs(msgspec.Struct, frozen=True):
    """Processor time of each step for one text, microseconds."""

    read: float  # normal form, fingerprint, look-up
    sketch: float
    sketch_search: float
    vector: float
    vector_search: float

    def until(self, step: SearchStep, past_exact: float, past_sketch: float) -> float:
        """Mean cost of a text that is tried up to a method, given the shares that go past the cheaper ones."""
        cost = self.read
        if step >= SearchStep.SKETCH:
            cost += past_exact * (self.sketch + self.sketch_search)
        if step >= SearchStep.MATCH:
            cost += past_sketch * (self.vector + self.vector_search)
        return cost


def main() -> None:
    """Print the tables."""
    require_data()
    beds = load(Corpus(shipped()))
    costs = measure_costs(beds.corpus, beds.judged.new, make_embedder(EmbedderConfig()))
    judge_rungs(beds, costs)
    judge_alternatives(beds, costs)
    judge_representatives(beds)


def judge_rungs(beds: Beds, costs: Costs) -> None:
    """The candidate search, method by method, on everything."""
    print_costs(costs)
    for pairs in (beds.judged, beds.stories):
        judge_pairs(beds.corpus, pairs, costs)
    judge_altered(beds)
    judge_different(beds)
    judge_limits(beds)
    move_pairs(beds)


def judge_alternatives(beds: Beds, costs: Costs) -> None:
    """Other measures on the same texts."""
    among = alternatives(beds.corpus)
    texts = [beds.corpus.contents[place].normal for place in np.unique(beds.judged.new)[:_TIMED]]
    steps = {"sketch": costs.sketch + costs.sketch_search, "vector": costs.vector + costs.vector_search}
    for one in among:
        if one.step is not None:
            steps[one.uses[0]] = timed(lambda n, step=one.step: step(texts[n]), len(texts))
    compare(beds, among, steps)


# --- cost -------------------------------------------------------------------------------------------------------------


def measure_costs(corpus: Corpus, places: Places, model: Embedder) -> Costs:
    """The steps of the search for some texts, among as many others as a small deployment knows."""
    some = np.unique(places)[:_TIMED]
    texts = [corpus.contents[place] for place in some]
    sketcher = Sketcher(CONFIG.sketch)
    index, neighbours = SketchIndex(CONFIG.sketch), NeighbourIndex(model.dimension)
    known: dict[str, int] = {}
    for place in np.setdiff1d(np.arange(len(corpus.contents)), some)[-_LISTED:]:
        known[corpus.contents[place].fingerprint] = place
        index.add(str(place), corpus.minima[place].tobytes())
        neighbours.add(str(place), corpus.vectors[place])
    sketches = [sketcher.sketch(text.normal) for text in texts]
    return Costs(
        read=timed(lambda n: known.get(read_content(texts[n].text, ()).fingerprint), len(texts)),
        sketch=timed(lambda n: sketcher.sketch(texts[n].normal), len(texts)),
        sketch_search=timed(lambda n: index.query(sketches[n]), len(texts)),
        vector=timed(lambda n: model.embed([texts[n].normal]), len(texts)),
        vector_search=timed(
            lambda n: neighbours.query(corpus.vectors[some[n]], 8, CONFIG.suggestion_threshold), len(texts)
        ),
    )


def timed(step: Callable[[int], object], n: int) -> float:
    """Microseconds of processor time for one of n steps."""
    begin = time.process_time()
    for i in range(n):
        step(i)
    return (time.process_time() - begin) / n * 1e6


def print_costs(costs: Costs) -> None:
    """One row for each step."""
    rows = [
        ("read: normal form, fingerprint, look-up", costs.read),
        ("sketch", costs.sketch),
        (f"sketch, search among {_LISTED}", costs.sketch_search),
        ("vector of the shipped model", costs.vector),
        (f"vector, search among {_LISTED}", costs.vector_search),
    ]
    table("cost of each step for one text, CPU time of this machine", ("step", "µs"), rows)


# --- pairs with a verdict ---------------------------------------------------------------------------------------------


def judge_pairs(corpus: Corpus, pairs: Pairs, costs: Costs) -> None:
    """Precision and recall of the search that ends at each method."""
    step = search_steps(corpus, pairs.known, pairs.new)
    past = [float(np.mean(step > last)) for last in (SearchStep.EXACT, SearchStep.SKETCH)]
    rows = []
    for last, name in SEARCH_STEPS.items():
        joined = step <= last
        of = [weighted(partial(figure, pairs.same, joined), pairs.units) for figure in (precision, recall)]
        rows.append((name, int(joined.sum()), float(np.mean(joined)), *map(shown, of), costs.until(last, *past)))
    table(
        f"{pairs.name}: {len(pairs)}, of these {int(pairs.same.sum())} the same",
        ("search up to", "pairs", "answered", "precision", "recall", "µs/text"),
        rows,
    )


# --- altered copies ---------------------------------------------------------------------------------------------------


class Answers(msgspec.Struct, frozen=True):
    """What became of the copies of one change; each array has one entry a copy."""

    step: Places  # that its own text was found by
    right: Floats  # 1 where the nearest known text that would be joined is its own
    joined: Floats  # 1 where any known text would be joined
    marked: Floats  # 1 where the mark that the change deserves is set; without a change of meaning, any mark


def judge_altered(beds: Beds) -> None:
    """Each change alone: how far it is found, whether as itself, and whether it is marked."""
    rows, marks = [], []
    for altered in beds.altered:
        answers = answer(beds.corpus, altered)
        found = answers.step <= SearchStep.MATCH
        cumulative = [float(np.mean(answers.step <= last)) for last in SEARCH_STEPS]
        interval = over_copies(found.astype(np.float64))
        right = ratio(answers.right, answers.joined)
        rows.append((altered.name, len(found), *cumulative, f"[{interval.low:.3f}, {interval.high:.3f}]", shown(right)))
        own_marked = ratio(answers.marked * found, found.astype(np.float64))
        marks.append(
            (
                altered.name,
                str(altered.mark or "none"),
                int(found.sum()),
                shown(own_marked),
                float(answers.marked.mean()),
            )
        )
    names = ("change", "copies", "exact", "sketch", "match", "suggest", "match: 95 %", "nearest is its own")
    table("altered copies among all sources: recall of the search up to each method", names, rows)
    names = ("change", "mark due", "joined", "of these marked", "of all copies")
    table("marks on altered copies; where none is due, every mark is false", names, marks)


def answer(corpus: Corpus, altered: Altered) -> Answers:
    """Ask every copy against all sources."""
    n, m = len(altered.new), len(altered.sources)
    known, new = np.tile(altered.sources, n), np.repeat(altered.new, m)
    steps = search_steps(corpus, known, new).reshape(n, m)
    jaccard, near = corpus.jaccard(known, new).reshape(n, m), corpus.near(known, new).reshape(n, m)
    strength = np.where(
        steps <= SearchStep.SKETCH,
        2.0 + jaccard + (steps == SearchStep.EXACT),
        np.where(steps == SearchStep.MATCH, near, -1.0),
    )
    nearest = altered.sources[strength.argmax(axis=1)]
    joined = strength.max(axis=1) >= 0
    own = search_steps(corpus, altered.known, altered.new)
    found = [
        variants(corpus.contents[a].normal, corpus.contents[b].normal)
        for a, b in zip(altered.known, altered.new, strict=True)
    ]
    marked = [altered.mark in marks if altered.mark else bool(marks) for marks in found]
    return Answers(
        own,
        (joined & (nearest == altered.known)).astype(np.float64),
        joined.astype(np.float64),
        np.array(marked, dtype=np.float64),
    )


def over_copies(values: Floats) -> Interval:
    """Mean with its interval; the copies are of different texts."""
    return bootstrap(lambda chosen: float(values[chosen].mean()), len(values), rounds=ROUNDS)


def ratio(part: Floats, whole: Floats) -> Interval:
    """Share of one count in another with its interval."""

    def figure(chosen: Places) -> float:
        total = float(whole[chosen].sum())
        return float(part[chosen].sum()) / total if total else np.nan

    return bootstrap(figure, len(whole), rounds=ROUNDS)


# --- texts of different content ---------------------------------------------------------------------------------------


def judge_different(beds: Beds) -> None:
    """False answers for each million pairs, by the method that gave them."""
    names = ("pairs of", "pairs", *(f"{name}" for name in SEARCH_STEPS.values()), "texts with a match")
    rows = [false_row(beds.corpus, pairs) for pairs in beds.segments.values()]
    table("TICO-19, different segments of one language: false answers for each million pairs", names, rows)
    rows = [false_row(beds.corpus, pairs) for pairs in (beds.strangers, beds.other_news, beds.same_call)]
    table("English texts of other content; other news: under two addresses, an upper bound", names, rows)


def false_row(corpus: Corpus, pairs: Pairs) -> Sequence[object]:
    """Cumulative rates, and the share of the texts that would join a wrong one."""
    step = search_steps(corpus, pairs.known, pairs.new)
    rates = [f"{1e6 * float(np.mean(step <= last)):.1f}" for last in SEARCH_STEPS]
    joined = np.unique(np.concatenate([pairs.known[step <= SearchStep.MATCH], pairs.new[step <= SearchStep.MATCH]]))
    texts = np.unique(np.concatenate([pairs.known, pairs.new]))
    return (pairs.name, len(pairs), *rates, len(joined) / len(texts))


# --- other thresholds ---------------------------------------------------------------------------------------------


def judge_limits(beds: Beds) -> None:
    """The candidate search with another threshold for the sketch, with and without the embedding above it."""
    strangers = different(beds)
    for title, match in (
        ("the search, its sketch threshold moved", CONFIG.embedding_threshold),
        ("without the embedding", _NEVER),
    ):
        rows = [limit_row(beds, strangers, least, match) for least in _LIMITS]
        names = (
            "sketch from",
            "judged P",
            "judged R",
            "F1",
            "answered by sketch",
            "altered R",
            *strangers,
            "16 x 4",
            "42 x 3",
            "64 x 2",
        )
        table(
            f"{title}: false matches for each million pairs; share of pairs at the threshold that bands x rows propose",
            names,
            rows,
        )


def limit_row(beds: Beds, strangers: Mapping[str, Sequence[Pairs]], least: float, match: float) -> Sequence[object]:
    """One row: what is joined up to `embedding_threshold`."""
    corpus, judged, every = beds.corpus, beds.judged, np.ones(len(beds.judged))
    decide = partial(search_steps, corpus, least=least, match=match)
    steps = decide(judged.known, judged.new)
    joined = steps <= SearchStep.MATCH
    figures = [figure(judged.same, joined, every) for figure in (precision, recall, f1)]
    rates = [false_answers(groups, decide) for groups in strangers.values()]
    bands = [proposed(least, *shape) for shape in ((16, 4), (42, 3), (64, 2))]
    return (
        f"{least:.2f}",
        *figures,
        float(np.mean(steps <= SearchStep.SKETCH)),
        copies_found(beds, decide),
        *rates,
        *bands,
    )


def proposed(similarity: float, bands: int, rows: int) -> float:
    """Probability that banding proposes a pair of this similarity: equal in all rows of some band."""
    return 1.0 - (1.0 - similarity**rows) ** bands


if __name__ == "__main__":
    main()
