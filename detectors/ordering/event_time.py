"""Decide the time of an event from its stamps, and the progress of its partition.

A sender's clock can be wrong, by accident or to evade. The *witness* of an event is the earliest stamp that the sender
does not control: the time of observation, or without one the timestamp of the record. A stamp of a server is used where
the witness agrees; a claim is replaced by the witness.
"""

from typing import Any, NamedTuple

import msgspec

from detectors.ordering.catching_up import CatchingUp, Judgement, ListenerState
from detectors.ordering.config import OrderConfig
from detectors.ordering.progress import PartitionWatermark, Standing
from detectors.snapshot import pack, unpack

_CONFIRMED, _VOTE, _BEHIND, _MUTE = Standing.CONFIRMED, Standing.VOTE, Standing.BEHIND, Standing.MUTE
_MAX_LISTENERS = 64  # platforms with late readings


class Stamps(NamedTuple):
    """Stamps of an event in ms since 1970, None where absent; at least one of the first three is present."""

    created: int | None  # of a server, or claimed
    claimed: int | None  # by the sender's device
    observed: int | None  # by the receiver
    recorded: int | None = None  # of the record on the topic


class EventTime(NamedTuple):
    """Time of an event, and what is known about it."""

    time: int  # ms since 1970
    progress: int  # of the partition, after the event
    replaced: int | None = None  # the claim that the witness replaced
    catching_up: bool = False  # the listener was behind, so the event's own time is used
    witnessed: bool = False  # a witness confirms the time


class _State(msgspec.Struct, array_like=True):
    progress: bytes
    listeners: dict[str, ListenerState]


def _without_listeners(state: list[Any]) -> list[Any]:
    """Convert version 1, with the late readings of all platforms together: they begin anew."""
    return [state[0], {}]


class PartitionTime:
    """Decides the event times of one source partition. The order of arrival is part of the decision.

    - A `created` stamp within the max out-of-orderness of the witness is the time, and is confirmed.
    - A stamp later than that is replaced by the witness.
    - A stamp earlier than that is replaced by the time of observation, unless the partition is catching up
      (`CatchingUp`, by platform). Without a time of observation, a `created` stamp is kept: adapters may deliver late.
    - A `claimed` stamp counts only without `created`, and never confirms itself: the witness is the time.
    - Without a witness the stamp is the time, and counts as one sender's vote.

    An ordinary event costs about a microsecond, `PartitionWatermark` included.
    """

    __slots__ = ("_config", "_listeners", "_progress", "_tolerance")

    def __init__(self, config: OrderConfig, progress: int = 0) -> None:
        self._tolerance = config.max_out_of_orderness_ms
        self._progress = PartitionWatermark(config, progress)
        self._config = config
        self._listeners: dict[str, CatchingUp] = {}  # by platform, while late readings are recent

    @property
    def progress(self) -> int:
        """Return the progress of the partition in ms of event time."""
        return self._progress.time

    def update(self, stamps: Stamps, platform: str, sender: str, chat: str) -> EventTime:
        """Return the time of the next event.

        Args:
            stamps: of the event.
            platform: name of the platform; each has its own listener.
            sender: key of the sender.
            chat: key of the chat; the sender's if the platform has no chats.
        """
        created, claimed, observed, recorded = stamps
        tolerance = self._tolerance
        witness = recorded if observed is None else observed
        if witness is None:
            time = claimed if created is None else created
            assert time is not None  # noqa: S101 - checked by the caller
            return EventTime(time, self._progress.observe(time, sender, chat, _VOTE))
        stamp = claimed if created is None else created
        if stamp is None:
            stamp = witness
        lead = stamp - witness
        if -tolerance <= lead <= tolerance:
            time = witness if created is None else stamp
            if self._listeners:
                self._note_in_time(platform, sender)
            progress = self._progress.observe(min(time, witness), sender, chat, _CONFIRMED)
            return EventTime(time, progress, None, False, True)
        if lead > 0:
            progress = self._progress.observe(witness, sender, chat, _CONFIRMED)
            return EventTime(witness, progress, stamp, False, True)
        if observed is None and created is not None:
            return EventTime(created, self._progress.observe(created, sender, chat, _BEHIND))
        return self._read_late(stamp, witness, platform, sender, chat)

    def snapshot(self) -> bytes:
        """Return the state as bytes."""
        listeners = {platform: listener.snapshot() for platform, listener in self._listeners.items()}
        return pack("event time", 2, _State(self._progress.snapshot(), listeners))

    def restore(self, data: bytes) -> None:
        """Restore the state returned by `snapshot`."""
        state = unpack("event time", 2, _State, data, {1: _without_listeners})
        self._progress.restore(state.progress)
        self._listeners = {platform: CatchingUp(self._config) for platform in state.listeners}
        for platform, listener in self._listeners.items():
            listener.restore(state.listeners[platform])

    def _note_in_time(self, platform: str, sender: str) -> None:
        listener = self._listeners.get(platform)
        if listener is not None and not listener.note_in_time(sender):
            del self._listeners[platform]

    def _read_late(self, stamp: int, witness: int, platform: str, sender: str, chat: str) -> EventTime:
        """Decide between a claim of the past and an event read late."""
        listener = self._listeners.get(platform)
        if listener is None:
            if len(self._listeners) >= _MAX_LISTENERS:
                del self._listeners[next(iter(self._listeners))]
            listener = self._listeners[platform] = CatchingUp(self._config)
        judgement = listener.judge(stamp, witness, sender)
        if judgement is Judgement.CATCHING_UP:
            return EventTime(stamp, self._progress.observe(stamp, sender, chat, _BEHIND), None, True)
        standing = _VOTE if judgement is Judgement.CLAIMS else _MUTE
        return EventTime(witness, self._progress.observe(witness, sender, chat, standing), stamp)


def event_time_state(progress: bytes) -> bytes:
    """Return the state of a `PartitionTime` from the state of its progress alone, as older releases stored it."""
    return pack("event time", 2, _State(progress, {}))


__all__ = ["EventTime", "PartitionTime", "Stamps", "event_time_state"]
