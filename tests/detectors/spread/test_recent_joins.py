import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.spread.recent_joins import WindowConfig, WindowCounter

MINUTE = 60_000
SMALL = WindowConfig(window_ms=3 * MINUTE, bucket_ms=MINUTE)


def slow_counts(joins: list[tuple[int, float]], time: int, config: WindowConfig) -> tuple[float, float]:
    """Every join looked at again."""
    span, last = config.window_ms // config.bucket_ms, time // config.bucket_ms
    ages = [(last - t // config.bucket_ms, w) for t, w in joins]
    return sum(w for a, w in ages if 0 <= a < span), sum(w for a, w in ages if span <= a < 2 * span)


def filled(joins: list[tuple[int, float]], config: WindowConfig = SMALL) -> WindowCounter:
    recent = WindowCounter(config)
    for time, weight in joins:
        recent.add(time, weight)
    return recent


def test_a_join_moves_from_the_last_window_to_the_one_before_and_out():
    # minute   0    1    2    3    4    5    6
    # join     x
    # asked              in   prev           out
    recent = filled([(30_000, 1.0)])
    assert recent.counts(30_000) == (1.0, 0.0)
    assert recent.counts(3 * MINUTE - 1) == (1.0, 0.0)
    assert recent.counts(3 * MINUTE) == (0.0, 1.0)
    assert recent.counts(6 * MINUTE - 1) == (0.0, 1.0)
    assert recent.counts(6 * MINUTE) == (0.0, 0.0)


def test_nobody_joined_an_empty_window():
    assert WindowCounter().counts(1_700_000_000_000) == (0.0, 0.0)


def test_a_question_about_the_past_leaves_out_what_came_after():
    assert filled([(0, 1.0), (MINUTE, 1.0)]).counts(0) == (1.0, 0.0)


def test_a_join_taken_back_no_longer_counts_and_no_count_is_negative():
    recent = filled([(0, 1.0), (10, 1.0)])
    recent.add(10, -1.0)
    assert recent.counts(0) == (1.0, 0.0)
    recent.add(MINUTE, -4.0)
    assert recent.counts(MINUTE) == (0.0, 0.0)


def test_a_late_join_counts_where_it_belongs_and_a_very_late_one_nowhere():
    recent = filled([(10 * MINUTE, 1.0), (6 * MINUTE, 1.0), (4 * MINUTE, 1.0)])
    assert recent.counts(10 * MINUTE) == (1.0, 1.0)
    assert recent.counts(6 * MINUTE) == (1.0, 0.0)  # the one at minute 4 is older than two windows before the newest


@given(st.lists(st.tuples(st.integers(0, 30 * MINUTE), st.sampled_from([0.2, 1.0, 4.0])), max_size=80))
def test_counts_equal_a_look_at_every_join(joins):
    joins.sort()
    recent = filled(joins)
    newest = joins[-1][0] if joins else 0
    for time in (newest, newest + MINUTE, newest + 4 * MINUTE):
        assert recent.counts(time) == pytest.approx(slow_counts(joins, time, SMALL))


@given(st.lists(st.tuples(st.integers(0, 20 * MINUTE), st.booleans()), max_size=60))
def test_merging_two_halves_gives_the_whole(joins):
    joins.sort()
    halves = [filled([(t, 1.0) for t, side in joins if side is first]) for first in (True, False)]
    halves[0].merge(halves[1])
    newest = max((t for t, _ in joins), default=0)
    assert halves[0].counts(newest) == filled([(t, 1.0) for t, _ in joins]).counts(newest)


def test_memory_is_bounded_by_four_windows_of_buckets():
    recent = filled([(minute * MINUTE, 1.0) for minute in range(1000)])
    assert len(recent._buckets) <= 12
    assert recent.counts(999 * MINUTE) == (3.0, 3.0)


@given(st.lists(st.integers(0, 20 * MINUTE), max_size=40), st.lists(st.integers(0, 40 * MINUTE), max_size=40))
def test_restore_and_continue_equals_continue(before, after):
    recent, copy = filled([(t, 1.0) for t in before]), WindowCounter(SMALL)
    copy.restore(recent.snapshot())
    for time in after:
        recent.add(time, 1.0)
        copy.add(time, 1.0)
    assert copy.snapshot() == recent.snapshot()


@pytest.mark.parametrize(("window", "bucket"), [(60_000, 0), (0, 60_000), (90_000, 60_000), (30_000, 60_000)])
def test_windows_that_are_no_whole_number_of_buckets_are_refused(window, bucket):
    with pytest.raises(ValueError, match=r"WindowConfig\.|recent\."):
        WindowConfig(window_ms=window, bucket_ms=bucket)
