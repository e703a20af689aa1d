"""Hash the pictures, clips and files that an export names; no bytes are kept.

SHA-256 identifies equal files. PDQ, a perceptual hash, finds recompressed and resized copies of a picture
(https://github.com/facebook/ThreatExchange, pdq/). Pictures only: no video frames and no text within pictures.
"""

import hashlib
import warnings
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
import pdqhash
from PIL import Image

from schemas.event import Media

_MAX_PICTURE_BYTES = 1 << 25  # 32 MiB; a larger file has no PDQ hash
_MAX_PIXELS = 50_000_000
_SIDE = 512  # pixels; PDQ scales a picture to 64 x 64, so a larger side adds cost alone
_CHUNK = 1 << 20
_STARTS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM")  # pictures that Pillow decodes without plug-ins


class MediaFolder:
    """Finder of the files that an export names, below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._hash = lru_cache(maxsize=4096)(_hash_file)

    def __call__(self, path: str) -> Media | None:
        """Return the hashes of a file; None if it is missing, unreadable, or outside the folder."""
        try:
            file = (self._folder / path).resolve()
            if not (file.is_relative_to(self._folder) and file.is_file()):
                return None
        except (OSError, ValueError):
            return None
        return self._hash(file)


def _hash_file(file: Path) -> Media | None:
    try:
        with file.open("rb") as opened:
            return hash_media(opened)
    except OSError:
        return None


def hash_media(file: IO[bytes]) -> Media:
    """Return the hashes of a file: SHA-256 always, PDQ with its quality for a picture.

    Costs about 10 ms for a picture of 900 x 700 pixels.
    """
    start = file.read(_MAX_PICTURE_BYTES + 1)
    digest = hashlib.sha256(start)
    whole = len(start) <= _MAX_PICTURE_BYTES
    while not whole and (more := file.read(_CHUNK)):
        digest.update(more)
    pdq, quality = _pdq(start) if whole and start.startswith(_STARTS) else (None, None)
    return Media(sha256=digest.hexdigest(), pdq=pdq, pdq_quality=quality)


def _pdq(data: bytes) -> tuple[str | None, int | None]:
    """Return the PDQ hash and its quality, 0 to 100; None for bytes that are no picture."""
    try:
        with warnings.catch_warnings(), Image.open(BytesIO(data)) as picture:
            warnings.simplefilter("error")
            if picture.width * picture.height > _MAX_PIXELS:
                return None, None
            picture.draft("RGB", (_SIDE, _SIDE))
            plain = picture.convert("RGB")
            plain.thumbnail((_SIDE, _SIDE))
    except (OSError, ValueError, SyntaxError, EOFError, Warning, Image.DecompressionBombError):
        return None, None
    bits, quality = pdqhash.compute(np.asarray(plain))
    return np.packbits(np.asarray(bits, dtype=np.uint8)).tobytes().hex(), int(quality)


__all__ = ["MediaFolder", "hash_media"]
