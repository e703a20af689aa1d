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
"""Senders whose newest late reading is looked at."""
_FEWEST = 5  # senders: five dates in random order are in sequence once in 60 cases
_SPARED = 6  # one reading in six may be out of sequence, such as a wrong clock in the middle
_PACE = 4  # events read at four times the pace at which they happened, or more, are read late


class Reading(Enum):
    """Why events are observed long after their own time."""

    UNKNOWN = "unknown"  # too few senders, or no clear answer
    CLAIMS = "claims"
    CATCHING_UP = "catching_up"


class CatchingUp:
    """Judges the late readings of one partition: events observed more than the max out-of-orderness after their time.

    The newest late reading of each of the last 16 senders counts, so one sender is one reading, however many events it
    sends. A reading is in sequence with the one before if its own time advances by at least four times the advance of
    the observation; reading newest first is a sequence as well. An update costs about 3 microseconds and is needed for
    late readings only.
    """

    __slots__ = ("_readings", "_tolerance")

    def __init__(self, config: OrderConfig) -> None:
        self._tolerance = config.max_out_of_orderness_ms
        self._readings: dict[str, tuple[int, int]] = {}  # sender -> time of the event, time of observation

    def update(self, time: int, observed: int, sender: str) -> Reading:
        """Add a late reading; return the judgement on the partition's late readings."""
        readings = self._readings
        readings.pop(sender, None)
        readings[sender] = (time, observed)
        if len(readings) > WINDOW:
            del readings[next(iter(readings))]
        return self._judge(list(readings.values()))

    def snapshot(self) -> list[tuple[str, int, int]]:
        """Return the state, as part of a snapshot."""
        return [(sender, *reading) for sender, reading in self._readings.items()]

    def restore(self, state: list[tuple[str, int, int]]) -> None:
        """Restore the state returned by `snapshot`."""
        self._readings = {sender: (time, observed) for sender, time, observed in state}

    def _judge(self, readings: list[tuple[int, int]]) -> Reading:
        count = len(readings)
        if count < _FEWEST:
            return Reading.UNKNOWN
        steps = [(later[0] - earlier[0], _PACE * abs(later[1] - earlier[1])) for earlier, later in pairwise(readings)]
        broken = min(sum(sign * advance < pace for advance, pace in steps) for sign in (1, -1))
        times = [time for time, _ in readings]
        if max(times) - min(times) > self._tolerance and broken <= (count - 2) // _SPARED:
            return Reading.CATCHING_UP
        return Reading.CLAIMS if broken * 3 > count or max(times) - min(times) <= self._tolerance else Reading.UNKNOWN
