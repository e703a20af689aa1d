"""Copies that only look different, and texts that only look alike, by dimension: python -m tests.benchmarks.studies.disguises.

Each pair runs through the whole pipeline as two posts. A pair is wrong if the same text fell into two clusters, different texts
into one, or a copy that says another thing joined without a mark. What each figure means: docs/evaluation.md.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from detectors.pipeline.config import PipelineConfig
from schemas.assignment import Method
from tests.benchmarks.corpora.disguises import DIFFERENT, SAME, VARIANT, Pair, load, load_cases
from tests.benchmarks.corpora.tracks import Remembering, run, shipped, table
from tests.benchmarks.studies.texts import posts


class Outcome(msgspec.Struct, frozen=True):
    """Result of one pair in the pipeline."""

    pair: Pair
    joined: bool
    method: Method
    marks: str  # variants of the second text, comma-separated

    @property
    def wrong(self) -> bool:
        """Whether the pair became something else than wanted."""
        want = self.pair.want
        missed, confused = want == SAME and not self.joined, want == DIFFERENT and self.joined
        return missed or confused or (want == VARIANT and self.joined and not self.marks)

    @property
    def false_mark(self) -> bool:
        """Whether an unchanged copy is marked as saying another thing."""
        return self.pair.want == SAME and self.joined and bool(self.marks)


def main() -> None:
    """Print the tables."""
    embedder = shipped()
    print_outcomes("pairs of the project", judge(load(), embedder))
    cases = load_cases()
    if cases:
        print_outcomes("pairs of the folder of cases", judge(cases, embedder))
    else:
        print("\nno folder of cases: set EVALUATION_CASES")


def judge(pairs: Sequence[Pair], embedder: Remembering) -> list[Outcome]:
    """Run each pair alone through the pipeline."""
    return [_judge(pair, embedder) for pair in pairs]


def _judge(pair: Pair, embedder: Remembering) -> Outcome:
    found = run(posts([pair.a, pair.b]), PipelineConfig(), embedder)
    last = found.edges[-1]
    return Outcome(pair, found.clusters == 1, last.method, last.variants)


def print_outcomes(name: str, outcomes: Sequence[Outcome]) -> None:
    """Print the figures of a collection, by what is wanted and by dimension, and every pair that is wrong."""
    wrong, marked = sum(one.wrong for one in outcomes), sum(one.false_mark for one in outcomes)
    print(f"\n=== {name}: {wrong} of {len(outcomes)} wrong ({wrong / len(outcomes):.1%}), {marked} false marks ===")
    wanted = Counter(one.pair.want for one in outcomes)
    missed = Counter(one.pair.want for one in outcomes if one.wrong)
    table(
        "by what is wanted",
        ("wanted", "pairs", "wrong"),
        [(want, wanted[want], missed[want]) for want in sorted(wanted)],
    )
    by_dimension: dict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        by_dimension[one.pair.dimension].append(one)
    rows = [
        (dimension, len(group), sum(one.wrong for one in group), sum(one.false_mark for one in group), _methods(group))
        for dimension, group in sorted(by_dimension.items())
    ]
    table("by dimension", ("dimension", "pairs", "wrong", "false marks", "methods of the joined"), rows)
    for one in outcomes:
        if one.wrong or one.false_mark:
            kind = "wrong" if one.wrong else "false mark"
            print(
                f"{kind}: {one.pair.dimension}, {one.pair.language}, wanted {one.pair.want}; {one.method} {one.marks}"
            )


def _methods(outcomes: Sequence[Outcome]) -> str:
    joined = Counter(str(one.method) for one in outcomes if one.joined)
    return " ".join(f"{method} {count}" for method, count in joined.most_common())


if __name__ == "__main__":
    main()
