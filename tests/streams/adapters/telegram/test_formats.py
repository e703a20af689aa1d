"""Recognition: each file of Telegram belongs to one format, and to none of another platform."""

import json
from typing import Any

import pytest

from streams.adapters.opening import OPENING_BYTES, Opening
from streams.adapters.registry import FORMATS, recognise
from streams.adapters.telegram import FORMATS as TELEGRAM_FORMATS
from tests.streams.adapters.telegram import test_bot_api, test_desktop, test_mtproto, test_tdlib

ACCOUNT = {
    "about": "Here is the data you requested.",
    "personal_information": {"user_id": 7001, "first_name": "Ines"},
    "contacts": {"about": "", "list": [{"first_name": "x" * 70_000}]},
    "chats": {"about": "", "list": [test_desktop.chat(test_desktop.message())]},
}
FILES: dict[str, tuple[str, Any]] = {
    "a chat": ("telegram-desktop", test_desktop.chat(test_desktop.message())),
    "an old chat": ("telegram-desktop", test_desktop.chat(test_desktop.old())),
    "an empty chat": ("telegram-desktop", test_desktop.chat()),
    "a sorted chat": ("telegram-desktop", dict(sorted(test_desktop.chat(test_desktop.message()).items()))),
    "an account": ("telegram-desktop", ACCOUNT),
    "Telethon": ("telegram-mtproto", test_mtproto.telethon()),
    "Telethon, service": (
        "telegram-mtproto",
        test_mtproto.telethon(_="MessageService", action={"_": "MessageActionPinMessage"}),
    ),
    "Telethon, array": ("telegram-mtproto", [test_mtproto.telethon()]),
    "Telethon, answer": ("telegram-mtproto", {"_": "ChannelMessages", "messages": [test_mtproto.telethon()]}),
    "4CAT": ("telegram-mtproto", test_mtproto.fourcat()),
    "an update": ("telegram-bot", test_bot_api.update()),
    "an old forward": (
        "telegram-bot",
        test_bot_api.update(forward_from_chat=test_bot_api.NEWS, forward_from_message_id=6),
    ),
    "an answer to getUpdates": ("telegram-bot", {"ok": True, "result": [test_bot_api.update()]}),
    "a message of the Bot API": ("telegram-bot", test_bot_api.message()),
    "a TDLib message": ("telegram-tdlib", test_tdlib.message()),
    "a TDLib update": ("telegram-tdlib", test_tdlib.DELETED),
    "a TDLib answer": ("telegram-tdlib", {"@type": "messages", "total_count": 1, "messages": [test_tdlib.message()]}),
}


@pytest.mark.parametrize("indent", [None, 1], ids=["compact", "pretty"])
@pytest.mark.parametrize("case", FILES)
def test_a_file_is_recognised_by_its_content_alone(case: str, indent: int | None) -> None:
    expected, value = FILES[case]
    data = ("\ufeff" + json.dumps(value, indent=indent, ensure_ascii=False)).encode()[:OPENING_BYTES]
    found = recognise(Opening(data), FORMATS)
    assert found is not None
    assert found.name == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "result",
        '{"messages": []}',
        '{"messages": [{"id": "wamid.X", "from": "1", "timestamp": "2", "type": "text"}], "type": "text"}',
        '{"event_id": "1/2", "platform": "telegram", "kind": "post", "message_id": "1/2", "chat": "1"}',
        '{"about": "a person", "type": "Person", "id": 7}',
        '{"@context": "https://schema.org", "@type": "ClaimReview"}',
        "message_id,chat,date,from\n1,2,3,4\n",
    ],
)
def test_other_files_are_not_telegrams(text: str) -> None:
    assert recognise(Opening(text.encode()), TELEGRAM_FORMATS) is None
