"""Values of untrusted JSON: the accepted forms, and None for everything else."""

import math

import pytest

from streams.adapters.base import FormatError
from streams.adapters.fields import read_time
from streams.adapters.values import count, entries, integer, members, seconds, text, zone

ANYTHING = [None, True, [], {}, "", "x", "1e5", "٣", "1" * 400, 1.5, math.inf, math.nan, -(1 << 70), 1 << 70]


@pytest.mark.parametrize(("given", "expected"), [(12, 12), ("12", 12), ("-12", -12), (12.0, 12), (0, 0), ("007", 7)])
def test_whole_numbers_in_each_form(given: object, expected: int) -> None:
    assert integer(given) == expected


@pytest.mark.parametrize("given", ANYTHING, ids=repr)
def test_everything_else_is_no_number_and_no_time(given: object) -> None:
    assert integer(given) is None
    assert count(given) is None
    assert read_time(given) is None
    assert seconds(given) is None
    assert isinstance(text(given), str)
    assert isinstance(members(given), dict)
    assert isinstance(entries(given), list)


def test_times_are_in_ms_and_within_the_century() -> None:
    assert seconds("1790000000") == 1_790_000_000_000
    assert seconds(1790000000.25) == 1_790_000_000_250
    assert seconds(0) is seconds(946_684_799) is seconds(4_102_444_800) is None
    assert seconds(946_684_800) == 946_684_800_000


def test_a_time_without_a_zone_needs_one() -> None:
    assert read_time("2026-09-21T12:00:00+05:30") == 1_789_972_200_000
    assert read_time("2026-09-21T12:00:00") is None
    assert read_time("2026-09-21T12:00:00", zone("Asia/Kolkata")) == 1_789_972_200_000
    assert read_time("0001-01-01T00:00:00+14:00") is None


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "a" * 1000, "x\0y"])
def test_a_zone_that_does_not_exist_names_the_option(name: str) -> None:
    with pytest.raises(FormatError, match="--zone"):
        zone(name)


def test_a_count_is_not_negative() -> None:
    assert count("3") == 3
    assert count(-1) is None
