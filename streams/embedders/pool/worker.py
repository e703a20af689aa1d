"""The program of one embedding process: loads the model, then answers batches of texts with vectors until told to end.

A process of its own, because a model that hangs, eats memory or crashes in native code must not take the worker along.
"""

import ctypes
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import BinaryIO, Literal, TypeVar

import msgspec
import numpy as np

from detectors.similarity.embedding import Embedder, EmbeddingError, check_unit, to_bytes
from streams.embedders.config import EmbedderConfig

FailureKind = Literal["unusable", "raised", "invalid", "changed", "timeout", "died"]
"""How a process failed: no model can be made as configured; the model raised; its vectors are not finite and of length
one, or not one a text; it has other weights than at first; it was silent for too long; it ended."""

M = TypeVar("M")

_SIZE_BYTES = 4
_PARENT_DEATH_SIGNAL = 1  # prctl's PR_SET_PDEATHSIG


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The first message: which embedder to make, and which process is the parent."""

    factory: str
    config: EmbedderConfig
    parent: int


class TextBatch(msgspec.Struct, frozen=True):
    """Texts to embed, in UTF-8 that lets halves of broken surrogate pairs pass."""

    texts: list[bytes]


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The model is loaded."""

    revision: str
    dimension: int


class Vectors(msgspec.Struct, frozen=True, tag=True):
    """One vector a text, in the texts' order, as `to_bytes` writes it."""

    rows: list[bytes]


class Failed(msgspec.Struct, frozen=True, tag=True):
    """It could not be done; `reason` never holds a person's text."""

    kind: FailureKind
    reason: str


Answer = Ready | Vectors | Failed


def frame(message: msgspec.Struct) -> bytes:
    """A message as it goes through a pipe: its length in four bytes, then MessagePack."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(_SIZE_BYTES, "little") + body


def body_size(head: bytes) -> int:
    """How many bytes follow a frame's first four."""
    return int.from_bytes(head, "little")


def encode_text(text: str) -> bytes:
    """A text as bytes, whatever is in it."""
    return text.encode("utf-8", "surrogatepass")


def main() -> None:
    """Serve the parent at the other end of standard input and output until it closes them."""
    requests, answers = sys.stdin.buffer, _private_output()
    job = _read(requests, Job)
    if job is None:
        return
    _end_with(job.parent)
    embedder = _made(job)
    if isinstance(embedder, Failed):
        _send(answers, embedder)
        return
    _send(answers, Ready(embedder.revision, embedder.dimension))
    while (batch := _read(requests, TextBatch)) is not None:
        _send(answers, _embedded(embedder, [text.decode("utf-8", "surrogatepass") for text in batch.texts]))


def load_factory(path: str) -> Callable[[EmbedderConfig], Embedder]:
    """The function at `module:function`.

    Raises:
        ImportError: no such module, or no such function in it.

    """
    module, _, name = path.partition(":")
    try:
        made: Callable[[EmbedderConfig], Embedder] = getattr(importlib.import_module(module), name)
    except AttributeError as error:
        raise ImportError(f"an embedder's factory must be module:function; got {path!r}, which has none") from error
    return made


def _made(job: Job) -> Embedder | Failed:
    try:
        return load_factory(job.factory)(job.config)
    except (ValueError, ImportError) as error:  # these say what to set or to install, and no text was seen yet
        return Failed("unusable", str(error))
    except Exception as error:  # noqa: BLE001  a runtime raises what it likes; the parent decides
        return Failed("raised", type(error).__name__)


def _embedded(embedder: Embedder, texts: Sequence[str]) -> Vectors | Failed:
    try:
        vectors = embedder.embed(texts)
        if vectors.shape != (len(texts), embedder.dimension) or vectors.dtype != np.float32:
            return Failed("invalid", f"{vectors.dtype} of shape {vectors.shape} for {len(texts)} texts")
        return Vectors([to_bytes(vector) for vector in check_unit(vectors)])
    except EmbeddingError as error:
        return Failed("invalid", str(error))
    except Exception as error:  # noqa: BLE001  as above; its message may quote the text, so only its type is told
        return Failed("raised", type(error).__name__)


def _private_output() -> BinaryIO:
    """Standard output for answers alone: what a library prints goes to standard error instead."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _end_with(parent: int) -> None:
    """Let Linux end this process with its parent, even amid a batch; elsewhere the closed pipe ends it after one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before it could be asked for
        sys.exit()


def _read(requests: BinaryIO, kind: type[M]) -> M | None:
    """The next message, or None once the parent has closed the pipe."""
    head = requests.read(_SIZE_BYTES)
    return msgspec.msgpack.decode(requests.read(body_size(head)), type=kind) if len(head) == _SIZE_BYTES else None


def _send(answers: BinaryIO, answer: Answer) -> None:
    answers.write(frame(answer))
    answers.flush()


if __name__ == "__main__":
    main()
