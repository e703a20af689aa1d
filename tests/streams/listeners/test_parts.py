"""Pauses, lines, cursors and secrets of listeners."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters.base import Refused
from streams.listeners.base import START, Mark
from streams.listeners.cursors import encode_cursor, newest_mark
from streams.listeners.http import Lines
from streams.listeners.listener import Backoff
from streams.listeners.run import TRANSPORTS
from streams.settings.listen import SECRETS
from streams.settings.load import load
from streams.settings.tree import SettingsError


def test_pauses_grow_to_a_bound_at_random_and_start_again_after_a_success():
    backoff = Backoff(1.0, 8.0, np.random.default_rng(3))
    pauses = [backoff.next() for _ in range(60)]
    assert all(0 <= pause <= min(8.0, 2.0**number) for number, pause in enumerate(pauses))
    assert max(pauses) > 4
    assert len(set(pauses)) == 60
    backoff.reset()
    assert backoff.next() <= 1


@given(st.lists(st.binary(max_size=30), max_size=12), st.integers(1, 9))
def test_lines_are_the_same_in_whichever_pieces_the_bytes_come(parts, size):
    data = b"\n".join(parts) + b"\n"
    lines = Lines(20)
    got = [line for start in range(0, len(data), size) for line in lines.add(data[start : start + size])]
    whole = list(Lines(20).add(data))
    assert [line if isinstance(line, bytes) else "refused" for line in got] == [
        line if isinstance(line, bytes) else "refused" for line in whole
    ]
    assert len(got) == data.count(b"\n")


def test_a_line_over_the_bound_is_refused_with_its_size_and_never_held():
    lines = Lines(100)
    assert list(lines.add(b"a" * 90)) == []
    for _ in range(50):
        assert list(lines.add(b"a" * 1000)) == []
        assert len(lines._rest) <= 100
    (refused, line) = lines.add(b"a\nnext\n")
    assert isinstance(refused, Refused)
    assert "50091 bytes" in refused.detail
    assert line == b"next"


def test_the_newest_cursor_of_a_stream_counts_and_another_server_gives_only_a_time():
    values = [
        encode_cursor("bluesky", "wss://one", Mark("5", 50)),
        b"foreign",
        encode_cursor("bluesky", "wss://one", Mark("7", 70)),
        encode_cursor("x", "wss://one", Mark("9", 90)),
    ]
    assert newest_mark(values, "bluesky", "wss://one") == Mark("7", 70)
    assert newest_mark(values, "bluesky", "wss://two") == Mark(None, 70)
    assert newest_mark(values, "mastodon", "wss://one") == START
    assert encode_cursor("bluesky", "wss://one", START) is None


def test_secrets_come_from_the_environment_or_a_file_and_are_never_shown(tmp_path):
    path = tmp_path / "token"
    path.write_text("file-sesame\n")
    given_ = load(None, {"HEARSAY_X_TOKEN": " env-sesame "}, [f"listen.telegram_token_file={path}"])
    assert given_.secrets.need("x_token") == "env-sesame"
    assert given_.secrets.need("telegram_token") == "file-sesame"
    assert given_.secrets.get("mastodon_token") == ""
    assert "sesame" not in repr(given_)
    with pytest.raises(SettingsError, match="HEARSAY_WHATSAPP_SECRET or"):
        given_.secrets.need("whatsapp_secret")


@pytest.mark.parametrize("content", [None, "", "two words", b"\xff\xfe"])
def test_a_file_that_holds_no_secret_is_an_error_that_does_not_show_it(tmp_path, content):
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError, match=r"listen\.x_token_file") as caught:
        load(None, {}, [f"listen.x_token_file={path}"]).secrets.need("x_token")
    assert "two words" not in str(caught.value)


def test_a_proxy_with_a_password_is_refused_without_showing_it():
    with pytest.raises(SettingsError, match=r"listen\.proxy") as caught:
        load(None, {}, ["listen.proxy=http://me:sesame@proxy:3128"])
    assert "sesame" not in str(caught.value)


def test_every_secret_has_a_setting_for_its_file_and_there_are_five_listeners():
    listen = load(None, {}).settings.listen
    assert all(hasattr(listen, f"{name}_file") for name in SECRETS)
    assert set(TRANSPORTS) == {"bluesky", "mastodon", "telegram-bot", "whatsapp-webhook", "x"}
