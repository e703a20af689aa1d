"""One cascade at one moment, as a sample for tests and for the example in docs/consume-alerts.md."""

from math import log

import msgspec

from detectors.alerting.cascade_snapshot import CascadeSnapshot, DataNotes
from detectors.alerting.config import EvidenceConfig, PolicyConfig
from detectors.alerting.evidence import AlertContext
from detectors.growth import GrowthConfig
from detectors.growth.expected_growth import ExpectedGrowth
from schemas.alert import Provenance
from schemas.assignment import Method
from schemas.evidence import CascadeCounts, ContentEvidence, FirstSighting, Structure, TextEvidence

MINUTE = 60_000
FIRST = 1_795_510_320_000  # 2026-11-24 08:52 UTC
NOW = FIRST + 58 * MINUTE

# minutes   0 ---------- 28 ------------ 58
# joined        15 people      27 people
DETECTOR = ExpectedGrowth(GrowthConfig(target_size=80))
for joined in sorted((*range(0, 28 * MINUTE, 112_000), *range(58 * MINUTE, 29 * MINUTE, -66_000))):
    DETECTOR.update(FIRST + joined)
GROWTH = DETECTOR.explain(NOW)
UNDER = GROWTH.threshold - log(2)  # a level falls under half of its limit
SEEN = CascadeSnapshot(
    cluster_id="81f0c2aa5d1b4e0f9a7c3e6d2b8f4a10",
    time=NOW,
    first_event="0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    trigger_event="f9e8d7c6b5a493827160f5e4d3c2b1a0",
    counts=CascadeCounts(
        sharers=42.0,
        posts=57,
        chats=11,
        first_time=FIRST,
        last_time=NOW,
        recent_window=30 * MINUTE,
        recent_sharers=27,
        previous_sharers=15,
        platforms=(("bluesky", 2), ("telegram", 45), ("whatsapp", 7), ("x", 3)),
        replies=4,
    ),
    growth=GROWTH,
    fall_threshold=UNDER,
    lowered_at=DETECTOR.falls_below(UNDER, NOW) + 120 * MINUTE,
    structure=Structure(
        nodes=59,
        unseen=2,
        trees=2,
        depth=4,
        max_breadth=31,
        mean_depth=1.24,
        structural_virality=2.31,
        edge_coverage=0.35,
        hops_at_least=5,
        frequently_forwarded=6,
    ),
    text=TextEvidence(
        representative="Boil the leaves twice and drink at night: the fever is gone in one day. Ask ⟨phone⟩",
        sha256="5d41402abc4b2a76b9719d911017c592ae0f7c3d2b1a4958677e8d9c0b1a2f3e",
        fingerprint="7b52009b64fd0a2a49e6d8a939753077",
        lang="en",
        wordings=3,
        methods=(("exact", 49), ("first_share", 1), ("lexical", 7)),
    ),
    first_sightings=(
        FirstSighting("telegram", FIRST, 0, Method.FIRST_SHARE, "0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
        FirstSighting("x", FIRST + 9 * MINUTE, 9 * MINUTE, Method.URL, "33c4d5e6f708192a3b4c5d6e7f8091a2"),
        FirstSighting("whatsapp", FIRST + 14 * MINUTE, 14 * MINUTE, Method.EXACT, "4b7e0d9c2a6f81354c1e8d7b90a3f562"),
    ),
    content=ContentEvidence(reports=12, report_categories=(("health", 7), ("spam", 3), ("violence", 2))),
    notes=DataNotes(late=3, merged_at=(FIRST + 43 * MINUTE,), unseen=2, busy_sharers=2),
)
CONTEXT = AlertContext(
    EvidenceConfig(),
    PolicyConfig(),
    Provenance(
        code_version="0.1.0",
        rule_version=1,
        detector="L",
        settings_digest="c0ffee00c0ffee00c0ffee00c0ffee00",
        model_revision="all-minilm-l6-v2 fp32",
        key_id="2026-11",
    ),
)


def changed(base: msgspec.Struct, **fields: object) -> msgspec.Struct:
    """A copy with other fields."""
    return msgspec.structs.replace(base, **fields)
