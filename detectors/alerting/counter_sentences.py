"""Write the sentences of a counter alert: the rise, the shares that Hearsay has seen, and the reason.

A counter is the platform's own statement, so each sentence names the platform, and sharers are counted apart.
"""

from collections.abc import Iterator

from detectors.alerting.cascade_snapshot import CascadeSnapshot
from detectors.alerting.transition import Transition
from detectors.text.formatting import duration, many, moment, plain, whole
from schemas.alert import Lifecycle
from schemas.evidence import CounterEvidence, CounterName, GrowthEvidence

_EVENTS = {
    Lifecycle.OPENED: "Counter rising fast",
    Lifecycle.ESCALATED: "Counter rising faster",
    Lifecycle.RESURFACED: "Counter rising fast again",
    Lifecycle.SUBSIDED: "Rise of a counter subsided",
    Lifecycle.CLOSED: "Closed, no counter rises",
}
_SHORT_ID = 8


def headline(counters: CounterEvidence, transition: Transition) -> str:
    """Write the headline: the event, and the counter before and after."""
    level = f" (level {transition.level})" if transition.level else ""
    return f"{_EVENTS[transition.state]}{level}: {_rise(counters, f'{counters.counter} on {plain(counters.platform)}')}"


def reason(
    seen: CascadeSnapshot, counters: CounterEvidence, transition: Transition, subside_after: str, ist: bool
) -> Iterator[str]:
    """Describe the rise, the shares seen, and the event of the alert."""
    counter = f"the platform's counter of {counters.counter} on {plain(counters.platform)}"
    rise = _rise(counters, f"{counter} {'rose' if counters.rise else 'was unchanged'}")
    yield f"Cluster {seen.cluster_id[:_SHORT_ID]}: {rise} ({many(counters.messages, 'message')} counted)."
    yield _seen(seen, ist)
    if counters.counter is CounterName.VIEWS:
        yield "A view is no share: views measure reach."
    yield _event(counters, seen.growth, transition, seen.fall_threshold, subside_after)
    if transition.level:
        yield f"What would lower the level: {lowering(seen, counters)}, for {subside_after}."


def lowering(seen: CascadeSnapshot, counters: CounterEvidence) -> str:
    """Return the condition under which the level of a counter alert falls."""
    return f"a rise of less than {whole(seen.fall_threshold)} in {duration(counters.window)}"


def comparison(growth: GrowthEvidence, level: int) -> str:
    """Compare the rise with the threshold of the level; level 0 is compared with level 1."""
    relation = "at or above" if growth.score >= growth.threshold else "below"
    return f"a rise of {whole(growth.score)}, {relation} the level-{max(level, 1)} threshold {whole(growth.threshold)}"


def line(counters: CounterEvidence) -> str:
    """Describe the rise in one line of a terminal."""
    messages = many(counters.messages, "message")
    return _rise(counters, f"{counters.counter} on {plain(counters.platform)}") + f", {messages} counted"


def _rise(counters: CounterEvidence, subject: str) -> str:
    if not counters.rise:
        return f"{subject} at {whole(counters.value_after)}"
    values = f"from {whole(counters.value_before)} to {whole(counters.value_after)}"
    return f"{subject} {values} in {duration(counters.elapsed)}"


def _seen(seen: CascadeSnapshot, ist: bool) -> str:
    counts = seen.counts
    shares = f"{many(counts.posts, 'share')} of it itself, by {many(counts.sharers, 'distinct sharer')}"
    since = f"the first at {moment(counts.first_time, ist)}"
    return f"Hearsay has seen {shares}, {since}; a counter names no sharers and is never added to them."


def _event(
    counters: CounterEvidence, growth: GrowthEvidence, transition: Transition, falls: float, subside_after: str
) -> str:
    state, window = transition.state, duration(counters.window)
    if state is Lifecycle.SUBSIDED:
        return f"Subsided because the counter rose by less than {whole(falls)} in {window} for {subside_after}."
    if state is Lifecycle.CLOSED:
        return "Closed because no counter has risen since."
    again = "The counter had stopped rising fast. " if state is Lifecycle.RESURFACED else ""
    if growth.score < growth.threshold:  # hysteresis keeps the level
        return f"{again}Level {transition.level} is still active: {comparison(growth, transition.level)}."
    return f"{again}Counter alert because of {comparison(growth, transition.level)} in {window}."


__all__ = ["comparison", "headline", "line", "lowering", "reason"]
