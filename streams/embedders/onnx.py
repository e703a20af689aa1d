"""Run a model's fp32 weights with onnxruntime: two to three times as fast for single texts, and without PyTorch.

The graph is exported once and cached; later starts take under a second. Each text is computed alone and at its own
length, so a vector is a function of its text alone.
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
"""Increased when `onnx_export` writes another graph for the same weights."""

GRAPH = "model.onnx"
INPUT, OUTPUT = "input_ids", "sentence_vector"

_EXPORTERS = ("torch", "transformers", "sentence-transformers", "onnx", "onnxscript", "onnxruntime", "tokenizers")
REFUSED = 3
"""Exit status of the exporting process for an unusable model; its last line of output is the reason."""

_log = logging.getLogger(__name__)


class ExportJob(msgspec.Struct, frozen=True, kw_only=True):
    """The input of the exporting process."""

    files: ModelFiles
    recipe: ModelRecipe
    graph: Path


class OnnxEmbedder:
    """Embeds with an exported graph, each text alone and at its own length, on one thread.

    Calls from any thread are safe: onnxruntime releases the interpreter's lock while it computes. A text is truncated
    to `files.max_chars` code points, and then to the model's window. Memory: the weights, and the activations of one
    text of maximum length.
    """

    def __init__(self, files: ModelFiles, recipe: ModelRecipe, graph: Path) -> None:
        """Open a graph that is already exported; `open_model` exports the graph if necessary."""
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
        """Return one unit row per text, in the texts' order, shape (n, dimension).

        Raises:
            EmbeddingError: a vector is not finite or not of length one.

        """
        rows = np.empty((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            tokens = self._tokenizer.encode(readable(text, self._max_chars)).ids
            (vectors,) = self._session.run([OUTPUT], {INPUT: np.array([tokens], dtype=np.int64)})
            rows[row] = vectors[0]
        return check_unit(rows)


def open_model(files: ModelFiles, cache_dir: Path | None = None) -> OnnxEmbedder:
    """Open the embedder of a model; export and verify the graph on first use on a machine.

    Args:
        files: of the model.
        cache_dir: folder of exported graphs; None for the user's cache folder.

    Raises:
        ModelError: the model needs the sentence-transformers runtime, the graph computes other vectors, or the cache
            folder is not writable.

    """
    recipe = read_recipe(files.folder)
    folder = cache_dir or platformdirs.user_cache_path("hearsay", appauthor=False) / "models"
    cached = cache.entry(folder, _key(files), partial(_build, files, recipe))
    return OnnxEmbedder(files, recipe, cached / GRAPH)


def _build(files: ModelFiles, recipe: ModelRecipe, folder: Path) -> None:
    """Export and verify the graph in a separate process, so this process never loads PyTorch (a gigabyte)."""
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
            f"cannot export the model's graph for onnxruntime: {last[:200]} (embedder.model); "
            'set embedder.runtime to "sentence-transformers"'
        )


def _key(files: ModelFiles) -> str:
    """Return a digest of the weights, the recipe and the versions of all libraries that export or verify the graph."""
    exporters = "_".join(f"{name}-{version(name)}" for name in _EXPORTERS)
    return hashlib.blake2b(f"{files.revision} {EXPORT_VERSION} {exporters}".encode(), digest_size=16).hexdigest()


def _one_thread() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.enable_mem_pattern = False  # plans memory per shape, and every text length is a shape
    options.log_severity_level = 3  # errors only, which are also raised
    return options
