"""Checked claims: what repeats one is recognised, by which method, and nothing else is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.clustering import ClusteringConfig
from detectors.pipeline.intake import read_content
from detectors.reference.claims import ClaimIndex, bank_digest, claim_id
from detectors.reference.harm import HarmConfig, HarmExample, HarmExamples, examples_digest
from detectors.reference.matcher import ReferenceMatcher
from detectors.similarity.embedding import HashingEmbedder
from detectors.similarity.sketch import Sketcher
from schemas.claim import Claim, Nearness

CONFIG = ClusteringConfig()
EMBEDDER = HashingEmbedder()
WELLS = Claim(
    text="The wells of the old town have been poisoned by the people from the camp",
    verdict="False",
    publisher="The Checkers",
    url="https://checkers.example/wells",
    date="2026-03-01",
)
LEMON = Claim(text="Hot water with lemon cures every fever within a single night", verdict="Misleading", publisher="Q")


def bank(*claims, config=CONFIG):
    contents = [read_content(claim.text, ()) for claim in claims]
    return ClaimIndex(config, claims, contents, EMBEDDER.embed([content.normal for content in contents]))


def match(found, text, *, with_vector=True):
    content = read_content(text, ())
    sketch = Sketcher(CONFIG.sketch).sketch(content.normal)
    return found.match(content, sketch, EMBEDDER.embed([content.normal])[0] if with_vector else None)


def test_the_same_words_repeat_a_claim_whatever_stands_around_them():
    (found,) = match(
        bank(WELLS, LEMON), "⚠️ THE WELLS of the old town have been poisoned, by the people from the camp!!!"
    )
    assert (found.nearness, found.similarity) == (Nearness.MATCH, 1.0)
    assert (found.verdict, found.publisher, found.date, found.url) == ("False", "The Checkers", "2026-03-01", WELLS.url)
    assert found.claim_id == claim_id(WELLS)


def test_the_words_alone_are_enough_where_no_vector_was_needed():
    text = WELLS.text.replace("old town", "old towns")
    (found,) = match(bank(WELLS, LEMON), text, with_vector=False)
    assert found.nearness is Nearness.MATCH
    assert CONFIG.lexical_threshold <= found.similarity < 1.0


def test_between_suggest_and_match_a_claim_is_only_resembled():
    #   cosine   0 ---- suggest .75 ---- match .79 ---- 1
    (found,) = match(bank(WELLS), "The fountains of the old town have been poisoned by the men from the mine")
    assert found.nearness is Nearness.SUGGEST
    assert CONFIG.suggestion_threshold <= found.similarity < CONFIG.embedding_threshold


def test_other_words_repeat_nothing():
    assert match(bank(WELLS, LEMON), "The match on Sunday begins at three, bring your own chairs and umbrellas") == ()


def test_a_text_of_few_words_repeats_nothing():
    short = Claim(text="All lies", verdict="False", publisher="Q")
    assert match(bank(short), "All lies") == ()


def test_several_checks_of_one_claim_are_all_given_up_to_three():
    checks = [Claim(text=WELLS.text, verdict=verdict, publisher="Q") for verdict in "abcd"]
    found = match(bank(*checks), WELLS.text)
    assert len(found) == 3
    assert [one.claim_id for one in found] == sorted(one.claim_id for one in found)


def test_a_claim_that_is_there_twice_counts_once():
    assert len(bank(WELLS, WELLS)) == 1


def test_an_empty_bank_recognises_nothing():
    empty = ClaimIndex(CONFIG, (), (), EMBEDDER.embed([]))
    assert match(empty, WELLS.text) == ()


@given(
    st.permutations([WELLS, LEMON, Claim(text="A third claim of seven words in all", verdict="True", publisher="R")])
)
@settings(max_examples=6, deadline=None)
def test_the_order_of_the_bank_changes_nothing(claims):
    assert bank_digest(claims) == bank_digest(claims[::-1])
    assert match(bank(*claims), WELLS.text) == match(bank(*claims[::-1]), WELLS.text)


@pytest.mark.parametrize("field", ["text", "verdict", "publisher", "url", "date"])
def test_the_digest_of_a_bank_differs_when_a_claim_does(field):
    changed = Claim(**({name: getattr(WELLS, name) for name in WELLS.__struct_fields__} | {field: "other"}))
    assert bank_digest([WELLS]) != bank_digest([changed])


# --- harm -------------------------------------------------------------------------------------------------------------

SENTENCES = (
    HarmExample("violence", "catch these men and beat them before the police come"),
    HarmExample("children", "strangers in a white van are taking children from the school"),
)


def examples(least=0.45, sentences=SENTENCES):
    vectors = EMBEDDER.embed([read_content(one.text, ()).normal for one in sentences])
    return HarmExamples(HarmConfig(min_cosine=least), sentences, vectors)


def vector(text):
    return EMBEDDER.embed([read_content(text, ()).normal])[0]


def test_the_nearest_example_gives_its_category_and_its_sentence():
    found = examples().suggest(vector("Strangers in a white van are taking children from our school!"))
    assert (found.category, found.example) == ("children", SENTENCES[1].text)
    assert 0.45 <= found.score <= 1.0


def test_far_from_every_example_nothing_is_suggested():
    assert examples().suggest(vector("The bakery opens at six on weekdays")) is None


def test_without_examples_nothing_is_suggested():
    assert examples(sentences=()).suggest(vector("anything at all may be said here")) is None


def test_a_threshold_that_suggests_always_is_refused():
    with pytest.raises(ValueError, match=r"HarmConfig\.min_cosine is 0\.0; expected `float` > 0\.0"):
        HarmConfig(min_cosine=0.0)


def test_what_is_known_has_a_digest_that_differs_when_any_part_does():
    digests = {
        ReferenceMatcher(bank(*claims), examples(least)).digest
        for claims in ((WELLS,), (LEMON,))
        for least in (0.4, 0.5)
    }
    assert len(digests) == 4
    assert examples_digest(HarmConfig(), SENTENCES) != examples_digest(HarmConfig(), SENTENCES[::-1])


def test_a_wording_without_vector_is_compared_with_claims_alone():
    content = read_content(WELLS.text, ())
    said = ReferenceMatcher(bank(WELLS), examples(0.01))(content, Sketcher(CONFIG.sketch).sketch(content.normal), None)
    assert said.harm is None
    assert len(said.claims) == 1
    assert np.isfinite(said.claims[0].similarity)
