"""One cascade at one moment, as a sample for tests and for the example in docs/consume-alerts.md."""

import msgspec

from detectors.evidence import Author, EvidenceConfig, Notes, Observation
from detectors.policy import PolicyConfig
from schemas.alert import Content, Counts, Growth, Provenance, Structure, Text

MINUTE = 60_000
FIRST = 1_795_510_320_000  # 2026-11-24 08:52 UTC
NOW = FIRST + 58 * MINUTE

GROWTH = Growth(
    detector="L",
    score=5.917995,
    threshold=5.816377,
    rule="1.5 ln q + 0.4 with q = 37, cold-start rule",
    lowers_when="no new distinct sharer for 12 min",
    expected_further=70.049,
    expected_low=35.025,
    expected_high=140.098,
    limit_at_size=63.28,
    reproduction_number=1.402,
    reproduction_low=1.083,
    reproduction_high=1.754,
    fresh_share=0.284,
    exponent=1.081,
)
SEEN = Observation(
    cluster_id="81f0c2aa5d1b4e0f9a7c3e6d2b8f4a10",
    time=NOW,
    founding_event="0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    trigger_event="f9e8d7c6b5a493827160f5e4d3c2b1a0",
    counts=Counts(
        sharers=42.0,
        posts=57,
        chats=11,
        first_time=FIRST,
        last_time=NOW,
        recent_window=30 * MINUTE,
        recent_sharers=27,
        previous_sharers=6,
        platforms=(("bluesky", 2), ("telegram", 45), ("whatsapp", 7), ("x", 3)),
        replies=4,
    ),
    growth=GROWTH,
    falls_under=5.326,
    lowered_at=NOW + 172 * MINUTE,
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
    text=Text(
        representative="Boil the leaves twice and drink at night: the fever is gone in one day. Ask ⟨phone⟩",
        sha256="5d41402abc4b2a76b9719d911017c592ae0f7c3d2b1a4958677e8d9c0b1a2f3e",
        fingerprint="7b52009b64fd0a2a49e6d8a939753077",
        lang="en",
        wordings=3,
        methods=(("exact", 49), ("founder", 1), ("lexical", 7)),
    ),
    content=Content(reports=12, report_categories=(("health", 7), ("spam", 3), ("violence", 2))),
    notes=Notes(late=3, merged_at=(FIRST + 43 * MINUTE,), unseen=2, busy_sharers=2),
)
AUTHOR = Author(
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
