"""Whom alerts are about, on cascades of which it is plain."""

import numpy as np
import pytest

from streams.devtools.simulator.truth import CascadeKind
from tests.benchmarks.corpora.shares import alerted, judged, pf_at, resamples, thresholds
from tests.benchmarks.corpora.tracks import Track
from tests.benchmarks.studies.variant_subjects import (
    NEWS,
    SCORES,
    labelled,
    part_of,
    report_kinds,
    report_rumours,
    rumour_figures,
)

MINUTE = 60_000
SIZE = 120


def slowing(name: str, size: int = SIZE) -> Track:
    """As a broadcast is answered: N grows with the root of the age, to ten hours."""
    return Track(name, [round(600 * MINUTE * (n / size) ** 2) for n in range(size)])


def speeding(name: str, size: int = SIZE) -> Track:
    """As a rumour that is passed on: N grows with the age's square, in the same time."""
    return Track(name, [round(600 * MINUTE * (n / size) ** 0.5) for n in range(size)])


def some(news: str = NEWS, rumour: str = "false"):
    found = [slowing(f"news {n}", SIZE * 3 // 2 + n) for n in range(6)] + [
        speeding(f"rumour {n}", SIZE + n) for n in range(6)
    ]
    small = [Track(f"small {n}", [0, 90 * MINUTE, 300 * MINUTE, 900 * MINUTE, 1900 * MINUTE + n]) for n in range(20)]
    kinds = {"news": news, "rumour": rumour, "small": rumour}
    label_of = {track.name: kinds[track.name.split()[0]] for track in found + small}
    return labelled("made up", [*found, *small, Track("alone", [0])], SIZE, label_of)


def test_what_nobody_passed_on_is_left_out_and_labels_stay_with_their_cascades():
    one = some()
    assert one.are(NEWS).tolist() == [True] * 6 + [False] * 26
    assert one.target_size.tolist() == [True] * 12 + [False] * 20


def test_the_share_of_alerts_counts_a_cascade_as_often_as_it_was_drawn():
    alerts = np.array([[True, True], [True, True], [False, False], [True, False]])
    those = np.array([True, False, True, True])
    drawn = np.array([[1.0, 3.0], [1.0, 1.0], [5.0, 5.0], [1.0, 4.0]])
    assert part_of(alerts, those, drawn).tolist() == [pytest.approx(2 / 3), 0.75]


def test_where_nothing_alerts_there_is_no_share():
    assert np.isnan(part_of(np.zeros((2, 1), dtype=bool), np.array([True, False]), np.ones((2, 1)))).all()


def test_the_exponent_moves_the_alerts_from_what_slows_down_to_what_speeds_up():
    one = some()
    rumours, times = ~one.are(NEWS), np.ones((32, 1))
    parts = {}
    for name, score in SCORES.items():
        ranked = judged(one.case.shares, score(one.case))
        parts[name] = part_of(alerted(ranked, thresholds(ranked, one.target_size & rumours, times)), rumours, times)[0]
    assert parts["without exponent"] == parts["without exponent and evidence"] == 0.0  # the news are larger
    assert parts["L"] == parts["exponent weight 1"] == 1.0


def test_the_rumours_figures_are_of_big_rumours_against_all_else():
    one = some()
    rumours = ~one.are(NEWS)
    scores = SCORES["L"](one.case)
    reach, parts = rumour_figures(one, rumours, scores)
    assert (len(reach), len(parts)) == (4, 4)
    ranked, times = judged(one.case.shares, scores), resamples(32)
    positive = np.array([False] * 6 + [True] * 6 + [False] * 20)
    assert reach[1].tolist() == pf_at(ranked, positive, times, thresholds(ranked, positive, times)).tolist()


def test_the_tables_name_every_score_and_say_how_many_there_were(capsys):
    report_rumours(some())
    printed = capsys.readouterr().out
    assert "PF of 6 big rumours (q 120) among 32 cascades, 26 of them rumours" in printed
    assert all(printed.count(f"\n  {name}  ") == 2 for name in SCORES)
    report_kinds(some(CascadeKind.ORGANIC, CascadeKind.VIRAL))
    printed = capsys.readouterr().out
    assert "1 for each of 12 big cascades" in printed
    assert "PF of the 6 big ones of it" in printed
