"""Captures of X's pages by Zeeschuimer, with and without the envelope."""

import json
from typing import Any

import pytest
from hypothesis import given

from schemas.event import Counters, Kind
from streams.adapters.base import Options
from streams.adapters.opening import Opening
from streams.adapters.registry import recognise
from streams.adapters.x.zeeschuimer import FORMAT, convert
from tests.streams.adapters.mutations import mutations
from tests.streams.adapters.outcomes import AT, check_accepted, events_of, items_of, reason_of

ROOT, MINE = "2039269000000000101", "2039270000000000202"
RUMOUR = "The bank in Velm closes its doors on Friday"
SEEN = AT + 86_400_000


def legacy(**more: Any) -> dict[str, Any]:
    return {
        "full_text": RUMOUR, "created_at": "Wed Apr 01 09:00:00 +0000 2026", "user_id_str": "71", "lang": "en",
        "conversation_id_str": MINE, "retweet_count": 4, "quote_count": 1, **more,
    }  # fmt: skip


def post(**more: Any) -> dict[str, Any]:
    user = {"rest_id": "71", "legacy": {"followers_count": 31}}
    core = {"user_results": {"result": user}}
    inner = {"rest_id": MINE, "core": core, "views": {"count": "640", "state": "EnabledWithCount"}, "legacy": legacy()}
    return inner | more


def captured(data: object, platform: str = "twitter.com") -> dict[str, Any]:
    return {
        "nav_index": "1:2", "item_id": MINE, "timestamp_collected": SEEN, "source_platform": platform,
        "source_platform_url": "https://x.com/search", "data": data,
    }  # fmt: skip


def first(value: object) -> Any:
    return events_of(convert(value, Options()))[0]


@pytest.mark.parametrize("platform", ["twitter.com", "x.com"])
def test_a_post_is_dated_by_x_and_its_counters_by_the_collection(platform: str) -> None:
    event, counter = events_of(convert(captured(post(), platform), Options()))
    assert (event.kind, event.message_id, event.actor, event.followers) == (Kind.POST, MINE, "71", 31)
    assert (event.created_at, event.observed_at, event.text, event.lang) == (AT, None, RUMOUR, "en")
    assert (counter.message_id, counter.observed_at, counter.created_at) == (MINE, SEEN, SEEN)
    assert (counter.event_id, counter.counters) == (f"{MINE}#c{SEEN}", Counters(views=640, forwards=5))


def test_a_repost_has_the_original_and_its_counters() -> None:
    original = {"rest_id": ROOT, "legacy": {"full_text": RUMOUR + "!", "retweet_count": 90, "quote_count": 9}}
    for result in (original, {"__typename": "TweetWithVisibilityResults", "tweet": original}):
        outer = legacy(full_text="RT @wren: The ban…", retweeted_status_result={"result": result})
        event, counter = events_of(convert(captured(post(legacy=outer)), Options()))
        assert (event.kind, event.root_ref, event.text) == (Kind.FORWARD, ROOT, RUMOUR + "!")
        assert (counter.message_id, counter.counters) == (ROOT, Counters(forwards=99))


def test_quotes_and_replies_name_their_parents() -> None:
    quote = first(captured(post(quoted_status_result={"result": {"tweet": {"rest_id": ROOT}}})))
    assert (quote.kind, quote.parent_ref) == (Kind.QUOTE, ROOT)
    answer = legacy(in_reply_to_status_id_str=ROOT, conversation_id_str="44")
    reply = first(captured(post(legacy=answer)))
    assert (reply.kind, reply.parent_ref, reply.root_ref) == (Kind.REPLY, ROOT, "44")


def test_a_long_post_has_its_whole_text_and_addresses() -> None:
    note = {"text": RUMOUR * 9, "entity_set": {"urls": [{"expanded_url": "https://velm.example/notice"}]}}
    event = first(captured(post(note_tweet={"note_tweet_results": {"result": note}})))
    assert (event.text, event.urls) == (RUMOUR * 9, ("https://velm.example/notice",))


def test_a_post_within_a_wrapper_and_without_an_envelope_is_the_same() -> None:
    plain = events_of(convert(captured(post()), Options()))
    assert (
        events_of(convert(captured({"__typename": "TweetWithVisibilityResults", "tweet": post()}), Options())) == plain
    )
    of_4cat = post(__import_meta={"timestamp_collected": SEEN, "source_platform": "twitter.com"})
    assert events_of(convert(of_4cat, Options())) == plain
    older = {"type": "adaptive", "id": MINE, "legacy": legacy(id_str=MINE), "user": {"id_str": "71"}}
    assert first(captured(older)).actor == "71"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (captured({"id": "1"}, "instagram.com"), "other_platform"),
        (captured({"id": "1"}, "gab.com"), "other_platform"),
        (captured({"id": "1", "desc": " "}, "tiktok.com"), "empty"),
        (captured({"id": "1", "desc": "a"}, "tiktok.com"), "time_out_of_range"),
        (captured({"__typename": "TweetTombstone", "tombstone": {}}), "unavailable_post"),
        (captured(post(legacy=legacy(full_text="RT @wren: The b…"))), "cut_repost"),
        (captured({"legacy": legacy()}), "missing_field"),
        (captured(post(rest_id="20", legacy={"full_text": "a"})), "missing_field"),
        (captured(post(legacy=legacy(full_text=7))), "wrong_type"),
        (None, "not_an_object"),
    ],
)
def test_everything_else_has_a_reason(value: object, reason: str) -> None:
    assert reason_of(convert(value, Options())) == reason


def video(**more: Any) -> dict[str, Any]:
    stats = {"playCount": 81_000, "shareCount": 640, "diggCount": 1}
    author = {"id": "66", "uniqueId": "tern.films"}
    return {"id": "74110", "desc": RUMOUR, "createTime": AT // 1000, "author": author, "stats": stats, **more}


@pytest.mark.parametrize(
    "data",
    [
        video(),
        video(createTime=str(AT // 1000), author="tern.films"),
        video(stats=None, statsV2={"playCount": "81000", "shareCount": "640"}),
    ],
)
def test_a_video_of_tiktok_is_a_post_with_counters(data: dict[str, Any]) -> None:
    event, counter = events_of(convert(captured(data, "tiktok.com"), Options()))
    assert (event.platform, event.kind, event.message_id, event.actor) == ("tiktok", Kind.POST, "74110", "tern.films")
    assert (event.created_at, event.observed_at, event.text) == (AT, None, RUMOUR)
    assert (counter.event_id, counter.observed_at) == (f"74110#c{SEEN}", SEEN)
    assert counter.counters == Counters(views=81_000, forwards=640)


QUOTING = post(quoted_status_result={"result": {"rest_id": ROOT}}, note_tweet={"note_tweet_results": {"result": {}}})


@given(mutations(captured(QUOTING)) | mutations(captured(video(), "tiktok.com")))
def test_any_mutation_of_a_capture_has_an_outcome_that_intake_accepts(value: object) -> None:
    check_accepted([convert(value, Options())])


def test_captures_are_recognised_and_read_line_by_line() -> None:
    text = f"{json.dumps(captured(post()))}\nno json\n{json.dumps(captured({}, 'gab.com'))}\n"
    assert recognise(Opening(text.encode())) is FORMAT
    assert recognise(Opening(json.dumps(post()).encode())) is FORMAT
    assert [type(outcome).__name__ for _, outcome in items_of(FORMAT, text)] == ["Converted", "Refused", "Skipped"]


def test_a_captured_video_that_4cat_keeps_without_its_envelope_is_recognised() -> None:
    kept = {**video(), "__import_meta": {"timestamp_collected": SEEN, "source_platform": "tiktok.com"}}
    text = json.dumps(kept)
    assert recognise(Opening(text.encode())) is FORMAT
    [(_, outcome)] = items_of(FORMAT, text)
    assert [event.kind for event in events_of(outcome)] == [Kind.POST, Kind.COUNTER]


def test_counts_written_as_digits_are_counts() -> None:
    digits = post()
    digits["legacy"] |= {"retweet_count": "41", "quote_count": "2", "favorite_count": "many"}
    _, counter = events_of(convert(captured(digits), Options()))
    assert counter.counters is not None
    assert counter.counters.forwards == 43
