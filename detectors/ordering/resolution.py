"""Find out how coarse the times of a set of events are: dates only, full hours only, full minutes only.

A table of dates gives every post of a day the same time. Elapsed times of zero are then no speed.
"""

from enum import IntEnum
from math import gcd

import msgspec

from detectors.ordering.config import OrderConfig

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000
_ZONE = 900_000  # zones differ from UTC by full quarters of an hour, so a local midnight lies on one
FEWEST = 5
"""Posts below which equal times may be a coincidence."""

_REPORTED = 20  # posts of a platform from which its times are called coarse


class Resolution(IntEnum):
    """Coarseness of times, finest first."""

    FINE = 0
    MINUTE = 1
    HOUR = 2
    DAY = 3

    @property
    def unit_ms(self) -> int:
        """Return the distance between two times in ms; 0 for fine times."""
        return (0, _MINUTE, _HOUR, _DAY)[self]


class TimeGrid(msgspec.Struct, array_like=True):
    """The grid on which all times of a set lie: a first time, and the common divisor of all distances to it.

    >>> grid = TimeGrid()
    >>> for day in range(6):
    ...     grid.add(1_772_562_600_000 + day * 86_400_000)  # midnights in Kolkata
    >>> grid.resolution.name
    'DAY'
    >>> grid.add(1_772_562_600_000 + 42_000)
    >>> grid.resolution.name
    'FINE'
    """

    first: int = -1  # ms since 1970; -1 before the first time
    step: int = 0  # ms; 0 while all times are equal

    def add(self, time: int) -> None:
        """Add a time in ms since 1970."""
        if self.first < 0:
            self.first = time
        elif self.step != 1:
            self.step = gcd(self.step, time - self.first)

    def merge(self, other: "TimeGrid") -> None:
        """Add the times of another grid."""
        if other.first >= 0:
            self.add(other.first)
            self.step = gcd(self.step, other.step)

    @property
    def resolution(self) -> Resolution:
        """Return the coarseness of the times; days and hours of any time zone count."""
        if self.first < 0 or self.first % _MINUTE or self.step % _MINUTE:
            return Resolution.FINE
        if self.first % _ZONE or self.step % _HOUR:
            return Resolution.MINUTE
        return Resolution.HOUR if self.step % _DAY else Resolution.DAY


class PlatformTimes(msgspec.Struct, array_like=True):
    """Posts of one platform, and the grid of their times."""

    posts: int = 0
    grid: TimeGrid = msgspec.field(default_factory=TimeGrid)

    def add(self, time: int) -> None:
        """Add a post."""
        self.posts += 1
        self.grid.add(time)

    def merge(self, other: "PlatformTimes") -> None:
        """Add the posts of another cascade."""
        self.posts += other.posts
        self.grid.merge(other.grid)

    @property
    def resolution(self) -> Resolution:
        """Return the coarseness of the times; fine for too few posts."""
        return self.grid.resolution if self.posts >= FEWEST else Resolution.FINE


class StreamResolution:
    """Coarseness of the times of each platform in a stream, for at most `max_late_streams` platforms.

    An update costs 0.3 microseconds.
    """

    def __init__(self, config: OrderConfig) -> None:
        self._max = config.max_late_streams
        self._platforms: dict[str, PlatformTimes] = {}

    def update(self, platform: str, time: int) -> None:
        """Add a post by its platform and event time."""
        times = self._platforms.get(platform)
        if times is None:
            if len(self._platforms) >= self._max:
                return
            times = self._platforms[platform] = PlatformTimes()
        times.add(time)

    def report(self) -> dict[str, str]:
        """Return the platforms whose times are all coarse, each with "day", "hour" or "minute"."""
        return {
            platform: times.resolution.name.lower()
            for platform, times in sorted(self._platforms.items())
            if times.posts >= _REPORTED and times.resolution is not Resolution.FINE
        }

    def snapshot(self) -> dict[str, PlatformTimes]:
        """Return the state, as part of a snapshot."""
        return dict(self._platforms)

    def restore(self, state: dict[str, PlatformTimes]) -> None:
        """Restore the state returned by `snapshot`."""
        self._platforms = dict(state)


__all__ = ["FEWEST", "PlatformTimes", "Resolution", "StreamResolution", "TimeGrid"]
