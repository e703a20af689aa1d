"""Messages of Telegram's protocol, as Telethon and as 4CAT write them: each row of the mapping, and hostile input."""

import json
from typing import Any

import pytest
from hypothesis import given

from schemas.event import Kind, ParentEvidence
from streams.adapters.base import Converted, Options, Refused, Skipped, is_undated
from streams.adapters.telegram import mtproto
from streams.adapters.telegram.events import IMPORTED
from streams.adapters.telegram.mtproto import PROTECTED, convert, peer
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.mutations import mutations
from tests.streams.adapters.outcomes import AT as COLLECTED_AT
from tests.streams.adapters.outcomes import check_accepted, events_of, first_of, reason_of

PLAIN = Options()
AT = 1_788_900_000
CHAT = "-1001444000222"


def channel(number: int) -> dict[str, Any]:
    return {"_": "PeerChannel", "channel_id": number}


def telethon(**more: Any) -> dict[str, Any]:
    return {
        "_": "Message",
        "id": 88,
        "peer_id": channel(1_444_000_222),
        "date": "2026-09-08T20:40:00+00:00",
        "message": "No petrol from Friday on",
        "out": False,
        "post": True,
        "from_id": None,
        "fwd_from": None,
        "reply_to": None,
        "entities": [],
        "action": None,
    } | more


def fourcat(**more: Any) -> dict[str, Any]:
    """Return the same message in the other notation, in which the message itself bears no type."""
    return {
        "id": 88,
        "peer_id": {"channel_id": 1_444_000_222, "_type": "PeerChannel"},
        "date": float(AT),
        "message": "No petrol from Friday on",
        "post": True,
        "from_id": None,
        "_chat": {"_type": "Channel", "id": 1_444_000_222, "username": "petrol"},
        "_sender": None,
        "message_markdown": "No petrol from Friday on",
    } | more


def test_both_notations_give_the_same_event() -> None:
    one, two = first_of(convert(telethon(), PLAIN)), first_of(convert(fourcat(), PLAIN))
    assert one == two
    assert (one.kind, one.event_id, one.message_id) == (Kind.POST, f"{CHAT}/88", f"{CHAT}/88")
    assert (one.created_at, one.chat, one.actor) == (AT * 1000, CHAT, CHAT)
    assert one.text == "No petrol from Friday on"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"_": "PeerUser", "user_id": 5}, 5),
        ({"_": "PeerChat", "chat_id": 5}, -5),
        ({"_type": "PeerChannel", "channel_id": "5"}, -1_000_000_000_005),
        ({"full_chat": {"id": 5, "about": "petrol"}}, -1_000_000_000_005),
        ({"channel_id": 0}, None),
        (5, None),
        (None, None),
    ],
)
def test_peers_have_marked_ids(given: object, expected: int | None) -> None:
    assert peer(given) == expected


def test_a_sender_goes_before_the_channel_and_a_private_message_is_the_other_persons() -> None:
    assert first_of(convert(telethon(from_id={"_": "PeerUser", "user_id": 9}), PLAIN)).actor == "9"
    assert first_of(convert(telethon(post=False), PLAIN)).actor is None
    private = telethon(post=False, peer_id={"_": "PeerUser", "user_id": 31})
    assert first_of(convert(private, PLAIN)).actor == "31"
    assert first_of(convert(private | {"out": True}, PLAIN)).actor is None


def test_the_forward_of_a_channels_post_has_its_root_as_a_star() -> None:
    header = {"_": "MessageFwdHeader", "from_id": channel(77), "channel_post": 6, "date": "2026-09-08T08:00:00+00:00"}
    event = first_of(convert(telethon(fwd_from=header, reply_to={"reply_to_msg_id": 3}), PLAIN))
    assert (event.kind, event.hops_min, event.created_at) == (Kind.FORWARD, 1, AT * 1000)
    assert (event.root_ref, event.parent_ref) == ("-1000000000077/6", None)
    assert event.parent_evidence is ParentEvidence.ORIGIN_ONLY


@pytest.mark.parametrize(
    "header",
    [
        {"from_id": {"_": "PeerUser", "user_id": 4}, "date": 1},
        {"from_id": None, "from_name": "Hidden", "date": 1},
        {"from_id": channel(77), "channel_post": None},
    ],
)
def test_the_forward_of_a_person_or_group_has_no_root(header: dict[str, Any]) -> None:
    event = first_of(convert(telethon(fwd_from=header), PLAIN))
    assert (event.kind, event.hops_min, event.root_ref) == (Kind.FORWARD, 1, None)
    assert event.parent_evidence is ParentEvidence.NONE


def test_the_copy_in_a_discussion_group_names_the_channels_post_as_its_parent() -> None:
    header = {"from_id": channel(77), "channel_post": 6, "saved_from_peer": channel(77), "saved_from_msg_id": 6}
    event = first_of(convert(telethon(fwd_from=header, from_id=channel(77), post=False), PLAIN))
    assert (event.root_ref, event.parent_ref) == ("-1000000000077/6", "-1000000000077/6")
    assert (event.parent_evidence, event.actor) == (ParentEvidence.API_PARENT, "-1000000000077")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"reply_to_msg_id": 12}, (Kind.REPLY, f"{CHAT}/12")),
        ({"reply_to_msg_id": 12, "reply_to_peer_id": channel(5)}, (Kind.REPLY, "-1000000000005/12")),
        ({"reply_to_msg_id": 12, "reply_to_peer_id": {"planet_id": 5}}, (Kind.REPLY, None)),
        ({"reply_to_msg_id": 12, "forum_topic": True}, (Kind.POST, None)),
        ({"reply_to_msg_id": 12, "forum_topic": True, "reply_to_top_id": 12}, (Kind.POST, None)),
        ({"reply_to_msg_id": 13, "forum_topic": True, "reply_to_top_id": 12}, (Kind.REPLY, f"{CHAT}/13")),
        ({"_": "MessageReplyStoryHeader", "peer": channel(5), "story_id": 2}, (Kind.POST, None)),
    ],
)
def test_replies_name_their_parent_and_topics_are_no_replies(
    header: dict[str, Any], expected: tuple[Kind, str]
) -> None:
    event = first_of(convert(telethon(reply_to=header), PLAIN))
    assert (event.kind, event.parent_ref) == expected
    assert (event.parent_evidence is ParentEvidence.API_PARENT) == (expected[1] is not None)


def test_imported_history_has_the_time_of_the_original_and_a_note() -> None:
    header = {"imported": True, "date": "2024-01-02T03:04:05+00:00", "from_name": "Old chat"}
    outcome = convert(telethon(fwd_from=header), PLAIN)
    assert isinstance(outcome, Converted)
    assert (first_of(outcome).kind, first_of(outcome).hops_min) == (Kind.POST, 0)
    assert (first_of(outcome).created_at, outcome.notes) == (1_704_164_645_000, (IMPORTED,))


def test_counters_are_a_second_event_that_the_time_of_collection_dates() -> None:
    _, counter = events_of(convert(telethon(views=8100, forwards=12), PLAIN))
    assert (counter.kind, counter.event_id, counter.message_id) == (Kind.COUNTER, f"{CHAT}/88", f"{CHAT}/88")
    assert (counter.counters.views, counter.counters.forwards) == (8100, 12)
    assert is_undated(counter)
    _, dated = events_of(convert(telethon(views=8100), Options(collected_at=COLLECTED_AT)))
    assert dated.event_id == f"{CHAT}/88#c{COLLECTED_AT}"
    assert dated.created_at == dated.observed_at == COLLECTED_AT
    assert len(events_of(convert(telethon(views=None, forwards=-1), PLAIN))) == 1


def test_an_edited_message_has_the_time_of_the_edit_in_its_event_id_unless_the_edit_is_hidden() -> None:
    edited = first_of(convert(telethon(edit_date="2026-09-08T20:50:00+00:00"), PLAIN))
    assert (edited.event_id, edited.message_id) == (f"{CHAT}/88@{AT + 600}", f"{CHAT}/88")
    assert (edited.kind, edited.created_at) == (Kind.POST, AT * 1000)
    assert first_of(convert(fourcat(edit_date=float(AT + 600)), PLAIN)).event_id == edited.event_id
    hidden = telethon(edit_date="2026-09-08T20:50:00+00:00", edit_hide=True)
    assert first_of(convert(hidden, PLAIN)).event_id == f"{CHAT}/88"


def test_a_fact_check_is_an_event_of_its_own_without_a_time() -> None:
    check_ = {
        "_": "FactCheck",
        "country": "IN",
        "text": {"_": "TextWithEntities", "text": "False: no shortage"},
        "hash": -77,
    }
    _, debunk = events_of(convert(telethon(factcheck=check_), PLAIN))
    assert (debunk.kind, debunk.message_id) == (Kind.DEBUNK, f"{CHAT}/88")
    assert debunk.event_id == f"debunk/Telegram fact-check (IN)/{CHAT}/88/-77"
    assert (debunk.debunk.publisher, debunk.debunk.verdict) == ("Telegram fact-check (IN)", "False: no shortage")
    assert is_undated(debunk)
    assert len(events_of(convert(telethon(factcheck={"need_check": True}), PLAIN))) == 1


def test_addresses_come_from_entities_whose_places_count_utf16_units_and_from_the_preview() -> None:
    words = "🛢️ siehe öl.example/x und hier"
    entities = [
        {"_": "MessageEntityUrl", "offset": 10, "length": 12},
        {"_": "MessageEntityTextUrl", "offset": 27, "length": 4, "url": "https://oil.example/here"},
        {"_": "MessageEntityBold", "offset": 0, "length": 2},
    ]
    event = first_of(
        convert(
            telethon(message=words, entities=entities, media={"webpage": {"url": "https://oil.example/card"}}), PLAIN
        )
    )
    assert event.text == words
    assert set(event.urls) == {"öl.example/x", "https://oil.example/here", "https://oil.example/card"}
    same = first_of(
        convert(
            fourcat(message="see oil.example/x", entities=[{"_type": "MessageEntityUrl", "offset": 4, "length": 13}]),
            PLAIN,
        )
    )
    assert same.urls == ("oil.example/x",)


def test_the_parts_of_an_album_share_a_group_and_protected_content_is_noted() -> None:
    outcome = convert(telethon(grouped_id=13_900_000_000_000_001, noforwards=True, message=""), PLAIN)
    assert isinstance(outcome, Converted)
    assert (first_of(outcome).group_id, first_of(outcome).text, outcome.notes) == (
        "13900000000000001",
        "",
        (PROTECTED,),
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"_": "MessageService", "action": {"_": "MessageActionPinMessage"}}, Skipped("service")),
        ({"action": {"_": "MessageActionChatAddUser"}}, Skipped("service")),
        ({"_": "MessageEmpty"}, Skipped("empty")),
    ],
)
def test_service_messages_are_skipped(change: dict[str, Any], expected: Skipped) -> None:
    assert convert(telethon(**change), PLAIN) == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ([1], "not_an_object"),
        ({}, "not_a_message"),
        (telethon(peer_id=None), "not_a_message"),
        (telethon(date=None), "no_time"),
        (telethon(date="2026-09-08T20:40:00"), "no_time"),
    ],
)
def test_items_that_are_no_messages_are_refused(item: object, expected: str) -> None:
    assert reason_of(convert(item, PLAIN)) == expected


def test_a_time_without_a_zone_takes_the_given_zone() -> None:
    event = first_of(convert(telethon(date="2026-09-08 22:40:00"), Options(zone="Europe/Stockholm")))
    assert event.created_at == AT * 1000


def test_files_of_lines_arrays_and_answers_give_the_same_outcomes() -> None:
    messages = [telethon(id=1), telethon(id=2, action={}), telethon(id=3, peer_id=7)]
    files = [
        "\n".join(map(json.dumps, messages)),
        json.dumps(messages, indent=2),
        json.dumps({"_": "ChannelMessages", "messages": messages}),
    ]
    for data in files:
        got = [outcome for _, outcome in mtproto.read(MemoryFile(data), PLAIN)]
        assert [type(one) for one in got] == [Converted, Skipped, Refused]
    cut = [outcome for _, outcome in mtproto.read(MemoryFile(files[0] + '\n{"id": 4'), PLAIN)]
    assert [type(one) for one in cut][2:] == [Refused, Refused]


RICH = telethon(
    fwd_from={
        "_": "MessageFwdHeader",
        "from_id": channel(77),
        "channel_post": 6,
        "saved_from_peer": channel(7),
        "saved_from_msg_id": 1,
    },
    reply_to={"reply_to_msg_id": 3, "forum_topic": True, "reply_to_top_id": 1, "reply_to_peer_id": channel(3)},
    entities=[
        {"_": "MessageEntityUrl", "offset": 0, "length": 2},
        {"_": "MessageEntityTextUrl", "url": "https://x.example"},
    ],
    views=5,
    forwards=1,
    edit_date=AT + 5,
    factcheck={"country": "IN", "text": {"text": "false"}, "hash": 1},
    media={"webpage": {"url": "https://y.example"}},
    grouped_id=5,
)


@given(mutations(RICH))
def test_no_change_of_a_message_raises(item: Any) -> None:
    check_accepted([convert(item, PLAIN), convert(item, Options(zone="UTC", collected_at=COLLECTED_AT))])
