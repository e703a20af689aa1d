"""Export a sentence-transformers model as one ONNX graph, and verify that both compute the same vectors.

The graph takes one text without padding, so pooling needs no mask, and no batch can change a sum. Run as
`python -m streams.embedders.onnx_export` with an `ExportJob` on standard input.
"""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import torch

from detectors.similarity.embedding import Embedder, EmbeddingError
from streams.embedders.model_files import ModelError, ModelFiles, ModelRecipe
from streams.embedders.onnx import INPUT, OUTPUT, REFUSED, ExportJob, OnnxEmbedder
from streams.embedders.sentence_transformer import SentenceTransformerEmbedder, load_model

OPSET = 20
"""The first opset with a Gelu operator, which saves a tenth of the time; fixed, because the graph depends on it."""

TOLERANCE = 1e-5
"""The largest accepted difference in any component of any probe's vector; the measured difference is a hundredth."""

PROBES = (
    "",
    "?",
    "ok",
    "BREAKING: the bridge is CLOSED!!!",
    "Breaking: police confirm that two hostages have left the café in Sydney, 16:05 https://example.org/a?b=1",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen",
    "गर्म पानी पीने से वायरस नहीं मरता, यह दावा गलत है।",
    "यह संदेश सबको भेजें",
    "தண்ணீர் குடித்தால் நோய் வராது என்பது தவறான செய்தி",
    "গরম জল খেলে ভাইরাস মরে না",
    "شرب الماء الساخن لا يقتل الفيروس",
    "การดื่มน้ำร้อนไม่ได้ฆ่าไวรัส",
    "喝热水不能杀死病毒，请不要转发。",
    "горячая вода не убивает вирус",
    "👩‍👩‍👧 🇮🇳 ⚠️ zero\u200bwidth \u200d joiners",
    "half a pair \ud83d of surrogates",
    "supercalifragilistic" * 12,
    "The same words again and again until the window of the model is full and a little beyond it. " * 40,
)
"""Texts to verify: several scripts; empty, of one sign, longer than any window; marks; halves of surrogate pairs."""


class _OneText(torch.nn.Module):
    """Maps the token ids of one text, shape (1, tokens), to a unit vector, shape (1, dimension)."""

    def __init__(self, transformer: torch.nn.Module, recipe: ModelRecipe) -> None:
        super().__init__()
        self.transformer = transformer
        self.pooling = recipe.pooling

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        tokens = self.transformer(input_ids=input_ids).last_hidden_state
        pooled = tokens.mean(dim=1) if self.pooling == "mean" else tokens[:, 0]
        return torch.nn.functional.normalize(pooled, p=2.0, dim=1)


def export(files: ModelFiles, recipe: ModelRecipe, target: Path) -> None:
    """Write the graph of a model to `target`; takes ten to twenty seconds."""
    # Eager attention, products and a softmax, gives the simplest graph.
    model = load_model(files, attn_implementation="eager")
    ids = torch.full((1, min(8, recipe.max_tokens)), fill_value=1, dtype=torch.int64)
    tokens = torch.export.Dim("tokens", min=2, max=recipe.max_tokens)
    with _quiet():
        torch.onnx.export(
            _OneText(model[0].model, recipe).eval(),
            (ids,),
            str(target),
            input_names=[INPUT],
            output_names=[OUTPUT],
            opset_version=OPSET,
            dynamo=True,
            dynamic_shapes=({1: tokens},),
            external_data=False,
            verbose=False,
        )


def verify(exported: Embedder, files: ModelFiles) -> None:
    """Compare the graph with sentence-transformers on every probe.

    Raises:
        ModelError: a component differs by more than `TOLERANCE`; the message names the probe and the difference.

    """
    expected = SentenceTransformerEmbedder(files).embed(PROBES)
    actual = exported.embed(PROBES)
    worst = np.abs(expected - actual).max(axis=1)
    if not worst.max() <= TOLERANCE:  # written so that a NaN fails too
        probe = int(worst.argmax())
        raise ModelError(
            f"the exported graph differs from the model by {worst[probe]:.2g} on probe {probe} "
            f"({PROBES[probe][:20]!a}), more than the tolerance {TOLERANCE:g} (embedder.model); "
            'set embedder.runtime to "sentence-transformers"'
        )


def main(job: bytes) -> None:
    """Export and verify; for an unusable model, print the reason on one line and exit with status `REFUSED`."""
    task = msgspec.json.decode(job, type=ExportJob, dec_hook=lambda kind, value: kind(value))
    try:
        export(task.files, task.recipe, task.graph)
        verify(OnnxEmbedder(task.files, task.recipe, task.graph), task.files)
    except (ModelError, EmbeddingError) as error:
        sys.stderr.write(f"\n{error}\n")
        sys.exit(REFUSED)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide two known messages of PyTorch's exporter; let all others through."""
    registry = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = registry.level
    registry.setLevel(logging.ERROR)  # "torchvision is not installed": no images here
    try:
        with warnings.catch_warnings():
            # PyTorch copies its own tree specifications with a function that PyTorch has deprecated.
            warnings.filterwarnings("ignore", r"`isinstance\(treespec, LeafSpec\)` is deprecated", FutureWarning)
            yield
    finally:
        registry.setLevel(level)


if __name__ == "__main__":
    main(sys.stdin.buffer.read())
