"""Store vectors on disk by text and model, so claims are embedded once and not at every start."""

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


def embed_stored(embedder: Embedder, texts: Sequence[str], cache_dir: str | None = None) -> Vectors:
    """Return one unit row per text, shape (n, dimension); read stored vectors from disk, and store new vectors.

    Without a writable folder every vector is computed anew. A text takes about 2 kB on disk.

    Args:
        embedder: computes missing vectors; its revision is part of each key.
        texts: to embed.
        cache_dir: folder of the store; None for the user's cache folder.
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
        computed = [(keys[row], rows[row].astype("<f4").tobytes()) for row in batch]
        with store:
            store.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", computed)
    return rows


def _read(store: sqlite3.Connection, key: bytes, into: Vectors) -> bool:
    found = store.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
    if found is None or len(found[0]) != 4 * len(into):
        return False
    into[:] = np.frombuffer(found[0], "<f4")
    return True
