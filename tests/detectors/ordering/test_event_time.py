"""The time of an event from its stamps: claims give way to the witness, and old events read late keep their own."""

import numpy as np
import pytest

from detectors.ordering.catching_up import CatchingUp, Judgement
from detectors.ordering.config import OrderConfig
from detectors.ordering.event_time import EventTime, PartitionTime, Stamps

DAWN = 1_750_000_000_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
CONFIG = OrderConfig()


def read(events, partition=None):
    """The decided times of events, given as (created, observed, sender)."""
    partition = partition or PartitionTime(CONFIG)
    return [
        partition.update(Stamps(created, None, observed), "web", sender, sender) for created, observed, sender in events
    ]


def test_late_readings_among_events_read_in_time_are_claims():
    #  one listener: half of its events are current, so it is not behind, however orderly the other half looks
    events = []
    for n in range(60):
        events.append((DAWN + n * MINUTE, DAWN + n * MINUTE, f"honest{n}"))
        events.append((DAWN - 25 * HOUR + n * 20 * MINUTE, DAWN + n * MINUTE, f"crafted{n}"))
    assert not any(each.catching_up for each in read(events))


def test_listeners_of_two_platforms_in_one_partition_are_judged_apart():
    partition = PartitionTime(CONFIG)
    for n in range(60):
        late = partition.update(Stamps(DAWN + n * MINUTE, None, DAWN + DAY + n * 20), "slow", f"s{n}", f"s{n}")
        now = partition.update(Stamps(DAWN + DAY + n * 20, None, DAWN + DAY + n * 20), "live", f"l{n}", f"l{n}")
    assert late.catching_up
    assert now == EventTime(DAWN + DAY + 1180, now.progress, None, False, True)


def test_a_few_senders_that_are_always_late_do_not_stop_a_partition_for_ever():
    events = [(DAWN + n * MINUTE - 50 * SECOND, DAWN + n * MINUTE, f"p{n % 4}") for n in range(120)]
    assert read(events)[-1].progress >= DAWN + 110 * MINUTE


def test_honest_events_keep_their_time_and_move_progress_with_the_witness():
    decided = read([(DAWN, DAWN + SECOND, "a"), (DAWN + 9 * SECOND, DAWN + 5 * SECOND, "b")])
    assert decided == [
        EventTime(DAWN, DAWN, None, False, True),
        EventTime(DAWN + 9 * SECOND, DAWN + 5 * SECOND, None, False, True),
    ]


@pytest.mark.parametrize("shift", [-7 * DAY, -DAY, -31 * SECOND, 31 * SECOND, HOUR, 7 * DAY])
def test_a_claim_gives_way_to_the_observation(shift):
    decided = read([(DAWN, DAWN, "a"), (DAWN + MINUTE + shift, DAWN + MINUTE, "b")])[1]
    assert (decided.time, decided.replaced) == (DAWN + MINUTE, DAWN + MINUTE + shift)


def test_forwards_dated_as_their_original_are_placed_when_they_were_passed_on():
    events = [(DAWN - 2 * DAY, DAWN + n * MINUTE, f"p{n}") for n in range(60)]
    assert [each.time for each in read(events)] == [observed for _, observed, _ in events]


def test_forwards_of_an_archive_in_random_order_are_no_catching_up():
    rng = np.random.default_rng(4)
    for _ in range(20):
        dates = [DAWN - int(back) for back in rng.integers(0, 3 * DAY, 60)]
        events = [(date, DAWN + n * MINUTE, f"p{n}") for n, date in enumerate(dates)]
        assert sum(each.catching_up for each in read(events)) <= 3


def test_a_steady_delay_of_a_minute_is_a_claim():
    events = [(DAWN + n * 7 * SECOND - MINUTE, DAWN + n * 7 * SECOND, f"p{n}") for n in range(100)]
    assert not any(each.catching_up for each in read(events))


def test_a_listener_that_reads_a_day_in_a_burst_keeps_the_times_of_the_platform():
    #  25 h of events in ten seconds: from the eighth sender on it is clear that the listener is catching up
    events = [(DAWN + n * 3 * MINUTE, DAWN + 25 * HOUR + n * 20, f"p{n}") for n in range(490)]
    decided = read(events)
    assert [each.time for each in decided[7:]] == [created for created, *_ in events[7:]]
    assert all(each.catching_up for each in decided[7:])
    assert max(each.progress for each in decided) <= events[-1][0]


def test_one_wrong_clock_in_the_middle_of_a_backlog_changes_nothing_for_the_others():
    events = [(DAWN + n * 3 * MINUTE, DAWN + 25 * HOUR + n * 20, f"p{n}") for n in range(200)]
    for wrong in (-7 * DAY, -HOUR, 5 * HOUR, 25 * HOUR, 7 * DAY):
        dirty = [(created + wrong, seen, "odd") if n % 9 == 8 else (created, seen, who)
                 for n, (created, seen, who) in enumerate(events)]  # fmt: skip
        decided = read(dirty)
        others = [n for n in range(12, 200) if n % 9 != 8]
        assert [decided[n].time for n in others] == [events[n][0] for n in others], wrong
        assert max(each.progress for each in decided) <= events[-1][0], wrong


def test_a_platform_that_is_asked_every_five_minutes_keeps_its_times():
    events = []
    for poll in range(12):
        asked = DAWN + (poll + 1) * 5 * MINUTE
        events += [(asked - 5 * MINUTE + n * 10 * SECOND, asked + n, f"p{poll}-{n}") for n in range(30)]
    decided = read(events)
    kept = sum(each.time == created for each, (created, *_) in zip(decided, events, strict=True))
    assert kept > 0.95 * len(events)


def test_pages_that_begin_with_the_newest_event_are_read_late_as_well():
    events = [(DAWN - n * MINUTE, DAWN + HOUR + n, f"p{n}") for n in range(100)]
    assert sum(each.catching_up for each in read(events)) >= 90


def test_a_listener_that_has_caught_up_trusts_the_observation_again():
    backlog = [(DAWN + n * MINUTE, DAWN + 5 * HOUR + n * 20, f"p{n}") for n in range(299)]
    now = [(DAWN + 5 * HOUR + n * SECOND, DAWN + 5 * HOUR + n * SECOND, f"q{n}") for n in range(80)]
    decided = read([*backlog, *now])
    assert decided[-1].time == now[-1][0]
    assert decided[-1].progress >= now[-20][0]


def test_a_record_delivered_late_keeps_its_time_and_its_witness_confirms_nothing():
    partition = PartitionTime(CONFIG)
    for n in range(30):
        decided = partition.update(Stamps(DAWN + n, None, None, DAWN + DAY), "web", f"p{n}", f"p{n}")
    assert decided.time == DAWN + 29
    assert DAWN <= decided.progress <= DAWN + 29
    shifted = partition.update(Stamps(DAWN + DAY, None, None, DAWN + DAY), "web", "odd", "odd")
    assert shifted.progress <= DAWN + 29


def test_the_state_restored_decides_as_if_it_had_never_stopped():
    events = [(DAWN + n * MINUTE, DAWN + 9 * HOUR + n * 20, f"p{n}") for n in range(60)]
    for cut in (0, 3, 5, 40):
        whole, copy = PartitionTime(CONFIG), PartitionTime(CONFIG)
        read(events[:cut], whole)
        copy.restore(whole.snapshot())
        assert read(events[cut:], copy) == read(events[cut:], whole)
        assert copy.snapshot() == whole.snapshot()


def test_fewer_than_eight_late_readings_are_not_judged():
    judge = CatchingUp(CONFIG)
    readings = [judge.judge(DAWN + n * HOUR, DAWN + DAY + n, f"p{n}") for n in range(8)]
    assert readings == [Judgement.UNKNOWN] * 7 + [Judgement.CATCHING_UP]


def test_one_sender_alone_is_never_catching_up():
    judge = CatchingUp(CONFIG)
    assert {judge.judge(DAWN + n * HOUR, DAWN + 9 * DAY + n, "one") for n in range(50)} == {Judgement.UNKNOWN}
