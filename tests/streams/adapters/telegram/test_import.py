"""Files of Telegram through the import: statements without a time are dated, and chats in two formats count once."""

import json
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from schemas.event import ForwardEvent, Kind, Media
from schemas.sighting import RawEvent
from streams.adapters.base import FormatError, Options
from streams.recordings.imports.choices import ImportChoices
from streams.recordings.open import FileSpec
from tests.streams.adapters.telegram import test_bot_api, test_desktop, test_mtproto, test_tdlib

AT = test_desktop.AT


def imported(path: Path, options: Options) -> list[ForwardEvent]:
    with closing(FileSpec(str(path), ImportChoices(options=options)).open(1 << 20)) as reader:
        return [msgspec.json.decode(one.raw, type=ForwardEvent) for one in reader if isinstance(one, RawEvent)]


def lines(path: Path, items: Iterable[object]) -> Path:
    path.write_text("\n".join(map(json.dumps, items)), encoding="utf-8")
    return path


@pytest.mark.parametrize("collected_at", [None, (AT + 900) * 1000])
def test_deletions_counters_and_fact_checks_come_after_the_messages_of_their_file(tmp_path, collected_at) -> None:
    checked = {"country": "IN", "text": {"text": "False"}, "hash": 4}
    files = [
        lines(tmp_path / "bot.jsonl", [test_bot_api.DELETED, test_bot_api.update()]),
        lines(tmp_path / "telethon.jsonl", [test_mtproto.telethon(views=3, factcheck=checked)]),
        lines(tmp_path / "tdlib.jsonl", [test_tdlib.DELETED, test_tdlib.message()]),
    ]
    expected = AT * 1000 + 1 if collected_at is None else collected_at
    for path in files:
        post, *statements = imported(path, Options(collected_at=collected_at))
        assert post.kind is Kind.POST
        assert statements
        assert {one.kind for one in statements} <= {Kind.DELETE, Kind.COUNTER, Kind.DEBUNK}
        assert {one.created_at for one in statements} == {expected}


def test_one_message_in_an_export_and_in_the_record_of_a_bot_has_one_id(tmp_path: Path) -> None:
    bare = -test_bot_api.GROUP["id"] - 10**12
    export = test_desktop.chat(test_desktop.message(61, from_id="user8002"), id=bare)
    (tmp_path / "result.json").write_text(json.dumps(export), encoding="utf-8")
    lines(tmp_path / "bot.jsonl", [test_bot_api.update()])
    one, two = imported(tmp_path, Options())
    assert (one.event_id, one.chat, one.actor) == (two.event_id, two.chat, two.actor)


def test_the_pictures_of_an_export_are_hashed_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "photo_1.jpg").write_bytes(b"no picture, but bytes")
    secret = tmp_path.parent / "secret.jpg"
    secret.write_bytes(b"not part of the export")
    export = test_desktop.chat(
        test_desktop.message(1, photo="photos/photo_1.jpg"), test_desktop.message(2, photo="../secret.jpg")
    )
    (tmp_path / "result.json").write_text(json.dumps(export), encoding="utf-8")
    inside, outside = imported(tmp_path / "result.json", Options())
    assert [type(one) for one in inside.media] == [Media]
    assert outside.media == ()


def test_an_old_export_without_a_zone_is_refused_with_the_option_that_helps(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(json.dumps(test_desktop.chat(test_desktop.old())), encoding="utf-8")
    with pytest.raises(FormatError, match=r"result\.json.*--zone"):
        imported(tmp_path / "result.json", Options())
    (event,) = imported(tmp_path / "result.json", Options(zone="Europe/Stockholm"))
    assert event.created_at == 1_788_885_600_000
