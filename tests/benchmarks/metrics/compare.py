"""Compares ways to tell near-duplicates, each threshold chosen where nothing is judged.

Three questions: how well a measure ranks, how well its threshold carries over to other addresses or events, and what is
left of it when it may make no more false matches than the search that ships.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from tests.benchmarks.corpora.beds import UNSEEN, Beds
from tests.benchmarks.corpora.pairs import (
    CONFIG,
    ROUNDS,
    SEED,
    Flags,
    Floats,
    Pairs,
    area,
    f1,
    precision,
    recall,
    shown,
    weighted,
)
from tests.benchmarks.corpora.tracks import table
from tests.benchmarks.metrics.alternatives import Alternative, Score, threshold
from tests.benchmarks.metrics.scores import best_f1

_OTHERS = 4  # sources that a copy is compared with beside its own
_LATIN = frozenset({"en", "es", "fr", "id", "pt", "sw"})


class Scored(msgspec.Struct, frozen=True):
    """What a measure makes of pairs, fitted and with a threshold from elsewhere."""

    name: str
    scores: Floats
    joined: Flags


def compare(beds: Beds, among: Sequence[Alternative], costs: Mapping[str, float]) -> None:
    """Print the tables; `costs` are microseconds of each step."""
    beds_of = {pairs.name: pairs for pairs in (beds.judged, beds.stories, copies(beds))}
    for pairs in beds_of.values():
        scored = [crossed(one, pairs, None if pairs is beds.judged else beds.judged) for one in among]
        print_ranking(pairs, scored)
    print_false_matches(beds, among, costs)
    for name, languages in (("thirteen languages", tuple(beds.segments)), ("English alone", ("en",))):
        print_equal(beds, list(beds_of.values()), among, name, languages)


def copies(beds: Beds) -> Pairs:
    """Altered copies with their own source and with some others, all changes that are seen by somebody together."""
    rng = np.random.default_rng(SEED)
    parts = [one for one in beds.altered if one.name not in UNSEEN]
    known, new, same = [], [], []
    for altered in parts:
        n = len(altered.new)
        for k in range(_OTHERS + 1):
            others = rng.choice(altered.sources, n)
            known.append(others if k else altered.known)
            new.append(altered.new)
            same.append(known[-1] == altered.known)
    texts = np.concatenate([np.tile(altered.known, _OTHERS + 1) for altered in parts])
    return Pairs(
        name="altered copies",
        known=np.concatenate(known),
        new=np.concatenate(new),
        same=np.concatenate(same),
        units=texts[:, None],
        groups=texts,
    )


def crossed(one: Alternative, pairs: Pairs, fit_on: Pairs | None) -> Scored:
    """Each half scored with the other half's threshold; fitted on the other half too where `fit_on` is None."""
    scores, joined = np.zeros(len(pairs)), np.zeros(len(pairs), dtype=np.bool_)
    for side in (False, True):
        chosen = pairs.half == side
        others, mine = pairs.among(~chosen), pairs.among(chosen)
        score = one.fit(others if fit_on is None else fit_on)
        scores[chosen] = score(mine.known, mine.new)
        joined[chosen] = scores[chosen] >= threshold(others.same, score(others.known, others.new))
    return Scored(one.name, scores, joined)


def print_ranking(pairs: Pairs, scored: Sequence[Scored]) -> None:
    """How each ranks, what it joins, and how far it is ahead of the first."""
    ours, rounds, rows = scored[0], ROUNDS if len(pairs) < 5_000 else ROUNDS // 4, []
    for one in scored:
        row = [one.name, *(shown(weighted(figure, pairs.units, rounds=rounds)) for figure in figures(pairs, one))]
        row[2:2] = [f"{best_f1(pairs.same, one.scores)[0]:.3f}"]
        for mine, theirs in zip(figures(pairs, one), figures(pairs, ours), strict=True):
            gap = weighted(lambda weight, a=mine, b=theirs: a(weight) - b(weight), pairs.units, rounds=rounds)
            row.append("-" if one is ours else shown(gap))
        rows.append(row)
    names = ("measure", "AUC", "best F1", "F1, other half's threshold", "AUC ahead by", "F1 ahead by")
    table(f"{pairs.name}: {len(pairs)}, of these {int(pairs.same.sum())} the same", names, rows)


def figures(pairs: Pairs, one: Scored):
    """AUC and F1 as functions of the pairs' weights."""
    return (
        lambda weight: area(pairs.same, one.scores, weight),
        lambda weight: f1(pairs.same, one.joined, weight),
    )


# --- false matches ----------------------------------------------------------------------------------------------------


def print_false_matches(beds: Beds, among: Sequence[Alternative], costs: Mapping[str, float]) -> None:
    """What the threshold that suits the judged pairs does to texts that have nothing to do with each other."""
    groups = {
        "strangers": [beds.strangers],
        "other news": [beds.other_news],
        "same call": [beds.same_call],
        "TICO Latin": [pairs for language, pairs in beds.segments.items() if language in _LATIN],
        "TICO others": [pairs for language, pairs in beds.segments.items() if language not in _LATIN],
    }
    rows = []
    for one in among:
        score = one.fit(beds.judged)
        limit = threshold(beds.judged.same, score(beds.judged.known, beds.judged.new))
        rates = [false_rate(score, limit, pairs) for pairs in groups.values()]
        rows.append((one.name, f"{limit:.3f}", *rates, sum(costs[step] for step in one.uses)))
    score = among[0].fit(beds.judged)
    at_default = [false_rate(score, CONFIG.embedding_threshold, pairs) for pairs in groups.values()]
    rows.insert(1, ("the search at its default", f"{CONFIG.embedding_threshold:.3f}", *at_default, rows[0][-1]))
    names = ("measure", "threshold", *groups, "µs/text")
    table("false matches for each million pairs, at the threshold of highest F1 on all judged pairs", names, rows)


def false_rate(score: Score, limit: float, groups: Sequence[Pairs]) -> str:
    """For each million pairs."""
    count = sum(int((score(pairs.known, pairs.new) >= limit).sum()) for pairs in groups)
    return f"{1e6 * count / sum(map(len, groups)):.1f}"


def print_equal(
    beds: Beds, judged: Sequence[Pairs], among: Sequence[Alternative], name: str, languages: Sequence[str]
) -> None:
    """Precision and recall where each may make no more false matches than the search at its default."""
    ours = among[0].fit(beds.judged)
    groups = ([beds.strangers], [beds.segments[language] for language in languages])
    allowed = [int(np.sum(all_scores(ours, group) >= CONFIG.embedding_threshold)) for group in groups]
    rows = []
    for one in among:
        row: list[object] = [one.name]
        for pairs in judged:
            scores, limits = np.zeros(len(pairs)), np.zeros(len(pairs))
            for side in (False, True):  # what is fitted on judged pairs must be fitted on the other half of them
                chosen = pairs.half == side
                score = one.fit(pairs.among(~chosen) if pairs is beds.judged else beds.judged)
                mine = pairs.among(chosen)
                scores[chosen] = score(mine.known, mine.new)
                limits[chosen] = max(
                    stricter(all_scores(score, group), n) for group, n in zip(groups, allowed, strict=True)
                )
            row += at_limit(pairs, scores > limits)
        rows.append(row)
    row = ["the search at its default"]
    for pairs in judged:
        row += at_limit(pairs, ours(pairs.known, pairs.new) >= CONFIG.embedding_threshold)
    rows.insert(1, row)
    names = ("measure", *(part for pairs in judged for part in ("precision", f"recall, {pairs.name.split(' (')[0]}")))
    table(
        f"as many false matches as the search at its default: {allowed[0]} of strangers, {allowed[1]} of TICO, {name}",
        names,
        rows,
    )


def at_limit(pairs: Pairs, joined: Flags) -> tuple[str, str]:
    """Precision, and recall with its interval."""
    every = np.ones(len(pairs))
    interval = weighted(lambda weight: recall(pairs.same, joined, weight), pairs.units, rounds=100)
    return f"{precision(pairs.same, joined, every):.3f}", shown(interval)


def all_scores(score: Score, groups: Sequence[Pairs]) -> Floats:
    """The scores of several beds."""
    return np.concatenate([score(pairs.known, pairs.new) for pairs in groups])


def stricter(scores: Floats, allowed: int) -> float:
    """The score that no more than `allowed` pairs exceed: the highest but so many.

    >>> stricter(np.array([0.1, 0.9, 0.5]), 1)
    0.5
    """
    return float(np.partition(scores, -allowed - 1)[-allowed - 1])
