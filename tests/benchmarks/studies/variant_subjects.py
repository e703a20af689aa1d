"""Whom alerts are about: rumours or news on Twitter, and which kinds of simulated cascades.

PF alone cannot say. A broadcast to one large audience is big early, and a score that is quick on broadcasts has few
alerts left for what is passed on. So that all have as many alerts, each score has the threshold that gives it these.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from streams.devtools.simulator.config import SimulatorConfig
from streams.devtools.simulator.simulate import simulate
from streams.devtools.simulator.truth import CascadeKind
from tests.benchmarks.corpora.gold import shown, well_formed
from tests.benchmarks.corpora.recorded import STREAMS, halves, tracks
from tests.benchmarks.corpora.shares import (
    Flags,
    Floats,
    alerted,
    interval,
    judged,
    pf_at,
    resamples,
    shares_of,
    thresholds,
)
from tests.benchmarks.corpora.tracks import Track, table
from tests.benchmarks.metrics.variant_scores import BUDGETS, FAMILIES, Case, Score, constants
from tests.benchmarks.studies.fragments import tracks_of
from tests.realdata import loaders

TWITTER = next(stream for stream in STREAMS if stream.name == "Twitter15/16")
LABELS_FILE = "twitter1516_dev_cascades"
NEWS = "non-rumor"
SIMULATED = tuple(SimulatorConfig(seed=seed, events=16_000) for seed in (21, 22, 23))
KINDS = (
    CascadeKind.ORGANIC,
    CascadeKind.VIRAL,
    CascadeKind.SLOW_BURN,
    CascadeKind.COPY_PASTE,
    CascadeKind.BOT_BURST,
    CascadeKind.SMALL_TALK,
)
PASSED_ON = (CascadeKind.VIRAL, CascadeKind.SLOW_BURN)
_MOVED = "exponent and evidence"
SCORES: Mapping[str, Score] = {
    "L": constants(),
    **{
        name: FAMILIES[_MOVED][name]
        for name in (
            "without exponent",
            "without exponent and evidence",
            "exponent weight 1",
            "exponent weight 1, evidence 1",
        )
    },
}
"""L, and what changes whom it is about."""


class Labelled(msgspec.Struct, frozen=True, kw_only=True):
    """Cascades with a label each."""

    case: Case
    labels: Sequence[str]

    def are(self, *labels: str) -> Flags:
        """Which cascades bear one of the labels."""
        return np.isin(np.array(self.labels), labels)

    @property
    def target_size(self) -> Flags:
        """Which cascades get big."""
        found: Flags = self.case.shares.final >= self.case.q
        return found


def report_subjects() -> None:
    """Print the tables."""
    report_rumours(recorded_rumours())
    report_kinds(simulated_kinds())


# --- streams ----------------------------------------------------------------------------------------------------------


def recorded_rumours() -> Labelled:
    """Twitter15/16 with what became of each story: true, false, unverified, or news that was never in doubt."""
    found = tracks(TWITTER)
    label_of = {str(row["cascade_id"]): str(row["label"]) for row in loaders.rows(LABELS_FILE)}
    return labelled(TWITTER.name, found, halves(TWITTER, found)[0], label_of)


def simulated_kinds() -> Labelled:
    """Several simulated streams as one, so that one threshold serves them all."""
    found: list[Track] = []
    label_of: dict[str, str] = {}
    for config in SIMULATED:
        made = simulate(config)
        here = tracks_of(well_formed(made.lines()), made.truth.clusters())
        found += [Track(f"{config.seed} {track.name}", track.times) for track in here]
        label_of |= {f"{config.seed} {one.cluster}": str(one.kind) for one in made.truth.cascades}
    return labelled("simulated", found, SIMULATED[0].target_size, label_of)


def labelled(name: str, found: Sequence[Track], q: int, label_of: Mapping[str, str], least: int = 5) -> Labelled:
    """The cascades that anybody passed on, with their labels."""
    spread = [track for track in found if track.final >= 2]
    case = Case(name=name, q=q, middle=0, shares=shares_of(spread, least))
    return Labelled(case=case, labels=[label_of[track.name] for track in spread])


# --- tables -----------------------------------------------------------------------------------------------------------


def report_rumours(one: Labelled) -> None:
    """How early big rumours are, all else being in their way, and how many of the alerts are about rumours."""
    rumours = ~one.are(NEWS)
    found = {name: rumour_figures(one, rumours, score(one.case)) for name, score in SCORES.items()}
    names = (*(f"{factor:g} for each" for factor in BUDGETS), "several q, 0.5 to 2")
    some = f"{(one.target_size & rumours).sum()} big rumours (q {one.case.q}) among {len(rumours)} cascades, {rumours.sum()} of them rumours"
    reach, parts = ({name: here[side] for name, here in found.items()} for side in (0, 1))
    print_beside_l(f"{one.case.name}: PF of {some}, by alerts for each", names, reach)
    print_beside_l(f"{one.case.name}: the share of these alerts that are about rumours, big or not", names, parts)


def rumour_figures(one: Labelled, rumours: Flags, scores: Floats) -> tuple[list[Floats], list[Floats]]:
    """PF of big rumours and the rumours' share of alerts, at each budget, then on average over several q as well."""
    ranked, times = judged(one.case.shares, scores), resamples(len(rumours))
    reach, parts = [], []
    for q in (one.case.q, *one.case.several_q):
        positive = (one.case.shares.final >= q) & rumours
        cuts = [thresholds(ranked, positive, times, factor) for factor in BUDGETS]
        reach.append([pf_at(ranked, positive, times, cut) for cut in cuts])
        parts.append([part_of(alerted(ranked, cut), rumours, times) for cut in cuts])
    return _with_mean(reach), _with_mean(parts)


def _with_mean(figures: Sequence[Sequence[Floats]]) -> list[Floats]:
    """The figures at the first q, and the mean over the other q and all budgets."""
    first, *others = figures
    return [*first, np.mean(others, axis=(0, 1))]


def report_kinds(one: Labelled) -> None:
    """What kinds the alerts are of at as many as there are big cascades, and how early what is passed on is."""
    passed_on, times = one.are(*PASSED_ON), resamples(len(one.labels))
    positive, rows = one.target_size & passed_on, []
    found: dict[str, list[Floats]] = {}
    for name, score in SCORES.items():
        ranked = judged(one.case.shares, score(one.case))
        cut = thresholds(ranked, one.target_size, times)
        told = alerted(ranked, cut)
        parts = [float(part_of(told, one.are(kind), times)[0]) for kind in KINDS]
        rows.append((name, int(told[:, 0].sum()), *parts))
        found[name] = [part_of(told, passed_on, times), pf_at(ranked, positive, times, cut)]
    seeds = ", ".join(str(config.seed) for config in SIMULATED)
    title = (
        f"{one.case.name}, seeds {seeds}: share of alerts by kind, 1 for each of {one.target_size.sum()} big cascades"
    )
    table(title, ("variant", "alerts", *(str(kind) for kind in KINDS)), rows)
    title = f"{one.case.name}: with these alerts, what is passed on, and PF of the {positive.sum()} big ones of it"
    print_beside_l(title, ("viral or slow burn", "PF of big ones"), found)


def part_of(alerts: Flags, those: Flags, times: Floats) -> Floats:
    """The share of the alerts that those cascades have, shape (resamples,); not a number where there are none.

    Args:
        alerts: shape (cascades, resamples).
        those: shape (cascades,).
        times: how often each cascade counts, shape (cascades, resamples).
    """
    counted = times * alerts
    every = counted.sum(axis=0)
    return np.where(every > 0, counted[those].sum(axis=0) / np.maximum(every, 1.0), np.nan)


def print_beside_l(title: str, figures: Sequence[str], found: Mapping[str, Sequence[Floats]]) -> None:
    """Each figure of each score, and how far it is ahead of L on the same resamples."""
    rows = [
        (name, *(cell for mine, ls in zip(here, found["L"], strict=True) for cell in (float(mine[0]), gap(mine, ls))))
        for name, here in found.items()
    ]
    table(title, ("variant", *(cell for figure in figures for cell in (figure, "ahead of L by"))), rows)


def gap(mine: Floats, ls: Floats) -> str:
    """The difference with its interval."""
    return shown(interval(mine - ls))
