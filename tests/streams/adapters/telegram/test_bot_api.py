"""Updates of the Bot API: each row of the mapping, older forms, answers of getUpdates, and hostile input."""

import json
from typing import Any

import pytest
from hypothesis import given

from schemas.event import Kind, ParentEvidence
from streams.adapters.base import Converted, Options, Refused, Skipped, is_undated
from streams.adapters.telegram import bot_api
from streams.adapters.telegram.bot_api import convert
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.mutations import mutations
from tests.streams.adapters.outcomes import check_accepted, first_of, reason_of

PLAIN = Options()
AT = 1_788_900_000
GROUP = {"id": -1_001_333_000_444, "type": "supergroup", "title": "Fishers"}
NEWS = {"id": -1_000_000_000_077, "type": "channel", "title": "Harbour news"}


def message(**more: Any) -> dict[str, Any]:
    return {
        "message_id": 61,
        "from": {"id": 8002, "is_bot": False, "first_name": "Ravi"},
        "chat": GROUP,
        "date": AT,
        "text": "The lighthouse is on fire",
    } | more


def update(field: str = "message", **more: Any) -> dict[str, Any]:
    return {"update_id": 1000, field: message(**more)}


@pytest.mark.parametrize("field", ["message", "channel_post", "business_message", "guest_message"])
def test_each_kind_of_new_message_is_a_post(field: str) -> None:
    event = first_of(convert(update(field), PLAIN))
    assert (event.kind, event.event_id, event.message_id) == (Kind.POST, "-1001333000444/61", "-1001333000444/61")
    assert (event.actor, event.chat, event.created_at) == ("8002", "-1001333000444", AT * 1000)
    assert event.text == "The lighthouse is on fire"


@pytest.mark.parametrize("field", ["edited_message", "edited_channel_post", "edited_business_message"])
def test_each_kind_of_edit_has_the_time_of_the_edit_in_its_id(field: str) -> None:
    event = first_of(convert(update(field, edit_date=AT + 90), PLAIN))
    assert (event.kind, event.event_id) == (Kind.EDIT, f"-1001333000444/61@{AT + 90}")
    assert (event.message_id, event.created_at) == ("-1001333000444/61", (AT + 90) * 1000)
    assert reason_of(convert(update(field), PLAIN)) == "no_time"


def test_deletions_of_one_update_are_events_without_a_time() -> None:
    outcome = convert(
        {"update_id": 3, "deleted_business_messages": {"chat": {"id": 8002}, "message_ids": [5, 6, 5]}}, PLAIN
    )
    assert isinstance(outcome, Converted)
    assert [(one.kind, one.event_id, one.message_id) for one in outcome.events] == [
        (Kind.DELETE, "8002/5#d", "8002/5"),
        (Kind.DELETE, "8002/6#d", "8002/6"),
    ]
    assert all(map(is_undated, outcome.events))
    assert (
        reason_of(convert({"update_id": 3, "deleted_business_messages": {"chat": {"id": 8002}}}, PLAIN))
        == "not_a_message"
    )


def test_the_chat_in_whose_name_a_person_writes_is_the_sender() -> None:
    anonymous = update(sender_chat=GROUP, **{"from": {"id": 1_087_968_824, "is_bot": True}})
    assert first_of(convert(anonymous, PLAIN)).actor == "-1001333000444"
    post = {"update_id": 1, "channel_post": {"message_id": 1, "chat": NEWS, "date": AT, "text": "x"}}
    assert first_of(convert(post, PLAIN)).actor == "-1000000000077"
    no_sender = {"update_id": 1, "message": {"message_id": 1, "chat": GROUP, "date": AT, "text": "x"}}
    assert first_of(convert(no_sender, PLAIN)).actor is None


@pytest.mark.parametrize(
    "more",
    [
        {"forward_origin": {"type": "channel", "chat": NEWS, "message_id": 6, "date": AT - 50}},
        {"forward_from_chat": NEWS, "forward_from_message_id": 6, "forward_date": AT - 50},
    ],
    ids=["today", "before 7.0"],
)
def test_the_forward_of_a_channels_post_has_its_root_as_a_star(more: dict[str, Any]) -> None:
    event = first_of(convert(update(**more), PLAIN))
    assert (event.kind, event.hops_min, event.created_at) == (Kind.FORWARD, 1, AT * 1000)
    assert (event.root_ref, event.parent_ref) == ("-1000000000077/6", None)
    assert event.parent_evidence is ParentEvidence.ORIGIN_ONLY


@pytest.mark.parametrize(
    "more",
    [
        {"forward_origin": {"type": "user", "sender_user": {"id": 3}, "date": AT}},
        {"forward_origin": {"type": "hidden_user", "sender_user_name": "H", "date": AT}},
        {"forward_origin": {"type": "chat", "sender_chat": GROUP, "date": AT}},
        {"forward_from": {"id": 3}, "forward_date": AT},
        {"forward_sender_name": "H", "forward_date": AT},
        {"forward_from_chat": GROUP, "forward_date": AT},
    ],
)
def test_the_forward_of_a_person_or_group_has_no_root(more: dict[str, Any]) -> None:
    event = first_of(convert(update(**more), PLAIN))
    assert (event.kind, event.hops_min, event.root_ref, event.parent_evidence) == (
        Kind.FORWARD,
        1,
        None,
        ParentEvidence.NONE,
    )


def test_a_channels_own_copy_into_its_discussion_group_is_skipped_unless_asked_for() -> None:
    copy = update(
        is_automatic_forward=True,
        sender_chat=NEWS,
        forward_origin={"type": "channel", "chat": NEWS, "message_id": 6, "date": AT},
    )
    assert convert(copy, PLAIN) == Skipped("automatic_forward")
    event = first_of(convert(copy, Options(keep_automatic=True)))
    assert (event.kind, event.actor) == (Kind.FORWARD, "-1000000000077")
    assert (event.root_ref, event.parent_ref) == ("-1000000000077/6", "-1000000000077/6")
    assert event.parent_evidence is ParentEvidence.API_PARENT


def test_a_reply_names_its_parent_and_a_message_in_a_topic_is_no_reply() -> None:
    reply = first_of(convert(update(reply_to_message={"message_id": 12, "chat": GROUP, "date": AT}), PLAIN))
    assert (reply.kind, reply.parent_ref) == (Kind.REPLY, "-1001333000444/12")
    assert reply.parent_evidence is ParentEvidence.API_PARENT
    opening = {"message_id": 12, "forum_topic_created": {"name": "Fire"}}
    assert first_of(convert(update(reply_to_message=opening), PLAIN)).kind is Kind.POST
    in_topic = update(reply_to_message={"message_id": 12}, message_thread_id=12, is_topic_message=True)
    assert first_of(convert(in_topic, PLAIN)).kind is Kind.POST
    comment = update(reply_to_message={"message_id": 12}, message_thread_id=12)
    assert first_of(convert(comment, PLAIN)).kind is Kind.REPLY


def test_an_answer_to_a_channels_post_in_another_chat_is_a_quote() -> None:
    origin = {"type": "channel", "chat": NEWS, "message_id": 6, "date": AT}
    quote = first_of(convert(update(external_reply={"origin": origin, "chat": NEWS, "message_id": 6}), PLAIN))
    assert (quote.kind, quote.root_ref, quote.hops_min) == (Kind.QUOTE, "-1000000000077/6", 0)
    assert (quote.parent_ref, quote.parent_evidence) == ("-1000000000077/6", ParentEvidence.API_PARENT)
    bare = first_of(convert(update(external_reply={"origin": origin}), PLAIN))
    assert (bare.kind, bare.root_ref, bare.parent_evidence) == (
        Kind.QUOTE,
        "-1000000000077/6",
        ParentEvidence.ORIGIN_ONLY,
    )
    person = first_of(convert(update(external_reply={"origin": {"type": "user"}}), PLAIN))
    assert (person.kind, person.root_ref, person.parent_ref) == (Kind.REPLY, None, None)


def test_captions_hidden_addresses_and_albums_are_read() -> None:
    picture = message(
        photo=[{"file_id": "x", "file_unique_id": "y"}],
        caption="See here",
        caption_entities=[{"type": "text_link", "offset": 4, "length": 4, "url": "https://fire.example"}],
        media_group_id="13900000000000002",
        link_preview_options={"url": "https://fire.example/card"},
    )
    del picture["text"]
    event = first_of(convert({"update_id": 5, "message": picture}, PLAIN))
    assert (event.text, event.group_id, event.media) == ("See here", "13900000000000002", ())
    assert event.urls == ("https://fire.example", "https://fire.example/card")


def test_a_message_without_contents_is_a_service_message() -> None:
    service = message(new_chat_members=[{"id": 4}])
    del service["text"]
    assert convert({"update_id": 5, "message": service}, PLAIN) == Skipped("service")
    padded = service | {"text": None, "photo": [], "caption": None, "entities": []}
    assert convert({"update_id": 5, "message": padded}, PLAIN) == Skipped("service")


@pytest.mark.parametrize("field", ["message_reaction_count", "message_reaction", "callback_query", "my_chat_member"])
def test_other_updates_are_skipped(field: str) -> None:
    assert convert({"update_id": 5, field: {"chat": GROUP, "date": AT}}, PLAIN) == Skipped("other_update")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("x", "not_an_object"),
        ({}, "not_a_message"),
        ({"update_id": None, "poll": {}}, "not_a_message"),
        (update(chat={"id": 0}), "not_a_message"),
        (update(message_id="first"), "not_a_message"),
        (update(date=0), "no_time"),
    ],
)
def test_items_that_are_no_updates_are_refused(item: object, expected: str) -> None:
    assert reason_of(convert(item, PLAIN)) == expected


def test_a_message_without_its_update_is_read() -> None:
    assert first_of(convert(message(), PLAIN)).message_id == "-1001333000444/61"


def test_records_of_a_webhook_and_answers_of_get_updates_give_the_same_outcomes() -> None:
    updates = [update(), {"update_id": 7, "poll": {}}, {"message": {}}]
    files = [
        "\n".join(map(json.dumps, updates)),
        json.dumps(updates),
        json.dumps({"ok": True, "result": updates}, indent=2),
        json.dumps({"ok": True, "result": updates[:1]}) + "\n" + json.dumps({"ok": True, "result": updates[1:]}),
    ]
    for data in files:
        got = [outcome for _, outcome in bot_api.read(MemoryFile(data), PLAIN)]
        assert [type(one) for one in got] == [Converted, Skipped, Refused]
    assert list(bot_api.read(MemoryFile('{"ok": true, "result": []}'), PLAIN)) == []


RICH = update(
    forward_origin={"type": "channel", "chat": NEWS, "message_id": 6, "date": AT},
    reply_to_message={"message_id": 12, "chat": GROUP},
    sender_chat=NEWS,
    entities=[{"type": "text_link", "url": "https://fire.example"}],
    media_group_id="5",
)
QUOTING = update(
    external_reply={"origin": {"type": "channel", "chat": NEWS, "message_id": 6}, "chat": NEWS, "message_id": 6}
)
EDITED = update("edited_message", edit_date=AT + 4)
DELETED = {"update_id": 9, "deleted_business_messages": {"chat": {"id": 8002}, "message_ids": [5]}}


@pytest.mark.parametrize("item", [RICH, QUOTING, EDITED, DELETED], ids=["forward", "quote", "edit", "delete"])
def test_each_kind_of_update_is_accepted_by_intake(item: dict[str, Any]) -> None:
    check_accepted([convert(item, PLAIN)])


@given(mutations([RICH, QUOTING, EDITED, DELETED]))
def test_no_change_of_an_update_raises(items: Any) -> None:
    for item in items if isinstance(items, list) else [items]:
        check_accepted([convert(item, PLAIN), convert(item, Options(keep_automatic=True))])
