"""Measure how fast a platform's own counters of views and forwards rise, where no single shares are visible.

A counter names no sharers: one account may have forwarded a message a thousand times, and a view passes nothing on.
The rise is therefore a statistic of its own, with its own thresholds, and no growth detector reads a counter. Totals of
views as time series of popularity: Crane and Sornette 2008, doi:10.1073/pnas.0803685105; Szabo and Huberman 2010,
doi:10.1145/1787234.1787254.
"""

from math import fsum
from typing import Annotated

import msgspec
from msgspec import Meta

from detectors.base_config import BaseConfig
from detectors.growth.base import Thresholds, rounded
from detectors.snapshot import pack, unpack
from schemas.event import Counters
from schemas.evidence import CounterName

_NEVER = -(1 << 62)
_NEAR = 0.25  # of the threshold: a lesser rise is not compared with the value before it

_Key = tuple[str, CounterName]  # platform, counter


class CounterConfig(BaseConfig, frozen=True, kw_only=True):
    """Thresholds of counter alerts. Durations in ms."""

    min_forwards: Annotated[
        int,
        Meta(
            ge=0,
            description="Rise of a platform's counter of forwards within counters.window_ms from which a counter alert "
            "opens; 0: forwards raise no counter alert.",
        ),
    ] = 10_000
    min_views: Annotated[
        int,
        Meta(
            ge=0,
            description="The same for a platform's counter of views, which measures reach and no spread; 0: views "
            "raise no counter alert.",
        ),
    ] = 100_000
    min_factor: Annotated[
        float,
        Meta(
            ge=1,
            description="Least ratio of the counter after the rise to the counter before, so the ordinary flow of a "
            "large post raises no counter alert.",
        ),
    ] = 1.1
    level_step: Annotated[
        float,
        Meta(gt=1, description="Each level of a counter alert requires so many times the rise of the level below."),
    ] = 4.0
    window_ms: Annotated[
        int, Meta(ge=1, description="Sliding window over which the rise of a counter is measured.")
    ] = 21_600_000
    window_buckets: Annotated[int, Meta(ge=1, description="Buckets into which counters.window_ms is divided.")] = 72
    max_value: Annotated[
        int, Meta(ge=1, description="Largest plausible value of a counter; a larger value is ignored and noted.")
    ] = 100_000_000_000

    def __post_init__(self) -> None:
        """Check that the window is a whole number of buckets."""
        super().__post_init__()
        if self.window_ms % self.window_buckets:
            raise ValueError(
                f"counters.window_ms is {self.window_ms}, not a multiple of counters.window_buckets "
                f"({self.window_buckets}); try 21600000 and 72"
            )

    def thresholds(self) -> Thresholds:
        """Return the thresholds of levels 1 to 3, as multiples of the least rise."""
        return 1.0, self.level_step, self.level_step**2

    def min_rise(self, counter: CounterName) -> int:
        """Return the rise of a counter at which level 1 opens; 0 for a counter without alerts."""
        return self.min_views if counter is CounterName.VIEWS else self.min_forwards


class CounterRise(msgspec.Struct, frozen=True):
    """Rise of one platform's counter in the window, as the sum over the messages that rose."""

    platform: str
    counter: CounterName
    before: int
    after: int
    start: int  # event time in ms
    messages: int

    @property
    def rise(self) -> int:
        """Return the difference of the values."""
        return self.after - self.before


class _Reading(msgspec.Struct, array_like=True):
    """Envelope of one counter of one message."""

    value: int
    at: int  # of the newest snapshot
    since: int  # of the snapshot before; `at` if there is one snapshot only
    rose_at: int = _NEVER
    lower_since: int | None = None  # since when every snapshot has been below `value`


class _Message(msgspec.Struct, array_like=True):
    platform: str
    readings: dict[CounterName, _Reading]
    gone: bool = False  # deleted: further snapshots change nothing


class _Series(msgspec.Struct, array_like=True):
    """Rises of one counter on one platform, by bucket of event time: amount, and start of the earliest rise."""

    buckets: dict[int, tuple[float, int]] = {}
    peak: float = 0.0


class _State(msgspec.Struct, array_like=True):
    messages: dict[str, _Message]
    series: list[tuple[str, CounterName, _Series]]
    clock: int
    fell: int
    ignored: int


class CounterGrowth:
    """Rise of the platforms' counters of one cascade, from snapshots in order of event time.

    High means: a platform reports many more forwards or views than a window ago. The rise lies between two snapshots of
    one message, never between nothing and a first snapshot, and is spread evenly over the time between the two. A
    counter is taken as its largest value so far, because platforms serve old values from caches; lower values that last
    a whole window are a reset, and start the counter anew. Rises of the messages of one platform add up; rises of two
    platforms, or of views and forwards, never do. Where shares are visible, a growth detector alerts earlier and counts
    people.

    A snapshot costs 2 microseconds, with a rise some 20; a score near the threshold 0.15 microseconds for each message
    and counter. Memory: about 300 bytes per message up to `max_messages`, and `window_buckets` entries per platform and
    counter.

    Args:
        config: thresholds and window.
        max_messages: messages whose counters are kept; further messages are left out.

    >>> growth = CounterGrowth(CounterConfig())
    >>> growth.update("m", "youtube", Counters(forwards=10), 0), growth.score(0)
    (False, 0.0)
    >>> growth.update("m", "youtube", Counters(forwards=150_000), 4_500_000), growth.score(4_500_000)
    (True, 14.999)
    """

    __slots__ = ("_clock", "_config", "_max_messages", "_messages", "_series", "fell", "ignored")

    def __init__(self, config: CounterConfig, max_messages: int = 4096) -> None:
        self._config = config
        self._max_messages = max_messages
        self._messages: dict[str, _Message] = {}
        self._series: dict[_Key, _Series] = {}  # only for counters with two snapshots of a message
        self._clock = _NEVER
        self.fell = 0
        """Number of snapshots below an earlier snapshot of the message."""
        self.ignored = 0
        """Number of implausible values."""

    def update(self, message: str, platform: str, counters: Counters, time: int) -> bool:
        """Apply a snapshot; return True if a counter rose.

        Args:
            message: id of the message, or of the original of a repost.
            platform: platform that publishes the counters.
            counters: the snapshot.
            time: event time in ms; a snapshot before the newest one of the message changes its value, and no rise.

        """
        known = self._messages.get(message)
        if known is None:
            if len(self._messages) >= self._max_messages:
                return False
            known = self._messages[message] = _Message(platform, {})
        if known.gone:
            return False
        self._clock = max(self._clock, time)
        rose = False
        for counter, value in ((CounterName.FORWARDS, counters.forwards), (CounterName.VIEWS, counters.views)):
            if value is None:
                continue
            if value > self._config.max_value:
                self.ignored += 1
            else:
                rose = self._read(known, counter, value, time) or rose
        return rose

    def discard(self, message: str, platform: str) -> None:
        """Ignore all further snapshots of a deleted message; rises so far leave with the window."""
        known = self._messages.get(message)
        if known is None and len(self._messages) < self._max_messages:
            known = self._messages[message] = _Message(platform, {})
        if known is not None:
            known.gone = True

    def score(self, time: int) -> float:
        """Return the largest rise in the window up to `time`, as a multiple of the least rise of its counter.

        0 while the counter is below `min_factor` times its value before; rounded to 1e-6.
        """
        return max((self._score(key, time) for key in self._series), default=0.0)

    def rise(self, time: int, enough: float = 1.0) -> CounterRise | None:
        """Return the rise to report in the window up to `time`; None without two snapshots of a message.

        Of the counters with a score of `enough`, forwards come before views; otherwise the highest score counts.
        Without a rise in the window, the counter that rose last is returned, with equal values.
        """
        if not self._series:
            return None

        def rank(key: _Key) -> tuple[bool, float, int, str]:
            score = self._score(key, time)
            reached = score >= enough
            last = max(self._series[key].buckets, default=0)
            return reached, (key[1] is CounterName.FORWARDS) if reached else score, last, key[0]

        return self._rise(max(self._series, key=rank), time)

    def totals(self) -> tuple[int | None, int | None]:
        """Return the sums of the views and of the forwards; None for a counter that no platform gives."""
        return self._total(CounterName.VIEWS), self._total(CounterName.FORWARDS)

    def peak(self, counter: CounterName) -> int | None:
        """Return the largest rise in a window so far; None where no message has two snapshots: growth is unknown."""
        peaks = [series.peak for (_, name), series in self._series.items() if name is counter]
        return round(max(peaks)) if peaks else None

    def merge(self, other: "CounterGrowth") -> None:
        """Add the counters of a merged cascade; of a common message, the newer reading counts."""
        for message, theirs in other._messages.items():
            mine = self._messages.get(message)
            if mine is not None:
                mine.gone = mine.gone or theirs.gone
                for name, reading in theirs.readings.items():
                    if name not in mine.readings or reading.at > mine.readings[name].at:
                        mine.readings[name] = reading
            elif len(self._messages) < self._max_messages:
                self._messages[message] = theirs
        self._clock = max(self._clock, other._clock)
        for key, series in other._series.items():
            known = self._series.setdefault(key, _Series())
            for bucket, (amount, start) in series.buckets.items():
                _add(known, bucket, amount, start)
            self._prune(known)
            known.peak = max(known.peak, series.peak, self._sum(known, self._clock))
        self.fell += other.fell
        self.ignored += other.ignored

    def snapshot(self) -> bytes:
        """Return the whole state."""
        series = [(platform, counter, each) for (platform, counter), each in self._series.items()]
        return pack("counters", 1, _State(self._messages, series, self._clock, self.fell, self.ignored))

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot made with the same settings.

        Raises:
            SnapshotError: `data` is not such a snapshot, or has another version.
        """
        state = unpack("counters", 1, _State, data)
        self._messages, self._clock = state.messages, state.clock
        self._series = {(platform, counter): series for platform, counter, series in state.series}
        self.fell, self.ignored = state.fell, state.ignored

    def _total(self, counter: CounterName) -> int | None:
        values = [one.readings[counter].value for one in self._messages.values() if counter in one.readings]
        return sum(values) if values else None

    def _read(self, message: _Message, counter: CounterName, value: int, time: int) -> bool:
        """Apply the snapshot of one counter; return True if the counter rose."""
        known = message.readings.get(counter)
        if known is None:
            message.readings[counter] = _Reading(value, time, time)
            return False
        if time < known.at:
            known.value = max(known.value, value)
            return False
        if time > known.at:
            known.since, known.at = known.at, time
        if value < known.value:
            self._read_lower(known, value, time)
            return False
        rise, known.value, known.lower_since = value - known.value, value, None
        if known.since == time:  # a second value of the first moment: no time has passed
            return False
        series = self._series.get((message.platform, counter))
        if series is None:
            series = self._series[message.platform, counter] = _Series()
        if not rise:
            return False
        known.rose_at = time
        self._spread(series, rise, known.since, time)
        series.peak = max(series.peak, self._sum(series, time))
        return True

    def _read_lower(self, known: _Reading, value: int, time: int) -> None:
        """Note a value below the envelope; start anew once all values of a whole window were lower."""
        self.fell += 1
        if known.lower_since is None:
            known.lower_since = time
        elif time - known.lower_since >= self._config.window_ms:
            known.value, known.since, known.lower_since = value, time, None

    def _spread(self, series: _Series, rise: int, since: int, time: int) -> None:
        """Spread a rise evenly over the time between its snapshots; time before the window is left out."""
        width = self._width
        first = max(since // width, time // width - self._config.window_buckets + 1)
        for bucket in range(first, time // width + 1):
            begin, end = max(since, bucket * width), min(time, (bucket + 1) * width)
            if begin < end:
                _add(series, bucket, rise * ((end - begin) / (time - since)), begin)
        self._prune(series)

    def _prune(self, series: _Series) -> None:
        oldest = self._clock // self._width - self._config.window_buckets
        for bucket in [bucket for bucket in series.buckets if bucket <= oldest]:
            del series.buckets[bucket]

    @property
    def _width(self) -> int:
        return self._config.window_ms // self._config.window_buckets

    def _in_window(self, series: _Series, time: int) -> list[tuple[float, int]]:
        oldest = max(time, self._clock) // self._width - self._config.window_buckets
        return [entry for bucket, entry in series.buckets.items() if bucket > oldest]

    def _sum(self, series: _Series, time: int) -> float:
        return fsum(amount for amount, _ in self._in_window(series, time))

    def _rise(self, key: _Key, time: int) -> CounterRise:
        """Sum up the messages of one counter that rose in the window, or else all that ever rose."""
        platform, counter = key
        entries = self._in_window(self._series[key], time)
        begin = (max(time, self._clock) // self._width - self._config.window_buckets + 1) * self._width
        readings = [
            message.readings[counter]
            for message in self._messages.values()
            if message.platform == platform and counter in message.readings
        ]
        rose = [one for one in readings if one.rose_at > begin] or [one for one in readings if one.rose_at != _NEVER]
        after = sum(one.value for one in rose)
        before = max(0, after - round(fsum(amount for amount, _ in entries)))
        start = min((start for _, start in entries), default=time)
        return CounterRise(platform, counter, before, after, start, len(rose))

    def _score(self, key: _Key, time: int) -> float:
        """Return the score of one counter on one platform."""
        least = self._config.min_rise(key[1])
        score = rounded(self._sum(self._series[key], time) / least) if least else 0.0
        if score < _NEAR:
            return score
        found = self._rise(key, time)
        return score if found.after >= rounded(self._config.min_factor * found.before) else 0.0


def _add(series: _Series, bucket: int, amount: float, start: int) -> None:
    known, earliest = series.buckets.get(bucket, (0.0, start))
    series.buckets[bucket] = (known + amount, min(earliest, start))


__all__ = ["CounterConfig", "CounterGrowth", "CounterRise"]
