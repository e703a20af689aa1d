"""Wrong clocks, one or many, by accident or to evade: the alerts about everything else stay as they are."""

from functools import cache

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.ordering.config import OrderConfig
from detectors.pipeline.pipeline import Pipeline
from detectors.similarity.embedding import HashingEmbedder
from schemas.alert import Lifecycle
from schemas.sighting import RawEvent
from tests.detectors.pipeline.sample_streams import KEY, config, pipeline, placed

pytestmark = pytest.mark.no_cover  # whole streams, many times over; traced, they take minutes

NOON = 1_700_000_000_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
TOLERANCE = OrderConfig().max_out_of_orderness_ms
RUMOURS = (
    "Nobody may leave the harbour district after eight tonight, soldiers check every car",
    "The blood bank of Saint Ursula needs donors of every group before Thursday morning",
    "Petrol will be sold on coupons only from Monday, fill your tank while you can",
)
WEEK = st.integers(-7 * DAY, 7 * DAY)
RISING = (Lifecycle.OPENED, Lifecycle.ESCALATED)


def post(number, sender, time, text, **fields):
    """One post, observed when it was written unless `fields` say otherwise."""
    chat = f"room-{sum(sender.encode()) % 23}"
    base = {"event_id": f"e{number}", "platform": "signal", "kind": "post", "created_at": time, "observed_at": time,
            "message_id": f"m{number}", "actor": sender, "chat": chat, "text": text}  # fmt: skip
    return base | fields


def honest(count=260, minutes=180, seed=3):
    """Three rumours and chatter by as many senders as posts, at uneven distances, in order."""
    rng = np.random.default_rng(seed)
    times = NOON + np.sort(rng.integers(0, minutes * MINUTE, count))
    kinds = rng.integers(0, 5, count)
    texts = [RUMOURS[kind] if kind < 3 else f"see you at stop {n} later {n * 7}" for n, kind in enumerate(kinds)]
    return [post(n, f"person-{n}", int(time), text) for n, (time, text) in enumerate(zip(times, texts, strict=True))]


def alerts_of(events, recorded=None, batch=50):
    """The alerts about a stream, and its counts; `recorded` gives the timestamps of the records."""
    engine = pipeline()
    raws = placed([msgspec.json.encode(event) for event in events])
    if recorded is not None:
        raws = [RawEvent(raw, position, at) for (raw, position), at in zip(raws, recorded, strict=True)]
    outputs = [engine.feed(raws[start : start + batch]) for start in range(0, len(raws), batch)]
    outputs.append(engine.finish())
    return [alert for output in outputs for alert in output.alerts], engine.counts


def without(events, *names):
    """The events without some of their fields."""
    return [{name: value for name, value in event.items() if name not in names} for event in events]


@cache
def alerts_of_the_honest(observed):
    events = honest()
    return alerts_of(events if observed else without(events, "observed_at"))[0]


def about(alerts, texts):
    """The alerts about some texts, as bytes."""
    return [msgspec.json.encode(alert) for alert in alerts if alert.evidence.text.representative in texts]


@pytest.mark.parametrize("observed", [True, False])
@settings(max_examples=25, deadline=None)
@given(shift=WEEK, at=st.lists(st.integers(0, 259), min_size=1, max_size=8, unique=True))
def test_whatever_one_sender_claims_the_alerts_about_the_other_rumours_are_unchanged(observed, shift, at):
    #  the odd sender posts the first rumour and nothing else, at up to eight places in the stream
    events = honest()
    for number, place in enumerate(sorted(at, reverse=True)):
        time = events[place]["created_at"]
        odd = post(1000 + number, "odd", time + shift, RUMOURS[0], observed_at=time)
        events.insert(place, odd)
    events = events if observed else without(events, "observed_at")
    alerts, counts = alerts_of(events)
    assert about(alerts, RUMOURS[1:]) == about(alerts_of_the_honest(observed), RUMOURS[1:])
    assert counts.balanced
    assert counts.late <= len(at)
    assert len(about(alerts_of_the_honest(observed), RUMOURS[1:])) >= 4


@settings(max_examples=15, deadline=None)
@given(shift=WEEK, every=st.integers(2, 9))
def test_a_sender_that_floods_every_room_with_a_wrong_clock_changes_nothing_for_the_others(shift, every):
    events = []
    for number, event in enumerate(honest()):
        events.append(event)
        if number % every == 0:
            for copy in range(4):
                odd = post(5000 + 10 * number + copy, "odd", event["created_at"] + shift, RUMOURS[0])
                events.append(odd | {"chat": f"room-{copy + number % 19}"})
    alerts, counts = alerts_of(without(events, "observed_at"))
    assert about(alerts, RUMOURS[1:]) == about(alerts_of_the_honest(False), RUMOURS[1:])
    assert counts.balanced


def rises(alerts):
    """Sharers at each rise of a level, by text and level."""
    return {
        (alert.evidence.text.representative, alert.level): alert.evidence.counts.sharers
        for alert in alerts
        if alert.state in RISING
    }


@pytest.mark.parametrize("observed", [True, False])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_with_three_in_a_hundred_clocks_minutes_fast_each_alert_is_within_two_sharers(observed, seed):
    rng = np.random.default_rng(seed)
    events = honest()
    for place in rng.choice(len(events), 8, replace=False):
        ahead = int(rng.integers(MINUTE, 5 * MINUTE))
        events[place] |= {"created_at": events[place]["created_at"] + ahead}
    found = rises(alerts_of(events if observed else without(events, "observed_at"))[0])
    expected = rises(alerts_of_the_honest(observed))
    assert found.keys() == expected.keys()
    assert all(abs(found[key] - sharers) <= 2 for key, sharers in expected.items())


FALSE = st.integers(TOLERANCE + 1, 7 * DAY) | st.integers(-7 * DAY, -TOLERANCE - 1)


@settings(max_examples=25, deadline=None)
@given(shifts=st.lists(FALSE | st.just(0), min_size=40, max_size=40))
def test_whatever_all_claim_with_a_correct_observation_the_alerts_are_those_of_the_honest_stream(shifts):
    events = [
        event | {"created_at": event["created_at"] + shifts[number % len(shifts)]}
        for number, event in enumerate(honest())
    ]
    alerts, counts = alerts_of(events)
    assert [outcome(alert) for alert in alerts] == [outcome(alert) for alert in alerts_of_the_honest(True)]
    assert counts.late == 0


def outcome(alert):
    """What an alert says, without its notes."""
    return alert.cluster_id, alert.state, alert.level, alert.time, alert.evidence.counts.sharers


@pytest.mark.parametrize("seed", range(4))
def test_clocks_within_the_tolerance_raise_the_same_levels_at_about_the_same_sharers(seed):
    shifts = np.random.default_rng(seed).integers(-TOLERANCE, TOLERANCE, 260)
    events = [
        event | {"created_at": event["created_at"] + int(shift)} for event, shift in zip(honest(), shifts, strict=True)
    ]
    found, expected = rises(alerts_of(events)[0]), rises(alerts_of_the_honest(True))
    assert found.keys() == expected.keys()
    assert all(abs(found[key] - sharers) <= 3 for key, sharers in expected.items())


@settings(max_examples=10, deadline=None)
@given(shift=st.integers(-7 * DAY, -TOLERANCE - 1))
def test_a_constant_claim_of_the_past_by_all_gives_the_honest_alerts_later_events_included(shift):
    events = [event | {"created_at": event["created_at"] + shift} for event in honest()]
    expected = [(alert.level, alert.state, alert.time) for alert in alerts_of_the_honest(True)]
    assert [(alert.level, alert.state, alert.time) for alert in alerts_of(events)[0]] == expected


def test_a_hundred_sharers_that_claim_a_minute_ago_raise_the_alert_all_the_same():
    #  1,200 honest posts in an hour; the rumour's sharers all claim 60 s in the past, and are observed
    chatter = [post(n, f"person-{n}", NOON + n * 3 * SECOND, f"lunch at table {n} or {n * 3}") for n in range(1200)]
    sharers = [
        post(9000 + n, f"sharer-{n}", NOON + n * 30 * SECOND - MINUTE, RUMOURS[0], observed_at=NOON + n * 30 * SECOND)
        for n in range(100)
    ]
    true = [event | {"created_at": event["observed_at"]} for event in sharers]
    order = sorted([*chatter, *sharers], key=lambda event: event["observed_at"])
    alerts, counts = alerts_of(order)
    expected, _ = alerts_of(sorted([*chatter, *true], key=lambda event: event["observed_at"]))
    assert rises(alerts) == rises(expected)
    assert len(rises(alerts)) >= 2
    assert (counts.corrected, counts.late) == (100, 0)
    assert any("claimed time that was replaced" in note for note in alerts[0].evidence.notes)


def test_a_listener_that_reads_a_day_in_a_burst_raises_no_false_level():
    #  one rumour shared slowly over 25 h, and read in twelve seconds after an outage: the same alerts
    slow = [
        post(n, f"person-{n}", NOON + n * 15 * MINUTE, RUMOURS[1] if n % 3 else f"the tide is at mark {n} now {n * 3}")
        for n in range(100)
    ]
    burst = [event | {"observed_at": NOON + 25 * HOUR + n * 120} for n, event in enumerate(slow)]
    calm, _ = alerts_of(slow)
    hurried, counts = alerts_of(burst)
    assert [outcome(alert) for alert in hurried] == [outcome(alert) for alert in calm]
    assert (counts.catching_up, counts.corrected, counts.late) == (len(burst), 0, 0)


def test_an_event_days_ahead_at_the_end_of_a_file_lets_no_time_pass_for_the_others():
    events = without(honest(), "observed_at")
    odd = without([post(9999, "odd", events[-1]["created_at"] + 6 * DAY, RUMOURS[0])], "observed_at")
    alerts, counts = alerts_of([*events, *odd])
    assert about(alerts, RUMOURS[1:]) == about(alerts_of_the_honest(False), RUMOURS[1:])
    assert (counts.waiting, counts.late) == (0, 0)


def test_an_event_days_ahead_is_counted_and_named_in_the_notes_of_its_rumour():
    events = without(honest(), "observed_at")
    early = [event for event in events if event["text"] == RUMOURS[0]][2]
    index = events.index(early)
    events[index] = early | {"created_at": early["created_at"] + 40 * MINUTE}
    alerts, counts = alerts_of(events)
    assert counts.ahead == 1
    notes = [note for alert in alerts for note in alert.evidence.notes]
    assert "1 post with a time ahead of the stream, held back until the stream reached it" in notes


def test_the_timestamp_of_the_record_keeps_a_fast_clock_from_moving_the_time():
    #  no observation, but records of a topic: one phone four minutes fast posts every half minute
    events, recorded = [], []
    for number, event in enumerate(without(honest(), "observed_at")):
        events.append(event)
        recorded.append(event["created_at"])
        events += without([post(7000 + number, "fast", event["created_at"] + 4 * MINUTE, "bus late")], "observed_at")
        recorded.append(event["created_at"])
    alerts, counts = alerts_of(events, recorded)
    assert about(alerts, RUMOURS) == about(alerts_of_the_honest(True), RUMOURS)
    assert (counts.late, counts.corrected) == (0, 260)


@settings(max_examples=10, deadline=None)
@given(shift=WEEK)
def test_one_sender_changes_nothing_in_an_old_recording_published_anew(shift):
    #  every record is a year younger than its event: the timestamp of the record is the publisher's clock
    events = without(honest(), "observed_at")
    expected, _ = alerts_of(events, [NOON + 365 * DAY + n for n in range(len(events))])
    events.insert(120, *without([post(9999, "odd", events[120]["created_at"] + shift, RUMOURS[0])], "observed_at"))
    alerts, _ = alerts_of(events, [NOON + 365 * DAY + n for n in range(len(events))])
    assert about(alerts, RUMOURS[1:]) == about(expected, RUMOURS[1:]) == about(alerts_of_the_honest(False), RUMOURS[1:])


def dated(step, count=60):
    """Shares of one rumour whose times are multiples of a step, from a local midnight in Kolkata on."""
    midnight = NOON - NOON % DAY - 5 * HOUR - 30 * MINUTE
    return without(
        [post(n, f"person-{n}", midnight + n // 4 * step, RUMOURS[2]) for n in range(count)], "observed_at"
    )  # fmt: skip


@pytest.mark.parametrize(("step", "words"), [(DAY, "dates only"), (HOUR, "full hours only")])
def test_coarse_times_raise_no_level_and_are_named(step, words):
    alerts, counts = alerts_of(dated(step))
    assert {alert.level for alert in alerts} == {0}
    assert alerts[0].state is Lifecycle.MILESTONE
    assert any(words in note for note in alerts[0].evidence.notes)
    assert words in alerts[0].explanation
    assert " in 0 s" not in alerts[0].headline
    assert alerts[0].evidence.growth.expected_further is None
    assert counts.coarse_times == {"signal": "day" if step == DAY else "hour"}


def test_times_in_full_minutes_raise_levels_and_no_headline_says_zero_seconds():
    alerts, counts = alerts_of(dated(MINUTE))
    assert max(alert.level for alert in alerts) >= 1
    assert all("in 0 s" not in alert.headline for alert in alerts)
    assert counts.coarse_times == {"signal": "minute"}


def test_a_table_of_dates_among_live_posts_does_not_hide_their_growth():
    #  sixty shares with dates only from a table, later thirty-one live ones: the table alone raises nothing
    table = [event | {"platform": "table"} for event in dated(DAY)]
    alerts, _ = alerts_of(table)
    assert {alert.level for alert in alerts} == {0}
    live = [post(500 + n, f"live-{n}", NOON + DAY + n * 10 * SECOND, RUMOURS[2]) for n in range(70)]
    alerts, _ = alerts_of([*table, *live])
    assert max(alert.level for alert in alerts) >= 1


def test_the_state_of_a_stream_with_wrong_clocks_can_be_taken_up_at_any_point():
    events = [
        event | ({"created_at": event["created_at"] - HOUR} if number % 7 == 3 else {})
        for number, event in enumerate(honest())
    ]
    raws = placed([msgspec.json.encode(event) for event in events])
    whole = pipeline()
    expected = [whole.feed(raws), whole.finish()]
    for cut in (5, 77, 200):
        first, second = pipeline(), Pipeline(config(), HashingEmbedder(), KEY, "0.0.0")
        begun = first.feed(raws[:cut])
        second.restore(first.snapshot())
        outputs = [begun, second.feed(raws[cut:]), second.finish()]
        assert second.counts == whole.counts
        assert [a for o in outputs for a in o.alerts] == [a for o in expected for a in o.alerts]
