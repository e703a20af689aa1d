"""Pseudonyms and seals: what must be equal, what must differ, and what nobody may read without the key."""

import hashlib

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import given
from hypothesis import strategies as st

from detectors.privacy.pseudonym import Pseudonymiser, Sealer, SealError

KEY = bytes(range(32))
OTHER = bytes(range(1, 33))


@pytest.fixture
def names() -> Pseudonymiser:
    return Pseudonymiser(KEY, "k1")


def test_a_digest_is_32_hexadecimal_digits_and_the_same_each_time(names: Pseudonymiser) -> None:
    first = names.actor("alice", "x")
    assert first == names.actor("alice", "x") == Pseudonymiser(KEY, "k1").actor("alice", "x")
    assert len(first) == 32
    assert set(first) <= set("0123456789abcdef")


def test_a_digest_is_blake2b_with_the_key_and_the_domain_as_rfc_7693_has_it(names: Pseudonymiser) -> None:
    expected = hashlib.blake2b(b"\x00\x01xalice", digest_size=16, key=KEY, person=b"hearsay:actor").hexdigest()
    assert names.actor("alice", "x") == expected


def test_the_pinned_digest_never_changes_because_stored_alerts_carry_it(names: Pseudonymiser) -> None:
    assert names.actor("alice", "telegram") == "4dfd71d2c5c6f21849375a95cf390a5e"


def test_equal_ids_on_two_platforms_are_two_people(names: Pseudonymiser) -> None:
    assert names.actor("7", "telegram") != names.actor("7", "bluesky")


def test_equal_ids_of_an_actor_a_chat_a_message_and_an_event_differ(names: Pseudonymiser) -> None:
    made = {names.actor("7", "x"), names.chat("7", "x"), names.message("7", "x"), names.event("7", "x")}
    assert len(made) == 4


def test_a_platform_and_an_id_do_not_run_into_each_other(names: Pseudonymiser) -> None:
    assert names.actor("bc", "a") != names.actor("c", "ab")


def test_another_key_gives_other_digests(names: Pseudonymiser) -> None:
    assert names.chat("7", "x") != Pseudonymiser(OTHER, "k1").chat("7", "x")


def test_the_key_id_is_a_name_and_does_not_change_a_digest(names: Pseudonymiser) -> None:
    assert names.chat("7", "x") == Pseudonymiser(KEY, "k2").chat("7", "x")


@pytest.mark.parametrize("raw", ["", "नमस्ते", "a\x00b", "\ud800", "x" * 512])
def test_any_identifier_has_a_digest(names: Pseudonymiser, raw: str) -> None:
    assert len(names.message(raw, "x")) == 32


def test_neither_key_nor_identifier_shows_in_what_is_printed(names: Pseudonymiser) -> None:
    names.actor("alice", "x")
    assert repr(names) == "Pseudonymiser(key_id='k1')"


def test_no_more_digests_are_remembered_than_the_bound() -> None:
    names = Pseudonymiser(KEY, "k1", remembered=2)
    first = names.actor("0", "x")
    for i in range(10):
        names.actor(str(i), "x")
    assert names.actor.cache_info().currsize == 2  # type: ignore[attr-defined]  # lru_cache adds it
    assert names.actor("0", "x") == first


@pytest.mark.parametrize("length", [16, 64])
def test_a_key_at_either_limit_is_taken(length: int) -> None:
    assert Pseudonymiser(bytes(length), "k").key_id == "k"


@pytest.mark.parametrize("length", [0, 15, 65])
def test_a_key_beyond_either_limit_is_refused_without_showing_it(length: int) -> None:
    with pytest.raises(ValueError, match=f"has {length} bytes, but needs 16 to 64; make a key") as caught:
        Pseudonymiser(b"s" * length, "k")
    assert "sss" not in str(caught.value)


def test_a_key_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="key_id is empty"):
        Sealer(KEY, "")


def test_a_cache_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="remembered is 0"):
        Pseudonymiser(KEY, "k", remembered=0)


@given(st.binary(max_size=300))
def test_sealed_bytes_open_to_what_was_sealed_and_are_the_same_each_time(raw: bytes) -> None:
    sealer = Sealer(KEY, "k1")
    sealed = sealer.seal(raw)
    assert sealer.open(sealed) == raw
    assert sealed == Sealer(KEY, "k1").seal(raw)
    assert len(sealed) == len(raw) + 16


def test_sealed_bytes_do_not_show_the_payload() -> None:
    assert b"alice" not in Sealer(KEY, "k1").seal(b"a message by alice")


@pytest.mark.parametrize(("key", "key_id"), [(OTHER, "k1"), (KEY, "k2")])
def test_another_key_or_key_id_does_not_open_a_seal(key: bytes, key_id: str) -> None:
    sealed = Sealer(KEY, "k1").seal(b"payload")
    with pytest.raises(SealError, match="another key sealed them, or they were changed; use the key"):
        Sealer(key, key_id).open(sealed)


@pytest.mark.parametrize("place", [0, 8, 16, -1])
def test_a_seal_with_one_bit_changed_does_not_open(names: Pseudonymiser, place: int) -> None:
    sealed = bytearray(names.seal(b"payload"))
    sealed[place] ^= 1
    with pytest.raises(SealError, match="the 23 sealed bytes"):
        names.open(bytes(sealed))


@pytest.mark.parametrize("junk", [b"", b"short", bytes(16)])
def test_bytes_that_were_never_sealed_do_not_open(names: Pseudonymiser, junk: bytes) -> None:
    with pytest.raises(SealError, match="another key sealed them"):
        names.open(junk)


def test_the_sealing_key_is_not_the_pseudonym_key() -> None:
    names = Pseudonymiser(KEY + KEY, "k1")
    assert names.seal(b"payload") != AESSIV(KEY + KEY).encrypt(b"payload", [b"k1"])
