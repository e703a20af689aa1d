"""Whether another L would be better: python -m tests.benchmarks.studies.variants.

Its constants are moved, its kernel is fitted, its evidence, its time scales and the shape of growth are tried otherwise.
A change is worth making only where it wins on some stream and loses on none; the intervals say which differences the
data can tell from chance. Then the constants of each kind are chosen on the other streams, as one has to who does not
know the platform yet. At last come the tables of whom the alerts are about, for how early says nothing of that.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec
import numpy as np

from streams.devtools.simulator.config import SimulatorConfig
from streams.devtools.simulator.simulate import simulate
from tests.benchmarks.corpora.gold import shown, well_formed
from tests.benchmarks.corpora.recorded import LARGE, STREAMS, Recorded, halves, tracks
from tests.benchmarks.corpora.shares import (
    Flags,
    Floats,
    Shares,
    audiences,
    interval,
    judged,
    pf_of,
    resamples,
    shares_of,
)
from tests.benchmarks.corpora.tracks import Track, require_data, table
from tests.benchmarks.metrics.scores import Interval
from tests.benchmarks.metrics.variant_scores import AUDIENCE, BUDGETS, FAMILIES, WEIGHED, Case, constants
from tests.benchmarks.studies.fragments import tracks_of
from tests.benchmarks.studies.kernel_fit import kernel_of
from tests.benchmarks.studies.variant_search import Searched, left_out, terms
from tests.benchmarks.studies.variant_subjects import report_subjects
from tests.realdata import loaders

COORDINATED = Recorded(name="CooRTweet", load=loaders.coortweet, events_file="coortweet_russian_dev")
SIMULATED = SimulatorConfig(seed=11, events=16_000)
SIMULATED_NAME = "simulated"
TOGETHER = {"within 2 s as one": 2_000, "within 2 min as one": 120_000}


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """PF of one variant of one stream on each resample, first of all on the cascades themselves; shape (1 + rounds,)."""

    later: Floats
    earlier: Floats
    few: Floats  # all cascades, half as many alerts as positives
    many: Floats  # all cascades, twice as many
    several: Floats  # all cascades, mean over several q and all budgets


def main() -> None:
    """Print every stream's table, then what may be learnt from some streams for another, then whom alerts are about."""
    require_data()
    cases = with_kernels([recorded_case(one) for one in (*STREAMS, COORDINATED, LARGE)] + [simulated_case()])
    found = {case.name: report(case) for case in cases}
    report_verdicts(found)
    report_means(found)
    report_choice(found)
    report_search(cases)
    report_subjects()


# --- streams ----------------------------------------------------------------------------------------------------------


def recorded_case(stream: Recorded) -> Case:
    """A recorded stream. Where all cascades are large, the median is called big."""
    found = tracks(stream)
    q = int(np.median([track.final for track in found])) if stream is LARGE else halves(stream, found)[0]
    return case_of(stream.name, found, q, stream.min_sharers, audiences(stream))


def simulated_case() -> Case:
    """A simulated stream by its true cascades."""
    made = simulate(SIMULATED)
    found = tracks_of(well_formed(made.lines()), made.truth.clusters())
    return case_of(SIMULATED_NAME, found, SIMULATED.target_size, 5, {})


def case_of(name: str, found: Sequence[Track], q: int, least: int, audience: Mapping[str, Sequence[float]]) -> Case:
    """What the variants are shown of a stream's cascades; -1 is an unknown audience."""
    spread = [track for track in found if track.final >= 2]
    known = [one for track in spread for one in audience.get(track.name, ()) if one >= 0]
    return Case(
        name=name,
        q=q,
        middle=len(spread) // 2,
        shares=shares_of(spread, least),
        thinned={ms: shares_of(spread, least, together_ms=ms) for ms in TOGETHER.values()},
        audience={
            weighed: shares_of(spread, least, marks=marks_of(audience, float(np.median(known)), count))
            for weighed, count in WEIGHED.items()
            if known
        },
    )


def marks_of(
    audience: Mapping[str, Sequence[float]], usual: float, count: Callable[[Floats], Floats]
) -> dict[str, Sequence[float]]:
    """What each share counts, 1 at the usual audience and where it is unknown."""
    unit = float(count(np.array([usual]))[0])
    counted = {name: np.array(one) for name, one in audience.items()}
    return {name: (count(np.where(one < 0, usual, one)) / unit).tolist() for name, one in counted.items()}


def with_kernels(cases: Sequence[Case]) -> list[Case]:
    """The cases with the kernel of their earlier half, and the mean of the other streams' kernels."""
    kernels = np.array([kernel_of(case.shares) for case in cases])
    return [
        msgspec.structs.replace(
            case,
            own=kernel_of(case.shares, case.middle),
            others=tuple(np.delete(kernels, n, axis=0).mean(axis=0).tolist()),
        )
        for n, case in enumerate(cases)
    ]


# --- tables -----------------------------------------------------------------------------------------------------------


def report(case: Case) -> dict[str, Figures]:
    """PF of each variant, and the differences to L."""
    figure = partial(figures, case, case.several_q)
    found = {"L": figure(case.shares, constants()(case))}
    for family in FAMILIES.values():
        found |= {name: figure(case.shares, score(case)) for name, score in family.items()}
    for name, ms in TOGETHER.items():
        thinned = msgspec.structs.replace(case, shares=case.thinned[ms])
        found[name] = figure(thinned.shares, constants()(thinned))
    if case.audience:
        found |= {name: figure(case.shares, score(case)) for name, score in AUDIENCE.items()}
    rows = [(name, float(one.later[0]), *(shown(gap) for gap in gaps(one, found["L"]))) for name, one in found.items()]
    target_size = case.shares.final >= case.q
    title = (
        f"{case.name}: PF with 1 alert for each of {target_size[case.middle :].sum()} positives of the later half, q {case.q}; "
        f"then ahead of L by: later half, earlier half ({target_size[: case.middle].sum()} positives), all"
    )
    names = ("variant", "PF", "later", "earlier", "all, 0.5 alerts", "all, 2 alerts", "several q, 0.5 to 2")
    table(title, names, rows)
    return found


def figures(case: Case, sizes: Sequence[int], shares: Shares, scores: Floats) -> Figures:
    """Every figure of one score."""
    found, cascades = judged(shares, scores), len(shares.final)
    whole, target_size = resamples(cascades), shares.final >= case.q
    aims: list[tuple[Flags, float]] = [(shares.final >= q, factor) for q in sizes for factor in BUDGETS]
    return Figures(
        later=pf_of(found, target_size, resamples(cascades, case.middle)),
        earlier=pf_of(found, target_size, resamples(cascades, 0, case.middle)),
        few=pf_of(found, target_size, whole, 0.5),
        many=pf_of(found, target_size, whole, 2.0),
        several=np.mean([pf_of(found, positive, whole, factor) for positive, factor in aims], axis=0),
    )


def gaps(one: Figures, other: Figures) -> list[Interval]:
    """The differences of two variants, on the same resamples."""
    return [interval(getattr(one, name) - getattr(other, name)) for name in one.__struct_fields__]


def report_verdicts(found: Mapping[str, Mapping[str, Figures]]) -> None:
    """Where each variant is ahead of L or behind, by intervals that leave out 0."""
    sides: dict[str, list[list[str]]] = {}
    for stream, here in found.items():
        for variant, one in here.items():
            later, *others = gaps(one, here["L"])
            marks = [ahead(later), behind(later), any(map(ahead, others)), any(map(behind, others))]
            for names, mark in zip(sides.setdefault(variant, [[], [], [], []]), marks, strict=True):
                names.extend([stream] * mark)
    rows = [(name, *(", ".join(names) or "-" for names in four)) for name, four in sides.items() if name != "L"]
    names = ("variant", "later: ahead on", "later: behind on", "else: ahead on", "else: behind on")
    table("By intervals that leave out 0: 1 alert in the later half, and the four other figures", names, rows)


def report_means(found: Mapping[str, Mapping[str, Figures]]) -> None:
    """How far each variant is ahead on the mean of the recorded streams, each counting the same."""
    recorded = [here for name, here in found.items() if name != SIMULATED_NAME]
    rows = []
    for variant in recorded[0]:
        streams = [here for here in recorded if variant in here]
        gap = partial(mean_gap, streams, variant)
        rows.append((variant, len(streams), *(shown(gap(name)) for name in Figures.__struct_fields__)))
    names = ("variant", "streams", "later", "earlier", "all, 0.5 alerts", "all, 2 alerts", "several q, 0.5 to 2")
    table("PF ahead of L by, mean over the recorded streams", names, rows[1:])


def mean_gap(streams: Sequence[Mapping[str, Figures]], variant: str, figure: str) -> Interval:
    """The mean over streams of the difference to L; a stream without positives in a resample is left out of it."""
    gaps = [getattr(one[variant], figure) - getattr(one["L"], figure) for one in streams]
    return interval(np.nanmean(gaps, axis=0))


def ahead(gap: Interval) -> bool:
    """Whether the interval is above 0, as it is printed."""
    return round(gap.low, 3) > 0


def behind(gap: Interval) -> bool:
    """Whether it is below."""
    return round(gap.high, 3) < 0


def report_choice(found: Mapping[str, Mapping[str, Figures]]) -> None:
    """For each kind of change: the one that is best on the other streams, and what it does on the one left out."""
    for family, members in FAMILIES.items():
        rows: list[Sequence[object]] = []
        for name, here in found.items():
            others = [one for other, one in found.items() if other != name]
            chosen = max(("L", *members), key=partial(mean_ahead, others))
            later, *_, several = gaps(here[chosen], here["L"])
            rows.append((name, chosen, mean_ahead(others, chosen), shown(later), shown(several)))
        names = ("left out", "chosen on the others", "ahead there by", "here, later half", "here, several q, 0.5 to 2")
        table(f"{family}: chosen on the other streams", names, rows)


def mean_ahead(streams: Sequence[Mapping[str, Figures]], variant: str) -> float:
    """How far a variant is ahead of L on average, over several q."""
    return float(np.mean([one[variant].several[0] - one["L"].several[0] for one in streams]))


def report_search(cases: Sequence[Case]) -> None:
    """What weights that were searched for win where they were searched, and where they were not."""
    streams = {}
    for case in cases:
        final = case.shares.final
        aims = [(final >= q, factor) for q in case.several_q for factor in BUDGETS]
        streams[case.name] = Searched(case=case, terms=terms(case), aims=aims)
    rows = [(name, seen, unseen) for name, (seen, unseen) in left_out(streams).items()]
    table("Weights of eight terms, searched for: PF ahead of L", ("left out", "on the others", "on it"), rows)


if __name__ == "__main__":
    main()
