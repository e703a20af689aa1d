"""Each threshold of the clustering moved by itself, the others as they are: what its default wins and loses by its neighbours.

`embedding_threshold` and `lexical_threshold`, which join most, have tables of their own (`studies.clusters`, `studies.texts`, `studies.pairs`).
The table of pairs is printed by `studies.pairs`, those of streams by `studies.clusters`.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import msgspec
import numpy as np

from detectors.clustering import ClusteringConfig
from tests.benchmarks.corpora.beds import Beds, copies_found, different, false_answers, unread_found
from tests.benchmarks.corpora.gold import BCUBED_F, Corpus, Fit, fit, interval, shown
from tests.benchmarks.corpora.pairs import Flags, Pairs, SearchStep, f1, precision, recall, search_steps, weighted
from tests.benchmarks.corpora.streamed import digests_of, labels_in, online, streamed
from tests.benchmarks.corpora.tracks import Remembering, Run, table

DEFAULT = ClusteringConfig()
MOVED: Mapping[str, Sequence[float]] = {
    "suggestion_threshold": (0.70, 0.78),
    "short_text_margin": (0.0, 0.10),
    "short_text_words": (5, 10, 14),
    "min_lexical_read": (0.10, 0.30),
    "min_lexical_unread": (0.30, 0.50, 0.60),
    "bridge_threshold": (0.40, 0.60),
}
"""Values below each default and above it."""
OF_PAIRS = ("suggestion_threshold", "short_text_margin", "short_text_words", "min_lexical_read", "min_lexical_unread")
"""A merge takes three texts, so a pair does not ask for `bridge_threshold`."""
BY_WORDS = "Twitter15/16 cascades"
"""Its stream takes too long to run so often: its wordings alone, without links and addresses."""


def moved(settings: Sequence[str] = tuple(MOVED)) -> Iterator[tuple[str, ClusteringConfig]]:
    """The defaults, then each of these settings at each of its other values, with the name of the row."""
    yield "as it ships", DEFAULT
    for name in settings:
        for value in MOVED[name]:
            config = msgspec.structs.replace(DEFAULT, **{name: value})
            yield f"{name} {written(value)} ({written(getattr(DEFAULT, name))})", config


def written(value: float) -> str:
    """A threshold with two digits, a number of words with none."""
    return str(value) if isinstance(value, int) else f"{value:.2f}"


# --- streams ----------------------------------------------------------------------------------------------------------


def move_settings(judged: Sequence[Corpus], embedder: Remembering) -> None:
    """Print how well the clusters fit, one table for each stream."""
    names = ("setting (default)", "B3 P", "B3 R", "B3 F", "F less that as it ships", "clusters", "merges", "wrong")
    for one in judged:
        rows = []
        ours: Fit | None = None
        for name, config in moved():
            found, merges = judge(one, embedder, config)
            less = "-" if ours is None else shown(interval(found, BCUBED_F, ours))
            rows.append((name, *map(float, found.figures()[:3]), less, found.clusters, *merges))
            ours = ours or found
        table(f"{one.name}{', words alone' if one.name == BY_WORDS else ''}", names, rows)


def judge(one: Corpus, embedder: Remembering, config: ClusteringConfig) -> tuple[Fit, tuple[object, object]]:
    """How well a stream's clusters fit; merges, and those of two rumours."""
    if one.name == BY_WORDS:
        return fit(one.truth, one.labels(online(one, embedder, config))), ("-", "-")
    found = streamed(one, embedder, config)
    rumour_of = dict(zip(digests_of(one), one.truth, strict=True))
    return fit(one.truth, labels_in(found, one)), (found.merged, wrong_merges(found, rumour_of))


def wrong_merges(found: Run, rumour_of: Mapping[str, str]) -> int:
    """Merges of two clusters that began with two rumours (event digest -> rumour); what no truth speaks of is no error."""
    began: dict[str, str] = {}
    for edge in found.edges:
        if edge.event_id in rumour_of:
            began.setdefault(edge.cluster_id, rumour_of[edge.event_id])
    pairs = [(began.get(a), began.get(b)) for a, b in found.merged_into.items()]
    return sum(a != b for a, b in pairs if a is not None and b is not None)


# --- pairs ------------------------------------------------------------------------------------------------------------


def move_pairs(beds: Beds) -> None:
    """Print what the search does with pairs of texts: up to `embedding_threshold`, and up to `suggestion_threshold`, which alone joins nothing."""
    judged, apart, rows = beds.judged, different(beds), []
    ours: dict[SearchStep, Flags] = {}
    for name, config in moved(OF_PAIRS):
        decide = partial(search_steps, beds.corpus, others=config)
        step = decide(judged.known, judged.new)
        row: list[object] = [name]
        for last in (SearchStep.MATCH, SearchStep.SUGGEST):
            row += verdict(judged, step <= last, ours.get(last))
            ours.setdefault(last, step <= last)
        row += [
            copies_found(beds, decide),
            unread_found(beds, decide),
            *(false_answers(groups, decide) for groups in apart.values()),
        ]
        rows.append((*row, false_answers(apart["TICO"], decide, SearchStep.SUGGEST)))
    of_judged = ("judged P", "R", "F1 less that as it ships")
    up_to_suggest = ("to suggest P", "R", "F1 less that as it ships")
    names = (
        "setting (default)",
        *of_judged,
        *up_to_suggest,
        "altered R",
        "other scripts R",
        *apart,
        "TICO, to suggest",
    )
    table(
        "other thresholds moved one at a time: judged pairs, copies, false answers for each million pairs", names, rows
    )


def verdict(judged: Pairs, joined: Flags, ours: Flags | None) -> tuple[object, ...]:
    """Precision, recall, and F1 less that of our own decision on the same draws."""
    every, same = np.ones(len(judged)), judged.same
    figures = (precision(same, joined, every), recall(same, joined, every))
    if ours is None:
        return (*figures, "-")
    return (*figures, shown(weighted(lambda weight: f1(same, joined, weight) - f1(same, ours, weight), judged.units)))
