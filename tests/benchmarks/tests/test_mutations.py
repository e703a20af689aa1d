"""Changes of real texts: what they change, and what they leave alone."""

import numpy as np
import pytest

from detectors.similarity.variants import variants
from detectors.text.normalise import normalise
from tests.benchmarks.corpora.beds import unlike
from tests.benchmarks.corpora.mutations import MUTATIONS, elsewhere, negated, recounted, romanised, shorter_spelling

TEXT = "BREAKING: at least 20 shots were fired in Ottawa, police say http://t.co/x20 #Ottawa"


@pytest.mark.parametrize("seed", range(20))
def test_a_number_becomes_another_of_as_many_digits_and_links_stay(seed):
    swapped = recounted(np.random.default_rng(seed), TEXT)
    number = swapped.split()[3]
    assert number != "20"
    assert number.isdigit()
    assert len(number) == 2
    assert swapped.replace(f" {number} ", " 20 ", 1) == TEXT


def test_a_place_becomes_another_but_not_inside_a_tag():
    swapped = elsewhere(np.random.default_rng(3), TEXT)
    assert "in Ottawa" not in swapped
    assert swapped.endswith("#Ottawa")


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("shots were fired and were heard", "shots were not fired and were heard"),
        ("it was not so", "it was not so"),
        ("shots fired", "shots fired"),
    ],
)
def test_a_negation_follows_the_first_auxiliary_that_has_none(text, denied):
    assert negated(np.random.default_rng(0), text) == denied


def test_hindi_is_written_in_latin_letters_without_the_vowel_that_nobody_says():
    assert romanised("पानी बंद है।") == "paanee band hai."
    assert shorter_spelling(romanised("पानी")) == "pani"
    assert romanised("police ने कहा 20") == "police ne kahaa 20"


def test_every_change_of_meaning_is_one_that_the_marks_know():
    text = TEXT.removesuffix(" #Ottawa")  # with the tag left in, both sides name the first place
    for mutation in MUTATIONS:
        if mutation.mark is not None:
            changed = mutation.change(np.random.default_rng(3), text)
            assert mutation.mark in variants(normalise(text), normalise(changed)), mutation.name


def test_of_texts_that_are_alike_the_first_is_kept():
    similarities = np.array([[1.0, 0.9, 0.1], [0.9, 1.0, 0.8], [0.1, 0.8, 1.0]])
    assert unlike(similarities, 0.75) == [0, 2]
