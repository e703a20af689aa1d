"""Supplies the vector of a novel text, and embeds the texts needed next in the same call of the model.

Looking ahead saves calls of the model and changes no decision.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from detectors.similarity.embedding import Vectors
from schemas.sighting import Sighting, TextContent

Embed = Callable[[Sequence[str]], Vectors]
"""Return one unit row for each normal text, shape (n, dimension)."""

_UNIT = 1e-3  # tolerance for the length of a vector from another process


class VectorSource:
    """Takes a vector from the sighting, from the prepared vectors, or from the model, in this order."""

    def __init__(self, embed: Embed, batch: int, needs_vector: Callable[[TextContent], bool]) -> None:
        """Create a source without prepared vectors.

        Args:
            embed: the model.
            batch: texts to embed at once, if the next texts are known.
            needs_vector: True for a text that the cheaper methods do not find.

        """
        self._embed = embed
        self._batch = batch
        self._needs_vector = needs_vector
        self._next: deque[TextContent] = deque()
        self._prepared: dict[str, Vectors] = {}

    def prefetch(self, contents: Iterable[TextContent]) -> None:
        """Announce the next texts in order, in place of texts announced before."""
        self._next = deque(contents)
        self._prepared.clear()

    def set_vectors(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Set prepared vectors of normal texts, shape (n, dimension), in place of earlier prepared vectors."""
        self._prepared = dict(zip(texts, vectors, strict=True))

    def of(self, sighting: Sighting, dimension: int) -> Vectors:
        """Return the vector of a sighting's text, shape (dimension,); 0 for `dimension` accepts any."""
        normal = sighting.content.normal
        vector = _read(sighting.vector, dimension)
        if vector is None:
            vector = self._prepared.pop(normal, None)
        return self._embed_with_next(normal) if vector is None else vector

    def _embed_with_next(self, normal: str) -> Vectors:
        texts = [normal]
        while self._next and len(texts) < self._batch:
            content = self._next.popleft()
            if content.normal != normal and content.normal not in self._prepared and self._needs_vector(content):
                texts.append(content.normal)
        rows = self._embed(texts)
        self._prepared.update(zip(texts[1:], rows[1:], strict=True))
        first: Vectors = rows[0]
        return first


def _read(data: bytes | None, dimension: int) -> Vectors | None:
    """Return the vector sent with a sighting, or None if another model made the vector."""
    if not data or len(data) % 4 or (dimension and len(data) != 4 * dimension):
        return None
    vector = np.frombuffer(data, dtype="<f4").astype(np.float32)
    return vector if abs(float(np.linalg.norm(vector)) - 1.0) <= _UNIT else None
