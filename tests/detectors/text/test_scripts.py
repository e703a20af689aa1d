"""A text's share of letters in the scripts that a model reads."""

import pytest

from detectors.text.scripts import ScriptShare


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("", 1.0),
        ("12 ... 🙂", 1.0),
        ("plain words", 1.0),
        ("água à noite", 1.0),
        ("पानी में ज़हर", 0.0),
        ("ab कख", 0.5),  # two letters of each; vowel signs and spaces do not count
        ("ماء", 0.0),
    ],
)
def test_the_share_counts_letters_of_the_named_scripts(text, share):
    assert ScriptShare(["Latin"]).of(text) == share


def test_several_scripts_count_together():
    assert ScriptShare(["Latin", "Devanagari"]).of("ab पानी") == 1.0


def test_a_model_that_reads_no_script_reads_no_letter():
    assert ScriptShare([]).of("ab") == 0.0


def test_what_is_no_script_is_refused_with_an_example():
    with pytest.raises(ValueError, match=r"unknown Unicode script in Klingon; use names such as Latin"):
        ScriptShare(["Klingon"])
