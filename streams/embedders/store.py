"""Keeps vectors on disk by text and model, so that a bank of claims is embedded once and not at every start."""

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import platformdirs

from detectors.similarity.embedding import Embedder, Vectors

_BATCH = 256
_SCHEMA = "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"


def embed_kept(embedder: Embedder, texts: Sequence[str], cache_dir: str | None = None) -> Vectors:
    """One unit row per text, shape (n, dimension), from disk where it was made before.

    A folder that cannot be written only costs time: then every vector is made anew. About 2 kB of disk a text.
    """
    folder = Path(cache_dir).expanduser() if cache_dir else platformdirs.user_cache_path("hearsay", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(folder / "vectors.sqlite", timeout=60.0)) as store:
            store.execute(_SCHEMA)
            return _with_store(embedder, texts, store)
    except (OSError, sqlite3.Error):
        return embedder.embed(texts)


def _with_store(embedder: Embedder, texts: Sequence[str], store: sqlite3.Connection) -> Vectors:
    keys = [hashlib.blake2b(f"{embedder.revision}\n{text}".encode(), digest_size=20).digest() for text in texts]
    rows = np.zeros((len(texts), embedder.dimension), dtype=np.float32)
    missing = [row for row, key in enumerate(keys) if not _read(store, key, rows[row])]
    for begin in range(0, len(missing), _BATCH):
        batch = missing[begin : begin + _BATCH]
        rows[batch] = embedder.embed([texts[row] for row in batch])
        made = [(keys[row], rows[row].astype("<f4").tobytes()) for row in batch]
        with store:
            store.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", made)
    return rows


def _read(store: sqlite3.Connection, key: bytes, into: Vectors) -> bool:
    found = store.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
    if found is None or len(found[0]) != 4 * len(into):
        return False
    into[:] = np.frombuffer(found[0], "<f4")
    return True


__all__ = ["embed_kept"]
