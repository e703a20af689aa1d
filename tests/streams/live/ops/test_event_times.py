"""What the live stream shows about its times: sentences while they hold, and metrics with a label for each platform."""

from prometheus_client import CollectorRegistry, generate_latest

from schemas.watermark_report import LateStream, WatermarkReport
from streams.live.ops.event_times import EventTimes


def report(**fields):
    counts = dict.fromkeys(("time", "received", "applied", "duplicates", "late", "rejected", "waiting"), 0)
    return WatermarkReport(**({"realm": "r"} | counts | fields))


LATE = (
    LateStream("telegram", None, events=200, late=60, behind_ms=90_000),
    LateStream("telegram", "ab" * 16, events=50, late=40, behind_ms=120_000),
)


def shown(registry):
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_a_stream_with_good_times_has_no_reason():
    times = EventTimes(CollectorRegistry())
    assert times.reasons(0) == []
    times.observe(report(received=100, applied=100), now=1)
    assert times.reasons(1) == []


def test_each_late_stream_is_a_sentence_until_it_is_no_longer_late():
    times = EventTimes(CollectorRegistry())
    times.observe(report(late_streams=LATE), now=1)
    platform, chat = times.reasons(500)
    assert platform.startswith("30 % of the events on telegram are late, by 1 min 30 s on average")
    assert "in chat abababab are late" in chat
    times.observe(report(), now=501)
    assert times.reasons(501) == []


#   reports   catching_up = 5     5     25    30                       30
#   time      0                   10    20    30 --- 89 a reason, 90 none     then again from 40
def test_a_listener_is_catching_up_until_a_minute_has_passed_without_such_an_event():
    times = EventTimes(CollectorRegistry())
    times.observe(report(catching_up=5), now=0)  # of an earlier worker
    times.observe(report(catching_up=5), now=10)
    assert times.reasons(10) == []
    times.observe(report(catching_up=25), now=20)
    times.observe(report(catching_up=30), now=30)
    assert times.reasons(89) == [
        "a listener is catching up: it read 25 events long after the platform's time, which is used"
    ]
    assert times.reasons(90) == []
    times.observe(report(catching_up=31), now=200)
    assert "it read 1 event long after" in times.reasons(200)[0]


def test_metrics_name_platforms_and_never_chats():
    registry = CollectorRegistry()
    times = EventTimes(registry)
    times.observe(report(late_streams=LATE, corrected=3, ahead=2, catching_up=1), now=1)
    assert shown(registry) == [
        'hearsay_event_times{finding="corrected"} 3.0',
        'hearsay_event_times{finding="ahead"} 2.0',
        'hearsay_event_times{finding="catching_up"} 1.0',
        'hearsay_late_share{platform="telegram"} 0.3',
    ]
    times.observe(report(corrected=3), now=2)
    assert not any("late_share" in line for line in shown(registry))
