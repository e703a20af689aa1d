"""The arithmetic by which other scores are compared with L, against L itself and the figures of all detectors."""

import math

import msgspec
import numpy as np
import pytest

from detectors.growth import GrowthConfig
from detectors.growth.config import KERNEL_WEIGHTS
from detectors.growth.expected_growth import TAU_MS, ExpectedGrowth, expected_further
from tests.benchmarks.corpora.recorded import STREAMS, tracks
from tests.benchmarks.corpora.shares import (
    alerted,
    interval,
    judged,
    judged_traces,
    pf_of,
    resamples,
    shares_of,
    thresholds,
)
from tests.benchmarks.corpora.tracks import Track, trace
from tests.benchmarks.metrics.scores import Interval, at_budget
from tests.benchmarks.metrics.variant_scores import (
    AUDIENCE,
    FAMILIES,
    WEIGHED,
    constants,
    exponent,
    fresh_audience,
    predictive,
    recent,
    relative_audience,
)
from tests.benchmarks.studies.alerts import drawn
from tests.benchmarks.studies.kernel_fit import kernel_of
from tests.benchmarks.studies.variant_search import START, Searched, left_out, terms
from tests.benchmarks.studies.variants import (
    Figures,
    ahead,
    behind,
    case_of,
    marks_of,
    mean_ahead,
    mean_gap,
)
from tests.realdata import loaders

MINUTE = 60_000
HOUR = 60 * MINUTE
LEAST = 3


def some_cascades(number: int = 40) -> list[Track]:
    draw = np.random.default_rng(4)
    sizes = np.ceil(2 + 3 * draw.pareto(1.0, number)).clip(2, 300).astype(int).tolist()
    return [Track(f"{n}", np.sort(draw.integers(0, 30 * HOUR, size)).tolist()) for n, size in enumerate(sizes)]


def a_case(found: list[Track], q: int = 20):
    audience = {track.name: [float(100 * n) for n in range(track.final)] for track in found}
    return case_of("made up", found, q, LEAST, audience)


def scores_of_l(found: list[Track]) -> list[float]:
    scores = []
    for track in found:
        detector = ExpectedGrowth(GrowthConfig())
        scores += [detector.update(at) for at in track.times]
    return scores


def test_the_score_with_ls_constants_is_l_at_every_share():
    found = [*some_cascades(5), Track("at once", [5] * 8)]
    assert constants()(a_case(found)).tolist() == pytest.approx(scores_of_l(found), abs=2e-6)


@pytest.mark.skipif(loaders.data_folder() is None, reason="no development data: set HEARSAY_DATA to their folder")
@pytest.mark.parametrize("stream", [STREAMS[0], STREAMS[2]], ids=lambda stream: stream.name)
def test_the_score_with_ls_constants_is_l_at_every_recorded_share(stream):
    found = [track for track in tracks(stream) if track.final >= 2]
    assert constants()(a_case(found)).tolist() == pytest.approx(scores_of_l(found), abs=2e-6)


def test_without_exponent_and_evidence_the_score_is_that_of_size_and_fresh_mass_alone():
    found = some_cascades(5)
    case = a_case(found)
    mass, size = case.shares.sums @ np.array(KERNEL_WEIGHTS), case.shares.size
    alone = np.log([expected_further(*pair) for pair in zip(size.tolist(), mass.tolist(), strict=True)])
    bare = FAMILIES["exponent and evidence"]["without exponent and evidence"]
    assert bare(case).tolist() == pytest.approx((alone + np.log(size) / 2).tolist())


def test_what_speeds_up_is_higher_with_the_exponent_and_what_slows_down_lower():
    times = np.arange(1, 61)
    slower, faster = (HOUR * times**2).tolist(), (HOUR * times**0.5).astype(int).tolist()
    case = a_case([Track("slower", slower), Track("faster", faster)])
    gap = constants()(case) - FAMILIES["exponent and evidence"]["without exponent"](case)
    assert gap[59] < 0 < gap[-1]


def test_what_is_taken_off_for_small_counts_fades_as_they_grow():
    case = a_case([Track("a", [n * HOUR for n in range(100)])])
    gap = FAMILIES["exponent and evidence"]["without evidence"](case) - constants()(case)
    assert (gap[0], gap[3], gap[99]) == pytest.approx((0.5, 0.25, 0.05))


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.0, 2.0, 100.0])
def test_pf_by_rank_is_pf_by_threshold(factor):
    found = some_cascades()
    case, positive = a_case(found), [track.final >= 20 for track in found]
    ours = pf_of(judged(case.shares, constants()(case)), np.array(positive), resamples(len(found)), factor)
    theirs = at_budget([trace(track, GrowthConfig(min_sharers=LEAST)) for track in found], positive, factor)
    assert ours[0] == pytest.approx(theirs.pf)


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.0, 2.0, 100.0])
@pytest.mark.parametrize("detector", ["L", "count", "kleinberg"])
def test_pf_of_what_a_detector_said_is_pf_by_threshold_in_each_resample(detector, factor):
    found = some_cascades()
    positive, times = np.array([track.final >= 20 for track in found]), drawn(len(found))[:, :20]
    traces = [trace(track, GrowthConfig(detector=detector, min_sharers=LEAST)) for track in found]
    ours = pf_of(judged_traces(traces), positive, times, factor)
    for column, often in enumerate(times.T.astype(int)):
        again = np.repeat(np.arange(len(found)), often).tolist()
        theirs = at_budget([traces[n] for n in again], positive[again].tolist(), factor)
        assert ours[column] == pytest.approx(theirs.pf)


def test_pf_by_rank_breaks_ties_as_the_threshold_does():
    # the size is a score with many ties: a looser cut would overshoot, so the next stricter one is taken
    found = [Track(f"{n}", list(range(size))) for n, size in enumerate([9, 8, 8, 8, 5, 5, 5, 5, 4, 2])]
    shares, positive = shares_of(found, LEAST), np.array([True, True] + [False] * 8)
    drawn = np.array([[1.0] * 10, [2.0, 0.0, 1.0, 1.0, 3.0, 0.0, 0.0, 1.0, 1.0, 1.0], [0.0] + [1.0] * 9]).T
    config = GrowthConfig(detector="count", min_sharers=LEAST)
    for factor in (0.5, 1.0, 2.0, 3.0):
        ours = pf_of(judged(shares, shares.size), positive, drawn, factor)
        for column, times in enumerate(drawn.T.astype(int)):
            again = np.repeat(np.arange(10), times).tolist()
            theirs = at_budget([trace(found[n], config) for n in again], positive[again].tolist(), factor)
            assert ours[column] == pytest.approx(theirs.pf)


def test_alerts_are_as_many_as_the_counted_cascades_that_count():
    found = [Track(f"{n}", list(range(size))) for n, size in enumerate([9, 8, 7, 6, 5, 2])]
    shares, counted = shares_of(found, LEAST), np.array([True, False, False, True, False, False])
    one, times = judged(shares, shares.size), np.array([[1.0, 0.0, 1.0, 1.0, 1.0, 1.0], [1.0] * 6]).T
    told = alerted(one, thresholds(one, counted, times))  # two for two, and the second was not drawn the first time
    assert told[:, 0].tolist() == [True, True, True, False, False, False]
    assert told[:, 1].tolist() == [True, True, False, False, False, False]
    assert not alerted(one, thresholds(one, counted, times, 0.1)).any()


def test_a_resample_without_positives_has_no_figure():
    shares = shares_of(some_cascades(3), LEAST)
    assert np.isnan(pf_of(judged(shares, shares.size), np.zeros(3, dtype=bool), np.ones((3, 1)))).all()
    assert math.isnan(interval(np.array([0.5, math.nan])).low)


def test_a_part_is_drawn_from_itself_only():
    times = resamples(10, 4)
    assert times[:4].sum() == 0
    assert times[4:].sum(axis=0).tolist() == [6.0] * times.shape[1]
    assert times[4:, 0].tolist() == [1.0] * 6


def test_shares_within_the_limit_are_one_and_sharers_stay_whole():
    shares = shares_of([Track("a", [0, 0, 0, 0, 0, 0, MINUTE, 2 * MINUTE])], 2, together_ms=2_000)
    assert shares.size.tolist() == [1, 2, 3]  # three acts,
    assert shares.sharers.tolist() == [1, 7, 8]  # eight sharers
    assert shares.final.tolist() == [8]


def test_what_brought_a_share_does_not_hold_the_share_nor_its_likes():
    shares = shares_of([Track("a", [0, 6 * MINUTE, 6 * MINUTE])], 2)
    assert shares.before[:, 1].tolist() == pytest.approx([0, math.exp(-1), math.exp(-1)])
    assert shares.sums[:, 1].tolist() == pytest.approx([1, 1 + math.exp(-1), 2 + math.exp(-1)])


def test_marks_of_one_leave_the_sums_as_they_are():
    case = a_case([Track("a", [0, MINUTE, 5 * MINUTE])])
    plain = msgspec.structs.replace(case, audience={"log": case.shares})
    assert relative_audience("log")(plain).tolist() == pytest.approx(constants()(case).tolist())
    assert fresh_audience("log")(plain).tolist() == pytest.approx(constants()(case).tolist())


def test_an_unknown_audience_counts_as_the_usual_one_and_a_larger_one_more():
    for count in WEIGHED.values():
        unknown, usual, large = marks_of({"a": [-1.0, 50.0, 5_000.0]}, 50.0, count)["a"]
        assert (unknown, usual) == (1.0, 1.0)
        assert large > 1.0


def test_the_exponent_is_that_of_the_power_by_which_a_cascade_grows():
    for power in (0.5, 1.0, 2.0):
        times = np.round(100 * HOUR * (np.arange(2001) / 2000) ** (1 / power)).astype(int).tolist()
        assert exponent(shares_of([Track("a", times)], 2), even=0.0)[-1] == pytest.approx(power, rel=0.01)


def test_the_exponent_of_few_shares_is_near_one():
    burst = shares_of([Track("a", [0, HOUR, HOUR, HOUR])], 2)
    assert 1.0 < exponent(burst)[-1] < 1.2 < exponent(burst, even=1.0)[-1]


def test_the_recent_are_the_sum_over_the_time_constant_where_one_fits():
    shares = shares_of([Track("a", [0, 20 * MINUTE, 120 * MINUTE])], 2)
    assert recent(shares, 0.3)[-1] == pytest.approx(shares.sums[-1, 2])  # .3 of two hours are 36 min
    assert shares.sums[-1, 2] < recent(shares, 0.5)[-1] < shares.sums[-1, 3]


def test_a_cascade_that_is_big_is_certain_to_get_big():
    found = [Track("a", [n * HOUR for n in range(30)])]
    case = a_case(found, q=10)
    certain = predictive(0.5, ahead=False)(case)
    assert certain[9:].tolist() == [0.0] * 21
    assert (np.diff(certain[2:10]) > 0).all()
    assert (predictive(0.5, ahead=True)(case)[9:] < 0).all()


def test_every_variant_has_a_finite_score_at_every_share():
    case = a_case(
        [*some_cascades(10), Track("at once", [5] * 8), Track("years", [0, 400 * 24 * HOUR, 800 * 24 * HOUR])]
    )
    for family in (*FAMILIES.values(), AUDIENCE):
        for name, score in family.items():
            assert np.isfinite(score(case)).all(), name


def test_the_fit_finds_the_time_constant_that_made_the_shares():
    # each share brings the next one after an exponential time of 36 minutes
    draw = np.random.default_rng(8)
    found = [Track(f"{n}", np.cumsum(draw.exponential(TAU_MS[2], 3)).astype(int).tolist()) for n in range(400)]
    fitted = kernel_of(shares_of(found, 2))
    assert sum(fitted) == pytest.approx(1.0)
    assert fitted[2] > 0.6
    assert kernel_of(shares_of(found, 2), 200) != fitted


def test_the_weights_that_the_search_starts_from_are_ls():
    case = a_case(some_cascades(6))
    found, theirs = terms(case) @ np.array(START), constants()(case)
    assert np.ptp(found - theirs) == pytest.approx(0.0, abs=1e-9)
    assert sum(KERNEL_WEIGHTS) == pytest.approx(1.0)


def test_a_search_is_never_behind_l_where_it_searched():
    case = a_case(some_cascades())
    one = Searched(case=case, terms=terms(case), aims=[(case.shares.final >= q, 1.0) for q in (10, 20)])
    assert all(seen >= 0 for seen, _ in left_out({"a": one, "b": one}).values())


def test_several_q_are_of_cascades_that_can_be_alerted():
    found = [Track("small", [0, 1])] * 50 + [Track(f"{n}", list(range(n))) for n in range(3, 103)]
    assert a_case(found).several_q == [63, 78, 93]


def test_an_interval_is_ahead_or_behind_only_as_far_as_it_is_printed():
    assert ahead(Interval(0.1, 0.001, 0.2))
    assert not ahead(Interval(0.1, 0.0004, 0.2))
    assert behind(Interval(-0.1, -0.2, -0.001))
    assert not behind(Interval(-0.1, -0.2, 0.0))


def figures(*several: float) -> Figures:
    none = np.zeros(1)
    return Figures(later=none, earlier=none, few=none, many=none, several=np.array(several))


def test_a_variant_is_chosen_by_its_mean_over_the_other_streams():
    streams = [{"L": figures(0.5), "x": figures(0.7)}, {"L": figures(0.5), "x": figures(0.4)}]
    assert mean_ahead(streams, "x") == pytest.approx(0.05)
    assert mean_ahead(streams, "L") == 0.0


def test_a_stream_without_positives_in_a_resample_is_left_out_of_its_mean():
    drawn = [
        {"L": figures(0.5, 0.5), "x": figures(0.7, 0.7)},
        {"L": figures(0.5, math.nan), "x": figures(0.5, 0.9)},
    ]
    gap = mean_gap(drawn, "x", "several")
    assert (gap.value, gap.low, gap.high) == pytest.approx((0.1, 0.2, 0.2))
