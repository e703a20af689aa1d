"""Import the libraries of Hugging Face and PyTorch on first use, cut off from the model hub.

The libraries take seconds and half a gigabyte to load, and most deployments use none of them: onnxruntime runs the
exported graph. The libraries of Hugging Face read their offline switches when they are imported, so `load` sets the
switches first. No code of this program contacts a hub unless `embedder.allow_download` allows a download.
"""

import importlib
import os
from typing import Any, Literal

Library = Literal["huggingface_hub", "sentence_transformers", "torch", "transformers"]


def load(library: Library, *, hub: bool = False) -> Any:  # noqa: ANN401  the libraries have no types, or only some
    """Import a library, and forbid access to the hub unless `hub` is true."""
    if not hub:
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ["TRANSFORMERS_OFFLINE"] = "1"
    return importlib.import_module(library)
