"""Telegram Desktop's export: both shapes, each row of the mapping, escapes that are no JSON, and damage."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Kind, Media, ParentEvidence
from streams.adapters.base import Converted, FormatError, Options, Outcome, Refused, Skipped
from streams.adapters.telegram import desktop
from streams.adapters.telegram.desktop import Chat, convert
from tests.streams.adapters.file import MemoryFile
from tests.streams.adapters.mutations import mutations
from tests.streams.adapters.outcomes import check_accepted, first_of, reason_of

GROUP = Chat(-1_001_555_000_111, -1_001_555_000_111, is_channel=False)
CHANNEL = GROUP._replace(is_channel=True)
AT = 1_788_900_000
PLAIN = Options()


def message(number: int = 40, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "type": "message",
        "date": "2026-09-08T18:40:00",
        "date_unixtime": str(AT),
        "from": "Ines",
        "from_id": "user7001",
        "text": "The ferry to Sandö is sold",
        "text_entities": [{"type": "plain", "text": "The ferry to Sandö is sold"}],
    } | more


def old(number: int = 40, **more: Any) -> dict[str, Any]:
    """Return a message as written before 2022."""
    given = message(number, **more)
    return {key: value for key, value in given.items() if key not in {"date_unixtime", "text_entities"}}


def chat(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"name": "Sandö", "type": "private_supergroup", "id": 1_555_000_111} | more | {"messages": list(messages)}


def read(document: object, options: Options = PLAIN, piece: int = 64) -> list[Outcome]:
    data = document if isinstance(document, bytes | str) else json.dumps(document, indent=1, ensure_ascii=False)
    found = list(desktop.read(MemoryFile(data, piece=piece), options))
    assert [position for position, _ in found] == list(range(len(found)))
    return [outcome for _, outcome in found]


def test_a_message_becomes_a_post_with_marked_ids_and_the_time_of_the_server() -> None:
    (outcome,) = read(chat(message()))
    event = first_of(outcome)
    assert (event.kind, event.platform) == (Kind.POST, "telegram")
    assert event.event_id == event.message_id == "-1001555000111/40"
    assert (event.actor, event.chat, event.created_at) == ("7001", "-1001555000111", AT * 1000)
    assert event.text == "The ferry to Sandö is sold"
    assert (event.hops_min, event.parent_ref, event.root_ref) == (0, None, None)
    check_accepted([outcome])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("public_channel", "-1000000000077"),
        ("private_channel", "-1000000000077"),
        ("public_supergroup", "-1000000000077"),
        ("private_supergroup", "-1000000000077"),
        ("private_group", "-77"),
        ("personal_chat", "77"),
        ("bot_chat", "77"),
        ("saved_messages", "77"),
        ("replies", "77"),
        ("verification_codes", "77"),
        ("", "77"),
        (None, "77"),
    ],
)
def test_the_type_of_a_chat_decides_its_series_of_numbers(kind: str | None, expected: str) -> None:
    (outcome,) = read(chat(message(), type=kind, id="77"))
    assert first_of(outcome).chat == expected


def test_an_account_gives_the_messages_of_all_its_chats() -> None:
    account = {
        "about": "An invented account [ {",
        "personal_information": {"user_id": 7001},
        "contacts": {"list": [{"first_name": "Ines", "messages": [1]}]},
        "chats": {
            "about": "...",
            "list": [chat(message(1), message(2)), chat(type="personal_chat", id=9), chat(message(3), id=8)],
        },
        "left_chats": {"about": "...", "list": [chat(message(4), type="public_channel", id=12)]},
    }
    assert [first_of(one).message_id for one in read(account)] == [
        "-1001555000111/1",
        "-1001555000111/2",
        "-1000000000008/3",
        "-1000000000012/4",
    ]


def test_service_messages_and_unsupported_ones_are_skipped() -> None:
    got = read(chat(message(type="service", action="pin_message"), {"id": 3, "type": "unsupported"}))
    assert got == [Skipped("service"), Skipped("unsupported")]


@pytest.mark.parametrize(
    "more", [{"forwarded_from": "Harbour news"}, {"forwarded_from": None}, {"forwarded_from_id": "channel9"}]
)
def test_a_forward_has_a_hop_and_no_root_also_from_a_deleted_account(more: dict[str, Any]) -> None:
    event = first_of(convert(message(**more, reply_to_message_id=3), GROUP, PLAIN))
    assert (event.kind, event.hops_min) == (Kind.FORWARD, 1)
    assert (event.root_ref, event.parent_ref, event.parent_evidence) == (None, None, ParentEvidence.NONE)


def test_a_reply_names_its_parent_in_its_own_chat_or_in_another() -> None:
    own = first_of(convert(message(reply_to_message_id=12), GROUP, PLAIN))
    assert (own.kind, own.parent_ref, own.parent_evidence) == (
        Kind.REPLY,
        "-1001555000111/12",
        ParentEvidence.API_PARENT,
    )
    other = first_of(convert(message(reply_to_message_id="12", reply_to_peer_id="channel5"), GROUP, PLAIN))
    assert other.parent_ref == "-1000000000005/12"
    unknown = first_of(convert(message(reply_to_message_id=12, reply_to_peer_id="planet5"), GROUP, PLAIN))
    assert (unknown.kind, unknown.parent_ref, unknown.parent_evidence) == (Kind.REPLY, None, ParentEvidence.NONE)


def test_a_message_in_a_topic_of_a_forum_is_no_reply_to_the_opening_of_the_topic() -> None:
    opening = {"id": 5, "type": "service", "action": "topic_created", "title": "Ferries"}
    _, post, reply = read(chat(opening, message(6, reply_to_message_id=5), message(7, reply_to_message_id=6)))
    assert first_of(post).kind is Kind.POST
    assert (first_of(reply).kind, first_of(reply).parent_ref) == (Kind.REPLY, "-1001555000111/6")


def test_topics_of_one_chat_are_not_those_of_the_next() -> None:
    opening = {"id": 5, "type": "service", "action": "topic_created"}
    account = {"chats": {"list": [chat(opening), chat(message(6, reply_to_message_id=5), id=3)]}}
    assert first_of(read(account)[-1]).kind is Kind.REPLY


@pytest.mark.parametrize(
    ("given", "expected"),
    [("channel31", "-1000000000031"), ("chat31", "-31"), ("user31", "31"), ("31", "31"), (31, "31")],
)
def test_senders_are_people_groups_or_channels(given: object, expected: str) -> None:
    assert first_of(convert(message(from_id=given), GROUP, PLAIN)).actor == expected


def test_a_message_without_a_sender_is_the_channels_and_in_a_group_the_named_persons() -> None:
    bare = message(from_id=None)
    assert first_of(convert(bare, CHANNEL, PLAIN)).actor == str(CHANNEL.id)
    outcome = convert(bare, GROUP, PLAIN)
    assert isinstance(outcome, Converted)
    assert (first_of(outcome).actor, outcome.notes) == ("Ines", (desktop.NAMES,))
    assert first_of(convert(message(from_id=None) | {"from": None}, GROUP, PLAIN)).actor is None


def test_texts_are_joined_without_styles_and_addresses_behind_words_are_kept() -> None:
    parts = [
        "Read ",
        {"type": "text_link", "text": "this", "href": "https://sando.example/a"},
        {"type": "bold", "text": " now "},
        {"type": "link", "text": "https://sando.example/b"},
        {"type": "text_link", "text": "!", "href": "https://sando.example/a"},
    ]
    expected = ("Read this now https://sando.example/b!", ("https://sando.example/a", "https://sando.example/b"))
    for fields in ({"text": parts, "text_entities": []}, {"text": "other", "text_entities": parts}):
        event = first_of(convert(message(**fields), GROUP, PLAIN))
        assert (event.text, event.urls) == expected


class Album(MemoryFile):
    """A file with two pictures at hand."""

    def media(self, path: str) -> Media | None:
        return Media(sha256=path[-5] * 64) if path.startswith("photos/") else None


def test_files_at_hand_are_hashed_and_files_left_out_are_noted() -> None:
    document = chat(
        message(1, photo="photos/photo_a.jpg", text="", text_entities=[]),
        message(2, file="video/clip.mp4", thumbnail="photos/thumb_b.jpg"),
        message(3, photo="(File not included. Change data exporting settings to download.)"),
        message(4, file="video/gone.mp4"),
    )
    with_a, with_b, left_out, gone = [one for _, one in desktop.read(Album(json.dumps(document)), PLAIN)]
    assert [one.sha256[0] for one in first_of(with_a).media] == ["a"]
    assert [one.sha256[0] for one in first_of(with_b).media] == ["b"]
    for outcome in (left_out, gone):
        assert isinstance(outcome, Converted)
        assert (outcome.events[0].media, outcome.notes) == ((), (desktop.NO_MEDIA,))
    check_accepted([with_a, with_b, left_out, gone])


def test_an_edited_message_is_one_event_with_a_note() -> None:
    outcome = convert(message(edited="2026-09-08T19:00:00", edited_unixtime=str(AT + 1200)), GROUP, PLAIN)
    assert isinstance(outcome, Converted)
    assert (outcome.events[0].event_id, outcome.events[0].created_at) == ("-1001555000111/40", AT * 1000)
    assert outcome.notes == (desktop.EDITED,)


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 64, 100_000])
def test_an_escape_that_is_no_json_is_read_whatever_the_pieces_of_the_file(piece: int) -> None:
    data = json.dumps(chat(message(1, text="a#b", text_entities=[]), message(2)), indent=1).replace(
        "a#b", r"a\x0Bb\\x0B\"\x1F"
    )
    mended, plain = read(data, piece=piece)
    assert isinstance(mended, Converted)
    assert (mended.events[0].text, mended.notes) == ('a\x0bb\\x0B"\x1f', (desktop.MENDED,))
    assert isinstance(plain, Converted)
    assert plain.notes == ()


def test_the_name_of_a_chat_may_hold_an_escape_that_is_no_json() -> None:
    assert first_of(read(json.dumps(chat(message(), name="a#b")).replace("a#b", r"a\x01b"))[0]).chat == "-1001555000111"


def test_an_old_export_needs_a_zone_for_its_local_times() -> None:
    document = chat(message(type="service") | {"date_unixtime": None}, old(1), old(2))
    del document["messages"][0]["date_unixtime"]
    with pytest.raises(FormatError, match="--zone"):
        read(document)
    _, one, two = read(document, Options(zone="Europe/Stockholm"))
    assert first_of(one).created_at == first_of(two).created_at == 1_788_885_600_000


def test_one_message_without_a_time_in_a_newer_export_is_refused_alone() -> None:
    assert [reason_of(one) for one in read(chat(message(1), old(2), message(3) | {"date_unixtime": "soon"}))[1:]] == [
        "no_zone",
        "no_time",
    ]


def test_the_numbers_of_the_oldest_exports_hold_their_series() -> None:
    channel = (2 << 32) + 1_555_000_111
    document = chat(old(1, from_id=7001), old(2, from_id=channel), id=channel)
    one, two = read(document, Options(zone="UTC"))
    assert first_of(one).message_id == "-1001555000111/1"
    assert (first_of(one).actor, first_of(two).actor) == ("7001", "-1001555000111")
    assert first_of(read(chat(message(1), id=channel))[0]).chat == str(-(10**12) - channel)


def test_numbers_below_zero_of_a_group_that_became_a_supergroup_are_kept() -> None:
    assert first_of(read(chat(message(-999_999_437)))[0]).message_id == "-1001555000111/-999999437"


def test_more_than_twenty_messages_of_one_second_are_noted_once() -> None:
    got = read(chat(*(message(number) for number in range(1, 31))))
    noted = [number for number, one in enumerate(got, start=1) if isinstance(one, Converted) and one.notes]
    assert noted == [21]
    apart = read(chat(*(message(number) | {"date_unixtime": str(AT + number // 20)} for number in range(60))))
    assert all(isinstance(one, Converted) and not one.notes for one in apart)


@pytest.mark.parametrize(
    "document",
    [
        {"messages": [message(1), message(2)], "name": "Sandö", "type": "private_group", "id": 4},
        {"id": 4, "messages": [message(1), message(2)], "name": "Sandö", "type": "private_group"},
    ],
)
def test_the_id_and_type_of_a_chat_may_follow_its_messages(document: dict[str, Any]) -> None:
    assert [first_of(one).message_id for one in read(document)] == ["-4/1", "-4/2"]


def test_each_chat_of_an_account_with_sorted_keys_has_its_own_type() -> None:
    chats = [
        {"id": 4, "messages": [message(1)], "type": "private_group"},
        {"id": 5, "messages": [], "type": "private_group"},
        {"id": 6, "messages": [message(2)], "type": "public_channel"},
    ]
    got = read({"about": "", "chats": {"list": chats}})
    assert [first_of(one).message_id for one in got] == ["-4/1", "-1000000000006/2"]


@pytest.mark.parametrize(
    "head",
    [
        {"name": "Sandö"},
        {"name": "Sandö", "id": 4},
        {"name": "Sandö", "type": "private_group"},
        {"name": "Sandö", "type": "private_group", "id": "four"},
        {"name": "Sandö", "type": "private_group", "id": 120_363_000_000_000_000},
    ],
)
def test_a_chat_without_an_id_or_a_type_is_known_by_its_name(head: dict[str, Any]) -> None:
    first, second = read(head | {"messages": [message(1), message(2, reply_to_message_id=1)]})
    assert (first_of(first).message_id, first_of(first).chat) == ("Sandö/1", "Sandö")
    assert first_of(second).parent_ref == "Sandö/1"
    assert isinstance(first, Converted)
    assert isinstance(second, Converted)
    assert (first.notes, second.notes) == ((desktop.NAMED,), ())


def test_messages_alone_need_the_name_of_their_chat() -> None:
    document = {"messages": [message(1)]}
    (named,) = read(document, Options(chat="Sandö"))
    assert first_of(named).message_id == "Sandö/1"
    with pytest.raises(FormatError, match="--chat NAME"):
        read(document)


def test_a_chat_without_a_name_is_refused_message_by_message_next_to_others() -> None:
    chats = [chat(message(1)), {"type": "private_group", "messages": [message(2), message(3)]}]
    first, *rest = read({"chats": {"list": chats}})
    assert first_of(first).message_id == "-1001555000111/1"
    assert [reason_of(one) for one in rest] == ["no_chat", "no_chat"]


def test_a_faulty_message_costs_no_other_and_a_cut_file_gives_the_messages_before_the_cut() -> None:
    data = json.dumps(chat(message(1), message(2), message(3)))
    faulty = data.replace('"id": 2,', '"id": ,')
    assert [type(one) for one in read(faulty)] == [Converted, Refused, Converted]
    cut = read(data[: data.index('"id": 3') + 30])
    assert [reason_of(one) if isinstance(one, Refused) else "" for one in cut] == ["", "", "truncated"]
    damaged = [one for _, one in desktop.read(MemoryFile(data[:-40], damaged=True), PLAIN)]
    assert reason_of(damaged[-1]) == "truncated"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (7, "not_an_object"),
        (None, "not_an_object"),
        ({}, "unknown_type"),
        ({"type": []}, "unknown_type"),
        ({"type": "message"}, "no_id"),
    ],
)
def test_an_entry_that_is_no_message_is_refused_without_its_content(entry: object, expected: str) -> None:
    assert reason_of(read(chat(entry))[0]) == expected


def test_two_exports_of_one_renamed_chat_have_equal_ids() -> None:
    one, two = read(chat(message(), name="Sandö")), read(chat(message(), name="Sandö (new)"))
    assert first_of(one[0]) == first_of(two[0])


RICH = message(
    photo="photos/a.jpg",
    forwarded_from="Harbour news",
    reply_to_message_id=3,
    reply_to_peer_id="channel5",
    edited_unixtime="1",
    text=["a", {"type": "text_link", "text": "b", "href": "https://x.example"}],
)


@given(mutations(chat(RICH, message(2), message(3, type="service", action="topic_created"))), st.integers(1, 400))
def test_no_change_of_an_export_raises_or_loses_a_message(document: Any, piece: int) -> None:
    try:
        got = read(json.dumps(document), PLAIN, piece)
    except FormatError:
        got = read(json.dumps(document), Options(zone="UTC"), piece)
    check_accepted(got)
    if isinstance(document, dict) and isinstance(document.get("messages"), list):
        assert len(got) == len(document["messages"])


@given(mutations(RICH), st.booleans())
def test_no_change_of_a_message_raises(entry: Any, is_channel: bool) -> None:
    check_accepted([convert(entry, CHANNEL if is_channel else GROUP, Options(zone="UTC"))])


def test_a_million_messages_are_read_one_at_a_time() -> None:
    taken = 0

    class Endless(MemoryFile):
        def chunks(self) -> Iterator[bytes]:
            nonlocal taken
            yield b'{"name": "x", "type": "private_group", "id": 4, "messages": ['
            while True:
                taken += 1
                yield json.dumps(message()).encode() + b","

    stream = desktop.read(Endless(b""), PLAIN)
    for _ in range(50):
        assert first_of(next(stream)[1]).chat == "-4"
    assert taken < 120
