"""Define the truth of a simulated stream: the parent and the rumour of each message, and the outcome of each line.

The truth contains raw identifiers, as does the stream: all of them are invented.
"""

from enum import StrEnum

import msgspec

from schemas.rejection import Reason


class CascadeKind(StrEnum):
    """Process that made a cluster."""

    SMALL_TALK = "small_talk"
    ORGANIC = "organic"
    VIRAL = "viral"
    SLOW_BURN = "slow_burn"
    BOT_BURST = "bot_burst"
    COPY_PASTE = "copy_paste"


class Mutation(StrEnum):
    """Change of a copy."""

    BANNER = "banner"
    EMOJI = "emoji"
    CASE = "case"
    PUNCTUATION = "punctuation"
    URL = "url"
    ZERO_WIDTH = "zero_width"
    TYPO = "typo"
    SPELLING = "spelling"
    TRUNCATION = "truncation"
    PREPENDED = "prepended"
    APPENDED = "appended"
    CODE_MIX = "code_mix"
    NEGATION = "negation"
    NUMBER = "number"
    PLACE = "place"


SURFACE = frozenset(
    {
        Mutation.BANNER,
        Mutation.EMOJI,
        Mutation.CASE,
        Mutation.PUNCTUATION,
        Mutation.URL,
        Mutation.ZERO_WIDTH,
    }
)
"""Changes that a good normal form removes."""
MEANING = frozenset({Mutation.NEGATION, Mutation.NUMBER, Mutation.PLACE})
"""Changes that alter the claim; the copy still belongs to the original rumour."""
LEXICAL = frozenset(Mutation) - SURFACE - MEANING
"""Changes of wording that keep the meaning."""


class SeenOutcome(StrEnum):
    """Outcome of a line for a reader with the configured lateness."""

    APPLIED = "applied"
    LATE = "late"
    DROPPED_LATE = "dropped_late"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


class EventTruth(msgspec.Struct, frozen=True, omit_defaults=True):
    """Truth about one event. Statements about a message have the cluster of the message."""

    event_id: str
    cluster: str
    parent: str | None = None  # event id of the copied or answered message, even if the platform hides the parent
    depth: int = 0  # true number of steps from the first message of the cluster
    mutations: tuple[Mutation, ...] = ()  # of the copy, compared with its parent
    steps: int = 0  # lexical and meaning changes since the first message of the cluster
    variant: tuple[Mutation, ...] = ()  # meaning changes since the first message of the cluster


class CascadeTruth(msgspec.Struct, frozen=True, omit_defaults=True):
    """Truth about one cluster."""

    cluster: str
    kind: CascadeKind
    lang: str
    topic: str
    platform: str  # of the first message
    text: str  # of the first message
    start: int
    end: int  # time of the last share
    posts: int
    sharers: int  # distinct: account, else chat, else the message itself; over all time
    remaining: int  # sharers with a share that was not deleted, on an account that was not suspended
    depth: int
    big: bool
    negative_of: str | None = None  # a cluster with nearly the same words and another meaning
    debunked_at: int | None = None


class LineTruth(msgspec.Struct, frozen=True, omit_defaults=True):
    """Line of the file with an expected outcome other than `APPLIED`. Lines count from 0."""

    line: int
    outcome: SeenOutcome
    event_id: str | None = None
    reason: Reason | None = None


class Truth(msgspec.Struct, frozen=True):
    """Complete truth about a simulated stream."""

    seed: int
    cascades: list[CascadeTruth]  # in the order of their first messages
    events: list[EventTruth]  # one for each distinct event, in the order of event time
    exceptions: list[LineTruth]  # for a reader of one partition, in the order of lines

    def clusters(self) -> dict[str, str]:
        """Return the cluster of each event by event id."""
        return {event.event_id: event.cluster for event in self.events}
