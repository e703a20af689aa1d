"""A worker whose model fails on demand: `python -m tests.streams.live.faulty_worker`.

Its faults are those of `tests.streams.embedders.faulty_embedder`, but a text has one when the fault's name is its first word: the
model is given normalised texts, which have no colon.
"""

from streams.live import worker
from streams.settings.load import load
from tests.streams.embedders import faulty_embedder


def make(config):
    """As the pool calls it, in the child."""
    return FirstWord(faulty_embedder.make(config))


class FirstWord:
    """Hands a text on in the words that the faulty embedder knows."""

    def __init__(self, faulty):
        self._faulty = faulty
        self.dimension, self.revision = faulty.dimension, faulty.revision

    def embed(self, texts):
        return self._faulty.embed([_named(text) for text in texts])


def _named(text):
    first, space, rest = text.partition(" ")
    return f"{first}:{space}{rest}" if first in faulty_embedder.FAULTS else text


if __name__ == "__main__":
    worker.run(load(), worker.choose(None), factory="tests.streams.live.faulty_worker:make")
