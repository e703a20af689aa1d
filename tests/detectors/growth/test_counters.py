"""The rise of the platforms' counters: between two snapshots, never from one, and never counted twice."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.growth.counters import CounterConfig, CounterGrowth
from schemas.event import Counters
from schemas.evidence import CounterName

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
FORWARDS, VIEWS = CounterName.FORWARDS, CounterName.VIEWS


def growth(*snapshots, config=None, message="m", platform="tube"):
    """Growth after snapshots of forwards, as (time, value)."""
    grown = CounterGrowth(config or CounterConfig())
    for time, value in snapshots:
        grown.update(message, platform, Counters(forwards=value), time)
    return grown


def rise(grown, time):
    """The rise that would be reported, as (before, after, elapsed, messages)."""
    found = grown.rise(time)
    return None if found is None else (found.before, found.after, time - found.start, found.messages)


def test_a_counter_that_takes_off_is_measured_from_its_first_snapshot():
    #  0 min 40 ... 20 min 900 ... 60 min 90,000
    grown = growth((0, 40), (20 * MINUTE, 900), (60 * MINUTE, 90_000))
    assert grown.score(60 * MINUTE) == 8.996
    assert rise(grown, 60 * MINUTE) == (40, 90_000, 60 * MINUTE, 1)


def test_one_snapshot_is_no_growth_however_large():
    grown = growth((0, 4_000_000))
    assert (grown.score(0), grown.rise(0), grown.peak(FORWARDS)) == (0.0, None, None)
    assert grown.totals() == (None, 4_000_000)


def test_two_equal_snapshots_are_a_known_growth_of_nothing():
    grown = growth((0, 4_000_000), (HOUR, 4_000_000))
    assert (grown.score(HOUR), rise(grown, HOUR), grown.peak(FORWARDS)) == (0.0, (0, 0, 0, 0), 0)


def test_two_values_of_one_moment_are_one_snapshot():
    grown = growth((0, 10), (0, 60_000))
    assert (grown.score(0), grown.totals()) == (0.0, (None, 60_000))
    assert growth((0, 10), (0, 60_000), (MINUTE, 60_000)).score(MINUTE) == 0.0


@pytest.mark.parametrize(("least", "score"), [(89_960, 1.0), (89_961, 0.999989)])
def test_the_threshold_is_reached_exactly_at_the_least_rise(least, score):
    grown = growth((0, 40), (HOUR, 90_000), config=CounterConfig(min_forwards=least))
    assert grown.score(HOUR) == score


def test_a_slow_rise_over_days_counts_only_by_the_window():
    #  200,000 a day for ten days, read once a day: 50,000 in each window of six hours
    daily = [(day * DAY, day * 200_000) for day in range(11)]
    assert growth(*daily).peak(FORWARDS) == pytest.approx(50_000, rel=0.02)
    assert growth(*((day * DAY, day * 2_000) for day in range(11))).score(10 * DAY) < 0.06


def test_a_rise_between_rare_snapshots_is_spread_over_the_time_between():
    #  0 h 10 ............ 24 h 80,010: 20,000 in the last six hours, not 80,000
    grown = growth((0, 10), (DAY, 80_010))
    assert grown.score(DAY) == pytest.approx(2.0, abs=0.03)
    assert grown.rise(DAY).before == pytest.approx(60_000, rel=0.01)
    assert growth((0, 10), (30 * DAY, 1_000_010)).peak(FORWARDS) == pytest.approx(8_333, rel=0.02)


def test_a_rise_leaves_with_the_window():
    grown = growth((0, 10), (HOUR, 50_010))
    assert grown.score(HOUR + 4 * HOUR) == 5.0
    assert grown.score(HOUR + 7 * HOUR) == 0.0
    assert rise(grown, 8 * HOUR) == (50_010, 50_010, 0, 1)


def test_a_value_from_a_cache_neither_lowers_nor_doubles_the_rise():
    #  10 .. 30,000 .. 10 (an old value) .. 30,100
    grown = growth((0, 10), (HOUR, 30_000), (2 * HOUR, 10), (3 * HOUR, 30_100))
    assert (grown.score(3 * HOUR), grown.fell) == (3.009, 1)


def test_lower_values_of_a_whole_window_are_a_reset():
    #  0 h 90,000 .. 1 h 5 .. 7 h 5: starts anew .. 8 h 40,005
    grown = growth((0, 90_000), (HOUR, 5), (7 * HOUR, 5), (8 * HOUR, 40_005))
    assert rise(grown, 8 * HOUR) == (5, 40_005, HOUR, 1)
    assert growth((0, 90_000), (HOUR, 5), (7 * HOUR - 1, 5), (8 * HOUR, 40_005)).score(8 * HOUR) == 0.0


@pytest.mark.parametrize("absurd", [100_000_000_001, (1 << 53) - 1])
def test_an_absurd_value_is_ignored_and_counted(absurd):
    grown = growth((0, 10), (HOUR, absurd), (2 * HOUR, 12))
    assert (grown.score(2 * HOUR), grown.totals(), grown.ignored) == (0.0002, (None, 12), 1)
    assert growth((0, 10), (HOUR, 100_000_000_000)).ignored == 0


def test_an_older_snapshot_that_comes_late_adds_no_rise():
    grown = growth((HOUR, 20_000), (0, 10), (2 * HOUR, 21_000))
    assert rise(grown, 2 * HOUR) == (20_000, 21_000, HOUR, 1)


def test_the_ordinary_flow_of_a_large_post_stays_below_the_factor():
    grown = growth((0, 2_000_000), (HOUR, 2_199_999))
    assert grown.score(HOUR) == 0.0
    assert growth((0, 2_000_000), (HOUR, 2_200_000)).score(HOUR) == 20.0


def test_messages_of_one_platform_add_up_and_only_those_that_rise_are_counted():
    grown = growth((0, 5_000_000), (HOUR, 5_000_000), message="old")
    for message in ("a", "b", "c"):
        for time, value in ((0, 100), (HOUR, 4_100)):
            grown.update(message, "tube", Counters(forwards=value), time)
    assert (grown.score(HOUR), rise(grown, HOUR)) == (1.2, (300, 12_300, HOUR, 3))


def test_two_platforms_never_add_up_nor_do_views_and_forwards():
    grown = growth((0, 0), (HOUR, 9_000))
    for time, counters in ((0, Counters(views=0, forwards=0)), (HOUR, Counters(views=99_000, forwards=9_500))):
        grown.update("n", "gram", counters, time)
    assert grown.score(HOUR) == 0.99
    assert grown.peak(FORWARDS) == 9_500


def test_forwards_are_reported_before_views_where_both_are_enough():
    grown = CounterGrowth(CounterConfig())
    for time, counters in ((0, Counters(views=0, forwards=0)), (HOUR, Counters(views=900_000, forwards=20_000))):
        grown.update("m", "tube", counters, time)
    assert [grown.rise(HOUR, enough).counter for enough in (1.0, 4.0, 16.0)] == [FORWARDS, VIEWS, VIEWS]


def test_a_counter_without_a_threshold_raises_no_score_and_keeps_its_total():
    grown = CounterGrowth(CounterConfig(min_views=0))
    for time, views in ((0, 0), (HOUR, 10_000_000)):
        grown.update("m", "tube", Counters(views=views), time)
    assert (grown.score(HOUR), grown.totals(), grown.peak(VIEWS)) == (0.0, (10_000_000, None), 10_000_000)


def test_a_deleted_message_takes_no_further_snapshot():
    grown = growth((0, 10))
    grown.discard("m", "tube")
    grown.discard("unread", "tube")
    for message in ("m", "unread"):
        for time, value in ((HOUR, 10), (2 * HOUR, 90_000)):
            assert not grown.update(message, "tube", Counters(forwards=value), time)
    assert (grown.score(2 * HOUR), grown.totals()) == (0.0, (None, 10))


def test_messages_beyond_the_bound_are_left_out():
    grown = CounterGrowth(CounterConfig(), max_messages=2)
    for message in ("a", "b", "c"):
        grown.update(message, "tube", Counters(forwards=10), 0)
    grown.discard("d", "tube")
    assert grown.totals() == (None, 20)


def test_a_merge_adds_the_rises_and_counts_a_common_message_once():
    one, other = growth((0, 10), (HOUR, 8_010), message="a"), growth((0, 10), (HOUR, 5_010), message="b")
    other.update("a", "tube", Counters(forwards=8_500), 2 * HOUR)
    one.merge(other)
    assert (one.score(2 * HOUR), one.totals()) == (1.3, (None, 13_510))


def test_the_window_must_divide_into_buckets():
    with pytest.raises(ValueError, match=r"counters\.window_ms is 100, not a multiple of counters\.window_buckets"):
        CounterConfig(window_ms=100)


SNAPSHOTS = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from("abc"), st.integers(0, 60_000)), min_size=1, max_size=30
)


@given(SNAPSHOTS)
def test_no_rise_exceeds_what_the_snapshots_show(snapshots):
    """The rises of one counter add up to no more than its largest value less its first one."""
    grown = CounterGrowth(CounterConfig(window_ms=720 * HOUR), max_messages=3)
    first, largest = {}, {}
    for step, message, value in sorted(snapshots):
        grown.update(message, "tube", Counters(forwards=value), step * 10 * MINUTE)
        first.setdefault(message, (step, value))
        largest[message] = max(largest.get(message, 0), value)
    shown = sum(largest[message] - value for message, (_, value) in first.items())
    assert (grown.peak(FORWARDS) or 0) <= shown
    assert grown.totals() == (None, sum(largest.values()))


@given(SNAPSHOTS, st.integers(0, 29))
def test_a_second_delivery_changes_nothing(snapshots, place):
    ordered = sorted(snapshots)
    once, twice = CounterGrowth(CounterConfig()), CounterGrowth(CounterConfig())
    for number, (step, message, value) in enumerate(ordered):
        for grown in (once, twice):
            grown.update(message, "tube", Counters(forwards=value), step * MINUTE)
        if number == place:
            early, name, old = ordered[number // 2]
            twice.update(name, "tube", Counters(forwards=old), early * MINUTE)
    end = 40 * MINUTE
    assert (once.score(end), once.rise(end), once.totals()) == (twice.score(end), twice.rise(end), twice.totals())


@given(SNAPSHOTS, SNAPSHOTS)
def test_a_merge_is_the_growth_of_both_streams(ones, others):
    """Two sides without a common message: one growth that reads both gives what a merge of two gives."""
    apart, other, together = (CounterGrowth(CounterConfig()) for _ in range(3))
    for step, message, value in sorted(ones):
        apart.update(message, "tube", Counters(forwards=value), step * MINUTE)
    for step, message, value in sorted(others):
        other.update(message.upper(), "tube", Counters(forwards=value), step * MINUTE)
    for step, message, value in sorted([*ones, *((s, m.upper(), v) for s, m, v in others)]):
        together.update(message, "tube", Counters(forwards=value), step * MINUTE)
    apart.merge(other)
    end = 40 * MINUTE
    assert apart.score(end) == pytest.approx(together.score(end), abs=1e-5)
    assert (apart.totals(), apart.rise(end)) == (together.totals(), together.rise(end))


def test_a_restored_growth_is_the_same():
    grown = growth((0, 10), (HOUR, 30_000), (2 * HOUR, 10))
    again = CounterGrowth(CounterConfig())
    again.restore(grown.snapshot())
    assert again.snapshot() == grown.snapshot()
    assert msgspec.structs.asdict(again.rise(2 * HOUR)) == msgspec.structs.asdict(grown.rise(2 * HOUR))
