"""The scope of an id decides which messages are one message: a number that each chat uses again is many messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.privacy.digests import digests_of
from detectors.privacy.pseudonym import Pseudonymiser
from detectors.reading.rules import lacks_chat
from schemas.event import ForwardEvent, IdScope, Kind

KEY = Pseudonymiser(b"k" * 32, "test")


def digests(kind=Kind.POST, **fields):
    base = {"event_id": "ev", "platform": "telegram", "created_at": 1_700_000_000_000, "message_id": "812"}
    return digests_of(ForwardEvent(kind=kind, **(base | fields)), KEY)


def test_a_small_number_names_another_message_in_each_chat():
    assert digests(chat="harbour").message != digests(chat="orchard").message
    assert digests(chat="harbour").message == digests(chat="harbour").message


@pytest.mark.parametrize(
    "id_", ["at://did:plc:ab/app.bsky.feed.post/3k", "wamid.HBgM", "harbour/812", "1893000000000000001", "m812", "8 12"]
)
def test_any_other_id_names_one_message_on_the_whole_platform(id_):
    assert digests(message_id=id_, chat="harbour").message == digests(message_id=id_, chat="orchard").message


def test_the_longest_small_number_has_ten_digits():
    ten, eleven = "1" * 10, "1" * 11
    assert digests(message_id=ten, chat="a").message != digests(message_id=ten, chat="b").message
    assert digests(message_id=eleven, chat="a").message == digests(message_id=eleven, chat="b").message


def test_the_stated_scope_decides_before_the_form_of_the_id():
    platform, chat = IdScope.PLATFORM, IdScope.CHAT
    assert digests(chat="a", id_scope=platform).message == digests(chat="b", id_scope=platform).message
    first, second = (digests(message_id="1503435956.000247", chat=place, id_scope=chat) for place in "ab")
    assert first.message != second.message


def test_a_number_without_a_chat_is_an_id_of_the_platform():
    assert digests().message == KEY.message("812", "telegram")


def test_events_that_are_numbered_in_each_chat_are_no_second_deliveries():
    assert digests(event_id="812", chat="harbour").event != digests(event_id="812", chat="orchard").event
    assert digests(event_id="h-812", chat="harbour").event == digests(event_id="h-812", chat="orchard").event


def test_a_reply_and_a_deletion_refer_to_a_message_of_their_own_chat():
    original = digests(chat="harbour").message
    assert digests(Kind.REPLY, message_id="813", parent_ref="812", chat="harbour").parent == original
    assert digests(Kind.DELETE, chat="harbour").message == original
    assert digests(Kind.DELETE, chat="orchard").message != original


def test_a_forward_refers_to_a_number_of_another_chat_only_if_the_chat_is_named():
    original = digests(chat="harbour").message
    named = digests(Kind.FORWARD, message_id="5", root_ref="812", root_chat="harbour", chat="orchard")
    assert named.root == original
    via = digests(Kind.FORWARD, message_id="5", parent_ref="812", parent_chat="harbour", chat="orchard")
    assert via.parent == original
    unnamed = digests(Kind.FORWARD, message_id="5", root_ref="812", parent_ref="811", chat="orchard")
    assert (unnamed.root, unnamed.parent) == (None, None)


def test_a_forward_of_a_message_with_an_id_of_the_platform_keeps_its_references():
    forward = digests(Kind.FORWARD, message_id="5", root_ref="origin:77", chat="orchard")
    assert forward.root == KEY.message("origin:77", "telegram")


def test_the_parts_of_an_album_share_a_digest_and_two_chats_do_not():
    assert digests(group_id="9", chat="a").group == digests(message_id="813", group_id="9", chat="a").group
    assert digests(group_id="9", chat="a").group != digests(group_id="9", chat="b").group


def test_a_number_of_one_chat_needs_the_chat():
    def event(kind=Kind.DELETE, **fields):
        return ForwardEvent(
            event_id="ev", platform="telegram", kind=kind, created_at=1_700_000_000_000, id_scope=IdScope.CHAT, **fields
        )

    assert lacks_chat(event(message_id="812"))
    assert lacks_chat(event(parent_ref="812"))
    assert not lacks_chat(event(message_id="812", chat="harbour"))
    assert not lacks_chat(event(parent_ref="812", parent_chat="harbour"))
    assert not lacks_chat(event(Kind.ACCOUNT_STATE, actor="someone"))


@given(
    chats=st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=2, unique=True),
    number=st.integers(0, 10**10 - 1),
)
def test_no_number_of_one_chat_is_ever_a_message_of_another(chats, number):
    first, second = (digests(message_id=str(number), chat=chat).message for chat in chats)
    assert first != second != KEY.message(str(number), "telegram")
