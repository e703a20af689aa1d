"""What is said in the simulated stream: packs, messages, changes on the way."""

import unicodedata
from collections import defaultdict

import msgspec
import numpy as np
import pytest

from schemas.event import Kind
from streams.devtools.simulator import (
    LEXICAL,
    MEANING,
    SAMPLE,
    SURFACE,
    CascadeKind,
    Mutation,
    Mutations,
    Simulation,
    SimulatorConfig,
    simulate,
)
from streams.devtools.simulator.config import LANGUAGES
from streams.devtools.simulator.draw import Draw
from streams.devtools.simulator.library import Chatter, Library, load_pack
from streams.devtools.simulator.mutate import MutatedText, decorate, mutate, original

NAMES = [name for name, _ in LANGUAGES]


@pytest.fixture(scope="module")
def sample() -> Simulation:
    return simulate(SAMPLE)


def draws(seed: int = 1) -> Draw:
    return Draw(np.random.default_rng(seed))


def copies_of(lang: str, rates: Mutations, count: int = 400) -> list[tuple[MutatedText, MutatedText]]:
    """Pairs of a message and a copy of it."""
    draw, library = draws(), Library()
    pairs = []
    for _ in range(count):
        wording = original(library.rumour(draw, lang))
        pairs.append((wording, mutate(draw, wording, library.packs[lang], rates)))
    return pairs


@pytest.mark.parametrize("lang", NAMES)
def test_every_slot_of_a_pack_is_filled_and_every_text_is_in_normal_form_c(lang: str) -> None:
    draw, library = draws(), Library()
    texts = [library.rumour(draw, lang).text for _ in range(60)]
    texts += [library.news(draw, lang).text for _ in range(20)]
    texts += [claim.text for _ in range(40) if (claim := library.chatter(draw, lang))]
    for text in texts:
        assert "{" not in text
        assert "}" not in text
        assert text.strip()
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("lang", NAMES)
def test_each_language_is_written_in_its_script(lang: str) -> None:
    script = {
        "hi": "DEVANAGARI",
        "bn": "BENGALI",
        "ta": "TAMIL",
        "ur": "ARABIC",
        "ar": "ARABIC",
        "th": "THAI",
    }.get(lang, "LATIN")
    text = Library().rumour(draws(), lang).sentence
    letters = [unicodedata.name(letter) for letter in text if letter.isalpha()]
    assert sum(name.startswith(script) for name in letters) / len(letters) > 0.9


def test_a_language_without_a_pack_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        load_pack("tlh")


def test_a_few_templates_give_thousands_of_distinct_messages() -> None:
    draw, library = draws(), Library()
    assert len({library.rumour(draw, "en").text for _ in range(3_000)}) == 3_000


def test_rumours_take_turns_over_the_topics() -> None:
    draw, library = draws(), Library()
    ways = sum(len(rumour.claims) for rumour in library.packs["en"].rumours)
    told = [(claim.topic, claim.form[2]) for claim in (library.rumour(draw, "en") for _ in range(2 * ways))]
    assert len(set(told[:ways])) == ways
    assert sorted(told[:ways]) == sorted(told[ways:])


def test_a_neighbour_says_the_same_of_another_place_with_other_numbers() -> None:
    draw, library = draws(), Library()
    for lang in NAMES:
        claim = library.rumour(draw, lang)
        other = library.neighbour(draw, claim)
        assert other.form == claim.form
        assert other.slots["place"] != claim.slots["place"]
        assert other.slots["n"] != claim.slots["n"]
        assert other.text != claim.text


def test_chatter_ends_where_the_pack_ends() -> None:
    draw, library = draws(), Library()
    two = Chatter(("Rain again.", "Good tea."))
    library.packs["en"] = msgspec.structs.replace(library.packs["en"], chatter=two)
    claims = [library.chatter(draw, "en") for _ in range(4)]
    assert {claim.text for claim in claims[:3]} == {"Rain again.", "Good tea.", "Good tea. Rain again."}
    assert claims[3] is None


def test_two_everyday_messages_share_no_more_than_a_sentence_until_all_pairs_were_written() -> None:
    draw, library = draws(), Library()
    templates = len(library.packs["hi"].chatter.templates)
    claims = [library.chatter(draw, "hi") for _ in range(templates * (templates + 1) // 2)]
    assert len({claim.text for claim in claims}) == len(claims) == 55


def test_only_greetings_and_short_answers_have_the_same_words_in_two_clusters(sample: Simulation) -> None:
    first_words = defaultdict(set)
    for cascade in sample.truth.cascades:
        first_words[cascade.text].add((cascade.cluster, cascade.topic))
    for clusters in first_words.values():
        if len(clusters) > 1:
            assert {topic for _, topic in clusters} <= {"greeting", "reply"}


def test_the_same_long_answer_is_one_cluster_and_the_same_short_one_is_not() -> None:
    library, given = Library(), iter("abcdef")
    long = "I was there an hour ago and saw nothing of the kind."
    assert [library.answer(text, lambda: next(given)) for text in (long, "fake", "fake", long)] == ["a", "b", "c", "a"]


def test_hard_cases_name_the_rumour_that_they_resemble_and_come_after_it(sample: Simulation) -> None:
    cascades = {cascade.cluster: cascade for cascade in sample.truth.cascades}
    hard = [cascade for cascade in cascades.values() if cascade.negative_of is not None]
    assert len(hard) > 20
    for cascade in hard:
        resembled = cascades[cascade.negative_of]
        assert resembled.lang == cascade.lang
        assert resembled.start < cascade.start
        assert resembled.kind is not CascadeKind.SMALL_TALK
        assert cascade.topic in (resembled.topic, "factcheck")


@pytest.mark.parametrize("mutation", sorted(SURFACE - {Mutation.URL, Mutation.CASE}))
@pytest.mark.parametrize("lang", ["en", "hi", "th"])
def test_a_surface_change_is_seen_and_not_inherited(lang: str, mutation: Mutation) -> None:
    found = [
        copy for _, copy in copies_of(lang, Mutations(surface=1, lexical=0, meaning=0)) if copy.mutations == (mutation,)
    ]
    assert found
    for copy in found:
        assert copy.shown != copy.words
        assert copy.steps == 0
        assert copy.variant == ()


def test_case_changes_only_where_there_is_case_and_never_in_a_link() -> None:
    for lang, expected in (("en", True), ("ta", False)):
        pairs = copies_of(lang, Mutations(surface=1, lexical=0, meaning=0))
        assert any(Mutation.CASE in copy.mutations for _, copy in pairs) is expected
    draw, library = draws(), Library()
    claim = library.rumour(draw, "en")
    linked = original(msgspec.structs.replace(claim, text=f"{claim.text} https://news.example.com/Water/aB3"))
    shown = {decorate(draw, linked, library.packs["en"]).shown for _ in range(200)}
    cased = [text for text in shown if text != linked.shown and text.casefold() == linked.shown.casefold()]
    assert cased
    assert all("https://news.example.com/Water/aB3" in text for text in cased)
    assert any("?utm_source=" in text or "?fbclid=" in text for text in shown)


@pytest.mark.parametrize("mutation", sorted(LEXICAL))
def test_a_lexical_change_is_one_step_and_keeps_the_claim(mutation: Mutation) -> None:
    found = [
        (before, copy)
        for before, copy in copies_of("hi-Latn", Mutations(surface=0, lexical=1, meaning=0))
        if copy.mutations == (mutation,)
    ]
    assert found
    for before, copy in found:
        assert copy.words == copy.shown != before.words
        assert (copy.steps, copy.variant, copy.claim) == (1, (), before.claim)


@pytest.mark.parametrize("lang", NAMES)
def test_a_change_of_meaning_changes_the_claim_and_says_which(lang: str) -> None:
    seen = set()
    for before, copy in copies_of(lang, Mutations(surface=0, lexical=0, meaning=1), 150):
        assert len(copy.mutations) == 1
        assert copy.mutations == copy.variant
        assert copy.claim.sentence != before.claim.sentence
        assert copy.claim.sentence in copy.words
        assert before.claim.sentence not in copy.words
        seen.add(copy.mutations[0])
        if copy.mutations == (Mutation.NEGATION,):
            assert copy.claim.sentence == before.claim.negated
        elif copy.mutations == (Mutation.PLACE,):
            assert copy.claim.slots["place"] != before.claim.slots["place"]
    assert seen == MEANING


def test_a_message_changes_in_at_most_three_steps() -> None:
    draw, library = draws(), Library()
    wording = original(library.rumour(draw, "en"))
    for _ in range(50):
        wording = mutate(draw, wording, library.packs["en"], Mutations(surface=0, lexical=1, meaning=0))
    assert wording.steps == 3


def test_a_message_that_claims_nothing_keeps_its_meaning() -> None:
    draw, library = draws(), Library()
    wording = original(library.short(draw, "en"))
    again = mutate(draw, wording, library.packs["en"], Mutations(surface=0, lexical=0, meaning=1))
    assert again == wording


def test_without_mutations_every_copy_is_verbatim() -> None:
    still = Mutations(surface=0, lexical=0, meaning=0)
    simulation = simulate(SimulatorConfig(seed=3, events=600, mutations=still))
    assert all(truth.mutations == () and truth.steps == 0 for truth in simulation.truth.events)
    words = defaultdict(set)
    clusters = simulation.truth.clusters()
    for event in simulation.events:
        if event.kind in (Kind.POST, Kind.FORWARD) and event.text:
            words[clusters[event.event_id]].add(event.text)
    assert all(len(texts) == 1 for texts in words.values())


def test_all_mutations_occur_and_the_truth_adds_them_up(sample: Simulation) -> None:
    truths = {truth.event_id: truth for truth in sample.truth.events}
    assert {mutation for truth in truths.values() for mutation in truth.mutations} == set(Mutation)
    for truth in truths.values():
        before = truths.get(truth.parent or "")
        if truth.mutations and before is not None:
            deep = [mutation for mutation in truth.mutations if mutation not in SURFACE]
            assert truth.steps == before.steps + len(deep)
            assert truth.variant == (*before.variant, *[m for m in deep if m in MEANING])
