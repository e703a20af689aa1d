"""Writes a sentence-transformers model as one ONNX graph, and proves that both give the same vectors.

The graph takes one text without padding, so pooling needs no mask, and there is no batch that could change a sum.
It runs as `python -m streams.embedders.onnx_export` with an `ExportJob` on standard input.
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
from streams.embedders.sentence_transformer import SentenceTransformerEmbedder, load

OPSET = 20
"""The first with a Gelu operator, which saves a tenth of the time; fixed, because another opset is another graph."""

TOLERANCE = 1e-5
"""The largest difference in any number of any probe's vector; what is measured is a hundredth of it."""

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
"""Scripts, lengths and oddities: none, one sign, shorter and longer than any window, marks, halves of pairs."""


class _OneText(torch.nn.Module):
    """Token ids of one text, shape (1, tokens), to its unit vector, shape (1, dimension)."""

    def __init__(self, transformer: torch.nn.Module, recipe: ModelRecipe) -> None:
        super().__init__()
        self.transformer = transformer
        self.pooling = recipe.pooling

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        tokens = self.transformer(input_ids=input_ids).last_hidden_state
        pooled = tokens.mean(dim=1) if self.pooling == "mean" else tokens[:, 0]
        return torch.nn.functional.normalize(pooled, p=2.0, dim=1)


def export(files: ModelFiles, recipe: ModelRecipe, target: Path) -> None:
    """Write the graph of these weights to `target`; takes ten to twenty seconds."""
    # Attention spelt out as products and a softmax gives the plainest graph.
    model = load(files, attn_implementation="eager")
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


def prove(exported: Embedder, files: ModelFiles) -> None:
    """Hold the graph against sentence-transformers on every probe.

    Raises:
        ModelError: a number differs by more than `TOLERANCE`; the message names the probe and the difference.

    """
    wanted = SentenceTransformerEmbedder(files).embed(PROBES)
    came = exported.embed(PROBES)
    worst = np.abs(wanted - came).max(axis=1)
    if not worst.max() <= TOLERANCE:  # written so that a NaN fails too
        probe = int(worst.argmax())
        raise ModelError(
            f"an exported graph must give the model's vectors within {TOLERANCE:g}; got {worst[probe]:.2g} on probe "
            f"{probe} ({PROBES[probe][:20]!a}) (embedder.model); "
            'set embedder.runtime to "sentence-transformers"'
        )


def main(job: bytes) -> None:
    """Export and prove, or leave with the status `REFUSED` and the reason in one line."""
    asked = msgspec.json.decode(job, type=ExportJob, dec_hook=lambda kind, value: kind(value))
    try:
        export(asked.files, asked.recipe, asked.graph)
        prove(OnnxEmbedder(asked.files, asked.recipe, asked.graph), asked.files)
    except (ModelError, EmbeddingError) as error:
        sys.stderr.write(f"\n{error}\n")
        sys.exit(REFUSED)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide what the exporter of this PyTorch says about itself; everything else is still said."""
    registry = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = registry.level
    registry.setLevel(logging.ERROR)  # "torchvision is not installed": nobody asked for pictures
    try:
        with warnings.catch_warnings():
            # PyTorch copies its own tree specifications in a way that it deprecates itself.
            warnings.filterwarnings("ignore", r"`isinstance\(treespec, LeafSpec\)` is deprecated", FutureWarning)
            yield
    finally:
        registry.setLevel(level)


if __name__ == "__main__":
    main(sys.stdin.buffer.read())
