"""Finds an earlier text with most character shingles of a new text, without comparing the new text with each.

A copy with a few changed words has another fingerprint but nearly the same shingles, in every script. A MinHash keeps
the Jaccard similarity of shingle sets in 512 bytes, and banding finds the likely pairs by dictionary look-up. Broder
1997, DOI 10.1109/SEQUEN.1997.666900; banding: Indyk and Motwani 1998, DOI 10.1145/276698.276876.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Annotated, TypeAlias

import msgspec
import numpy as np
import regex
import rensa
from msgspec import Meta
from numpy.typing import NDArray

from detectors.base_config import BaseConfig
from detectors.snapshot import SnapshotError, pack, unpack
from detectors.text.letters.spelling import skeleton

Sketch: TypeAlias = bytes
"""Little-endian 32-bit minima, one for each permutation; empty for an empty text, which is similar to no text."""

_NAME, _VERSION = "sketch-index", 1
_DIGITS = 6  # similarities are rounded before every comparison
_MAX_BANDS = 64  # one bit for each band in the mask of an entry
# A character of these scripts is a syllable or a word: two characters weigh as much as four letters.
_DENSE_RUN = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]+|[^\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]+"
)
_DENSE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")


class SketchConfig(BaseConfig, frozen=True, kw_only=True):
    """Lexical similarity threshold, and bounds on the search for candidates.

    `bands` times `rows` minima find candidates, all `permutations` measure the similarity. The defaults propose a pair
    at the threshold with probability .89 and a pair at .75 with .998; the estimate's standard deviation is at most
    .044.
    """

    threshold: Annotated[
        float, Meta(gt=0, le=1, description="Jaccard similarity of shingles from which a search returns a text.")
    ] = 0.60
    width: Annotated[int, Meta(ge=1, description="Characters per shingle in scripts with an alphabet.")] = 4
    dense_width: Annotated[
        int, Meta(ge=1, description="Characters per shingle in Han, Kana and Hangul, where a character is a syllable.")
    ] = 2
    permutations: Annotated[
        int, Meta(ge=1, description="Minima per MinHash sketch; more minima estimate the similarity better.")
    ] = 128
    bands: Annotated[
        int,
        Meta(ge=1, le=_MAX_BANDS, description="Bands per sketch; texts that agree in one band become candidates."),
    ] = 16
    rows: Annotated[int, Meta(ge=1, description="Minima per band, all of which must agree.")] = 4
    max_entries: Annotated[int, Meta(ge=1, description="Texts kept in the sketch index at most, about 3 kB each.")] = (
        100_000
    )
    bucket_size: Annotated[
        int, Meta(ge=1, description="Texts listed per value of a band at most, which bounds the cost of a search.")
    ] = 32
    seed: Annotated[
        int,
        Meta(ge=0, le=(1 << 63) - 1, description="Seed of the permutations; sketches of two seeds do not compare."),
    ] = 20_200_820

    def __post_init__(self) -> None:
        """Check that the bands fit into a sketch."""
        super().__post_init__()
        if self.bands * self.rows > self.permutations:
            raise ValueError(
                f"sketch.bands ({self.bands}) times sketch.rows ({self.rows}) exceeds sketch.permutations "
                f"({self.permutations}); use at most {self.permutations // self.rows} bands"
            )


class Sketcher:
    """Computes sketches: equal texts give equal bytes, on any machine. Some 30 µs for a message; no state."""

    def __init__(self, config: SketchConfig) -> None:
        self._config = config

    def sketch(self, normal: str) -> Sketch:
        """Return the sketch of a normalised text: the minima of the shingles, 4 bytes for each permutation."""
        shingles = list(self.shingles(normal))
        if not shingles:
            return b""
        minima = rensa.RMinHash(num_perm=self._config.permutations, seed=self._config.seed)
        minima.update(shingles)
        return np.array(minima.digest(), dtype="<u4").tobytes()

    def shingles(self, normal: str) -> Iterator[str]:
        """Return every run of `width` letters of the skeleton; of `dense_width` for syllabic characters.

        A shorter text is a single shingle. Shingles may repeat.
        """
        width, dense = self._config.width, self._config.dense_width
        letters = skeleton(normal)
        if letters.isascii() or not _DENSE.search(letters):
            return _runs(letters, width)
        return (
            run for part in _DENSE_RUN.findall(letters) for run in _runs(part, dense if _DENSE.match(part) else width)
        )


def _runs(text: str, width: int) -> Iterator[str]:
    return (text[start : start + width] for start in range(max(len(text) - width + 1, min(len(text), 1))))


def estimate(a: Sketch, b: Sketch) -> float:
    """Estimate the Jaccard similarity of the shingle sets of two texts, from 0 to 1; 0 if either text is empty.

    Raises:
        ValueError: the sketches have different numbers of permutations.

    """
    if not a or not b:
        return 0.0
    if len(a) != len(b):
        raise ValueError(
            f"sketches of {len(a) // 4} and {len(b) // 4} permutations cannot be compared; use one SketchConfig"
        )
    return round(float(np.mean(_minima(a) == _minima(b))), _DIGITS)


class _Entry(msgspec.Struct):
    slot: int
    listed: int  # bit i: listed under the value of band i


class _State(msgspec.Struct, array_like=True):
    recipe: tuple[int, ...]
    entries: list[tuple[str, bytes, int]]  # key, sketch, bands that list the entry; first added first


class SketchIndex:
    """The sketches of earlier texts, with a search for the most similar.

    A high similarity means that two texts share most four-letter runs: a copy with some words changed, added or left
    out. A paraphrase in other words scores low; an embedding compares paraphrases better. An update costs some 30 µs, a
    query some 40 µs and never more than `bands * bucket_size` comparisons. A full index evicts the entry added first.
    Memory is about 3 kB an entry.
    """

    def __init__(self, config: SketchConfig) -> None:
        self._config = config
        mixer = np.random.default_rng(config.seed)
        self._mix = mixer.integers(0, 1 << 63, size=config.rows, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        self._salt = mixer.integers(0, 1 << 63, size=config.bands, dtype=np.uint64)
        self._clear()

    def add(self, key: str, sketch: Sketch) -> str | None:
        """Add the sketch of a text under a key, and return the key evicted to make room, if any.

        An existing key is replaced and counts as added now. An empty sketch is not added. A band value with
        `bucket_size` entries lists no further entry.
        """
        self.remove(key)
        if not sketch:
            return None
        self._check(sketch)
        evicted = None
        if len(self._entries) >= self._config.max_entries:
            evicted = next(iter(self._entries))
            self.remove(evicted)
        self._list(key, sketch, -1)
        return evicted

    def remove(self, key: str) -> None:
        """Remove a key; an unknown key is ignored."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        for band, value in enumerate(self._values(self._matrix[entry.slot])):
            if entry.listed >> band & 1:
                self._unlist(value, entry.slot)
        self._keys[entry.slot] = ""
        self._free.append(entry.slot)

    def get(self, key: str) -> Sketch | None:
        """Return the sketch of a key, or None for an unknown or evicted key."""
        entry = self._entries.get(key)
        return None if entry is None else self._matrix[entry.slot].tobytes()

    def query(self, sketch: Sketch) -> tuple[str, float] | None:
        """Return the most similar key with its similarity, to 1e-6; None below `threshold`. Ties: smaller key."""
        if not sketch or not self._entries:
            return None
        self._check(sketch)
        row = _minima(sketch)
        slots = self._candidates(row)
        if not slots:
            return None
        scores = np.mean(self._matrix[slots] == row, axis=1).round(_DIGITS).tolist()
        best = max(scores)
        if best < self._config.threshold:
            return None
        return min(self._keys[slot] for slot, score in zip(slots, scores, strict=True) if score == best), best

    def resembling(self, sketch: Sketch, at_least: float) -> list[str]:
        """Return the keys with similarity `at_least` or more, unordered; below `threshold`, banding misses some."""
        if not sketch or not self._entries:
            return []
        self._check(sketch)
        row = _minima(sketch)
        slots = self._candidates(row)
        scores = np.mean(self._matrix[slots] == row, axis=1).round(_DIGITS).tolist()
        return [self._keys[slot] for slot, score in zip(slots, scores, strict=True) if score >= at_least]

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def snapshot(self) -> bytes:
        """Return the entries as bytes, first added first, with the bands that list each entry."""
        entries = [(key, self._matrix[entry.slot].tobytes(), entry.listed) for key, entry in self._entries.items()]
        return pack(_NAME, _VERSION, _State(self._recipe(), entries))

    def restore(self, data: bytes) -> None:
        """Continue from a snapshot; a smaller index keeps the newest entries.

        Raises:
            SnapshotError: the state belongs to another detector, or to other shingles or permutations.

        """
        state = unpack(_NAME, _VERSION, _State, data)
        if state.recipe != self._recipe():
            raise SnapshotError(
                f"the stored sketches were computed with {state.recipe}, but this index uses {self._recipe()}; "
                "restore the settings `sketch.*`, or replay the log"
            )
        self._clear()
        for key, sketch, listed in state.entries[-self._config.max_entries :]:
            self._list(key, sketch, listed)

    def _recipe(self) -> tuple[int, ...]:
        c = self._config
        return (rensa.RMinHash.ALGORITHM_VERSION, c.width, c.dense_width, c.permutations, c.bands, c.rows, c.seed)

    def _clear(self) -> None:
        self._entries: OrderedDict[str, _Entry] = OrderedDict()  # first added first
        self._matrix: NDArray[np.uint32] = np.zeros((64, self._config.permutations), dtype="<u4")
        self._keys: list[str] = []  # by slot
        self._free: list[int] = []
        self._buckets: dict[int, int | list[int]] = {}  # value of a band -> slot, or several slots

    def _check(self, sketch: Sketch) -> None:
        if len(sketch) != 4 * self._config.permutations:
            raise ValueError(
                f"the sketch has {len(sketch) // 4} permutations instead of {self._config.permutations}; "
                "compute the sketch by a Sketcher with the same SketchConfig"
            )

    def _values(self, row: NDArray[np.uint32]) -> list[int]:
        """Return a 64-bit value for each band; equal bands have equal values."""
        used = row[: self._config.bands * self._config.rows].reshape(self._config.bands, self._config.rows)
        values: list[int] = ((used.astype(np.uint64) * self._mix).sum(axis=1, dtype=np.uint64) + self._salt).tolist()
        return values

    def _candidates(self, row: NDArray[np.uint32]) -> list[int]:
        found: dict[int, None] = {}
        for value in self._values(row):
            bucket = self._buckets.get(value)
            if isinstance(bucket, int):
                found[bucket] = None
            elif bucket is not None:
                found.update(dict.fromkeys(bucket))
        return list(found)

    def _list(self, key: str, sketch: Sketch, bands: int) -> None:
        slot = self._slot(key)
        self._matrix[slot] = _minima(sketch)
        listed = 0
        for band, value in enumerate(self._values(self._matrix[slot])):
            if bands >> band & 1 and self._put(value, slot):
                listed |= 1 << band
        self._entries[key] = _Entry(slot, listed)

    def _slot(self, key: str) -> int:
        if self._free:
            slot = self._free.pop()
            self._keys[slot] = key
            return slot
        if len(self._keys) == len(self._matrix):
            self._matrix = np.concatenate([self._matrix, np.zeros_like(self._matrix)])
        self._keys.append(key)
        return len(self._keys) - 1

    def _put(self, value: int, slot: int) -> bool:
        bucket = self._buckets.get(value)
        if bucket is None:
            self._buckets[value] = slot
        elif isinstance(bucket, int):
            if self._config.bucket_size == 1:
                return False
            self._buckets[value] = [bucket, slot]
        elif len(bucket) < self._config.bucket_size:
            bucket.append(slot)
        else:
            return False
        return True

    def _unlist(self, value: int, slot: int) -> None:
        bucket = self._buckets[value]
        if isinstance(bucket, int):
            del self._buckets[value]
            return
        bucket.remove(slot)
        if len(bucket) == 1:
            self._buckets[value] = bucket[0]


def _minima(sketch: Sketch) -> NDArray[np.uint32]:
    return np.frombuffer(sketch, dtype="<u4")
