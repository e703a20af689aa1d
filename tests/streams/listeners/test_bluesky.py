"""The listener of Bluesky against a Jetstream on this machine that drops, repeats, sends garbage and dribbles."""

import asyncio
import json

import pytest
from aiohttp import web

from schemas.rejection import Reason
from streams.adapters.base import Converted
from streams.adapters.bluesky import convert
from streams.listeners.base import START, Mark
from streams.listeners.bluesky import BlueskyTransport
from streams.listeners.http import open_session
from tests.streams.listeners.fake import FakeSink, Running, settings
from tests.streams.listeners.jetstream import BEGIN_US, STEP_US, Jetstream, expected, frames

FRAMES = list(frames(400))
WANTED = expected(FRAMES)


def ids(frames_=WANTED):
    found = []
    for frame in frames_:
        outcome = convert(json.loads(frame))
        found += [event.event_id for event in outcome.events] if isinstance(outcome, Converted) else []
    return found


ALL = set(ids())


async def listened(server, until, resume=START, *, raw=True):
    sink = FakeSink()
    await server.start()
    effective = settings(f"listen.bluesky_url={server.url}")
    async with open_session() as http:
        running = Running(BlueskyTransport(effective.settings.listen, http), effective, sink, raw=raw).start(resume)
        try:
            await running.until(lambda: until(sink, running))
        finally:
            await running.stop()
            await server.stop()
    return running


def all_there(sink, running):
    return sink.ids >= ALL


@pytest.mark.parametrize("v2", [False, True], ids=["version 1", "version 2"])
@pytest.mark.parametrize(
    "script",
    [
        (),
        ("drop",) * 4,
        ("close",) * 4,
        ("repeat",),
        ("garbage drop", "garbage"),
        ("slow drop", "slow"),
        ("busy", "drop repeat", "busy"),
    ],
    ids=["no faults", "drops", "closes", "repeats", "garbage", "slow bytes", "busy"],
)
def test_every_event_is_published_and_each_has_one_id_whatever_the_connection_does(script, v2):
    server = Jetstream(FRAMES, v2=v2, script=script)
    running = asyncio.run(listened(server, all_there))
    events = running.sink.events
    assert {event.event_id for event in events} == set(ids())
    assert len({event.event_id: event for event in events}) == len({(e.event_id, e.text, e.created_at) for e in events})
    assert running.metric("received_total") == (
        running.metric("converted_total")
        + sum(
            sample.value
            for metric in running.metrics.registry.collect()
            for sample in metric.samples
            if sample.name in {"hearsay_listener_skipped_total", "hearsay_listener_refused_total"}
        )
    )
    interruptions = sum("drop" in one or "close" in one or "busy" in one for one in script)
    assert len(server.asked) == 1 + interruptions
    assert running.sink.cursors[-1].position == (
        str(len(FRAMES)) if v2 else str(BEGIN_US + (len(FRAMES) - 1) * STEP_US)
    )


def test_garbage_is_kept_as_sealed_rejections_and_ends_nothing():
    running = asyncio.run(listened(Jetstream(FRAMES, script=("garbage",)), all_there))
    rejections = running.sink.rejections
    assert len(rejections) == 6
    assert {one.reason for one in rejections} == {Reason.FOREIGN_ITEM}
    assert all(one.position.source == "bluesky" and one.key_id for one in rejections)
    details = " ".join(one.detail for one in rejections)
    assert "not_json" in details
    assert "not_an_object" in details
    assert "missing_field" in details
    assert running.metric("refused_total", reason="not_json") == 3


def test_a_version_1_stream_is_continued_five_seconds_before_the_cursor():
    server = Jetstream(FRAMES)
    resume = Mark(str(BEGIN_US + 300 * STEP_US), (BEGIN_US + 300 * STEP_US) // 1000)
    running = asyncio.run(listened(server, lambda sink, _: ids()[-1] in sink.ids, resume))
    assert server.asked[0]["cursor"] == [str(BEGIN_US + 300 * STEP_US - 5_000_000)]
    assert server.asked[0]["wantedCollections"] == ["app.bsky.feed.post", "app.bsky.feed.repost"]
    rewound = 5_000_000 // STEP_US
    assert {event.event_id for event in running.sink.events} == set(ids(expected(FRAMES[300 - rewound :])))


def test_a_version_2_stream_is_continued_at_the_sequence_number_and_names_its_filters():
    server = Jetstream(FRAMES, v2=True)
    resume = Mark("350", (BEGIN_US + 349 * STEP_US) // 1000)
    running = asyncio.run(listened(server, lambda sink, _: ids()[-1] in sink.ids, resume))
    assert server.asked[0]["cursor"] == ["350"]
    assert server.asked[0]["kinds"] == ["commit", "account"]
    assert "wantedCollections" not in server.asked[0]
    assert {event.event_id for event in running.sink.events} == set(ids(expected(FRAMES[349:])))


@pytest.mark.parametrize("v2", [False, True])
def test_another_server_is_continued_by_the_time_of_the_newest_frame(v2):
    server = Jetstream(FRAMES, v2=v2)
    resume = Mark(None, (BEGIN_US + 300 * STEP_US) // 1000)
    asyncio.run(listened(server, lambda sink, _: ids()[-1] in sink.ids, resume))
    assert server.asked[0]["cursor"] == [str(BEGIN_US + 300 * STEP_US - 5_000_000)]


def test_a_cursor_that_the_server_has_deleted_starts_at_the_newest_frame_and_the_loss_is_reported():
    many = list(frames(4_000))
    server = Jetstream(many, v2=True, floor=3_000, script=("live",))
    resume = Mark("100", (BEGIN_US + 99 * STEP_US) // 1000)
    running = asyncio.run(listened(server, lambda sink, _: len(sink.ids) >= 2, resume))
    assert [asked.get("cursor") for asked in server.asked] == [["100"], ["100"], None]
    lost = (4_000 - 3 - 99) * STEP_US / 1e6
    assert running.metric("missed_seconds_total") == pytest.approx(lost, abs=1)
    (reason,) = running.listener.readiness().reasons[-1:]
    assert "CursorTooOld" in reason
    assert "3897 sequence numbers" in reason
    assert {event.event_id for event in running.sink.events} <= set(ids(expected(many[-3:])))


def test_a_version_1_server_that_begins_later_than_asked_is_reported_too():
    many = list(frames(4_000))
    server = Jetstream(many, floor=3_000)
    resume = Mark(str(BEGIN_US), BEGIN_US // 1000)
    running = asyncio.run(listened(server, lambda sink, _: len(sink.ids) > 5, resume))
    assert running.metric("missed_seconds_total") == pytest.approx(2_999 * STEP_US / 1e6, abs=1)


def test_identifiers_are_digests_unless_raw_is_chosen():
    running = asyncio.run(listened(Jetstream(FRAMES), lambda sink, _: len(sink.ids) > 50, raw=False))
    written = b"".join(running.sink.of("forwards"))
    assert b"did:plc" not in written
    assert all(event.key_id == "demo" for event in running.sink.events)


def test_a_cursor_is_written_only_when_everything_before_it_is_acknowledged():
    async def run():
        sink = FakeSink()
        server = await Jetstream(FRAMES).start()
        effective = settings(f"listen.bluesky_url={server.url}")
        async with open_session() as http:
            sink.held = True
            running = Running(BlueskyTransport(effective.settings.listen, http), effective, sink).start()
            await running.until(lambda: len(sink.ids) == len(ALL))
            await asyncio.sleep(0.1)
            before = list(sink.cursors)
            sink.release()
            await running.until(lambda: sink.cursors)
            await running.stop()
        await server.stop()
        return before, sink.cursors

    before, after = asyncio.run(run())
    assert before == []
    assert after[-1].position == str(BEGIN_US + (len(FRAMES) - 1) * STEP_US)


def test_a_full_buffer_stops_the_reading_of_the_socket():
    many = list(frames(20_000))
    count = len(ids(expected(many)))

    async def run():
        sink = FakeSink()
        sink.held = True
        server = await Jetstream(many).start()
        effective = settings(f"listen.bluesky_url={server.url}", "listen.max_in_flight=100")
        async with open_session() as http:
            running = Running(BlueskyTransport(effective.settings.listen, http), effective, sink).start()
            await running.until(lambda: len(sink.ids) >= 90)
            await asyncio.sleep(0.5)
            held, sent = len(sink.ids), server.sent
            sink.release()
            await running.until(lambda: len(sink.ids) == count, 60)
            await running.stop()
        await server.stop()
        return held, sent, running.metric("reconnects_total", reason="broken")

    held, sent, broken = asyncio.run(run())
    assert held <= 110
    assert sent < 19_000  # what the sockets hold, and no more
    assert broken == 0


def test_a_broker_that_fails_loses_nothing_and_the_listener_continues_at_the_acknowledged_place():
    async def run():
        sink = FakeSink()
        server = await Jetstream(FRAMES, script=("slow",)).start()
        effective = settings(f"listen.bluesky_url={server.url}")
        async with open_session() as http:
            running = Running(BlueskyTransport(effective.settings.listen, http), effective, sink).start()
            await running.until(lambda: len(sink.ids) > 60)
            sink.failing = 3
            await running.until(lambda: running.metric("reconnects_total", reason="broker"))
            assert not running.listener.readiness().ready
            await running.until(lambda: all_there(sink, running))
            await running.stop()
        await server.stop()
        return running

    running = asyncio.run(run())
    assert running.sink.opened == 3
    assert {event.event_id for event in running.sink.events} == set(ids())


def test_a_broker_that_fails_while_the_stream_is_quiet_is_noticed():
    async def run():
        sink = FakeSink()
        server = await Jetstream(FRAMES).start()
        server.limit = 100
        effective = settings(f"listen.bluesky_url={server.url}")
        async with open_session() as http:
            running = Running(BlueskyTransport(effective.settings.listen, http), effective, sink).start()
            await running.until(lambda: sink.cursors)
            sink.failing = 2
            server.limit = 103
            await running.until(lambda: running.metric("reconnects_total", reason="broker"))
            server.limit = 400
            await running.until(lambda: all_there(sink, running))
            await running.stop()
        await server.stop()

    asyncio.run(run())


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_server_that_refuses_is_asked_again_and_the_reason_is_shown(status):
    async def run():
        count = 0

        async def refuse(request):
            nonlocal count
            count += 1
            return web.Response(status=status)

        app = web.Application()
        app.add_routes([web.get("/subscribe", refuse)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        effective = settings(f"listen.bluesky_url=ws://127.0.0.1:{runner.addresses[0][1]}/subscribe")
        async with open_session() as http:
            running = Running(BlueskyTransport(effective.settings.listen, http), effective, FakeSink()).start()
            await running.until(lambda: count >= 3)
            readiness = running.listener.readiness()
            await running.stop()
        await runner.cleanup()
        return running, readiness

    running, readiness = asyncio.run(run())
    assert running.metric("reconnects_total", reason=f"status_{status}") >= 2
    assert not readiness.ready
    assert str(status) in readiness.reasons[0]


def test_an_address_that_cannot_be_reached_is_named_without_the_address():
    async def run():
        effective = settings("listen.bluesky_url=ws://127.0.0.1:1/subscribe?secret=abc")
        async with open_session() as http:
            running = Running(BlueskyTransport(effective.settings.listen, http), effective, FakeSink()).start()
            await running.until(lambda: running.metric("reconnects_total", reason="unreachable") >= 2)
            readiness = running.listener.readiness()
            await running.stop()
        return readiness

    readiness = asyncio.run(run())
    assert "abc" not in " ".join(readiness.reasons)
