"""Whether depth at a fixed size tells rumours from what is none, and what depth is usual on each platform at each size.

Run as python -m tests.benchmarks.studies.structure.

Depth grows with size, so cascades are compared when each has the same number of messages. It grows with the time
that they took as well, so the figures are given again among cascades of like pace. What the tables mean, and what
followed: docs/methods/content.md.

Size-matched comparison: Juul and Ugander 2021, doi:10.1073/pnas.2100786118. Structural virality: Goel, Anderson,
Hofman and Watts 2016, doi:10.1287/mnsc.2015.2158. Stratified AUC: Janes and Pepe 2009, doi:10.1093/biomet/asp002.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import nan

import msgspec
import numpy as np

from detectors.spread.graph import ForwardGraph
from detectors.text.normalise import normalise
from tests.benchmarks.corpora.tracks import require_data, table
from tests.benchmarks.metrics.scores import Interval, auc, bootstrap
from tests.realdata import loaders
from tests.realdata.loaders import Row

SIZES = (10, 20, 50, 100)
QUANTILES = (10, 25, 50, 75, 90)
DEEP = 75  # the quantile above which an alert would call a cascade deep for its size
ROUNDS = 300
ONE_STORY = 0.5  # share of words in common from which two root texts tell one story
PACES = 10  # bands of equally many cascades, at most
IN_A_BAND = 30  # cascades, at least

PLATFORMS = {
    "Twitter15/16": "twitter1516_dev_events",
    "PHEME, inferred parents": "pheme_dev_events",
    "Telegram": "telegram_structure_dev",
    "Weibo": "casflow_weibo_sample",
}


class Tree(msgspec.Struct, frozen=True):
    """A cascade when it had so many messages."""

    cascade: str
    size: int  # messages seen
    mean_depth: float
    virality: float  # mean distance of two messages
    pace: float  # s from the first message to the last of them, negative: high means fast


class Labelled(msgspec.Struct, frozen=True):
    """A tree that somebody has judged."""

    tree: Tree
    positive: bool
    story: str


SCORES: dict[str, Callable[[Tree], float]] = {
    "mean depth": lambda tree: tree.mean_depth,
    "structural virality": lambda tree: tree.virality,
    "pace, for comparison": lambda tree: tree.pace,
}


def main() -> None:
    """Print the usual depths, then how far they separate."""
    require_data()
    trees = {platform: list(read(name)) for platform, name in PLATFORMS.items()}
    rows = [row for platform, found in trees.items() for row in usual(platform, found)]
    table("mean depth by size: quantiles over cascades", ("platform", "size", "cascades", *map(str, QUANTILES)), rows)
    twitter, pheme = labels("twitter1516_dev_cascades"), labels("pheme_dev_cascades")
    judge("Twitter15/16: rumours against what is none", labelled(trees["Twitter15/16"], twitter, _is_rumour))
    judge("Twitter15/16: false against true rumours", labelled(trees["Twitter15/16"], twitter, _is_false))
    judge("PHEME: false against true rumours", labelled(trees["PHEME, inferred parents"], pheme, _is_false))


# --- reading ----------------------------------------------------------------------------------------------------------


def read(name: str) -> Iterator[Tree]:
    """Each cascade of a file at each of `SIZES` that it reached; replies and what nobody saw are no messages."""
    cascades: defaultdict[str, list[Row]] = defaultdict(list)
    for row in loaders.rows(name):
        if row["kind" if "kind" in row else "cascade_id"] not in ("reply", "root_unseen") and row["t"] is not None:
            cascades[str(row["cascade_id"])].append(row)
    for cascade, rows in cascades.items():
        if len(rows) >= min(SIZES):
            yield from grown(cascade, rows)


def grown(cascade: str, rows: Sequence[Row]) -> Iterator[Tree]:
    """One cascade at each size, in the order of time; equal times as they were recorded."""
    graph, times = ForwardGraph(), []
    for row in sorted(rows, key=lambda row: float(str(row["t"]))):
        time = float(str(row["t"]))
        parent = row.get("parent_inferred") or row["parent_event_id"]
        graph.add(
            str(row["event_id"]), None if parent is None else str(parent), round(1000 * time), str(row["event_id"])
        )
        times.append(time)
        if len(times) in SIZES:
            shape = graph.shape()
            yield Tree(cascade, len(times), shape.mean_depth, shape.structural_virality, times[0] - time)


def labels(name: str) -> dict[str, Row]:
    """What is known of each cascade of a file."""
    return {str(row["cascade_id"]): row for row in loaders.rows(name)}


def labelled(trees: Sequence[Tree], known: Mapping[str, Row], judge: Callable[[Row], bool | None]) -> list[Labelled]:
    """The trees with a label, and which of them tell one story."""
    stories = stories_of(known)
    judged = ((tree, judge(known[tree.cascade])) for tree in trees)
    return [Labelled(tree, label, stories[tree.cascade]) for tree, label in judged if label is not None]


def _is_rumour(row: Row) -> bool | None:
    return row["label"] != "non-rumor"


def _is_false(row: Row) -> bool | None:
    return {"false": True, "true": False}.get(str(row["label"]))


def stories_of(known: Mapping[str, Row]) -> dict[str, str]:
    """Each cascade's story: as the file names it, else by the first text that shares half of its words."""
    seen: dict[str, frozenset[str]] = {}
    stories = {}
    for cascade, row in known.items():
        words = frozenset(normalise(str(row["text"])).split())
        alike = (name for name, others in seen.items() if len(words & others) >= ONE_STORY * len(words | others))
        stories[cascade] = str(row.get("story") or next(alike, cascade))
        seen.setdefault(stories[cascade], words)
    return stories


# --- judging ----------------------------------------------------------------------------------------------------------


def usual(platform: str, trees: Sequence[Tree]) -> Iterator[tuple[object, ...]]:
    """The quantiles of mean depth on a platform at each size."""
    for size in SIZES:
        depths = [tree.mean_depth for tree in trees if tree.size == size]
        if depths:
            yield platform, size, len(depths), *map(float, np.percentile(depths, QUANTILES))


def judge(title: str, found: Sequence[Labelled]) -> None:
    """Print how far each score separates, at each size: as it is, and among cascades of like pace."""
    rows = []
    for size in SIZES:
        here = [one for one in found if one.tree.size == size]
        count = sum(one.positive for one in here)
        if 0 < count < len(here):
            for name, score in SCORES.items():
                bands = max(1, min(PACES, len(here) // IN_A_BAND))
                plain, matched = separation(here, score, 1), separation(here, score, bands)
                intervals = plain.value, plain.low, plain.high, matched.value, matched.low, matched.high
                rows.append((name, size, count, len(here) - count, *intervals))
    names = ("score", "size", "yes", "no", "AUC", "low", "high", "at like pace", "low", "high")
    table(f"{title}: AUC, 95 % bootstrap over stories", names, rows)
    names = ("size", "of", "deep", "share of yes", "among the deep")
    table(f"{title}: mean depth above the {DEEP}th percentile", names, [deep(found, size) for size in SIZES])


def deep(found: Sequence[Labelled], size: int) -> tuple[object, ...]:
    """What it would tell to call those deep that are above a quantile: the share of positives in all, and in them."""
    here = [one for one in found if one.tree.size == size]
    limit = np.percentile([one.tree.mean_depth for one in here], DEEP)
    above = [one for one in here if one.tree.mean_depth > limit]
    shares = (float(np.mean([one.positive for one in some])) if some else nan for some in (here, above))
    return size, len(here), len(above), *shares


def separation(found: Sequence[Labelled], score: Callable[[Tree], float], bands: int) -> Interval:
    """AUC within bands of equally many cascades by pace, weighted by pairs; resampled story by story."""
    positive = np.array([one.positive for one in found])
    scores = np.array([score(one.tree) for one in found])
    band = np.argsort(np.argsort([one.tree.pace for one in found], kind="stable")) * bands // len(found)
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(found):
        groups[one.story].append(place)
    stories = list(groups.values())

    def figure(chosen: np.ndarray) -> float:
        places = np.array([place for story in chosen for place in stories[story]])
        return stratified(positive[places], scores[places], band[places])

    return bootstrap(figure, len(stories), rounds=ROUNDS)


def stratified(positive: np.ndarray, scores: np.ndarray, band: np.ndarray) -> float:
    """The mean of each band's AUC, weighted by its pairs of a positive and a negative; nan where there is none."""
    total, pairs = 0.0, 0
    for one in np.unique(band):
        here = band == one
        yes = int(positive[here].sum())
        no = int(here.sum()) - yes
        if yes and no:
            total += yes * no * auc(positive[here], scores[here])
            pairs += yes * no
    return total / pairs if pairs else nan


if __name__ == "__main__":
    main()
