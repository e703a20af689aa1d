"""The whole path in one process: the same alerts from the same events, and accounts that add up."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.growth import DETECTORS, GrowthConfig
from detectors.ordering.config import OrderConfig
from detectors.pipeline.pipeline import Pipeline
from detectors.snapshot import SnapshotError
from schemas.alert import Alert, Lifecycle
from tests.detectors.pipeline.sample_streams import (
    LATENESS,
    NOON,
    RUMOURS,
    config,
    encoded,
    lines,
    pipeline,
    placed,
    run,
    shuffled_within,
    stream,
)


def test_a_stream_of_four_rumours_gives_four_clusters_and_alerts_that_decode():
    outputs, engine = run(lines(stream()))
    clusters = [row for output in outputs for row in output.clusters]
    assert len(clusters) == len(RUMOURS)
    alerts = [msgspec.json.decode(raw, type=Alert) for raw in encoded(outputs)]
    assert {alert.state for alert in alerts} >= {Lifecycle.OPENED}
    assert len({alert.alert_id for alert in alerts}) == len(alerts)
    assert engine.counts.balanced


def test_the_same_events_give_the_same_bytes_twice():
    assert encoded(run(lines(stream()))[0]) == encoded(run(lines(stream()))[0])


@pytest.mark.no_cover
@pytest.mark.parametrize("batch", [1, 7, 400])
def test_the_size_of_the_batches_changes_nothing(batch):
    raws = lines(stream())
    for name in ("alerts", "edges", "clusters"):
        assert encoded(run(raws, batch=batch)[0], name) == encoded(run(raws)[0], name)


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(5))
def test_disorder_within_the_lateness_changes_nothing(seed):
    #  event time   a    b  c    d        arrival   b  a    d  c        none more than 30 s behind a newer one
    events = stream()
    outputs, engine = run(lines(shuffled_within(events, LATENESS, seed)))
    assert encoded(outputs) == encoded(run(lines(events))[0])
    assert encoded(outputs, "edges") == encoded(run(lines(events))[0], "edges")
    assert engine.counts.late == 0


def test_a_late_event_near_a_closing_has_the_same_outcome_in_every_batch():
    #  one rumour at 0: it closes at 7 d | another daily, and at 7 d + 30 s | the first again, late, for 7 d - 1 h
    day, hour = 86_400_000, 3_600_000
    base = stream(events=1)[0]
    times = [(0, 0)] + [(1, n * day) for n in range(1, 7)] + [(1, 7 * day + LATENESS + 1), (0, 7 * day - hour)]
    events = [
        base
        | {
            "event_id": f"e{n}",
            "message_id": f"m{n}",
            "text": RUMOURS[rumour],
            "actor": f"a{n}",
            "created_at": NOON + time,
        }
        for n, (rumour, time) in enumerate(times)
    ]
    order = OrderConfig(max_out_of_orderness_ms=LATENESS, max_jump_ms=2 * day)
    one, many = (run(lines(events), pipeline(config(order=order)), batch) for batch in (1, 10))
    assert one[1].counts == many[1].counts
    assert one[1].counts.late == 1
    assert encoded(one[0], "clusters") == encoded(many[0], "clusters")


def test_one_millisecond_beyond_the_lateness_is_late():
    #  newest at +60 s, so the watermark stands at +30 s:   at +30 s on time      at +30 s - 1 ms late
    def counts(offset):
        times = [NOON, NOON, NOON, NOON + 60_000, NOON + 60_000 - LATENESS + offset]
        events = [event | {"created_at": time} for event, time in zip(stream(events=5), times, strict=True)]
        return run(lines(events), batch=1)[1].counts

    assert (counts(0).late, counts(-1).late) == (0, 1)
    assert counts(-1).balanced


@pytest.mark.parametrize("cut", [0, 1, 150, 399, 400])
def test_a_restore_in_the_middle_goes_on_as_if_nothing_had_happened(cut):
    raws = placed(lines(stream()))
    whole = pipeline()
    expected = [whole.feed(raws[:cut]), whole.feed(raws[cut:]), whole.finish()]
    first = pipeline()
    outputs = [first.feed(raws[:cut])]
    second = pipeline()
    second.restore(first.snapshot())
    outputs += [second.feed(raws[cut:]), second.finish()]
    for name in ("alerts", "edges", "clusters"):
        assert encoded(outputs, name) == encoded(expected, name)
    assert second.counts == whole.counts
    assert second.snapshot() == whole.snapshot()


def test_a_state_made_with_other_settings_is_refused():
    state = pipeline().snapshot()
    with pytest.raises(SnapshotError, match="replay the log"):
        pipeline(config(growth=GrowthConfig(target_size=11))).restore(state)


def test_duplicates_change_nothing_but_their_count():
    raws = lines(stream())
    outputs, engine = run([raw for raw in raws for _ in range(2)])
    assert encoded(outputs) == encoded(run(raws)[0])
    assert (engine.counts.duplicates, engine.counts.applied) == (len(raws), len(raws))
    assert engine.counts.balanced


def test_shifting_time_shifts_only_time():
    hour = 3_600_000
    shifted = [event | {"created_at": event["created_at"] + 24 * hour} for event in stream()]
    before, after = run(lines(stream()))[0], run(lines(shifted))[0]
    told = [
        [(a.alert_id, a.state, a.level, a.evidence.growth.score) for o in out for a in o.alerts]
        for out in (before, after)
    ]
    times = [[a.time for o in out for a in o.alerts] for out in (before, after)]
    assert told[0] == told[1]
    assert [time + 24 * hour for time in times[0]] == times[1]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(lines(stream(events=40)))), max_size=60))
def test_whatever_comes_in_the_counts_add_up(raws):
    outputs, engine = run(raws, batch=9)
    counts = engine.counts
    assert counts.received == len(raws) == counts.applied + counts.duplicates + counts.late + counts.rejected
    assert counts.rejected == len(encoded(outputs, "rejections"))
    assert counts.waiting == 0


def test_no_raw_identifier_leaves_the_pipeline():
    outputs, _ = run(lines(stream()))
    for name in ("alerts", "edges", "clusters", "rejections"):
        for raw in encoded(outputs, name):
            assert b"98765" not in raw
            assert b"wamid" not in raw
            assert b"@g.us" not in raw
            assert b"event-" not in raw


@pytest.mark.parametrize("detector", DETECTORS)
def test_every_growth_detector_drives_the_whole_path(detector):
    settings_ = config(growth=GrowthConfig(target_size=10, detector=detector))
    outputs, engine = run(lines(stream()), pipeline(settings_))
    assert engine.counts.balanced
    assert all(alert.provenance.detector == detector for output in outputs for alert in output.alerts)


def test_a_trace_tells_every_decision_and_changes_none():
    told = []
    outputs, _ = run(lines(stream()), pipeline(trace=lambda name, what: told.append((name, what))))
    assert encoded(outputs) == encoded(run(lines(stream()))[0])
    assert {name for name, _ in told} >= {"assignment", "score", "transition"}
    alerts = [alert for output in outputs for alert in output.alerts]
    assert len([name for name, _ in told if name == "transition"]) == len(alerts)


def test_the_pipeline_is_what_the_package_offers():
    assert isinstance(pipeline(), Pipeline)


def _shares(texts_and_links):
    """One share a minute, each by another person in another chat, who all post in time."""
    return [
        {
            "event_id": f"share-{number}",
            "platform": "telegram",
            "kind": "post",
            "created_at": NOON + 60_000 * number,
            "message_id": f"note-{number}",
            "actor": f"reader-{number}",
            "chat": f"room-{number}",
            "text": f"{text} {link}".strip(),
        }
        for number, (text, link) in enumerate(texts_and_links)
    ]


FRAMES = {
    "addresses": [
        ("Read this on the Ostwick Courier app", f"https://courier.example/a/{n}x") for n in range(1000, 1050)
    ],
    "numbers": [(f"I cleared {37 * n % 901} blocks in Stonefall today", "") for n in range(50)],
}


@pytest.mark.parametrize("kind", sorted(FRAMES))
@pytest.mark.parametrize("target_size", [5, 6, 8, 10, 50])
def test_a_frame_raises_no_alert_and_is_counted(kind, target_size):
    settings = config(growth=GrowthConfig(target_size=target_size))
    outputs, engine = run(lines(_shares(FRAMES[kind])), pipeline(settings))
    assert not [alert for output in outputs for alert in output.alerts]
    assert engine.counts.frames == 1
    assert {row.frame for output in outputs for row in output.clusters} >= {kind}


def test_an_article_under_captions_in_four_languages_is_linked_and_alerts_once():
    captions = ("See what was found below the pier", "Mira lo que hay bajo el muelle", "Seht was unter dem Steg liegt",
                "Regardez ce qui est sous la jetée")  # fmt: skip
    link = "https://courier.example/2026/below-the-pier"
    mixed, _ = run(lines(_shares([(captions[n % 4], link) for n in range(60)])))
    plain, _ = run(lines(_shares([(captions[0], link) for n in range(60)])))
    opened, same = ([alert for output in outputs for alert in output.alerts] for outputs in (mixed, plain))
    assert [(alert.time, alert.level) for alert in opened] == [(alert.time, alert.level) for alert in same]
    assert len({alert.cluster_id for alert in opened}) == 1
    last = opened[-1].evidence
    assert len(last.related) == 3
    assert {other.relation for other in last.related} == {"same_address"}
    assert any("same address under other words" in note for note in last.notes)
    rows = [row for output in mixed for row in output.clusters]
    assert len(rows) == 4
    assert all(row.related.count("same_address") == 3 for row in rows)


def test_a_popular_article_under_a_frame_alerts_for_its_address():
    words = "Read this on the Ostwick Courier app"
    others = [(words, f"https://courier.example/a/{n}x") for n in range(1000, 1020)]
    outputs, _ = run(lines(_shares(others + [(words, "https://courier.example/a/7777x")] * 30)))
    alerts = [alert for output in outputs for alert in output.alerts]
    assert {alert.evidence.text.urls for alert in alerts} == {("courier.example/a/7777x",)}
