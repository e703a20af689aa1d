"""Recognise a listener that reads old events: the time of observation is then the reader's clock.

An event observed long after the time that it carries is either a sender's wrong claim or an event read late. A listener
that catches up after an outage, or that asks a platform every few minutes, reads events of many senders mostly in their
order and much faster than they happened. Claims have no such order. Without the distinction, hours of sharing would be
compressed into seconds.
"""

from enum import Enum
from itertools import pairwise

from detectors.ordering.config import OrderConfig

WINDOW = 16
"""Senders whose newest event is looked at."""
_FEWEST = 8  # senders read late: eight dates in random order are in sequence once in 20,000 cases
_PATIENCE = 64  # late readings without a judgement after which they count as claims
_PACE = 4  # events read at four times the pace at which they happened, or more, are read late

_Reading = tuple[int, int] | None
"""Time of an event and of its observation; None for an event read in time."""

ListenerState = tuple[list[tuple[str, _Reading]], int]
"""State of a `CatchingUp`."""


class Judgement(Enum):
    """Why events are observed long after their own time."""

    UNKNOWN = "unknown"  # too few senders, or no clear answer yet
    CLAIMS = "claims"
    CATCHING_UP = "catching_up"


class CatchingUp:
    """Judges the late readings of one listener: events observed more than the max out-of-orderness after their time.

    The newest event of each of the last 16 senders counts, so one sender is one reading, however many events it sends.
    A listener is catching up if two thirds are late and in sequence: the time of the event advances by at least four
    times the advance of the observation. Reading newest first is a sequence as well; of ten readings one may be out of
    sequence, of sixteen two. An update costs about 5 microseconds and is needed only while late readings are recent.
    """

    __slots__ = ("_readings", "_tolerance", "_undecided")

    def __init__(self, config: OrderConfig) -> None:
        self._tolerance = config.max_out_of_orderness_ms
        self._readings: dict[str, _Reading] = {}  # by sender, the oldest first
        self._undecided = 0

    def note_in_time(self, sender: str) -> bool:
        """Add an event read in time; return False if no recent reading is late any more."""
        self._add(sender, None)
        return any(self._readings.values())

    def judge(self, time: int, observed: int, sender: str) -> Judgement:
        """Add a late reading; return the judgement on the late readings of the listener."""
        self._add(sender, (time, observed))
        judgement = self._judge([reading for reading in self._readings.values() if reading is not None])
        self._undecided = self._undecided + 1 if judgement is Judgement.UNKNOWN else 0
        return Judgement.CLAIMS if self._undecided > _PATIENCE else judgement

    def snapshot(self) -> ListenerState:
        """Return the state, as part of a snapshot."""
        return list(self._readings.items()), self._undecided

    def restore(self, state: ListenerState) -> None:
        """Restore the state returned by `snapshot`."""
        readings, self._undecided = state
        self._readings = dict(readings)

    def _add(self, sender: str, reading: _Reading) -> None:
        readings = self._readings
        readings.pop(sender, None)
        readings[sender] = reading
        if len(readings) > WINDOW:
            del readings[next(iter(readings))]

    def _judge(self, late: list[tuple[int, int]]) -> Judgement:
        count = len(late)
        if 3 * count <= 2 * len(self._readings):
            return Judgement.CLAIMS
        if count < _FEWEST:
            return Judgement.UNKNOWN
        steps = [(later[0] - earlier[0], _PACE * abs(later[1] - earlier[1])) for earlier, later in pairwise(late)]
        broken = min(sum(sign * advance < pace for advance, pace in steps) for sign in (1, -1))
        times = [time for time, _ in late]
        if max(times) - min(times) <= self._tolerance or broken * 3 > count:
            return Judgement.CLAIMS
        return Judgement.CATCHING_UP if broken <= (count - 4) // 6 else Judgement.UNKNOWN
