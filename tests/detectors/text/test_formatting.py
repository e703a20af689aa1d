"""Numbers, durations, moments and quoted text: the edges, and scripts other than Latin."""

from math import floor, log10

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from detectors.text.formatting import duration, many, moment, plain, rough, shorten, whole

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.49, "0"), (0.5, "1"), (1.5, "2"), (2.5, "3"), (999.4, "999"), (999.5, "1,000"), (1e6, "1,000,000")],
)
def test_a_count_is_given_in_full(value: float, text: str) -> None:
    assert whole(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-3.0, "0"), (0.0, "0"), (0.049, "0"), (0.05, "0.1"), (0.94, "0.9"), (0.96, "1.0"), (1.0, "1.0"), (9.94, "9.9"),
        (9.95, "10"), (10.4, "10"), (10.5, "11"), (99.4, "99"), (99.5, "100"), (104.9, "100"), (105.0, "110"),
        (994.9, "990"), (995.0, "1,000"), (1049.0, "1,000"), (123_456.0, "120,000"),
    ],
)  # fmt: skip
def test_a_rough_number_has_two_digits_that_count(value: float, text: str) -> None:
    assert rough(value) == text


@given(st.floats(10, 1e15))
def test_a_rough_number_is_never_off_by_more_than_half_its_second_digit(value: float) -> None:
    said = int(rough(value).replace(",", ""))
    assert abs(said - value) <= 0.5001 * 10 ** (floor(log10(value)) - 1)
    assert len(str(said).rstrip("0")) <= 2


@given(st.floats(0, 1e12), st.floats(0, 1e12))
def test_a_larger_number_never_reads_as_a_smaller_one(one: float, two: float) -> None:
    low, high = sorted((one, two))
    assert float(rough(low).replace(",", "")) <= float(rough(high).replace(",", ""))


def test_a_noun_agrees_with_its_number() -> None:
    assert [many(number, "post") for number in (0, 1, 1.4, 1.5, 2)] == [
        "0 posts", "1 post", "1 post", "2 posts", "2 posts",
    ]  # fmt: skip
    assert many(2, "person", "people") == "2 people"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (-1, "0 s"), (0, "0 s"), (999, "0 s"), (1000, "1 s"), (MINUTE - 1, "59 s"), (MINUTE, "1 min"),
        (90_000, "1 min 30 s"), (10 * MINUTE - 1, "9 min 59 s"), (10 * MINUTE, "10 min"), (11 * MINUTE - 1, "10 min"),
        (HOUR - 1, "59 min"), (HOUR, "1 h"), (HOUR + MINUTE - 1, "1 h"), (HOUR + MINUTE, "1 h 1 min"),
        (DAY - 1, "23 h 59 min"), (DAY, "1 d"), (DAY + HOUR - 1, "1 d"), (DAY + HOUR, "1 d 1 h"), (400 * DAY, "400 d"),
    ],
)  # fmt: skip
def test_a_duration_is_cut_to_its_two_largest_units(ms: int, text: str) -> None:
    assert duration(ms) == text


def test_a_moment_is_given_in_utc_and_where_asked_in_india() -> None:
    assert moment(0) == "1970-01-01 00:00 UTC"
    assert moment(0, ist=True) == "1970-01-01 00:00 UTC (05:30 IST)"
    assert moment(59_999) == "1970-01-01 00:00 UTC"
    assert moment(int(18.5 * HOUR) - 1, ist=True) == "1970-01-01 18:29 UTC (23:59 IST)"
    assert moment(int(18.5 * HOUR), ist=True) == "1970-01-01 18:30 UTC (1970-01-02 00:00 IST)"
    assert moment(-1) == "1969-12-31 23:59 UTC"


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("", 1, ""),
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("ab cd", 4, "ab…"),  # no space before the ellipsis
        ("a", 1, "a"),
        ("ab", 1, "…"),
        ("नमस्ते दुनिया", 4, "नमस्ते…"),  # the vowel signs and the conjunct stay with their letters
        ("กำลังใจ", 3, "กำลั…"),
        ("👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 2, "👨‍👩‍👧‍👦…"),  # a family is one
        ("🇮🇳🇮🇳🇮🇳", 2, "🇮🇳…"),  # so is a flag
        ("سلام عليكم", 5, "سلام…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
    ],
)
def test_a_text_is_cut_between_graphemes(text: str, limit: int, cut: str) -> None:
    assert shorten(text, limit) == cut


def test_a_letter_under_a_thousand_accents_is_not_shown_in_full() -> None:
    zalgo = "Z" + "\u0301" * 10_000
    assert shorten(zalgo, 10) == "…"
    assert shorten("ok" + zalgo, 10) == "ok…"


@given(st.text(), st.integers(1, 20))
def test_what_is_cut_is_a_beginning_of_the_text_and_short_enough(text: str, limit: int) -> None:
    cut = shorten(text, limit)
    assert cut == text or text.startswith(cut[:-1])
    assert len(regex.findall(r"\X", cut)) <= limit + 1  # an ellipsis may stand alone after an odd mark
    assert cut == text or cut.endswith("…")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  a \n\t b  ", "a b"),
        ("a\u2028b\x85c", "a b c"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),  # no escape sequence reaches a terminal
        ("abc\u202ecba", "abccba"),  # no turned direction
        ("a\u200bb\ufeff", "ab"),
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),  # a joiner is part of the writing
        ("\ud800", ""),
    ],
)
def test_quoted_text_is_one_harmless_line(text: str, line: str) -> None:
    assert plain(text) == line
