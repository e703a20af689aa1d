"""Follow two halves of a rumour with words between them, bridge by bridge: a table of `studies.clusters`.

Recall alone does not tell a bridge that the search overlooks from one that was never there.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum

import numpy as np

from detectors.clustering import ClusteringConfig
from detectors.clustering.thresholds import ThresholdTable
from detectors.pipeline.config import PipelineConfig
from detectors.pipeline.intake import read_content
from detectors.pipeline.pipeline import Pipeline
from detectors.pipeline.rows import EdgeRow
from detectors.similarity.sketch import Sketcher, estimate
from schemas.assignment import Method
from tests.benchmarks.corpora.tracks import NAMES, Remembering, Run, digests, drive, resolve, table
from tests.benchmarks.studies.fragments import Judged, Wordings, bridged
from tests.benchmarks.studies.moved import DEFAULT, moved
from tests.realdata.loaders import encoded

DRAWS = 8  # which share bears which words
MOVED_DRAWS = 3  # the same, for each other threshold


class Fate(StrEnum):
    """What became of a rumour's halves, the first that holds."""

    ONE = "one cluster"
    ONE_EARLY = "one, though the words between came first"  # before the second half did
    UNDRAWN = "no share in the words between"
    TAKEN = "a wording joined another rumour"
    LETTERS = "too few letters in common"
    OTHER = "other"


def report_bridges(judged: Sequence[tuple[Judged, Wordings]], between: float, embedder: Remembering) -> None:
    """Print how many bridges had each fate, over several draws."""
    rows = []
    for one, wordings in judged:
        fates = Counter[Fate]()
        for seed in range(DRAWS):
            apart = bridged(one, wordings, np.random.default_rng(seed), between)
            fates.update(fates_in(run_words(apart, embedder), apart, wordings))
        rows.append((one.name, fates.total(), *(fates[fate] for fate in Fate)))
    table(f"the same over {DRAWS} draws: what became of the two wordings", ("positives of", "n", *Fate), rows)
    move_limit(judged, between, embedder)


def move_limit(judged: Sequence[tuple[Judged, Wordings]], between: float, embedder: Remembering) -> None:
    """Print how many halves become one as the letters that a merge asks for are moved."""
    rows = []
    for name, config in moved(("bridge_threshold",)):
        row: list[object] = [name]
        for one, wordings in judged:
            fates = Counter[Fate]()
            for seed in range(MOVED_DRAWS):
                apart = bridged(one, wordings, np.random.default_rng(seed), between)
                fates.update(fates_in(run_words(apart, embedder, config), apart, wordings))
            row += [fates.total(), fates[Fate.ONE] + fates[Fate.ONE_EARLY]]
        rows.append(row)
    names = ("setting (default)", *(part for one, _ in judged for part in (f"of {one.name}", "one cluster")))
    table(f"the same over {MOVED_DRAWS} draws, the letters that a merge asks for moved", names, rows)


def run_words(judged: Judged, embedder: Remembering, clustering: ClusteringConfig = DEFAULT) -> Run:
    """The real pipeline over a stream."""
    config = PipelineConfig(growth=judged.growth, clustering=clustering)
    return drive(encoded(judged.events), Pipeline(config, embedder, NAMES, "benchmark"), embedder)


def fates_in(run: Run, judged: Judged, wordings: Wordings) -> list[Fate]:
    """The fate of each positive."""
    rumour_of = digests(judged.events, judged.rumour_of)
    shares: defaultdict[str, list[EdgeRow]] = defaultdict(list)
    for edge in run.edges:
        shares[rumour_of[edge.event_id]].append(edge)
    return [fate(shares[track.name], wordings[track.name], run.merged_into) for track in judged.positives]


def fate(shares: Sequence[EdgeRow], wording: Sequence[str], merged_into: Mapping[str, str]) -> Fate:
    """Of one rumour, given its shares in order, its first, second and between wording, and who was merged into whom."""
    ways = [read_content(text, ()).fingerprint for text in wording]
    first, second, between = ([edge for edge in shares if edge.fingerprint == way] for way in ways)
    homes = [home(some, merged_into) for some in (first, second, between) if some]
    if not between or not second:
        return Fate.UNDRAWN
    if any(some[0].method is not Method.FIRST_SHARE for some in (first, second)) or homes[2] not in homes[:2]:
        return Fate.TAKEN
    if homes[0] == homes[1]:
        return Fate.ONE_EARLY if shares.index(between[0]) < shares.index(second[0]) else Fate.ONE
    return Fate.OTHER if letters_agree(wording) else Fate.LETTERS


def home(shares: Sequence[EdgeRow], merged_into: Mapping[str, str]) -> str:
    """The cluster that most of a wording's shares ended in; it may be forgotten and founded again."""
    ended = Counter(resolve(edge.cluster_id, merged_into) for edge in shares)
    return ended.most_common(1)[0][0]


def letters_agree(wording: Sequence[str]) -> bool:
    """Whether both halves share letters enough to be near, and the words between with each enough to merge them."""
    config = ClusteringConfig()
    sketcher, normals = Sketcher(config.sketch), [read_content(text, ()).normal for text in wording]
    first, second, between = map(sketcher.sketch, normals)
    bridged = min(estimate(first, between), estimate(second, between)) >= config.bridge_threshold
    return bridged and estimate(first, second) >= ThresholdTable(config).min_lexical(normals[1])
