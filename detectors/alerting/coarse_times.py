"""Say what times that are only full minutes, full hours or dates can show, and give durations no finer than those."""

from detectors.alerting.cascade_snapshot import CascadeSnapshot
from detectors.ordering.resolution import Resolution
from detectors.text.formatting import duration

_COARSE = {
    Resolution.MINUTE: ("full minutes", "a minute"),
    Resolution.HOUR: ("full hours", "an hour"),
    Resolution.DAY: ("dates", "a day"),
}


def is_coarse(seen: CascadeSnapshot) -> bool:
    """Return True if the times are too coarse to measure growth."""
    return seen.notes.resolution >= Resolution.HOUR


def coarse_times(seen: CascadeSnapshot) -> str:
    """Return the note on the precision of the times, without a final point."""
    kind, unit = _COARSE[seen.notes.resolution]
    return f"times are {kind} only, so growth within {unit} cannot be measured"


def within(seen: CascadeSnapshot, elapsed: int) -> str:
    """Give a time since the first share, no finer than the times are."""
    resolution = seen.notes.resolution
    if resolution is not Resolution.FINE and elapsed < resolution.unit_ms:
        return f"within {_COARSE[resolution][1]}"
    return f"in {duration(elapsed)}"


__all__ = ["coarse_times", "is_coarse", "within"]
