"""Finds the stored unit vectors that are nearest to a new one: exactly while few, through a graph when many.

A novel text must be compared with every cluster. Up to some ten thousand vectors one matrix product is the fastest way
and exact; past that a graph search (HNSW: Malkov and Yashunin 2020, DOI 10.1109/TPAMI.2018.2889473) proposes
candidates, and the stored vectors decide.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray
from usearch.index import Index

from detectors.snapshot import pack, unpack

Vector = NDArray[np.float32]
Neighbour = tuple[str, float]

_DIGITS = 6  # cosines are rounded before anybody compares them
_SLACK = 1e-4  # what a float32 product may be off, with room
_UNIT = 1e-3  # how far from 1 a unit vector's length may be
_WIDTH = 64  # candidates that a graph search keeps open
_ADD_WIDTH = 128  # the same while an entry looks for its place; with 64, 1 in 250 queries found nothing
_NOBODY = ""  # the key of a removed vector
_PROPOSALS = 4  # candidates a graph search proposes for each neighbour asked for


class _Rows:
    """Keys with their vectors in one contiguous matrix; removing moves the last row into the gap."""

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

    def score(self, rows: NDArray[np.intp], vector: Vector) -> list[Neighbour]:
        """Cosines in double precision, so that they do not depend on which row a vector stands in."""
        exact = self.matrix[rows].astype(np.float64) @ vector.astype(np.float64)
        return [(self.keys[r], s) for r, s in zip(rows.tolist(), exact.round(_DIGITS).tolist(), strict=True)]

    def nearest(self, vector: Vector, k: int, at_least: float) -> list[Neighbour]:
        """Every row that may be among the `k` nearest, scored."""
        if not self.keys:
            return []
        rough = self.matrix[: len(self.keys)] @ vector
        floor = at_least
        if len(rough) > k:
            floor = max(floor, float(np.partition(rough, -k)[-k]))
        return self.score(np.flatnonzero(rough >= floor - _SLACK), vector)

    def dump(self) -> tuple[list[str], bytes]:
        return self.keys, self.matrix[: len(self.keys)].astype("<f4").tobytes()

    def load(self, keys: list[str], data: bytes) -> None:
        for key, vector in zip(keys, np.frombuffer(data, "<f4").reshape(len(keys), self.matrix.shape[1]), strict=True):
            self.add(key, vector)


class _Graph:
    """Vectors that are searched approximately. It only ever grows; the removed are skipped."""

    def __init__(self, rows: _Rows, index: Index) -> None:
        self.rows = rows
        self.index = index

    def build(self) -> None:
        """Put in every vector, in the order of the rows."""
        for label in range(len(self.rows.keys)):
            self.index.add(label, self.rows.matrix[label], threads=1)

    def add(self, key: str, vector: Vector) -> None:
        self.index.add(len(self.rows.keys), vector, threads=1)
        self.rows.add(key, vector)

    @property
    def sparse(self) -> bool:
        """Whether fewer than half of its vectors are left."""
        return 2 * len(self.rows.row) < len(self.rows.keys)

    def remove(self, key: str) -> None:
        """Leave the vector in its row, for nobody; the key may come again in another."""
        self.rows.keys[self.rows.row.pop(key)] = _NOBODY

    def nearest(self, vector: Vector, k: int) -> list[Neighbour]:
        """Rows that are probably among the `k` nearest, scored."""
        rows = self.rows
        wanted = k * _PROPOSALS
        while True:
            labels = self.index.search(vector, min(wanted, len(rows.keys)), threads=1).keys.tolist()
            living = [label for label in labels if rows.keys[label] != _NOBODY]
            if len(living) >= min(k, len(rows.row)) or wanted >= len(rows.keys):
                return rows.score(np.array(living, dtype=np.intp), vector)
            wanted *= _PROPOSALS

    def dump(self, *, growing: bool) -> "_GraphState":
        return _GraphState(*self.rows.dump(), b"" if growing else bytes(self.index.save() or b""))


class _GraphState(msgspec.Struct, array_like=True):
    keys: list[str]  # _NOBODY where the vector was removed
    vectors: bytes
    graph: bytes  # empty where it still grows: it is built again from the vectors


class _State(msgspec.Struct, array_like=True):
    fresh: tuple[list[str], bytes]
    graphs: list[_GraphState]


class NeighbourIndex:
    """Keys with unit vectors; asks which are nearest. A high cosine means that two texts mean much the same.

    Up to `exact_until` entries a query is one matrix product and exact: 0.1 ms at 4,000 entries of 384 numbers, 0.3 ms
    at 8,000. Then they move into a graph, which grows up to `graph_entries`, when the next matrix begins; adding to it
    costs 0.7 ms. A query costs 0.3 to 0.6 ms for each graph, and may miss a neighbour there. The cosine of what is
    found is always exact. An entry costs 4 bytes a number, in a graph half as much again and 300 bytes; a graph that
    has lost half of its entries is dissolved.

    A restored graph never grows: its random levels are not part of what usearch saves, so it would grow differently.
    The one that still grows is built again from its vectors, which takes up to 20 seconds at the default size.
    """

    def __init__(
        self, dimension: int, exact_until: int = 8192, max_entries: int = 1_000_000, graph_entries: int = 32_768
    ) -> None:
        """Make an empty index.

        Args:
            dimension: numbers in a vector.
            exact_until: entries up to which every query is exact.
            max_entries: entries that it takes at all.
            graph_entries: entries of a graph, after which the next matrix begins.

        Raises:
            ValueError: an argument below 1.

        """
        for name, value in (
            ("dimension", dimension),
            ("exact_until", exact_until),
            ("max_entries", max_entries),
            ("graph_entries", graph_entries),
        ):
            if value < 1:
                raise ValueError(f"neighbours.{name} must be positive; got {value}; leave it out for the default")
        self._dimension = dimension
        self._exact_until = exact_until
        self._max_entries = max_entries
        self._graph_entries = graph_entries
        self._fresh = _Rows(dimension)
        self._graphs: list[_Graph] = []
        self._growing: _Graph | None = None  # one of them
        self._graph_of: dict[str, _Graph] = {}

    def __len__(self) -> int:
        return len(self._fresh.keys) + len(self._graph_of)

    def __contains__(self, key: str) -> bool:
        return key in self._fresh.row or key in self._graph_of

    def add(self, key: str, vector: Vector) -> None:
        """Store a unit vector of `dimension` numbers; a key that is there already gets the new one.

        Raises:
            ValueError: the key is empty, the vector has another dimension or length than 1, or the index is full.

        """
        self._check(key, vector)
        self.remove(key)
        if len(self) >= self._max_entries:
            raise ValueError(
                f"an index must hold at most {self._max_entries} entries (neighbours.max_entries); remove one first"
            )
        if self._growing is not None:
            self._growing.add(key, vector)
            self._keep(self._growing, [key])
            return
        self._fresh.add(key, vector)
        if len(self._fresh.keys) > self._exact_until:
            self._fold()

    def remove(self, key: str) -> None:
        """Forget a key; one that is not there is no error."""
        if key in self._fresh.row:
            self._fresh.remove(key)
        elif key in self._graph_of:
            graph = self._graph_of.pop(key)
            graph.remove(key)
            if graph.sparse:
                self._dissolve(graph)

    def query(self, vector: Vector, k: int, at_least: float) -> list[Neighbour]:
        """Give up to `k` keys with a cosine of `at_least` or more, rounded to 1e-6; nearest first, then by key."""
        found = self._fresh.nearest(vector, k, at_least)
        for graph in self._graphs:
            found += graph.nearest(vector, k)
        near = [pair for pair in found if pair[1] >= at_least]
        near.sort(key=lambda pair: (-pair[1], pair[0]))
        return near[:k]

    def similarity(self, a: str, b: str) -> float:
        """Cosine of two stored keys, rounded to 1e-6.

        Raises:
            KeyError: one of them is not stored.

        """
        product = self._vector(a).astype(np.float64) @ self._vector(b).astype(np.float64)
        return round(float(product), _DIGITS)

    def snapshot(self) -> bytes:
        """Give the state as bytes: vectors, and the graphs where there are any."""
        graphs = [graph.dump(growing=graph is self._growing) for graph in self._graphs]
        return pack("neighbours", 1, _State(self._fresh.dump(), graphs))

    def restore(self, data: bytes) -> None:
        """Take up where `snapshot` was taken, with the same arguments; it goes on identically."""
        state = unpack("neighbours", 1, _State, data)
        self._fresh = _Rows(self._dimension)
        self._fresh.load(*state.fresh)
        self._graphs, self._graph_of, self._growing = [], {}, None
        for saved in state.graphs:
            rows = _Rows(self._dimension)
            rows.load(saved.keys, saved.vectors)
            rows.row.pop(_NOBODY, None)
            graph = _Graph(rows, self._empty())
            if saved.graph:
                graph.index.load(saved.graph)
                # A saved graph does not carry this; usearch's type information misses the setter.
                graph.index.expansion_search = _WIDTH  # type: ignore[misc] # see above
            else:
                graph.build()
            self._graphs.append(graph)
            self._keep(graph, list(rows.row))

    def _check(self, key: str, vector: Vector) -> None:
        if key == _NOBODY:
            raise ValueError("a key must not be empty; got an empty one; use the text's fingerprint")
        if vector.shape != (self._dimension,):
            raise ValueError(
                f"a vector must have shape ({self._dimension},); got {vector.shape}; use one embedder only"
            )
        length = float(np.linalg.norm(vector))
        if not abs(length - 1.0) <= _UNIT:
            raise ValueError(f"a vector must have length 1; got {length:.4g}; divide it by its length")

    def _vector(self, key: str) -> Vector:
        rows = self._fresh if key in self._fresh.row else self._graph_of[key].rows
        vector: Vector = rows.matrix[rows.row[key]]
        return vector

    def _fold(self) -> None:
        """Make a graph of all that was scanned exactly."""
        graph = _Graph(self._fresh, self._empty())
        graph.build()
        self._fresh = _Rows(self._dimension)
        self._graphs.append(graph)
        self._keep(graph, graph.rows.keys)

    def _keep(self, graph: _Graph, keys: list[str]) -> None:
        self._graph_of.update(dict.fromkeys(keys, graph))
        grows = graph is self._graphs[-1] and len(graph.rows.keys) < self._graph_entries
        self._growing = graph if grows else None

    def _dissolve(self, graph: _Graph) -> None:
        """Scan what is left of a graph exactly, until there is enough for a new one."""
        self._graphs.remove(graph)
        if graph is self._growing:
            self._growing = None
        for row, key in enumerate(graph.rows.keys):
            if key != _NOBODY:
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
