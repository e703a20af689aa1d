"""What a message is recognised as, in the alerts: beside the level, never in it."""

import msgspec

from detectors.alerting.sentences import format_alert
from detectors.growth import GrowthConfig
from detectors.pipeline.intake import read_content
from detectors.pipeline.pipeline import Pipeline
from detectors.reference.claims import ClaimIndex
from detectors.reference.harm import HarmConfig, HarmExample, HarmExamples
from detectors.reference.matcher import ReferenceMatcher
from detectors.similarity.embedding import HashingEmbedder
from schemas.alert import Alert, Lifecycle
from schemas.claim import Claim, Nearness
from tests.detectors.pipeline.sample_streams import KEY, NOON, config, encoded, lines, placed, run

EMBEDDER = HashingEmbedder()
TEXT = "the mill upstream has poisoned the river, boil your water before you drink it"
EXAMPLE = HarmExample("communal unrest", "the mill upstream has poisoned the river of our people")


def recogniser(*texts, verdict="False"):
    claims = [Claim(text=text, verdict=verdict, publisher="The Checkers", date="2026-03-01T09:00Z") for text in texts]
    contents = [read_content(claim.text, ()) for claim in claims]
    embed = lambda texts: EMBEDDER.embed([read_content(text, ()).normal for text in texts])  # noqa: E731 - used twice
    bank = ClaimIndex(config().clustering, claims, contents, embed([claim.text for claim in claims]))
    return ReferenceMatcher(bank, HarmExamples(HarmConfig(), [EXAMPLE], embed([EXAMPLE.text])))


def share(n, at=0, text=TEXT, person=None):
    return {
        "event_id": f"{text[:3]}{n}",
        "platform": "telegram",
        "kind": "post",
        "created_at": NOON + at,
        "message_id": f"{text[:3]}{n}",
        "actor": f"person {n if person is None else person}",
        "chat": f"chat {n}",
        "text": text,
    }


def burst(count, text=TEXT):
    return [share(n, n * 10_000, text) for n in range(count)]


def outputs_of(events, known, target_size=10):
    engine = Pipeline(config(growth=GrowthConfig(target_size=target_size)), EMBEDDER, KEY, "0.0.0", matcher=known)
    return [engine.feed(placed(lines(events))), engine.finish()]


def alerts_of(events, known, target_size=10):
    return [alert for output in outputs_of(events, known, target_size) for alert in output.alerts]


def test_an_alert_that_repeats_a_debunked_claim_says_so_with_verdict_and_date():
    alerts = alerts_of(burst(60), recogniser(TEXT))
    opened = [alert for alert in alerts if alert.state in (Lifecycle.OPENED, Lifecycle.ESCALATED)]
    assert opened
    for alert in opened:
        assert "repeats a claim with the verdict “False”" in alert.headline
        assert "repeats a claim checked by The Checkers (verdict: “False”, 2026-03-01)" in alert.explanation
        assert alert.evidence.content.claims[0].nearness is Nearness.MATCH
        assert "The Checkers" in format_alert(alert)


def test_what_is_known_of_the_content_moves_no_level():
    told = lambda alerts: [(a.state, a.level, a.time) for a in alerts if a.state is not Lifecycle.EVIDENCE]  # noqa: E731
    with_it, without = alerts_of(burst(60), recogniser(TEXT)), alerts_of(burst(60), None)
    assert told(with_it) == told(without)
    scores = [[alert.evidence.growth.score for alert in alerts if alert.level] for alerts in (with_it, without)]
    assert set(scores[1]) <= set(scores[0])


def test_a_repeated_claim_is_news_once_enough_people_share_it():
    #   sharers   1 2 3 4 | 5 = growth.min_sharers: a notification
    least = config().growth.min_sharers
    assert alerts_of(burst(least - 1), recogniser(TEXT), target_size=1_000) == []
    enough = alerts_of(burst(least), recogniser(TEXT), target_size=1_000)
    assert [(alert.state, alert.level) for alert in enough] == [(Lifecycle.EVIDENCE, 0)]
    assert enough[0].headline.startswith("Fact-check matched")


def test_a_claim_that_is_only_resembled_raises_nothing_and_is_told():
    resembled = " ".join(TEXT.split()[:-7])
    known = recogniser(resembled)
    alerts = alerts_of(burst(60), known)
    assert Lifecycle.EVIDENCE not in {alert.state for alert in alerts}
    (claim,) = alerts[0].evidence.content.claims
    assert claim.nearness is Nearness.SUGGEST
    assert "resembles a claim checked by" in alerts[0].explanation
    assert "verdict" not in alerts[0].headline


def test_the_category_of_harm_is_told_as_a_suggestion_and_never_in_the_headline():
    alert = alerts_of(burst(60), recogniser("nothing of this kind was ever said by anybody"))[0]
    assert alert.evidence.content.harm.category == "communal unrest"
    assert "a suggestion for ordering a queue, not a finding" in alert.explanation
    assert "communal" not in alert.headline


def test_an_alert_names_what_was_known_and_one_without_knowledge_names_none():
    known = recogniser(TEXT)
    assert {a.provenance.reference_digest for a in alerts_of(burst(60), known)} == {known.digest}
    assert {a.provenance.reference_digest for a in alerts_of(burst(60), None)} == {None}


def test_a_merged_cascade_keeps_what_either_wording_was_recognised_as():
    other = "children are carried off in a white van near the school, tell every parent you know"
    bridge = share(900, 400_000) | {"kind": "forward", "parent_ref": f"{other[:3]}0", "parent_evidence": "api_parent"}
    rows = [
        row
        for output in outputs_of([*burst(9), *burst(9, other), bridge], recogniser(TEXT, other))
        for row in output.clusters
    ]
    assert [(row.status, row.claims) for row in rows] == [("merged", 1), ("open", 2)]


def test_an_alert_of_an_earlier_release_still_decodes():
    raw = msgspec.json.decode(encoded(run(lines(burst(60)))[0])[0])
    raw["evidence"]["content"].pop("claims", None)
    raw["provenance"].pop("reference_digest", None)
    assert msgspec.convert(raw, Alert).evidence.content.claims == ()
