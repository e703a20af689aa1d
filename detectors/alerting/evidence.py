"""Writes the alert: its id, its headline, its explanation, and the evidence beside it.

An alert is read by somebody in a hurry who must be able to disagree with it: counts before rates, the limit and what
fixed it, one rough number with its range, what would lower it, and what the data lack. Growth is not rumour, so what is
known of the content stands beside the level and never moves it.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from detectors.alerting.sentences import (
    against,
    expected,
    known_of,
    listed,
    pace,
    recent,
    repeated,
    resemblance,
    shape,
    wordings,
)
from detectors.alerting.transition import Transition
from detectors.privacy.small_groups import without_small
from detectors.text.formatting import duration, many, moment, plain, rough, shorten
from schemas.alert import (
    Alert,
    CascadeCounts,
    ContentEvidence,
    Evidence,
    GrowthEvidence,
    Lifecycle,
    Provenance,
    ReviewTarget,
    Structure,
    TargetCause,
    TextEvidence,
)

SPREAD_NOT_TRUTH = "This measures spread, not truth."
_SHORT_ID = 8
_VERDICT = 40  # graphemes of a verdict in a headline
_OVER = (Lifecycle.SUBSIDED, Lifecycle.CLOSED)


class EvidenceConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert may show.

    Attributes:
        k_anonymity: groups smaller than this are left out of counts by platform and of report categories.
        max_text: graphemes of the representative text that an alert carries; its digests are of the whole.
        ist: whether times in sentences are given in Indian standard time as well as in UTC.

    Raises:
        ValueError: a value breaks its rule; the text names the setting.
    """

    k_anonymity: int = 5
    max_text: int = 500
    ist: bool = False

    def __post_init__(self) -> None:
        """Refuse bounds that show nothing or everything."""
        for name, usual in (("k_anonymity", 5), ("max_text", 500)):
            if getattr(self, name) < 1:
                raise ValueError(f"evidence.{name} must be positive; got {getattr(self, name)}; try {usual}")


class DataNotes(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader must know about the data behind the counts."""

    late: int = 0  # posts that came behind the watermark
    deleted: int = 0  # posts deleted, or taken down with their account
    merged_at: tuple[int, ...] = ()  # event times at which another cluster was merged in
    unseen: int = 0  # messages that others point to
    sampled: bool = False  # the count of sharers is an estimate
    busy_sharers: int = 0  # sharers with many posts
    capped: int = 0  # messages whose depth was not followed to the end
    overflow: int = 0  # messages that the graph had no room for
    before_closing: float = 0.0  # sharers counted before the cascade was closed


class CascadeSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One cascade at one moment, as its steps report it: all that an alert is written from."""

    cluster_id: str
    time: int
    first_event: str
    counts: CascadeCounts
    growth: GrowthEvidence
    structure: Structure
    text: TextEvidence
    content: ContentEvidence
    trigger_event: str | None = None
    falls_under: float  # the score under which the level that stands begins to fall, on the detector's own scale
    lowered_at: int | None = None  # event time at which the level falls if nobody else shares; None: not worked out
    aliases: tuple[str, ...] = ()
    withheld: bool = False  # it reached the limit when the budget of alerts asked for more, and opened nothing since
    notes: DataNotes = DataNotes()


class ResponseTargets(Protocol):
    """The parts of the alert policy's settings that an alert quotes."""

    @property
    def subside_after_ms(self) -> int:
        """How long a score must have been under the line for a level to fall."""

    def target_ms(self, level: int) -> int:
        """How soon somebody should have looked."""


class AlertContext(msgspec.Struct, frozen=True):
    """What all alerts of one program have in common."""

    config: EvidenceConfig
    policy: ResponseTargets
    provenance: Provenance


def build_alert(seen: CascadeSnapshot, transition: Transition, author: AlertContext) -> Alert:
    """Write the alert that says `transition` about what was `seen`. About 0.1 ms; equal arguments give equal bytes."""
    shown = _shown(seen, author.config)
    review = _review_target(transition, author.policy)
    return Alert(
        alert_id=alert_id(seen.cluster_id, transition, author.provenance.rule_version),
        cluster_id=seen.cluster_id,
        state=transition.state,
        level=transition.level,
        time=transition.time,
        episode=transition.episode,
        headline=_headline(shown, transition),
        explanation=" ".join(_sentences(shown, transition, author, review)),
        evidence=Evidence(
            counts=shown.counts,
            growth=shown.growth,
            structure=shown.structure,
            text=shown.text,
            content=shown.content,
            first_event=seen.first_event,
            trigger_event=seen.trigger_event,
            notes=data_notes(shown, author.config.ist),
        ),
        provenance=author.provenance,
        review=review,
        aliases=seen.aliases,
    )


def alert_id(cluster_id: str, transition: Transition, rule_version: int) -> str:
    """Thirty-two hexadecimal digits: BLAKE2b of what is said about which cascade, under which version of the rules."""
    parts = (
        cluster_id,
        str(transition.episode),
        transition.state.value,
        str(transition.level),
        str(transition.number),
        str(rule_version),
    )
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16, person=b"hearsay.alert").hexdigest()


def _shown(seen: CascadeSnapshot, config: EvidenceConfig) -> CascadeSnapshot:
    """The observation without small groups, and with its text cut to what an alert carries."""
    replace = msgspec.structs.replace
    return replace(
        seen,
        counts=replace(seen.counts, platforms=without_small(seen.counts.platforms, config.k_anonymity)),
        content=replace(
            seen.content, report_categories=without_small(seen.content.report_categories, config.k_anonymity)
        ),
        text=replace(seen.text, representative=shorten(seen.text.representative, config.max_text)),
    )


def _review_target(transition: Transition, policy: ResponseTargets) -> ReviewTarget | None:
    if transition.state in _OVER:
        return None
    target = transition.time + policy.target_ms(transition.level)
    return ReviewTarget(TargetCause.OWN_DETECTION, transition.time, target)


# --- the headline -----------------------------------------------------------------------------------------------------


def _headline(seen: CascadeSnapshot, transition: Transition) -> str:
    counts = seen.counts
    until = counts.last_time if transition.state in _OVER else transition.time
    spread = f"{_sharers(seen)} in {duration(until - counts.first_time)}"
    return f"{_subject(seen, transition)}: {spread}{_judged(seen.content)}"


def _judged(content: ContentEvidence) -> str:
    """The verdict on the claim that the message repeats, in the checker's words."""
    claims = repeated(content)
    return f"; repeats a claim with the verdict “{shorten(plain(claims[0].verdict), _VERDICT)}”" if claims else ""


def _subject(seen: CascadeSnapshot, transition: Transition) -> str:
    state, level = transition.state, f" (level {transition.level})" if transition.level else ""
    if state is Lifecycle.EVIDENCE:
        return ("Fact-check matched" if _checked(seen.content) else "New evidence on the content") + level
    if state is Lifecycle.RESURFACED:
        return f"Back, and spreading fast{level}" if level else "Back after a silence"
    if state is Lifecycle.MILESTONE and seen.withheld:
        return "Big, withheld by the budget of alerts"
    return _SUBJECTS[state] + level


def _checked(content: ContentEvidence) -> bool:
    return bool(content.debunks or repeated(content))


_SUBJECTS = {
    Lifecycle.OPENED: "Spreading fast",
    Lifecycle.ESCALATED: "Spreading faster",
    Lifecycle.MILESTONE: "Slow burn",
    Lifecycle.SUBSIDED: "Subsided",
    Lifecycle.CLOSED: "Closed",
}


def _sharers(seen: CascadeSnapshot) -> str:
    if seen.notes.sampled:
        return f"about {rough(seen.counts.sharers)} distinct sharers"
    return many(seen.counts.sharers, "distinct sharer")


# --- the explanation --------------------------------------------------------------------------------------------------


def _sentences(
    seen: CascadeSnapshot, transition: Transition, author: AlertContext, review: ReviewTarget | None
) -> Iterator[str]:
    ist = author.config.ist
    yield _so_far(seen, transition, ist)
    yield recent(seen.counts)
    if transition.state is not Lifecycle.CLOSED:
        yield from pace(seen.growth)
    yield _WHY[transition.state](seen, transition, author.policy)
    if transition.level:
        yield _lowering(seen, transition, author.policy)
    yield SPREAD_NOT_TRUTH
    yield f"Evidence on content: {known_of(seen.content)}."
    yield from resemblance(seen.content)
    yield from wordings(seen.text)
    yield shape(seen.structure)
    if review is not None:
        yield f"Internal target: a look by {moment(review.target_at, ist)}; own detection starts no legal deadline."
    notes = data_notes(seen, ist)
    if notes:
        yield f"Data notes: {'; '.join(notes)}."


def _so_far(seen: CascadeSnapshot, transition: Transition, ist: bool) -> str:
    counts = seen.counts
    chats = f" in {many(counts.chats, 'chat')}" if counts.chats else ""
    age = duration(transition.time - counts.first_time)
    posts = many(counts.posts, "post")
    by_platform = f" ({listed(counts.platforms)})" if len(counts.platforms) > 1 else ""
    since = f"since {moment(counts.first_time, ist)}, {age} ago"
    return f"Cluster {seen.cluster_id[:_SHORT_ID]}: {_sharers(seen)}{chats} {since}, with {posts}{by_platform}."


def _why_growth(seen: CascadeSnapshot, transition: Transition, policy: ResponseTargets) -> str:
    growth = seen.growth
    if growth.score < growth.threshold:  # a level that stands by hysteresis
        return f"Level {transition.level} stands: {against(growth)}."
    if growth.expected_further is None or growth.threshold_at_size is None or growth.threshold_at_size < 1:
        return f"Alert because the score of {growth.detector} reaches its limit: {against(growth)}."
    further, limit = rough(growth.expected_further), rough(growth.threshold_at_size)
    compared = f"about {further} are expected and the limit at this size and course is {limit}"
    return f"Alert because {compared}: {against(growth)}."


def _why_milestone(seen: CascadeSnapshot, transition: Transition, policy: ResponseTargets) -> str:
    multiple = "the size" if transition.number == 1 else f"{transition.number} times the size"
    why = "its growth withheld by the budget of alerts" if seen.withheld else "without growing fast"
    return f"Alert because it has reached {multiple} that is set as big, {why}: {against(seen.growth)}."


def _why_evidence(seen: CascadeSnapshot, transition: Transition, policy: ResponseTargets) -> str:
    what = "a fact-check matches" if _checked(seen.content) else "there is new evidence on the content"
    return f"Alert because {what}. Its growth: {against(seen.growth)}."


def _why_subsided(seen: CascadeSnapshot, transition: Transition, policy: ResponseTargets) -> str:
    return f"The alert has subsided: {against(seen.growth)}, and {_falling(seen, policy)}."


def _why_closed(seen: CascadeSnapshot, transition: Transition, policy: ResponseTargets) -> str:
    silence = duration(transition.time - seen.counts.last_time)
    return f"Closed: the last post is {silence} old, and what was shared is not expected to bring more sharers."


def _why_resurfaced(seen: CascadeSnapshot, transition: Transition, policy: ResponseTargets) -> str:
    if transition.level:
        return f"It had gone quiet. {_why_growth(seen, transition, policy)}"
    return f"Alert because it was closed and is shared again. Its growth: {against(seen.growth)}."


_WHY: dict[Lifecycle, Callable[[CascadeSnapshot, Transition, ResponseTargets], str]] = {
    Lifecycle.OPENED: _why_growth,
    Lifecycle.ESCALATED: _why_growth,
    Lifecycle.MILESTONE: _why_milestone,
    Lifecycle.EVIDENCE: _why_evidence,
    Lifecycle.SUBSIDED: _why_subsided,
    Lifecycle.CLOSED: _why_closed,
    Lifecycle.RESURFACED: _why_resurfaced,
}


def _lowering(seen: CascadeSnapshot, transition: Transition, policy: ResponseTargets) -> str:
    """From the policy's own rule where the caller worked it out, else from the detector's limit and the rule."""
    if seen.lowered_at is None:
        return f"What would lower the score under its limit: {seen.growth.lowers_when}; {_falling(seen, policy)}."
    silence = duration(seen.lowered_at - transition.time)
    return f"What would lower it: no new distinct sharer for {silence}; {_falling(seen, policy)}."


def _falling(seen: CascadeSnapshot, policy: ResponseTargets) -> str:
    return f"a level falls after {duration(policy.subside_after_ms)} with a score under {seen.falls_under:.2f}"


# --- data notes -------------------------------------------------------------------------------------------------------


def data_notes(seen: CascadeSnapshot, ist: bool = False) -> tuple[str, ...]:
    """What the data lack, or what was adjusted; nothing where there is nothing to say."""
    notes, counts = seen.notes, seen.counts
    said = []
    if notes.late:
        said.append(f"{many(notes.late, 'late post')}, counted but raising nothing")
    if notes.deleted:
        said.append(f"{many(notes.deleted, 'post')} deleted or taken down, no longer among the sharers")
    if notes.merged_at:
        said.append(f"merged from {len(notes.merged_at) + 1} clusters, last at {moment(max(notes.merged_at), ist)}")
    if notes.unseen:
        said.append(f"{many(notes.unseen, 'message')} that others point to not seen")
    if notes.sampled:
        said.append("sharers estimated from a sample")
    if notes.busy_sharers:
        said.append(f"{many(notes.busy_sharers, 'sharer')} with many posts, each counted once")
    if notes.capped:
        said.append(f"{many(notes.capped, 'message')} too deep to follow, drawn further up")
    if notes.overflow:
        said.append(f"{many(notes.overflow, 'message')} past the graph's bound, counted but not drawn")
    if notes.before_closing:
        said.append(f"{many(notes.before_closing, 'sharer')} from before it closed, who count again if they return")
    if counts.forwards is not None and counts.forwards > counts.posts:
        said.append(f"platform counters show {many(counts.forwards, 'forward')}, more than the posts seen")
    return tuple(said)


# --- for a terminal ---------------------------------------------------------------------------------------------------


def format_alert(alert: Alert, width: int = 100) -> str:
    """The alert in a few lines for a terminal: what, when, how many, why, which text; no line break at the end.

    Args:
        alert: any alert, of this release or an older one.
        width: graphemes of the text that are shown.

    """
    evidence = alert.evidence
    growth, text = evidence.growth, shorten(plain(evidence.text.representative), width)
    pace = f" {expected(growth).capitalize()}." if growth.expected_further is not None else ""
    lines = [
        plain(alert.headline),
        f"  when   {moment(alert.time)}, cluster {alert.cluster_id[:_SHORT_ID]}, alert {alert.alert_id[:_SHORT_ID]}",
        f"  count  {recent(evidence.counts)}{pace}",
        f"  why    {alert.state.value}: {against(growth)}",
        f"  known  {known_of(evidence.content)}",
        f"  text   “{text}”",
    ]
    if evidence.notes:
        lines.append(f"  data   {'; '.join(evidence.notes)}")
    if alert.review is not None:
        lines.append(f"  look   by {moment(alert.review.target_at)}: an internal target, no legal deadline")
    return "\n".join(lines)


__all__ = [
    "SPREAD_NOT_TRUTH",
    "AlertContext",
    "CascadeSnapshot",
    "DataNotes",
    "EvidenceConfig",
    "ResponseTargets",
    "alert_id",
    "build_alert",
    "data_notes",
    "format_alert",
]
