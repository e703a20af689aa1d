"""Give tasks and the cluster stage vectors from the embedding pool.

A text that the model demonstrably cannot embed must not stop the stream. Such a text gets a vector of its own letters,
close to the vector of no other text, and so is clustered by spelling alone.
"""

import asyncio
import logging
from collections.abc import Sequence

import numpy as np

from detectors.similarity.embedding import HashingEmbedder, Vectors, to_bytes
from streams.embedders.pool.pool import EmbeddingPool

_log = logging.getLogger(__name__)


class TextVectors:
    """An `Embedder` whose model runs in other processes."""

    def __init__(self, pool: EmbeddingPool) -> None:
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._spelling = HashingEmbedder(dimension=pool.dimension)
        self.dimension = pool.dimension
        self.revision = pool.revision

    async def of(self, texts: Sequence[str]) -> list[bytes]:
        """Return one encoded vector for each text; wait for as long as the model fails."""
        vectors = await self._pool.embed(texts)
        return [self._by_spelling(text) if one is None else one for text, one in zip(texts, vectors, strict=True)]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `detectors.similarity.embedding.Embedder`; call from a thread other than the event loop's."""
        return to_rows(asyncio.run_coroutine_threadsafe(self.of(texts), self._loop).result())

    def _by_spelling(self, text: str) -> bytes:
        _log.warning("text without vector", extra={"reason": "the model failed on this text and on no other"})
        return to_bytes(self._spelling.embed([text])[0])


def to_rows(vectors: Sequence[bytes]) -> Vectors:
    """Return encoded vectors as one array of shape (n, dimension), or (0, 0) without vectors."""
    flat = np.frombuffer(b"".join(vectors), dtype="<f4").astype(np.float32)
    return flat.reshape(len(vectors), -1) if vectors else flat.reshape(0, 0)
