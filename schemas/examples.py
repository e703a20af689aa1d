"""Give whole example messages of the two public contracts, for the generated schemas."""

from schemas.alert import Alert, Lifecycle, Provenance, ReviewTarget, TargetCause
from schemas.assignment import Method
from schemas.base import Message
from schemas.event import AccountStatus, Counters, Debunk, ForwardEvent, Kind, Media, ParentEvidence
from schemas.evidence import (
    CascadeCounts,
    ContentEvidence,
    Evidence,
    FirstSighting,
    GrowthEvidence,
    Structure,
    TextEvidence,
)

_WHATSAPP_ID = "wamid.HBgMSBJ7E7NOYF7V9UWPY4A06BZQHS2M"
_REPOST = "at://did:plc:ywsq6lhlth7hghncueftye4m/app.bsky.feed.repost/3lyzdoqi7itxj"

_FORWARD_EVENTS = (
    ForwardEvent(
        event_id="-1001022861517:798222",
        platform="telegram",
        kind=Kind.POST,
        created_at=1_772_521_543_351,
        observed_at=1_772_521_556_691,
        message_id="-1001022861517:798222",
        chat="-1001022861517",
        chat_size=1521,
        text="The bridge at Lower Mill is closing tonight. Full report: https://news.example.com/a/4711?utm_source=tg",
        lang="en",
        media=(Media(sha256="82433e9f2a2de9dba316e419dcf8ff4fc1564695e060d41750d97bb20ac3191f"),),
    ),
    ForwardEvent(
        event_id=_WHATSAPP_ID,
        platform="whatsapp",
        kind=Kind.FORWARD,
        created_at=1_772_530_141_909,
        observed_at=1_772_530_147_134,
        message_id=_WHATSAPP_ID,
        hops_min=1,
        hops_max=4,
        actor="910364248790",
        chat="120363009309264520@g.us",
        chat_size=30,
        text="The bridge at Lower Mill is closing tonight. Tell everyone.",
    ),
    ForwardEvent(
        event_id=_REPOST,
        platform="bluesky",
        kind=Kind.FORWARD,
        created_at=1_772_436_537_241,
        message_id=_REPOST,
        root_ref="at://did:plc:z6yl5mgjn4dpixcex2m7mvns/app.bsky.feed.post/3tk272dwsujle",
        parent_ref="at://did:plc:clrz2dor4orqkvvqr3qwrary/app.bsky.feed.repost/3mptapkp6vz27",
        parent_evidence=ParentEvidence.VIA,
        actor="did:plc:ywsq6lhlth7hghncueftye4m",
    ),
    ForwardEvent(
        event_id="counter:0:-1001022861517:798222",
        platform="telegram",
        kind=Kind.COUNTER,
        created_at=1_772_450_839_121,
        message_id="-1001022861517:798222",
        counters=Counters(views=282, forwards=7),
    ),
    ForwardEvent(
        event_id="account:1111436422047534375:1772551379777",
        platform="x",
        kind=Kind.ACCOUNT_STATE,
        created_at=1_772_551_379_777,
        actor="1111436422047534375",
        account_status=AccountStatus.TAKENDOWN,
    ),
    ForwardEvent(
        event_id="debunk:517b6799",
        platform="factcheck",
        kind=Kind.DEBUNK,
        created_at=1_772_466_071_903,
        text="The bridge at Lower Mill is closing tonight.",
        debunk=Debunk(publisher="Desk of Doubt", verdict="false", url="https://facts.example.org/bridge/517b6799"),
    ),
)

_ALERT = Alert(
    alert_id="d5fe18b275706129701c9a8f6d26c382",
    cluster_id="81f0c2aa5d1b4e0f9a7c3e6d2b8f4a10",
    state=Lifecycle.OPENED,
    level=1,
    time=1_795_513_800_000,
    episode=0,
    headline="Spreading fast (level 1): 42 distinct sharers in 58 min",
    explanation=(
        "Cluster 81f0c2aa: 42 distinct sharers in 11 chats since 2026-11-24 08:52 UTC, 58 min ago, with 57 posts "
        "(45 on telegram, 7 on whatsapp, 5 on other platforms). First seen on telegram at 2026-11-24 08:52 UTC; "
        "reached whatsapp 14 min later (joined by equal text). This measures spread, not truth."
    ),
    evidence=Evidence(
        counts=CascadeCounts(
            sharers=42.0,
            posts=57,
            chats=11,
            first_time=1_795_510_320_000,
            last_time=1_795_513_800_000,
            recent_window=1_800_000,
            recent_sharers=27,
            previous_sharers=15,
            platforms=(("telegram", 45), ("whatsapp", 7)),
            other_platforms=5,
        ),
        growth=GrowthEvidence(
            detector="L",
            score=7.189984,
            threshold=6.97304,
            rule="1.5 ln q + 0.4 with q = 80, cold-start rule",
            lowers_when="no new distinct sharer for 2 h 50 min",
            expected_further=112.71,
            expected_low=28.003,
            expected_high=485.764,
            threshold_at_size=90.729,
            target_size=80,
        ),
        structure=Structure(
            nodes=59,
            unseen=2,
            trees=2,
            depth=4,
            max_breadth=31,
            mean_depth=1.24,
            structural_virality=2.31,
            edge_coverage=0.35,
        ),
        text=TextEvidence(
            representative="Boil the leaves twice and drink at night: the fever is gone in one day. Ask ⟨phone⟩",
            sha256="5d41402abc4b2a76b9719d911017c592ae0f7c3d2b1a4958677e8d9c0b1a2f3e",
            fingerprint="7b52009b64fd0a2a49e6d8a939753077",
            lang="en",
            wordings=3,
        ),
        content=ContentEvidence(reports=12, report_categories=(("health", 7),)),
        first_event="0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        first_sightings=(
            FirstSighting("telegram", 1_795_510_320_000, 0, Method.FIRST_SHARE, "0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
            FirstSighting("whatsapp", 1_795_511_160_000, 840_000, Method.EXACT, "4b7e0d9c2a6f81354c1e8d7b90a3f562"),
        ),
        trigger_event="f9e8d7c6b5a493827160f5e4d3c2b1a0",
        notes=("3 late posts (counted, cannot trigger an alert)",),
    ),
    provenance=Provenance(
        code_version="0.1.0",
        rule_version=1,
        detector="L",
        settings_digest="c0ffee00c0ffee00c0ffee00c0ffee00",
        model_revision="all-minilm-l6-v2 fp32",
        key_id="2026-11",
    ),
    review=ReviewTarget(TargetCause.OWN_DETECTION, 1_795_513_800_000, 1_795_528_200_000),
)

EXAMPLES: dict[type[Message], tuple[Message, ...]] = {ForwardEvent: _FORWARD_EVENTS, Alert: (_ALERT,)}
"""Example messages by type, for the messages that other programs write or read."""
