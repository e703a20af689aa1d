"""Progress, watermark and reorder buffer: timelines, accounting, and the promise that disorder changes nothing."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.ordering.config import OrderConfig
from detectors.ordering.idleness import Idleness
from detectors.ordering.progress import PartitionWatermark, Standing
from detectors.ordering.reorder import ReorderBuffer
from detectors.ordering.watermark import Watermark
from detectors.snapshot import SnapshotError, pack
from schemas.assignment import Timeliness
from schemas.event import Kind
from schemas.sighting import Sighting, TextContent

CONTENT = TextContent(text="a b c d", normal="a b c d", fingerprint="ab" * 16, words=4)
SMALL = OrderConfig(max_out_of_orderness_ms=10, allowed_lateness_ms=100, idle_timeout_ms=50)


def seen(event: int | str, time: int, partition: int = 0, progress: int | None = None, **fields: Any) -> Sighting:
    event_id = f"{event:032x}" if isinstance(event, int) else event
    return Sighting(
        event_id=event_id,
        platform="x",
        kind=Kind.POST,
        time=time,
        key_id="k",
        content=CONTENT,
        partition=partition,
        progress=time if progress is None else progress,
        **fields,
    )


def times(released: list[tuple[Sighting, Timeliness]]) -> list[int]:
    return [sighting.time for sighting, _ in released]


# --- configuration ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["max_out_of_orderness_ms", "allowed_lateness_ms", "max_jump_ms"])
def test_a_duration_may_be_zero_but_not_negative(name: str) -> None:
    OrderConfig(**{name: 0})
    with pytest.raises(ValueError, match=f"OrderConfig.{name} is -1; expected `int` >= 0"):
        OrderConfig(**{name: -1})


@pytest.mark.parametrize(
    "name",
    ["idle_timeout_ms", "max_waiting", "max_remembered_ids", "confirming_senders", "confirming_chats",
     "confirmation_window", "max_late_streams"],
)  # fmt: skip
def test_a_bound_must_be_positive(name: str) -> None:
    OrderConfig(**{name: 1})
    with pytest.raises(ValueError, match=f"OrderConfig.{name} is 0; expected `int` >= 1"):
        OrderConfig(**{name: 0})


# --- watermark --------------------------------------------------------------------------------------------------------


def test_the_watermark_is_the_least_progress_less_the_lateness() -> None:
    # partition 0   100 -------- 200 ------------- 300
    # partition 1        50 ----------- 120
    # watermark      90  90  90        110         110     (never back to 40)
    mark = Watermark(SMALL)
    reports = [(0, 100), (1, 50), (0, 200), (1, 120), (0, 300)]
    assert [mark.update(*report) for report in reports] == [90, 90, 90, 110, 110]


def test_expected_partitions_hold_the_watermark_until_they_report() -> None:
    mark = Watermark(SMALL)
    mark.expect([0, 1])
    assert mark.update(0, 500) == -10
    assert mark.update(1, 300) == 290


def test_a_report_behind_an_earlier_one_changes_nothing() -> None:
    mark = Watermark(SMALL)
    mark.update(0, 100)
    assert mark.update(0, 50) == 90
    assert mark.update(0, 101) == 91


def test_a_silent_partition_stops_counting_and_its_return_does_not_turn_time_back() -> None:
    # partition 0   100      200              400          900
    # partition 1        80        (silent)        85           800
    mark = Watermark(SMALL)
    assert mark.update(0, 100) == 90
    assert mark.update(1, 80) == 90
    assert mark.update(0, 200) == 90
    assert mark.mark_idle(1) == 190
    assert mark.update(0, 400) == 390
    assert mark.update(1, 85) == 390  # back, far behind
    assert mark.update(0, 900) == 390  # and counting again
    assert mark.update(1, 800) == 790


def test_unless_it_is_said_to_be_silent_a_partition_is_waited_for() -> None:
    mark = Watermark(SMALL)
    mark.update(1, 80)
    assert [mark.update(0, time) for time in (100, 10_000, 10_000_000)] == [70, 70, 70]


def test_when_every_partition_is_silent_the_watermark_passes_what_can_be_believed() -> None:
    mark = Watermark(SMALL)
    mark.expect([0, 1, 2])
    mark.update(0, 100)
    mark.update(1, 300)
    assert [mark.mark_idle(partition) for partition in (2, 0, 1)] == [90, 290, 301]
    assert mark.update(0, 320) == 310  # and goes on with whoever speaks again


def test_a_partition_that_never_spoke_can_be_silent() -> None:
    mark = Watermark(SMALL)
    mark.expect([0, 1])
    mark.update(0, 100)
    assert mark.mark_idle(1) == 90


IDLE = OrderConfig(max_out_of_orderness_ms=10, idle_timeout_ms=100)


def looks(idleness, *times, caught_up=True):
    return [idleness.check(now, caught_up=caught_up) for now in times]


def test_a_partition_is_idle_when_it_was_seen_silent_for_the_idle_time_and_says_so_once() -> None:
    assert looks(Idleness(IDLE), 0, 50, 99, 100, 150) == [False, False, False, True, False]


def test_an_event_begins_the_silence_anew() -> None:
    idleness = Idleness(IDLE)
    looks(idleness, 0, 50, 90)
    idleness.note_event()
    assert looks(idleness, 100, 150, 199, 200) == [False, False, False, True]
    idleness.note_event()
    assert looks(idleness, 250, 300, 350) == [False, False, True]


def test_a_pause_of_the_driver_itself_makes_nobody_idle() -> None:
    # looks   0     50 ............(the process was down)............ 10000   10050   (100 ms observed)
    assert looks(Idleness(IDLE), 0, 50, 10_000, 10_049, 10_050) == [False, False, False, False, True]


def test_a_partition_with_something_left_to_read_is_not_idle() -> None:
    idleness = Idleness(IDLE)
    looks(idleness, 0, 50)
    assert looks(idleness, 90, 140, 190, caught_up=False) == [False] * 3
    assert looks(idleness, 240, 280, 290) == [False, False, True]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.none() | st.integers(0, 1000)), max_size=60),
    st.integers(0, 59),
)
def test_the_watermark_never_goes_back_and_is_the_least_progress_less_the_lateness(
    reports: list[tuple[int, int | None]], cut: int
) -> None:
    """A report of nothing says that the partition is silent."""
    mark, previous = Watermark(SMALL), -10
    newest: dict[int, int] = {}
    for i, (partition, progress) in enumerate(reports):
        if i == cut:
            copy = Watermark(SMALL)
            copy.restore(mark.snapshot())
            mark = copy
        value = mark.mark_idle(partition) if progress is None else mark.update(partition, progress)
        newest[partition] = max(newest.get(partition, 0), progress or 0)
        assert value >= previous
        if all(progress is not None for _, progress in reports):
            assert value == max(previous, min(newest.values()) - 10)
        previous = value


# --- reorder buffer ---------------------------------------------------------------------------------------------------


def test_sightings_leave_in_order_of_time_then_id_once_the_watermark_has_passed_them() -> None:
    # arrives    105   100b   100a    111    115
    # watermark   95    95     95     101    105
    # leaves                        100a,b   101..104: none (105 is not before 105)
    buffer = ReorderBuffer(SMALL)
    assert buffer.update(seen(1, 105)) == []
    assert buffer.update(seen(0xB, 100)) == []
    assert buffer.update(seen(0xA, 100)) == []
    leaving = buffer.update(seen(2, 111))
    assert [(s.time, int(s.event_id, 16)) for s, _ in leaving] == [(100, 0xA), (100, 0xB)]
    assert {timeliness for _, timeliness in leaving} == {Timeliness.ON_TIME}
    assert buffer.update(seen(3, 115)) == []
    assert times(buffer.update(seen(4, 116))) == [105]
    assert (buffer.emitted, buffer.waiting, buffer.watermark) == (3, 3, 106)


@pytest.mark.parametrize(
    ("time", "timeliness"),
    [
        (191, None),
        (190, None),  # exactly at the watermark: on time, and still waiting
        (189, Timeliness.LATE),
        (90, Timeliness.LATE),  # exactly at the horizon
        (89, Timeliness.DROPPED_LATE),
    ],
)
def test_what_comes_behind_the_watermark_is_late_and_behind_the_horizon_expired(
    time: int, timeliness: Timeliness | None
) -> None:
    # horizon 90 ------------------------------- watermark 190 -------- 200 newest
    buffer = ReorderBuffer(SMALL)
    buffer.update(seen(1, 200))
    out = buffer.update(seen(2, time, progress=200))
    assert [a for _, a in out] == ([] if timeliness is None else [timeliness])
    assert (buffer.late, buffer.dropped_late) == (timeliness is Timeliness.LATE, timeliness is Timeliness.DROPPED_LATE)
    assert buffer.waiting == (2 if timeliness is None else 1)


def test_the_watermark_of_the_moment_of_arrival_judges_a_sighting_not_the_one_it_brings() -> None:
    # partition 0 stands at 300, partition 1 reports for the first time with progress 250 and an event of 230.
    buffer = ReorderBuffer(SMALL)
    buffer.expect([0, 1])
    buffer.update(seen(1, 300))
    out = buffer.update(seen(2, 230, partition=1, progress=250))
    assert [(s.time, a) for s, a in out] == [(230, Timeliness.ON_TIME)]
    assert buffer.late == 0


def test_a_second_delivery_is_dropped_whether_the_first_waits_left_or_was_late() -> None:
    buffer = ReorderBuffer(SMALL)
    buffer.update(seen(1, 200))
    buffer.update(seen(1, 200))  # the first waits
    buffer.update(seen(2, 211))
    assert buffer.update(seen(1, 200, progress=211)) == []  # the first has left
    assert [a for _, a in buffer.update(seen(3, 150, progress=211))] == [Timeliness.LATE]
    assert buffer.update(seen(3, 150, progress=211)) == []
    assert buffer.duplicates == 3


def test_a_second_delivery_more_than_a_horizon_later_is_expired_not_counted_as_new() -> None:
    buffer = ReorderBuffer(SMALL)
    buffer.update(seen(1, 200))
    buffer.update(seen(2, 400))  # the first leaves at watermark 390
    assert buffer.update(seen(1, 200, progress=400)) == []
    buffer.update(seen(3, 502))
    assert [a for _, a in buffer.update(seen(1, 200, progress=502))] == [Timeliness.DROPPED_LATE]


def test_a_second_delivery_of_an_expired_sighting_is_a_duplicate_until_a_horizon_later() -> None:
    # watermark   390 .......................... 490   501
    # 50 comes     expired    dropped         dropped   expired again
    buffer = ReorderBuffer(SMALL)
    buffer.update(seen(1, 400))
    assert [a for _, a in buffer.update(seen(9, 50, progress=400))] == [Timeliness.DROPPED_LATE]
    assert buffer.update(seen(9, 50, progress=400)) == []
    buffer.update(seen(2, 500))
    assert buffer.update(seen(9, 50, progress=500)) == []
    buffer.update(seen(3, 511))
    assert [a for _, a in buffer.update(seen(9, 50, progress=511))] == [Timeliness.DROPPED_LATE]
    assert (buffer.duplicates, buffer.dropped_late) == (2, 2)


def test_a_second_delivery_still_moves_the_watermark_because_its_partition_has_come_that_far() -> None:
    buffer = ReorderBuffer(SMALL)
    buffer.update(seen(1, 200))
    assert times(buffer.update(seen(1, 200, progress=300))) == [200]


def test_a_full_buffer_lets_the_oldest_go_and_moves_the_watermark_behind_them() -> None:
    # room for 2;  arrive 50a 70 60 (full: 50a and all of its millisecond go)   then 50b: behind what has left
    buffer = ReorderBuffer(OrderConfig(max_out_of_orderness_ms=1000, allowed_lateness_ms=100, max_waiting=2))
    assert buffer.update(seen(1, 50)) == []
    assert buffer.update(seen(2, 70)) == []
    assert times(buffer.update(seen(3, 60))) == [50]
    assert (buffer.forced, buffer.waiting, buffer.watermark) == (1, 2, 51)
    assert [a for _, a in buffer.update(seen(4, 50))] == [Timeliness.LATE]


def test_no_more_ids_are_remembered_than_the_bound_and_waiting_ones_are_never_forgotten() -> None:
    buffer = ReorderBuffer(OrderConfig(max_out_of_orderness_ms=10, allowed_lateness_ms=10_000, max_remembered_ids=2))
    for i in range(8):
        buffer.update(seen(i, 100 + 10 * i))  # 0..5 have left, 6 and 7 wait
    assert buffer.waiting == 2
    for i in (4, 5, 6, 7):
        assert buffer.update(seen(i, 100 + 10 * i)) == []
    assert buffer.duplicates == 4
    assert [a for _, a in buffer.update(seen(3, 130, progress=170))] == [
        Timeliness.LATE
    ]  # forgotten: the bound's price


def test_flush_releases_the_rest_in_order_and_what_comes_after_it_is_late() -> None:
    buffer = ReorderBuffer(SMALL)
    assert buffer.flush() == []
    buffer.update(seen(2, 105))
    buffer.update(seen(1, 100))
    assert times(buffer.flush()) == [100, 105]
    assert (buffer.waiting, buffer.watermark) == (0, 106)
    assert [a for _, a in buffer.update(seen(3, 105))] == [Timeliness.LATE]


def test_a_silent_partition_releases_what_waited_for_it() -> None:
    buffer = ReorderBuffer(SMALL)
    buffer.expect([0, 1])
    buffer.update(seen(1, 100))
    buffer.update(seen(2, 200))
    assert times(buffer.mark_idle(1)) == [100]
    assert times(buffer.mark_idle(0)) == [200]
    assert [a for _, a in buffer.update(seen(3, 199))] == [Timeliness.LATE]


def test_when_all_are_silent_the_last_events_of_several_senders_need_no_confirmation() -> None:
    #  progress 100 | the reader starts again, its progress at 0, and three events of three senders are all that comes
    buffer = ReorderBuffer(SMALL)
    buffer.update(seen(1, 100))
    for event, time in ((2, 150), (3, 160), (4, 170)):
        buffer.update(seen(event, time, progress=0))
    assert times(buffer.mark_idle(0)) == [100, 150]  # three senders have reached 150
    assert times(buffer.flush()) == [160, 170]


def test_a_liar_still_waits_when_all_partitions_are_silent() -> None:
    #  a time far ahead that no other sender confirms: not what the watermark is set by
    buffer = ReorderBuffer(SMALL)
    buffer.update(seen(1, 100))
    buffer.update(seen(2, 1 << 40, progress=100))
    assert times(buffer.mark_idle(0)) == [100]
    assert (buffer.waiting, buffer.watermark) == (1, 101)


def test_a_liar_at_the_end_leaves_at_the_flush_and_does_not_move_the_watermark() -> None:
    buffer = ReorderBuffer(SMALL)
    buffer.update(seen(1, 100))
    buffer.update(seen(2, 1 << 40, progress=100))
    assert times(buffer.flush()) == [100, 1 << 40]
    assert (buffer.waiting, buffer.watermark) == (0, 101)


def test_a_small_stream_of_two_senders_goes_on_when_all_are_silent() -> None:
    buffer = ReorderBuffer(SMALL)
    buffer.update(seen(1, 500, progress=0))
    assert buffer.mark_idle(0) == []  # one sender may be wrong
    buffer.update(seen(2, 520, progress=0))
    assert times(buffer.mark_idle(0)) == [500]
    buffer.update(seen(3, 560, progress=0))
    assert times(buffer.mark_idle(0)) == [520]


def test_a_liar_in_the_stream_makes_nobody_else_late() -> None:
    config = OrderConfig(max_out_of_orderness_ms=10)
    buffer, progress = ReorderBuffer(config), PartitionWatermark(config)
    for i in range(1, 200):
        time, sender = (1 << 40, "liar") if i % 10 == 0 else (10 * i, f"s{i}")
        at = progress.observe(time, sender, sender, Standing.VOTE)
        buffer.update(seen(i, time, progress=at, actor="l" * 32 if sender == "liar" else None))
    assert buffer.late == buffer.dropped_late == 0
    assert buffer.outliers.total == 19
    left = buffer.flush()
    assert times(left)[-19:] == [1 << 40] * 19
    assert [sighting.ahead for sighting, _ in left[-20:]] == [False] + [True] * 19


def test_outliers_fill_at_most_half_of_the_buffer_and_then_pass_as_late() -> None:
    #  room for 10 | one sender floods with times far ahead, and others go on: none of theirs is late or forced
    config = OrderConfig(max_out_of_orderness_ms=10, max_waiting=10)
    buffer = ReorderBuffer(config)
    for i in range(100):
        buffer.update(seen(1000 + i, 1 << 40, progress=10 * i, actor="f" * 32))
        buffer.update(seen(i, 10 * i))
    assert (buffer.forced, buffer.dropped_late) == (0, 0)
    assert buffer.late > 80
    assert buffer.waiting <= 10


def test_the_first_events_read_late_get_their_own_time_back_when_the_partition_is_seen_to_catch_up() -> None:
    #  observed at 9000, dated 100, 110, 120 | the fourth shows that the listener is catching up
    buffer = ReorderBuffer(SMALL)
    for event, claim in ((1, 100), (2, 110), (3, 120)):
        buffer.update(seen(event, 9000, progress=50, replaced=claim))
    buffer.update(seen(4, 130, progress=50, catching_up=True))
    left = buffer.update(seen(5, 150, progress=150, catching_up=True))
    assert [(s.time, s.replaced, s.catching_up) for s, _ in left] == [(t, None, True) for t in (100, 110, 120, 130)]
    assert (buffer.waiting, buffer.late, buffer.outliers.total) == (1, 0, 0)


stream = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 400), st.integers(0, 2), st.integers(0, 20)), max_size=80
)


def pushed(buffer: ReorderBuffer, item: tuple[int, int, int, int]) -> list[tuple[Sighting, Timeliness]]:
    """One sighting; now and then its partition is said to be silent after it."""
    event, time, partition, step = item
    out = buffer.update(seen(event, time, partition))
    return out + buffer.mark_idle(partition) if step > 15 else out


def pushed_into(buffer: ReorderBuffer, items: list[tuple[int, int, int, int]]) -> list[tuple[Sighting, Timeliness]]:
    return [one for item in items for one in pushed(buffer, item)]


@given(stream, st.integers(1, 20), st.integers(1, 20))
def test_every_sighting_is_accounted_for_exactly_once_at_every_moment(
    items: list[tuple[int, int, int, int]], waiting: int, remembered: int
) -> None:
    config = OrderConfig(
        max_out_of_orderness_ms=10, allowed_lateness_ms=50, max_waiting=waiting, max_remembered_ids=remembered
    )
    buffer, out = ReorderBuffer(config), []
    for n, item in enumerate(items, start=1):
        out += pushed(buffer, item)
        assert n == buffer.emitted + buffer.waiting + buffer.duplicates + buffer.late + buffer.dropped_late
        assert buffer.waiting <= waiting
        assert len(buffer._seen._ids) <= remembered
        assert len(buffer._seen) == len(buffer._seen._ids) + buffer.waiting
    on_time = [(s.time, s.event_id) for s, timeliness in out + buffer.flush() if timeliness is Timeliness.ON_TIME]
    assert on_time == sorted(on_time)
    assert len(on_time) == buffer.emitted


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_shuffling_within_the_lateness_changes_nothing_in_what_is_released(steps: list[int], random) -> None:
    config = OrderConfig(max_out_of_orderness_ms=10, allowed_lateness_ms=100)
    ordered, clock = [], 1000
    for i, step in enumerate(steps):
        clock += step
        ordered.append((clock, i))
    shuffled = sorted(ordered, key=lambda item: item[0] + random.uniform(0, 10))  # disorder of at most 10 ms

    def run(arrivals: list[tuple[int, int]]) -> list[tuple[int, str]]:
        buffer, progress = ReorderBuffer(config), PartitionWatermark(config)
        out = []
        for time, i in arrivals:
            at = progress.observe(time, f"s{i % 7}", f"c{i % 3}", Standing.VOTE)
            out += buffer.update(seen(i, time, progress=at))
        assert buffer.late == buffer.dropped_late == buffer.duplicates == 0
        return [(s.time, s.event_id) for s, _ in out + buffer.flush()]

    assert run(shuffled) == run(ordered) == sorted((t, f"{i:032x}") for t, i in ordered)


@given(stream, st.integers(0, 80))
def test_a_restored_buffer_goes_on_as_if_it_had_never_stopped(items: list[tuple[int, int, int, int]], cut: int) -> None:
    config = OrderConfig(max_out_of_orderness_ms=10, allowed_lateness_ms=50, max_waiting=10, max_remembered_ids=10)
    whole = ReorderBuffer(config)
    pushed_into(whole, items[:cut])
    copy = ReorderBuffer(config)
    copy.restore(whole.snapshot())
    assert copy.snapshot() == whole.snapshot()
    assert pushed_into(copy, items[cut:]) + copy.flush() == pushed_into(whole, items[cut:]) + whole.flush()
    assert copy.snapshot() == whole.snapshot()


def test_the_state_of_another_detector_is_refused() -> None:
    with pytest.raises(SnapshotError, match="cannot read a snapshot of progress version 3 as reorder version 4"):
        ReorderBuffer(SMALL).restore(PartitionWatermark(SMALL).snapshot())


FIRST_VERSION = Path(__file__).parents[2] / "fixtures" / "states" / "reorder-buffer-1.msgpack"


def test_a_state_of_version_1_goes_on_where_it_stood() -> None:
    #  written with SMALL:  partition 0 at 300, 1 at 299, 2 never spoke and was silent;  299 and 300 wait
    buffer = ReorderBuffer(SMALL)
    buffer.restore(FIRST_VERSION.read_bytes())
    assert (buffer.watermark, buffer.waiting) == (289, 2)
    assert (buffer.emitted, buffer.duplicates, buffer.late, buffer.dropped_late, buffer.forced) == (2, 1, 1, 1, 0)
    assert buffer.update(seen(3, 300)) == []  # known: it waits
    assert buffer.update(seen(5, 200, 1, progress=299)) == []  # known: it was late
    assert times(buffer.update(seen(7, 320, 1))) == []
    assert times(buffer.update(seen(8, 320, 0))) == [299, 300]  # nobody waits for partition 2
    buffer.update(seen(9, 315, 2))
    assert times(buffer.update(seen(10, 400, 0)) + buffer.update(seen(11, 400, 1))) == []  # until it speaks
    assert buffer.watermark == 310
    copy = ReorderBuffer(SMALL)
    copy.restore(buffer.snapshot())
    assert copy.snapshot() == buffer.snapshot()


@pytest.mark.parametrize("state", [[], [[289, {}, {}, [2]]], [[289, {}, {}, ["two"], 0, 0], [], [], [], [0] * 5], 7])
def test_what_only_calls_itself_version_1_is_refused(state: object) -> None:
    with pytest.raises(SnapshotError, match=r"cannot read the state of reorder version 1: .*; replay the log"):
        ReorderBuffer(SMALL).restore(pack("reorder", 1, state))


@pytest.mark.parametrize("version", [0, 5])
def test_a_version_that_nobody_knows_is_refused(version: int) -> None:
    with pytest.raises(
        SnapshotError, match=f"cannot read a snapshot of reorder version {version} as reorder version 4"
    ):
        ReorderBuffer(SMALL).restore(pack("reorder", version, []))
