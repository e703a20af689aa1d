"""Write the data notes of an alert: one phrase for each gap or adjustment in the data behind the counts.

A count can be correct and still mislead, where posts are late, estimated or known from references only.
"""

from collections.abc import Iterator

from detectors.alerting.cascade_snapshot import CascadeSnapshot
from detectors.alerting.coarse_times import coarse_times
from detectors.ordering.resolution import Resolution
from detectors.reading.profile import missing_fields
from detectors.text.formatting import many, moment


def data_notes(seen: CascadeSnapshot, ist: bool = False) -> tuple[str, ...]:
    """List the gaps and adjustments in the data; empty if there are none."""
    notes = seen.notes
    lines = list(missing_fields(notes.fields))
    if notes.late:
        lines.append(f"{many(notes.late, 'late post')} (counted, cannot trigger an alert)")
    lines += _time_notes(seen)
    if notes.deleted:
        lines.append(f"{many(notes.deleted, 'post')} deleted or taken down and no longer counted as shares")
    if notes.merged_at:
        lines.append(f"merged from {len(notes.merged_at) + 1} clusters, last at {moment(max(notes.merged_at), ist)}")
    if notes.unseen:
        lines.append(f"{many(notes.unseen, 'message')} not observed, known only from references")
    if notes.sampled:
        lines.append("number of sharers estimated from a sample")
    if notes.busy_sharers:
        lines.append(f"{many(notes.busy_sharers, 'sharer')} with many posts (each counted once)")
    if notes.capped:
        lines.append(f"{many(notes.capped, 'message')} too deep to follow, placed higher in the forward graph")
    if notes.overflow:
        lines.append(
            f"{many(notes.overflow, 'message')} beyond the size limit of the forward graph (counted all the same)"
        )
    if notes.before_closing:
        lines.append(f"{many(notes.before_closing, 'sharer')} from before the closing (counted again on return)")
    if notes.echoes:
        lines.append(f"sharers include those of {many(notes.echoes, 'post')} with the same address under other words")
    lines += _counter_notes(seen)
    return tuple(lines)


def _time_notes(seen: CascadeSnapshot) -> Iterator[str]:
    """List how the event times were decided, where they are not simply those of the platform."""
    notes = seen.notes
    if notes.corrected:
        yield f"{many(notes.corrected, 'post')} with a claimed time that was replaced by the time of observation"
    if notes.ahead:
        yield f"{many(notes.ahead, 'post')} with a time ahead of the stream, held back until the stream reached it"
    if notes.catching_up:
        yield f"{many(notes.catching_up, 'post')} read late by the listener, placed at the time of the platform"
    if notes.resolution is not Resolution.FINE:
        yield coarse_times(seen)


def _counter_notes(seen: CascadeSnapshot) -> Iterator[str]:
    """List what the platforms' counters show, and how they were corrected."""
    notes, counts = seen.notes, seen.counts
    if counts.forwards is not None and counts.forwards > counts.posts:
        yield f"platform counters show {many(counts.forwards, 'forward')}, more than the observed posts"
    if notes.counters_fell:
        yield f"{many(notes.counters_fell, 'snapshot')} of a counter below an earlier one (the largest value counts)"
    if notes.counters_ignored:
        yield f"{many(notes.counters_ignored, 'implausible value')} of a counter ignored"


__all__ = ["data_notes"]
