"""Track the event time that each source partition has reached, so that no single sender can move it.

Events behind the watermark are late: one wrong clock that moved the progress of its partition would make all other
senders late. A time is therefore believed if a witness confirms it, or if enough different senders in different chats
have reached it.
"""

from enum import IntEnum
from math import ceil

import msgspec

from detectors.ordering.config import OrderConfig
from detectors.snapshot import pack, unpack


class Standing(IntEnum):
    """What an event's time counts for."""

    MUTE = 0  # nothing: its stamps contradict each other, and the partition cannot decide yet which is right
    BEHIND = 1  # one sender's word, read long after the event: the witness is the reader's clock
    VOTE = 2  # one sender's word
    CONFIRMED = 3  # a witness agrees


# Read on every event; access to enum members is slow.
_MUTE, _BEHIND, _CONFIRMED = Standing.MUTE, Standing.BEHIND, Standing.CONFIRMED


class _State(msgspec.Struct, array_like=True):
    time: int
    turn: int = 0
    last: list[str] = []
    recent: list[tuple[str, int, bool]] = []
    votes: list[tuple[str, int, str]] = []
    chats: list[str] = []


def _without_votes(state: list[int]) -> list[int]:
    """Convert version 1, with unconfirmed times of no known sender: keep the progress."""
    return [state[0]]


class PartitionWatermark:
    """Progress of one source partition: the newest event time that can be believed.

    A confirmed time moves progress at once. Any other time is one sender's vote: progress is the largest time that the
    newest events of a fifth (`confirming_share`) of the recent senders have reached, of at least `confirming_senders`
    senders in at least `confirming_chats` chats. A flood of one sender, or of two in turn, is one vote or two and ages
    no other vote. Progress never exceeds the newest event, so an event out of order by at most the max
    out-of-orderness is never late.

    While most recent senders are read long after their events, no witness confirms a time: it is the reader's clock.
    A partition that has only ever had one chat is content with it after `confirmation_window` turns.

    An update costs 0.6 microseconds if confirmed, about 2 otherwise; memory is some 100 bytes for each of the
    `confirmation_window` recent senders.
    """

    __slots__ = ("_behind", "_chats", "_last", "_min_chats", "_need", "_previous", "_recent", "_turn", "_votes",
                 "_window", "time")  # fmt: skip

    def __init__(self, config: OrderConfig, time: int = 0) -> None:
        self._window = window = config.confirmation_window
        self._min_chats = config.confirming_chats
        self._need = [max(config.confirming_senders, ceil(config.confirming_share * n)) for n in range(window + 2)]
        self._recent: dict[str, tuple[int, bool]] = {}  # sender -> turn and whether read late; oldest first
        self._votes: dict[str, tuple[int, str]] = {}  # sender -> time ahead of progress, and chat
        self._chats: set[str] = set()  # of the partition so far, at most `confirming_chats`
        self._behind = self._turn = 0
        self._last = self._previous = ""
        self.time = time

    def observe(self, time: int, sender: str, chat: str, standing: Standing) -> int:
        """Add an event time; return the progress in milliseconds, never decreasing.

        Args:
            time: event time (not negative); if confirmed, not later than the witness.
            sender: key of the sender.
            chat: key of the chat; the sender's if the platform has no chats.
            standing: what the time counts for.
        """
        self._note(sender, standing <= _BEHIND)
        if time <= self.time:
            self._votes.pop(sender, None)
        elif standing is _CONFIRMED and self._trusts_witness():
            self._move(time)
        elif standing is not _MUTE:
            self._vote(time, sender, chat)
        return self.time

    def snapshot(self) -> bytes:
        """Return the state as bytes."""
        recent = [(sender, turn, behind) for sender, (turn, behind) in self._recent.items()]
        votes = [(sender, time, chat) for sender, (time, chat) in self._votes.items()]
        state = _State(self.time, self._turn, [self._last, self._previous], recent, votes, sorted(self._chats))
        return pack("progress", 2, state)

    def restore(self, data: bytes) -> None:
        """Restore the state returned by `snapshot`."""
        state = unpack("progress", 2, _State, data, {1: _without_votes})
        self.time, self._turn, self._chats = state.time, state.turn, set(state.chats)
        self._last, self._previous = state.last or ("", "")
        self._recent = {sender: (turn, behind) for sender, turn, behind in state.recent}
        self._votes = {sender: (time, chat) for sender, time, chat in state.votes}
        self._behind = sum(behind for _, behind in self._recent.values())

    def _note(self, sender: str, behind: bool) -> None:
        """Record a recent sender. A turn passes only with a third sender, so two cannot age the others."""
        recent = self._recent
        known = recent.pop(sender, None)
        if known is not None:
            self._behind -= known[1]
        if sender != self._last:
            if sender != self._previous:
                self._turn += 1
                self._forget(self._turn - self._window)
            self._last, self._previous = sender, self._last
        recent[sender] = (self._turn, behind)
        self._behind += behind

    def _forget(self, turn: int) -> None:
        recent = self._recent
        while recent:
            sender = next(iter(recent))
            if recent[sender][0] > turn:
                return
            self._behind -= recent.pop(sender)[1]
            self._votes.pop(sender, None)

    def _trusts_witness(self) -> bool:
        return not self._behind or self._behind * 2 <= len(self._recent)

    def _vote(self, time: int, sender: str, chat: str) -> None:
        votes = self._votes
        votes[sender] = (time, chat)
        if len(self._chats) < self._min_chats:
            self._chats.add(chat)
        need = self._need[len(self._recent)]
        if len(votes) < need:
            return
        need_chats = self._min_chats if self._turn < self._window else min(self._min_chats, len(self._chats))
        chats: set[str] = set()
        for count, (at, place) in enumerate(sorted(votes.values(), reverse=True), 1):
            chats.add(place)
            if count >= need and len(chats) >= need_chats:
                self._move(at)
                return

    def _move(self, time: int) -> None:
        self.time = time
        if self._votes:
            self._votes = {sender: vote for sender, vote in self._votes.items() if vote[0] > time}
