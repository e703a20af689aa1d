"""Configure intake: the limits on a usable event."""

from typing import Annotated

from msgspec import Meta

from detectors.base_config import BaseConfig


class IntakeConfig(BaseConfig, frozen=True, kw_only=True):
    """Limits on a usable event. Sizes in bytes and characters, times in milliseconds since 1970 (UTC)."""

    max_event_bytes: Annotated[
        int, Meta(ge=1, description="Size of an event, in bytes, above which the event is rejected.")
    ] = 1 << 20
    max_text_chars: Annotated[
        int,
        Meta(
            ge=1,
            description="Length of a text, in characters, above which the event is rejected; the default is "
            "WhatsApp's longest message.",
        ),
    ] = 65_536
    earliest_ms: Annotated[
        int, Meta(description="Event time before which an event is rejected; the default is 2000-01-01.")
    ] = 946_684_800_000
    latest_ms: Annotated[
        int, Meta(description="Event time after which an event is rejected; the default is 2100-01-01.")
    ] = 4_102_444_800_000
    max_sealed_bytes: Annotated[
        int,
        Meta(
            ge=0,
            description="Size of a rejected payload, in bytes, up to which the payload is kept, sealed; "
            "0 keeps only offset and digest.",
        ),
    ] = 65_536
    cached_texts: Annotated[int, Meta(ge=1, description="Distinct texts whose normalised form is cached.")] = 65_536
    accepted_keys: Annotated[
        tuple[str, ...],
        Meta(description="Ids of other deployments' keys whose pseudonyms are accepted unchanged."),
    ] = ()

    def __post_init__(self) -> None:
        """Check that some event time is usable."""
        super().__post_init__()
        if self.earliest_ms >= self.latest_ms:
            raise ValueError(
                f"intake.earliest_ms is {self.earliest_ms}, not before intake.latest_ms ({self.latest_ms}), "
                "so every event would be rejected; swap the two"
            )
