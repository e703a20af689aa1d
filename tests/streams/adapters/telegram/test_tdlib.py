"""Messages and updates of TDLib: each row of the mapping, local messages, and hostile input."""

import json
from typing import Any

import pytest
from hypothesis import given

from schemas.event import Kind, ParentEvidence
from streams.adapters.base import Converted, Options, Refused, Skipped, is_undated
from streams.adapters.telegram import bot_api, mtproto, tdlib
from streams.adapters.telegram.events import IMPORTED
from streams.adapters.telegram.tdlib import ID_STEP, convert
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.mutations import mutations
from tests.streams.adapters.outcomes import AT as COLLECTED_AT
from tests.streams.adapters.outcomes import check_accepted, events_of, first_of, reason_of

PLAIN = Options()
AT = 1_788_900_000
CHAT = -1_001_222_000_555


def content(words: str = "The well is poisoned", **more: Any) -> dict[str, Any]:
    return {"@type": "messageText", "text": {"@type": "formattedText", "text": words, "entities": []}} | more


def message(number: int = 61, **more: Any) -> dict[str, Any]:
    return {
        "@type": "message",
        "id": number * ID_STEP,
        "sender_id": {"@type": "messageSenderUser", "user_id": 8002},
        "chat_id": CHAT,
        "date": AT,
        "edit_date": 0,
        "media_album_id": "0",
        "content": content(),
    } | more


def origin(number: int = 6) -> dict[str, Any]:
    return {"@type": "messageOriginChannel", "chat_id": -1_000_000_000_077, "message_id": number * ID_STEP}


@pytest.mark.parametrize("wrap", [None, "updateNewMessage", "updateMessageSendSucceeded"])
def test_a_message_becomes_a_post_with_the_number_of_the_server(wrap: str | None) -> None:
    item = message() if wrap is None else {"@type": wrap, "message": message()}
    event = first_of(convert(item, PLAIN))
    assert (event.kind, event.event_id, event.message_id) == (Kind.POST, f"{CHAT}/61", f"{CHAT}/61")
    assert (event.actor, event.chat, event.created_at) == ("8002", str(CHAT), AT * 1000)
    assert (event.text, event.group_id) == ("The well is poisoned", None)
    check_accepted([convert(item, PLAIN)])


def test_one_message_has_one_id_in_each_interface_of_telegram() -> None:
    bare = -CHAT - 10**12
    others = (
        mtproto.convert({"id": 61, "peer_id": {"channel_id": bare}, "date": AT, "message": "x"}, PLAIN),
        bot_api.convert({"message_id": 61, "chat": {"id": CHAT}, "date": AT, "text": "x"}, PLAIN),
    )
    assert {first_of(one).message_id for one in others} == {first_of(convert(message(), PLAIN)).message_id}


@pytest.mark.parametrize("id_", [61 * ID_STEP + 1, 5, -ID_STEP])
def test_a_message_that_waits_for_the_server_is_refused(id_: int) -> None:
    assert reason_of(convert(message(id=id_), PLAIN)) == "local_message"


def test_the_forward_of_a_channels_post_has_its_root_and_the_source_as_parent_where_known() -> None:
    star = first_of(convert(message(forward_info={"origin": origin(), "source": None}), PLAIN))
    assert (star.kind, star.hops_min, star.root_ref) == (Kind.FORWARD, 1, "-1000000000077/6")
    assert (star.parent_ref, star.parent_evidence) == (None, ParentEvidence.ORIGIN_ONLY)
    source = {"@type": "forwardSource", "chat_id": -1_000_000_000_088, "message_id": 7 * ID_STEP}
    saved = first_of(convert(message(forward_info={"origin": origin(), "source": source}), PLAIN))
    assert (saved.parent_ref, saved.parent_evidence) == ("-1000000000088/7", ParentEvidence.API_PARENT)


@pytest.mark.parametrize("kind", ["messageOriginUser", "messageOriginHiddenUser", "messageOriginChat"])
def test_the_forward_of_a_person_or_group_has_no_root(kind: str) -> None:
    info = {"origin": {"@type": kind, "sender_user_id": 3}, "source": {"chat_id": 0, "message_id": 0}}
    event = first_of(convert(message(forward_info=info), PLAIN))
    assert (event.kind, event.hops_min, event.root_ref, event.parent_evidence) == (
        Kind.FORWARD,
        1,
        None,
        ParentEvidence.NONE,
    )


def test_replies_name_their_parent_quotes_their_root_and_topics_are_no_replies() -> None:
    def answer(**more: Any) -> dict[str, Any]:
        return {"@type": "messageReplyToMessage", "chat_id": CHAT, "message_id": 12 * ID_STEP} | more

    reply = first_of(convert(message(reply_to=answer()), PLAIN))
    assert (reply.kind, reply.parent_ref, reply.parent_evidence) == (
        Kind.REPLY,
        f"{CHAT}/12",
        ParentEvidence.API_PARENT,
    )
    quote = first_of(convert(message(reply_to=answer(chat_id=0, message_id=0, origin=origin())), PLAIN))
    assert (quote.kind, quote.root_ref, quote.parent_evidence) == (
        Kind.QUOTE,
        "-1000000000077/6",
        ParentEvidence.ORIGIN_ONLY,
    )
    hidden = first_of(convert(message(reply_to=answer(chat_id=0, origin={"@type": "messageOriginUser"})), PLAIN))
    assert (hidden.kind, hidden.parent_ref) == (Kind.REPLY, None)
    topic = {"@type": "messageTopicForum", "forum_topic_id": 12}
    assert first_of(convert(message(reply_to=answer(), topic_id=topic), PLAIN)).kind is Kind.POST
    assert first_of(convert(message(reply_to={"@type": "messageReplyToStory", "story_id": 3}), PLAIN)).kind is Kind.POST


def test_counters_come_with_a_message_or_alone_and_without_a_time() -> None:
    info = {"@type": "messageInteractionInfo", "view_count": 900, "forward_count": 0}
    for item in (
        message(interaction_info=info),
        {
            "@type": "updateMessageInteractionInfo",
            "chat_id": CHAT,
            "message_id": 61 * ID_STEP,
            "interaction_info": info,
        },
    ):
        counter = events_of(convert(item, PLAIN))[-1]
        assert (counter.kind, counter.event_id, counter.message_id) == (Kind.COUNTER, f"{CHAT}/61", f"{CHAT}/61")
        assert (counter.counters.views, counter.counters.forwards) == (900, 0)
        assert is_undated(counter)
        dated = events_of(convert(item, Options(collected_at=COLLECTED_AT)))[-1]
        assert (dated.event_id, dated.observed_at) == (f"{CHAT}/61#c{COLLECTED_AT}", COLLECTED_AT)


def test_only_lasting_deletions_on_the_server_are_deletions() -> None:
    update = {
        "@type": "updateDeleteMessages",
        "chat_id": CHAT,
        "message_ids": [ID_STEP, 2 * ID_STEP],
        "is_permanent": True,
        "from_cache": False,
    }
    assert [(one.kind, one.event_id) for one in events_of(convert(update, PLAIN))] == [
        (Kind.DELETE, f"{CHAT}/1#d"),
        (Kind.DELETE, f"{CHAT}/2#d"),
    ]
    assert convert(update | {"from_cache": True}, PLAIN) == Skipped("not_deleted")
    assert convert(update | {"is_permanent": False}, PLAIN) == Skipped("not_deleted")
    assert reason_of(convert(update | {"message_ids": []}, PLAIN)) == "not_a_message"
    assert reason_of(convert(update | {"message_ids": [ID_STEP + 1]}, PLAIN)) == "local_message"


def test_a_fact_check_comes_with_a_message_or_alone() -> None:
    check_ = {"@type": "factCheck", "text": {"text": "False: the well is tested weekly"}, "country_code": "NG"}
    for item in (
        message(fact_check=check_),
        {"@type": "updateMessageFactCheck", "chat_id": CHAT, "message_id": 61 * ID_STEP, "fact_check": check_},
    ):
        debunk = events_of(convert(item, PLAIN))[-1]
        assert (debunk.kind, debunk.message_id) == (Kind.DEBUNK, f"{CHAT}/61")
        assert debunk.event_id == f"debunk/Telegram fact-check (NG)/{CHAT}/61"
        assert debunk.debunk.verdict == "False: the well is tested weekly"


def test_edits_albums_imports_and_senders() -> None:
    edited = first_of(convert(message(edit_date=AT + 60, media_album_id="139"), PLAIN))
    assert (edited.event_id, edited.created_at, edited.group_id) == (f"{CHAT}/61@{AT + 60}", AT * 1000, "139")
    imported = convert(message(import_info={"sender_name": "Old", "date": AT - 900_000}), PLAIN)
    assert isinstance(imported, Converted)
    assert (first_of(imported).created_at, imported.notes) == ((AT - 900_000) * 1000, (IMPORTED,))
    chat = first_of(convert(message(sender_id={"@type": "messageSenderChat", "chat_id": CHAT}), PLAIN))
    assert chat.actor == str(CHAT)


def test_captions_and_addresses_are_read() -> None:
    entities = [
        {"offset": 0, "length": 4, "type": {"@type": "textEntityTypeTextUrl", "url": "https://well.example/a"}},
        {"offset": 3, "length": 6, "type": {"@type": "textEntityTypeUrl"}},
    ]
    caption = {"@type": "formattedText", "text": "🚱 w.test", "entities": entities}
    event = first_of(convert(message(content={"@type": "messagePhoto", "caption": caption}), PLAIN))
    assert (event.text, event.urls) == ("🚱 w.test", ("https://well.example/a", "w.test"))
    preview = first_of(convert(message(content=content(link_preview={"url": "https://well.example/b"})), PLAIN))
    assert preview.urls == ("https://well.example/b",)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (message(content={"@type": "messagePinMessage"}), "service"),
        (message(content={"@type": "messageUnsupported"}), "unsupported"),
        (
            {"@type": "updateMessageContent", "chat_id": CHAT, "message_id": ID_STEP, "new_content": content()},
            "content_update",
        ),
        ({"@type": "updateMessageEdited", "chat_id": CHAT, "message_id": ID_STEP, "edit_date": AT}, "content_update"),
        ({"@type": "updateMessageInteractionInfo", "chat_id": CHAT, "message_id": ID_STEP}, "other_object"),
        ({"@type": "updateUserStatus", "user_id": 3}, "other_object"),
        ({"@type": "ok"}, "other_object"),
    ],
)
def test_other_objects_are_skipped(item: dict[str, Any], expected: str) -> None:
    assert convert(item, PLAIN) == Skipped(expected)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (4, "not_an_object"),
        ({}, "not_a_message"),
        ({"@type": ["message"]}, "not_a_message"),
        (message(chat_id=0), "not_a_message"),
        (message(date=0), "no_time"),
        ({"@type": "updateNewMessage", "message": None}, "not_a_message"),
    ],
)
def test_items_that_are_no_messages_are_refused(item: object, expected: str) -> None:
    assert reason_of(convert(item, PLAIN)) == expected


def test_lines_of_updates_and_answers_give_the_same_outcomes() -> None:
    messages = [message(), message(content={"@type": "messageCall"}), message(id=1)]
    answer = {"@type": "messages", "total_count": 3, "messages": messages}
    for data in ("\n".join(map(json.dumps, messages)), json.dumps(messages), json.dumps(answer)):
        got = [outcome for _, outcome in tdlib.read(MemoryFile(data), PLAIN)]
        assert [type(one) for one in got] == [Converted, Skipped, Refused]


RICH = message(
    forward_info={"origin": origin(), "source": {"chat_id": CHAT, "message_id": ID_STEP}},
    reply_to={"@type": "messageReplyToMessage", "chat_id": CHAT, "message_id": ID_STEP, "origin": origin()},
    topic_id={"@type": "messageTopicForum", "forum_topic_id": 3},
    interaction_info={"view_count": 3, "forward_count": 4},
    fact_check={"text": {"text": "false"}, "country_code": "NG"},
    import_info={"date": AT},
    edit_date=AT,
)
DELETED = {"@type": "updateDeleteMessages", "chat_id": CHAT, "message_ids": [ID_STEP], "is_permanent": True}


@given(mutations([RICH, RICH | {"forward_info": None}, DELETED, {"@type": "updateNewMessage", "message": RICH}]))
def test_no_change_of_an_item_raises(items: Any) -> None:
    for item in items if isinstance(items, list) else [items]:
        check_accepted([convert(item, PLAIN), convert(item, Options(collected_at=COLLECTED_AT))])
