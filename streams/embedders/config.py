"""Which embedder a deployment uses."""

from typing import Literal

import msgspec

PACKAGED_MODEL = "all-MiniLM-L6-v2"
"""The default model: English first, 384 numbers, its weights installed with the program."""


class EmbedderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Runtime, model and the text's length; every field but `cache_dir` and `hub` can change a vector."""

    runtime: Literal["onnx", "sentence-transformers", "hashing"] = "onnx"  # what computes the vectors
    model: str = PACKAGED_MODEL  # the packaged one, a folder of a sentence-transformers model, or a hub name
    hub: bool = False  # may a hub name be downloaded when it is not on this machine yet?
    cache_dir: str | None = None  # where the exported graph is kept; None: the user's cache folder
    max_chars: int = 4_096  # code points of a text that the model may see
    hashing_dimension: int = 256  # numbers in a vector of the hashing embedder

    def __post_init__(self) -> None:
        """Refuse what no embedder can be made from."""
        if not self.model:
            raise ValueError(f"a model must be named; got nothing (embedder.model); try {PACKAGED_MODEL!r}")
        if self.max_chars < 1:
            raise ValueError(f"max_chars must be positive; got {self.max_chars} (embedder.max_chars); try 4096")
