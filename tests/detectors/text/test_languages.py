"""The phrases of forwarding banners, as data."""

import re

import pytest

from detectors.text.languages import Language, load_languages
from detectors.text.normalise import normalise

LANGUAGES = load_languages()


def test_a_language_is_named_by_its_code():
    assert {"en", "hi", "bn", "ta", "zh"} <= set(LANGUAGES)
    assert all(re.fullmatch(r"[a-z]{2}", code) for code in LANGUAGES)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_banner_alone_is_no_message(code):
    assert all(normalise(banner) == "" for banner in LANGUAGES[code].banners)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_banner_above_a_message_is_no_part_of_it(code):
    for banner in LANGUAGES[code].banners:
        assert normalise(f"{banner}\nthe bridge at the mill fell") == "the bridge at the mill fell"


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "zh"])
def test_a_line_that_names_the_source_is_no_part_of_the_message(code):
    for phrase in LANGUAGES[code].forwarded_from:
        assert normalise(f"{phrase} Asha\nthe bridge at the mill fell") == "the bridge at the mill fell"


def test_a_phrase_belongs_to_one_language_and_one_field():
    phrases = [phrase for one in LANGUAGES.values() for phrase in (*one.banners, *one.forwarded_from)]
    assert len(phrases) == len(set(phrases))
    assert Language() == Language(banners=(), forwarded_from=())
