"""Parameters of a simulated stream: size, kinds of clusters, mutations, disorder."""

from typing import Annotated, TypeAlias

from msgspec import Meta

from detectors.base_config import BaseConfig


class Mix(BaseConfig, frozen=True, kw_only=True):
    """Relative frequency of each kind of cluster; the sum need not be 1."""

    small_talk: Annotated[
        float, Meta(ge=0, description="Weight of greetings, family news and small rumours, which are rarely forwarded.")
    ] = 0.90
    organic: Annotated[
        float, Meta(ge=0, description="Weight of star-like cascades from one big account that rise and end quickly.")
    ] = 0.04
    viral: Annotated[
        float,
        Meta(ge=0, description="Weight of rumours that branch from chat to chat until they are known everywhere."),
    ] = 0.025
    slow_burn: Annotated[
        float, Meta(ge=0, description="Weight of rumours that branch from chat to chat twenty times as slowly.")
    ] = 0.01
    bot_burst: Annotated[
        float,
        Meta(ge=0, description="Weight of bursts in which a few accounts send tens of posts each, nearly at once."),
    ] = 0.008
    copy_paste: Annotated[
        float,
        Meta(
            ge=0, description="Weight of bursts in which many accounts post one text within minutes without forwards."
        ),
    ] = 0.017

    def __post_init__(self) -> None:
        """Check that a weight is positive."""
        super().__post_init__()
        if not any(getattr(self, name) for name in self.__struct_fields__):
            raise ValueError("all weights of mix are 0; give at least one kind of cluster a positive weight")


class Mutations(BaseConfig, frozen=True, kw_only=True):
    """Share of copies that are changed, by depth of the change."""

    surface: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Share of copies with a changed banner, emoji, case, punctuation, link or invisible character.",
        ),
    ] = 0.12
    lexical: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Share of copies with typing errors, cuts, an extra sentence or foreign words.",
        ),
    ] = 0.04
    meaning: Annotated[
        float,
        Meta(ge=0, le=1, description="Share of copies with a negation, another number or another place."),
    ] = 0.008

    def __post_init__(self) -> None:
        """Check that the shares leave room for unchanged copies."""
        super().__post_init__()
        if self.surface + self.lexical + self.meaning > 1:
            raise ValueError(
                f"mutations.surface, mutations.lexical and mutations.meaning add up to "
                f"{self.surface + self.lexical + self.meaning:g}, more than 1; lower one of them"
            )


class Disorder(BaseConfig, frozen=True, kw_only=True):
    """Difference between the order of arrival and the order of events. Durations in ms, shares of all events."""

    delay_ms: Annotated[int, Meta(ge=0, description="Longest delay between an event and its arrival.")] = 0
    max_out_of_orderness_ms: Annotated[
        int, Meta(ge=0, description="Disorder that the reader waits for (order.max_out_of_orderness_ms).")
    ] = 30_000
    allowed_lateness_ms: Annotated[
        int, Meta(ge=0, description="Lateness beyond which the reader drops an event (order.allowed_lateness_ms).")
    ] = 86_400_000
    late: Annotated[
        float, Meta(ge=0, le=1, description="Share of events that arrive late, within the allowed lateness.")
    ] = 0.0
    dropped_late: Annotated[
        float, Meta(ge=0, le=1, description="Share of events that arrive later than the allowed lateness.")
    ] = 0.0
    duplicates: Annotated[float, Meta(ge=0, le=1, description="Share of events that are delivered twice.")] = 0.0
    malformed: Annotated[float, Meta(ge=0, le=1, description="Lines that are no events, as a share of the events.")] = (
        0.0
    )

    def __post_init__(self) -> None:
        """Check that a delayed event is not late, nor a late event dropped."""
        super().__post_init__()
        if not self.delay_ms <= self.max_out_of_orderness_ms <= self.allowed_lateness_ms:
            raise ValueError(
                "disorder.delay_ms <= disorder.max_out_of_orderness_ms <= disorder.allowed_lateness_ms does not hold "
                f"for {self.delay_ms}, {self.max_out_of_orderness_ms} and {self.allowed_lateness_ms}; "
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
"""Languages with a pack of texts, and their default weights."""
Language: TypeAlias = Annotated[str, Meta(pattern=f"^({'|'.join(name for name, _ in LANGUAGES)})$")]


class SimulatorConfig(BaseConfig, frozen=True, kw_only=True):
    """All parameters of a simulated stream; equal parameters give equal bytes."""

    seed: Annotated[int, Meta(ge=0, description="Seed of the random numbers.")] = 7
    events: Annotated[
        int, Meta(ge=1, description="Distinct well-formed events; duplicates and malformed lines are added to these.")
    ] = 5_000
    cascades: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="Number of clusters, with as many events as they give. Unset: simulator events decide."),
    ] = None
    hours: Annotated[float, Meta(gt=0, description="Hours from the first event to the last.")] = 72.0
    start_ms: Annotated[
        int, Meta(description="Time of the first event, in ms since 1970; the default is 2026-03-02 00:00 UTC.")
    ] = 1_772_409_600_000
    target_size: Annotated[
        int, Meta(ge=1, description="Distinct sharers from which the truth calls a cascade big.")
    ] = 50
    largest_share: Annotated[
        float, Meta(gt=0, description="Largest share of all events that one cascade may have.")
    ] = 0.08
    mix: Mix = Mix()
    mutations: Mutations = Mutations()
    disorder: Disorder = Disorder()
    languages: Annotated[
        tuple[tuple[Language, Annotated[float, Meta(gt=0)]], ...],
        Meta(min_length=1, description="Languages of the texts, each with its weight."),
    ] = LANGUAGES

    @property
    def end_ms(self) -> int:
        """Return the time of the last event, in ms since 1970."""
        return self.start_ms + round(self.hours * 3_600_000)

    @property
    def max_shares(self) -> int:
        """Return the largest number of shares of a cascade."""
        return max(20, round(self.largest_share * (self.events if self.cascades is None else 20 * self.cascades)))


SAMPLE = SimulatorConfig(disorder=Disorder(delay_ms=20_000, late=0.002, duplicates=0.004, malformed=0.0016))
"""Parameters of the stream in `examples/`: three days, little disorder, some lines that are no events."""
