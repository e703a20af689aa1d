"""Vectors from the pool, for lanes on the event loop and for the cluster stage beside it.

A text that the model demonstrably cannot do must not stop the stream: it gets a direction of its own letters, near to
nothing but itself, and so is clustered by letters alone.
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
        self._letters = HashingEmbedder(dimension=pool.dimension)
        self.dimension = pool.dimension
        self.revision = pool.revision

    async def of(self, texts: Sequence[str]) -> list[bytes]:
        """One vector for each text, as it travels; waits for as long as the model fails."""
        vectors = await self._pool.embed(texts)
        return [self._by_letters(text) if one is None else one for text, one in zip(texts, vectors, strict=True)]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `detectors.similarity.embedding.Embedder`; to be called from a thread beside the event loop."""
        return to_rows(asyncio.run_coroutine_threadsafe(self.of(texts), self._loop).result())

    def _by_letters(self, text: str) -> bytes:
        _log.warning("text without vector", extra={"reason": "the model failed on it and on nothing else"})
        return to_bytes(self._letters.embed([text])[0])


def to_rows(vectors: Sequence[bytes]) -> Vectors:
    """Vectors that travelled as one array, shape (n, dimension); none give shape (0, 0)."""
    flat = np.frombuffer(b"".join(vectors), dtype="<f4").astype(np.float32)
    return flat.reshape(len(vectors), -1) if vectors else flat.reshape(0, 0)
