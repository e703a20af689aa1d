import hashlib

from hypothesis import given

from detectors.text.fingerprint import fingerprint
from detectors.text.normalise import normalise
from tests.detectors.text.text_strategies import texts


def test_a_fingerprint_is_the_128_bit_blake2b_of_the_text() -> None:
    assert fingerprint("dam broke") == hashlib.blake2b(b"dam broke", digest_size=16).hexdigest()


def test_an_empty_text_has_no_fingerprint() -> None:
    assert fingerprint("") == ""


def test_the_fingerprint_never_changes_from_one_release_to_the_next() -> None:
    assert fingerprint("the dam broke") == "5764a1e014b07291a9846497451f71bc"


@given(texts, texts)
def test_fingerprints_are_equal_exactly_when_the_texts_are(one: str, other: str) -> None:
    a, b = normalise(one), normalise(other)
    assert (fingerprint(a) == fingerprint(b)) == (a == b)
