"""Says what an embedder is, and carries vectors to bytes and back; one embedder that needs no model is here too.

Detectors ask for vectors without knowing the runtime, so that they stay pure and a replay can hand in the same one.
Signed feature hashing: Weinberger et al. 2009, DOI 10.1145/1553374.1553516.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

_WIRE = np.dtype("<f4")
_NORM_TOLERANCE = 1e-4  # a row this far from length one was never normalised; rounding stays below 1e-6


class EmbeddingError(ValueError):
    """Vectors that cannot be compared: not finite, not of length one, or cut short on their way."""


class Embedder(Protocol):
    """Turns texts into unit vectors whose dot product is their similarity.

    A text's vector is a pure function of the text: it does not depend on its batch mates, their number or their
    order, bit for bit.
    """

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        ...

    @property
    def revision(self) -> str:
        """Which weights and which recipe; equal revisions give vectors that may be compared."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row per text, in the texts' order, shape (n, dimension); no texts give shape (0, dimension)."""
        ...


class HashingEmbedder:
    """Counts character n-grams in signed hash buckets: an embedder without weights, for tests and closed networks.

    A high dot product means that two texts share most of their letters in order, whatever the language; it knows
    nothing of meaning, and a paraphrase looks unrelated. It keeps no state and costs some tens of microseconds a
    text. The counts are integers, so equal texts give equal bits on every machine. Where a model can run, prefer
    `streams.embedders`.

    Source: Weinberger et al. 2009, DOI 10.1145/1553374.1553516.
    """

    def __init__(self, dimension: int = 256, smallest: int = 3, largest: int = 5, max_chars: int = 4_096) -> None:
        """Set the features.

        Args:
            dimension: buckets, at least 8; fewer mean more chance collisions.
            smallest: of the n-grams, in code points, 1 to 3: a text of one letter and its margins still has one.
            largest: of the n-grams, in code points, at least `smallest`.
            max_chars: code points of a text that count; the rest is ignored.

        Raises:
            ValueError: a setting outside its range.

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
        """One unit row per text, shape (n, dimension). Case and the width of spaces do not count."""
        counts = np.zeros((len(texts), self.dimension))
        for row, text in enumerate(texts):
            counts[row] = self._counts(text)
        return unit(counts)

    def _counts(self, text: str) -> NDArray[np.float64]:
        words = " ".join(text[: self._max_chars].casefold().split())
        if not words:
            return self._fixed()
        points = np.frombuffer(f" {words} ".encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
        grams = np.concatenate([_hashes(points, size) for size in self._sizes if size <= len(points)])
        counts = np.zeros(self.dimension)
        np.add.at(counts, (grams >> np.uint64(1)) % np.uint64(self.dimension), 1.0 - 2.0 * (grams & np.uint64(1)))
        return counts if counts.any() else self._fixed()

    def _fixed(self) -> NDArray[np.float64]:
        """The direction of a text without features, or whose features cancel to the last one."""
        counts = np.zeros(self.dimension)
        counts[0] = 1.0
        return counts


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """Rows scaled to length one, as float32, shape unchanged (n, d); lengths are summed in double precision.

    Raises:
        EmbeddingError: a row with a NaN or an infinity, or of length zero.

    """
    wide = np.asarray(vectors, dtype=np.float64)
    lengths = np.sqrt(np.square(wide).sum(axis=1, keepdims=True))
    if not (np.isfinite(lengths).all() and lengths.all()):
        bad = int(np.flatnonzero(~np.isfinite(lengths[:, 0]) | (lengths[:, 0] == 0.0))[0])
        raise EmbeddingError(
            f"a vector must be finite and longer than zero; got length {lengths[bad, 0]} in row {bad} of {len(wide)}; "
            "check the model's weights"
        )
    return np.asarray(wide / lengths, dtype=np.float32)


def check_unit(vectors: Vectors) -> Vectors:
    """The same rows, shape (n, d), once each is known to be finite and of length one.

    Raises:
        EmbeddingError: a row with a NaN or an infinity, or of another length.

    """
    lengths = np.sqrt(np.square(vectors, dtype=np.float64).sum(axis=1))
    wrong = np.flatnonzero(~(np.abs(lengths - 1.0) <= _NORM_TOLERANCE))  # a NaN is on no side of a limit
    if wrong.size:
        raise EmbeddingError(
            f"a model's vector must be finite and of length one; got length {lengths[wrong[0]]} in row {wrong[0]} of "
            f"{len(vectors)}; use a model that normalises its output, and check its weights"
        )
    return vectors


def to_bytes(vector: Vectors) -> bytes:
    """One vector, shape (dimension,), as little-endian float32, four bytes a number."""
    return np.ascontiguousarray(vector, dtype=_WIRE).tobytes()


def from_bytes(data: bytes, dimension: int) -> Vectors:
    """The vector that `to_bytes` wrote, shape (dimension,).

    Raises:
        EmbeddingError: another number of bytes than `dimension` numbers take.

    """
    if len(data) != dimension * _WIRE.itemsize:
        raise EmbeddingError(
            f"a vector of {dimension} numbers must have {dimension * _WIRE.itemsize} bytes; got {len(data)}; "
            "embed the text again with this deployment's model"
        )
    return np.frombuffer(data, dtype=_WIRE).astype(np.float32)


def _hashes(points: NDArray[np.uint64], size: int) -> NDArray[np.uint64]:
    """One 64-bit hash per window of `size` code points: a polynomial, then the finaliser of SplitMix64."""
    windows = len(points) - size + 1
    hashed = np.full(windows, size, dtype=np.uint64)
    for offset in range(size):
        hashed = hashed * np.uint64(0x9E3779B97F4A7C15) + points[offset : offset + windows]
    hashed = (hashed ^ (hashed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashed = (hashed ^ (hashed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashed ^ (hashed >> np.uint64(31))


def _require(holds: bool, rule: str, value: int, example: str) -> None:
    if not holds:
        raise ValueError(f"{rule}; got {value} (hashing embedder); try {example}")


__all__ = ["Embedder", "EmbeddingError", "HashingEmbedder", "Vectors", "check_unit", "from_bytes", "to_bytes", "unit"]
