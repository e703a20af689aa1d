"""Print the facts about a run's input: absent fields, repairs, envelopes, and rejections that were not kept."""

from collections.abc import Iterator

from detectors.reading.profile import FieldCounts, InputProfile, missing_fields, percent
from streams.runs.manifest import InputReport

_SHARE_SHOWN = 0.9  # of the shares; a similar name is reported while fewer fill the field


def input_lines(report: InputReport, received: int) -> Iterator[str]:
    """Yield a line for each fact that a reader of the results should know, for a number of events received."""
    profile = report.profile
    yield from missing_fields(profile.fields)
    yield from _observed(profile)
    yield from _similar(profile)
    if profile.mended:
        share = percent(profile.mended, received)
        yield f"{_events(profile.mended)} mended ({share}): half a character became U+FFFD"
    if profile.envelopes:
        yield f"taken out of envelopes: {_listed(profile.envelopes)}"
    if profile.forms:
        yield f"values in another form: {_listed(profile.forms)}"
    yield from rejection_lines(report)


def _observed(profile: InputProfile) -> Iterator[str]:
    shares = profile.fields.shares
    if shares and not profile.observed:
        yield "0 % of events have observed_at: a wrong clock cannot be corrected"


def _similar(profile: InputProfile) -> Iterator[str]:
    counts = profile.fields
    for field, name in sorted(profile.similar.items()):
        if _filled(field, counts, profile.observed) < _SHARE_SHOWN:
            yield f"events without `{field}` have `{name}`: did you mean `{field}`?"


def _filled(field: str, counts: FieldCounts, observed: int) -> float:
    """Return the share of the events that fill a field."""
    filled, of = {
        "actor": (counts.actors, counts.shares),
        "chat": (counts.chats, counts.shares),
        "text": (counts.texts, counts.originals),
        "observed_at": (observed, counts.shares),
    }.get(field, (counts.parents, counts.passed_on))
    return filled / of if of else 0.0


def rejection_lines(report: InputReport) -> Iterator[str]:
    """Yield the rejections by reason if the list of them is not complete, and the number that was not kept."""
    if report.unwritten:
        yield f"rejected: {_listed(report.reasons)}"
    if report.unsealed:
        events = _events(report.unsealed)
        yield f"{events} rejected without keeping the payload: replay.max_sealed_bytes is reached"
    if report.unwritten:
        events = _events(report.unwritten)
        yield f"{events} rejected and only counted: replay.max_rejections is reached"


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count:,} events"


def _listed(counts: dict[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} ({count:,})" for name, count in ordered)


__all__ = ["input_lines", "rejection_lines"]
