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
    confirming_senders: Annotated[
        int,
        Meta(ge=1, description="Distinct senders that must reach a time which no witness confirms, at least."),
    ] = 3
    confirming_chats: Annotated[
        int, Meta(ge=1, description="Distinct chats of these senders, at least, in a partition with several chats.")
    ] = 2
    confirming_share: Annotated[
        float, Meta(ge=0.0, le=1.0, description="Part of the recent senders that must reach such a time, at least.")
    ] = 0.2
    confirmation_window: Annotated[
        int, Meta(ge=1, description="Turns of different senders for which a sender counts as recent.")
    ] = 64
    max_jump_ms: Annotated[
        int, Meta(ge=0, description="Advance of event time beyond which a time that a witness confirms is a vote only.")
    ] = 3_600_000
    max_late_streams: Annotated[
        int, Meta(ge=1, description="Platforms and chats whose late events are counted separately at most.")
    ] = 1024
