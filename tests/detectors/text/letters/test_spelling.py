import pytest
from hypothesis import given

from detectors.text.letters.spelling import plain_spelling, skeleton
from detectors.text.normalise import normalise
from tests.detectors.text.text_strategies import texts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Nước lũ đã tràn qua đê", "Nuoc lu da tran qua de", id="Vietnamese"),
        pytest.param("Não beba, amanhã há reunião", "Nao beba, amanha ha reuniao", id="Portuguese"),
        pytest.param("Die Brücke stürzte über Nacht ein", "Die Bruecke stuerzte ueber Nacht ein", id="German"),
        pytest.param("Łódź żąda wyjaśnień", "Lodz zada wyjasnien", id="Polish"),
        pytest.param("ΚΛΕΙΝΟΥΝ ΤΑ ΣΧΟΛΕΙΑ", "Κλείνουν τα σχολεία", id="Greek capitals"),
        pytest.param("Školska deca će dobiti ključeve", "Школска деца ће добити кључеве", id="Serbian"),
        pytest.param("مسؤول كبير ينفي", "مسوول كبير ينفي", id="hamza on waw"),
        pytest.param("هندی خبر", "ہندی خبر", id="Urdu heh"),
        pytest.param("این‌ها دروغ است", "این ها دروغ است", id="Persian half-space"),
        pytest.param("हिन्दी में गये", "हिंदी में गए", id="Hindi nasals and glides"),
        pytest.param("ዓለም ሐሰት", "አለም ሀሰት", id="Amharic homophones"),
        pytest.param("오늘 저녁 단수 됩니다", "오늘저녁단수됩니다", id="Korean spacing"),
        pytest.param("the poison is in the rice", "the p o i s o n is in the rice", id="letters spread"),
        pytest.param("the village burns", "the vi11age burns", id="digits for letters"),
        pytest.param("the modern market", "themodem market", id="optical recognition"),
        pytest.param("soooo many people", "so many people", id="lengthened"),
        pytest.param("the reservoir", "the reser-\nvoir", id="hyphen at the end of a line"),
    ],
)
def test_spellings_of_one_text_have_one_skeleton(one: str, other: str) -> None:
    assert skeleton(normalise(one)) == skeleton(normalise(other)) != ""


@pytest.mark.parametrize("name", ["covid19", "mp3", "4g", "b12", "h5n1", "p2p", "24x7", "s24"])
def test_a_name_with_a_number_keeps_the_number(name: str) -> None:
    assert plain_spelling(name) == name


@given(texts)
def test_any_text_has_a_skeleton(text: str) -> None:
    plain = plain_spelling(normalise(text))
    assert plain_spelling(plain) == plain
    assert " " not in skeleton(plain)
