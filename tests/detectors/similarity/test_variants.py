from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.similarity.alignment import align
from detectors.similarity.numbers import numbers
from detectors.similarity.places import _gazetteer, places
from detectors.similarity.tokens import keys, tokens
from detectors.similarity.variants import value_variants, variants
from detectors.similarity.words import load_word_lists, load_words
from detectors.text.normalise import normalise
from schemas.assignment import Variant
from tests.detectors.text.text_strategies import texts

NEGATION, NUMBER, PLACE = (Variant.NEGATION,), (Variant.NUMBER,), (Variant.PLACE,)
TIME, BLOOD_GROUP, ROLES = (Variant.TIME,), (Variant.BLOOD_GROUP,), (Variant.ROLES,)
LONG = (
    "A nurse in Brackley reports that the new pump at the river has made at least sixty families ill since Sunday. The "
    "mayor knows and nobody may speak. Do not drink from it, and ask for the report of 12 May before 9 in the morning."
)


def between(a: str, b: str) -> tuple[Variant, ...]:
    found = variants(normalise(a), normalise(b))
    assert variants(normalise(b), normalise(a)) == found
    return found


@pytest.mark.parametrize(
    ("claim", "denial"),
    [
        ("The bridge fell", "The bridge did not fall"),
        ("The bridge fell", "The bridge didn’t fall"),
        ("The bridge fell", "FAKE: the bridge fell"),
        ("Police confirm the raid", "Police deny the raid"),
        ("The dam broke", "The dam broke: debunked"),
        ("पुल गिर गया", "पुल नहीं गिरा"),
        ("यह खबर सच है", "यह खबर फ़र्जी है"),
        ("यह खबर फैलाओ", "यह खबर मत फैलाओ"),
        ("pul gir gaya", "pul nahi gira"),
        ("ye khabar sach hai", "ye khabar jhooth hai"),
        ("El puente cayó", "El puente no cayó"),
        ("Le pont est tombé", "Le pont n’est pas tombé"),
        ("A ponte caiu", "A ponte não caiu"),
        ("Die Brücke ist gefallen", "Die Brücke ist nicht gefallen"),
        ("سقط الجسر", "لم يسقط الجسر"),
        ("پل گر گیا", "پل نہیں گرا"),
        ("সেতু ভেঙে গেছে", "সেতু ভাঙে নি"),
        ("பாலம் விழுந்தது", "பாலம் விழவில்லை"),
        ("Jembatan runtuh", "Jembatan tidak runtuh"),
        ("Мост упал", "Мост не упал"),
        ("桥塌了", "桥没塌"),
        ("Köprü çöktü", "Köprü çöktü haberi yalan"),
    ],
)
def test_a_negated_or_debunked_version_is_marked_in_many_languages(claim: str, denial: str) -> None:
    assert between(claim, denial) == NEGATION


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("the bridge isn't safe", "the bridge is not safe"),
        ("do not panic, the bridge is safe", "do not panic, the bridge is quite safe"),
        ("No Brasil chove em março", "Brasil: chove em março"),  # Portuguese "in the"
        ("le pont dont on parle est tombé", "le pont est tombé"),  # French "of which"
        ("the knot", "the note"),
        ("same text", "same text"),
        ("", ""),
    ],
)
def test_a_negation_on_both_sides_or_on_none_is_no_difference(a: str, b: str) -> None:
    assert between(a, b) == ()


def test_a_negation_that_both_share_does_not_hide_the_one_that_differs() -> None:
    assert between("do not panic, the dam broke", "do not panic, the dam did not break") == NEGATION


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("5 dead", "6 dead"),
        ("5 dead", "many dead"),
        ("five dead", "six dead"),
        ("5 lakh people", "5 crore people"),
        ("thousands fled", "millions fled"),
        ("५ लोग मरे", "६ लोग मरे"),
        ("পাঁচ জন", "ছয় জন"),
        ("1.5 percent", "2.5 percent"),
        ("12.05.2020", "13.05.2020"),
        ("5万人", "5亿人"),
        ("b117", "b118"),
        ("1" * 30, "1" * 29 + "2"),
        ("7 arab", "8 arab"),
    ],
)
def test_another_number_is_marked(a: str, b: str) -> None:
    assert between(a, b) == NUMBER


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("5 dead", "५ dead"),
        ("٥ dead", "five dead"),
        ("1,00,000 people", "100,000 people"),
        ("100 000 personnes", "100.000 personnes"),
        ("1 lakh people", "100000 people"),
        ("5k people", "5 thousand people"),
        ("1.5 million", "1,500,000"),
        ("a million people", "1 million people"),
        ("two hundred thousand", "200,000"),
        ("5千万", "5000万"),
        ("3,5 percent", "3.50 percent"),
        ("05 dead", "5 dead"),
        ("covid19", "covid 19"),
        ("सऊदी अरब", "सऊदी"),
        ("i'm m", "i'm"),
        ("5 dead, again 5", "5 dead, again"),
    ],
)
def test_the_same_number_written_otherwise_is_not_marked(a: str, b: str) -> None:
    assert between(a, b) == ()


def test_scale_words_without_end_make_no_giant_number() -> None:
    assert max(numbers(["5"] + ["crore"] * 5000)) < 10**26
    assert between("5 crore crore", "500000000000000") == ()


def test_letters_behind_a_number_keep_a_scale_word_from_it() -> None:
    assert between("5th million", "5000000") == NUMBER


def test_a_digit_that_no_table_knows_is_no_number() -> None:
    assert variants("x \U00016d70", "x") in ((), NUMBER)  # newer than some releases of Python


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Schools closed in Mumbai tomorrow", "Schools closed in Delhi tomorrow"),
        ("Schools closed in Uttar Pradesh", "Schools closed in Tamil Nadu"),
        ("Curfew all over New York tonight", "Curfew all over Los Angeles tonight"),
        ("Mumbai's water is unsafe", "Chennai's water is unsafe"),
        ("the army of the United States", "the army of China"),
        ("मुंबई में स्कूल बंद", "दिल्ली में स्कूल बंद"),
        ("زلزال في القاهرة", "زلزال في بغداد"),
        ("কলকাতা শহরে কারফিউ", "ঢাকা শহরে কারফিউ"),
        ("北京发生地震", "上海发生地震"),
        ("Tremblement de terre à Paris", "Tremblement de terre à Lyon"),
        ("Sao Paulo sem água", "Rio de Janeiro sem água"),
        ("delhi", "mumbai"),
    ],
)
def test_a_swapped_place_is_marked(a: str, b: str) -> None:
    assert between(a, b) == PLACE


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Schools closed in Bombay", "Schools closed in Mumbai"),  # one place, two names
        ("Schools closed in New Delhi", "Schools closed in Delhi"),
        ("São Paulo", "sao paulo"),
        ("Protest in Hongkong", "Protest in Hong Kong"),
        ("Curfew in New York", "Curfew in New York City"),
        ("the USA army", "the United States army"),
        ("Schools closed in Mumbai", "Schools closed"),  # only one side has a place
        ("Schools closed in Mumbai and Delhi", "Schools closed in Mumbai"),
        ("a nice day in the mobile home", "a reading day in the mobile home"),  # words first, cities second
        ("floods hit Mumbai after a night of rain", "the minister flew to Delhi for talks with her party"),
    ],
)
def test_what_only_looks_like_a_swapped_place_is_not_marked(a: str, b: str) -> None:
    assert between(a, b) == ()


def test_half_of_the_other_words_must_be_common_and_one_less_is_too_few() -> None:
    assert variants("mumbai a b c d", "delhi a b x y") == PLACE
    assert variants("mumbai a b c d", "delhi a x y z") == ()
    assert variants("mumbai a b c d", "delhi a b x y z") == ()


def test_marks_are_sorted_whatever_differs() -> None:
    a = normalise("5 dead in Mumbai blast")
    b = normalise("6 dead in Delhi blast, not true")
    assert variants(a, b) == (Variant.NEGATION, Variant.NUMBER, Variant.PLACE)


@given(texts, texts)
def test_any_two_texts_are_judged_alike_both_ways_round(one: str, other: str) -> None:
    a, b = normalise(one), normalise(other)
    found = variants(a, b)
    assert found == variants(b, a)
    assert list(found) == sorted(set(found))
    assert variants(a, a) == ()
    assert variants(one, other) == variants(other, one)  # not normalised: still no error


WORDS = ["not", "5", "lakh", "mumbai", "bombay", "delhi", "new", "york", "fake", "bridge", "crore", "two", "no", "the"]


@given(st.lists(st.sampled_from(WORDS), max_size=8), st.lists(st.sampled_from(WORDS), max_size=8))
def test_the_marks_on_two_values_of_a_slot_agree_with_a_plain_reading(left: list[str], right: list[str]) -> None:
    found = value_variants(" ".join(left), " ".join(right))
    denials = {"not", "fake", "no"}
    here = any(left.count(word) > right.count(word) for word in denials)
    there = any(right.count(word) > left.count(word) for word in denials)
    assert (Variant.NEGATION in found) == (here != there)
    assert (Variant.NUMBER in found) == (numbers(left) != numbers(right))
    if not {"mumbai", "bombay", "delhi", "new", "york"} & set(left):  # York is a place of its own
        assert Variant.PLACE not in found


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=30), st.data())
def test_a_copy_that_ends_earlier_says_nothing_else(words: list[str], data: st.DataObject) -> None:
    kept = data.draw(st.integers(1, len(words)))
    missing = {"fake", "no", "not"} & set(words[kept:])  # a missing denial is a difference, and no end that was cut
    found = variants(" ".join(words), " ".join(words[:kept]))
    assert set(found) <= ({Variant.NEGATION} if missing else set())


@given(st.lists(st.sampled_from(WORDS), max_size=12), st.lists(st.sampled_from(WORDS), max_size=12))
def test_the_blocks_of_an_alignment_are_equal_and_in_order(left: list[str], right: list[str]) -> None:
    aligned = align(left, right, lambda _: 0)
    here = there = 0
    for block in aligned.blocks:
        assert left[block.left : block.left + block.size] == right[block.right : block.right + block.size]
        assert block.left >= here
        assert block.right >= there
        here, there = block.left + block.size, block.right + block.size
    assert aligned.left[0] <= aligned.left[1] <= len(left)
    assert aligned.right[0] <= aligned.right[1] <= len(right)


# --- copies that were cut, signed or commented ------------------------------------------------------------------------


@pytest.mark.parametrize("length", [60, 90, 110, 120, 140, 160, 180, 205])
@pytest.mark.parametrize(
    "form", ["{}", "{}…", "RT @brackley_now: {}…", "{}... Read more", "{}… https://t.co/Zz9y8X7w6V"]
)
def test_a_copy_cut_at_a_limit_is_no_variant(length: int, form: str) -> None:
    assert between(LONG, form.format(LONG[:length].strip())) == ()


@pytest.mark.parametrize(
    ("whole", "cut"),
    [
        (
            "गाँव के एक मास्टर कहते हैं कि नई दवा से तीस बच्चे बीमार हुए। सरकार ने चुप रहने को कहा है, दवा मत पिलाइए",
            "गाँव के एक मास्टर कहते हैं कि नई दवा से तीस बच्चे बीमार हुए। सरकार ने चुप रहने को क…",
        ),
        (
            "El pozo de Olmedo está envenenado desde ayer y el alcalde lo sabe. No beban agua hasta el 14 de junio",
            "El pozo de Olmedo está envenenado desde ayer y el alcalde lo… Ver más",
        ),
        ("桥昨晚塌了车辆请绕行不要靠近河边十二号以前", "桥昨晚塌了车辆请绕行…查看更多"),
    ],
)
def test_a_cut_copy_in_another_script_is_no_variant(whole: str, cut: str) -> None:
    assert between(whole, cut) == ()


SIGNED = "Smoke over the paper mill at Brackley, keep the windows shut and stay at home"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", "\n\nBrackley 24 | Chat | Advertise here"),
        ("", "\n\nNews without censorship"),
        ("\n\nBrackley 24 | Chat | Advertise here", "\n\nThe Lower Mill Post: no spam, 7 days a week"),
        ("\n\nJoin us so you never miss a story", "\n\nCity desk 365 | Send a photo"),
        ("", "\n\nDon't ignore, forward to 20 groups without delay"),
        ("", "\n\nPlease do not ignore"),
    ],
)
def test_signatures_and_calls_to_share_are_no_variants(one: str, other: str) -> None:
    assert between(SIGNED + one, SIGNED + other) == ()


@pytest.mark.parametrize(
    "comment",
    ["Is that true?? My aunt in flat 9 sent it:", "oh no", "I do not know if you have seen this:", "12/2 9:05"],
)
def test_a_comment_in_front_is_no_variant(comment: str) -> None:
    assert between(SIGNED, f"{comment} {SIGNED}") == ()


@pytest.mark.parametrize(
    "denial",
    [
        "{} - this is fake", "FAKE: {}", "this is false: {}", "No, {}", "Not true! {}",
        "{} That is not true, says the mayor",
        "Fact check of a message on the groups, verdict false: {}", "{} Das ist nicht wahr", "{} यह सच नहीं है",
        "Fact check: {} Asked, the mill found no evidence of it", "{} দমকলের কাছে এর কোনো প্রমাণ পাওয়া যায়নি",
    ],
)  # fmt: skip
def test_added_words_that_call_the_message_false_are_marked(denial: str) -> None:
    assert between(SIGNED, denial.format(SIGNED)) == NEGATION


def test_a_change_inside_a_cut_copy_is_still_marked() -> None:
    changed = LONG.replace("sixty", "ninety").replace("has made", "has not made")[:150]
    assert between(LONG, changed + "…") == (Variant.NEGATION, Variant.NUMBER)


def test_accents_left_out_are_no_variant_and_a_negator_without_an_accent_is_one() -> None:
    assert between("Não use a ponte amanhã, já há três feridos", "Nao use a ponte amanha, ja ha tres feridos") == ()
    assert between("Use a ponte amanhã", "Nao use a ponte amanha") == NEGATION


def test_a_word_of_romanised_hindi_is_no_french_negation() -> None:
    assert between("kal subah mandir ke paas sher dekha gaya hai", "kal subah mandir ke pas sher dekha gaya he") == ()


# --- lists and copies with numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1) Fill buckets 2) Lock doors 3) Warn your block", "• Fill buckets • Lock doors • Warn your block"),
        ("1. Fill buckets 2. Lock doors", "a. Fill buckets b. Lock doors"),
        ("8. The tower at the port leans since dawn", "411. The tower at the port leans since dawn"),
        ("At least twenty-five boats sank", "At least 25 boats sank"),
    ],
)
def test_numbers_that_count_nothing_or_the_same_are_not_marked(a: str, b: str) -> None:
    assert between(a, b) == ()


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("8 boats sank at the port since dawn", "11 boats sank at the port since dawn"),
        ("Pay 1 coin at 2 gates", "Pay one coin at three gates"),
        ("thirteen boats sank", "fourteen boats sank"),
        ("4 dead and 9 hurt at the port", "9 dead and 4 hurt at the port"),
        ("if a stranger follows you dial 1091", "if a stranger follows you dial 1098"),
    ],
)
def test_a_number_that_counts_is_marked(a: str, b: str) -> None:
    assert between(a, b) == NUMBER


# --- times, blood groups and roles ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("The ferry stops from Tuesday for two weeks", "The ferry stops from Saturday for two weeks"),
        ("The ferry stops in March for repairs", "The ferry stops in April for repairs"),
        ("The ferry stops today for repairs", "The ferry stops tomorrow for repairs"),
        ("मंगलवार से नाव सेवा बंद रहेगी", "शनिवार से नाव सेवा बंद रहेगी"),
        ("El ferry para desde el martes", "El ferry para desde el sábado"),
        ("A balsa para na terça-feira por falta de óleo", "A balsa para na sexta-feira por falta de óleo"),
        ("Le bac s'arrête mardi faute de gazole", "Le bac s'arrête samedi faute de gazole"),
        ("Die Fähre fährt ab Dienstag nicht mehr", "Die Fähre fährt ab Samstag nicht mehr"),
        ("ستتوقف العبارة يوم الثلاثاء بسبب الصيانة", "ستتوقف العبارة يوم السبت بسبب الصيانة"),
        ("Kapal feri berhenti hari Selasa karena rusak", "Kapal feri berhenti hari Sabtu karena rusak"),
        ("Паром не ходит со вторника из-за ремонта", "Паром не ходит с субботы из-за ремонта"),
        ("渡船星期二停航请大家注意", "渡船星期六停航请大家注意"),
        ("Phà ngừng chạy thứ ba vì hỏng máy", "Phà ngừng chạy thứ bảy vì hỏng máy"),
        ("মঙ্গলবার থেকে ফেরি বন্ধ থাকবে", "শনিবার থেকে ফেরি বন্ধ থাকবে"),
    ],
)
def test_a_swapped_day_or_month_is_marked(a: str, b: str) -> None:
    assert between(a, b) == TIME


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("The ferry stops on Tuesday", "The ferry stops on Tuesdays"),
        ("The ferry stops on Tuesday", "The ferry stops"),
        ("The ferry stops today", "The ferry stops Tuesday"),  # a date in place of a word for it
        ("They may march to the port now", "They will march to the port now"),
    ],
)
def test_a_day_written_otherwise_or_on_one_side_only_is_not_marked(a: str, b: str) -> None:
    assert between(a, b) == ()


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Donor with A+ blood wanted at the Brackley ward", "Donor with O+ blood wanted at the Brackley ward"),
        ("Donor with O+ blood wanted at the Brackley ward", "Donor with O- blood wanted at the Brackley ward"),
        ("Donor wanted, AB negative, at the ward", "Donor wanted, A positive, at the ward"),
        ("Donor wanted, B -ve, at the ward", "Donor wanted, B +ve, at the ward"),
        ("Se busca donante A negativo en la clínica", "Se busca donante O positivo en la clínica"),
        ("वार्ड में ए पॉजिटिव खून चाहिए", "वार्ड में बी निगेटिव खून चाहिए"),
    ],
)
def test_a_swapped_blood_group_is_marked(a: str, b: str) -> None:
    assert between(a, b) == BLOOD_GROUP


def test_one_blood_group_in_three_spellings_is_not_marked() -> None:
    spellings = ("O- blood wanted at the ward", "O negative blood wanted at the ward", "O -ve blood wanted at the ward")
    assert len({normalise(text) for text in spellings}) == 1


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Miners beat the guards at the port gate", "Guards beat the miners at the port gate"),
        ("Christians attacked a Muslim shop at dusk", "Muslims attacked a Christian shop at dusk"),
        ("ट्रक चालकों ने पुलिस को पीटा", "पुलिस ने ट्रक चालकों को पीटा"),
        ("Los mineros golpearon a la guardia", "La guardia golpeó a los mineros"),
        ("Os mineiros atacaram os guardas no porto", "Os guardas atacaram os mineiros no porto"),
        ("Penjaga memukul penambang di pelabuhan", "Penambang memukul penjaga di pelabuhan"),
        ("ضرب الحراس العمال في الميناء", "ضرب العمال الحراس في الميناء"),
        ("İşçiler polislere saldırdı limanda", "Polisler işçilere saldırdı limanda"),
        ("矿工昨晚在港口打了警卫", "警卫昨晚在港口打了矿工"),
        ("Trains from Brackley to Olmedo burn", "Trains from Olmedo to Brackley burn"),
        ("Sailors rescue miners, farmers burn boats", "Farmers rescue miners, sailors burn boats"),
    ],
)
def test_exchanged_words_are_marked(a: str, b: str) -> None:
    assert between(a, b) == ROLES
    assert between(f"{a}, forward this to all 3 groups", f"Forwarded: {b}") == ROLES


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Miners and guards stay at the gate", "Guards and miners stay at the gate"),
        ("The gate fell yesterday evening", "Yesterday evening the gate fell"),
        ("Fire at the port in Brackley", "Fire in Brackley at the port"),
        ("please share now", "now please share"),
        ("gate gate port", "port gate gate"),
    ],
)
def test_words_in_another_order_are_not_marked(a: str, b: str) -> None:
    assert between(a, b) == ()


def test_every_listed_word_is_as_a_normalised_text_has_it() -> None:
    words = load_words()
    for word in words.negators | words.denials | set(words.scales) | set(words.numbers) | words.conjunctions:
        assert keys(tokens(normalise(word))) == [word]
    for phrase in words.times.names:
        assert " ".join(keys(tokens(normalise(phrase)))) == phrase


@pytest.mark.parametrize("language", sorted(load_word_lists()))
def test_a_language_names_seven_days_and_no_month_twice(language: str) -> None:
    one = load_word_lists()[language]
    assert len(one.weekdays) == 7
    assert len(one.months) in (0, 12)
    assert all(int(value) > 0 for value in (*one.numbers, *one.scales))
    names = [name for names in (*one.weekdays, *one.months, *one.days.values()) for name in names.split("|")]
    assert len(names) == len(set(names))


def test_the_gazetteers_quick_folding_equals_normalisation() -> None:
    names, longest = _gazetteer()
    chosen = sorted(names)[::40]
    assert len(chosen) > 500
    different = [name for name in chosen if " ".join(tokens(normalise(name))) != name]
    assert len(different) <= len(chosen) // 100  # apostrophes that open a word, and the like
    assert all(len(name.split(" ")) <= longest[name.split(" ")[0]] for name in chosen)


def test_a_negator_is_no_place_and_a_place_no_number() -> None:
    names, _ = _gazetteer()
    assert not load_words().negators & set(names)
    assert not load_words().numbers.keys() & set(names)
    assert "" not in names
    assert places(["no", "two"]) == (set(), ["no", "two"])


@pytest.mark.parametrize("words", list(permutations(["mumbai", "delhi", "chennai"], 2)))
def test_every_pair_of_cities_is_a_swap(words: tuple[str, str]) -> None:
    assert variants(f"flood in {words[0]} today", f"flood in {words[1]} today") == PLACE


@pytest.mark.no_cover
@pytest.mark.parametrize("unit", ["crore ", "5 ", "no ", "new york ", "9", "中", "1.2."])
def test_forty_thousand_characters_of_anything_come_through(unit: str) -> None:
    assert isinstance(between(unit * (40_000 // len(unit)), "the dam broke"), tuple)


def test_digits_for_letters_are_no_numbers() -> None:
    assert variants("the po1son is in the r1ce sh0p", "the poison is in the rice shop") == ()
    assert variants("the vi11age wel1 is d4ngerous", "the village well is dangerous") == ()
    assert variants("it is s4fe", "it is not safe") == (Variant.NEGATION,)
    assert variants("h5n1 found on the farm", "h7n1 found on the farm") == (Variant.NUMBER,)
    assert variants("call b12 now", "call b13 now") == (Variant.NUMBER,)
