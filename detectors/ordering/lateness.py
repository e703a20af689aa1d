"""Count the late events of each platform and chat, so that a stream that always comes late is named.

A late event cannot trigger an alert. A platform whose events are mostly late is silent without an error, because its
adapter delivers with delay or its clocks are slow.
"""

from detectors.ordering.config import OrderConfig
from schemas.sighting import Sighting
from schemas.watermark_report import LateStream

FEWEST_LATE = 20
"""Late events below which a stream is not reported."""
LATE_SHARE = 10
"""A stream is reported if more than one event in this many is late."""
_RENEWAL = 10_000  # events of a stream after which its counts are halved: an old trouble fades
_REPORTED = 8  # streams reported at most

_State = list[tuple[str, str | None, int, int, int]]


class Lateness:
    """Events and late events by platform, and by platform and chat.

    Holds `max_late_streams` streams; beyond, the stream without an event for the longest time is forgotten. An update
    costs 0.5 microseconds.
    """

    def __init__(self, config: OrderConfig) -> None:
        self._max = config.max_late_streams
        self._streams: dict[tuple[str, str | None], list[int]] = {}  # events, late events, their time behind in ms

    def update(self, sighting: Sighting, behind_ms: int | None) -> None:
        """Count an event; `behind_ms` is its time behind the watermark, None for an event on time."""
        self._count((sighting.platform, None), behind_ms)
        if sighting.chat is not None:
            self._count((sighting.platform, sighting.chat), behind_ms)

    def report(self) -> tuple[LateStream, ...]:
        """Return the streams of whose newest events more than a tenth are late, the most late events first."""
        found = [
            LateStream(platform, chat, events, late, behind // late)
            for (platform, chat), (events, late, behind) in self._streams.items()
            if late >= FEWEST_LATE and late * LATE_SHARE > events
        ]
        return tuple(sorted(found, key=lambda each: (-each.late, each.platform, each.chat or ""))[:_REPORTED])

    def snapshot(self) -> _State:
        """Return the state, as part of a snapshot."""
        return [
            (platform, chat, events, late, behind) for (platform, chat), (events, late, behind) in self._streams.items()
        ]

    def restore(self, state: _State) -> None:
        """Restore the state returned by `snapshot`."""
        self._streams = {(platform, chat): [events, late, behind] for platform, chat, events, late, behind in state}

    def _count(self, key: tuple[str, str | None], behind_ms: int | None) -> None:
        streams = self._streams
        counts = streams.pop(key, None)
        if counts is None:
            counts = [0, 0, 0]
            if len(streams) >= self._max:
                del streams[next(iter(streams))]
        streams[key] = counts
        counts[0] += 1
        if behind_ms is not None:
            counts[1] += 1
            counts[2] += behind_ms
        if counts[0] >= _RENEWAL:
            counts[:] = [count // 2 for count in counts]
