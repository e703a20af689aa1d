"""The alert: its words for each state, its id, what it leaves out, and what it never says."""

import re

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectors.alerting.cascade_snapshot import CascadeSnapshot, DataNotes
from detectors.alerting.config import EvidenceConfig, PolicyConfig
from detectors.alerting.data_notes import data_notes
from detectors.alerting.evidence import FORECAST_STATES, AlertContext, alert_id, build_alert
from detectors.alerting.sentences import ENDINGS, SPREAD_NOT_TRUTH, format_alert
from detectors.alerting.transition import Transition
from schemas.alert import Alert, Lifecycle, TargetCause
from schemas.base import encode
from schemas.event import Debunk
from schemas.evidence import CascadeCounts, ContentEvidence, GrowthEvidence, Structure, TextEvidence
from tests.detectors.alerting.alert_samples import CONTEXT, FIRST, GROWTH, MINUTE, NOW, SEEN, changed

HOUR, DAY = 60 * MINUTE, 1440 * MINUTE
CHECK = Debunk(publisher="Fact Desk", verdict="False", url="https://example.org/1")
INDIA = AlertContext(EvidenceConfig(show_ist=True), CONTEXT.policy, CONTEXT.provenance)


def transition_to(state: Lifecycle, level: int = 0, time: int = NOW, number: int = 0, episode: int = 0) -> Transition:
    return Transition(state, level, time, episode, number)


OPENED = transition_to(Lifecycle.OPENED, 1)

# --- the words --------------------------------------------------------------------------------------------------------

CALM = changed(
    GROWTH, score=2.5, expected_further=0.4, expected_low=0.1, expected_high=1.7, reproduction_number=None, exponent=1.0
)
DEBUNKED = changed(SEEN.content, debunks=(CHECK,))
WORDS = {
    "opened": (
        SEEN,
        OPENED,
        "Spreading fast (level 1): 42 distinct sharers in 58 min",
        """
        Cluster 81f0c2aa: 42 distinct sharers in 11 chats since 2026-11-24 08:52 UTC, 58 min ago, with 57 posts
        (45 on telegram, 7 on whatsapp, 5 on other platforms); language en. First seen on telegram at
        2026-11-24 08:52 UTC; reached whatsapp 14 min later (joined by equal text). 27 sharers joined in the last 30
        min, 15 in the 30 min before. At this pace about 110 more sharers are expected (rough; 8 in 10 recorded
        cascades: 28 to 490). Each sharer brings about 2.3 more (90 % interval: 1.8 to 2.9). Growth is speeding
        up (exponent 1.1; 1.0 is a steady pace). Alert because about 110 more sharers are expected, and 91 are
        enough at this size and pace: score 7.19, above the level-1 threshold 6.97 for a target size of 80
        sharers. What would lower the level: no new distinct sharer for 2 h 50 min (the score has then been
        below 6.28 for 2 h). This measures spread, not truth. Evidence on content: no fact-check matched;
        reported by 12 people (health 7). The message circulates in 3 wordings. Forward graph, with 35 % of
        parents recorded: depth 4, widest level 31 messages; passed on at least 5 times according to the
        platforms; 6 of 57 messages labelled as frequently forwarded. Review by 2026-11-24 13:50 UTC (internal
        target, not a legal deadline). Data notes: 3 late posts (counted, cannot trigger an alert); merged from
        2 clusters, last at 2026-11-24 09:35 UTC; 2 messages not observed, known only from references; 2
        sharers with many posts (each counted once).
        """,
    ),
    "escalated": (
        SEEN,
        transition_to(Lifecycle.ESCALATED, 2),
        "Spreading faster (level 2): 42 distinct sharers in 58 min",
        "Review by 2026-11-24 10:50 UTC (internal target, not a legal deadline).",
    ),
    "milestone": (
        changed(SEEN, growth=CALM),
        transition_to(Lifecycle.MILESTONE, number=1, time=FIRST + 3 * DAY + 4 * HOUR),
        "Slow burn: 42 distinct sharers in 3 d 4 h",
        """
        15 in the 30 min before. Alert because the cascade has reached the target size, and it is not growing
        fast: score 2.50, below the level-1 threshold 6.97 for a target size of 80 sharers. This
        """,
    ),
    "second milestone": (
        changed(SEEN, growth=CALM),
        transition_to(Lifecycle.MILESTONE, number=4),
        "Slow burn: 42 distinct sharers in 58 min",
        """
        Alert because the cascade has reached 4 times the target size, and it is not growing fast: score 2.50, below
        the level-1 threshold 6.97
        """,
    ),
    "fact-check at level 0": (
        changed(SEEN, growth=CALM, content=DEBUNKED),
        transition_to(Lifecycle.EVIDENCE, number=1),
        "Fact-check matched: 42 distinct sharers in 58 min",
        """
        Alert because a fact-check matches. Growth: score 2.50, below the level-1 threshold 6.97 for a target size of
        80 sharers. This measures spread, not truth. Evidence on content: matches a fact-check by Fact Desk (verdict:
        “False”); reported by 12 people (health 7).
        """,
    ),
    "fact-check at level 2": (
        changed(SEEN, content=changed(DEBUNKED, debunks=(CHECK, CHECK, CHECK))),
        transition_to(Lifecycle.EVIDENCE, 2, number=3),
        "Fact-check matched (level 2): 42 distinct sharers in 58 min",
        "matches a fact-check by Fact Desk (verdict: “False”) and 2 more; reported",
    ),
    "evidence of another kind": (
        SEEN,
        transition_to(Lifecycle.EVIDENCE, number=1),
        "New evidence on the content: 42 distinct sharers in 58 min",
        "Alert because there is new evidence on the content. Growth: score 7.19",
    ),
    "subsided": (
        changed(SEEN, growth=CALM),
        transition_to(Lifecycle.SUBSIDED, time=NOW + 5 * HOUR),
        "Subsided: 42 distinct sharers in 58 min",
        """
        Subsided because the score stayed below 6.28 for 2 h: score 2.50, below the level-1 threshold 6.97 for a target
        size of 80 sharers. This measures spread, not truth.
        """,
    ),
    "closed": (
        changed(SEEN, growth=CALM),
        transition_to(Lifecycle.CLOSED, time=NOW + 7 * DAY),
        "Closed: 42 distinct sharers in 58 min",
        """
        15 in the 30 min before. Closed after 7 d without a post. This measures spread, not truth.
        """,
    ),
    "resurfaced": (
        changed(SEEN, growth=CALM, notes=DataNotes(before_closing=37.0)),
        transition_to(Lifecycle.RESURFACED, time=NOW + 9 * DAY, episode=1),
        "Shared again after a silence: 42 distinct sharers in 9 d",
        "Alert because the cascade was closed and is shared again. Growth: score 2.50, below the level-1",
    ),
    "resurfaced in strength": (
        SEEN,
        transition_to(Lifecycle.RESURFACED, 1, episode=1),
        "Spreading fast again (level 1): 42 distinct sharers in 58 min",
        "The cascade had gone quiet. Alert because the L score has reached its threshold: score 7.19, above the",
    ),
    "a detector that expects nothing": (
        changed(
            SEEN,
            growth=GrowthEvidence("rate", 82.0, 60.0, "60 sharers an hour"),
            lowered_at=None,
        ),
        OPENED,
        "Spreading fast (level 1): 42 distinct sharers in 58 min",
        """
        15 in the 30 min before. Alert because the rate score has reached its threshold: score 82.00, above the level-1
        threshold 60.00. What would lower the level: deleted posts only, as silence does not lower it within 400 days
        """,
    ),
    "a level kept by hysteresis": (
        changed(SEEN, growth=CALM),
        transition_to(Lifecycle.ESCALATED, 2),
        "Spreading faster (level 2): 42 distinct sharers in 58 min",
        "Level 2 is still active: score 2.50, below the level-2 threshold 6.97",
    ),
    "one of everything": (
        changed(
            SEEN,
            counts=changed(SEEN.counts, sharers=1.0, posts=1, chats=1, platforms=(("x", 5),)),
            content=ContentEvidence(reports=1),
            structure=Structure(1, 0, 1, 0, 1, 0.0, 0.0, 0.0, frequently_forwarded=1),
            text=changed(SEEN.text, wordings=1, variants=(("negation", 1),)),
            notes=DataNotes(),
        ),
        OPENED,
        "Spreading fast (level 1): 1 distinct sharer in 58 min",
        "1 distinct sharer in 1 chat since 2026-11-24 08:52 UTC, 58 min ago, with 1 post (5 on x); language en.",
    ),
    "sharers by estimate": (
        changed(SEEN, counts=changed(SEEN.counts, sharers=12_345.0, chats=0), notes=DataNotes(sampled=True)),
        OPENED,
        "Spreading fast (level 1): about 12,000 distinct sharers in 58 min",
        "Cluster 81f0c2aa: about 12,000 distinct sharers since 2026-11-24 08:52 UTC, 58 min ago, with 57 posts",
    ),
    "another meaning": (
        changed(SEEN, text=changed(SEEN.text, variants=(("negation", 3), ("number", 2)))),
        OPENED,
        "Spreading fast (level 1): 42 distinct sharers in 58 min",
        "; different from the first: 3 posts with a negation added or removed, 2 posts with another number. Forward",
    ),
    "no parents": (
        changed(SEEN, structure=Structure(1, 0, 1, 0, 1, 0.0, 0.0, 0.0)),
        OPENED,
        "Spreading fast (level 1): 42 distinct sharers in 58 min",
        "Forward graph unknown: no parents are recorded. Review",
    ),
}


@pytest.mark.parametrize("name", WORDS)
def test_each_state_has_its_own_words(name: str) -> None:
    seen, transition, headline, part = WORDS[name]
    alert = build_alert(seen, transition, CONTEXT)
    assert alert.headline == headline
    assert " ".join(part.split()) in alert.explanation


def test_the_whole_explanation_of_an_opened_alert() -> None:
    assert build_alert(SEEN, OPENED, CONTEXT).explanation == " ".join(WORDS["opened"][3].split())


def test_only_an_alert_with_a_level_states_what_would_lower_the_level() -> None:
    for state in Lifecycle:
        assert ("What would lower" in build_alert(SEEN, transition_to(state, 1), CONTEXT).explanation) is True
        assert ("What would lower" in build_alert(SEEN, transition_to(state, 0), CONTEXT).explanation) is False


def test_a_reproduction_number_is_given_only_where_the_detector_supports_it() -> None:
    assert "sharer brings about" in build_alert(SEEN, OPENED, CONTEXT).explanation
    unsupported = changed(SEEN, growth=changed(GROWTH, reproduction_number=None))
    assert "sharer brings about" not in build_alert(unsupported, OPENED, CONTEXT).explanation


@pytest.mark.parametrize(
    ("exponent", "sentence"),
    [
        (None, None),
        (1.081, None),
        (0.91, None),
        (0.84, "Growth is slowing down (exponent 0.8; 1.0 is a steady pace)."),
        (1.26, "Growth is speeding up (exponent 1.3; 1.0 is a steady pace)."),
    ],
)
def test_a_pace_that_is_far_from_steady_is_described(exponent, sentence) -> None:
    text = build_alert(changed(SEEN, growth=changed(GROWTH, exponent=exponent)), OPENED, CONTEXT).explanation
    assert ("(exponent" in text) is (sentence is not None)
    assert (sentence or "") in text


def test_ranges_are_left_out_where_the_detector_gives_none() -> None:
    bare = changed(SEEN, growth=changed(GROWTH, expected_low=None, reproduction_high=None))
    text = build_alert(bare, OPENED, CONTEXT).explanation
    assert "about 110 more sharers are expected (rough). Each sharer brings about 2.3 more. Growth" in text


def test_a_calibrated_range_is_not_attributed_to_recorded_cascades() -> None:
    ours = changed(
        GROWTH, calibration=0.05, expected_further=0.6, expected_low=0.1, expected_high=4.2, threshold_at_size=0.5
    )
    text = build_alert(changed(SEEN, growth=ours), OPENED, CONTEXT).explanation
    assert "less than one more sharer is expected (rough; calibrated range: 0.1 to 4.2)" in text
    assert "Alert because the L score has reached its threshold" in text  # 0.6 against 0.5 would say nothing


def test_the_fall_threshold_of_a_level_is_given_on_the_scores_own_scale() -> None:
    patient = AlertContext(CONTEXT.config, PolicyConfig(subside_after_ms=90 * MINUTE), CONTEXT.provenance)
    text = build_alert(changed(SEEN, fall_threshold=30.0), OPENED, patient).explanation
    assert "(the score has then been below 30.00 for 1 h 30 min)." in text


@pytest.mark.parametrize(
    ("growth", "text"),
    [
        ({"score": 6.974}, "score 6.97, at the level-1 threshold 6.97 for a target size of 80 sharers."),
        ({"score": 6.973}, "score 6.97, just below the level-1 threshold 6.97 for a target size of 80 sharers."),
        ({"target_size": None}, "score 7.19, above the level-1 threshold 6.97."),
        (
            {"threshold": 7.1, "threshold_offset": 0.917},
            "threshold 7.10 for a target size of 80 sharers, raised by 0.92 levels by the alert budget.",
        ),
    ],
)
def test_the_score_is_compared_with_its_threshold_in_words(growth, text) -> None:
    assert text in build_alert(changed(SEEN, growth=changed(GROWTH, **growth)), OPENED, CONTEXT).explanation


def test_the_formula_of_a_threshold_stays_in_the_field_rule() -> None:
    alert = build_alert(SEEN, OPENED, CONTEXT)
    assert alert.evidence.growth.rule == GROWTH.rule == "1.5 ln q + 0.4 with q = 80, cold-start rule"
    assert all(" ln q" not in text for text in (alert.headline, alert.explanation, format_alert(alert)))


def test_the_platform_and_the_language_are_in_the_text_for_people() -> None:
    seen = changed(SEEN, counts=changed(SEEN.counts, platforms=(("whatsapp", 57),)), text=changed(SEEN.text, lang="hi"))
    alert = build_alert(seen, OPENED, CONTEXT)
    assert "with 57 posts (57 on whatsapp); language hi." in alert.explanation
    assert "  where  57 posts (57 on whatsapp) in 11 chats; language hi" in format_alert(alert).splitlines()
    unknown = changed(SEEN, counts=changed(SEEN.counts, platforms=()), text=changed(SEEN.text, lang=None))
    assert "with 57 posts. 27" in build_alert(unknown, OPENED, CONTEXT).explanation


def test_a_message_passed_on_once_is_not_passed_on_1_times() -> None:
    once = changed(SEEN, structure=changed(SEEN.structure, hops_at_least=1))
    assert "passed on at least 1 time according to the platforms" in build_alert(once, OPENED, CONTEXT).explanation


def test_indian_time_follows_utc_where_configured() -> None:
    text = build_alert(SEEN, OPENED, INDIA).explanation
    assert "since 2026-11-24 08:52 UTC (14:22 IST), 58 min ago" in text
    assert "Review by 2026-11-24 13:50 UTC (19:20 IST) (internal target, not a legal deadline)." in text
    assert "last at 2026-11-24 09:35 UTC (15:05 IST)" in text
    assert "IST" not in build_alert(SEEN, OPENED, CONTEXT).explanation


@pytest.mark.parametrize(
    ("notes", "text"),
    [
        (DataNotes(), ()),
        (DataNotes(late=1), ("1 late post (counted, cannot trigger an alert)",)),
        (DataNotes(deleted=2), ("2 posts deleted or taken down and no longer counted as shares",)),
        (DataNotes(merged_at=(NOW, FIRST)), ("merged from 3 clusters, last at 2026-11-24 09:50 UTC",)),
        (DataNotes(unseen=1), ("1 message not observed, known only from references",)),
        (DataNotes(sampled=True), ("number of sharers estimated from a sample",)),
        (DataNotes(busy_sharers=1), ("1 sharer with many posts (each counted once)",)),
        (DataNotes(capped=3), ("3 messages too deep to follow, placed higher in the forward graph",)),
        (
            DataNotes(overflow=1200),
            ("1,200 messages beyond the size limit of the forward graph (counted all the same)",),
        ),
        (DataNotes(before_closing=37.0), ("37 sharers from before the closing (counted again on return)",)),
    ],
)
def test_each_peculiarity_of_the_data_has_its_note(notes: DataNotes, text: tuple[str, ...]) -> None:
    assert data_notes(changed(SEEN, notes=notes)) == text


@pytest.mark.parametrize(("forwards", "noted"), [(None, False), (57, False), (58, True)])
def test_counters_are_noted_when_they_show_more_than_was_seen(forwards: int | None, noted: bool) -> None:
    counts = changed(SEEN.counts, forwards=forwards)
    notes = data_notes(changed(SEEN, counts=counts, notes=DataNotes()))
    assert notes == (("platform counters show 58 forwards, more than the observed posts",) if noted else ())


def test_notes_travel_with_the_evidence_and_close_the_explanation() -> None:
    alert = build_alert(SEEN, OPENED, CONTEXT)
    assert alert.evidence.notes == data_notes(SEEN)
    assert alert.explanation.endswith(f"Data notes: {'; '.join(alert.evidence.notes)}.")
    assert "Data notes" not in build_alert(changed(SEEN, notes=DataNotes()), OPENED, CONTEXT).explanation


# --- the fields -------------------------------------------------------------------------------------------------------


def test_an_alert_carries_the_observation_unchanged_where_nothing_must_be_left_out() -> None:
    alert = build_alert(SEEN, OPENED, CONTEXT)
    assert (alert.cluster_id, alert.time, alert.level, alert.state) == (SEEN.cluster_id, NOW, 1, Lifecycle.OPENED)
    assert alert.evidence.growth == changed(SEEN.growth, lowers_when="no new distinct sharer for 2 h 50 min")
    assert alert.evidence.structure == SEEN.structure
    assert alert.evidence.text == SEEN.text
    assert alert.evidence.first_event == SEEN.first_event
    assert alert.evidence.trigger_event == SEEN.trigger_event
    assert alert.provenance is CONTEXT.provenance


def test_the_posts_by_platform_add_up_to_the_posts() -> None:
    counts = build_alert(SEEN, OPENED, CONTEXT).evidence.counts
    assert (counts.platforms, counts.other_platforms) == ((("telegram", 45), ("whatsapp", 7)), 5)
    assert sum(posts for _, posts in counts.platforms) + counts.other_platforms == counts.posts


@pytest.mark.parametrize("state", list(Lifecycle))
def test_only_a_growth_alert_publishes_a_forecast(state: Lifecycle) -> None:
    transition = transition_to(state, 0 if state in ENDINGS else 1)
    alert = build_alert(SEEN, transition, CONTEXT)
    growth, texts = alert.evidence.growth, (alert.explanation, format_alert(alert))
    forecast = (growth.expected_further, growth.expected_low, growth.expected_high, growth.reproduction_number)
    if state in FORECAST_STATES:
        assert None not in forecast
        assert all("more sharers are expected" in text for text in texts)
    else:
        assert set(forecast) == {growth.threshold_at_size} == {None}
        assert not any("expected" in text or "brings" in text for text in texts)


@pytest.mark.parametrize("lowered_at", [SEEN.lowered_at, None])
@pytest.mark.parametrize("level", [0, 1, 3])
def test_field_and_explanation_give_one_answer_to_what_would_lower_the_level(level: int, lowered_at: int) -> None:
    alert = build_alert(changed(SEEN, lowered_at=lowered_at), transition_to(Lifecycle.EVIDENCE, level), CONTEXT)
    answer = alert.evidence.growth.lowers_when
    assert (answer == "") is (level == 0)
    assert (f"What would lower the level: {answer} (" in alert.explanation) is (level > 0)
    assert alert.explanation.count("lower") == (1 if level == 0 or lowered_at else 2) - (level == 0)


@pytest.mark.parametrize(("count", "shown"), [(4, ()), (5, (("x", 5),)), (6, (("x", 6),))])
def test_a_group_smaller_than_k_is_left_out(count: int, shown: tuple) -> None:
    seen = changed(
        SEEN,
        counts=changed(SEEN.counts, platforms=(("x", count),)),
        content=ContentEvidence(reports=9, report_categories=(("x", count),)),
    )
    evidence = build_alert(seen, OPENED, CONTEXT).evidence
    assert evidence.counts.platforms == shown
    assert evidence.content.report_categories == shown
    assert evidence.content.reports == 9


def test_a_small_group_is_in_no_sentence() -> None:
    alert = build_alert(SEEN, OPENED, CONTEXT)
    assert b"spam" not in encode(alert)
    assert '"x"' not in encode(alert).decode()


@pytest.mark.parametrize("state", list(Lifecycle))
def test_a_clock_runs_for_all_but_what_is_over(state: Lifecycle) -> None:
    alert = build_alert(SEEN, transition_to(state, 1), CONTEXT)
    if state in (Lifecycle.SUBSIDED, Lifecycle.CLOSED):
        assert alert.review is None
        assert "internal target" not in alert.explanation
    else:
        assert alert.review is not None
        assert alert.review.cause is TargetCause.OWN_DETECTION
        assert (alert.review.started_at, alert.review.target_at) == (NOW, NOW + 4 * HOUR)


@pytest.mark.parametrize(("level", "minutes"), [(0, 1440), (1, 240), (2, 60), (3, 15)])
def test_the_clock_is_the_levels(level: int, minutes: int) -> None:
    clock = build_alert(SEEN, transition_to(Lifecycle.EVIDENCE, level), CONTEXT).review
    assert clock is not None
    assert clock.target_at - clock.started_at == minutes * MINUTE


def test_an_id_differs_in_every_part_of_a_transition_and_in_nothing_else() -> None:
    base = Transition(Lifecycle.MILESTONE, 0, NOW, 0, 1)
    same = alert_id(SEEN.cluster_id, msgspec.structs.replace(base, time=NOW + 1), 1)
    assert same == alert_id(SEEN.cluster_id, base, 1)
    others = {
        alert_id("ff" * 16, base, 1),
        alert_id(SEEN.cluster_id, base, 2),
        *(
            alert_id(SEEN.cluster_id, msgspec.structs.replace(base, **{name: value}), 1)
            for name, value in (("state", Lifecycle.EVIDENCE), ("level", 1), ("episode", 1), ("number", 4))
        ),
    }
    assert len(others | {same}) == 7
    assert all(re.fullmatch("[0-9a-f]{32}", digest) for digest in others)


def test_an_id_stays_the_same_from_release_to_release() -> None:
    assert alert_id(SEEN.cluster_id, OPENED, 1) == "d5fe18b275706129701c9a8f6d26c382"


def test_equal_arguments_give_equal_bytes() -> None:
    copy = msgspec.msgpack.decode(msgspec.msgpack.encode(SEEN), type=CascadeSnapshot)
    assert encode(build_alert(SEEN, OPENED, CONTEXT)) == encode(build_alert(copy, OPENED, CONTEXT))


@pytest.mark.parametrize("name", ["k_anonymity", "max_text"])
def test_a_bound_must_be_positive(name: str) -> None:
    EvidenceConfig(**{name: 1})
    with pytest.raises(ValueError, match=rf"EvidenceConfig\.{name} is 0; expected `int` >= 1"):
        EvidenceConfig(**{name: 0})


# --- texts in every script --------------------------------------------------------------------------------------------


def with_text(text: str) -> CascadeSnapshot:
    return changed(SEEN, text=changed(SEEN.text, representative=text))


@pytest.mark.parametrize("letter", ["a", "ठी", "สำ", "👩‍👩‍👧", "🇮🇳", "ع"])
def test_a_long_text_is_cut_to_its_limit_between_graphemes(letter: str) -> None:
    context = AlertContext(EvidenceConfig(max_text=10), CONTEXT.policy, CONTEXT.provenance)
    at, above = letter * 10, letter * 11
    assert build_alert(with_text(at), OPENED, context).evidence.text.representative == at
    cut = build_alert(with_text(above), OPENED, context).evidence.text
    assert cut.representative == letter * 9 + "…"
    assert cut.sha256 == SEEN.text.sha256


def test_a_publishers_words_stay_on_one_line_and_short() -> None:
    loud = Debunk(publisher="Desk\n\x1b[2J\u202e" + "x" * 500, verdict="मिथ्या " * 100)
    text = build_alert(changed(SEEN, content=ContentEvidence(debunks=(loud,))), OPENED, CONTEXT).explanation
    assert "\n" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text) < 2000


# --- for a terminal ---------------------------------------------------------------------------------------------------


def test_an_alert_is_described_in_a_few_lines() -> None:
    recently = "27 sharers joined in the last 30 min, 15 in the 30 min before"
    pace = "About 110 more sharers are expected (rough; 8 in 10 recorded cascades: 28 to 490)"
    assert format_alert(build_alert(SEEN, OPENED, CONTEXT)).splitlines() == [
        "Spreading fast (level 1): 42 distinct sharers in 58 min",
        f"  when   2026-11-24 09:50 UTC, cluster 81f0c2aa, alert {alert_id(SEEN.cluster_id, OPENED, 1)[:8]}",
        "  where  57 posts (45 on telegram, 7 on whatsapp, 5 on other platforms) in 11 chats; language en",
        "  across First seen on telegram at 2026-11-24 08:52 UTC; reached whatsapp 14 min later (joined by equal text)",
        f"  count  {recently}. {pace}.",
        "  why    opened: score 7.19, above the level-1 threshold 6.97 for a target size of 80 sharers",
        "  known  no fact-check matched; reported by 12 people (health 7)",
        "  text   “Boil the leaves twice and drink at night: the fever is gone in one day. Ask ⟨phone⟩”",
        f"  notes  {'; '.join(data_notes(SEEN))}",
        "  review by 2026-11-24 13:50 UTC (internal target, not a legal deadline)",
    ]


def test_a_description_shortens_the_text_and_leaves_out_what_is_not_there() -> None:
    seen = changed(
        with_text("नमस्ते दुनिया\nनमस्ते दुनिया"), notes=DataNotes(), growth=GrowthEvidence("count", 50.0, 50.0, "q")
    )
    lines = format_alert(build_alert(seen, OPENED, CONTEXT), width=8).splitlines()
    assert lines[4] == "  count  27 sharers joined in the last 30 min, 15 in the 30 min before."
    assert lines[-2] == "  text   “नमस्ते दुनिया…”"


# --- properties -------------------------------------------------------------------------------------------------------

word = st.text(st.characters(codec="utf-8", categories=("L", "M", "N", "Zs", "Cf", "Cc", "So")), max_size=12)
letters = st.text("abcdefgh", min_size=1, max_size=8)
digest = st.text("0123456789abcdef", min_size=32, max_size=32)
count = st.integers(0, 10**9)
times = st.integers(946_684_800_000, 4_102_444_800_000)
number = st.floats(0, 1e12, allow_nan=False)
maybe = st.none() | number
groups = st.lists(st.tuples(letters, count), max_size=3).map(tuple)
observations = st.builds(
    CascadeSnapshot,
    cluster_id=digest,
    time=times,
    first_event=digest,
    trigger_event=st.none() | digest,
    fall_threshold=number,
    lowered_at=st.none() | times,
    aliases=st.lists(digest, max_size=3).map(tuple),
    counts=st.builds(
        CascadeCounts, sharers=number, posts=count, chats=count, first_time=times, last_time=times, recent_window=count,
        recent_sharers=count, previous_sharers=count, platforms=groups, replies=count, views=st.none() | count,
        forwards=st.none() | count,
    ),
    growth=st.builds(
        GrowthEvidence, detector=letters, score=st.floats(-1e6, 1e6), threshold=st.floats(-1e6, 1e6), rule=letters,
        lowers_when=letters, expected_further=maybe, expected_low=maybe, expected_high=maybe, threshold_at_size=maybe,
        reproduction_number=maybe, reproduction_low=maybe, reproduction_high=maybe, fresh_share=maybe,
    ),
    structure=st.builds(
        Structure, nodes=count, unseen=count, trees=count, depth=count, max_breadth=count, mean_depth=number,
        structural_virality=number, edge_coverage=st.floats(0, 1), hops_at_least=count, frequently_forwarded=count,
    ),
    text=st.builds(
        TextEvidence, representative=word, sha256=digest, fingerprint=digest, lang=st.none() | letters, wordings=count,
        methods=groups, variants=groups,
    ),
    content=st.builds(
        ContentEvidence, debunks=st.lists(st.builds(Debunk, publisher=word, verdict=word), max_size=2).map(tuple),
        reports=count, report_categories=groups,
    ),
    notes=st.builds(
        DataNotes, late=count, deleted=count, merged_at=st.lists(times, max_size=3).map(tuple), unseen=count,
        sampled=st.booleans(), busy_sharers=count, capped=count, overflow=count, before_closing=number,
    ),
)  # fmt: skip
transitions = st.builds(
    Transition,
    state=st.sampled_from(Lifecycle),
    level=st.integers(0, 3),
    time=times,
    episode=st.integers(0, 99),
    number=st.integers(0, 16),
)
NEVER_USED = re.compile(
    r"probab|likel[yi]|chance|confiden|certain|viral|rumou?r|hoax|fake|\bfalse\b|\btrue\b|nan|inf\b", re.I
)
OF_WHAT = re.compile(r"\(90 % interval: |with \d+ % of parents recorded")  # an interval and a coverage, no probability


@pytest.mark.no_cover
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(observations, transitions, st.booleans())
def test_any_observation_gives_an_alert_that_travels_and_claims_nothing(
    seen: CascadeSnapshot, transition: Transition, ist: bool
) -> None:
    alert = build_alert(
        seen, transition, AlertContext(EvidenceConfig(show_ist=ist), CONTEXT.policy, CONTEXT.provenance)
    )
    assert msgspec.json.decode(encode(alert), type=Alert) == alert
    assert SPREAD_NOT_TRUTH in alert.explanation
    for text in (alert.headline, alert.explanation, format_alert(alert)):
        own = re.sub("“[^”]*”|fact-check by .*? \\(verdict", "", text, flags=re.S)  # without the words of others
        own = own.replace(SPREAD_NOT_TRUTH, "")
        assert not NEVER_USED.search(own)
        assert own.count("%") == len(OF_WHAT.findall(own))
    assert "\n" not in alert.headline + alert.explanation
    assert all(group[1] >= 5 for group in alert.evidence.counts.platforms + alert.evidence.content.report_categories)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(observations, transitions)
def test_counts_come_before_rates_and_the_reason_before_what_lowers_it(
    seen: CascadeSnapshot, transition: Transition
) -> None:
    text = build_alert(seen, transition, CONTEXT).explanation
    order = ["Cluster ", " joined in the last ", "At this pace", "Each sharer brings", "What would lower",
             SPREAD_NOT_TRUTH, "Evidence on content", "Data notes"]  # fmt: skip
    places = [text.find(part) for part in order if part in text]
    assert places == sorted(places)
