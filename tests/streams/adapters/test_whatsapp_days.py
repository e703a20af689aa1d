"""Order of day, month and year: decided by the dates of a file, never guessed."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters.whatsapp.day_order import DateOrder, DayOrder, Numbers

DAY, MONTH, YEAR = DateOrder


def decide(*dates: Numbers, option: bool | None = None, year_first: bool = False) -> DateOrder | None:
    order = DayOrder()
    for numbers in dates:
        order.add(numbers)
    found = order.decide(option, year_first=year_first)
    return found and found.order


TABLE = {
    "a first number after 12": ([(13, 3, 26)], DAY),
    "a second number after 12": ([(3, 13, 26)], MONTH),
    "four digits in front": ([(2026, 3, 4)], YEAR),
    "months that run backwards": ([(3, 5, 2026), (4, 3, 2026), (5, 2, 2026)], MONTH),
    "one number that changes": ([(day, 2, 2026) for day in (1, 2, 3, 4)], DAY),
    "the other number that changes": ([(2, day, 2026) for day in (1, 2, 3, 4)], MONTH),
    "two digits of a year in front, with a changing day": ([(26, 3, day) for day in (13, 14, 15, 16)], YEAR),
    "two digits of a year in front, before WhatsApp began": ([(26, 3, 4), (26, 3, 5)], YEAR),
    "one day": ([(3, 4, 2026)], None),
    "two days": ([(3, 4, 2026), (4, 4, 2026)], None),
    "both numbers equal": ([(4, 4, 2026)], None),
    "no date in any order": ([(40, 40, 2026)], None),
    "before WhatsApp began": ([(13, 3, 1999)], None),
    "a pasted date that only the other order has": ([(14, 3, 2026), (3, 25, 2026), (14, 3, 2026)], DAY),
    "an older pasted date": ([(14, 3, 2026), (10, 2, 2026), (14, 3, 2026)], DAY),
}


@pytest.mark.parametrize("case", TABLE)
def test_the_dates_decide_the_order(case: str) -> None:
    dates, wanted = TABLE[case]
    assert decide(*dates) is wanted


def test_an_option_decides_only_between_orders_that_the_dates_allow() -> None:
    assert decide((3, 4, 2026), option=True) is DAY
    assert decide((3, 4, 2026), option=False) is MONTH
    assert decide((3, 14, 2026), option=True) is MONTH
    assert decide((2026, 4, 3), option=True) is YEAR
    assert decide((40, 40, 2026), option=True) is None


def test_a_language_whose_dates_begin_with_the_year_needs_no_decision() -> None:
    assert decide((26, 3, 13), year_first=True) is YEAR


def test_the_name_of_an_attachment_decides_if_one_order_agrees_with_it() -> None:
    order = DayOrder()
    order.add((3, 4, 2026))
    order.add_name((3, 4, 2026), date(2026, 4, 3).toordinal())
    decision = order.decide(None)
    assert decision is not None
    assert (decision.order, decision.evidence) == (DAY, "by the names of attachments")
    order.add_name((3, 4, 2026), date(2026, 3, 4).toordinal())
    assert order.decide(None) is None


@given(
    st.dates(date(2010, 1, 1), date(2040, 1, 1)),
    st.lists(st.integers(0, 40), max_size=40),
    st.sampled_from([DAY, MONTH]),
    st.booleans(),
)
def test_a_decision_without_an_option_is_never_wrong(
    start: date, gaps: list[int], written: DateOrder, short: bool
) -> None:
    days, day = [], start
    for gap in [0, *gaps]:
        day += timedelta(days=gap)
        year = day.year % 100 if short else day.year
        days.append((day.day, day.month, year) if written is DAY else (day.month, day.day, year))
    found = decide(*days)
    # Only the rule of the number that changes fastest can be wrong, for a chat of one day a month.
    assert found in {written, None} or all(gap == 0 or gap >= 28 for gap in gaps)
