"""Disorder the arrival of events: delays, duplicates, malformed lines; each with the outcome that a reader must reach.

The rule of the watermark decides about lateness, applied to the resulting order, not a random draw: an event is late if
its time is more than the max out-of-orderness behind the newest earlier arrival.
"""

from collections.abc import Iterator

import msgspec

from schemas.base import encode
from schemas.event import ForwardEvent
from schemas.rejection import Reason
from streams.devtools.simulator.config import Disorder
from streams.devtools.simulator.draw import Draw
from streams.devtools.simulator.truth import LineTruth, SeenOutcome, Truth

_PUNCTUAL = 10  # first events without delay, so all readers agree on the beginning of the stream
_AGAIN_MS = 10_000
_TOO_LATE_MS = 3_600_000
_LONG = 70_000  # characters; the longest accepted message has 65,536


class Simulation(msgspec.Struct, frozen=True):
    """Simulated stream with its truth."""

    events: list[ForwardEvent]  # in the order of arrival, with duplicates
    truth: Truth
    malformed: list[tuple[int, bytes]]  # line number and bytes, in the order of lines

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the file without line breaks: events as JSON, and malformed lines."""
        malformed = dict(self.malformed)
        events = iter(self.events)
        for line in range(len(self.events) + len(self.malformed)):
            yield malformed[line] if line in malformed else encode(next(events))


def deliver(draw: Draw, events: list[ForwardEvent], truth: Truth, disorder: Disorder) -> Simulation:
    """Return the events in the order of arrival, with duplicates and malformed lines.

    Args:
        draw: source of all choices.
        events: events in the order of event time.
        truth: truth about the events; the exceptions are filled in.
        disorder: amounts of delay, duplicates and malformed lines.
    """
    arrivals = sorted(_arrivals(draw, events, disorder), key=lambda arrival: arrival[:3])
    events = [event for *_, event in arrivals]
    malformed = _malformed(draw, events, round(disorder.malformed * len(truth.events)))
    exceptions = _expected(arrivals, malformed, disorder)
    return Simulation(events, msgspec.structs.replace(truth, exceptions=exceptions), [row[:2] for row in malformed])


_Arrival = tuple[int, str, int, ForwardEvent]  # time of arrival, event id, number of the delivery


def _arrivals(draw: Draw, events: list[ForwardEvent], disorder: Disorder) -> Iterator[_Arrival]:
    for i, event in enumerate(events):
        delay = draw.below(disorder.delay_ms + 1) if disorder.delay_ms else 0
        kind = draw.unit() if disorder.late or disorder.dropped_late else 1.0
        is_late = i >= _PUNCTUAL and kind < disorder.late + disorder.dropped_late
        if is_late:
            behind = disorder.max_out_of_orderness_ms + (0 if kind < disorder.late else disorder.allowed_lateness_ms)
            delay = behind + 1_000 + draw.below(_TOO_LATE_MS)
        time = event.stamped_at + delay
        seen = msgspec.structs.replace(event, observed_at=time)
        yield time, event.event_id, 0, seen
        if not is_late and disorder.duplicates and draw.chance(disorder.duplicates):
            yield time + draw.below(_AGAIN_MS), event.event_id, 1, seen


def _expected(
    arrivals: list[_Arrival], malformed: list[tuple[int, bytes, Reason]], disorder: Disorder
) -> list[LineTruth]:
    reasons = {line: reason for line, _, reason in malformed}
    found: list[LineTruth] = []
    line, newest = 0, 0
    for _, event_id, delivery, event in arrivals:
        while line in reasons:
            found.append(LineTruth(line, SeenOutcome.REJECTED, reason=reasons[line]))
            line += 1
        behind = newest - event.stamped_at
        if delivery:
            found.append(LineTruth(line, SeenOutcome.DUPLICATE, event_id))
        elif behind > disorder.max_out_of_orderness_ms + disorder.allowed_lateness_ms:
            found.append(LineTruth(line, SeenOutcome.DROPPED_LATE, event_id))
        elif behind > disorder.max_out_of_orderness_ms:
            found.append(LineTruth(line, SeenOutcome.LATE, event_id))
        newest = max(newest, event.stamped_at)
        line += 1
    found += [LineTruth(at, SeenOutcome.REJECTED, reason=reasons[at]) for at in sorted(reasons) if at >= line]
    return found


def _malformed(draw: Draw, events: list[ForwardEvent], count: int) -> list[tuple[int, bytes, Reason]]:
    lines = len(events) + count
    places: set[int] = set()
    while len(places) < count:
        places.add(draw.below(lines))
    start = draw.below(len(_WAYS))
    rows = []
    for n, line in enumerate(sorted(places)):
        way, reason = _WAYS[(start + n) % len(_WAYS)]
        rows.append((line, _spoil(draw.choice(events), way), reason))
    return rows


_WAYS = (
    ("cut", Reason.NOT_JSON),
    ("bytes", Reason.NOT_UTF8),
    ("no platform", Reason.MISSING_FIELD),
    ("time in words", Reason.WRONG_TYPE),
    ("unknown kind", Reason.OUT_OF_RANGE),
    ("time in days", Reason.TIME_OUT_OF_RANGE),
    ("another's key", Reason.UNKNOWN_KEY),
    ("endless text", Reason.TOO_LARGE),
)


def _spoil(event: ForwardEvent, way: str) -> bytes:
    if way == "cut":
        raw = encode(event)
        return raw[: len(raw) // 2].decode("utf-8", "ignore").encode()
    if way == "bytes":
        return encode(event).replace(b'"event_id":"', b'"event_id":"\xff\xfe', 1)
    row = msgspec.to_builtins(event)
    if way == "no platform":
        del row["platform"]
    elif way == "time in words":
        row["created_at"] = "yesterday evening"
    elif way == "unknown kind":
        row["kind"] = "shout"
    elif way == "time in days":  # seconds, microseconds and nanoseconds are read
        row["created_at"] //= 86_400_000
    elif way == "another's key":
        row["key_id"] = "nobodys-key"
    else:
        row["text"] = "ha" * (_LONG // 2)
    return msgspec.json.encode(row)
