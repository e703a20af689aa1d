"""Progress of a partition: a witness moves it at once, and without one it takes several senders in several chats."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.ordering.config import OrderConfig
from detectors.ordering.progress import PartitionWatermark, Standing
from detectors.snapshot import pack

CONFIG = OrderConfig(max_out_of_orderness_ms=10)
FAR = 1 << 40


def votes(seen, config=CONFIG, standing=Standing.VOTE):
    """The progress after each event, given as (time, sender) or (time, sender, chat)."""
    progress = PartitionWatermark(config)
    return [progress.observe(time, sender, chat[0] if chat else sender, standing) for time, sender, *chat in seen]


def confirmed(progress, *seen):
    """The progress after events that a witness confirms."""
    return [progress.observe(time, sender, sender, Standing.CONFIRMED) for time, sender in seen]


def test_a_confirmed_time_moves_progress_at_once_and_an_older_one_does_not_move_it_back():
    assert confirmed(PartitionWatermark(CONFIG), (50, "a"), (40, "b"), (90, "a"), (91, "c")) == [50, 50, 90, 91]


def test_progress_is_the_time_that_three_senders_in_two_chats_have_reached():
    # sender     a     b     c     d
    # time     100   110   105   120
    # progress   -     -   100   105
    assert votes([(100, "a"), (110, "b"), (105, "c"), (120, "d")]) == [0, 0, 100, 105]


def test_one_sender_moves_nothing_however_many_chats_it_posts_in():
    assert votes([(FAR + n, "one", f"chat-{n}") for n in range(500)])[-1] == 0


def test_two_senders_in_turn_move_nothing_however_long():
    assert votes([(FAR + n, f"s{n % 2}") for n in range(500)])[-1] == 0


def test_three_accounts_in_one_chat_move_nothing_where_others_have_chats_too():
    honest = [(100 + n, f"h{n % 9}", f"chat-{n % 4}") for n in range(90)]
    attack = [(FAR + n, f"x{n}", "their chat") for n in range(3)]
    assert votes([*honest, *attack])[-1] < 200


def test_a_sender_that_ratchets_by_small_steps_gains_nothing():
    #  the stream stands at 100 with 20 senders; one sender goes ahead by less than the tolerance at each step
    steady = [(100, f"h{n}") for n in range(20)]
    ratchet = [(100 + 9 * n, "one") for n in range(200)]
    assert votes([*steady, *ratchet])[-1] == 100


def test_a_flood_of_one_sender_does_not_age_the_votes_of_the_others():
    #  a and b have spoken | 1000 events of one sender | c speaks: three senders have reached 100
    seen = [(100, "a"), (110, "b"), *((100 - n % 7, "flood") for n in range(1000)), (120, "c")]
    assert votes(seen)[-1] == 100


def test_a_fifth_of_the_recent_senders_is_needed_where_there_are_many():
    #  40 recent senders: 7 with fast clocks, 8 are needed
    steady = [(1000 + n, f"h{n}") for n in range(40)]
    before = votes(steady)[-1]
    fast = [(5000, f"h{n}") for n in range(7)]
    assert votes([*steady, *fast])[-1] <= 1039
    assert votes([*steady, *fast, (5000, "h8")])[-1] == 5000
    assert before < 1039


def test_a_sender_that_has_been_silent_for_the_window_counts_no_longer():
    #  x is far ahead and falls silent: after 64 turns of others only two more votes are not enough
    config = OrderConfig(confirmation_window=8)
    others = [(10 + n, f"h{n % 5}") for n in range(60)]
    assert votes([(FAR, "x"), *others, (FAR, "y"), (FAR, "z")], config)[-1] < FAR


def test_a_partition_that_has_only_one_chat_is_content_with_one_after_a_window():
    config = OrderConfig(confirmation_window=16)
    steps = votes([(1000 + n, f"h{n % 6}", "the channel") for n in range(60)], config)
    assert steps[10] == 0
    assert steps[-1] > 1050


def test_while_most_senders_are_read_late_no_witness_moves_progress_alone():
    #  the backlog stands at 1000 .. 1019 | one event of now, which its witness confirms | the backlog goes on
    progress = PartitionWatermark(CONFIG)
    for n in range(20):
        progress.observe(1000 + n, f"h{n}", f"h{n}", Standing.BEHIND)
    assert confirmed(progress, (FAR, "now")) == [1016]


def test_one_record_with_a_wrong_witness_cannot_move_progress_by_more_than_the_jump():
    # sender     a     b     x (its adapter is wrong)   c   | a night |   d      e     f
    # progress 100   110   110                        120             120   9000  9020: three senders have reached 9000
    config = OrderConfig(max_jump_ms=1000)
    seen = [(100, "a"), (110, "b"), (FAR, "x"), (120, "c"), (9000, "d"), (9010, "e"), (9020, "f")]
    assert confirmed(PartitionWatermark(config), *seen) == [100, 110, 110, 120, 120, 9000, 9020]


def test_a_mute_time_is_no_vote():
    assert votes([(FAR, f"h{n}") for n in range(30)], standing=Standing.MUTE)[-1] == 0


stamps = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 9), st.integers(0, 4), st.sampled_from(Standing)), max_size=120
)


@given(stamps, st.integers(1, 4), st.integers(1, 20))
def test_progress_is_monotone_and_never_exceeds_the_newest_time(seen, senders, window):
    progress = PartitionWatermark(OrderConfig(confirming_senders=senders, confirmation_window=window))
    steps = [progress.observe(time, f"s{sender}", f"c{chat}", standing) for time, sender, chat, standing in seen]
    assert all(earlier <= later for earlier, later in pairwise([0, *steps]))
    newest = 0
    for (time, *_), step in zip(seen, steps, strict=True):
        newest = max(newest, time)
        assert step <= newest


@given(stamps, st.integers(0, 120))
def test_progress_restored_goes_on_as_if_it_had_never_stopped(seen, cut):
    config = OrderConfig(confirmation_window=8)
    whole = PartitionWatermark(config)
    events = [(time, f"s{sender}", f"c{chat}", standing) for time, sender, chat, standing in seen]
    for event in events[:cut]:
        whole.observe(*event)
    copy = PartitionWatermark(config)
    copy.restore(whole.snapshot())
    assert [copy.observe(*event) for event in events[cut:]] == [whole.observe(*event) for event in events[cut:]]
    assert copy.snapshot() == whole.snapshot()


@given(stamps)
def test_memory_is_bounded_by_the_window(seen):
    progress = PartitionWatermark(OrderConfig(confirmation_window=4))
    for time, sender, chat, standing in seen:
        progress.observe(time, f"s{sender}", f"c{chat}", standing)
        assert len(progress._votes) <= len(progress._recent) <= 5


@pytest.mark.parametrize("suspects", [[], [5, 6]])
def test_a_state_of_version_1_keeps_the_progress(suspects):
    progress = PartitionWatermark(CONFIG)
    progress.restore(pack("progress", 1, (700, suspects)))
    assert progress.time == 700
