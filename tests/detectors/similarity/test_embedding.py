"""The embedder without weights, and vectors on their way to bytes and back."""

import hashlib
from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.similarity.embedding import (
    Embedder,
    EmbeddingError,
    HashingEmbedder,
    check_unit,
    from_bytes,
    to_bytes,
    unit,
)

ANY_TEXT = st.text(st.characters(codec=None), max_size=60)  # halves of surrogate pairs too
MASK = 2**64 - 1


def cosine(embedder: Embedder, one: str, other: str) -> float:
    first, second = embedder.embed([one, other])
    return float(first @ second)


# --- hashing: near, far, and what does not count ---------------------------------------------------

NEAR = [
    ("police confirm two hostages escaped from the cafe", "police confirm that two hostages escaped from the cafe!"),
    ("गर्म पानी पीने से वायरस मर जाता है", "गर्म पानी पीने से वायरस मर जाता है सबको बताओ"),
    ("شرب الماء الساخن يقتل الفيروس فورا", "شرب الماء الساخن يقتل هذا الفيروس فورا"),
    ("การดื่มน้ำร้อนฆ่าไวรัสได้จริง", "การดื่มน้ำร้อนฆ่าไวรัสได้จริงๆ"),
    ("喝热水可以杀死病毒请转发给大家", "喝热水可以杀死病毒请马上转发给大家"),
]
FAR = [
    ("police confirm two hostages escaped from the cafe", "my cat watched the rain for most of the afternoon"),
    ("गर्म पानी पीने से वायरस मर जाता है", "कल स्कूल बंद रहेगा क्योंकि बारिश होगी"),
    ("喝热水可以杀死病毒请转发给大家", "明天学校因为下雨停课一天"),
]


@pytest.mark.parametrize(("one", "other"), NEAR)
def test_a_text_with_a_few_letters_changed_stays_near(one, other):
    assert cosine(HashingEmbedder(), one, other) > 0.7


@pytest.mark.parametrize(("one", "other"), FAR)
def test_texts_about_other_things_are_far(one, other):
    assert cosine(HashingEmbedder(), one, other) < 0.35


def test_a_paraphrase_looks_unrelated_because_only_letters_count():
    assert cosine(HashingEmbedder(), "the doctor was arrested", "police took a physician into custody") < 0.35


def test_case_and_the_width_of_spaces_do_not_count_but_word_order_does():
    embedder = HashingEmbedder()
    plain, shouted, turned = embedder.embed(
        ["two hostages escaped", "  TWO\u00a0hostages\n\nEscaped ", "escaped hostages two"]
    )
    assert np.array_equal(plain, shouted)
    assert not np.array_equal(plain, turned)


@pytest.mark.parametrize("text", ["", " ", "\n\t\u2003"])
def test_a_text_without_words_has_one_fixed_direction(text):
    vector = HashingEmbedder(dimension=16).embed([text])[0]
    assert vector.tolist() == [1.0] + [0.0] * 15


def test_counts_that_cancel_to_nothing_have_the_fixed_direction():
    letters = "abcdefghijklmnopqrstuvwxyz"
    cancelled = [pair for pair in map("".join, product(letters, letters)) if not slow_counts(pair, 8, [3]).any()]
    assert cancelled, "of 676 texts with two trigrams each, some must cancel in 8 buckets"
    assert HashingEmbedder(8, 3, 3).embed(cancelled).tolist() == [[1.0] + [0.0] * 7] * len(cancelled)


def test_only_the_beginning_of_an_endless_text_counts():
    embedder = HashingEmbedder(max_chars=20)
    at_limit = "abcde fghij klmno pq"
    assert len(at_limit) == 20
    whole, longer, shorter = embedder.embed([at_limit, at_limit + " rst" * 30_000, at_limit[:-1]])
    assert np.array_equal(whole, longer)
    assert not np.array_equal(whole, shorter)


def test_no_texts_give_no_rows_of_the_right_width():
    vectors = HashingEmbedder(dimension=64).embed([])
    assert vectors.shape == (0, 64)
    assert vectors.dtype == np.float32


# --- hashing: a function of the text alone ---------------------------------------------------------


def slow_hash(gram: str) -> int:
    hashed = len(gram)
    for letter in gram:
        hashed = (hashed * 0x9E3779B97F4A7C15 + ord(letter)) & MASK
    hashed = ((hashed ^ (hashed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    hashed = ((hashed ^ (hashed >> 27)) * 0x94D049BB133111EB) & MASK
    return hashed ^ (hashed >> 31)


def slow_counts(text: str, dimension: int, sizes: list[int]) -> np.ndarray:
    """The obvious version: cut out every n-gram, hash it, add its sign to its bucket."""
    spaced = f" {' '.join(text.casefold().split())} "
    grams = Counter(spaced[i : i + size] for size in sizes for i in range(len(spaced) - size + 1))
    counts = np.zeros(dimension)
    for gram, times in grams.items():
        counts[(slow_hash(gram) >> 1) % dimension] += times * (-1 if slow_hash(gram) & 1 else 1)
    return counts


@given(ANY_TEXT)
def test_the_fast_counts_equal_the_obvious_ones(text):
    counts = slow_counts(text, 32, [2, 3, 4])
    if not text.split() or not counts.any():
        counts = np.eye(1, 32)[0]
    assert np.array_equal(HashingEmbedder(32, 2, 4).embed([text])[0], unit(counts[None])[0])


@given(st.lists(ANY_TEXT, max_size=8), st.randoms(use_true_random=False))
def test_a_vector_does_not_depend_on_its_batch_mates(texts, random):
    embedder = HashingEmbedder(dimension=32)
    alone = {text: embedder.embed([text])[0].tobytes() for text in texts}
    random.shuffle(texts)
    assert [row.tobytes() for row in embedder.embed(texts)] == [alone[text] for text in texts]


def test_every_machine_and_every_process_gives_these_bits():
    vectors = HashingEmbedder().embed(["Two hostages escaped.", "गर्म पानी", ""])
    assert (
        hashlib.sha256(vectors.astype("<f4").tobytes()).hexdigest()
        == "fa98850c9745b72d6088a3ec1e6c48a52e732f36ca0e4c3149a097476a9ef1fb"
    )


def test_another_recipe_has_another_revision():
    recipes = [HashingEmbedder(), HashingEmbedder(128), HashingEmbedder(largest=4), HashingEmbedder(max_chars=99)]
    assert len({recipe.revision for recipe in recipes}) == len(recipes)
    assert HashingEmbedder().revision == HashingEmbedder().revision
    assert HashingEmbedder().revision in repr(HashingEmbedder())


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"dimension": 7}, "dimension must be at least 8, not 7; try 256"),
        ({"smallest": 0}, "smallest must be 1 to 3, not 0"),
        ({"smallest": 4}, "smallest must be 1 to 3, not 4"),
        ({"largest": 2}, r"largest must be at least smallest (3), not 2"),
        ({"max_chars": 0}, "max_chars must be positive, not 0"),
    ],
)
def test_a_setting_outside_its_range_is_refused(setting, message):
    with pytest.raises(ValueError, match="must be") as refusal:
        HashingEmbedder(**setting)
    assert message in str(refusal.value)


def test_the_settings_at_their_limits_work():
    assert HashingEmbedder(8, 1, 1, 1).embed(["a", "ab"]).shape == (2, 8)


# --- unit vectors ----------------------------------------------------------------------------------


def test_rows_are_scaled_to_length_one_even_far_outside_single_precision():
    vectors = unit(np.array([[3.0, 4.0], [3e150, 4e150], [-3e-150, 4e-150]]))
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0.6, 0.8], [-0.6, 0.8]], rtol=1e-6)


def test_no_rows_are_no_mistake():
    assert unit(np.empty((0, 5))).shape == (0, 5)
    assert check_unit(np.empty((0, 5), dtype=np.float32)).shape == (0, 5)


@pytest.mark.parametrize("bad", [[np.nan, 1.0], [np.inf, 1.0], [-np.inf, 1.0], [0.0, 0.0]])
def test_a_row_without_a_direction_is_refused_and_named(bad):
    rows = np.array([[1.0, 0.0], bad], dtype=np.float32)
    with pytest.raises(EmbeddingError, match="in row 1 of 2"):
        unit(rows)
    with pytest.raises(EmbeddingError, match="in row 1 of 2"):
        check_unit(rows)


@pytest.mark.parametrize(
    ("length", "accepted"), [(1.0, True), (1.00005, True), (0.99995, True), (1.001, False), (0.999, False)]
)
def test_a_model_must_normalise_but_may_round(length, accepted):
    rows = np.array([[length, 0.0]], dtype=np.float32)
    if accepted:
        assert check_unit(rows) is rows
    else:
        with pytest.raises(EmbeddingError, match="instead of one, in row 0 of 1"):
            check_unit(rows)


# --- bytes -----------------------------------------------------------------------------------------


@given(st.lists(st.floats(width=32, allow_nan=False), max_size=20))
def test_a_vector_survives_its_way_through_bytes(numbers):
    vector = np.array(numbers, dtype=np.float32)
    assert from_bytes(to_bytes(vector), len(numbers)).tobytes() == vector.tobytes()


def test_the_bytes_are_little_endian_on_every_machine():
    vector = np.array([1.0, -2.0], dtype=np.float32)
    assert to_bytes(vector) == bytes.fromhex("0000803f000000c0")
    assert to_bytes(vector.astype(">f4")) == bytes.fromhex("0000803f000000c0")
    assert to_bytes(np.array([1.0, 9.0, -2.0, 9.0], dtype=np.float32)[::2]) == bytes.fromhex("0000803f000000c0")


def test_a_decoded_vector_is_ones_own_to_change():
    vector = from_bytes(bytes(8), 2)
    vector[0] = 1.0
    assert vector.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("size", [0, 7, 9, 12])
def test_bytes_of_another_dimension_are_refused(size):
    with pytest.raises(EmbeddingError, match=f"a vector has {size} bytes, but 2 numbers need 8"):
        from_bytes(bytes(size), 2)
