"""A hashing embedder that fails on demand, for the embedding processes of tests: faults are words in files on disk.

Its folder is `config.model`. `fault` lasts while the file is there; `accident` happens once; a text that begins with a
fault's name and a colon has that fault whenever it is embedded. The embedder writes a line for each start into `starts`
(its process id) and for each call into `batches` (how many texts).
"""

import os
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from detectors.similarity.embedding import Embedder, HashingEmbedder, Vectors
from streams.embedders.config import EmbedderConfig
from streams.embedders.model_files import ModelError

FAULTS = ("raises", "hangs", "dies", "not a number", "too long", "too few", "double")
BUSY_SECONDS = 0.02


def make(config: EmbedderConfig) -> Embedder:
    """As the pool calls it, in the child."""
    folder = Path(config.model)
    with (folder / "starts").open("a") as starts:
        starts.write(f"{os.getpid()}\n")
    if (folder / "unusable").exists():
        raise ModelError("a model must be there; got none; put one there")
    if (folder / "fails to load").exists():
        raise OSError("no such device")
    if (folder / "hangs at start").exists():
        threading.Event().wait()
    print("a library that prints")  # noqa: T201  it must not disturb the answers
    return Faulty(folder, HashingEmbedder(config.hashing_dimension, max_chars=config.max_chars))


class Faulty:
    """Embeds as the hashing embedder does, where it is let."""

    def __init__(self, folder: Path, sound: HashingEmbedder) -> None:
        self._folder = folder
        self._sound = sound
        self.dimension = sound.dimension
        other = folder / "revision"
        self.revision = other.read_text() if other.exists() else sound.revision

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = self._sound.embed(texts)
        faults = self._faults(texts)
        with (self._folder / "batches").open("a") as batches:
            batches.write(f"{len(texts)}\n")
        for fault in faults:
            vectors = _suffer(fault, vectors, self._folder)
        for text in texts:
            _burn(BUSY_SECONDS if text.startswith("busy:") else 0.0)
        return vectors

    def _faults(self, texts: Sequence[str]) -> list[str]:
        named = [text.partition(":")[0] for text in texts]
        lasting, accident = self._folder / "fault", self._folder / "accident"
        faults = [name for name in named if name in FAULTS]
        if lasting.exists():
            faults.append(lasting.read_text())
        mine = self._folder / f"accident of {os.getpid()}"
        with suppress(FileNotFoundError):
            faults.append(accident.rename(mine).read_text())  # renamed: it happens to one process
        return faults


def _suffer(fault: str, vectors: Vectors, folder: Path) -> Vectors:
    match fault:
        case "raises":
            raise RuntimeError("the device is gone")
        case "hangs":
            (folder / "hanging").touch()
            threading.Event().wait()
        case "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        case "not a number":
            return np.full_like(vectors, np.nan)
        case "too long":
            return vectors * np.float32(2)
        case "too few":
            return vectors[:-1]
        case "double":
            return vectors.astype(np.float64)  # type: ignore[return-value]
    return vectors


def _burn(seconds: float) -> None:
    """Work that keeps the interpreter's lock."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass
