"""Decide when a partition is idle."""

from detectors.ordering.config import OrderConfig


class Idleness:
    """Decides when a source partition is idle: read to its end, with no event for `idle_timeout_ms` of observed time.

    Time counts between two checks that both found nothing left to read and are at most half of `idle_timeout_ms` apart.
    A suspended process or a broker that does not answer therefore makes no partition idle.
    """

    def __init__(self, config: OrderConfig) -> None:
        self._idle_ms = config.idle_timeout_ms
        self._quiet_ms = 0
        self._checked_at: int | None = None
        self._reported = False

    def note_event(self) -> None:
        """Record an event: the silence ends."""
        self._quiet_ms, self._checked_at, self._reported = 0, None, False

    def check(self, now: int, *, caught_up: bool) -> bool:
        """Return True if the partition has just become idle, once for each silence.

        Args:
            now: milliseconds of the driver's clock, from any origin.
            caught_up: the partition was read to its end.
        """
        if not caught_up:
            self._checked_at = None
            return False
        if self._checked_at is not None and now - self._checked_at <= self._idle_ms // 2:
            self._quiet_ms += now - self._checked_at
        self._checked_at = now
        if self._reported or self._quiet_ms < self._idle_ms:
            return False
        self._reported = True
        return True
