"""Define the settings of the alert policy and of the evidence in an alert."""

from itertools import pairwise
from math import log
from typing import Annotated

from msgspec import Meta

from detectors.base_config import BaseConfig


class PolicyConfig(BaseConfig, frozen=True, kw_only=True):
    """Rules of notification. Durations are event time in ms."""

    cool_down_ms: Annotated[
        int, Meta(ge=0, description="Silence after a notification about a cascade, broken only by a rising level.")
    ] = 1_800_000
    hysteresis: Annotated[
        float,
        Meta(
            ge=0,
            description="Distance below a level's threshold, as a natural logarithm, at which the level may fall "
            "(ln 2: at half the threshold).",
        ),
    ] = log(2)
    subside_after_ms: Annotated[
        int, Meta(ge=0, description="Time that a score must stay below the fall threshold before its level falls.")
    ] = 7_200_000
    check_interval_ms: Annotated[
        int, Meta(ge=1, description="Interval at which the score of a cascade with a level is checked without shares.")
    ] = 1_800_000
    close_after_ms: Annotated[
        int, Meta(ge=1, description="Silence after which a cascade closes, unless one of its posts is still fresh.")
    ] = 604_800_000
    close_retry_ms: Annotated[
        int, Meta(ge=1, description="Delay before the next attempt to close a cascade with a post that is still fresh.")
    ] = 86_400_000
    resurface_sharers: Annotated[
        int, Meta(ge=1, description="New sharers of a closed cascade from which an alert reports its return.")
    ] = 5
    closed_retention_ms: Annotated[
        int, Meta(ge=0, description="Time for which a closed cascade is remembered, to continue its counts on return.")
    ] = 2_592_000_000
    openings_a_day: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(
            description="Growth alerts that may open per day on average, over all cascades; beyond this rate the "
            "level-1 threshold rises. Other alerts are not counted. Unset: every cascade at the threshold opens one.",
        ),
    ] = None
    milestones: Annotated[
        tuple[Annotated[int, Meta(ge=1)], ...],
        Meta(
            description="Sizes at which a slowly growing cascade is reported, as rising multiples of the target size."
        ),
    ] = (1, 4)
    target_level_0_ms: Annotated[
        int, Meta(ge=0, description="Internal target for the review of a milestone or a matched fact-check.")
    ] = 86_400_000
    target_level_1_ms: Annotated[int, Meta(ge=0, description="Internal target for the review of a level-1 alert.")] = (
        14_400_000
    )
    target_level_2_ms: Annotated[int, Meta(ge=0, description="Internal target for the review of a level-2 alert.")] = (
        3_600_000
    )
    target_level_3_ms: Annotated[int, Meta(ge=0, description="Internal target for the review of a level-3 alert.")] = (
        900_000
    )

    def __post_init__(self) -> None:
        """Check that the milestones rise."""
        super().__post_init__()
        if not all(low < high for low, high in pairwise(self.milestones)):
            raise ValueError(f"policy.milestones is {self.milestones}, but milestones must rise; try [1, 4]")

    def target_ms(self, level: int) -> int:
        """Return the internal review target of an alert of `level` (0 to 3), in ms."""
        return (self.target_level_0_ms, self.target_level_1_ms, self.target_level_2_ms, self.target_level_3_ms)[level]


class EvidenceConfig(BaseConfig, frozen=True, kw_only=True):
    """Limits on the content of an alert."""

    k_anonymity: Annotated[
        int, Meta(ge=1, description="Smallest group published in counts by platform and of report categories.")
    ] = 5
    max_text: Annotated[
        int, Meta(ge=1, description="Graphemes of the representative text in an alert; digests cover the whole text.")
    ] = 500
    show_ist: Annotated[
        bool, Meta(description="Whether sentences give times in Indian standard time in addition to UTC.")
    ] = False


__all__ = ["EvidenceConfig", "PolicyConfig"]
