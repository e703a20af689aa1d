"""Late events by platform and chat, and how coarse the times of a platform are."""

import pytest

from detectors.ordering.config import OrderConfig
from detectors.ordering.lateness import FEWEST_LATE, Lateness
from detectors.ordering.resolution import PlatformTimes, Resolution, StreamResolution, TimeGrid
from schemas.event import Kind
from schemas.sighting import Sighting, TextContent

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MIDNIGHT = 1_748_736_000_000  # 2025-06-01 UTC
KOLKATA = MIDNIGHT - 5 * HOUR - 30 * MINUTE


def seen(platform="signal", chat=None):
    return Sighting(
        event_id="ab" * 16,
        platform=platform,
        kind=Kind.POST,
        time=MIDNIGHT,
        key_id="k",
        content=TextContent(),
        chat=chat,
    )


def test_a_stream_of_which_more_than_a_tenth_is_late_is_named_with_its_chat():
    lateness = Lateness(OrderConfig())
    for number in range(1000):
        lateness.update(seen("signal", "cd" * 16), 120_000 if number % 4 == 0 else None)
        lateness.update(seen("mastodon"), 120_000 if number % 20 == 0 else None)
    found = [(each.platform, each.chat, each.events, each.late, each.behind_ms) for each in lateness.report()]
    assert found == [("signal", None, 1000, 250, 120_000), ("signal", "cd" * 16, 1000, 250, 120_000)]


@pytest.mark.parametrize("late", [FEWEST_LATE - 1, FEWEST_LATE])
def test_a_few_late_events_are_no_finding(late):
    lateness = Lateness(OrderConfig())
    for _ in range(late):
        lateness.update(seen(), 1)
    assert len(lateness.report()) == (late >= FEWEST_LATE)


def test_the_table_is_bounded_and_an_old_trouble_fades():
    lateness = Lateness(OrderConfig(max_late_streams=4))
    for number in range(100):
        lateness.update(seen(chat=f"{number:032x}"), 1)
    assert len(lateness.snapshot()) == 4
    for _ in range(60_000):
        lateness.update(seen("xmpp"), None)
    lateness.update(seen("xmpp"), 1)
    assert "xmpp" not in {each.platform for each in lateness.report()}


@pytest.mark.parametrize(
    ("times", "resolution"),
    [
        ([MIDNIGHT] * 5, Resolution.DAY),
        ([MIDNIGHT] * 4, Resolution.FINE),
        ([KOLKATA + n * DAY for n in range(9)], Resolution.DAY),
        ([MIDNIGHT + n * HOUR for n in range(9)], Resolution.HOUR),
        ([KOLKATA + n * HOUR for n in range(9)], Resolution.HOUR),
        ([MIDNIGHT + 7 * MINUTE] * 9, Resolution.MINUTE),
        ([MIDNIGHT + n * MINUTE for n in range(9)], Resolution.MINUTE),
        ([MIDNIGHT + n * DAY for n in range(9)] + [MIDNIGHT + 1], Resolution.FINE),
        ([MIDNIGHT + 1_000] * 9, Resolution.FINE),
        ([], Resolution.FINE),
    ],
)
def test_the_resolution_of_times_is_the_coarsest_grid_that_holds_them_all(times, resolution):
    found, halves = PlatformTimes(), (PlatformTimes(), PlatformTimes())
    for number, time in enumerate(times):
        found.add(time)
        halves[number % 2].add(time)
    halves[0].merge(halves[1])
    assert found.resolution is halves[0].resolution is resolution


def test_a_grid_of_equal_times_is_its_own_merge():
    grid = TimeGrid()
    grid.merge(TimeGrid())
    assert grid.resolution is Resolution.FINE
    grid.add(MIDNIGHT)
    grid.merge(grid)
    assert grid.resolution is Resolution.DAY


def test_platforms_with_coarse_times_are_named_from_twenty_posts_on():
    resolution = StreamResolution(OrderConfig(max_late_streams=2))
    for number in range(20):
        resolution.update("table", MIDNIGHT + number % 3 * DAY)
        resolution.update("live", MIDNIGHT + number * 1_234)
        resolution.update("third", MIDNIGHT)
        assert resolution.report() == ({"table": "day"} if number == 19 else {})
