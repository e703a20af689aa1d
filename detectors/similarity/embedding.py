"""Defines the `Embedder` protocol, converts vectors to bytes and back, and provides an embedder without a model.

Detectors do not know the runtime of the model, so detectors stay pure, and a replay can supply the same vectors.
Signed feature hashing: Weinberger et al. 2009, DOI 10.1145/1553374.1553516.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

_WIRE = np.dtype("<f4")
_NORM_TOLERANCE = 1e-4  # a row farther from length one was never normalised; rounding stays below 1e-6


class EmbeddingError(ValueError):
    """Vectors that cannot be compared: not finite, not of length one, or truncated."""


class Embedder(Protocol):
    """Converts texts to unit vectors; the dot product of two vectors is the similarity of the texts.

    The vector of a text is a pure function of the text: the other texts of a batch, their number and their order do
    not change a bit.
    """

    @property
    def dimension(self) -> int:
        """Return the number of numbers in a vector."""
        ...

    @property
    def revision(self) -> str:
        """Return an id of weights and method; vectors of equal revisions are comparable."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row for each text, in order, shape (n, dimension); no texts give shape (0, dimension)."""
        ...


class HashingEmbedder:
    """Counts character n-grams in signed hash buckets: an embedder without weights, for tests and closed networks.

    A high dot product means that two texts share most of their letters in order, in any language. The embedder does
    not capture meaning: a paraphrase looks unrelated. No state is kept, and a text costs some tens of microseconds.
    The counts are integers, so equal texts give equal bits on every machine. If a model can run, prefer
    `streams.embedders`.

    Source: Weinberger et al. 2009, DOI 10.1145/1553374.1553516.
    """

    def __init__(self, dimension: int = 256, smallest: int = 3, largest: int = 5, max_chars: int = 4_096) -> None:
        """Set the features.

        Args:
            dimension: number of buckets, at least 8; fewer buckets mean more chance collisions.
            smallest: code points of the shortest n-grams, 1 to 3: a text of one letter with its margins has an n-gram.
            largest: code points of the longest n-grams, at least `smallest`.
            max_chars: code points of a text to read; the rest is ignored.

        Raises:
            ValueError: an argument is outside its range.

        """
        _require(dimension >= 8, "dimension must be at least 8", dimension, "256")
        _require(1 <= smallest <= 3, "smallest must be 1 to 3", smallest, "3")
        _require(largest >= smallest, f"largest must be at least smallest ({smallest})", largest, "5")
        _require(max_chars >= 1, "max_chars must be positive", max_chars, "4096")
        self.dimension = dimension
        self.revision = f"hashing-1-{dimension}-{smallest}-{largest}-{max_chars}"
        self._sizes = range(smallest, largest + 1)
        self._max_chars = max_chars

    def __repr__(self) -> str:
        return f"HashingEmbedder(revision={self.revision!r})"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row for each text, shape (n, dimension). Case and the width of spaces are ignored."""
        counts = np.zeros((len(texts), self.dimension))
        for row, text in enumerate(texts):
            counts[row] = self._counts(text)
        return unit(counts)

    def _counts(self, text: str) -> NDArray[np.float64]:
        words = " ".join(text[: self._max_chars].casefold().split())
        if not words:
            return self._fallback()
        points = np.frombuffer(f" {words} ".encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
        grams = np.concatenate([_hashes(points, size) for size in self._sizes if size <= len(points)])
        counts = np.zeros(self.dimension)
        np.add.at(counts, (grams >> np.uint64(1)) % np.uint64(self.dimension), 1.0 - 2.0 * (grams & np.uint64(1)))
        return counts if counts.any() else self._fallback()

    def _fallback(self) -> NDArray[np.float64]:
        """Return the counts of a text without features, or with features that all cancel."""
        counts = np.zeros(self.dimension)
        counts[0] = 1.0
        return counts


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """Scale rows to length one, as float32, shape unchanged (n, d); lengths are summed in double precision.

    Raises:
        EmbeddingError: a row has a NaN, an infinity, or length zero.

    """
    wide = np.asarray(vectors, dtype=np.float64)
    lengths = np.sqrt(np.square(wide).sum(axis=1, keepdims=True))
    if not (np.isfinite(lengths).all() and lengths.all()):
        bad = int(np.flatnonzero(~np.isfinite(lengths[:, 0]) | (lengths[:, 0] == 0.0))[0])
        raise EmbeddingError(
            f"the vector in row {bad} of {len(wide)} has length {lengths[bad, 0]} and cannot be normalised; "
            "check the weights of the model"
        )
    return np.asarray(wide / lengths, dtype=np.float32)


def check_unit(vectors: Vectors) -> Vectors:
    """Check that each row is finite and of length one, and return the rows unchanged, shape (n, d).

    Raises:
        EmbeddingError: a row has a NaN, an infinity, or another length.

    """
    lengths = np.sqrt(np.square(vectors, dtype=np.float64).sum(axis=1))
    wrong = np.flatnonzero(~(np.abs(lengths - 1.0) <= _NORM_TOLERANCE))  # a NaN fails every comparison
    if wrong.size:
        raise EmbeddingError(
            f"the model returned a vector of length {lengths[wrong[0]]} instead of one, in row {wrong[0]} of "
            f"{len(vectors)}; use a model that normalises its output, and check the weights"
        )
    return vectors


def to_bytes(vector: Vectors) -> bytes:
    """Encode a vector, shape (dimension,), as little-endian float32, four bytes for each number."""
    return np.ascontiguousarray(vector, dtype=_WIRE).tobytes()


def from_bytes(data: bytes, dimension: int) -> Vectors:
    """Decode a vector encoded by `to_bytes`, shape (dimension,).

    Raises:
        EmbeddingError: the number of bytes does not fit `dimension`.

    """
    if len(data) != dimension * _WIRE.itemsize:
        raise EmbeddingError(
            f"a vector has {len(data)} bytes, but {dimension} numbers need {dimension * _WIRE.itemsize}; "
            "embed the text again with the model of this deployment"
        )
    return np.frombuffer(data, dtype=_WIRE).astype(np.float32)


def _hashes(points: NDArray[np.uint64], size: int) -> NDArray[np.uint64]:
    """Hash each window of `size` code points to 64 bits: a polynomial, then the finaliser of SplitMix64."""
    windows = len(points) - size + 1
    hashed = np.full(windows, size, dtype=np.uint64)
    for offset in range(size):
        hashed = hashed * np.uint64(0x9E3779B97F4A7C15) + points[offset : offset + windows]
    hashed = (hashed ^ (hashed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashed = (hashed ^ (hashed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashed ^ (hashed >> np.uint64(31))


def _require(holds: bool, rule: str, value: int, example: str) -> None:
    if not holds:
        raise ValueError(f"hashing embedder: {rule}, not {value}; try {example}")


__all__ = ["Embedder", "EmbeddingError", "HashingEmbedder", "Vectors", "check_unit", "from_bytes", "to_bytes", "unit"]
