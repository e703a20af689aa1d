"""The evidence of one cascade at one moment, gathered from its steps for the alert that is about to be written."""

from detectors.alerting.cascade_snapshot import CascadeSnapshot, DataNotes
from detectors.alerting.transition import Transition
from detectors.pipeline.cascade import Cascade
from schemas.alert import CascadeCounts, ContentEvidence, Lifecycle, TextEvidence

_OPENING = (Lifecycle.OPENED, Lifecycle.RESURFACED)


def gather(cascade: Cascade, transition: Transition, trigger: str | None) -> CascadeSnapshot:
    """Everything that an alert about this cascade may say when the policy speaks."""
    facts, time = cascade.facts, transition.time
    return CascadeSnapshot(
        cluster_id=facts.cluster_id,
        time=time,
        first_event=facts.first_event,
        trigger_event=trigger,
        aliases=tuple(facts.aliases),
        withheld=facts.withheld,
        counts=_counts(cascade, time),
        growth=cascade.growth.explain(time, transition.level, _raised(cascade, transition)),
        structure=cascade.graph.shape(),
        fall_threshold=cascade.policy.fall_threshold(max(transition.level, 1)),
        lowered_at=_lowered_at(cascade, time) if transition.level else None,
        text=_text(cascade),
        content=ContentEvidence(
            debunks=tuple(facts.debunks),
            reports=round(cascade.reporters.count),
            report_categories=tuple(sorted(facts.report_categories.items())),
            claims=tuple(facts.claims),
            harm=facts.harm,
        ),
        notes=_notes(cascade),
    )


def _raised(cascade: Cascade, transition: Transition) -> float:
    """What the budget of alerts asked for: it concerns what opens or was withheld, not a slow burn or what stands."""
    opens = transition.level == 1 and transition.state in _OPENING
    return cascade.facts.threshold_offset if opens or cascade.facts.withheld else 0.0


def _lowered_at(cascade: Cascade, time: int) -> int | None:
    """When the level that stands would fall if nobody shared any more."""
    under = cascade.growth.falls_below(cascade.policy.fall_threshold(cascade.policy.level), time)
    return None if under is None else under + cascade.parts.policy.subside_after_ms


def _counts(cascade: Cascade, time: int) -> CascadeCounts:
    facts = cascade.facts
    recent, previous = cascade.recent.counts(time)
    seen = facts.counters.values()
    return CascadeCounts(
        sharers=cascade.size,
        posts=facts.posts,
        chats=round(cascade.chats.count),
        first_time=facts.first_time,
        last_time=facts.last_time,
        recent_window=cascade.parts.recent.window_ms,
        recent_sharers=round(recent),
        previous_sharers=round(previous),
        platforms=tuple(sorted(facts.platforms.items())),
        replies=facts.replies,
        views=sum(views for views, _ in seen) if seen else None,
        forwards=sum(forwards for _, forwards in seen) if seen else None,
    )


def _text(cascade: Cascade) -> TextEvidence:
    facts = cascade.facts
    return TextEvidence(
        representative=facts.content.text,
        sha256=facts.content.sha256,
        fingerprint=facts.content.fingerprint,
        lang=facts.lang,
        urls=facts.content.urls,
        media_sha256=tuple(media.sha256 for media in facts.media),
        wordings=max(1, round(cascade.wordings.count)),
        methods=tuple(sorted(facts.methods.items())),
        variants=tuple(sorted(facts.variants.items())),
    )


def _notes(cascade: Cascade) -> DataNotes:
    facts, tally = cascade.facts, cascade.graph.tally
    return DataNotes(
        late=facts.late + facts.dropped_late,
        deleted=facts.deleted,
        merged_at=tuple(facts.merged_at),
        unseen=tally.unseen,
        sampled=not cascade.sharers.exact,
        busy_sharers=round(cascade.sharers.heavy),
        capped=tally.capped,
        overflow=tally.overflow,
        before_closing=facts.before_closing,
    )
