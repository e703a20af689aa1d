"""What a simulated stream is made of: how much, of which kinds, how much it is mutated and disordered."""

import msgspec


def _share(section: str, name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{section}.{name} is a share; got {value}; choose a number from 0 to 1")


class Mix(msgspec.Struct, frozen=True, kw_only=True):
    """Relative frequency of each kind of cluster; the sum need not be 1."""

    small_talk: float = 0.90  # greetings, family news, small rumours; most are never passed on
    organic: float = 0.04  # one big account, star-like, quick to come and quick to go
    viral: float = 0.025  # a rumour that branches from chat to chat until everybody has seen it
    slow_burn: float = 0.01  # the same, twenty times as slow
    bot_burst: float = 0.008  # a few accounts, tens of posts each, nearly at once
    copy_paste: float = 0.017  # many accounts post one text within minutes, none forwards it

    def __post_init__(self) -> None:
        """Refuse negative weights, and none at all."""
        for name in self.__struct_fields__:
            if getattr(self, name) < 0:
                raise ValueError(f"mix.{name} must not be negative; got {getattr(self, name)}; use 0 for none")
        if not any(getattr(self, name) for name in self.__struct_fields__):
            raise ValueError(
                "mix must have a kind with a positive weight; got 0 for all; leave mix out for the default"
            )


class Mutations(msgspec.Struct, frozen=True, kw_only=True):
    """Share of copies that are changed on the way, by how deep the change goes."""

    surface: float = 0.12  # banner, emoji, case, punctuation, link, invisible characters
    lexical: float = 0.04  # typing errors, spelling, truncation, a sentence more, words of another language
    meaning: float = 0.008  # negation, another number, another place

    def __post_init__(self) -> None:
        """Refuse what is no share, and more changes than copies."""
        for name in self.__struct_fields__:
            _share("mutations", name, getattr(self, name))
        if self.surface + self.lexical + self.meaning > 1:
            raise ValueError("mutations must add up to 1 at most; got more; lower one of surface, lexical, meaning")


class Disorder(msgspec.Struct, frozen=True, kw_only=True):
    """How far the order of arrival strays from the order of events. Durations in milliseconds."""

    delay_ms: int = 0  # every event arrives at most this much after it happened
    max_out_of_orderness_ms: int = 30_000  # what the reader allows; `late` events miss it
    allowed_lateness_ms: int = 86_400_000  # beyond it the reader only counts
    late: float = 0.0  # share of events that arrive behind the allowed lateness
    expired: float = 0.0  # share that arrive behind the horizon
    duplicates: float = 0.0  # share that are delivered twice
    malformed: float = 0.0  # lines that are no events, as a share of the events

    def __post_init__(self) -> None:
        """Refuse what is no share, negative durations, and delays that would make punctual events late."""
        for name in ("late", "expired", "duplicates", "malformed"):
            _share("disorder", name, getattr(self, name))
        if not 0 <= self.delay_ms <= self.max_out_of_orderness_ms <= self.allowed_lateness_ms:
            raise ValueError(
                "disorder needs 0 <= delay_ms <= max_out_of_orderness_ms <= allowed_lateness_ms; "
                f"got {self.delay_ms}, {self.max_out_of_orderness_ms}, {self.allowed_lateness_ms}; "
                "lower the first or raise the others"
            )


LANGUAGES = (
    ("hi", 0.22),
    ("hi-Latn", 0.18),
    ("en", 0.18),
    ("bn", 0.08),
    ("ta", 0.07),
    ("ur", 0.06),
    ("es", 0.05),
    ("pt", 0.05),
    ("ar", 0.04),
    ("id", 0.04),
    ("th", 0.03),
)
"""The languages there are packs for, with the weights used by default."""


class SimulatorConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One value from which the whole stream follows, byte for byte."""

    seed: int = 7
    events: int = 5_000  # distinct well-formed events; duplicates and malformed lines come on top
    cascades: int | None = None  # if set, this many clusters instead, and however many events they give
    hours: float = 72.0  # from the first event to the last
    start_ms: int = 1_772_409_600_000  # 2026-03-02T00:00Z
    big: int = 50  # a cascade is big from this many distinct sharers on
    largest: float = 0.08  # no cascade has more than this share of the events
    mix: Mix = Mix()
    mutations: Mutations = Mutations()
    disorder: Disorder = Disorder()
    languages: tuple[tuple[str, float], ...] = LANGUAGES

    def __post_init__(self) -> None:
        """Refuse streams that cannot be."""
        known = [name for name, _ in LANGUAGES]
        for name in ("events", "hours", "big", "largest"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive; got {getattr(self, name)}; leave it out for the default")
        if self.cascades is not None and self.cascades < 1:
            raise ValueError(f"cascades must be positive; got {self.cascades}; leave it out to go by events")
        if self.seed < 0:
            raise ValueError(f"seed must not be negative; got {self.seed}; try 7")
        if not self.languages or any(name not in known or weight <= 0 for name, weight in self.languages):
            raise ValueError(
                f"languages must be pairs of a known name and a positive weight; known are {', '.join(known)}"
            )

    @property
    def end_ms(self) -> int:
        """The time after which nothing happens."""
        return self.start_ms + round(self.hours * 3_600_000)

    @property
    def most_shares(self) -> int:
        """How many shares a cascade may have."""
        return max(20, round(self.largest * (self.events if self.cascades is None else 20 * self.cascades)))


SAMPLE = SimulatorConfig(disorder=Disorder(delay_ms=20_000, late=0.002, duplicates=0.004, malformed=0.0016))
"""What the stream in `examples/` is made from: three days, a little disorder, some lines that are no events."""
