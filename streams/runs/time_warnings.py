"""Word what a run or the live stream has found out about the times of its events, one sentence each.

Wrong times make alerts late or silent without an error, so each finding is named with its share and the likely cause.
"""

from collections.abc import Iterator

from detectors.text.formatting import duration
from schemas.watermark_report import LateStream, WatermarkReport
from streams.runs.manifest import RunCounts

_SHORT_ID = 8

_COARSE = {
    "day": "dates only, so growth within a day cannot be measured",
    "hour": "full hours only, so growth within an hour cannot be measured",
    "minute": "full minutes only, so growth within a minute cannot be measured",
}


TimeCounts = RunCounts | WatermarkReport
"""Counts of a run, or of the live stream."""


def time_warnings(counts: TimeCounts) -> Iterator[str]:
    """Yield a sentence for each finding, none for a stream with good times."""
    if counts.corrected:
        yield f"claimed times replaced by the time of observation: {_of(counts.corrected, counts)}"
    if counts.ahead:
        yield f"held back until the stream reached their time: {_of(counts.ahead, counts)} dated ahead of the stream"
    if counts.catching_up:
        yield f"read late by a listener that was catching up, at the platform's time: {_of(counts.catching_up, counts)}"
    for stream in counts.late_streams:
        yield late_warning(stream)
    for platform, unit in counts.coarse_times.items():
        yield f"times on {platform} are {_COARSE[unit]}"


def late_warning(stream: LateStream) -> str:
    """Name a platform or chat with many late events, and the likely cause."""
    place = "" if stream.chat is None else f" in chat {stream.chat[:_SHORT_ID]}"
    share = f"{100 * stream.late / stream.events:.0f} % of the events on {stream.platform}{place} are late"
    cause = "its adapter delivers late or its clocks are slow"
    return f"{share}, by {duration(stream.behind_ms)} on average, and cannot raise alerts: {cause}"


def _of(count: int, counts: TimeCounts) -> str:
    """Count events, with their share."""
    share = 100 * count / max(1, counts.received)
    return f"{count:,} event{'' if count == 1 else 's'} ({'under 0.1' if share < 0.1 else f'{share:.1f}'} %)"


__all__ = ["late_warning", "time_warnings"]
