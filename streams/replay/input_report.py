"""Report on the input of a run: filled fields, reasons of rejections, and the likely cause if hardly any was usable."""

from schemas.rejection import Reason
from streams.adapters.base import Format, FormatError
from streams.adapters.opening import Opening
from streams.adapters.registry import recognise as recognise_format
from streams.recordings.recognise import recognise
from streams.replay.driver import Driver
from streams.runs.manifest import InputReport, RunCounts
from streams.runs.rejection_log import RejectionLog

USABLE = 10  # one in so many records must be applied; otherwise the run has failed


def input_report(driver: Driver, rejections: RejectionLog, counts: RunCounts, *, complete: bool) -> InputReport:
    """Build the report; an interrupted run is not judged."""
    return InputReport(
        profile=driver.profile,
        reasons=dict(sorted(rejections.reasons.items())),
        unsealed=rejections.unsealed,
        unwritten=rejections.unwritten,
        failure=failure(driver.opening, rejections, counts) if complete else None,
    )


def failure(opening: bytes, rejections: RejectionLog, counts: RunCounts) -> str | None:
    """Return a sentence with the likely reason if fewer than a tenth of the records are applied, else None."""
    if counts.applied * USABLE >= counts.received:
        return None
    used = f"only {counts.applied:,} of {counts.received:,} records" if counts.applied else "no record"
    return f"{used} could be used: {_reason(opening, rejections, counts)}"


def _reason(opening: bytes, rejections: RejectionLog, counts: RunCounts) -> str:
    most = max(counts.rejected, counts.late, counts.duplicates)
    if most == counts.late and counts.late > counts.rejected:
        return "most are late; check the times, and whether several files were joined out of order"
    if most == counts.duplicates and counts.duplicates > counts.rejected:
        return "most repeat the event_id of an earlier event; give each event an id of its own"
    first = rejections.first
    if first is not None and first.reason is Reason.FOREIGN_ITEM:  # its format is known, and the opening is its item
        return f"{first.reason.value}: {first.detail}"
    piped = _piped_format(opening)
    if piped is not None:
        return f"the input looks like {piped.title}; save it to a file, and replay the file"
    recognised = recognise(opening)
    if recognised is not None:
        return str(recognised)
    return f"{first.reason.value}: {first.detail}" if first is not None else "see `hearsay rejections`"


def _piped_format(opening: bytes) -> Format | None:
    """Return the known format of input that was read as events, because it came from a pipe."""
    try:
        return recognise_format(Opening(opening))
    except FormatError:
        return None


__all__ = ["USABLE", "failure", "input_report"]
