"""A time is read where one unit and one zone are possible; any other is refused with the two accepted forms."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.reading.config import IntakeConfig
from detectors.reading.event_reader import read_event
from detectors.reading.times import read_time
from schemas.rejection import Reason
from tests.detectors.reading.events import CONFIG, DAWN, EVENT, read, record, refused

SECONDS = DAWN // 1000


@pytest.mark.parametrize(
    ("value", "time", "form"),
    [
        (DAWN, DAWN, None),
        (SECONDS, DAWN, "seconds"),
        (SECONDS + 0.123, DAWN + 123, "seconds"),
        (DAWN * 1000 + 456_000, DAWN + 456, "microseconds"),
        (DAWN * 1_000_000, DAWN, "nanoseconds"),
        (float(DAWN), DAWN, None),
        (DAWN + 0.75, DAWN, "fractions of a millisecond"),
        (str(SECONDS), DAWN, "seconds"),
        (str(DAWN), DAWN, "text"),
        ("2026-05-28T20:26:40Z", DAWN, "ISO 8601"),
        ("2026-05-29T01:56:40+05:30", DAWN, "ISO 8601"),
        ("2026-05-28 16:26:40-0400", DAWN, "ISO 8601"),
        ("2026-05-28 20:26:40 UTC", DAWN, "ISO 8601"),
        ("2026-05-28T20:26:40.1234567Z", DAWN + 123, "ISO 8601"),
        ("2026-05-28t20:26z", DAWN - 40_000, "ISO 8601"),
    ],
)
@pytest.mark.parametrize("name", ["created_at", "observed_at"])
def test_a_time_with_one_reading_is_accepted(name, value, time, form):
    event, repairs = read(record(**{name: value}))
    assert getattr(event, name) == time
    assert repairs.forms == (() if form is None else (f"{name} in {form}",))


@pytest.mark.parametrize(
    "value",
    [
        "2026-05-28T20:26:40",
        "2026-05-28",
        "28/05/2026 20:26",
        "Thu, 28 May 2026 20:26:40",
        "yesterday",
        "",
        True,
        [DAWN],
        {"$date": DAWN},
    ],
)
def test_a_time_with_several_readings_is_refused_with_the_fix(value):
    error = refused(record(created_at=value))
    assert error.reason is Reason.WRONG_TYPE
    assert "milliseconds since 1970, or ISO 8601 with its zone" in error.detail


@pytest.mark.parametrize("value", ["2026-02-30T20:26:40Z", "2026-05-28T25:26:40Z", "2026-05-28T20:26:40+99:00"])
def test_a_day_or_hour_that_does_not_exist_is_out_of_range(value):
    assert refused(record(created_at=value)).reason is Reason.OUT_OF_RANGE


@pytest.mark.parametrize("value", [0, -1, 10**14, 10**30, 1e300, "20260528202640"])
def test_a_number_outside_every_unit_is_out_of_range(value):
    assert refused(record(created_at=value)).reason is Reason.TIME_OUT_OF_RANGE


def test_a_number_that_two_units_fit_is_not_guessed():
    wide = IntakeConfig(earliest_ms=10**15, latest_ms=10**19)  # holds 10^13 s and 10^21 us alike
    raw = json.dumps(EVENT | {"created_at": 10**13}).encode()
    assert read_event(raw, wide)[0].created_at == 10**16
    wider = IntakeConfig(earliest_ms=10**6, latest_ms=10**15)
    assert read_time("created_at", 10**17, wider).time == 10**17  # microseconds or nanoseconds: left as it is


@given(st.integers(CONFIG.earliest_ms, CONFIG.latest_ms))
def test_every_unit_of_an_accepted_time_is_that_time(time):
    for value in (time, time * 1000, time * 1_000_000, str(time)):
        assert read_time("created_at", value, CONFIG).time == time
    assert read_time("created_at", time // 1000, CONFIG).time == time // 1000 * 1000
