"""The known answer of a simulated stream: who passed on whose message, which messages are one rumour, what is expected.

Raw identifiers stand in it, as in the stream: both are made up.
"""

from enum import StrEnum

import msgspec

from schemas.rejection import Reason


class CascadeKind(StrEnum):
    """What made a cluster."""

    SMALL_TALK = "small_talk"
    ORGANIC = "organic"
    VIRAL = "viral"
    SLOW_BURN = "slow_burn"
    BOT_BURST = "bot_burst"
    COPY_PASTE = "copy_paste"


class Mutation(StrEnum):
    """One change that a copy underwent."""

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
"""Changes that a good normal form undoes."""
MEANING = frozenset({Mutation.NEGATION, Mutation.NUMBER, Mutation.PLACE})
"""Changes that make another claim of it; the copy still belongs to the rumour it was made from."""
LEXICAL = frozenset(Mutation) - SURFACE - MEANING
"""Changes of wording that leave the meaning."""


class SeenOutcome(StrEnum):
    """What a reader with the configured lateness does with a line."""

    APPLIED = "applied"
    LATE = "late"
    EXPIRED = "expired"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


class EventTruth(msgspec.Struct, frozen=True, omit_defaults=True):
    """The truth about one event. Statements about a message carry the cluster of that message."""

    event_id: str
    cluster: str
    parent: str | None = None  # event id of the message that was really copied or answered, even where it is hidden
    depth: int = 0  # true steps from the cluster's first message
    mutations: tuple[Mutation, ...] = ()  # of this copy, against its parent
    steps: int = 0  # lexical and meaning changes since the cluster's first message
    variant: tuple[Mutation, ...] = ()  # meaning changes since then


class CascadeTruth(msgspec.Struct, frozen=True, omit_defaults=True):
    """The truth about one cluster."""

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
    remaining: int  # of them with a share that was not deleted, on an account that still stands
    depth: int
    big: bool
    negative_of: str | None = None  # a cluster with nearly the same words that means something else
    debunked_at: int | None = None


class LineTruth(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the file with which something else than `APPLIED` is expected. Lines count from 0."""

    line: int
    outcome: SeenOutcome
    event_id: str | None = None
    reason: Reason | None = None


class Truth(msgspec.Struct, frozen=True):
    """Everything that is known about a simulated stream."""

    seed: int
    cascades: list[CascadeTruth]  # in the order of their first messages
    events: list[EventTruth]  # one for each distinct event, in the order of event time
    exceptions: list[LineTruth]  # for a reader of one partition, in the order of lines

    def clusters(self) -> dict[str, str]:
        """Cluster by event id."""
        return {event.event_id: event.cluster for event in self.events}
