import unicodedata

import pytest
from hypothesis import given

from detectors.privacy.redact import redact
from detectors.text.normalise import count_words, normalise, read_words_slowly, readable
from tests.detectors.text.text_strategies import ascii_texts, texts


@pytest.mark.parametrize(
    ("copies", "normal"),
    [
        (
            (
                "Hello,   WORLD!!!",
                "hello world",
                "*Hello* _world_",
                "~Hello~ **World**",
                "#Hello World?",
                "hello—world",
            ),
            "hello world",
        ),
        (("Don’t go", "don't GO", "don`t go", "don&#39;t go", "don´t go"), "don't go"),
        (("ＡＢＣ ﬁn", "abc fin"), "abc fin"),
        (("STRASSE", "Straße", "strasse"), "strasse"),
        (("Καλός", "ΚΑΛΌΣ"), "καλόσ"),
        (("1,00,000 dead", "100,000 dead", "१००००० dead", "１００,０００ dead", "١٠٠٠٠٠ dead"), "100000 dead"),
        (("3.5% up", "٣.٥ up"), "3.5 up"),
        (("A &amp; B", "a & b", "A  B"), "a b"),
    ],
)
def test_copies_that_differ_in_writing_only_are_equal(copies: tuple[str, ...], normal: str) -> None:
    assert {normalise(copy) for copy in copies} == {normal}


@pytest.mark.parametrize(
    "decoration",
    [
        "🙏",
        "👨‍👩‍👧‍👦",
        "👍🏽",
        "🇮🇳",
        "#️⃣",
        "ℹ️",
        "🈁",
        "❤️‍🔥",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "©",
        "→",
        "…",
        "\u00ad",
        "\u2060",
        "\u202c",
        "\ufeff",
    ],
)
def test_emoji_and_symbols_leave_nothing_behind(decoration: str) -> None:
    assert normalise(f"dam broke {decoration} run") == "dam broke run"


@pytest.mark.parametrize(
    "hidden",
    [
        "\u200b",
        "\u2060",
        "\u00ad",
        "\u202c",
        "\x00",
        "\x07",
        "\ud800",
        "\ufe0f",
        "\u034f",
        "\U000e0061",
        "\u3164",
        "\u200d",
    ],
)
def test_an_invisible_character_inside_a_word_does_not_hide_the_word(hidden: str) -> None:
    assert normalise(f"va{hidden}ccine") == "vaccine"


@pytest.mark.parametrize(
    "word",
    [
        "क्षत्रिय",
        "हिन्दी",
        "কলকাতা",
        "র\u200d্যাব",
        "தமிழ்",
        "ക്ഷ",
        "తెలుగు",
        "ಕನ್ನಡ",
        "ગુજરાતી",
        "ਪਿਆਰ",
        "مي\u200cخواهم",
        "محمد",
        "كيا",
        "עברית",
        "ภาษาไทย",
        "မြန်မာ",
        "ភាសាខ្មែរ",
        "中文",
        "かな",
        "한국어",
        "ўзбек",
        "ẹ\u0300kọ",
        "নেপালি",
    ],
)
def test_a_word_of_any_script_survives_whole(word: str) -> None:
    assert normalise(word) == unicodedata.normalize("NFKC", word)


def test_a_joiner_survives_only_where_it_changes_the_word() -> None:
    assert normalise("مي\u200cخواهم") == "مي\u200cخواهم"  # Persian: a suffix stays apart from its stem
    assert normalise("مي\u200c\u200cخواهم") == "مي\u200cخواهم"
    assert normalise("مي\u200c خواهم") == "مي خواهم"  # before a space it shows nothing
    assert normalise("क्\u200cष") == "क्\u200cष"  # visible halant
    assert normalise("क\u200cष") == "कष"  # no virama, no meaning
    assert normalise("ab\u200dc") == "abc"


def test_nukta_and_vowel_signs_have_one_spelling() -> None:
    assert normalise("\u095e\u0948\u0932\u093e") == normalise("\u092b\u093c\u0948\u0932\u093e")
    assert normalise("কো") == normalise("ক\u09c7\u09be")


def test_the_arabic_stretch_is_decoration() -> None:
    assert normalise("مـــحـــمد") == normalise("محمد")


@pytest.mark.parametrize(
    "text",
    [
        "Forwarded\nthe dam broke",
        "Forwarded many times\nThe dam broke",
        "Fwd: The dam broke",
        "FW: Fwd: FW: the dam broke",
        "*Forwarded as received*\n\nThe dam broke",
        "The dam broke. 🙏Forwarded as received🙏",
        "The dam broke - Forwarded as received",
        "[Forwarded] The dam broke",
        "फॉरवर्ड किया गया\nThe dam broke",
        "कई बार फ़ॉरवर्ड किया गया: the dam broke",
        "Reenviado muchas veces\nthe dam broke",
        "Encaminhada com frequência\nthe dam broke",
        "تمت إعادة التوجيه\nthe dam broke",
        "فارورڈ کیا گیا\nthe dam broke",
        "ফরোয়ার্ড করা হয়েছে\nthe dam broke",
        "பலமுறை முன்னனுப்பப்பட்டது\nthe dam broke",
        "Diteruskan berkali-kali\nthe dam broke",
        "转发：the dam broke",
        "---------- Forwarded message ---------\nthe dam broke",
        "Forwarded from Some News Channel\nthe dam broke",
        "RT @some_user: the dam broke",
        "RT@some_user the dam broke",
        "“@some_user: the dam broke”",
        "the dam broke via @some.user",
        "the dam broke h/t @some_user",
        "the dam broke https://t.co/AbC123",
        "the dam broke t.me/some_user/12",
        "www.example.com/x?y=z the dam broke",
    ],
)
def test_banners_credits_and_addresses_are_not_part_of_the_text(text: str) -> None:
    assert normalise(text) == "the dam broke"


def test_a_banner_word_inside_a_sentence_stays() -> None:
    assert normalise("He forwarded many times the letter") == "he forwarded many times the letter"
    assert (
        normalise("the letter was forwarded by the well-forwarded post")
        == "the letter was forwarded by the well forwarded post"
    )


def test_a_text_of_banners_only_is_empty_however_it_is_broken_into_lines() -> None:
    assert normalise("forwarded\nmany times") == "many times"
    assert normalise("forwarded many\ntimes") == ""
    assert normalise("🙏🙏 https://t.co/x @user") == ""
    assert normalise("") == ""


def test_a_request_to_share_carries_meaning_and_stays() -> None:
    assert normalise("Dam broke, pls share!!") == "dam broke pls share"


def test_masks_read_as_words_or_as_nothing() -> None:
    assert normalise("call ⟨phone⟩ or ⟨email⟩") == "call phone or email"
    assert normalise("@… said: see t.me/⟨user⟩/12 by ⟨id⟩") == "said see by"
    assert normalise("RT @…: dam broke via @…") == "dam broke"


def test_a_masked_mention_and_a_plain_one_normalise_alike() -> None:
    text = "RT @user.name: dam broke @x, said @another-one https://x.com/user/status/12 to@you"
    assert normalise(redact(text)) == normalise(text)


def test_an_address_ends_where_a_script_without_spaces_begins() -> None:
    assert normalise("看这个http://t.cn/abc很重要") == "看这个很重要"


def test_stacked_marks_are_cut_to_a_readable_number() -> None:
    assert normalise("a" + "\u0323" * 50) == normalise("a" + "\u0323" * 9)
    assert len(normalise("न" + "ं" * 1000)) == 9


@given(texts)
def test_normalising_twice_changes_nothing(text: str) -> None:
    normal = normalise(text)
    assert normalise(normal) == normal
    assert read_words_slowly(normal).normal == normal


@given(texts)
def test_a_redacted_text_normalises_stably(text: str) -> None:
    normal = normalise(redact(text))
    assert normalise(redact(redact(text))) == normal
    assert normalise(normal) == normal


@given(texts)
def test_the_result_is_words_with_single_spaces_and_encodes(text: str) -> None:
    normal = normalise(text)
    assert normal == " ".join(normal.split())
    assert normal == normal.casefold()
    assert unicodedata.is_normalized("NFKC", normal)
    normal.encode("utf-8")
    kinds = {unicodedata.category(character)[0] for character in normal if character not in " '.,\u200c\u200d"}
    assert kinds <= {"L", "M", "N", "C"}  # C: letters younger than this Python's tables


@given(ascii_texts)
def test_the_fast_path_agrees_with_the_slow_one_on_every_ascii_text(text: str) -> None:
    assert normalise(text) == read_words_slowly(readable(text)).normal


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "@",
        "fwd ",
        "\nforwarded from ",
        "1,",
        "'a",
        "\u200d",
        "क\u200d",
        "a.b",
        "⟨user⟩",
        "via ",
        "\u0301\u0316",
        "http://a",
        "&amp;",
    ],
)
def test_a_megabyte_of_anything_comes_through(unit: str) -> None:
    normal = normalise(unit * (1_000_000 // len(unit)))
    assert normalise(normal) == normal


@pytest.mark.parametrize(
    ("normal", "words"),
    [
        ("", 0),
        ("good", 1),
        ("good morning all", 3),
        ("शुभ प्रभात", 2),
        ("早上好", 2),  # three characters: one word and a half, rounded up
        ("大家早上好", 3),
        ("疫苗 covid 19", 3),
        ("covid疫苗有效", 3),
        ("ですか", 2),
        ("สวัสดี", 1),  # four letters; vowel signs are not letters
        ("สวัสดีตอนเช้า", 3),
        ("ကောင်း", 1),
        ("어젯밤에 다리가 무너졌다", 3),
        ("어젯밤에다리가무너졌다", 3),  # the spaces are lost
        ("thebridgefelllastnightandthreepeopledied", 6),
        ("donaudampfschifffahrt", 1),
    ],
)
def test_words_are_counted_fairly_over_scripts(normal: str, words: int) -> None:
    assert count_words(normal) == words
