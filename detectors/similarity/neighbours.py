"""Finds the stored unit vectors nearest to a new vector: exactly for few vectors, through a graph for many.

A novel text must be compared with every cluster. Up to some ten thousand vectors, one matrix product is exact and the
fastest way. Beyond, a graph search (HNSW: Malkov and Yashunin 2020, DOI 10.1109/TPAMI.2018.2889473) proposes
candidates, and the stored vectors decide.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray
from usearch.index import Index

from detectors.snapshot import pack, unpack

Vector = NDArray[np.float32]
ScoredKey = tuple[str, float]
"""A key, and the cosine of its vector with the query, rounded to 1e-6."""

_DIGITS = 6  # cosines are rounded before every comparison
_SLACK = 1e-4  # upper bound for the error of a float32 product
_UNIT = 1e-3  # tolerance for the length of a unit vector
_WIDTH = 64  # candidates kept open during a graph search
_ADD_WIDTH = 128  # the same while an entry is added; with 64, 1 in 250 queries found nothing
_REMOVED = ""  # the key of a removed vector
_PROPOSALS = 4  # candidates of a graph search for each requested neighbour


class _Rows:
    """Keys with their vectors in one contiguous matrix; a removal moves the last row into the gap."""

    def __init__(self, dimension: int) -> None:
        self.keys: list[str] = []
        self.row: dict[str, int] = {}
        self.matrix: Vector = np.zeros((64, dimension), dtype=np.float32)

    def add(self, key: str, vector: Vector) -> None:
        row = len(self.keys)
        if row == len(self.matrix):
            self.matrix = np.concatenate([self.matrix, np.zeros_like(self.matrix)])
        self.matrix[row] = vector
        self.keys.append(key)
        self.row[key] = row

    def remove(self, key: str) -> None:
        row = self.row.pop(key)
        last = self.keys.pop()
        if last != key:
            self.keys[row] = last
            self.row[last] = row
            self.matrix[row] = self.matrix[len(self.keys)]

    def score(self, rows: NDArray[np.intp], vector: Vector) -> list[ScoredKey]:
        """Return keys with cosines, computed in double precision: a cosine must not depend on the row of a vector."""
        exact = self.matrix[rows].astype(np.float64) @ vector.astype(np.float64)
        return [(self.keys[r], s) for r, s in zip(rows.tolist(), exact.round(_DIGITS).tolist(), strict=True)]

    def nearest(self, vector: Vector, k: int, at_least: float) -> list[ScoredKey]:
        """Return every key that may be among the `k` nearest, with its cosine."""
        if not self.keys:
            return []
        rough = self.matrix[: len(self.keys)] @ vector
        floor = at_least
        if len(rough) > k:
            floor = max(floor, float(np.partition(rough, -k)[-k]))
        return self.score(np.flatnonzero(rough >= floor - _SLACK), vector)

    def snapshot(self) -> tuple[list[str], bytes]:
        """Return keys and vectors, row by row."""
        return self.keys, self.matrix[: len(self.keys)].astype("<f4").tobytes()

    def restore(self, keys: list[str], data: bytes) -> None:
        """Add the keys and vectors of a snapshot to empty rows."""
        for key, vector in zip(keys, np.frombuffer(data, "<f4").reshape(len(keys), self.matrix.shape[1]), strict=True):
            self.add(key, vector)


class _Graph:
    """Vectors with approximate search. A graph only grows; searches skip removed vectors."""

    def __init__(self, rows: _Rows, index: Index) -> None:
        self.rows = rows
        self.index = index

    def build(self) -> None:
        """Add every vector, in the order of the rows."""
        for label in range(len(self.rows.keys)):
            self.index.add(label, self.rows.matrix[label], threads=1)

    def add(self, key: str, vector: Vector) -> None:
        self.index.add(len(self.rows.keys), vector, threads=1)
        self.rows.add(key, vector)

    @property
    def sparse(self) -> bool:
        """Return True if fewer than half of the vectors are left."""
        return 2 * len(self.rows.row) < len(self.rows.keys)

    def remove(self, key: str) -> None:
        """Mark the row of a key as removed; the vector stays, and the key may return in another row."""
        self.rows.keys[self.rows.row.pop(key)] = _REMOVED

    def nearest(self, vector: Vector, k: int) -> list[ScoredKey]:
        """Return keys that are probably among the `k` nearest, with their cosines."""
        rows = self.rows
        proposals = k * _PROPOSALS
        while True:
            labels = self.index.search(vector, min(proposals, len(rows.keys)), threads=1).keys.tolist()
            living = [label for label in labels if rows.keys[label] != _REMOVED]
            if len(living) >= min(k, len(rows.row)) or proposals >= len(rows.keys):
                return rows.score(np.array(living, dtype=np.intp), vector)
            proposals *= _PROPOSALS

    def snapshot(self, *, growing: bool) -> "_GraphState":
        """Return the vectors and, unless the graph still grows, the graph."""
        return _GraphState(*self.rows.snapshot(), b"" if growing else bytes(self.index.save() or b""))


class _GraphState(msgspec.Struct, array_like=True):
    keys: list[str]  # _REMOVED for a removed vector
    vectors: bytes
    graph: bytes  # empty for a growing graph, which is rebuilt from the vectors


class _State(msgspec.Struct, array_like=True):
    fresh: tuple[list[str], bytes]
    graphs: list[_GraphState]


class NeighbourIndex:
    """Unit vectors by key, with a search for the nearest. A high cosine means that two texts have a similar meaning.

    Up to `exact_until` entries, a query is one exact matrix product: 0.1 ms at 4,000 entries of 384 numbers, 0.3 ms at
    8,000. Then the entries move into a graph, which grows up to `graph_entries` at 0.7 ms for each entry; further
    entries start the next matrix. A query costs 0.3 to 0.6 ms for each graph, and may miss a neighbour in the graph.
    The cosine of a found neighbour is always exact. An entry takes 4 bytes a number; a graph adds 2 bytes a number and
    300 bytes an entry. A graph that lost half of its entries is dissolved.

    A restored graph never grows: usearch does not save the state of its random levels, so the graph would grow
    differently. The growing graph is rebuilt from its vectors, in up to 20 seconds at the default size.
    """

    def __init__(
        self, dimension: int, exact_until: int = 8192, max_entries: int = 1_000_000, graph_entries: int = 32_768
    ) -> None:
        """Create an empty index.

        Args:
            dimension: numbers in a vector.
            exact_until: number of entries up to which every query is exact.
            max_entries: most entries of the index.
            graph_entries: most entries of a graph; then the next matrix begins.

        Raises:
            ValueError: an argument is below 1.

        """
        for name, value in (
            ("dimension", dimension),
            ("exact_until", exact_until),
            ("max_entries", max_entries),
            ("graph_entries", graph_entries),
        ):
            if value < 1:
                raise ValueError(
                    f"neighbours.{name} must be at least 1, not {value}; omit the argument for the default"
                )
        self._dimension = dimension
        self._exact_until = exact_until
        self._max_entries = max_entries
        self._graph_entries = graph_entries
        self._fresh = _Rows(dimension)
        self._graphs: list[_Graph] = []
        self._growing: _Graph | None = None  # the last graph, while it grows
        self._graph_of: dict[str, _Graph] = {}

    def __len__(self) -> int:
        return len(self._fresh.keys) + len(self._graph_of)

    def __contains__(self, key: str) -> bool:
        return key in self._fresh.row or key in self._graph_of

    def add(self, key: str, vector: Vector) -> None:
        """Store a unit vector, shape (dimension,), under a key; replaces an earlier vector of the key.

        Raises:
            ValueError: the key is empty, the vector has another shape or a length other than 1, or the index is full.

        """
        self._check(key, vector)
        self.remove(key)
        if len(self) >= self._max_entries:
            raise ValueError(
                f"the index is full ({self._max_entries} entries); remove an entry, or raise neighbours.max_entries"
            )
        if self._growing is not None:
            self._growing.add(key, vector)
            self._register(self._growing, [key])
            return
        self._fresh.add(key, vector)
        if len(self._fresh.keys) > self._exact_until:
            self._build_graph()

    def remove(self, key: str) -> None:
        """Remove a key; an unknown key is ignored."""
        if key in self._fresh.row:
            self._fresh.remove(key)
        elif key in self._graph_of:
            graph = self._graph_of.pop(key)
            graph.remove(key)
            if graph.sparse:
                self._dissolve(graph)

    def query(self, vector: Vector, k: int, at_least: float) -> list[ScoredKey]:
        """Return up to `k` keys with a cosine of at least `at_least`, rounded to 1e-6; nearest first, then by key."""
        found = self._fresh.nearest(vector, k, at_least)
        for graph in self._graphs:
            found += graph.nearest(vector, k)
        near = [pair for pair in found if pair[1] >= at_least]
        near.sort(key=lambda pair: (-pair[1], pair[0]))
        return near[:k]

    def similarity(self, a: str, b: str) -> float:
        """Return the cosine of two stored keys, rounded to 1e-6.

        Raises:
            KeyError: a key is not stored.

        """
        product = self._vector(a).astype(np.float64) @ self._vector(b).astype(np.float64)
        return round(float(product), _DIGITS)

    def snapshot(self) -> bytes:
        """Return the state as bytes: vectors and graphs."""
        graphs = [graph.snapshot(growing=graph is self._growing) for graph in self._graphs]
        return pack("neighbours", 1, _State(self._fresh.snapshot(), graphs))

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot, with the same arguments; later results equal those without a restart."""
        state = unpack("neighbours", 1, _State, data)
        self._fresh = _Rows(self._dimension)
        self._fresh.restore(*state.fresh)
        self._graphs, self._graph_of, self._growing = [], {}, None
        for saved in state.graphs:
            rows = _Rows(self._dimension)
            rows.restore(saved.keys, saved.vectors)
            rows.row.pop(_REMOVED, None)
            graph = _Graph(rows, self._empty())
            if saved.graph:
                graph.index.load(saved.graph)
                # A saved graph lacks the width; the type information of usearch lacks the setter.
                graph.index.expansion_search = _WIDTH  # type: ignore[misc] # see above
            else:
                graph.build()
            self._graphs.append(graph)
            self._register(graph, list(rows.row))

    def _check(self, key: str, vector: Vector) -> None:
        if key == _REMOVED:
            raise ValueError("the key is empty; use the fingerprint of the text")
        if vector.shape != (self._dimension,):
            raise ValueError(
                f"the vector has shape {vector.shape} instead of ({self._dimension},); use one embedder only"
            )
        length = float(np.linalg.norm(vector))
        if not abs(length - 1.0) <= _UNIT:
            raise ValueError(f"the vector has length {length:.4g} instead of 1; divide the vector by its length")

    def _vector(self, key: str) -> Vector:
        rows = self._fresh if key in self._fresh.row else self._graph_of[key].rows
        vector: Vector = rows.matrix[rows.row[key]]
        return vector

    def _build_graph(self) -> None:
        """Move the entries of the matrix into a new graph."""
        graph = _Graph(self._fresh, self._empty())
        graph.build()
        self._fresh = _Rows(self._dimension)
        self._graphs.append(graph)
        self._register(graph, graph.rows.keys)

    def _register(self, graph: _Graph, keys: list[str]) -> None:
        self._graph_of.update(dict.fromkeys(keys, graph))
        grows = graph is self._graphs[-1] and len(graph.rows.keys) < self._graph_entries
        self._growing = graph if grows else None

    def _dissolve(self, graph: _Graph) -> None:
        """Move the remaining entries of a graph back into the matrix."""
        self._graphs.remove(graph)
        if graph is self._growing:
            self._growing = None
        for row, key in enumerate(graph.rows.keys):
            if key != _REMOVED:
                del self._graph_of[key]
                self._fresh.add(key, graph.rows.matrix[row])

    def _empty(self) -> Index:
        return Index(
            ndim=self._dimension,
            metric="ip",
            dtype="f16",
            connectivity=16,
            expansion_add=_ADD_WIDTH,
            expansion_search=_WIDTH,
        )
