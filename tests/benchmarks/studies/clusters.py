"""How good clusters are that are made once, in order: python -m tests.benchmarks.studies.clusters.

The stream's clusters beside offline agglomerative clustering with the same similarity; what the order of arrival changes;
purity against fragmentation; the other thresholds moved one at a time; and whether merges bring back the alerts that fragments cost. What the tables mean:
docs/methods/clustering.md.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import combinations, pairwise

import numpy as np
from sklearn.metrics import adjusted_rand_score

from detectors.clustering import ClusteringConfig
from tests.benchmarks.corpora.gold import BCUBED_F, PAIR_F, Corpus, Fit, corpora, fit, interval, shown
from tests.benchmarks.corpora.streamed import labels_in, online, streamed
from tests.benchmarks.corpora.tracks import Remembering, require_data, shipped, table
from tests.benchmarks.metrics.linkage import Linkage, batch_clusters, margins
from tests.benchmarks.studies.merging import report_merges
from tests.benchmarks.studies.moved import move_settings
from tests.benchmarks.studies.texts import at

DEFAULT = ClusteringConfig()
THRESHOLDS = (0.70, 0.75, 0.79, 0.82, 0.85, 0.88, 0.92, 0.96)
ORDERS = 20
SEED = 7
WHOLE, WORDS = "stream, links and words", "stream, words alone"


def main() -> None:
    """Print the tables."""
    require_data()
    embedder = shipped()
    judged = corpora(DEFAULT.min_words)
    for one in judged:
        compare(one, embedder)
    print("\n=== another order of arrival ===")
    reorder(judged, embedder)
    print("\n=== purity against fragmentation ===")
    for one in judged:
        move_threshold(one, embedder)
    print("\n=== every other threshold, moved by itself ===")
    move_settings(judged, embedder)
    print("\n=== merges against fragmentation ===")
    report_merges(embedder)


# --- online against batch ---------------------------------------------------------------------------------------------


def compare(one: Corpus, embedder: Remembering) -> None:
    """The stream's clusters, and those of whoever sees all texts at once."""
    rumours = len(set(one.truth))
    print(f"\n=== {one.name}: {len(one.keys)} messages, {len(one.wordings)} wordings, {rumours} rumours ===")
    found = clusterings(one, embedder)
    fits = {name: fit(one.truth, labels) for name, labels in found.items()}
    rows = [(name, *map(float, one.figures()), one.clusters, one.clusters / rumours) for name, one in fits.items()]
    names = ("clusters by", "B3 P", "B3 R", "B3 F", "pair P", "pair R", "pair F1", "clusters", "of a rumour")
    table("agreement with the truth", names, rows)
    table(
        f"F with 95 % interval, bootstrap over rumours; last columns: less that of {WORDS}",
        ("clusters by", "B3 F", "pair F1", "B3 F less", "pair F1 less"),
        [(name, *intervals(one, fits[WORDS])) for name, one in fits.items()],
    )
    pieces, late = returned(one, found[WHOLE])
    print(f"  further clusters of a rumour in the stream: {pieces}, of these begun when the last was forgotten: {late}")


def clusterings(one: Corpus, embedder: Remembering) -> dict[str, list[Hashable]]:
    """A cluster for each message by each method."""
    above = margins(one.wordings, DEFAULT, embedder)
    by_words: dict[str, Sequence[Hashable]] = {
        WORDS: online(one, embedder, DEFAULT),
        **{f"batch, {how.value} linkage": batch_clusters(above, how) for how in Linkage},
        "equal texts alone": range(len(one.wordings)),
    }
    return {
        WHOLE: labels_in(streamed(one, embedder, DEFAULT), one),
        **{name: one.labels(found) for name, found in by_words.items()},
    }


def intervals(found: Fit, ours: Fit) -> tuple[str, ...]:
    """F with its interval, and how much it is above ours."""
    alone = [shown(interval(found, column)) for column in (BCUBED_F, PAIR_F)]
    less = [shown(interval(found, column, ours)) for column in (BCUBED_F, PAIR_F)]
    return (*alone, *less) if found is not ours else (*alone, "-", "-")


def returned(one: Corpus, found: Sequence[Hashable]) -> tuple[int, int]:
    """Clusters of a rumour after its first, and how many of them began longer than `retention_ms` after the last.

    A cluster is its majority's: those of several rumours are counted for one.
    """
    created = {event.event_id: event.created_at for event in one.events}
    rumours, times = defaultdict[Hashable, list[str]](list), defaultdict[Hashable, list[int]](list)
    for key, rumour, cluster in zip(one.keys, one.truth, found, strict=True):
        rumours[cluster].append(rumour)
        times[cluster].append(created[key])
    spans = defaultdict[str, list[tuple[int, int]]](list)
    for cluster, names in rumours.items():
        spans[max(sorted(set(names)), key=names.count)].append((min(times[cluster]), max(times[cluster])))
    steps = [(a, b) for several in spans.values() for a, b in pairwise(sorted(several))]
    return len(steps), sum(begin - end > DEFAULT.retention_ms for (_, end), (begin, _) in steps)


# --- order ------------------------------------------------------------------------------------------------------------


def reorder(judged: Sequence[Corpus], embedder: Remembering) -> None:
    """How much depends on which wording came first."""
    rows = []
    for one in judged:
        if one.name == "PHEME cascades":
            continue  # the same texts as its sources
        generator = np.random.default_rng(SEED)
        orders = [generator.permutation(len(one.wordings)).tolist() for _ in range(ORDERS)]
        found = [online(one, embedder, DEFAULT, order) for order in orders]
        scores = [float(fit(one.truth, one.labels(labels)).figures()[BCUBED_F]) for labels in found]
        asked = float(fit(one.truth, one.labels(online(one, embedder, DEFAULT))).figures()[BCUBED_F])
        rows.append((one.name, asked, float(np.mean(scores)), min(scores), max(scores), *agreement(found)))
    names = ("wordings of", "F as recorded", "mean", "least", "most", "ARI mean", "ARI least", "clusters", "to")
    table(f"B-cubed F over {ORDERS} orders, and how far two orders agree (adjusted Rand index)", names, rows)


def agreement(found: Sequence[Sequence[Hashable]]) -> tuple[float, float, int, int]:
    """Adjusted Rand index between each two clusterings, mean and least; fewest and most clusters."""
    coded = [_codes(labels) for labels in found]
    indices = [float(adjusted_rand_score(a, b)) for a, b in combinations(coded, 2)]
    sizes = [len(set(labels)) for labels in found]
    return float(np.mean(indices)), min(indices), min(sizes), max(sizes)


def _codes(labels: Sequence[Hashable]) -> list[int]:
    seen: dict[Hashable, int] = {}
    return [seen.setdefault(label, len(seen)) for label in labels]


# --- thresholds -------------------------------------------------------------------------------------------------------


def move_threshold(one: Corpus, embedder: Remembering) -> None:
    """Purity and fragmentation of the stream's clusters by words, and of average linkage, as `embedding_threshold` moves."""
    rows = []
    for match in THRESHOLDS:
        config = at(match)
        ours = fit(one.truth, one.labels(online(one, embedder, config)))
        batch = fit(one.truth, one.labels(batch_clusters(margins(one.wordings, config, embedder), Linkage.AVERAGE)))
        rows.append((f"{match:.2f}", *purity(ours), *purity(batch)))
    names = ("match", "purity", "inverse", "F", "of a rumour", "batch purity", "inverse", "F", "of a rumour")
    table(f"{one.name}: B-cubed precision, recall and F, clusters for each rumour", names, rows)


def purity(found: Fit) -> tuple[float, float, float, float]:
    """Columns of the table."""
    precision, recall, f = found.figures()[:3]
    return float(precision), float(recall), float(f), found.clusters / len(found.sums)


if __name__ == "__main__":
    main()
