"""Counter alerts: raised by the platforms' counters alone, apart from sharers, once for each rise."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.alerting.config import PolicyConfig
from detectors.growth import GrowthConfig
from detectors.growth.counters import CounterConfig
from detectors.pipeline.cascade_stats import CascadeConfig
from schemas.alert import Alert, Basis
from schemas.assignment import Frame, Timeliness
from schemas.event import AccountStatus, Counters, Debunk, Kind, ParentEvidence
from schemas.evidence import CounterName
from tests.detectors.clustering.clusters import digest
from tests.detectors.pipeline.sample_streams import (
    LATENESS,
    NOON,
    encoded,
    lines,
    pipeline,
    placed,
    run,
    shuffled_within,
    stream,
)
from tests.detectors.pipeline.test_cascades import DAY, HOUR, MINUTE, SECOND, WEEK, Play, people
from tests.detectors.pipeline.test_state_transfer import spread_play

VIDEO = {"message": "video", "platform": "tube"}


def count(play, time, forwards=None, views=None, cluster="a", **fields):
    """A snapshot of the counters of a message."""
    play.do(cluster, Kind.COUNTER, time, counters=Counters(views=views, forwards=forwards), **(VIDEO | fields))


def posted(*snapshots, **sections):
    """A video, and snapshots of its forwards as (time, value)."""
    play = Play(**sections)
    play.share("p0", 0, **VIDEO)
    for time, forwards in snapshots:
        count(play, time, forwards)
    return play


def told(play, basis=Basis.COUNTERS):
    """The alerts of one basis as (state, level, time from noon)."""
    return [(one.state.value, one.level, one.time - NOON) for one in play.out.alerts if one.basis is basis]


# --- what raises a counter alert --------------------------------------------------------------------------------------


def test_a_post_whose_counter_takes_off_raises_an_alert_of_its_own_kind():
    #  5 min 7 ... 25 min 900 ... 50 min 25,007: level 1 ... 70 min 80,007: level 2
    play = posted((5 * MINUTE, 7), (25 * MINUTE, 900), (50 * MINUTE, 25_007), (70 * MINUTE, 80_007))
    assert told(play) == [("opened", 1, 50 * MINUTE), ("escalated", 2, 70 * MINUTE)]
    assert told(play, Basis.SHARERS) == []
    alert = play.out.alerts[-1]
    found = alert.evidence.counters
    assert (found.platform, found.counter, found.messages) == ("tube", CounterName.FORWARDS, 1)
    assert (found.value_before, found.value_after, found.rise, found.elapsed) == (7, 80_007, 80_000, 65 * MINUTE)
    growth = alert.evidence.growth
    assert (growth.detector, growth.score, growth.threshold) == ("counters", 80_000, 40_000)
    assert growth.lowers_when == "a rise of less than 20,000 in 6 h"
    assert (growth.expected_further, growth.target_size) == (None, None)
    assert (alert.evidence.counts.sharers, alert.evidence.counts.posts) == (1, 1)
    assert alert.headline == "Counter rising faster (level 2): forwards on tube from 7 to 80,007 in 1 h 5 min"
    assert (
        "the platform's counter of forwards on tube rose from 7 to 80,007 in 1 h 5 min (1 message counted). Hearsay "
        "has seen 1 share of it itself, by 1 distinct sharer, the first at 2023-11-14 22:13 UTC"
    ) in alert.explanation
    assert "This measures spread, not truth." in alert.explanation
    assert alert.review is not None
    assert msgspec.json.decode(msgspec.json.encode(alert), type=Alert) == alert


def test_an_alert_about_sharers_does_not_mention_its_basis():
    play = Play()
    play.burst(people(6))
    assert b"basis" not in msgspec.json.encode(play.out.alerts[0])
    assert play.out.alerts[0].evidence.counters is None


def test_one_snapshot_raises_nothing_and_is_reported_as_unknown_growth():
    play = posted((5 * MINUTE, 3_000_000))
    row = play.row()
    assert (told(play), row.forwards, row.forwards_rise, row.counter_level) == ([], 3_000_000, None, 0)


def test_a_post_that_was_large_when_first_seen_alerts_by_its_later_growth_only():
    #  3,000,000 ... +200,000: under a tenth ... +100,000: a tenth in six hours
    play = posted((0, 3_000_000), (HOUR, 3_200_000))
    assert (told(play), play.row().forwards_rise) == ([], 200_000)
    count(play, 2 * HOUR, 3_300_000)
    assert told(play) == [("opened", 1, 2 * HOUR), ("escalated", 2, 2 * HOUR), ("escalated", 3, 2 * HOUR)]


def test_views_without_forwards_have_their_own_threshold_and_are_called_reach():
    play = posted()
    for time, views in ((0, 400), (40 * MINUTE, 99_000), (60 * MINUTE, 100_400)):
        count(play, time, views=views)
    assert told(play) == [("opened", 1, 60 * MINUTE)]
    alert = play.out.alerts[0]
    assert alert.evidence.counters.counter is CounterName.VIEWS
    assert "A view is no share: views measure reach." in alert.explanation
    assert (play.row().views, play.row().forwards) == (100_400, None)


def test_counters_without_thresholds_raise_nothing():
    play = posted((0, 10), (HOUR, 500_000), counters=CounterConfig(min_forwards=0, min_views=0))
    assert (told(play), play.row().forwards_rise) == ([], 499_990)


def test_counters_of_many_posts_of_one_rumour_add_up():
    play = Play()
    for number in range(6):
        play.share(f"p{number}", number, message=f"m{number}", platform="tube")
    for time, value in ((0, 100), (HOUR, 2_100)):
        for number in range(6):
            count(play, time + number * SECOND, value, message=f"m{number}")
    assert told(play) == [("opened", 1, HOUR + 4 * SECOND)]
    assert play.out.alerts[-1].evidence.counters.messages == 5


def test_two_platforms_are_never_added_up():
    play = Play()
    for platform in ("tube", "gram"):
        play.share(f"p {platform}", 0, message=platform, platform=platform)
    for time, value in ((0, 10), (HOUR, 9_000)):
        for platform in ("tube", "gram"):
            count(play, time, value, message=platform, platform=platform)
    assert told(play) == []
    count(play, 2 * HOUR, 12_000, message="gram", platform="gram")
    assert [alert.evidence.counters.platform for alert in play.out.alerts] == ["gram"]


def test_a_repost_shows_the_counters_of_its_original_and_never_adds_to_them():
    play = posted()
    link = {"kind": Kind.FORWARD, "parent": "video", "parent_evidence": ParentEvidence.API_PARENT, "platform": "tube"}
    for number in range(3):
        play.share(f"q{number}", number, message=f"repost {number}", **link)
    for time, value in ((0, 10), (HOUR, 6_000)):
        for message in ("video", "repost 0", "repost 1", "repost 2"):
            count(play, time + MINUTE, value, message=message)
    assert (told(play), play.row().forwards, play.row().forwards_rise) == ([], 6_000, 5_990)


def test_a_reply_has_counters_of_its_own():
    play = posted()
    link = {"kind": Kind.REPLY, "parent": "video", "parent_evidence": ParentEvidence.API_PARENT, "platform": "tube"}
    play.share("q", 0, message="reply", **link)
    for message in ("video", "reply"):
        count(play, MINUTE, 10, message=message)
    assert play.row().forwards == 20


def test_a_counter_that_names_its_original_counts_there():
    play = posted((0, 10))
    count(play, HOUR, 12_000, message="a repost that was not seen", root="video")
    assert (told(play), play.row().forwards) == ([("opened", 1, HOUR)], 12_000)


# --- what raises none -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("timeliness", [Timeliness.LATE, Timeliness.DROPPED_LATE])
def test_a_late_snapshot_raises_nothing_itself(timeliness):
    play = posted((0, 10))
    count(play, HOUR, 20_000, timeliness=timeliness)
    assert told(play) == []
    count(play, HOUR + MINUTE, 20_500)
    assert told(play) == [("opened", 1, HOUR + MINUTE)]


def test_a_deleted_post_takes_no_further_counter():
    play = posted((0, 10))
    play.do("a", Kind.DELETE, MINUTE, message="video")
    for time, value in ((HOUR, 10), (2 * HOUR, 900_000)):
        count(play, time, value)
    assert (told(play), play.row().forwards) == ([], 10)


def test_the_posts_of_a_suspended_account_take_no_further_counter():
    play = posted((0, 10))
    play.do("a", Kind.ACCOUNT_STATE, MINUTE, actor="p0", account_status=AccountStatus.SUSPENDED)
    count(play, HOUR, 900_000)
    assert told(play) == []


def test_a_frame_raises_no_counter_alert():
    play = Play()
    item = {"message": "video", "platform": "tube"}
    play.share("p0", 0, **item)
    play.cascades._open[digest("a")].stats.is_silent = True
    play.cascades._open[digest("a")].stats.frame = Frame.MEDIA
    for time, value in ((0, 10), (HOUR, 900_000)):
        count(play, time, value)
    assert (told(play), play.row().forwards) == ([], 900_000)


def test_a_cluster_without_a_post_raises_no_counter_alert():
    play = Play()
    play.do("a", Kind.DEBUNK, 0, debunk=Debunk(publisher="Boom", verdict="false"))
    for time, value in ((0, 10), (HOUR, 900_000)):
        count(play, time, value)
    assert told(play) == []


def test_counters_of_an_unknown_cluster_change_nothing():
    play = Play()
    count(play, 0, 10)
    count(play, HOUR, 900_000)
    assert (play.out.alerts, len(play.cascades)) == ([], 0)


# --- states -----------------------------------------------------------------------------------------------------------


def test_a_rise_subsides_and_a_new_one_resurfaces_in_another_episode():
    #  1 h level 1 ... flat ... 7 h: out of the window ... 9 h subsided ... 20 h again
    play = posted((0, 10), (HOUR, 20_010))
    for hour in range(2, 20):
        count(play, hour * HOUR, 20_010)
    assert [(state, level) for state, level, _ in told(play)] == [("opened", 1), ("subsided", 0)]
    assert 8 * HOUR < told(play)[1][2] < 10 * HOUR
    count(play, 20 * HOUR, 40_010)
    assert told(play)[2] == ("resurfaced", 1, 20 * HOUR)
    assert [alert.episode for alert in play.out.alerts] == [0, 0, 1]
    subsided = play.out.alerts[1]
    assert subsided.headline == "Rise of a counter subsided: forwards on tube at 20,010"
    assert "Subsided because the counter rose by less than 5,000 in 6 h for 2 h." in subsided.explanation
    assert subsided.review is None
    assert len({alert.alert_id for alert in play.out.alerts}) == 3


def test_a_steady_poll_of_a_rising_counter_notifies_once_for_each_level():
    play = posted(*((minute * MINUTE, 10 + 400 * minute) for minute in range(0, 240, 2)))
    assert [(state, level) for state, level, _ in told(play)] == [("opened", 1), ("escalated", 2)]


def test_a_week_without_a_rise_closes_the_case():
    play = posted((0, 10), (HOUR, 20_010))
    play.until(WEEK + 2 * HOUR)
    assert [state for state, _, _ in told(play)] == ["opened", "subsided", "closed"]
    assert "Closed because no counter has risen since." in play.out.alerts[-1].explanation


def test_a_post_that_nobody_shares_any_more_is_still_watched():
    #  0 shared ... 7 d the cascade closes ... 12 d the counter takes off ... 12 d 1 h level 1
    play = posted((0, 10), (12 * DAY, 90), (12 * DAY + HOUR, 30_000))
    assert play.ended() == [(digest("a"), "closed")]
    assert told(play) == [("opened", 1, 12 * DAY + HOUR)]
    alert = play.out.alerts[0]
    assert (alert.evidence.counts.sharers, alert.evidence.text.representative != "") == (1, True)
    assert len(play.cascades) == 0
    play.do("a", Kind.DELETE, 13 * DAY, message="video")
    count(play, 13 * DAY + HOUR, 500_000)
    assert len(told(play)) == 1 + 1  # it subsides all the same
    play.until(60 * DAY)
    count(play, 60 * DAY, 900_000)
    assert [state for state, _, _ in told(play)] == ["opened", "subsided", "closed"]


def test_a_reopened_cascade_keeps_its_counters():
    play = posted((0, 10))
    play.until(8 * DAY)
    play.share("p1", 9 * DAY)
    count(play, 9 * DAY + HOUR, 10)
    count(play, 9 * DAY + 2 * HOUR, 20_000)
    assert told(play) == [("opened", 1, 9 * DAY + 2 * HOUR)]


def test_both_kinds_are_raised_independently_and_can_be_told_apart():
    play = posted((0, 10))
    play.burst(people(6, "q"), MINUTE)
    count(play, HOUR, 30_000)
    assert told(play, Basis.SHARERS) == [("opened", 1, MINUTE + 60 * SECOND)]
    assert told(play) == [("opened", 1, HOUR)]
    one, other = play.out.alerts
    assert one.alert_id != other.alert_id
    assert (one.basis, other.basis) == (Basis.SHARERS, Basis.COUNTERS)
    assert other.evidence.counts.sharers == 7


def test_the_cool_down_of_one_kind_does_not_hold_the_other_back():
    play = posted((0, 10), (MINUTE, 30_000))
    play.burst(people(6, "q"), MINUTE + SECOND)
    assert [basis for basis in (Basis.COUNTERS, Basis.SHARERS) if told(play, basis)] == [Basis.COUNTERS, Basis.SHARERS]


def test_notes_name_old_and_absurd_values():
    play = posted((0, 10), (MINUTE, 9), (2 * MINUTE, 200_000_000_000), (HOUR, 20_000))
    notes = play.out.alerts[0].evidence.notes
    assert "1 snapshot of a counter below an earlier one (the largest value counts)" in notes
    assert "1 implausible value of a counter ignored" in notes


# --- merges, partitions and state -------------------------------------------------------------------------------------


@pytest.mark.parametrize("home", [{"a": 0, "b": 0}, {"a": 0, "b": 1}])
def test_a_merge_adds_the_counters_of_both_and_notifies_only_if_the_union_has_a_higher_level(home):
    play = spread_play(home)
    for name in ("a", "b"):
        play.share(f"p {name}", 0, name, message=f"m {name}")
        for time, value in ((0, 10), (HOUR, 9_000)):
            count(play, time, value, cluster=name, message=f"m {name}")
    play.merge("a", "b", HOUR + MINUTE)
    assert told(play) == [("opened", 1, HOUR + MINUTE)]
    assert play.out.alerts[0].evidence.counters.messages == 2
    count(play, HOUR + 2 * MINUTE, 9_500, message="m b")
    assert (len(told(play)), play.row().forwards) == (1, 18_500)


def test_a_merge_repeats_no_announcement():
    play = Play()
    for name in ("a", "b"):
        play.share(f"p {name}", 0, name, message=f"m {name}")
        for time, value in ((0, 10), (HOUR, 15_000)):
            count(play, time, value, cluster=name, message=f"m {name}")
    play.merge("a", "b", HOUR + MINUTE)
    assert told(play) == [("opened", 1, HOUR), ("opened", 1, HOUR)]


def test_the_survivor_of_a_merge_takes_over_a_case_that_it_does_not_have():
    play = Play()
    play.share("p a", 0, "a", message="m a")
    play.share("p b", 0, "b", message="m b")
    count(play, 0, 10, cluster="b", message="m b")
    play.merge("a", "b", MINUTE)
    count(play, HOUR, 20_000, message="m b")
    assert told(play) == [("opened", 1, HOUR)]


def test_cases_are_bounded():
    play = Play(cascade=CascadeConfig(max_cascades=2))
    for number in range(5):
        play.share("p", number, f"c{number}", message=f"m{number}")
        count(play, number, 10, cluster=f"c{number}", message=f"m{number}")
    assert len(play.cascades._counters._cases) == 2


def test_values_of_an_older_state_are_kept_and_no_growth_is_made_of_them():
    old = posted()
    state = msgspec.msgpack.decode(old.cascades.snapshot())
    inner = state[2]
    inner[0][0][0]["counters"] = {digest("message video"): [700, 50_000]}
    play = posted()
    play.cascades.restore(msgspec.msgpack.encode([state[0], 5, inner[:4]]))
    assert (play.row().views, play.row().forwards) == (700, 50_000)
    count(play, HOUR, 95_000)
    assert told(play) == []
    count(play, 2 * HOUR, 120_000)
    assert told(play) == [("opened", 1, 2 * HOUR)]


# --- through the whole path -------------------------------------------------------------------------------------------


def event(number, kind, minute, **fields):
    base = {"event_id": f"{kind} {number}", "platform": "whatsapp", "kind": kind, "created_at": NOON + minute * MINUTE}
    return base | fields


def counters_of(messages, snapshots):
    """Counter events, as (minute, place of the message, forwards)."""
    return [
        event(number, "counter", minute, message_id=messages[place % len(messages)], counters={"forwards": forwards})
        for number, (minute, place, forwards) in enumerate(snapshots)
    ]


def alerts_of(events, basis=None):
    outputs, _ = run(lines(events))
    decoded = [msgspec.json.decode(each, type=Alert) for each in encoded(outputs)]
    return [alert for alert in decoded if basis is None or alert.basis is basis]


STREAM = stream(events=120, minutes=90)
MESSAGES = [one["message_id"] for one in STREAM[:12]]
LAST = {**STREAM[0], "event_id": "last", "message_id": "last", "created_at": NOON + 30 * HOUR}
SNAPSHOTS = st.lists(
    st.tuples(st.integers(20, 900), st.integers(0, 11), st.integers(0, 90_000)), min_size=2, max_size=25
)


def without_counters(alert):
    """An alert about sharers, without the totals of the platforms' counters and the note on them."""
    replace = msgspec.structs.replace
    counts = replace(alert.evidence.counts, views=None, forwards=None)
    notes = tuple(note for note in alert.evidence.notes if not note.startswith("platform counters show"))
    bare = alert.explanation.partition(" Data notes: ")[0]
    return msgspec.json.encode(
        replace(alert, explanation=bare, evidence=replace(alert.evidence, counts=counts, notes=notes))
    )


BARE = [without_counters(alert) for alert in alerts_of([*STREAM, LAST])]


@settings(max_examples=25)
@given(SNAPSHOTS)
def test_no_counter_changes_an_alert_about_sharers(snapshots):
    events = sorted([*STREAM, *counters_of(MESSAGES, snapshots)], key=lambda one: one["created_at"])
    got = alerts_of([*events, LAST])
    assert [without_counters(alert) for alert in got if alert.basis is Basis.SHARERS] == BARE


@settings(max_examples=15)
@given(SNAPSHOTS, st.integers(0, 99))
def test_order_of_arrival_and_second_deliveries_change_nothing(snapshots, seed):
    events = sorted([*STREAM, *counters_of(MESSAGES, snapshots), LAST], key=lambda one: one["created_at"])
    expected = alerts_of(events)
    assert alerts_of(shuffled_within(events, LATENESS, seed)) == expected
    assert alerts_of([each for one in events for each in (one, one)]) == expected


def test_a_stop_at_any_event_changes_nothing():
    snapshots = [(100 + 10 * step, step % 3, 4_000 * step) for step in range(1, 40)]
    events = sorted([*STREAM, *counters_of(MESSAGES, snapshots), LAST], key=lambda one: one["created_at"])
    outputs, _ = run(lines(events))
    assert Basis.COUNTERS in {alert.basis for output in outputs for alert in output.alerts}
    for cut in (10, 80, 130, 150, 159):
        first, second, raws = pipeline(), pipeline(), placed(lines(events))
        early = first.feed(raws[:cut])
        second.restore(first.snapshot())
        assert encoded([early, second.feed(raws[cut:]), second.finish()]) == encoded(outputs)


def test_a_counter_before_its_post_and_of_an_unknown_message_is_counted_as_unmatched():
    post = event(0, "post", 10, message_id="v", actor="p", text="The ferry to the northern islands has stopped running")
    early = event(1, "counter", 5, message_id="v", counters={"forwards": 5})
    lost = event(2, "counter", 15, message_id="elsewhere", counters={"forwards": 10**7})
    later = [event(3 + n, "counter", 20 + n, message_id="v", counters={"forwards": 50_000 * n}) for n in range(2)]
    outputs, engine = run(lines([early, post, lost, *later]))
    assert engine.counts.unmatched == 2
    assert [alert.evidence.counters.value_before for output in outputs for alert in output.alerts] == [0, 0]


def test_an_impossible_number_is_a_rejection():
    post = event(0, "post", 10, message_id="v", actor="p", text="The ferry to the northern islands has stopped running")
    absurd = event(1, "counter", 15, message_id="v", counters={"forwards": 10**18})
    outputs, engine = run(lines([post, absurd]))
    assert [rejection.reason.value for output in outputs for rejection in output.rejections] == ["out_of_range"]
    assert engine.counts.balanced


def test_the_alert_budget_does_not_hold_counter_alerts_back():
    play = posted(
        (0, 10), (HOUR, 30_000), policy=PolicyConfig(openings_a_day=0.01), growth=GrowthConfig(target_size=10)
    )
    assert told(play) == [("opened", 1, HOUR)]
