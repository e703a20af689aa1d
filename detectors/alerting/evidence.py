"""Build an alert: the id, the evidence and the review target.

`sentences` writes the texts. Growth is not rumour, so the evidence on the content is reported next to the level and
never moves the level.
"""

import hashlib
from typing import Protocol

import msgspec

from detectors.alerting.cascade_snapshot import CascadeSnapshot
from detectors.alerting.config import EvidenceConfig
from detectors.alerting.data_notes import data_notes
from detectors.alerting.sentences import ENDINGS, explanation, headline, lowering
from detectors.alerting.transition import Transition
from detectors.privacy.small_groups import without_small
from detectors.spread.first_sightings import across
from detectors.text.formatting import shorten
from schemas.alert import Alert, Basis, Lifecycle, Provenance, ReviewTarget, TargetCause
from schemas.evidence import Evidence, GrowthEvidence

FORECAST_STATES = (Lifecycle.OPENED, Lifecycle.ESCALATED)
"""States in which an alert publishes a forecast: those in which its range held about eight of ten recorded cascades."""


class ResponseTargets(Protocol):
    """The settings of the alert policy that an alert quotes."""

    @property
    def subside_after_ms(self) -> int:
        """Return the time below the fall threshold after which a level falls, in ms."""

    def target_ms(self, level: int) -> int:
        """Return the time for the review of an alert of `level`, in ms."""


class AlertContext(msgspec.Struct, frozen=True):
    """Settings and provenance that all alerts of one program share."""

    config: EvidenceConfig
    policy: ResponseTargets
    provenance: Provenance


def build_alert(seen: CascadeSnapshot, transition: Transition, context: AlertContext) -> Alert:
    """Build the alert for `transition`. Costs about 0.1 ms; equal arguments give equal bytes."""
    shown = _shown(seen, transition, context.config)
    review = _review_target(transition, context.policy)
    ist = context.config.show_ist
    basis = Basis.SHARERS if seen.counters is None else Basis.COUNTERS
    return Alert(
        alert_id=alert_id(seen.cluster_id, transition, context.provenance.rule_version, basis),
        cluster_id=seen.cluster_id,
        state=transition.state,
        level=transition.level,
        time=transition.time,
        episode=transition.episode,
        headline=headline(shown, transition),
        explanation=explanation(shown, transition, review, subside_after_ms=context.policy.subside_after_ms, ist=ist),
        evidence=Evidence(
            counts=shown.counts,
            growth=shown.growth,
            structure=shown.structure,
            text=shown.text,
            content=shown.content,
            related=seen.related,
            first_sightings=shown.first_sightings,
            first_event=seen.first_event,
            trigger_event=seen.trigger_event,
            notes=data_notes(shown, ist),
            counters=seen.counters,
        ),
        provenance=context.provenance,
        review=review,
        aliases=seen.aliases,
        basis=basis,
    )


def alert_id(cluster_id: str, transition: Transition, rule_version: int, basis: Basis = Basis.SHARERS) -> str:
    """Return 32 hexadecimal digits: the BLAKE2b digest of the cluster, the transition and the version of the rules.

    The digest of a counter alert contains the basis as well.
    """
    parts = (
        cluster_id,
        str(transition.episode),
        transition.state.value,
        str(transition.level),
        str(transition.number),
        str(rule_version),
        *(() if basis is Basis.SHARERS else (basis.value,)),
    )
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16, person=b"hearsay.alert").hexdigest()


def _shown(seen: CascadeSnapshot, transition: Transition, config: EvidenceConfig) -> CascadeSnapshot:
    """Remove small groups and unpublished forecasts from the snapshot, and shorten the text to `max_text`."""
    replace = msgspec.structs.replace
    platforms = without_small(seen.counts.platforms, config.k_anonymity)
    others = sum(posts for _, posts in seen.counts.platforms) - sum(posts for _, posts in platforms)
    return replace(
        seen,
        counts=replace(seen.counts, platforms=platforms, other_platforms=others),
        first_sightings=across(seen.first_sightings, platforms),
        growth=replace(
            seen.growth if transition.state in FORECAST_STATES else _without_forecast(seen.growth),
            lowers_when=lowering(seen, transition),
        ),
        content=replace(
            seen.content, report_categories=without_small(seen.content.report_categories, config.k_anonymity)
        ),
        text=replace(seen.text, representative=shorten(seen.text.representative, config.max_text)),
    )


def _without_forecast(growth: GrowthEvidence) -> GrowthEvidence:
    """Remove the expected sharers, the number that each sharer brings, and the factor on both."""
    return msgspec.structs.replace(
        growth,
        expected_further=None,
        expected_low=None,
        expected_high=None,
        threshold_at_size=None,
        reproduction_number=None,
        reproduction_low=None,
        reproduction_high=None,
        calibration=1.0,
    )


def _review_target(transition: Transition, policy: ResponseTargets) -> ReviewTarget | None:
    if transition.state in ENDINGS:
        return None
    target = transition.time + policy.target_ms(transition.level)
    return ReviewTarget(TargetCause.OWN_DETECTION, transition.time, target)


__all__ = ["FORECAST_STATES", "AlertContext", "ResponseTargets", "alert_id", "build_alert"]
