"""Settings of the event-time order."""

from typing import Annotated

from msgspec import Meta

from detectors.base_config import BaseConfig


class OrderConfig(BaseConfig, frozen=True, kw_only=True):
    """Disorder to wait for, and bounds on memory. Durations in milliseconds."""

    max_out_of_orderness_ms: Annotated[
        int,
        Meta(ge=0, description="Disorder to wait for: an event may be this much older than its partition's newest."),
    ] = 30_000
    allowed_lateness_ms: Annotated[
        int, Meta(ge=0, description="A late event older than the watermark by more than this is dropped and counted.")
    ] = 86_400_000
    idle_timeout_ms: Annotated[
        int,
        Meta(
            ge=1,
            description="Silence after which a partition read to its end no longer holds back the watermark "
            "(live reading only).",
        ),
    ] = 60_000
    max_waiting: Annotated[
        int,
        Meta(ge=1, description="Sightings held in the reorder buffer at most; past the bound the oldest leave early."),
    ] = 1_000_000
    max_remembered_ids: Annotated[
        int, Meta(ge=1, description="Ids of released events kept at most, to recognise an event delivered twice.")
    ] = 1_000_000
    jump_confirmations: Annotated[
        int, Meta(ge=1, description="Consecutive events that must agree before a jump in event time is believed.")
    ] = 3
    max_jump_ms: Annotated[
        int,
        Meta(ge=0, description="Advance of event time beyond which an event counts as a jump and needs confirmation."),
    ] = 604_800_000
