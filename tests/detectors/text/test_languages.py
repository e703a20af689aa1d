"""The phrases that are no message, as data."""

import re
from collections import Counter

import pytest

from detectors.text.boilerplate import SLOT, Boilerplate
from detectors.text.languages import Language, load_languages
from detectors.text.normalise import normalise, read_words

LANGUAGES = load_languages()
MESSAGE = "the bridge at the mill fell"
NAMES = ("Asha", "Ravi Kumar Das", "+91 98111 22233", "@mill_news")


def test_a_language_is_named_by_its_code():
    assert {"en", "hi", "bn", "ta", "zh"} <= set(LANGUAGES)
    assert all(re.fullmatch(r"[a-z]{2,3}", code) for code in LANGUAGES)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_banner_alone_is_no_message(code):
    assert all(normalise(banner) == "" for banner in LANGUAGES[code].banners)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_banner_above_a_message_is_no_part_of_it(code):
    for banner in LANGUAGES[code].banners:
        assert normalise(f"{banner}\n{MESSAGE}") == MESSAGE


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "zh"])
def test_a_line_that_names_the_source_is_no_part_of_the_message(code):
    for phrase in LANGUAGES[code].forwarded_from:
        assert normalise(f"{phrase} Asha\n{MESSAGE}") == MESSAGE


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_placeholder_is_no_message_for_any_name(code, name):
    for phrase in LANGUAGES[code].placeholders:
        written = phrase.replace(SLOT, name)
        words = read_words(written)
        assert words.normal == "", written
        if "@" not in name:  # a mention takes the letters stuck to it along
            assert words.boilerplate in (Boilerplate.PLACEHOLDER, Boilerplate.BANNER), written


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_placeholder_above_a_message_is_no_part_of_it(code):
    for phrase in LANGUAGES[code].placeholders:
        assert normalise(f"{phrase.replace(SLOT, 'Asha')}\n{MESSAGE}") == MESSAGE


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_share_caption_has_no_words_only_next_to_an_address(code):
    for phrase in LANGUAGES[code].captions:
        written = phrase.replace(SLOT, "Mill Daily")
        beside = read_words(f"{written} https://news.example.org/a/17", has_address=True)
        assert beside == ("", Boilerplate.CAPTION), written


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_greeting_is_no_message(code):
    for phrase in LANGUAGES[code].greetings:
        assert read_words(f"{phrase} 🌹🙏").normal == "", phrase


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_label_to_read_more_is_cut_only_behind_an_ellipsis(code):
    for label in LANGUAGES[code].continuations:
        assert normalise(f"{MESSAGE}… {label}") == MESSAGE
        assert normalise(f"{MESSAGE}... {label.title()}") == MESSAGE
        assert normalise(f"{MESSAGE} {label}") != MESSAGE


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_last_paragraph_that_asks_to_follow_a_channel_is_cut(code):
    for call in LANGUAGES[code].signatures:
        assert normalise(f"{MESSAGE}\n\n👉 Mill Daily | {call} t.me/mill_daily") == MESSAGE


def test_a_phrase_belongs_to_one_language_and_one_field():
    for field in ("banners", "forwarded_from", "placeholders", "captions", "greetings", "continuations", "signatures"):
        phrases = Counter(phrase for one in LANGUAGES.values() for phrase in getattr(one, field))
        assert [phrase for phrase, count in phrases.items() if count > 1] == []
    assert Language() == Language(banners=(), forwarded_from=())
