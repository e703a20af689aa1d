"""The listeners of Mastodon, Telegram and X against servers that drop, repeat, send garbage and dribble."""

import asyncio
import time

import pytest

from schemas.event import Kind
from streams.listeners.base import START, Mark
from streams.listeners.http import open_session
from streams.listeners.mastodon import MastodonTransport
from streams.listeners.telegram_bot import TelegramBot
from streams.listeners.x import XStream
from tests.streams.listeners.fake import FakeSink, Running, settings
from tests.streams.listeners.platforms import Mastodon, Server, Telegram, XServer

TOKEN = "7001:sesame"


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(1_775_034_000 + seconds))


def status(number):
    return {
        "id": str(number),
        "uri": f"https://kelp.example/statuses/{number}",
        "created_at": iso(number),
        "account": {"uri": f"https://kelp.example/users/{number % 7}"},
        "content": f"<p>Mussels at Skerry are toxic ({number})</p>",
        "visibility": "public",
    }


def update(number):
    message = {
        "message_id": number,
        "date": 1_775_034_000 + number,
        "chat": {"id": -1001234500000, "type": "supergroup"},
        "from": {"id": 4_000 + number % 9},
        "text": f"The ferry is sinking ({number})",
    }
    return {"update_id": 70_000 + number, "message": message}


def post(number):
    data = {
        "id": str(1_900_000_000_000_000_000 + number),
        "author_id": str(50 + number % 9),
        "created_at": iso(number),
        "text": f"Mill Lane is closed ({number})",
        "edit_history_tweet_ids": [str(1_900_000_000_000_000_000 + number)],
    }
    return {"data": data, "matching_rules": [{"id": "1", "tag": "orme"}]}


async def listen(server: Server, make, until, resume=START, overrides=(), sink=None):
    sink = sink or FakeSink()
    async with server, open_session() as http:
        effective = settings(*(one.replace("URL", server.url) for one in overrides))
        running = Running(make(effective.settings.listen, http), effective, sink).start(resume)
        try:
            await running.until(lambda: until(running))
        finally:
            await running.stop()
    return running


def mastodon(server, until, resume=START, *overrides):
    def make(listen_settings, http):
        return MastodonTransport(listen_settings, http, TOKEN)

    return asyncio.run(listen(server, make, until, resume, ("listen.mastodon_url=URL", *overrides)))


def telegram(server, until, resume=START, sink=None):
    def make(listen_settings, http):
        return TelegramBot(listen_settings, http, TOKEN)

    return asyncio.run(listen(server, make, until, resume, ("listen.telegram_url=URL",), sink))


def x(server, until, resume=START, *overrides):
    def make(listen_settings, http):
        return XStream(listen_settings, http, TOKEN)

    url = "listen.x_url=URL/2/tweets/search/stream"
    return asyncio.run(listen(server, make, until, resume, (url, *overrides)))


URIS = {status(number)["uri"] for number in range(1, 101)}


@pytest.mark.parametrize(
    "faults",
    [(), ("drop",) * 4, ("repeat", "repeat"), ("garbage drop", "garbage"), ("slow drop", "slow"), ("refuse", "drop")],
    ids=["no faults", "drops", "repeats", "garbage", "slow bytes", "refusals"],
)
def test_no_status_of_a_mastodon_server_is_lost_whatever_the_connection_does(faults):
    server = Mastodon([status(number) for number in range(1, 101)], faults)
    running = mastodon(server, lambda one: one.sink.ids >= URIS and one.sink.cursors)
    assert running.sink.ids == URIS
    assert all(request.headers["Authorization"] == f"Bearer {TOKEN}" for request in server.requests)
    assert running.publisher.done.position == "100"
    assert running.metric("refused_total", reason="not_json") == sum("garbage" in one for one in faults)


def test_a_status_that_is_caught_up_has_the_time_of_its_server_and_a_status_of_the_stream_that_of_receipt():
    server = Mastodon([status(number) for number in range(1, 101)])
    server.at = 60
    running = mastodon(
        server, lambda one: sum(e.observed_at is not None for e in one.sink.events) == 40, Mark("10", 1_775_034_010_000)
    )
    caught_up = [event for event in running.sink.events if event.observed_at is None]
    numbers = [int(event.event_id.rpartition("/")[2]) for event in caught_up]
    assert numbers == sorted(numbers)
    assert set(numbers) >= set(range(11, 61))
    assert all(event.created_at == event.claimed_at for event in caught_up)
    streamed = [event for event in running.sink.events if event.observed_at is not None]
    assert len(streamed) == 40
    assert all(event.created_at == event.observed_at for event in streamed)


def test_a_status_that_reaches_the_server_late_moves_the_cursor_not_back():
    numbers = [10, 11, 3, 12, 4]  # a status gets its id from its author's time
    server = Mastodon([status(number) for number in numbers])
    running = mastodon(server, lambda one: len(one.sink.ids) == len(numbers) and one.sink.cursors)
    assert running.publisher.done.position == "12"


def test_statuses_beyond_the_bound_of_catching_up_are_reported_as_missing():
    server = Mastodon([status(number) for number in range(1, 101)])
    server.at = 100
    running = mastodon(
        server,
        lambda one: one.metric("missed_seconds_total"),
        Mark("1", 1_775_034_000_000),
        "listen.mastodon_catch_up=1",
    )
    assert len(running.sink.ids) == 40
    assert "listen.mastodon_catch_up" in running.listener.readiness().reasons[-1]


def test_a_silent_stream_is_taken_for_lost():
    server = Mastodon([status(1)], ("silent",))
    running = mastodon(
        server, lambda one: one.metric("reconnects_total", reason="timeout"), START, "listen.idle_timeout_ms=150"
    )
    assert running.sink.ids == {status(1)["uri"]}


@pytest.mark.parametrize(
    "faults",
    [
        (),
        ("drop", "", "drop"),
        ("garbage", "", "garbage", "conflict"),
        ("slow", "slow"),
        ("busy", "", "busy"),
    ],
    ids=["no faults", "drops", "garbage", "slow bytes", "busy"],
)
def test_no_update_of_a_telegram_bot_is_lost_whatever_the_connection_does(faults):
    server = Telegram([update(number) for number in range(1, 101)], faults)
    running = telegram(server, lambda one: len(one.sink.ids) >= 100 and one.sink.cursors)
    assert len(running.sink.ids) == 100
    assert running.publisher.done.position == "70100"
    assert {event.kind for event in running.sink.events} == {Kind.POST}
    metrics = str(list(running.metrics.registry.collect()))
    assert "sesame" not in metrics + str(running.listener.readiness())


def test_an_update_is_confirmed_to_telegram_only_when_the_broker_has_its_event():
    async def run():
        sink = FakeSink()
        sink.held = True
        server = Telegram([update(number) for number in range(1, 21)])
        async with server, open_session() as http:
            effective = settings(f"listen.telegram_url={server.url}")
            running = Running(TelegramBot(effective.settings.listen, http, TOKEN), effective, sink).start()
            await running.until(lambda: len(sink.ids) == 7)
            await asyncio.sleep(0.1)
            before = list(server.offsets)
            sink.release()
            await running.until(lambda: len(sink.ids) == 20)
            await running.stop()
        return before, server.offsets

    before, after = asyncio.run(run())
    assert before == [None]
    assert after[1] == 70_008


def test_a_telegram_bot_continues_after_the_update_of_its_cursor():
    server = Telegram([update(number) for number in range(1, 21)])
    running = telegram(server, lambda one: len(one.sink.ids) == 5, Mark("70015", 1))
    assert server.offsets[0] == 70_016
    assert running.publisher.done.position == "70020"


POSTS = {post(number)["data"]["id"] for number in range(1, 101)}


@pytest.mark.parametrize(
    "faults",
    [(), ("drop",) * 3, ("repeat",), ("garbage drop", "garbage"), ("slow drop", "slow"), ("refuse", "refuse", "long")],
    ids=["no faults", "drops", "repeats", "garbage", "slow bytes", "refusals and a long line"],
)
def test_the_posts_that_x_sends_are_published_whatever_the_connection_does(faults):
    server = XServer([post(number) for number in range(1, 101)], faults)
    running = x(server, lambda one: one.sink.ids >= POSTS and one.sink.cursors, START, "listen.max_item_bytes=4096")
    assert running.sink.ids == POSTS
    assert all("referenced_tweets" in request.query["tweet.fields"] for request in server.requests)
    garbage = sum("garbage" in one for one in faults)
    assert running.metric("refused_total", reason="not_json") == garbage
    assert running.metric("refused_total", reason="too_large") == sum("long" in one for one in faults)


def test_x_is_asked_to_repeat_the_last_minutes_and_a_longer_interruption_is_reported():
    server = XServer([post(number) for number in range(1, 101)])
    server.at = 90
    running = x(
        server, lambda one: len(one.sink.ids) == 15, Mark("1", 1_775_034_090_000), "listen.x_backfill_minutes=2"
    )
    assert server.requests[0].query["backfill_minutes"] == "2"
    assert running.metric("missed_seconds_total") > 1_000
    assert "listen.x_backfill_minutes" in running.listener.readiness().reasons[-1]
