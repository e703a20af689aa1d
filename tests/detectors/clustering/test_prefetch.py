"""The embed stage guesses: new texts want a vector, known ones and their like do not; a wrong guess costs only time."""

from detectors.clustering import ClusteringConfig
from detectors.clustering.prefetch import Prefetcher
from detectors.pipeline.intake import read_content
from schemas.event import Kind
from schemas.sighting import Sighting

LONG = "the water of the river is poisoned since this morning, tell everybody in the valley not to drink it"
OTHER = "all schools stay closed on monday because the ministry has ordered new exams for every teacher"


def seen(text, kind=Kind.POST, number=0):
    return Sighting(
        event_id=f"{number:032x}", platform="x", kind=kind, time=0, key_id="k", content=read_content(text, ())
    )


def texts_to_embed(novelty, *texts, kind=Kind.POST):
    return novelty.texts_to_embed([seen(text, kind) for text in texts])


def novelty(remembered=100):
    return Prefetcher(ClusteringConfig(), remembered)


def test_a_new_text_wants_a_vector_once():
    guess = novelty()
    assert texts_to_embed(guess, LONG, LONG, OTHER) == [seen(LONG).content.normal, seen(OTHER).content.normal]
    assert texts_to_embed(guess, LONG, OTHER) == []


def test_a_text_that_differs_in_a_letter_wants_none():
    guess = novelty()
    texts_to_embed(guess, LONG)
    assert texts_to_embed(guess, LONG.replace("valley", "valleys")) == []


def test_a_text_too_short_to_speak_for_itself_and_one_without_letters_want_none():
    assert texts_to_embed(novelty(), "ok", "", "!!!") == []


def test_only_what_carries_a_text_that_is_compared_wants_a_vector():
    assert texts_to_embed(novelty(), LONG, kind=Kind.COUNTER) == []
    assert texts_to_embed(novelty(), LONG, kind=Kind.DELETE) == []
    assert (
        len(texts_to_embed(novelty(), LONG, kind=Kind.DEBUNK))
        == len(texts_to_embed(novelty(), LONG, kind=Kind.REPORT))
        == 1
    )


def test_what_was_forgotten_is_new_again_and_the_least_recent_is_forgotten_first():
    #  room for two:   LONG   OTHER   LONG again   a third: OTHER goes
    guess = novelty(remembered=2)
    texts_to_embed(guess, LONG, OTHER)
    texts_to_embed(guess, LONG)
    texts_to_embed(
        guess, "a ferry with two hundred people sank before the harbour and nobody on the radio says a word of it"
    )
    assert texts_to_embed(guess, LONG) == []
    assert len(texts_to_embed(guess, OTHER)) == 1
