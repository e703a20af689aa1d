"""Runs any sentence-transformers model with PyTorch, in fp32, on one thread.

It is the reference that the exported graph is held against, and the runtime for models that cannot be exported.
Reimers and Gurevych 2019, DOI 10.18653/v1/D19-1410.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detectors.similarity.embedding import Vectors, check_unit
from streams.embedders.model_files import ModelFiles, keep_off_the_hub
from streams.embedders.text import readable


class SentenceTransformerEmbedder:
    """Embeds each text alone and at its own length, so that batch mates cannot touch a bit of its vector.

    A process that uses it starts about ten seconds later and half a gigabyte heavier than with `OnnxEmbedder`. It is
    safe to call from a thread beside the event loop. A text longer than the model's window is cut, and of one longer
    than `files.max_chars` code points only the beginning is read.

    Source: Reimers and Gurevych 2019, DOI 10.18653/v1/D19-1410.
    """

    def __init__(self, files: ModelFiles) -> None:
        """Load the weights and embed an empty text, to learn the dimension.

        Raises:
            EmbeddingError: the model gives something else than finite vectors.

        """
        self.revision = files.revision
        self._max_chars = files.max_chars
        self._model = load(files)
        self.dimension = int(self._encode([""]).shape[1])

    def __repr__(self) -> str:
        return f"SentenceTransformerEmbedder(revision={self.revision!r})"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row per text, in the texts' order, shape (n, dimension).

        Raises:
            EmbeddingError: a vector that is not finite or not of length one.

        """
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return self._encode([readable(text, self._max_chars) for text in texts])

    def _encode(self, texts: list[str]) -> Vectors:
        # Larger batches are up to 1.6x faster and move the last bits with every change of company.
        rows = self._model.encode(texts, batch_size=1, normalize_embeddings=True, show_progress_bar=False)
        return check_unit(np.asarray(rows, dtype=np.float32))


def load(files: ModelFiles, **model_options: str) -> Any:  # noqa: ANN401  the library has no types
    """The SentenceTransformer of these files: on the processor, in fp32, one thread, without remote code or a hub."""
    keep_off_the_hub()
    import sentence_transformers  # noqa: PLC0415  takes seconds and half a gigabyte: only where it is used
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415

    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # the library is partly typed
    return sentence_transformers.SentenceTransformer(
        str(files.folder),
        device="cpu",
        local_files_only=True,
        trust_remote_code=False,
        # Weights stored in half precision would otherwise run in half precision.
        model_kwargs={"dtype": "float32", **model_options},
    )
