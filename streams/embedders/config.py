"""Settings of the embedder."""

from typing import Annotated, Literal

from msgspec import Meta

from detectors.base_config import BaseConfig

PACKAGED_MODEL = "all-MiniLM-L6-v2"
"""The default model: English first, 384 numbers, its weights installed with the program."""


class EmbedderConfig(BaseConfig, frozen=True, kw_only=True):
    """Runtime and model; each field except `allow_download` and `cache_dir` can change a vector."""

    runtime: Annotated[
        Literal["onnx", "sentence-transformers", "hashing"], Meta(description="Library that computes the embeddings.")
    ] = "onnx"
    model: Annotated[
        str,
        Meta(
            min_length=1,
            description="Embedding model: the packaged one, a folder of a sentence-transformers model, or a hub name.",
        ),
    ] = PACKAGED_MODEL
    allow_download: Annotated[
        bool, Meta(description="Whether a model given by its hub name may be downloaded from Hugging Face.")
    ] = False
    cache_dir: Annotated[
        str | None, Meta(description="Folder of the exported model graph. Unset: the user's cache folder.")
    ] = None
    max_chars: Annotated[
        int, Meta(ge=1, description="Code points of a text passed to the model; the rest is cut off.")
    ] = 4_096
    hashing_dimension: Annotated[int, Meta(ge=8, description="Dimension of the vectors of the `hashing` runtime.")] = (
        256
    )
