"""The figures against slow and obvious versions of themselves."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.metrics.scores import (
    Agreement,
    Trace,
    at_budget,
    auc,
    b_cubed,
    best_f1,
    bootstrap,
    earliness,
    f1_at,
    pairs,
    reliability,
    threshold_for,
)

labellings = st.integers(0, 25).flatmap(
    lambda n: st.tuples(
        st.lists(st.sampled_from("abcd"), min_size=n, max_size=n), st.lists(st.integers(0, 4), min_size=n, max_size=n)
    )
)
scored = st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2, max_size=30).filter(
    lambda rows: len({positive for positive, _ in rows}) == 2
)


def slow_b_cubed(truth, found) -> tuple[Fraction, Fraction]:
    """Item by item, as the definition reads."""
    n = len(truth)
    precision = recall = Fraction(0)
    for i in range(n):
        same_found = [j for j in range(n) if found[j] == found[i]]
        same_truth = [j for j in range(n) if truth[j] == truth[i]]
        both = len(set(same_found) & set(same_truth))
        precision += Fraction(both, len(same_found))
        recall += Fraction(both, len(same_truth))
    return (precision / n, recall / n) if n else (Fraction(1), Fraction(1))


@given(labellings)
def test_b_cubed_is_the_mean_over_items_of_shares_of_their_clusters(labelling) -> None:
    truth, found = labelling
    score = b_cubed(truth, found)
    precision, recall = slow_b_cubed(truth, found)
    assert score.precision == pytest.approx(float(precision))
    assert score.recall == pytest.approx(float(recall))


@given(labellings)
def test_pairs_are_counted_as_a_loop_over_all_pairs_counts_them(labelling) -> None:
    truth, found = labelling
    every = [(i, j) for i in range(len(truth)) for j in range(i)]
    put = [pair for pair in every if found[pair[0]] == found[pair[1]]]
    belong = [pair for pair in every if truth[pair[0]] == truth[pair[1]]]
    together = len(set(put) & set(belong))
    score = pairs(truth, found)
    assert score.precision == pytest.approx(together / len(put) if put else 1.0)
    assert score.recall == pytest.approx(together / len(belong) if belong else 1.0)


def test_b_cubed_of_the_example_of_bagga_and_baldwin() -> None:
    # Truth: 12345 | 67 | 89ABC. Found: 12345 | 6789ABC.
    truth, found = "11111223333" + "3", "1" * 5 + "2" * 7
    score = b_cubed(truth, found)
    assert score.precision == pytest.approx((5 + 2 * 2 / 7 + 5 * 5 / 7) / 12)  # 76.2 %
    assert score.recall == 1.0
    assert round(score.precision, 3) == 0.762


def test_everything_in_one_cluster_has_full_recall_and_everything_alone_full_precision() -> None:
    truth = "aabbc"
    assert b_cubed(truth, "xxxxx").recall == 1.0
    assert b_cubed(truth, "vwxyz").precision == 1.0
    assert b_cubed(truth, "xxxxx").precision == pytest.approx((4 * 2 / 5 + 1 / 5) / 5)
    assert b_cubed(truth, "vwxyz").recall == pytest.approx((4 * 1 / 2 + 1) / 5)
    assert b_cubed(truth, truth) == Agreement(1.0, 1.0)


def test_labellings_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        b_cubed("aa", "a")


def test_the_harmonic_mean_of_nothing_is_nothing() -> None:
    assert Agreement(0.0, 0.0).f1 == 0.0
    assert Agreement(1.0, 0.5).f1 == pytest.approx(2 / 3)


@given(scored)
def test_auc_is_the_share_of_pairs_in_the_right_order_with_ties_as_halves(rows) -> None:
    high = [score for positive, score in rows if positive]
    low = [score for positive, score in rows if not positive]
    wins = sum((a > b) + 0.5 * (a == b) for a in high for b in low)
    assert auc([p for p, _ in rows], [s for _, s in rows]) == pytest.approx(wins / (len(high) * len(low)))


def test_auc_needs_both_kinds() -> None:
    assert math.isnan(auc([True, True], [1, 2]))


@given(scored, st.integers(-4, 4))
def test_the_best_f1_is_the_best_of_all_thresholds(rows, threshold: int) -> None:
    positive, scores = [p for p, _ in rows], [float(s) for _, s in rows]

    def slow(at: float) -> float:
        hits = sum(p and s >= at for p, s in rows)
        called, wanted = sum(s >= at for s in scores), sum(positive)
        return 2 * hits / (called + wanted)

    assert f1_at(positive, scores, threshold) == pytest.approx(slow(threshold))
    best, at = best_f1(positive, scores)
    assert best == pytest.approx(max(slow(s) for s in scores))
    assert slow(at) == pytest.approx(best)


def test_without_positives_no_threshold_is_best() -> None:
    with pytest.raises(ValueError, match="at least one positive"):
        best_f1([False], [1.0])


@pytest.mark.parametrize(
    ("peaks", "budget", "threshold"),
    [
        ([5, 4, 3, 2], 2, 4),  # exactly two
        ([5, 4, 4, 4, 2], 2, 5),  # the tie would give four for two: stricter, one
        ([9, 8, 7, 6, 6], 4, 6),  # five for four is a quarter more: allowed
        ([9, 8, 7, 6, 6, 6], 4, 7),  # six for four is not
        ([4, 4, 4], 1, math.inf),  # nothing stricter is left
        ([3, 2], 9, 2),  # fewer cascades than budget: all of them
        ([3, -math.inf], 2, 3),  # who never had a score cannot be alerted
        ([], 3, math.inf),
        ([1], 0, math.inf),
    ],
)
def test_the_threshold_keeps_the_budget_and_ties_go_to_the_stricter(peaks, budget: int, threshold: float) -> None:
    assert threshold_for(peaks, budget) == threshold


def test_earliness_of_a_stream_done_by_hand() -> None:
    # sharer        1    2    3    4         final  big
    traces = [
        Trace(10, [0.1, 0.9, 0.9], times=[0, 5, 6], half_time=25),  # alert at 2 of 10: 0.8 is ahead, 20 minutes early
        Trace(4, [0.1, 0.2, 0.3, 0.9], times=[0, 1, 2, 3], half_time=1),  # alert at 4 of 4: nothing is ahead
        Trace(8, [0.1] * 8),  # missed
        Trace(2, [0.9]),  # an alert on a small one
        Trace(1, [0.0]),
    ]
    score = earliness(traces, [True, True, True, False, False], 0.9)
    assert (score.alerts, score.positives, score.cascades) == (3, 3, 5)
    assert score.precision == pytest.approx(2 / 3)
    assert score.recall == pytest.approx(2 / 3)
    assert score.pf == pytest.approx(0.8 / 3)
    assert score.lead == pytest.approx(0.4)
    assert score.er50 == pytest.approx(1 / 3)
    assert score.minutes_before_half == pytest.approx((20 - 2) / 2)
    assert score.alerts_per_thousand == 600


def test_half_is_not_before_half() -> None:
    assert earliness([Trace(4, [0.0, 1.0])], [True], 1.0).er50 == 0.0
    assert earliness([Trace(5, [0.0, 1.0])], [True], 1.0).er50 == 1.0


def test_sharers_may_be_given_where_scores_are_not_at_every_one() -> None:
    assert earliness([Trace(100, [1.0], sharers=[30])], [True], 1.0).pf == pytest.approx(0.7)


def test_with_nothing_to_average_there_is_no_number() -> None:
    score = earliness([Trace(3, [0.0])], [False], 1.0)
    assert all(math.isnan(value) for value in (score.precision, score.recall, score.pf, score.lead, score.er50))
    assert math.isnan(earliness([], [], 1.0).alerts_per_thousand)


def test_a_count_as_score_has_full_precision_and_comes_late() -> None:
    sizes = [3] * 20 + [40] * 5
    traces = [Trace(n, list(range(1, n + 1))) for n in sizes]
    positive = [n >= 40 for n in sizes]
    score = at_budget(traces, positive)
    assert (score.precision, score.recall, score.pf) == (1.0, 1.0, 0.0)
    assert at_budget(traces, positive, 0.0).alerts == 0


def test_a_bootstrap_is_repeatable_and_covers_the_mean() -> None:
    values = np.arange(100.0)
    interval = bootstrap(lambda chosen: float(values[chosen].mean()), 100)
    assert interval == bootstrap(lambda chosen: float(values[chosen].mean()), 100)
    assert interval.value == 49.5
    standard_error = values.std() / 10
    assert interval.low == pytest.approx(49.5 - 1.96 * standard_error, abs=1.0)
    assert interval.high == pytest.approx(49.5 + 1.96 * standard_error, abs=1.0)


def test_resamples_without_a_number_are_left_out() -> None:
    interval = bootstrap(lambda chosen: math.nan, 3, rounds=5)
    assert math.isnan(interval.low)


def test_reliability_compares_claims_with_what_happened() -> None:
    claimed = {"a": 0.05, "b": 0.95, "c": 1.0, "d": 0.9}
    happened = {"a": False, "b": True, "c": True, "d": False}
    assert reliability(claimed, happened) == [
        (0.05, 0.0, 1),
        (pytest.approx(0.95), pytest.approx(2 / 3), 3),
    ]
