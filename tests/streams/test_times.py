"""Durations are written and read as people do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.times import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30s", 30_000), ("10m", 600_000), ("2h", 7_200_000), ("7d", 604_800_000), ("1w", 604_800_000), ("250ms", 250),
     ("1h30m", 5_400_000), (" 1 h 30 m ", 5_400_000), ("0.5s", 500), ("0s", 0)],
)  # fmt: skip
def test_a_duration_is_a_number_and_a_unit(text, expected):
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "10", "10 parsecs", "m", "-5m", "5m!", "0.0001ms", "1h and a bit"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@given(st.integers(min_value=1, max_value=800 * 86_400_000))
def test_a_duration_as_it_is_shown_reads_back(value):
    assert parse_duration(str(format_duration(value))) == value


def test_an_instant_is_not_shown_as_a_duration():
    assert format_duration(946_684_800_000) == 946_684_800_000
    assert format_duration(0) == 0
