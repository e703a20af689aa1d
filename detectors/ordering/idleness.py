"""Decide when a partition is idle."""

from detectors.ordering.config import OrderConfig


class Idleness:
    """Decides when a source partition is idle: read to its end, with no event for `idle_timeout_ms` of observed time.

    Time counts between two looks that both found nothing left to read and are at most half of `idle_timeout_ms` apart.
    A process that was suspended, or a broker that did not answer, therefore makes no partition idle.
    """

    def __init__(self, config: OrderConfig) -> None:
        self._idle_ms = config.idle_timeout_ms
        self._quiet = 0
        self._looked: int | None = None
        self._told = False

    def heard(self) -> None:
        """Note an event."""
        self._quiet, self._looked, self._told = 0, None, False

    def look(self, now: int, *, caught_up: bool) -> bool:
        """Whether the partition has just become idle; true once for each silence.

        Args:
            now: milliseconds of the driver's clock, from any origin.
            caught_up: whether everything that the broker has was read.
        """
        if not caught_up:
            self._looked = None
            return False
        if self._looked is not None and now - self._looked <= self._idle_ms // 2:
            self._quiet += now - self._looked
        self._looked = now
        if self._told or self._quiet < self._idle_ms:
            return False
        self._told = True
        return True
