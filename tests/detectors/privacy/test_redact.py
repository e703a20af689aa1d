import pytest
from hypothesis import given

from detectors.privacy.redact import redact
from detectors.text.addresses.masks import PHONE
from detectors.text.normalise import normalise
from tests.detectors.text.text_strategies import texts


@pytest.mark.parametrize(
    "number",
    [
        "+91 98765 43210",
        "+919876543210",
        "98765-43210",
        "9876543210",
        "09876543210",
        "91 9876543210",
        "९८७६५ ४३२१०",
        "०९८७६५४३२१०",
        "৯৮৭৬৫৪৩২১০",
        "+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧",
        "(011) 2345 6789",
        "011-23456789",
        "1800-425-1234",
        "(212) 555-0123",
        "212-555-0123",
        "07700 900123",
        "020 7946 0958",
        "06 12 34 56 78",
        "(11) 91234-5678",
        "+1 (212) 555-0123",
        "0091 98765 43210",
        "98765\u200b43210",
        "98765\u00a043210",
        "+44 20 7946 0958",
        "+62 812-3456-7890",
    ],
)
def test_a_telephone_number_of_any_shape_and_script_is_masked(number: str) -> None:
    assert redact(f"ring {number} now") == "ring ⟨phone⟩ now"
    assert redact(number) == "⟨phone⟩"


def test_a_number_is_found_where_it_touches_other_writing() -> None:
    assert redact("Mob9876543210, _9876543210_ फोन:९८७६५४३२१०") == "Mob⟨phone⟩, _⟨phone⟩_ फोन:⟨phone⟩"
    assert redact("9876543210/9876543211,9876543212") == "⟨phone⟩/⟨phone⟩,⟨phone⟩"
    assert redact("\u202a+91 98765 43210\u202c") == "\u202a⟨phone⟩\u202c"


def test_a_short_number_is_masked_only_where_the_text_says_that_it_is_a_telephone() -> None:
    assert redact("call 234 5678") == "call ⟨phone⟩"
    assert redact("call 2345678 9876543210") == "call ⟨phone⟩ ⟨phone⟩"
    assert redact("call +9198765 432109876543210") == "call ⟨phone⟩ ⟨phone⟩"
    assert redact("फोन नंबर: २३४५६७८") == "फोन नंबर: ⟨phone⟩"
    assert redact("killed 2345678") == "killed 2345678"
    assert redact("dial 112 or 100") == "dial 112 or 100"


@pytest.mark.parametrize(
    "text",
    [
        "40,000 dead",
        "1,400,000,000",
        "2019-2020",
        "2019 2020 2021",
        "2020-03-15",
        "15.03.2020",
        "15/03/2020 10:30",
        "Rs 9876543210",
        "₹9876543210",
        "$ 1234567890",
        "9876543210 rupees",
        "9876543210 crore",
        "1000000000",
        "1 000 000",
        "5 lakh",
        "3.5%",
        "24/7",
        "1234567 people",
        "12 345 678 cases",
        "9/11",
        "covid-19",
        "in 2020, 40 of 1200",
        "१९४७ में",
        "see page 12",
        "https://example.com/news/9876543210",
        "Meeting @ 5",
        "e.g. this",
        "10:30:45",
    ],
)
def test_the_numbers_of_the_news_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@user hi", "@… hi"),
        (".@user hi", ".@… hi"),
        ("RT@user: hi", "RT@…: hi"),
        ("@user@mastodon.social", "@…"),
        ("@name.bsky.social.", "@…."),
        ("@央视新闻 快讯", "@… 快讯"),
        ("@userhttps://a.com/x", "@…https://a.com/x"),
        ("write a.b+c@mail.example.org!", "write ⟨email⟩!"),
        ("pay name@okaxis", "pay ⟨email⟩"),
        ("pay 9876543210@paytm", "pay ⟨email⟩"),
        ("at://did:plc:ab1/app.bsky.feed.post/3mp", "at://⟨id⟩/app.bsky.feed.post/3mp"),
        ("by u/someone", "by u/…"),
        ("1234 5678 9012", "⟨id⟩"),
        ("4111-1111-1111-1111", "⟨id⟩"),
        ("123456789012345678", "⟨id⟩"),
        ("see t.me/user", "see t.me/⟨user⟩"),
        ("https://x.com/user/status/12?s=1.", "https://x.com/⟨user⟩/status/12?s=1."),
        ("https://www.instagram.com/user/?hl=en", "https://www.instagram.com/⟨user⟩/?hl=en"),
        ("wa.me/919876543210", "wa.me/⟨phone⟩"),
        ("https://user:secret@example.com/x", "https://example.com/x"),
        ("https://example.com/?email=a@b.com&x=1#a@b.com", "https://example.com/?email=⟨email⟩&x=1#⟨email⟩"),
        ("https://a.com/1https://t.me/user", "https://a.com/1https://t.me/⟨user⟩"),
    ],
)
def test_what_names_an_account_is_masked_and_the_rest_stays(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_two_copies_with_different_people_in_them_become_one() -> None:
    assert redact("call 9876543210, says @a") == redact("call +91 98765 43211, says @b")


def test_what_cannot_be_printed_is_replaced_or_dropped() -> None:
    assert redact("a\x00b\ud800c\ttab\nline") == "ab\N{REPLACEMENT CHARACTER}c\ttab\nline"
    assert redact("") == ""


@pytest.mark.parametrize(
    "text",
    [
        "9876543210u/someone",
        "987654321098765 4321000",
        "call +9198765 432109876543210",
        "98765 43210t.me/@",
        "www.a@b.com9876543210",
        "+91\xad\x1f00",
        "www.@u/someone",
    ],
)
def test_a_mask_does_not_uncover_what_stands_beside_it(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@given(texts)
def test_masking_twice_changes_nothing_and_the_result_encodes(text: str) -> None:
    shown = redact(text)
    assert redact(shown) == shown
    shown.encode("utf-8")


@given(texts, texts)
def test_an_identifier_never_survives_among_any_other_text(before: str, after: str) -> None:
    shown = redact(f"{before} Zq7@example.org 9876501234 @Zq7Handle {after}")
    assert "Zq7" not in shown
    assert "9876501234" not in shown


@pytest.mark.parametrize(
    "unit",
    ["1", "1 ", "a", "@", "a.b-", "call ", "(1", "+1", "12 345", "u/", "rs. ", "1.2.", "a@", "did:a:", "http://a/@"],
)
def test_fifty_thousand_characters_of_anything_come_through(unit: str) -> None:
    shown = redact(unit * (50_000 // len(unit)))
    assert redact(shown) == shown


@pytest.mark.parametrize(
    "number",
    [
        "9️⃣8️⃣7️⃣6️⃣5️⃣4️⃣3️⃣2️⃣1️⃣0️⃣",
        "9\ufe0f8\ufe0f7\ufe0f6\ufe0f5\ufe0f4\ufe0f3\ufe0f2\ufe0f1\ufe0f0",
        "⑨⑧⑦⑥⑤④③②①⓪",
        "❾❽❼❻❺❹❸❷❶⓿",
        "⁹⁸⁷⁶⁵⁴³²¹⁰",
        "9\u03368\u03367\u03366\u03365\u03364\u03363\u03362\u03361\u03360\u0336",
        "9️⃣8️⃣7️⃣6️⃣5️⃣ 43210",
        "\u202e01234 56789\u202c",
        "98765<b>43210</b>",
        "&#57;&#56;&#55;65 43210",
        "\\u0039\\u0038765 43210",
    ],
)
def test_a_number_that_only_a_reader_sees_is_masked_where_it_is_written(number: str) -> None:
    shown = redact(f"ring {number} now")
    assert PHONE in shown
    assert shown.startswith("ring ")
    assert shown.endswith(" now")
    assert redact(shown) == shown
    assert not any(character.isdigit() for character in normalise(shown))


def test_the_rest_of_a_text_with_a_hidden_number_stays_as_written() -> None:
    assert redact("<p>T̶h̶e̶ 🅳🅰🅼 ⑨⑧765 43210 &amp; ②</p>") == "<p>T̶h̶e̶ 🅳🅰🅼 ⟨phone⟩ &amp; ②</p>"
    assert redact("ask ＠rose_k or rose&#64;example.org") == "ask @… or ⟨email⟩"
    assert redact("dial 1️⃣1️⃣2️⃣ now") == "dial 1️⃣1️⃣2️⃣ now"
