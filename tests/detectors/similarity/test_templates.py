"""Templates: the words of a wording come back from the template; negation, number and place are never silent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.similarity.templates import CountedWording, TemplateConfig, find_templates, format_templates, words_of
from detectors.similarity.variants import variants
from schemas.assignment import Variant

BRIDGE = [
    CountedWording("Bridge at Howrah fell, 12 dead", 12),
    CountedWording("Bridge at Kolhapur fell, 5 dead", 5),
    CountedWording("FAKE: bridge at Howrah fell, 12 dead", 3),
]
MANY_SCRIPTS = (
    "bridge fell not at Howrah Kolhapur 12 5 lakh dead FAKE! पुल गिर नहीं गया, कोल्हापुर பாலம் இடிந்தது இல்லை جسر سقط لم "
    "北京 地铁 停运 不 🔥 {place} }"
)
WORDS = st.sampled_from(MANY_SCRIPTS.split())
TEXTS = st.one_of(st.lists(WORDS, max_size=14).map(" ".join), st.text(max_size=40))
WORDINGS = st.lists(st.builds(CountedWording, TEXTS, st.integers(1, 50)), max_size=12)


@pytest.fixture(scope="module", autouse=True)
def _gazetteer():
    """Reads it before examples are timed."""
    variants("mumbai", "delhi")


def slots(*wordings):
    (template, *_) = find_templates([CountedWording(*wording) for wording in wordings]).templates
    shown = {slot.name: [(value.text, value.messages) for value in slot.values] for slot in template.slots}
    return template.text, shown


@given(WORDINGS)
def test_the_template_filled_with_a_wordings_values_is_the_wordings_words(wordings):
    for template in find_templates(wordings).templates:
        for member in template.members:
            assert template.fill(member.values) == words_of(wordings[member.wording].text)


@given(WORDINGS)
def test_every_message_is_in_one_template_or_among_the_others_and_every_slot_counts_all(wordings):
    found = find_templates(wordings)
    placed = [member.wording for template in found.templates for member in template.members]
    assert len(placed) == len(set(placed))
    assert sum(template.messages for template in found.templates) + found.others == sum(
        one.messages for one in wordings
    )
    for template in found.templates:
        for slot in template.slots:
            assert sum(value.messages for value in slot.values) == template.messages
            assert len({value.words for value in slot.values}) == len(slot.values) > 1


@pytest.mark.no_cover
@given(WORDINGS)
def test_at_least_half_of_the_longest_wording_is_common_to_all(wordings):
    for template in find_templates(wordings).templates:
        longest = max(len(words_of(wordings[member.wording].text)) for member in template.members)
        assert sum(map(len, template.pieces)) >= 0.5 * longest


@pytest.mark.no_cover
@given(WORDINGS)
def test_equal_wordings_give_equal_templates_whatever_they_hold(wordings):
    found = find_templates(wordings)
    assert found == find_templates(list(wordings))
    assert format_templates(found) == format_templates(find_templates(wordings))


def test_another_town_and_another_number_are_slots_with_their_messages():
    template, shown = slots(*((one.text, one.messages) for one in BRIDGE[:2]))
    assert template == "Bridge at {place} fell, {number} dead"
    assert shown == {"place": [("Howrah", 12), ("Kolhapur", 5)], "number": [("12", 12), ("5", 5)]}


def test_a_negation_that_is_put_in_front_or_between_is_a_slot_of_its_own():
    template, shown = slots(("The old bridge is safe today", 9), ("The old bridge is not safe today", 2))
    assert template == "The old bridge is {negation} safe today"
    assert shown == {"negation": [("", 9), ("not", 2)]}
    assert slots(*((one.text, one.messages) for one in (BRIDGE[0], BRIDGE[2])))[0].startswith("{negation} Bridge")


def test_a_negation_beside_a_number_does_not_hide_it():
    template, shown = slots(
        ("नागपुर में पुल गिर गया, 12 लोगों की मौत", 9),
        ("नागपुर में पुल गिर गया, 5 लोगों की मौत", 4),
        ("नागपुर में पुल नहीं गिरा, 12 लोगों की मौत", 2),
    )
    assert template == "नागपुर में पुल {negation}, {number} लोगों की मौत"
    assert shown == {"negation": [("गिर गया", 13), ("नहीं गिरा", 2)], "number": [("12", 11), ("5", 4)]}


def test_scripts_without_spaces_are_aligned_by_their_characters():
    template, shown = slots(("北京地铁明天停运", 9), ("上海地铁明天停运", 4), ("北京地铁明天不停运", 2))
    assert template == "{place}地铁明天{negation}停运"
    assert shown == {"place": [("北京", 11), ("上海", 4)], "negation": [("", 9 + 4), ("不", 2)]}


def test_differences_of_case_punctuation_and_emoji_are_none():
    template, shown = slots(("The bridge fell!", 3), ("the BRIDGE, fell 😱", 2))
    assert (template, shown) == ("The bridge fell!", {})


def test_other_words_are_a_slot_of_wording_and_several_are_numbered():
    template, shown = slots(("my uncle saw it at the old gate", 3), ("my sister saw it by the old gate", 2))
    assert template == "my {wording} saw it {wording 2} the old gate"
    assert shown["wording"] == [("uncle", 3), ("sister", 2)]


def test_what_shares_too_few_words_has_a_template_of_its_own_marked_against_the_first():
    found = find_templates(
        [*BRIDGE, CountedWording("No, the bridge did not fall and nobody died", 4), CountedWording("पुल गिर गया", 2)]
    )
    assert [template.messages for template in found.templates] == [20, 4, 2]
    assert Variant.NEGATION in found.templates[1].variants
    assert found.templates[0].variants == ()


def test_a_brace_in_a_message_is_not_taken_for_a_slot():
    template, _ = slots(("give {number} to the old mayor today", 2), ("give {number} to the old judge today", 1))
    assert template == "give (number) to the old {wording} today"


def test_messages_beyond_the_bounds_are_counted_as_others():
    wordings = [CountedWording(f"{word} {word} {word}", n + 1) for n, word in enumerate("abcde")]
    found = find_templates(wordings, TemplateConfig(max_templates=2))
    assert [template.messages for template in found.templates] == [1, 5]  # the representative, then the most shared
    assert found.others == 2 + 3 + 4
    assert find_templates(wordings, TemplateConfig(max_wordings=1)).others == 14


def test_a_wording_is_read_up_to_its_bound():
    assert find_templates([CountedWording("a b c d", 1)], TemplateConfig(max_words=2)).templates[0].pieces == (
        ("a", "b"),
    )


@pytest.mark.parametrize("wordings", [[], [CountedWording("", 3)], [CountedWording("🔥 !!!", 2)]])
def test_wordings_without_words_have_no_template(wordings):
    found = find_templates(wordings)
    assert found.templates == ()
    assert found.others == sum(one.messages for one in wordings)


def test_a_description_names_slots_values_messages_and_what_is_left():
    assert format_templates(
        find_templates([*BRIDGE, CountedWording("no, nothing of the kind", 1), CountedWording("!!!", 2)])
    ).splitlines() == [
        "{negation} Bridge at {place} fell, {number} dead",
        "  negation: – (17), FAKE (3)",
        "  place: Howrah (15), Kolhapur (5)",
        "  number: 12 (15), 5 (5)",
        "  20 messages in 3 wordings",
        "no, nothing of the kind  [negation, number]",
        "  1 message in 1 wording",
        "2 messages in other wordings",
    ]


def test_many_values_are_shown_up_to_a_few():
    wordings = [CountedWording(f"the bridge number {n} has fallen", 1) for n in range(20)]
    assert format_templates(find_templates(wordings)).splitlines()[1].endswith(" and 12 more")
