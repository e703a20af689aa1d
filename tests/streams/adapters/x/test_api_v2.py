"""Version 2 of X's API: pages, streams, flattened posts, compliance events, and objects that are damaged or hostile."""

import json
from typing import Any

import pytest
from hypothesis import given

from schemas.event import AccountStatus, Counters, Kind, ParentEvidence
from streams.adapters.base import Converted, Options, Outcome
from streams.adapters.opening import Opening
from streams.adapters.registry import recognise
from streams.adapters.x import snowflake
from streams.adapters.x.api_v2 import FORMAT, convert_line
from streams.adapters.x.post import DATED_BY_ID
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.mutations import mutations
from tests.streams.adapters.outcomes import AT, check_accepted, events_of, items_of, reason_of

ROOT, MINE = "2039269000000000101", "2039270000000000202"
RUMOUR = "The ferry at Ormsby sank with forty people on board"


def post(**more: Any) -> dict[str, Any]:
    return {"id": MINE, "text": RUMOUR, "author_id": "71", "created_at": "2026-04-01T09:00:00.000Z", **more}


def repost(**more: Any) -> dict[str, Any]:
    return post(text=f"RT @quay_side: {RUMOUR[:30]}…", referenced_tweets=[{"type": "retweeted", "id": ROOT}], **more)


def page(*posts: Any, **more: Any) -> dict[str, Any]:
    return {"data": list(posts), "meta": {"result_count": len(posts)}, **more}


def one(value: object) -> Outcome:
    (outcome,) = convert_line(value, Options())
    return outcome


def first(value: object) -> Any:
    return events_of(one(value))[0]


def test_a_post_of_a_page_has_its_author_time_language_and_followers() -> None:
    users = [{"id": "71", "username": "rook", "public_metrics": {"followers_count": 930}}]
    event = first(page(post(lang="en", conversation_id=MINE), includes={"users": users}))
    assert (event.event_id, event.message_id, event.kind) == (MINE, MINE, Kind.POST)
    assert (event.created_at, event.observed_at, event.actor, event.followers) == (AT, None, "71", 930)
    assert (event.text, event.lang, event.chat, event.root_ref) == (RUMOUR, "en", None, None)


def test_a_repost_names_the_original_as_root_and_has_the_original_text() -> None:
    event = first(page(repost(), includes={"tweets": [{"id": ROOT, "text": RUMOUR}]}))
    assert (event.kind, event.root_ref, event.parent_ref) == (Kind.FORWARD, ROOT, None)
    assert event.parent_evidence is ParentEvidence.ORIGIN_ONLY
    assert event.text == RUMOUR


def test_a_repost_without_its_original_has_no_cut_text() -> None:
    assert first(page(repost())).text == ""
    whole = repost() | {"text": "RT @quay_side: Ferry sank &amp; nobody came"}
    assert first(page(whole)).text == "Ferry sank & nobody came"


def test_a_repost_whose_fields_were_not_asked_for_is_no_new_message() -> None:
    bare = {"id": MINE, "edit_history_tweet_ids": [MINE], "text": f"RT @quay_side: {RUMOUR}"}
    event = first(page(bare))
    assert (event.kind, event.root_ref, event.text) == (Kind.FORWARD, None, RUMOUR)
    assert reason_of(one(page(bare | {"text": "RT @quay_side: The ferry at Orm…"}))) == "cut_repost"


def test_a_long_post_has_its_whole_text_also_in_a_repost() -> None:
    long = RUMOUR + " and the harbour office says nothing." * 9
    assert first(page(post(text=long[:270] + "…", note_tweet={"text": long}))).text == long
    included = {"tweets": [{"id": ROOT, "text": long[:270] + "…", "note_tweet": {"text": long}}]}
    assert first(page(repost(), includes=included)).text == long


def test_a_quote_names_its_parent_and_leaves_out_the_link_to_it() -> None:
    urls = [
        {"url": "https://t.co/a", "expanded_url": f"https://x.com/quay_side/status/{ROOT}"},
        {"url": "https://t.co/b", "expanded_url": "https://bit.example/9", "unwound_url": "https://port.example/log"},
        {"url": "https://t.co/c", "expanded_url": f"https://x.com/rook/status/{MINE}/photo/1", "media_key": "3_1"},
        {"url": "https://t.co/d", "expanded_url": "https://twitter.com/quay_side/status/77"},
    ]
    event = first(page(post(referenced_tweets=[{"type": "quoted", "id": ROOT}], entities={"urls": urls})))
    assert (event.kind, event.parent_ref, event.root_ref) == (Kind.QUOTE, ROOT, None)
    assert event.parent_evidence is ParentEvidence.API_PARENT
    assert event.urls == ("https://port.example/log", "https://twitter.com/quay_side/status/77")


def test_a_reply_names_the_answered_post_and_the_start_of_the_conversation() -> None:
    event = first(page(post(conversation_id="44", referenced_tweets=[{"type": "replied_to", "id": ROOT}])))
    assert (event.kind, event.parent_ref, event.root_ref) == (Kind.REPLY, ROOT, "44")


@pytest.mark.parametrize(
    ("text", "kind"), [("@wren @tern not true", Kind.REPLY), ("@wren https://t.co/q", Kind.QUOTE), ("", Kind.QUOTE)]
)
def test_an_answer_that_quotes_is_a_reply_if_it_has_words_of_its_own(text: str, kind: Kind) -> None:
    refs = [{"type": "quoted", "id": ROOT}, {"type": "replied_to", "id": "55"}]
    assert first(page(post(text=text, referenced_tweets=refs))).kind is kind


def test_the_counters_of_a_repost_are_those_of_the_original() -> None:
    own = {"retweet_count": 77, "quote_count": 0, "impression_count": 0}
    _, counter = events_of(one(page(repost(public_metrics=own))))
    assert (counter.kind, counter.message_id, counter.counters) == (Kind.COUNTER, ROOT, Counters(forwards=77))
    theirs = {"retweet_count": 77, "quote_count": 5, "impression_count": 9100}
    included = {"tweets": [{"id": ROOT, "text": RUMOUR, "public_metrics": theirs}]}
    _, counter = events_of(one(page(repost(public_metrics=own), includes=included)))
    assert (counter.message_id, counter.counters) == (ROOT, Counters(views=9100, forwards=82))


def test_a_counter_is_dated_by_the_collection_and_undated_without_it() -> None:
    counted = post(public_metrics={"retweet_count": 3, "quote_count": 1, "impression_count": 250})
    _, counter = events_of(one(page(counted)))
    assert (counter.event_id, counter.message_id, counter.created_at) == (MINE, MINE, None)
    collected = page(counted, __twarc={"version": "2", "retrieved_at": "2026-04-01T12:00:00+00:00"})
    later = AT + 3 * 3_600_000
    event, counter = events_of(one(collected))
    assert event.observed_at is None
    assert (counter.event_id, counter.created_at, counter.observed_at) == (f"{MINE}#c{later}", later, later)


def test_counters_in_two_reposts_of_one_post_are_one_statement_about_the_original() -> None:
    twice = page(
        repost(public_metrics={"retweet_count": 8}),
        repost(public_metrics={"retweet_count": 8}) | {"id": "2039270000000000203"},
        __twarc={"version": "2", "retrieved_at": "2026-04-01T12:00:00+00:00"},
    )
    counters = [events_of(outcome)[1] for outcome in convert_line(twice, Options())]
    assert {one.event_id for one in counters} == {f"{ROOT}#c{AT + 3 * 3_600_000}"}


def test_a_line_of_the_stream_dates_its_counters_by_the_delivery() -> None:
    line = {"data": repost(public_metrics={"retweet_count": 12}), "matching_rules": [{"id": "1", "tag": "ferry"}]}
    event, counter = events_of(one(line))
    assert (event.kind, event.created_at, counter.created_at) == (Kind.FORWARD, AT, AT + 1)
    assert counter.event_id == f"{ROOT}#c{AT + 1}"


@pytest.mark.parametrize("name", ["author", "author_user"])
def test_a_flattened_post_holds_its_author_and_its_original(name: str) -> None:
    original = {"type": "retweeted", "id": ROOT, "text": RUMOUR, "public_metrics": {"retweet_count": 6}}
    author = {"id": "71", "public_metrics": {"followers_count": 12}}
    meta = {"retrieved_at": "2026-04-01T12:00:00Z"}
    flat = post(text="RT @quay_side: The fe…", referenced_tweets=[original], __twarc=meta, **{name: author})
    event, counter = events_of(one(flat))
    assert (event.text, event.followers, event.root_ref) == (RUMOUR, 12, ROOT)
    assert (counter.message_id, counter.created_at) == (ROOT, AT + 3 * 3_600_000)


def test_an_edited_post_deletes_its_earlier_versions() -> None:
    event, *deleted = events_of(one(page(post(edit_history_tweet_ids=["31", "32", MINE]))))
    assert event.message_id == MINE
    assert [(one.kind, one.event_id, one.message_id, one.created_at) for one in deleted] == [
        (Kind.DELETE, "31#d", "31", AT), (Kind.DELETE, "32#d", "32", AT),
    ]  # fmt: skip
    assert len(events_of(one(page(post(edit_history_tweet_ids=[MINE, "2039270000000000909"]))))) == 1


def test_a_post_without_a_time_has_that_of_its_id() -> None:
    bare = {"id": "1893000000000000000", "text": RUMOUR}
    outcome = one(page(bare))
    assert isinstance(outcome, Converted)
    assert outcome.notes == (DATED_BY_ID,)
    assert outcome.events[0].created_at == snowflake.time_of("1893000000000000000") == 1_740_161_344_896
    assert reason_of(one(page({"id": "20", "text": "just setting up"}))) == "missing_field"


@pytest.mark.parametrize(
    ("code", "lang"), [("und", None), ("zxx", None), ("qme", None), ("qht", None), ("pt", "pt"), ("in", "id")]
)
def test_codes_that_name_no_language_are_left_out(code: str, lang: str | None) -> None:
    assert first(page(post(lang=code))).lang == lang


def test_a_community_is_the_chat_of_its_posts() -> None:
    assert first(page(post(community_id="9001"))).chat == "9001"


@pytest.mark.parametrize("name", ["delete", "drop", "withheld"])
def test_a_post_that_must_go_is_a_deletion(name: str) -> None:
    event = first({"data": {name: {"tweet": {"id": ROOT, "author_id": "71"}, "event_at": "2026-04-01T09:00:00Z"}}})
    assert (event.kind, event.event_id, event.message_id, event.created_at) == (Kind.DELETE, f"{ROOT}#d", ROOT, AT)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("user_delete", AccountStatus.DELETED), ("user_undelete", AccountStatus.ACTIVE),
        ("user_suspend", AccountStatus.SUSPENDED), ("user_unsuspend", AccountStatus.ACTIVE),
        ("user_protect", AccountStatus.DEACTIVATED), ("userSuspend", AccountStatus.SUSPENDED),
    ],
)  # fmt: skip
def test_the_state_of_an_account_is_a_statement_about_it(name: str, status: AccountStatus) -> None:
    stamp = "eventAt" if name == "userSuspend" else "event_at"
    event = first({"data": {name: {"user": {"id": "71"}, stamp: "2026-04-01T09:00:00.000Z"}}})
    assert (event.kind, event.actor, event.account_status) == (Kind.ACCOUNT_STATE, "71", status)
    assert (event.event_id, event.created_at) == (f"account/71/{AT}", AT)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"errors": [{"title": "Not Found Error"}]}, "errors"),
        ({"data": None, "errors": [{}]}, "errors"),
        ({"data": [], "meta": {"result_count": 0}}, "empty_page"),
        ({"meta": {"result_count": 0}}, "empty_page"),
        ({"title": "x", "disconnect_type": "OperationalDisconnect"}, "stream_control"),
        ({"data": {"undrop": {"tweet": {"id": ROOT}}}}, "undrop"),
        ({"data": {"tweet_edit": {"tweet": {"id": ROOT}}}}, "tweet_edit"),
        ({"data": [{"id": "71", "username": "rook", "name": "Rook"}]}, "account_record"),
        ({"data": {"delete": {"tweet": {"id": ROOT}}}}, "missing_field"),
        ({"data": [{"text": RUMOUR}]}, "missing_field"),
        ({"data": [7]}, "not_an_object"),
        ([], "not_an_object"),
        ({"data": [post(id={"no": 1})]}, "wrong_type"),
        ({"data": [post(text=["a"])]}, "wrong_type"),
    ],
)
def test_everything_else_has_a_reason(value: object, reason: str) -> None:
    assert reason_of(one(value)) == reason


def test_one_bad_post_of_a_page_does_not_hide_the_others() -> None:
    outcomes = convert_line(page(post(), 7, repost()), Options())
    assert [type(outcome).__name__ for outcome in outcomes] == ["Converted", "Refused", "Converted"]
    assert "data[1]" in outcomes[1].detail  # type: ignore[union-attr]


WHOLE = page(
    repost(public_metrics={"retweet_count": 2, "quote_count": 1}, edit_history_tweet_ids=["31", MINE], lang="en"),
    post(
        referenced_tweets=[{"type": "quoted", "id": ROOT}, {"type": "replied_to", "id": "4"}],
        entities={"urls": [{"expanded_url": "https://port.example"}]},
        note_tweet={"text": RUMOUR, "entities": {"urls": []}},
    ),
    includes={"users": [{"id": "71", "public_metrics": {"followers_count": 1}}], "tweets": [{"id": ROOT, "text": "a"}]},
    matching_rules=[{"id": "1"}],
    __twarc={"retrieved_at": "2026-04-01T12:00:00Z"},
)


@given(mutations(WHOLE))
def test_any_mutation_of_a_page_has_outcomes_that_intake_accepts(value: object) -> None:
    outcomes = convert_line(value, Options())
    assert outcomes
    check_accepted(outcomes)


@given(mutations({"data": {"user_suspend": {"user": {"id": "71"}, "event_at": "2026-04-01T09:00:00Z"}}}))
def test_any_mutation_of_a_compliance_event_has_an_outcome(value: object) -> None:
    check_accepted(convert_line(value, Options()))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(page(post(), repost())),
        json.dumps(page(post(), repost()), indent=2),
        json.dumps([post(), repost()]),
        f"{json.dumps(post())}\n\n{json.dumps(repost())}\n",
        json.dumps({"data": post(), "matching_rules": []}) + "\r\n" + json.dumps({"data": repost()}),
        "\ufeff" + json.dumps(page(post())) + "\n" + json.dumps(page(repost())),
    ],
    ids=["page", "pretty page", "array", "flattened", "stream", "pages"],
)
def test_each_layout_is_recognised_and_gives_the_same_posts(text: str) -> None:
    assert recognise(Opening(text.encode())) is FORMAT
    assert [events_of(outcome)[0].kind for _, outcome in items_of(FORMAT, text)] == [Kind.POST, Kind.FORWARD]


def test_a_file_that_is_cut_off_keeps_what_is_before_the_cut() -> None:
    line = json.dumps(page(post())) + "\n"
    items = items_of(FORMAT, MemoryFile(line + line[:50], damaged=True))
    assert [(position, type(outcome).__name__) for position, outcome in items] == [(0, "Converted"), (1, "Refused")]


def test_other_json_is_not_taken_for_posts_of_version_2() -> None:
    for value in ({"id": 1, "text": "a", "from": {}}, {"id_str": "1", "text": "a", "author_id": "1", "id": 1}):
        assert not FORMAT.recognises(Opening(json.dumps(value).encode()))
    assert FORMAT.recognises(Opening(b'{"data": {"user_delete": {"user": {"id": "1"}, "event_at": "x"}}}'))


@pytest.mark.parametrize(
    "value",
    [
        {"data": {"id": MINE, "text": RUMOUR}},
        {"data": [{"text": RUMOUR, "id": MINE}]},
        {"data": [{"created_at": "2026-04-01T09:00:00.000Z", "id": MINE, "text": RUMOUR}], "meta": {"result_count": 1}},
        {"data": [{"id": MINE, "text": RUMOUR}] * 2000},
        {"id": MINE, "text": RUMOUR, "public_metrics": {"retweet_count": 1}},
        {"id": MINE, "text": RUMOUR, "conversation_id": MINE},
    ],
)
def test_posts_without_optional_fields_are_recognised(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, indent=2)):
        assert recognise(Opening(text.encode())) is FORMAT


def test_objects_of_other_interfaces_with_an_id_and_a_text_are_not_posts() -> None:
    for one in ({"id": "12", "text": "a"}, {"id": MINE, "text": "a", "username": "b"}, {"id": None, "text": "a"}):
        assert not FORMAT.recognises(Opening(json.dumps({"data": [one]}).encode()))
    assert not FORMAT.recognises(Opening(json.dumps({"id": MINE, "text": "a"}).encode()))
