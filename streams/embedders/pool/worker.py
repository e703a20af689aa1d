"""Run one embedding process: load the model, then answer batches of texts with vectors until the input ends.

The model has a process of its own, because a model that hangs, exhausts memory or crashes in native code must not stop
the worker.
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
"""Kinds of failure of a process.

`unusable`: no model can be created as configured. `raised`: the model raised an exception. `invalid`: a vector is not
finite or not of length one, or the number of vectors is wrong. `changed`: the model's weights differ from the first
process's. `timeout`: the process did not answer in time. `died`: the process has ended.
"""

M = TypeVar("M")

_SIZE_BYTES = 4
_PARENT_DEATH_SIGNAL = 1  # prctl's PR_SET_PDEATHSIG


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The first message: the embedder to create, and the process id of the parent."""

    factory: str
    config: EmbedderConfig
    parent: int


class TextBatch(msgspec.Struct, frozen=True):
    """Texts to embed, in UTF-8 that also encodes halves of broken surrogate pairs."""

    texts: list[bytes]


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The model is loaded."""

    revision: str
    dimension: int


class Vectors(msgspec.Struct, frozen=True, tag=True):
    """One vector for each text, in the texts' order, encoded by `to_bytes`."""

    rows: list[bytes]


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The request failed; `reason` never contains a person's text."""

    kind: FailureKind
    reason: str


Answer = Ready | Vectors | Failed


def encode_message(message: msgspec.Struct) -> bytes:
    """Encode a message for a pipe: the length in four bytes, then MessagePack."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(_SIZE_BYTES, "little") + body


def body_size(head: bytes) -> int:
    """Return the number of bytes that follow the first four bytes of a message."""
    return int.from_bytes(head, "little")


def encode_text(text: str) -> bytes:
    """Encode any text, including halves of surrogate pairs, as bytes."""
    return text.encode("utf-8", "surrogatepass")


def main() -> None:
    """Answer the requests on standard input until the parent closes the pipe."""
    requests, answers = sys.stdin.buffer, _private_output()
    job = _read(requests, Job)
    if job is None:
        return
    _exit_with(job.parent)
    embedder = _make_embedder(job)
    if isinstance(embedder, Failed):
        _send(answers, embedder)
        return
    _send(answers, Ready(embedder.revision, embedder.dimension))
    while (batch := _read(requests, TextBatch)) is not None:
        _send(answers, _embed(embedder, [text.decode("utf-8", "surrogatepass") for text in batch.texts]))


def load_factory(path: str) -> Callable[[EmbedderConfig], Embedder]:
    """Import the function at `module:function`.

    Raises:
        ImportError: the module, or the function in the module, does not exist.

    """
    module, _, name = path.partition(":")
    try:
        factory: Callable[[EmbedderConfig], Embedder] = getattr(importlib.import_module(module), name)
    except AttributeError as error:
        raise ImportError(f"no function at {path!r}; give an embedder's factory as module:function") from error
    return factory


def _make_embedder(job: Job) -> Embedder | Failed:
    try:
        return load_factory(job.factory)(job.config)
    except (ValueError, ImportError) as error:  # their messages say what to set or install, and quote no text
        return Failed("unusable", str(error))
    except Exception as error:  # noqa: BLE001  a runtime may raise anything; the parent decides
        return Failed("raised", type(error).__name__)


def _embed(embedder: Embedder, texts: Sequence[str]) -> Vectors | Failed:
    try:
        vectors = embedder.embed(texts)
        if vectors.shape != (len(texts), embedder.dimension) or vectors.dtype != np.float32:
            return Failed("invalid", f"{vectors.dtype} of shape {vectors.shape} for {len(texts)} texts")
        return Vectors([to_bytes(vector) for vector in check_unit(vectors)])
    except EmbeddingError as error:
        return Failed("invalid", str(error))
    except Exception as error:  # noqa: BLE001  as above; the message may quote the text, so send only the type
        return Failed("raised", type(error).__name__)


def _private_output() -> BinaryIO:
    """Reserve standard output for answers, and send the output of libraries to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _exit_with(parent: int) -> None:
    """Let Linux kill this process when the parent ends; on other systems the closed pipe ends it after a batch."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # the parent ended before the call
        sys.exit()


def _read(requests: BinaryIO, kind: type[M]) -> M | None:
    """Read the next message; return None once the parent has closed the pipe."""
    head = requests.read(_SIZE_BYTES)
    return msgspec.msgpack.decode(requests.read(body_size(head)), type=kind) if len(head) == _SIZE_BYTES else None


def _send(answers: BinaryIO, answer: Answer) -> None:
    answers.write(encode_message(answer))
    answers.flush()


if __name__ == "__main__":
    main()
