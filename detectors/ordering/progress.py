"""Track the event time that each source partition has reached, so that no single sender can move it.

Events behind the watermark are late: one wrong clock that moved the progress of its partition would make all other
senders late. A time is therefore believed if a witness confirms it, or if enough different senders in different chats
have reached it.
"""

from collections import deque
from enum import IntEnum
from math import ceil

import msgspec

from detectors.ordering.config import OrderConfig
from detectors.snapshot import pack, unpack


class Standing(IntEnum):
    """Weight of an event's time in the progress of its partition."""

    MUTE = 0  # nothing: its stamps contradict each other, and the partition cannot decide yet which is right
    BEHIND = 1  # one sender's word, read long after the event: the witness is the reader's clock
    VOTE = 2  # one sender's word
    CONFIRMED = 3  # a witness agrees


# Read on every event; access to enum members is slow.
_MUTE, _BEHIND, _CONFIRMED = Standing.MUTE, Standing.BEHIND, Standing.CONFIRMED


class _State(msgspec.Struct, array_like=True):
    time: int
    turn: int = 0
    last: tuple[str, str] = ("", "")
    turns: list[tuple[int, str]] = []
    behind: list[str] = []
    votes: list[tuple[int, str, bool, str]] = []
    chats: list[str] = []


def _without_votes(state: list[int]) -> list[int]:
    """Convert versions 1 and 2, with other forms of unconfirmed times: keep the progress."""
    return [state[0]]


class PartitionWatermark:
    """Progress of one source partition: the newest event time that can be believed.

    A confirmed time moves progress at once, by up to `max_jump_ms`; one record with a wrong witness can do no more. A
    larger advance takes confirmed times of `confirming_senders` senders. Any other time is one sender's vote: progress
    is the largest time that the newest events of a fifth (`confirming_share`) of the recent senders have reached, of at
    least `confirming_senders` in `confirming_chats` chats. A flood of one sender, or of two in turn, is one vote or two
    and ages no other vote. Progress never exceeds the newest event, so an event out of order by at most the max
    out-of-orderness is never late.

    While most recent senders are read long after their events, no witness confirms a time: it is the reader's clock.
    The first confirmed time of a partition is believed. A partition that has only ever had one chat is content with it
    after `confirmation_window` turns.

    An update costs 0.5 microseconds if confirmed, about 3 otherwise; memory is some 300 bytes for each of the
    `confirmation_window` recent senders.
    """

    __slots__ = ("_behind", "_chats", "_last", "_max_jump", "_min_chats", "_min_senders", "_need", "_previous",
                 "_recent", "_turn", "_turns", "_votes", "_window", "time")  # fmt: skip

    def __init__(self, config: OrderConfig, time: int = 0) -> None:
        self._window = window = config.confirmation_window
        self._max_jump = config.max_jump_ms
        self._min_chats, self._min_senders = config.confirming_chats, config.confirming_senders
        self._need = [max(self._min_senders, ceil(config.confirming_share * n)) for n in range(2 * window + 4)]
        self._turn = 0
        self._turns: deque[tuple[int, str]] = deque()  # of recent senders, the oldest first
        self._recent: dict[str, int] = {}  # sender -> newest turn
        self._behind: set[str] = set()  # recent senders whose newest event was read long after its time
        self._votes: dict[str, tuple[int, str, bool]] = {}  # sender -> time ahead of progress, chat, confirmed
        self._chats: set[str] = set()  # of the partition so far, at most `confirming_chats`
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
        if sender != self._last:
            self._pass_turn(sender)
        if standing <= _BEHIND:
            self._behind.add(sender)
        elif self._behind:
            self._behind.discard(sender)
        ahead = time - self.time
        if ahead <= 0:
            if self._votes:
                self._votes.pop(sender, None)
        elif standing is _CONFIRMED and (not self._behind or 2 * len(self._behind) <= len(self._recent)):
            if ahead <= self._max_jump or not self.time:
                self._move(time)
            else:
                self._vote(time, sender, chat, confirmed=True)
        elif standing is not _MUTE:
            self._vote(time, sender, chat, confirmed=False)
        return self.time

    def snapshot(self) -> bytes:
        """Return the state as bytes."""
        votes = [(time, chat, confirmed, sender) for sender, (time, chat, confirmed) in self._votes.items()]
        state = _State(
            self.time,
            self._turn,
            (self._last, self._previous),
            list(self._turns),
            sorted(self._behind),
            votes,
            sorted(self._chats),
        )
        return pack("progress", 3, state)

    def restore(self, data: bytes) -> None:
        """Restore the state returned by `snapshot`."""
        state = unpack("progress", 3, _State, data, {1: _without_votes, 2: _without_votes})
        self.time, self._turn, self._chats = state.time, state.turn, set(state.chats)
        self._last, self._previous = state.last
        self._turns, self._behind = deque(state.turns), set(state.behind)
        self._recent = {sender: turn for turn, sender in state.turns}
        self._votes = {sender: (time, chat, confirmed) for time, chat, confirmed, sender in state.votes}

    def _pass_turn(self, sender: str) -> None:
        """Record a sender other than the last. A turn passes with a third sender, so two cannot age the others."""
        turn, recent = self._turn, self._recent
        if sender != self._previous:
            self._turn = turn = turn + 1
            turns, oldest = self._turns, turn - self._window
            while turns and turns[0][0] <= oldest:
                passed, silent = turns.popleft()
                if recent[silent] == passed:
                    self._forget(silent)
        self._previous, self._last = self._last, sender
        if recent.get(sender) != turn:
            recent[sender] = turn
            self._turns.append((turn, sender))

    def _forget(self, sender: str) -> None:
        """Forget a sender that is no longer recent."""
        del self._recent[sender]
        if self._behind:
            self._behind.discard(sender)
        if self._votes:
            self._votes.pop(sender, None)

    def _vote(self, time: int, sender: str, chat: str, *, confirmed: bool) -> None:
        votes = self._votes
        votes[sender] = (time, chat, confirmed)
        if len(self._chats) < self._min_chats:
            self._chats.add(chat)
        need = self._need[len(self._recent)]
        if len(votes) < (self._min_senders if confirmed else need):
            return
        one_chat = self._turn >= self._window and len(self._chats) < self._min_chats
        need_chats = 1 if one_chat else self._min_chats
        chats: set[str] = set()
        witnessed = 0
        for seen, (at, place, is_confirmed) in enumerate(sorted(votes.values(), reverse=True), 1):
            witnessed += is_confirmed
            chats.add(place)
            if witnessed >= self._min_senders or (seen >= need and len(chats) >= need_chats):
                self._move(at)
                return

    def _move(self, time: int) -> None:
        self.time = time
        if self._votes:
            self._votes = {sender: vote for sender, vote in self._votes.items() if vote[0] > time}
