"""Runs the same fp32 weights with onnxruntime: two to three times the speed one text at a time, and no PyTorch.

The graph is exported once and kept; a start after that takes under a second. Shapes are the promise: each text is
computed alone and at its own length, so its vector is a function of the text and of nothing else.
"""

import hashlib
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime
import platformdirs
from tokenizers import Tokenizer

from detectors.similarity.embedding import Vectors, check_unit
from streams.embedders import cache
from streams.embedders.model_files import ModelError, ModelFiles, ModelRecipe, read_recipe
from streams.embedders.text import readable

EXPORT_VERSION = 1
"""Raised when `onnx_export` writes another graph for the same weights."""

GRAPH = "model.onnx"
INPUT, OUTPUT = "input_ids", "sentence_vector"

_MAKERS = ("torch", "transformers", "sentence-transformers", "onnx", "onnxscript", "onnxruntime", "tokenizers")


REFUSED = 3
"""The exporting process's exit status when it says in one line why the model cannot be used."""

_log = logging.getLogger(__name__)


class ExportJob(msgspec.Struct, frozen=True, kw_only=True):
    """What the exporting process is told."""

    files: ModelFiles
    recipe: ModelRecipe
    graph: Path


class OnnxEmbedder:
    """Embeds with an exported graph, each text alone and at its own length, on one thread.

    It is safe to call from a thread beside the event loop: onnxruntime lets go of the interpreter while it computes.
    A text longer than the model's window is cut, and of one longer than `files.max_chars` code points only the
    beginning is read. Memory is the weights and the room for one longest text.
    """

    def __init__(self, files: ModelFiles, recipe: ModelRecipe, graph: Path) -> None:
        """Open the graph. Use `open_or_export` unless you have one."""
        self.revision = files.revision
        self._max_chars = files.max_chars
        self._tokenizer = Tokenizer.from_file(str(files.folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(recipe.max_tokens)
        self._session = onnxruntime.InferenceSession(str(graph), _one_thread(), providers=["CPUExecutionProvider"])
        self.dimension = int(self._session.get_outputs()[0].shape[1])

    def __repr__(self) -> str:
        return f"OnnxEmbedder(revision={self.revision!r})"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row per text, in the texts' order, shape (n, dimension).

        Raises:
            EmbeddingError: a vector that is not finite or not of length one.

        """
        rows = np.empty((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            tokens = self._tokenizer.encode(readable(text, self._max_chars)).ids
            (vectors,) = self._session.run([OUTPUT], {INPUT: np.array([tokens], dtype=np.int64)})
            rows[row] = vectors[0]
        return check_unit(rows)


def open_or_export(files: ModelFiles, cache_dir: Path | None = None) -> OnnxEmbedder:
    """The embedder for these files; the first time on a machine, its graph is exported and proven first.

    Raises:
        ModelError: the model needs the sentence-transformers runtime, its graph does not give the same vectors, or the
            cache folder cannot be written.

    """
    recipe = read_recipe(files.folder)
    folder = cache_dir or platformdirs.user_cache_path("hearsay", appauthor=False) / "models"
    place = cache.entry(folder, _key(files), partial(_build, files, recipe))
    return OnnxEmbedder(files, recipe, place / GRAPH)


def _build(files: ModelFiles, recipe: ModelRecipe, folder: Path) -> None:
    """Export and prove in a process of its own, so that this one never carries PyTorch's gigabyte."""
    job = ExportJob(files=files, recipe=recipe, graph=folder / GRAPH)
    _log.info("model_graph_export", extra={"revision": files.revision})
    done = subprocess.run(
        [sys.executable, "-m", "streams.embedders.onnx_export"],
        input=msgspec.json.encode(job, enc_hook=str),
        capture_output=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        check=False,
    )
    if done.returncode:
        last = (done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}").splitlines()[-1]
        if done.returncode == REFUSED:
            raise ModelError(last)
        raise ModelError(
            f"a model's graph must be exported once for onnxruntime; got {last[:200]} (embedder.model); "
            'set embedder.runtime to "sentence-transformers"'
        )


def _key(files: ModelFiles) -> str:
    """Names the weights, the recipe and every library that has a hand in the graph or in its proof."""
    makers = "_".join(f"{name}-{version(name)}" for name in _MAKERS)
    return hashlib.blake2b(f"{files.revision} {EXPORT_VERSION} {makers}".encode(), digest_size=16).hexdigest()


def _one_thread() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.enable_mem_pattern = False  # it plans memory per shape, and here every length is a shape
    options.log_severity_level = 3  # errors only: they are raised as well
    return options
