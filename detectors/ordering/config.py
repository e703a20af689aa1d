"""Settings of the event-time order."""

import msgspec


class OrderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How much disorder is waited for, and how much is remembered. Durations in milliseconds."""

    max_out_of_orderness_ms: int = 30_000  # an event may come this much behind its partition's newest
    allowed_lateness_ms: int = 86_400_000  # what is later than this is only counted
    idle_timeout_ms: int = (
        60_000  # a live source partition that is read to its end and silent for so long holds nobody up
    )
    max_waiting: int = 1_000_000  # sightings in the buffer
    max_remembered: int = 1_000_000  # ids of released sightings, for recognising a second delivery
    confirmations: int = 3  # events in a row that must agree before a great leap in time is believed
    max_jump_ms: int = 604_800_000  # what counts as a great leap: 7 days

    def __post_init__(self) -> None:
        """Refuse what could never release an event."""
        for name in ("max_out_of_orderness_ms", "allowed_lateness_ms", "max_jump_ms"):
            _require(getattr(self, name) >= 0, name, "must not be negative", getattr(self, name), "use 0 for none")
        for name in ("idle_timeout_ms", "max_waiting", "max_remembered", "confirmations"):
            _require(getattr(self, name) >= 1, name, "must be positive", getattr(self, name), "leave it out")


def _require(holds: bool, name: str, rule: str, value: int, advice: str) -> None:
    if not holds:
        raise ValueError(f"order.{name} {rule}; got {value}; {advice}")
