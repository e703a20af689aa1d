"""Write the texts of an alert: the headline, the explanation and the lines for a terminal.

An officer reads an alert in a hurry and must be able to disagree with it. The text therefore gives counts before rates,
compares the score with its threshold, quotes one rough forecast with its range, and lists the gaps in the data. No
sentence judges whether a message is true, and none gives a probability. Formulas stay in the field
`evidence.growth.rule`. `detectors.text.formatting` formats the numbers and durations.
"""

from collections.abc import Iterator

from detectors.alerting import counter_sentences
from detectors.alerting.cascade_snapshot import CascadeSnapshot
from detectors.alerting.coarse_times import coarse_times, is_coarse, within
from detectors.alerting.data_notes import data_notes
from detectors.alerting.jumps import jumps
from detectors.alerting.transition import Transition
from detectors.privacy.small_groups import Groups
from detectors.text.formatting import duration, many, moment, plain, rough, shorten, whole
from schemas.alert import Alert, Lifecycle, ReviewTarget
from schemas.assignment import Variant
from schemas.claim import ClaimMatch, Nearness
from schemas.evidence import CascadeCounts, ContentEvidence, GrowthEvidence, Structure, TextEvidence

SPREAD_NOT_TRUTH = "This measures spread, not truth."
ENDINGS = (Lifecycle.SUBSIDED, Lifecycle.CLOSED)
"""States that end an alert; an alert of these states needs no review."""

_SHORT_ID = 8
_VERDICT = 40  # graphemes of a verdict in a headline
_QUOTED = 60  # graphemes of a publisher's name or verdict in a sentence
_STEADY = 0.1  # an exponent this near to 1 is not worth a sentence
_DATE = 10  # characters of an ISO date without its time

_EVENTS = {
    Lifecycle.OPENED: "Spreading fast",
    Lifecycle.ESCALATED: "Spreading faster",
    Lifecycle.MILESTONE: "Slow burn",
    Lifecycle.SUBSIDED: "Subsided",
    Lifecycle.CLOSED: "Closed",
}
_VARIANTS: dict[str, str] = {
    Variant.NEGATION: "with a negation added or removed",
    Variant.NUMBER: "with another number",
    Variant.PLACE: "with another place",
    Variant.TIME: "with another day or month",
    Variant.BLOOD_GROUP: "with another blood group",
    Variant.ROLES: "with two names or words exchanged",
}


# --- the headline -----------------------------------------------------------------------------------------------------


def headline(seen: CascadeSnapshot, transition: Transition) -> str:
    """Write the headline: the event, the number of distinct sharers and the time since the first share."""
    if seen.counters is not None:
        return counter_sentences.headline(seen.counters, transition) + _verdict_in_short(seen.content)
    counts = seen.counts
    end = counts.last_time if transition.state in ENDINGS else transition.time
    spread = f"{_sharers(seen)} {within(seen, end - counts.first_time)}"
    return f"{_event(seen, transition)}: {spread}{_verdict_in_short(seen.content)}"


def _event(seen: CascadeSnapshot, transition: Transition) -> str:
    state, level = transition.state, f" (level {transition.level})" if transition.level else ""
    if state is Lifecycle.MILESTONE and is_coarse(seen):
        return "Large, growth not measurable"
    if state is Lifecycle.EVIDENCE:
        return ("Fact-check matched" if _is_checked(seen.content) else "New evidence on the content") + level
    if state is Lifecycle.RESURFACED:
        return f"Spreading fast again{level}" if level else "Shared again after a silence"
    if state is Lifecycle.MILESTONE and seen.withheld:
        return "Large, growth alert withheld by the alert budget"
    return _EVENTS[state] + level


def _verdict_in_short(content: ContentEvidence) -> str:
    """Quote the verdict on a repeated claim, in the fact-checker's words."""
    claims = _repeated_claims(content)
    return f"; repeats a claim with the verdict “{shorten(plain(claims[0].verdict), _VERDICT)}”" if claims else ""


def _sharers(seen: CascadeSnapshot) -> str:
    if seen.notes.sampled:
        return f"about {rough(seen.counts.sharers)} distinct sharers"
    return many(seen.counts.sharers, "distinct sharer")


# --- the explanation --------------------------------------------------------------------------------------------------


def explanation(
    seen: CascadeSnapshot,
    transition: Transition,
    review: ReviewTarget | None,
    *,
    subside_after_ms: int,
    ist: bool = False,
) -> str:
    """Write the whole alert in sentences, complete without the other fields.

    Args:
        seen: the cascade, without small groups.
        transition: the event to explain.
        review: the internal target, if the alert has one.
        subside_after_ms: time below the fall threshold after which a level falls.
        ist: add Indian standard time to each time in UTC.

    """
    return " ".join(_sentences(seen, transition, review, duration(subside_after_ms), ist))


def _sentences(
    seen: CascadeSnapshot, transition: Transition, review: ReviewTarget | None, subside_after: str, ist: bool
) -> Iterator[str]:
    if seen.counters is None:
        yield from _spread(seen, transition, subside_after, ist)
    else:
        yield from counter_sentences.reason(seen, seen.counters, transition, subside_after, ist)
    yield SPREAD_NOT_TRUTH
    yield f"Evidence on content: {_known(seen.content)}."
    yield from _harm(seen.content)
    yield from _wordings(seen.text)
    if seen.counters is None:
        yield _graph(seen.structure)
    if review is not None:
        yield f"Review {_review_by(review, ist)}."
    notes = data_notes(seen, ist)
    if notes:
        yield f"Data notes: {'; '.join(notes)}."


def _spread(seen: CascadeSnapshot, transition: Transition, subside_after: str, ist: bool) -> Iterator[str]:
    """Describe the spread by distinct sharers, and the event of the alert."""
    yield _spread_so_far(seen, transition, ist)
    if seen.first_sightings:
        yield f"{jumps(seen.first_sightings, ist)}."
    if is_coarse(seen):
        yield coarse_times(seen).capitalize() + "."
    else:
        yield _recent(seen.counts)
    yield from _quotes(seen.counts)
    if transition.state is not Lifecycle.CLOSED:
        yield from _pace(seen.growth)
    yield _reason(seen, transition, subside_after)
    if transition.level:
        yield (
            f"What would lower the level: {lowering(seen, transition)} "
            f"(the score has then been below {seen.fall_threshold:.2f} for {subside_after})."
        )


def _spread_so_far(seen: CascadeSnapshot, transition: Transition, ist: bool) -> str:
    counts = seen.counts
    chats = f" in {many(counts.chats, 'chat')}" if counts.chats else ""
    since = f"since {moment(counts.first_time, ist)}, {duration(transition.time - counts.first_time)} ago"
    cluster = f"Cluster {seen.cluster_id[:_SHORT_ID]}"
    return f"{cluster}: {_sharers(seen)}{chats} {since}, with {_posts(counts)}{_language(seen.text)}."


def _posts(counts: CascadeCounts) -> str:
    """Count the posts, by platform where the platforms are known."""
    parts = [f"{whole(count)} on {plain(name)}" for name, count in counts.platforms]
    if parts and counts.other_platforms:
        parts.append(f"{whole(counts.other_platforms)} on other platforms")
    return many(counts.posts, "post") + (f" ({', '.join(parts)})" if parts else "")


def _quotes(counts: CascadeCounts) -> Iterator[str]:
    """Count the quotes, which spread a message and may also contradict it."""
    if counts.quotes:
        add = "quote adds" if counts.quotes == 1 else "quotes add"
        yield f"{whole(counts.quotes)} {add} words of the quoter's own, which may contradict it: not counted as shares."


def _language(text: TextEvidence) -> str:
    return f"; language {plain(text.lang)}" if text.lang else ""


def _recent(counts: CascadeCounts) -> str:
    """Compare the last window with the window before."""
    window = duration(counts.recent_window)
    if 1 < counts.sharers <= counts.recent_sharers:
        return f"All {whole(counts.recent_sharers)} joined in the last {window}."
    joined = many(counts.recent_sharers, "sharer")
    return f"{joined} joined in the last {window}, {whole(counts.previous_sharers)} in the {window} before."


def _pace(growth: GrowthEvidence) -> Iterator[str]:
    """Forecast the further sharers, and how many each sharer brings, where the detector supports the numbers."""
    if growth.expected_further is not None:
        yield f"At this pace {_forecast(growth)}."
    if growth.reproduction_number is not None:
        low, high = growth.reproduction_low, growth.reproduction_high
        interval = "" if low is None or high is None else f" (90 % interval: {rough(low)} to {rough(high)})"
        yield f"Each sharer brings about {rough(growth.reproduction_number)} more{interval}."
    if growth.exponent is not None and abs(growth.exponent - 1.0) >= _STEADY:
        direction = "speeding up" if growth.exponent > 1 else "slowing down"
        yield f"Growth is {direction} (exponent {growth.exponent:.1f}; 1.0 is a steady pace)."


def _forecast(growth: GrowthEvidence) -> str:
    """Forecast the further sharers, with the range."""
    further = growth.expected_further or 0.0
    low, high = growth.expected_low, growth.expected_high
    source = "8 in 10 recorded cascades" if growth.calibration == 1.0 else "calibrated range"
    interval = "" if low is None or high is None else f"; {source}: {rough(low)} to {rough(high)}"
    if further < 1:
        return f"less than one more sharer is expected (rough{interval})"
    return f"about {rough(further)} more sharers are expected (rough{interval})"


def _reason(seen: CascadeSnapshot, transition: Transition, subside_after: str) -> str:
    """Explain the event of the alert."""
    state, growth, compared = transition.state, seen.growth, _score(seen.growth, transition.level)
    if is_coarse(seen):
        compared = "not measurable with these times"
    if state is Lifecycle.MILESTONE:
        return f"Alert because {_milestone(seen, transition)}: {compared}."
    if state is Lifecycle.EVIDENCE:
        news = "a fact-check matches" if _is_checked(seen.content) else "there is new evidence on the content"
        return f"Alert because {news}. Growth: {compared}."
    if state is Lifecycle.SUBSIDED:
        return f"Subsided because the score stayed below {seen.fall_threshold:.2f} for {subside_after}: {compared}."
    if state is Lifecycle.CLOSED:
        return f"Closed after {duration(transition.time - seen.counts.last_time)} without a post."
    if state is Lifecycle.RESURFACED and not transition.level:
        return f"Alert because the cascade was closed and is shared again. Growth: {compared}."
    again = "The cascade had gone quiet. " if state is Lifecycle.RESURFACED else ""
    return again + _growth_reason(growth, transition.level, compared)


def _growth_reason(growth: GrowthEvidence, level: int, compared: str) -> str:
    if growth.score < growth.threshold:  # hysteresis keeps the level
        return f"Level {level} is still active: {compared}."
    if growth.expected_further is None or growth.threshold_at_size is None or growth.threshold_at_size < 1:
        return f"Alert because the {growth.detector} score has reached its threshold: {compared}."
    further, enough = rough(growth.expected_further), rough(growth.threshold_at_size)
    expected = f"about {further} more sharers are expected, and {enough} are enough at this size and pace"
    return f"Alert because {expected}: {compared}."


def _score(growth: GrowthEvidence, level: int) -> str:
    """Compare the score with the threshold of the level; level 0 is compared with level 1."""
    score, threshold = f"{growth.score:.2f}", f"{growth.threshold:.2f}"
    if score == threshold:
        relation = "at" if growth.score >= growth.threshold else "just below"
    else:
        relation = "above" if growth.score > growth.threshold else "below"
    size = f" for a target size of {many(growth.target_size, 'sharer')}" if growth.target_size is not None else ""
    offset = f", raised by {growth.threshold_offset:.2f} levels by the alert budget" if growth.threshold_offset else ""
    return f"score {score}, {relation} the level-{max(level, 1)} threshold {threshold}{size}{offset}"


def _milestone(seen: CascadeSnapshot, transition: Transition) -> str:
    multiple = "the target size" if transition.number == 1 else f"{transition.number} times the target size"
    if is_coarse(seen):
        return f"the cascade has reached {multiple}; growth"
    growth = "its growth alert was withheld by the alert budget" if seen.withheld else "it is not growing fast"
    return f"the cascade has reached {multiple}, and {growth}"


def lowering(seen: CascadeSnapshot, transition: Transition) -> str:
    """Return the condition under which the level of an alert falls; empty without a level."""
    if not transition.level:
        return ""
    if seen.counters is not None:
        return counter_sentences.lowering(seen, seen.counters)
    if seen.lowered_at is None:
        return "deleted posts only, as silence does not lower it within 400 days"
    return f"no new distinct sharer for {duration(seen.lowered_at - transition.time)}"


def _is_checked(content: ContentEvidence) -> bool:
    return bool(content.debunks or _repeated_claims(content))


def _repeated_claims(content: ContentEvidence) -> tuple[ClaimMatch, ...]:
    """Return the repeated checked claims, nearest first, without mere resemblances."""
    return tuple(claim for claim in content.claims if claim.nearness is Nearness.MATCH)


def _known(content: ContentEvidence) -> str:
    """Summarise the fact-checks and user reports on the message."""
    parts = []
    matched = _repeated_claims(content)
    if content.debunks:
        first, others = content.debunks[0], len(content.debunks) + len(matched) - 1
        parts.append(f"matches a fact-check by {_fact_check(first.publisher, first.verdict)}{_more(others)}")
    elif matched:
        claim = matched[0]
        checked = _fact_check(claim.publisher, claim.verdict, claim.date)
        parts.append(f"repeats a claim checked by {checked}{_more(len(matched) - 1)}")
    elif content.claims:
        claim = content.claims[0]
        checked = _fact_check(claim.publisher, claim.verdict, claim.date)
        parts.append(f"resembles a claim checked by {checked}; a person must compare the two")
    else:
        parts.append("no fact-check matched")
    if content.reports:
        categories = f" ({_listed(content.report_categories)})" if content.report_categories else ""
        parts.append(f"reported by {many(content.reports, 'person', 'people')}{categories}")
    return "; ".join(parts)


def _more(others: int) -> str:
    return f" and {others} more" if others else ""


def _fact_check(publisher: str, verdict: str, date: str | None = None) -> str:
    when = f", {plain(date)[:_DATE]}" if date else ""
    return f"{shorten(plain(publisher), _QUOTED)} (verdict: “{shorten(plain(verdict), _QUOTED)}”{when})"


def _harm(content: ContentEvidence) -> Iterator[str]:
    """Name the category of the nearest labelled example, as a suggestion."""
    if content.harm is not None:
        category = shorten(plain(content.harm.category), _QUOTED)
        nearest = f"The wording is nearest to an example of “{category}” (similarity {content.harm.score:.2f})"
        yield f"{nearest}: a suggestion for ordering a queue, not a finding."


def _wordings(text: TextEvidence) -> Iterator[str]:
    """Count the wordings, and the posts whose meaning may differ; nothing for a single wording."""
    if text.wordings > 1 or text.variants:
        variants = ", ".join(f"{many(count, 'post')} {_VARIANTS.get(name, name)}" for name, count in text.variants)
        differences = f"; different from the first: {variants}" if variants else ""
        yield f"The message circulates in {many(text.wordings, 'wording')}{differences}."


def _graph(structure: Structure) -> str:
    """Describe the forward graph, with the share of recorded parents."""
    if structure.edge_coverage <= 0:
        known = "Forward graph unknown: no parents are recorded"
    else:
        known = (
            f"Forward graph, with {structure.edge_coverage * 100:.0f} % of parents recorded: depth {structure.depth}, "
            f"widest level {many(structure.max_breadth, 'message')}"
        )
    hops = structure.hops_at_least
    passed = f"; passed on at least {many(hops, 'time')} according to the platforms" if hops else ""
    frequent, observed = structure.frequently_forwarded, structure.nodes - structure.unseen
    labelled = (
        f"; {whole(frequent)} of {many(observed, 'message')} labelled as frequently forwarded" if frequent else ""
    )
    return f"{known}{passed}{labelled}."


def _listed(groups: Groups) -> str:
    """List names and counts."""
    return ", ".join(f"{plain(name)} {whole(count)}" for name, count in groups)


def _review_by(review: ReviewTarget, ist: bool = False) -> str:
    return f"by {moment(review.target_at, ist)} (internal target, not a legal deadline)"


# --- for a terminal ---------------------------------------------------------------------------------------------------


def format_alert(alert: Alert, width: int = 100) -> str:
    """Format an alert as a few lines for a terminal, without a line break at the end.

    Args:
        alert: any alert, also of an older release.
        width: graphemes of the representative text to show.

    """
    evidence = alert.evidence
    counts, growth = evidence.counts, evidence.growth
    text = shorten(plain(evidence.text.representative), width)
    pace = f" {_forecast(growth).capitalize()}." if growth.expected_further is not None else ""
    chats = f" in {many(counts.chats, 'chat')}" if counts.chats else ""
    quotes = f"; {many(counts.quotes, 'quote')} with words of their own" if counts.quotes else ""
    counters = evidence.counters
    count = f"{_recent(counts)}{pace}" if counters is None else counter_sentences.line(counters)
    why = _score(growth, alert.level) if counters is None else counter_sentences.comparison(growth, alert.level)
    lines = [
        plain(alert.headline),
        f"  when   {moment(alert.time)}, cluster {alert.cluster_id[:_SHORT_ID]}, alert {alert.alert_id[:_SHORT_ID]}",
        f"  where  {_posts(counts)}{chats}{quotes}{_language(evidence.text)}",
        *([f"  across {jumps(evidence.first_sightings)}"] if evidence.first_sightings else []),
        f"  count  {count}",
        f"  why    {alert.state.value}: {why}",
        f"  known  {_known(evidence.content)}",
        f"  text   “{text}”",
    ]
    if evidence.notes:
        lines.append(f"  notes  {'; '.join(evidence.notes)}")
    if alert.review is not None:
        lines.append(f"  review {_review_by(alert.review)}")
    return "\n".join(lines)


__all__ = ["ENDINGS", "SPREAD_NOT_TRUTH", "explanation", "format_alert", "headline", "lowering"]
