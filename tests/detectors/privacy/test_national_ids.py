import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.privacy.national_ids import read_documents
from detectors.privacy.redact import redact
from detectors.text.url_finder import find_urls
from detectors.text.urls import canonical
from tests.detectors.privacy.numbers_of_the_news import TEXTS
from tests.detectors.text.text_strategies import texts

FORMS = """
987.654.321-00
61101-7654321-9
ABCPM1234K
ABC1234567
MH12AB1234
DL 3C AB 4321
UP 32 CD 9876
123-45-6789
AB 12 34 56 C
12345678Z
X1234567L
12.345.678-5
12-34-56-78901
123456789V
ABCD800101HDFRRL09
RSSMRA80A01H501U
1 85 05 78 006 084 36
85.05.12-123.45
850512-1234
112-233-445 95
123-456789-1
784-1985-1234567-1
11010519850512002X
850512-1234567
850512-14-5678
12-3456789-0
A123456(7)
A123456789
S1234567D
1-1234-12345-12-1
12345678 9 ZZ4
DE89 3704 0044 0532 0130 00
"""
INTRODUCED = """
Passport no. K7654321
passport: 1234567
पासपोर्ट नंबर K7654321
паспорт 4509 123456
паспорт № 456123
cédula 12345678
account no 12345678
kitambulisho 12345678
آدھار نمبر 4321876
驾照 护照号 E1234567
voter id 765432
PESEL: 850512-12
DNI 12.345.678
driving licence 2011-12345
जवाज़ पासपोर्ट K7654321
NIN: 1234567
رقم الهوية: 1234567
"""
ACCOUNTS = """
snapchat miller_k09
telegram id miller_k09
insta: ann.miller
ig - annm09
Snap millerann99
telegram username: annmiller
skype:ann_miller
тг miller_k09
सुनो इंस्टाग्राम miller_k09
"""
SEPARATED = """
98765/00018
98765_00020
98765,00021
98765OOO19
98/765/000/18
+91/98765/00018
030/1234567
0470/12.34.56
55 8765 4321
9 8 7 6 5 4 3 2 1 0
9.8.7.6.5.4.3.2.1.0
9-8-7-6-5-4-3-2-1-0
9_8_7_6_5_4_3_2_1_0
9*8*7*6*5*4*3*2*1*0
９８７６５４３２１０
⑼⑻⑺⑹⑸⑷⑶⑵⑴⓪
612 34 56 78
0501 234 56 78
8 (912) 345-67-89
131 2345 6789
321 1234567
984-1234567
"""
SPELT = """
miller at example dot org
miller[at]example[dot]org
miller (at) example.org
ann.miller (@) example.org
"""
CASES = Path(os.environ.get("EVALUATION_CASES") or Path(__file__).parents[4] / "shared" / "cases") / "redaction.jsonl"


def lines(table: str) -> list[str]:
    return table.strip().splitlines()


@pytest.mark.parametrize("number", lines(FORMS))
def test_a_number_with_the_form_of_a_document_is_masked_wherever_it_is(number: str) -> None:
    assert redact(f"see {number}, ok") == "see ⟨id⟩, ok"


@pytest.mark.parametrize("text", lines(INTRODUCED))
def test_a_number_after_the_name_of_a_document_is_masked(text: str) -> None:
    shown = redact(text)
    assert "⟨" in shown
    assert not any(character.isdigit() for character in shown)
    assert shown.split()[0] == text.split(maxsplit=1)[0]


@pytest.mark.parametrize("text", lines(ACCOUNTS))
def test_an_account_after_the_name_of_a_platform_is_masked(text: str) -> None:
    shown = redact(text)
    assert shown.endswith("⟨user⟩")
    assert "ann" not in shown.lower()
    assert "miller" not in shown.lower()


@pytest.mark.parametrize("number", lines(SEPARATED))
def test_a_number_with_any_signs_between_its_digits_is_masked(number: str) -> None:
    shown = redact(f"ring {number} now")
    assert "⟨phone⟩ now" in shown
    assert not any(character.isdigit() for character in shown)


@pytest.mark.parametrize("address", lines(SPELT))
def test_an_e_mail_address_with_words_for_its_signs_is_masked(address: str) -> None:
    assert redact(f"write {address} now") == "write ⟨email⟩ now"


@pytest.mark.parametrize("text", lines(TEXTS))
def test_a_number_that_identifies_no_person_stays(text: str) -> None:
    assert redact(text) == text


def test_the_texts_without_identifiers_are_many() -> None:
    assert len(lines(TEXTS)) >= 60


def test_the_table_has_no_word_twice_in_a_row_and_no_row_without_a_rule() -> None:
    for document in read_documents():
        assert document.form or document.words, document.name
        assert len(set(document.words)) == len(document.words), document.name


identifiers = st.sampled_from(
    [line for table in (FORMS, INTRODUCED, ACCOUNTS, SEPARATED, SPELT) for line in lines(table)]
)


@given(texts, identifiers, st.sampled_from(["", " ", "\n", ", ", "/", "_", "@", "."]), texts)
def test_masking_twice_changes_nothing_for_any_identifier_among_any_text(
    before: str, identifier: str, between: str, after: str
) -> None:
    shown = redact(f"{before}{between}{identifier}{between}{after}")
    assert redact(shown) == shown


@pytest.mark.parametrize(
    "unit", ["9_", "98/", "98765/", "A1", "passport 1", "ig:a", "1 at ", "a at b dot c ", "AB12", "1O", "8 ("]
)
def test_twenty_thousand_characters_of_anything_come_through(unit: str) -> None:
    shown = redact(unit * (20_000 // len(unit)))
    assert redact(shown) == shown


@pytest.mark.skipif(not CASES.exists(), reason="the recorded cases are not in this checkout")
@pytest.mark.parametrize("case", CASES.read_text("utf-8").splitlines() if CASES.exists() else [])
def test_every_recorded_case_is_masked(case: str) -> None:
    text = json.loads(case)["text"]
    shown = redact(text) + " ".join(canonical(url) or "" for url in find_urls(text))
    assert "⟨" in shown or "@…" in shown
    for name in ("rose", "kelso", "98111", "9811100011"):
        assert name not in shown.lower()
