"""Measure the cost of a neighbour search by the number of vectors: python -m tests.benchmarks.speed.neighbours [--entries N ...].

The same vectors once in the matrix and once in a graph. They lie in loose groups, as embeddings of texts do, and each
query is one of them moved a little. Microseconds of processor time on one thread.
"""

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np

from detectors.similarity.neighbours import NeighbourIndex, Vector
from tests.benchmarks.corpora.tracks import table

ENTRIES = (4_000, 8_000, 16_000, 32_000)
DIMENSION = 384
QUERIES = 500
GROUPS = 500
AT_LEAST = 0.75
SEED = 5


def main() -> None:
    """One row a number of entries."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, nargs="+", default=ENTRIES)
    rows = [measure(entries) for entries in parser.parse_args().entries]
    names = ("entries", "matrix product", "graph search", "adding to the graph", f"missed of {QUERIES}")
    table("microseconds a query, and neighbours that the graph did not find", names, rows)


def measure(entries: int) -> tuple[object, ...]:
    """Entries; µs of a query by matrix, by graph, of adding to the graph; queries whose nearest the graph missed."""
    draw = np.random.default_rng(SEED)
    stored = vectors(entries, draw)
    asked = unit(stored[draw.integers(entries, size=QUERIES)] + 0.02 * draw.normal(size=(QUERIES, DIMENSION)))
    matrix = NeighbourIndex(DIMENSION, exact_until=entries)
    graph = NeighbourIndex(DIMENSION, exact_until=1, graph_entries=entries + 1)
    for key, vector in enumerate(stored):
        matrix.add(str(key), vector)
    adding = _each(lambda row: graph.add(str(row), stored[row]), range(entries))
    found = [[index.query(one, 1, AT_LEAST) for one in asked] for index in (matrix, graph)]
    spent = [_each(lambda one, index=index: index.query(one, 1, AT_LEAST), asked) for index in (matrix, graph)]
    missed = sum(exact[:1] != near[:1] for exact, near in zip(*found, strict=True))
    return (entries, *(round(one) for one in spent), round(adding), missed)


def vectors(count: int, draw: np.random.Generator) -> Vector:
    """Unit vectors in loose groups: shape (count, `DIMENSION`)."""
    centres = draw.normal(size=(GROUPS, DIMENSION))
    return unit(centres[draw.integers(GROUPS, size=count)] + draw.normal(size=(count, DIMENSION)))


def unit(rows: np.ndarray) -> Vector:
    """Rows of length 1."""
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _each(act: Callable[..., object], subjects: Sequence[object]) -> float:
    """Microseconds of processor time for one."""
    begun = time.process_time()
    for one in subjects:
        act(one)
    return (time.process_time() - begun) / len(subjects) * 1e6


if __name__ == "__main__":
    main()
