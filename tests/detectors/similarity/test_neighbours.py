"""Nearest neighbours beside a brute-force oracle, on both sides of the limit where the graph takes over."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.similarity.neighbours import NeighbourIndex

DIMENSION = 16


def unit(*numbers: float) -> NDArray[np.float32]:
    vector = np.zeros(DIMENSION)
    vector[: len(numbers)] = numbers
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def some(count: int, seed: int = 0, dimension: int = DIMENSION) -> NDArray[np.float32]:
    """Clustered unit vectors, as embeddings are."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((count // 5 + 1, dimension))
    rows = centres[rng.integers(0, len(centres), count)] + 0.5 * rng.standard_normal((count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def brute(stored: dict[str, NDArray[np.float32]], vector: NDArray[np.float32], k: int, least: float) -> list:
    """The slow, obvious version: one cosine at a time."""
    scored = [
        (key, round(float(np.dot(other.astype(np.float64), vector.astype(np.float64))), 6))
        for key, other in stored.items()
    ]
    return sorted([pair for pair in scored if pair[1] >= least], key=lambda pair: (-pair[1], pair[0]))[:k]


def test_an_empty_index_has_no_neighbours() -> None:
    index = NeighbourIndex(DIMENSION)
    assert index.query(unit(1), 3, -1.0) == []
    assert len(index) == 0


def test_the_nearest_come_first_and_equals_come_in_the_order_of_their_keys() -> None:
    index = NeighbourIndex(DIMENSION)
    for key, vector in (("c", unit(1, 1)), ("b", unit(1)), ("a", unit(1)), ("d", unit(0, 1)), ("e", unit(-1))):
        index.add(key, vector)
    assert index.query(unit(1), 3, 0.5) == [("a", 1.0), ("b", 1.0), ("c", 0.707107)]
    assert index.query(unit(1), 1, 0.5) == [("a", 1.0)]
    assert [key for key, _ in index.query(unit(1), 9, -1.0)] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(("least", "found"), [(0.599999, 1), (0.6, 1), (0.600001, 0)])
def test_the_limit_is_inclusive_after_rounding(least: float, found: int) -> None:
    index = NeighbourIndex(DIMENSION)
    index.add("a", unit(0.6, 0.8))
    assert len(index.query(unit(1), 1, least)) == found


def test_a_key_added_again_has_its_new_vector_only() -> None:
    index = NeighbourIndex(DIMENSION, max_entries=1)
    index.add("a", unit(1))
    index.add("a", unit(0, 1))
    assert index.query(unit(0, 1), 5, -1.0) == [("a", 1.0)]
    assert len(index) == 1


def test_a_removed_key_is_gone_and_removing_it_again_is_no_error() -> None:
    index = NeighbourIndex(DIMENSION)
    index.add("a", unit(1))
    index.add("b", unit(0, 1))
    index.remove("a")
    index.remove("a")
    assert "a" not in index
    assert "b" in index
    assert index.query(unit(1), 5, -1.0) == [("b", 0.0)]


@pytest.mark.parametrize("exact_until", [2, 100])
def test_similarity_of_two_stored_keys_is_their_cosine_wherever_they_are_kept(exact_until: int) -> None:
    index = NeighbourIndex(DIMENSION, exact_until=exact_until)
    for key, vector in (("a", unit(1)), ("b", unit(0.6, 0.8)), ("c", unit(0, 1)), ("d", unit(1, 1))):
        index.add(key, vector)
    assert index.similarity("a", "b") == 0.6
    assert index.similarity("a", "d") == 0.707107
    with pytest.raises(KeyError):
        index.similarity("a", "z")


def test_a_full_index_says_so() -> None:
    index = NeighbourIndex(DIMENSION, max_entries=1)
    index.add("a", unit(1))
    with pytest.raises(ValueError, match=r"full \(1 entries\)"):
        index.add("b", unit(1))


@pytest.mark.parametrize("name", ["dimension", "exact_until", "max_entries", "graph_entries"])
def test_an_argument_below_one_is_refused(name: str) -> None:
    arguments = {"dimension": 4, name: 0}
    with pytest.raises(ValueError, match=f"neighbours.{name} must be at least 1, not 0"):
        NeighbourIndex(**arguments)


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (np.zeros(3, dtype=np.float32), r"shape \(3,\) instead of \(16,\)"),
        (np.zeros(DIMENSION, dtype=np.float32), "length 0 instead of 1"),
        (np.full(DIMENSION, np.nan, dtype=np.float32), "length nan instead of 1"),
    ],
)
def test_a_vector_that_cannot_be_compared_is_refused(vector: NDArray[np.float32], message: str) -> None:
    index = NeighbourIndex(DIMENSION)
    with pytest.raises(ValueError, match=message):
        index.add("a", vector)
    assert len(index) == 0


@settings(deadline=None)
@given(
    st.integers(0, 1 << 32),
    st.sampled_from([3, 1000]),
    st.integers(0, 120),
)
def test_the_index_agrees_with_brute_force_and_a_restored_one_goes_on_identically(
    seed: int, exact_until: int, cut: int
) -> None:
    rng = np.random.default_rng(seed)  # long streams find more, and hypothesis prefers short ones
    steps = [("aaqr"[rng.integers(4)], int(rng.integers(20)), int(rng.integers(100))) for _ in range(120)]
    vectors = some(100)
    index = NeighbourIndex(DIMENSION, exact_until=exact_until, graph_entries=exact_until + 6)
    stored: dict[str, NDArray[np.float32]] = {}
    for i, (step, number, which) in enumerate(steps):
        if i == cut:
            copy = NeighbourIndex(DIMENSION, exact_until=exact_until, graph_entries=exact_until + 6)
            copy.restore(index.snapshot())
            assert copy.snapshot() == index.snapshot()
            index = copy
        key = f"k{number}"
        if step == "a":
            index.add(key, vectors[which])
            stored[key] = vectors[which]
        elif step == "r":
            index.remove(key)
            stored.pop(key, None)
        else:
            # Few enough for a graph search that keeps 64 candidates open to see them all.
            assert index.query(vectors[which], 20, 0.2) == brute(stored, vectors[which], 20, 0.2)
    assert len(index) == len(stored)


def test_past_the_limit_the_graph_finds_nearly_all_and_scores_them_exactly() -> None:
    vectors = some(1500, seed=1)
    index = NeighbourIndex(DIMENSION, exact_until=300, graph_entries=700)
    stored = {f"{i:05}": vector for i, vector in enumerate(vectors)}
    for key, vector in stored.items():
        index.add(key, vector)
    queries = some(200, seed=2)
    answers = [(index.query(q, 1, 0.0), brute(stored, q, 1, 0.0)) for q in queries]
    assert sum(mine == slow for mine, slow in answers) >= 196
    for mine, q in zip((a for a, _ in answers), queries, strict=True):
        assert mine == brute({mine[0][0]: stored[mine[0][0]]}, q, 1, -1.0)


def test_the_removed_do_not_hide_the_living_behind_them() -> None:
    # 40 vectors within one degree of the question, all removed; 60 others, of which one is the nearest left.
    index = NeighbourIndex(DIMENSION, exact_until=99)
    for i in range(40):
        index.add(f"near{i:02}", unit(1, i / 4000))
    others = {f"far{i:02}": vector for i, vector in enumerate(some(60))}
    for key, vector in others.items():
        index.add(key, vector)
    for i in range(40):
        index.remove(f"near{i:02}")
    assert index.query(unit(1), 1, -1.0) == brute(others, unit(1), 1, -1.0)


def test_a_key_stored_again_in_the_same_graph_answers_with_its_new_vector_only() -> None:
    index = NeighbourIndex(DIMENSION, exact_until=3)
    stored = {f"{i}": vector for i, vector in enumerate(some(10))}
    for key, vector in stored.items():
        index.add(key, vector)
    for key in "4567":
        stored[key] = unit(1, int(key))
        index.add(key, stored[key])
    assert index.query(unit(1), 20, -1.0) == brute(stored, unit(1), 20, -1.0)
    for key in "0123489":
        index.remove(key)
        del stored[key]
    assert index.query(unit(1), 20, -1.0) == brute(stored, unit(1), 20, -1.0)


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(ValueError, match="the key is empty"):
        NeighbourIndex(DIMENSION).add("", unit(1))


def test_a_graph_with_less_than_half_of_its_entries_left_is_dissolved_and_its_memory_comes_back() -> None:
    index = NeighbourIndex(DIMENSION, exact_until=99)
    stored = {f"{i:02}": vector for i, vector in enumerate(some(100))}
    for key, vector in stored.items():
        index.add(key, vector)
    full = len(index.snapshot())
    for i in range(51):
        index.remove(f"{i:02}")
        del stored[f"{i:02}"]
    assert len(index) == 49
    assert len(index.snapshot()) < full / 2
    assert index.query(unit(1), 49, -1.0) == brute(stored, unit(1), 49, -1.0)


def test_an_index_that_was_saved_in_the_middle_grows_exactly_as_one_that_was_not() -> None:
    vectors = some(1200, seed=3)

    def grown(stops: set[int]) -> tuple[list, bytes]:
        index = NeighbourIndex(DIMENSION, exact_until=100, graph_entries=250)
        for i, vector in enumerate(vectors):
            if i in stops:
                copy = NeighbourIndex(DIMENSION, exact_until=100, graph_entries=250)
                copy.restore(index.snapshot())
                index = copy
            index.add(f"{i:05}", vector)
            if i % 3 == 0:
                index.remove(f"{i // 2:05}")
        return [index.query(q, 5, -1.0) for q in some(50, seed=4)], index.snapshot()

    whole, stopped = grown(set()), grown({0, 99, 101, 555, 1199})
    assert stopped == whole
