import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.spread.sharers import DistinctSharers, SharersConfig

SMALL = SharersConfig(capacity=8, heavy_poster_posts=3)


def sharer(number: int) -> str:
    return f"{number:032x}"


def shared(people, config: SharersConfig | None = None) -> DistinctSharers:
    sharers = DistinctSharers(config)
    for time, number in enumerate(people):
        sharers.add(sharer(number), time)
    return sharers


people = st.lists(st.integers(0, 40), max_size=120)


def test_a_first_share_weighs_one_and_the_next_nothing():
    sharers = DistinctSharers()
    assert sharers.add(sharer(1), 10) == 1.0
    assert sharers.add(sharer(1), 20) == 0.0
    assert sharers.add(sharer(2), 20) == 1.0
    assert (sharers.count, sharers.exact, sharers.posts_of(sharer(1)), sharers.first_of(sharer(1))) == (
        2.0,
        True,
        2,
        10,
    )
    assert (sharers.posts_of(sharer(9)), sharers.first_of(sharer(9))) == (0, None)


@pytest.mark.parametrize(("number", "exact"), [(7, True), (8, True), (9, False)])
def test_counts_are_exact_up_to_the_capacity(number, exact):
    sharers = shared(range(number), SMALL)
    assert sharers.exact is exact
    assert len(sharers._known) <= 8
    if exact:
        assert sharers.count == number


@settings(deadline=None)
@given(people, st.randoms(use_true_random=False))
def test_the_same_sharers_in_any_order_give_the_same_count(numbers, rng):
    again = list(numbers)
    rng.shuffle(again)
    one, two = shared(numbers, SMALL), shared(again, SMALL)
    assert (one.count, one.exact, one.heavy) == (two.count, two.exact, two.heavy)
    assert set(one._known) == set(two._known)


@given(people)
def test_below_the_capacity_everything_equals_plain_counting(numbers):
    sharers = shared(numbers, SharersConfig(capacity=41, heavy_poster_posts=3))
    assert sharers.count == len(set(numbers))
    assert sharers.heavy == sum(numbers.count(n) >= 3 for n in set(numbers))
    assert all(sharers.posts_of(sharer(n)) == numbers.count(n) for n in range(41))


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(5))
def test_a_hundred_thousand_sharers_are_counted_within_three_standard_errors(seed):
    # Flajolet 1990: relative standard error 1.20 / sqrt(capacity).
    sharers = DistinctSharers()
    first = seed * 1_000_000
    weights = sum(sharers.add(sharer(n), n) for n in range(first, first + 100_000))
    assert abs(sharers.count / 100_000 - 1) < 3 * 1.2 / np.sqrt(4096)
    assert abs(weights / 100_000 - 1) < 3 * 1.2 / np.sqrt(4096)
    assert len(sharers._known) <= 4096


def test_weights_and_counts_are_unbiased():
    # 400 independent crowds of 300, capacity 32: the mean's standard error is 1.2 / sqrt(32) / sqrt(400) = 1.1 %.
    config = SharersConfig(capacity=32)
    counts, sums = [], []
    for crowd in range(400):
        sharers = DistinctSharers(config)
        sums.append(sum(sharers.add(sharer(crowd * 1000 + n), n) for n in range(300)))
        counts.append(sharers.count)
    assert np.mean(counts) == pytest.approx(300, rel=3 * 0.011)
    assert np.mean(sums) == pytest.approx(300, rel=3 * 0.011)
    assert np.std(counts) > 0  # they are estimates, not counts


def test_what_is_taken_back_is_unbiased_too():
    # 300 join, 100 of them leave: what is subtracted is 100 on average, what remains 200.
    config = SharersConfig(capacity=32)
    gone, left = [], []
    for crowd in range(400):
        sharers = shared(range(crowd * 1000, crowd * 1000 + 300), config)
        taken = [sharers.remove(sharer(crowd * 1000 + n)) for n in range(100, 200)]
        gone.append(sum(weight for _, weight in filter(None, taken)))
        left.append(sharers.count)
    assert np.mean(gone) == pytest.approx(100, rel=0.06)
    assert np.mean(left) == pytest.approx(200, rel=0.06)


def test_ids_with_a_pattern_do_not_fool_the_sample():
    # All share their last bits, then all share their first.
    for pattern in (lambda n: f"{n:024x}00000000", lambda n: f"00000000{n:024x}"):
        sharers = DistinctSharers(SharersConfig(capacity=1024))
        for number in range(20_000):
            sharers.add(pattern(number), number)
        assert abs(sharers.count / 20_000 - 1) < 3 * 1.2 / np.sqrt(1024)


def test_a_sharer_who_left_the_sample_never_counts_again():
    sharers = shared(range(200), SMALL)
    before = sharers.count
    assert sum(sharers.add(sharer(n), 1000 + n) for n in range(200)) == 0.0
    assert sharers.count == before


def test_a_sharer_goes_with_the_last_post():
    sharers = shared([1, 1, 2])
    assert sharers.remove(sharer(1)) is None
    assert sharers.count == 2.0
    assert sharers.remove(sharer(1)) == (0, 1.0)
    assert sharers.count == 1.0
    assert sharers.remove(sharer(1)) is None  # gone already
    assert sharers.add(sharer(1), 50) == 1.0  # and back again


def test_a_suspended_account_takes_all_its_posts_along():
    sharers = shared([1, 1, 1, 2], SMALL)
    assert sharers.heavy == 1.0
    assert sharers.discard(sharer(1)) == (0, 1.0)
    assert sharers.discard(sharer(1)) is None
    assert (sharers.count, sharers.heavy) == (1.0, 0.0)


def test_many_posts_begin_at_the_threshold_and_end_below_it():
    sharers = shared([1, 1], SMALL)
    assert sharers.heavy == 0.0
    sharers.add(sharer(1), 9)
    assert sharers.heavy == 1.0
    sharers.add(sharer(1), 9)
    assert sharers.heavy == 1.0
    sharers.remove(sharer(1))
    assert sharers.heavy == 1.0
    sharers.remove(sharer(1))
    assert sharers.heavy == 0.0


def test_a_merge_returns_the_later_first_share_of_each_sharer_in_both():
    # one:  1@10      2@20  3@30
    # two:  1@15 4@5        3@25
    one, two = DistinctSharers(), DistinctSharers()
    for number, time in ((1, 10), (2, 20), (3, 30)):
        one.add(sharer(number), time)
    for number, time in ((4, 5), (1, 15), (3, 25)):
        two.add(sharer(number), time)
    assert one.merge(two) == [(15, 1.0), (30, 1.0)]
    assert one.count == 4.0
    assert [one.first_of(sharer(n)) for n in (1, 2, 3, 4)] == [10, 20, 25, 5]
    assert [one.posts_of(sharer(n)) for n in (1, 2, 3, 4)] == [2, 1, 2, 1]


@settings(deadline=None)
@given(people, people)
def test_a_merge_equals_the_union_whichever_way_it_goes(first, second):
    ways = []
    for mine, theirs in ((first, second), (second, first)):
        merged = shared(mine, SMALL)
        twice = merged.merge(shared(theirs, SMALL))
        known = {s: (k.first_time, k.posts) for s, k in merged._known.items()}
        ways.append((twice, merged.count, merged.heavy, known))
    assert ways[0] == ways[1]
    union = shared([*first, *second], SMALL)
    assert set(ways[0][3]) == set(union._known)
    assert ways[0][1] == union.count
    assert ways[0][2] == sum(posts >= 3 for _, posts in ways[0][3].values()) * (1 << merged._level)


@pytest.mark.no_cover
def test_a_merge_of_large_crowds_tells_the_overlap_without_bias():
    # 300 and 300 with 100 in common, capacity 32.
    config = SharersConfig(capacity=32)
    overlaps, counts = [], []
    for crowd in range(400):
        base = crowd * 1000
        one = shared(range(base, base + 300), config)
        overlaps.append(sum(w for _, w in one.merge(shared(range(base + 200, base + 500), config))))
        counts.append(one.count)
    assert np.mean(overlaps) == pytest.approx(100, rel=0.08)
    assert np.mean(counts) == pytest.approx(500, rel=0.04)


@settings(deadline=None)
@given(people, people, st.lists(st.integers(0, 40), max_size=10))
def test_restore_and_continue_equals_continue(before, after, removed):
    sharers, copy = shared(before, SMALL), DistinctSharers(SMALL)
    copy.restore(sharers.snapshot())
    for one in (sharers, copy):
        for number in removed:
            one.remove(sharer(number))
        for number in after:
            one.add(sharer(number), 500)
    assert copy.snapshot() == sharers.snapshot()
    assert (copy.count, copy.heavy) == (sharers.count, sharers.heavy)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"capacity": 0}, "SharersConfig.capacity is 0; expected `int` >= 1"),
        ({"heavy_poster_posts": 1}, "SharersConfig.heavy_poster_posts is 1; expected `int` >= 2"),
    ],
)
def test_bounds_without_a_sample_are_refused(fields, words):
    with pytest.raises(ValueError, match=words):
        SharersConfig(**fields)
