"""Version 1.1 of X's API and its archived streams, and a person's own archive in the same form."""

import json
from typing import Any

import pytest
from hypothesis import given

from schemas.event import AccountStatus, Counters, Kind, ParentEvidence
from streams.adapters.base import Converted, Options, Outcome
from streams.adapters.opening import Opening
from streams.adapters.registry import recognise
from streams.adapters.x import archive, snowflake
from streams.adapters.x.api_v1 import FORMAT, PLACED, TEXT_CUT, convert, convert_line
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.mutations import mutations
from tests.streams.adapters.outcomes import AT, check_accepted, events_of, items_of, reason_of

ROOT, MINE = "2039269000000000101", "2039270000000000202"
RUMOUR = "Blood bags are sold at the old mill in Tarsk"
STAMP = "Wed Apr 01 09:00:00 +0000 2026"


def status(**more: Any) -> dict[str, Any]:
    user = {"id": 88, "id_str": "88", "screen_name": "tern", "followers_count": 51}
    return {"created_at": STAMP, "id": int(MINE), "id_str": MINE, "text": RUMOUR, "user": user, "lang": "en", **more}


def repost(**more: Any) -> dict[str, Any]:
    original = {"id_str": ROOT, "text": RUMOUR, "retweet_count": 40, "quote_count": 2, "user": {"id_str": "9"}}
    return status(text=f"RT @wren: {RUMOUR[:20]}…", retweeted_status=original, **more)


def first(value: object) -> Any:
    return events_of(convert(value))[0]


def test_a_status_has_its_author_time_and_followers() -> None:
    event = first(status())
    assert (event.event_id, event.kind, event.created_at, event.actor) == (MINE, Kind.POST, AT, "88")
    assert (event.followers, event.lang, event.text) == (51, "en", RUMOUR)


def test_a_repost_has_the_original_of_its_inner_status() -> None:
    event, counter = events_of(convert(repost(retweet_count=40)))
    assert (event.kind, event.root_ref, event.text) == (Kind.FORWARD, ROOT, RUMOUR)
    assert (event.parent_ref, event.parent_evidence) == (None, ParentEvidence.ORIGIN_ONLY)
    assert (counter.message_id, counter.counters, counter.created_at) == (ROOT, Counters(forwards=42), None)


def test_the_count_of_a_repost_is_used_where_the_original_has_none() -> None:
    value = repost(retweet_count=17) | {"retweeted_status": {"id_str": ROOT, "full_text": RUMOUR}}
    assert events_of(convert(value))[1].counters == Counters(forwards=17)


def test_the_whole_text_is_preferred_to_the_cut_one() -> None:
    whole = {
        "full_text": RUMOUR + " since last night",
        "entities": {"urls": [{"expanded_url": "https://mill.example"}]},
    }
    cut = status(text=f"{RUMOUR[:20]}… https://t.co/x", truncated=True)
    event = first(cut | {"extended_tweet": whole})
    assert (event.text, event.urls) == (whole["full_text"], ("https://mill.example",))
    outcome = convert(cut)
    assert isinstance(outcome, Converted)
    assert outcome.notes == (TEXT_CUT,)
    assert first(status(full_text="Smoke &amp; fire &lt;3")).text == "Smoke & fire <3"


def test_a_quote_and_a_reply_name_their_parents() -> None:
    links = [{"expanded_url": f"https://twitter.com/wren/status/{ROOT}"}, {"expanded_url": "https://mill.example/a"}]
    quote = first(status(quoted_status_id_str=ROOT, is_quote_status=True, entities={"urls": links}))
    assert (quote.kind, quote.parent_ref, quote.urls) == (Kind.QUOTE, ROOT, ("https://mill.example/a",))
    reply = first(status(in_reply_to_status_id_str=ROOT))
    assert (reply.kind, reply.parent_ref, reply.root_ref) == (Kind.REPLY, ROOT, None)
    assert reply.parent_evidence is ParentEvidence.API_PARENT


def test_an_enriched_address_is_the_resolved_one() -> None:
    urls = [{"expanded_url": "https://bit.example/1", "unwound": {"url": "https://mill.example/long"}}]
    assert first(status(entities={"urls": urls})).urls == ("https://mill.example/long",)


def test_a_repost_without_an_original_keeps_its_whole_text_and_is_skipped_when_cut() -> None:
    event = first(status(text=f"RT @wren: {RUMOUR}"))
    assert (event.kind, event.root_ref, event.text) == (Kind.FORWARD, None, RUMOUR)
    assert reason_of(convert(status(text="RT @wren: Blood bags ar…"))) == "cut_repost"


def test_a_stream_dates_its_counters_by_the_delivery() -> None:
    _, counter = events_of(convert(repost(timestamp_ms=str(AT + 321))))
    assert (counter.created_at, counter.event_id) == (AT + 322, f"{ROOT}#c{AT + 322}")


def test_numbers_serve_where_the_texts_of_ids_are_absent() -> None:
    value = {"id": 2039270000000000202, "text": RUMOUR, "created_at": STAMP, "user": {"id": 88}}
    assert (first(value).message_id, first(value).actor) == (MINE, "88")


def deletion(**more: Any) -> dict[str, Any]:
    return {"delete": {"status": {"id": int(ROOT), "id_str": ROOT, "user_id": 9, "user_id_str": "9"}, **more}}


def test_a_deletion_has_its_own_time_or_that_of_the_line_before() -> None:
    event = first(deletion(timestamp_ms=str(AT + 5)))
    assert (event.kind, event.event_id, event.message_id) == (Kind.DELETE, f"{ROOT}#d", ROOT)
    assert event.created_at == AT + 5
    lines = "\n".join(json.dumps(value) for value in (status(), deletion()))
    (_, _), (_, placed) = items_of(FORMAT, lines)
    assert isinstance(placed, Converted)
    assert (placed.events[0].created_at, placed.notes) == (max(AT, snowflake.time_of(ROOT) or 0), (PLACED,))


def test_a_deletion_without_any_time_is_not_before_its_post() -> None:
    assert first(deletion()).created_at == snowflake.time_of(ROOT)
    assert reason_of(convert({"delete": {"status": {"id_str": "20"}}})) == "undated_deletion"


def test_a_post_withheld_in_a_stream_is_a_deletion() -> None:
    withheld = {"id": int(ROOT), "user_id": 9, "withheld_in_countries": ["DE"], "timestamp_ms": str(AT)}
    event = first({"status_withheld": withheld})
    assert (event.kind, event.message_id, event.created_at) == (Kind.DELETE, ROOT, AT)


def test_a_suspended_account_is_a_statement_about_it() -> None:
    event = first({"user_suspend": {"id": 88, "timestamp_ms": str(AT)}})
    assert (event.kind, event.actor, event.account_status) == (Kind.ACCOUNT_STATE, "88", AccountStatus.SUSPENDED)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"limit": {"track": 1234}}, "limit"),
        ({"scrub_geo": {"user_id": 9}}, "scrub_geo"),
        ({"user_withheld": {"id": 9}}, "user_withheld"),
        ({"disconnect": {"code": 4}}, "disconnect"),
        ({"warning": {"code": "FALLING_BEHIND"}}, "warning"),
        ({"errors": [{"code": 88}]}, "errors"),
        ({"text": "no id"}, "missing_field"),
        ({"delete": {"status": {}}}, "missing_field"),
        (status(id_str=None, id=None), "missing_field"),
        (status(text={}), "wrong_type"),
        ("text", "not_an_object"),
    ],
)
def test_everything_else_has_a_reason(value: object, reason: str) -> None:
    assert reason_of(convert(value)) == reason


def test_a_search_result_gives_each_of_its_statuses() -> None:
    outcomes = convert_line({"statuses": [status(), repost()], "search_metadata": {}}, Options())
    assert [events_of(outcome)[0].kind for outcome in outcomes] == [Kind.POST, Kind.FORWARD]
    assert [reason_of(one) for one in convert_line({"statuses": []}, Options())] == ["empty_page"]


WHOLE = repost(
    extended_tweet={"full_text": RUMOUR, "entities": {"urls": [{"expanded_url": "https://mill.example"}]}},
    in_reply_to_status_id_str="4",
    quoted_status_id_str="5",
    timestamp_ms=str(AT),
    truncated=True,
)


@given(mutations(WHOLE))
def test_any_mutation_of_a_status_has_an_outcome_that_intake_accepts(value: object) -> None:
    check_accepted([*convert_line(value, Options()), archive.convert({"tweet": value}, None)])


@given(mutations(deletion(timestamp_ms=str(AT))))
def test_any_mutation_of_a_deletion_has_an_outcome_that_intake_accepts(value: object) -> None:
    check_accepted(convert_line(value, Options()))


@pytest.mark.parametrize(
    "text",
    [
        f"{json.dumps(status())}\n{json.dumps(repost())}",
        json.dumps([status(), repost()], indent=1),
        json.dumps({"statuses": [status(), repost()]}),
    ],
    ids=["lines", "array", "search result"],
)
def test_each_layout_is_recognised_and_gives_the_same_posts(text: str) -> None:
    assert recognise(Opening(text.encode())) is FORMAT
    assert [events_of(outcome)[0].kind for _, outcome in items_of(FORMAT, text)] == [Kind.POST, Kind.FORWARD]


@pytest.mark.parametrize(
    "value",
    [
        {"id": int(MINE), "created_at": STAMP, "full_text": RUMOUR, "user": {"id": 31}},
        {"full_text": RUMOUR, "id_str": MINE, "created_at": STAMP},
    ],
)
def test_a_post_without_optional_fields_is_recognised(value: dict[str, Any]) -> None:
    text = json.dumps([value], indent=1)
    assert recognise(Opening(text.encode())) is FORMAT
    [(_, outcome)] = items_of(FORMAT, text)
    assert (events_of(outcome)[0].message_id, events_of(outcome)[0].text) == (MINE, RUMOUR)


def test_a_file_of_deletions_is_recognised() -> None:
    assert recognise(Opening(json.dumps(deletion()).encode())) is FORMAT


# --- a person's own archive -------------------------------------------------------------------------------------------

ACCOUNT = 'window.YTD.account.part0 = [\n  {"account": {"accountId": "640", "username": "rook"}}\n]\n'


def in_archive(*posts: dict[str, Any], name: str = "tweets") -> str:
    return f"window.YTD.{name}.part0 = " + json.dumps([{"tweet": post} for post in posts], indent=2)


def own(**more: Any) -> dict[str, Any]:
    return {"id_str": MINE, "full_text": RUMOUR, "created_at": STAMP, "retweet_count": "3", "lang": "en", **more}


def outcomes(text: str, *others: str) -> list[Outcome]:
    found = items_of(archive.FORMAT, MemoryFile(text, others=[MemoryFile(other) for other in others]))
    return [outcome for _, outcome in found]


@pytest.mark.parametrize("name", ["tweets", "tweet", "community_tweet"])
@pytest.mark.parametrize("end", ["", "\n", ";", " ;\n"])
def test_an_archive_gives_the_posts_of_its_owner(name: str, end: str) -> None:
    text = in_archive(own(), own(id_str="2039270000000000203", in_reply_to_status_id_str=ROOT), name=name) + end
    assert recognise(Opening(text.encode())) is archive.FORMAT
    post, reply = outcomes(text, ACCOUNT)
    event, counter = events_of(post)
    assert (event.actor, event.created_at, event.text) == ("640", AT, RUMOUR)
    assert counter.counters == Counters(forwards=3)
    assert (events_of(reply)[0].kind, events_of(reply)[0].actor) == (Kind.REPLY, "640")


def test_an_archive_without_its_account_has_one_author_and_says_so() -> None:
    found = outcomes(in_archive(own(), own(id_str="2039270000000000203")))
    assert {events_of(one)[0].actor for one in found} == {archive.OWNER}
    assert all(isinstance(one, Converted) and archive.OWNER_UNKNOWN in one.notes for one in found)


def test_a_repost_in_an_archive_has_no_original() -> None:
    kept, cut = outcomes(in_archive(own(full_text=f"RT @wren: {RUMOUR}"), own(full_text="RT @wren: Blood b…")), ACCOUNT)
    assert (events_of(kept)[0].kind, events_of(kept)[0].text) == (Kind.FORWARD, RUMOUR)
    assert reason_of(cut) == "cut_repost"


def test_the_account_of_an_archive_is_no_post() -> None:
    assert recognise(Opening(ACCOUNT.encode())) is archive.ACCOUNT_FORMAT
    assert [reason_of(one) for _, one in items_of(archive.ACCOUNT_FORMAT, ACCOUNT)] == ["owner"]
    assert recognise(Opening(b"window.YTD.direct_messages.part0 = []")) is None


def test_a_damaged_archive_keeps_the_posts_before_the_damage() -> None:
    text = in_archive(own(), own())
    found = outcomes(text[: len(text) - 60], ACCOUNT)
    assert [type(one).__name__ for one in found] == ["Converted", "Refused"]
    assert [reason_of(one) for one in outcomes("window.YTD.tweets.part0 = [7]")] == ["not_an_object"]
