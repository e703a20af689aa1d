"""Run any sentence-transformers model with PyTorch, in fp32, on one thread.

This runtime is the reference for exported graphs, and serves models that cannot be exported. Source: Reimers and
Gurevych 2019, DOI 10.18653/v1/D19-1410.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from detectors.similarity.embedding import Vectors, check_unit
from streams.embedders import libraries
from streams.embedders.model_files import ModelFiles
from streams.embedders.text import readable


class SentenceTransformerEmbedder:
    """Embeds each text alone and at its own length, so other texts of a batch cannot change a bit of the vector.

    A process starts about ten seconds later and half a gigabyte larger than with `OnnxEmbedder`. Calls from any thread
    are safe. A text is truncated to `files.max_chars` code points, and then to the model's window.

    Source: Reimers and Gurevych 2019, DOI 10.18653/v1/D19-1410.
    """

    def __init__(self, files: ModelFiles) -> None:
        """Load the weights, and embed an empty text to find the dimension.

        Raises:
            EmbeddingError: the model returns non-finite vectors.

        """
        self.revision = files.revision
        self._max_chars = files.max_chars
        self._model = load_model(files)
        self.dimension = int(self._encode([""]).shape[1])

    def __repr__(self) -> str:
        return f"SentenceTransformerEmbedder(revision={self.revision!r})"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, in the texts' order, shape (n, dimension).

        Raises:
            EmbeddingError: a vector is not finite or not of length one.

        """
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return self._encode([readable(text, self._max_chars) for text in texts])

    def _encode(self, texts: list[str]) -> Vectors:
        # Larger batches are up to 1.6x faster, but then the last bits of a vector depend on the other texts.
        rows = self._model.encode(texts, batch_size=1, normalize_embeddings=True, show_progress_bar=False)
        return check_unit(np.asarray(rows, dtype=np.float32))


def open_model(files: ModelFiles, cache_dir: Path | None = None) -> SentenceTransformerEmbedder:
    """Load the embedder of a model; nothing is cached, so `cache_dir` is ignored."""
    del cache_dir
    return SentenceTransformerEmbedder(files)


def load_model(files: ModelFiles, **model_options: str) -> Any:  # noqa: ANN401  the library has no types
    """Load a `SentenceTransformer` on the CPU, in fp32, on one thread, without remote code or access to a hub."""
    torch, transformers = libraries.load("torch"), libraries.load("transformers")
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    return libraries.load("sentence_transformers").SentenceTransformer(
        str(files.folder),
        device="cpu",
        local_files_only=True,
        trust_remote_code=False,
        # Weights stored in half precision would otherwise run in half precision.
        model_kwargs={"dtype": "float32", **model_options},
    )
