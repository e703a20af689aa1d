"""Copies that look alike, or that a reader takes for one text: equal after normalisation."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.text.normalise import normalise, read_words_slowly


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("بانک مرکزی تعطیل است", "بانك مركزي تعطيل است", id="Persian, Arabic keyboard"),
        pytest.param("یہ ٹیکہ نہ لگوائیں", "يہ ٹيكہ نہ لگوائيں", id="Urdu, Arabic keyboard"),
        pytest.param("إغلاق المدرسة الأولى", "اغلاق المدرسه الاولي", id="hamza, teh marbuta, alef maksura"),
        pytest.param("أُغْلِقَتِ المَدْرَسَةُ", "أغلقت المدرسة", id="vowel marks"),
        pytest.param("هٰذا الخبر", "هذا الخبر", id="superscript alef"),
        pytest.param("ﺍﻟﺨﺒﺮ ﻛﺎﺫﺏ", "الخبر كاذب", id="presentation forms"),
        pytest.param("الخبـــــر", "الخبر", id="tatweel"),
        pytest.param("הַגֶּשֶׁר נָפַל", "הגשר נפל", id="niqqud"),
        pytest.param("בײַ דער בריק", "ביי דער בריק", id="Yiddish digraph"),
        pytest.param("सड़क पर ज़हर फैला", "सडक पर जहर फैला", id="Hindi, dot below left out"),
        pytest.param("गाँव में पाँच", "गांव में पांच", id="Hindi, two nasal signs"),
        pytest.param("अाज रात", "आज रात", id="Hindi, a vowel in two parts"),
        pytest.param("হঠাৎ আগুন", "হঠাত্\u200d আগুন", id="Bengali khanda ta, joiner"),
        pytest.param("হঠাৎ আগুন", "হঠাত্ আগুন", id="Bengali khanda ta, end of a word"),
        pytest.param("ਪਿੰਡ ਵਿੱਚ", "ਪਿਂਡ ਵਿੱਚ", id="Punjabi nasals"),
        pytest.param("അവൾ പറഞ്ഞു", "അവള്\u200d പറഞ്ഞു", id="Malayalam chillu"),
        pytest.param("എന്റെ വീട്", "എൻറെ വീട്", id="Malayalam nta"),
        pytest.param("ஸ்ரீநகர்", "ஶ்ரீநகர்", id="Tamil shri"),
        pytest.param("น้ำท่วม", "น\u0e4d\u0e49\u0e32ท่วม", id="Thai sara am"),
        pytest.param("แดง", "เเดง", id="Thai ae as two e"),
        pytest.param("ນ້ຳ", "ນ\u0ecd\u0ec9\u0eb2", id="Lao sara am"),
        pytest.param("ស្ត្រី", "ស្រ្តី", id="Khmer subscript order"),
        pytest.param("KIŞIN IŞIKLAR SÖNECEK", "kışın ışıklar sönecek", id="Turkish capitals"),
        pytest.param("İSTANBUL", "istanbul", id="Turkish dotted capital"),
        pytest.param("Știrea și țara", "Ştirea şi ţara", id="Romanian cedilla"),
        pytest.param("Всё ещё идёт", "Все еще идет", id="Russian yo"),
        pytest.param("за́мок закры́т", "замок закрыт", id="Russian stress marks"),
        pytest.param("颱風將於週三登陸臺灣", "台风将于周三登陆台湾", id="traditional Chinese"),
        pytest.param("疫 苗 有 毒", "疫苗有毒", id="spaces between Han"),
        pytest.param("今天 6 点停电 30 分钟", "今天6点停电30分钟", id="spaces at numbers"),
        pytest.param("人々が避難", "人人が避難", id="Japanese iteration mark"),
        pytest.param("ﾜｸﾁﾝは毒", "ワクチンは毒", id="half-width kana"),
        pytest.param("ျမန္မာႏိုင္ငံမွာ ေရႀကီးေနသည္", "မြန်မာနိုင်ငံမှာ ရေကြီးနေသည်", id="Zawgyi"),
    ],
)
def test_spellings_that_a_reader_takes_for_one_are_equal(one: str, other: str) -> None:
    assert normalise(one) == normalise(other) != ""


@pytest.mark.parametrize(
    "copy",
    [
        "ᴛʜᴇ ʙʀɪᴅɢᴇ ꜰᴇʟʟ",
        "🅃🄷🄴 🄱🅁🄸🄳🄶🄴 🄵🄴🄻🄻",
        "🆃🅷🅴 🅱🆁🅸🅳🅶🅴 🅵🅴🅻🅻",
        "Ⓣⓗⓔ ⓑⓡⓘⓓⓖⓔ ⓕⓔⓛⓛ",
        "🅣🅗🅔 🅑🅡🅘🅓🅖🅔 🅕🅔🅛🅛",
        "⒯⒣⒠ ⒝⒭⒤⒟⒢⒠ ⒡⒠⒧⒧",
        "𝕿𝖍𝖊 𝖇𝖗𝖎𝖉𝖌𝖊 𝖋𝖊𝖑𝖑",
        "Ｔｈｅ ｂｒｉｄｇｅ ｆｅｌｌ",
        "T̶h̶e̶ b̶r̶i̶d̶g̶e̶ f̶e̶l̶l̶",
        "T̲h̲e̲ b̲r̲i̲d̲g̲e̲ f̲e̲l̲l̲",
        "The b\u0489r\u0489idge f\u20e0ell",
        "T\u0300\u0316\u0317\u0318\u0319he bridge fell",
        "\u202ellef egdirb ehT\u202c",
        "\u202ellef egdirb ehT",
        "The \u202eegdirb\u202c fell",
        "\u202dThe bridge fell\u202c",
        "Тhe bridgе fell",
        "The briԁge fеll",
        "<p>The <b>bridge</b> fell</p>",
        "The bridge<br>fell",
        "<a href='#'>The bridge</a> fell<!-- note -->",
        "The&nbsp;bridge&#32;fell",
        "&lt;p&gt;The bridge fell&lt;/p&gt;",
        "The bri&#x64;ge &amp;#102;ell",
        r"The\nbridge\tfell",
        r"The \u0062ridge fell",
        r"The\u00a0bridge fell",
        '"""The bridge fell"""',
    ],
)
def test_decoration_markup_and_look_alikes_leave_the_words(copy: str) -> None:
    assert normalise(copy) == "the bridge fell"


@pytest.mark.parametrize(
    ("copy", "normal"),
    [
        ("dial 1️⃣0️⃣8️⃣", "dial 108"),
        ("dial ①⓪⑧", "dial 108"),
        ("dial ❶⓿❽", "dial 108"),
        ("dial ¹⁰⁸", "dial 108"),
        ("dial 1\ufe0f0\ufe0f8\ufe0f", "dial 108"),
        ("dial 1̶0̶8̶", "dial 108"),
        ("dial \u202e801\u202c", "dial 108"),
        ("rule 🔟 of ⑳", "rule 10 of 20"),
        ("covid19 and 4g, b12, mp3", "covid19 and 4g b12 mp3"),
    ],
)
def test_a_number_in_another_guise_is_a_number(copy: str, normal: str) -> None:
    assert normalise(copy) == normal


def test_flags_are_decoration_and_single_regional_letters_are_letters() -> None:
    assert normalise("🇮🇳 news 🇮🇳🇵🇰") == "news"
    assert normalise("🇳\u200b🇪\u200b🇼\u200b🇸") == "news"
    assert normalise("🇳🇪🇼🇸🇽 today") == "newsx today"


def test_a_word_changes_its_alphabet_only_where_a_reader_would_not_see_it() -> None:
    assert normalise("Кpeмль сooбщил") == "кремль сообщил"  # Latin letters inside Russian words
    assert normalise("cкaзaл ocoбo: TECT") == "сказал особо тест"
    assert normalise("купил MAC PRO") == "купил mac pro"  # nothing in the text mixes alphabets
    assert normalise("the β variant, 5 μg") == "the β variant 5 μg"
    assert normalise("Τα νέα είναι kaλά") == normalise("Τα νέα είναι καλά")
    assert normalise("the word вода means water") == "the word вода means water"
    assert normalise("ТНЕ ВANK IS CLOSED") == "the bank is closed"
    assert normalise("see https://аpple.example.com/а now") == "see now"


def test_a_text_in_the_direction_of_its_script_is_not_reversed() -> None:
    assert normalise("\u202eשער הסכר\u202c") == "שער הסכר"
    assert normalise("\u2067שער\u2069 \u200fהסכר") == "שער הסכר"
    assert normalise("\u202dרכסה רעש\u202c") == "שער הסכר"


def test_signs_that_are_no_markup_stay_out_of_the_way() -> None:
    assert normalise("if a <b and c> d") == "if a b and c d"
    assert normalise("AT&T; R&D") == "at t r d"
    assert normalise(r"C:\Users\name") == "c users name"
    assert normalise(r"¯\_(ツ)_/¯ ok") == "ツok"


def windows(data: bytes) -> str:
    """Read bytes as Windows-1252, which leaves five bytes without a character."""
    return "".join(chr(byte) if byte in b"\x81\x8d\x8f\x90\x9d" else bytes([byte]).decode("cp1252") for byte in data)


@pytest.mark.parametrize("text", ["L'école fermée dès mardi", "Cerrará mañana el banco", "Вода в городе отравлена"])
def test_text_read_in_the_wrong_encoding_is_repaired(text: str) -> None:
    assert normalise(text.encode().decode("latin-1")) == normalise(text)
    assert normalise(windows(text.encode())) == normalise(text)


def test_sound_text_with_accents_is_not_repaired() -> None:
    for text in ("CANÇÃO É SÓ", "JOSÉ » ÂGÉ", "Großmütterchens Äpfel", "SÃO PAULO — À NOITE"):
        assert normalise(text) == normalise(text.lower())


_DISGUISES = st.sampled_from(
    [
        *("\u202e", "\u202d", "\u202c", "\u2067", "1️⃣", "⑨", "🅰️", "🇧", "🇮🇳", "a\u0336", "\u0332", "\u0301", "\u3099"),
        *("<b>", "</p>", "<br/>", "&lt;", "&#60;", "&amp;amp;", "\\u003c", "\\n", "\\", "Ã©", "Ã ", "â€™", "Ð¿Ñ€"),
        *("а", "о", "р", "с", "B", "a", "Т", "ж", "λ", "ο", "ı", "İ", "ё", "é", "ᴛ", " "),
        *("े", "अ", "ा", "ত্", "\u200d", "ൻ", "്", "റ", "ํ", "้", "า", "เ", "ك", "ی", "ة", "ً"),
        *("ေ", "္", "်", "က", "ရ", "ျ", "ြ", "ၤ", "々", "漢", "ゝ", "か", "ヾ", "臺", "転発", "转", "发", "ゞ", "ᄀ", "ᅡ"),
    ]
)


@given(st.lists(st.one_of(_DISGUISES, st.characters(codec=None, exclude_categories=[])), max_size=10).map("".join))
def test_folding_twice_changes_nothing(text: str) -> None:
    normal = normalise(text)
    assert normalise(normal) == normal
    assert read_words_slowly(normal).normal == normal


@given(st.text(max_size=30))
def test_composed_and_decomposed_writing_are_equal(text: str) -> None:
    assert normalise(unicodedata.normalize("NFD", text)) == normalise(unicodedata.normalize("NFC", text))
