"""Create embedders from model files. Importing this package loads no runtime; creating an embedder loads one."""

import importlib
import os
from pathlib import Path

from detectors.similarity.embedding import Embedder, HashingEmbedder
from streams.embedders import model_files
from streams.embedders.config import PACKAGED_MODEL, EmbedderConfig

# Set before any runtime is imported: onnxruntime stores an id of the machine and sends telemetry once loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

RUNTIMES = {
    "onnx": "streams.embedders.onnx",
    "sentence-transformers": "streams.embedders.sentence_transformer",
}
"""Modules by `embedder.runtime`, imported on first use: each takes seconds or hundreds of megabytes to load.

Each module defines `open_model(files, cache_dir)`, which returns an `Embedder`.
"""


def make_embedder(config: EmbedderConfig) -> Embedder:
    """Create the configured embedder, ready to use; import only the runtime of `config`.

    Raises:
        ModelError: the model is not on this machine, or the runtime cannot run the model.
        EmbeddingError: the model returns non-finite vectors.

    """
    if config.runtime == "hashing":
        return HashingEmbedder(config.hashing_dimension, max_chars=config.max_chars)
    files = model_files.find(config)
    cache_dir = Path(config.cache_dir).expanduser() if config.cache_dir else None
    embedder: Embedder = importlib.import_module(RUNTIMES[config.runtime]).open_model(files, cache_dir)
    return embedder


__all__ = ["PACKAGED_MODEL", "EmbedderConfig", "make_embedder"]
