"""Embedders that touch the world: model files, runtimes, caches. Importing this loads no runtime; making one does."""

import os
from pathlib import Path

from detectors.similarity.embedding import Embedder, HashingEmbedder
from streams.embedders.config import PACKAGED_MODEL, EmbedderConfig

# Before any runtime is imported: onnxruntime, once loaded, stores an id of the machine and reports to its maker.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def make_embedder(config: EmbedderConfig) -> Embedder:
    """The configured embedder, ready to use; only the runtime that it needs is imported.

    Raises:
        ModelError: no such model here, or one that the runtime cannot run.
        EmbeddingError: the model gives something else than finite vectors.
        ValueError: a setting outside its range.

    """
    if config.runtime == "hashing":
        return HashingEmbedder(config.hashing_dimension, max_chars=config.max_chars)
    from streams.embedders import model_files  # noqa: PLC0415  each runtime is heavy: import what is asked for

    files = model_files.find(config)
    if config.runtime == "sentence-transformers":
        from streams.embedders.sentence_transformer import SentenceTransformerEmbedder  # noqa: PLC0415

        return SentenceTransformerEmbedder(files)
    from streams.embedders.onnx import open_or_export  # noqa: PLC0415

    return open_or_export(files, Path(config.cache_dir).expanduser() if config.cache_dir else None)


__all__ = ["PACKAGED_MODEL", "EmbedderConfig", "make_embedder"]
