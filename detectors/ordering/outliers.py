"""Recognise events whose time is ahead of the stream and contradicted by later arrivals.

An event ahead of its partition is not wrong yet: in a quiet stream each event is ahead until others confirm its time.
It is an outlier once enough other senders arrive later with earlier times.
"""

import msgspec

from detectors.ordering.config import OrderConfig
from schemas.sighting import Sighting

_MAX_SUSPECTS = 64  # senders watched; beyond, the longest watched is no longer

_Key = tuple[int, str]
"""Source partition and sender."""


class Suspect(msgspec.Struct, array_like=True):
    """Events of one sender that are ahead of their partition."""

    time: int  # the earliest of them
    event_ids: list[str]
    contradicted_by: list[str]  # senders, up to the number needed


def sender_of(sighting: Sighting) -> str:
    """Return the key of the sender: the person, else the chat, the message or the event."""
    return sighting.actor or sighting.chat or sighting.message or sighting.event_id


class Outliers:
    """Waiting events that are known to be ahead of the stream.

    An event counts as ahead if its time exceeds the progress of its partition, on arrival, by more than the max
    out-of-orderness. It becomes an outlier when `confirming_senders` other senders have arrived later with times that
    are not late, and earlier than the event by more than the max out-of-orderness. An update costs 0.1 microseconds
    while no event is ahead, and one pass over at most 64 suspects otherwise; memory is bounded by the waiting events.
    """

    def __init__(self, config: OrderConfig) -> None:
        self._tolerance = config.max_out_of_orderness_ms
        self._needed = config.confirming_senders
        self._suspects: dict[_Key, Suspect] = {}
        self._known: set[str] = set()
        self.total = 0

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._known

    def is_ahead(self, sighting: Sighting) -> bool:
        """Return True if an event is ahead of its partition on arrival."""
        return sighting.time - sighting.progress > self._tolerance

    def update(self, sighting: Sighting) -> None:
        """Compare an arriving event with the suspects of its partition, and watch the event if it is ahead."""
        if self._suspects:
            self._compare(sighting)
        if self.is_ahead(sighting):
            self._watch(sighting)

    def discard(self, event_id: str) -> bool:
        """Forget an event that leaves the buffer; return True if it was an outlier."""
        if event_id not in self._known:
            return False
        self._known.remove(event_id)
        return True

    def withdraw(self, event_id: str) -> None:
        """Forget an event whose time was corrected; it counts as an outlier no longer."""
        for key, suspect in list(self._suspects.items()):
            if event_id in suspect.event_ids:
                del self._suspects[key]
        if self.discard(event_id):
            self.total -= 1

    def snapshot(self) -> tuple[list[tuple[int, str, Suspect]], list[str], int]:
        """Return the state, as part of a snapshot."""
        return [(*key, suspect) for key, suspect in self._suspects.items()], sorted(self._known), self.total

    def restore(self, state: tuple[list[tuple[int, str, Suspect]], list[str], int]) -> None:
        """Restore the state returned by `snapshot`."""
        suspects, known, self.total = state
        self._suspects = {(partition, sender): suspect for partition, sender, suspect in suspects}
        self._known = set(known)

    def _compare(self, sighting: Sighting) -> None:
        sender, partition, tolerance = sender_of(sighting), sighting.partition, self._tolerance
        counts = sighting.time >= sighting.progress - tolerance
        for key, suspect in list(self._suspects.items()):
            if key[0] != partition:
                continue
            if suspect.time <= sighting.progress + tolerance:
                del self._suspects[key]  # the stream has reached its time
            elif counts and key[1] != sender and sighting.time < suspect.time - tolerance:
                self._contradict(suspect, sender)

    def _contradict(self, suspect: Suspect, sender: str) -> None:
        senders = suspect.contradicted_by
        if len(senders) < self._needed and sender not in senders:
            senders.append(sender)
            if len(senders) == self._needed:
                self._add(suspect.event_ids)
                suspect.event_ids = []

    def _watch(self, sighting: Sighting) -> None:
        key = (sighting.partition, sender_of(sighting))
        suspect = self._suspects.get(key)
        if suspect is None:
            if len(self._suspects) >= _MAX_SUSPECTS:
                del self._suspects[next(iter(self._suspects))]
            self._suspects[key] = Suspect(sighting.time, [sighting.event_id], [])
        elif len(suspect.contradicted_by) >= self._needed and sighting.time >= suspect.time:
            self._add([sighting.event_id])
        else:
            suspect.time = min(suspect.time, sighting.time)
            suspect.event_ids.append(sighting.event_id)

    def _add(self, event_ids: list[str]) -> None:
        self._known.update(event_ids)
        self.total += len(event_ids)
