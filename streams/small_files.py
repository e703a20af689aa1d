"""Read a file that should be small: settings, keys, banks of claims.

The path may name anything, such as a device without an end, so a read has a bound.
"""

import errno
import tomllib
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

MAX_BYTES = 1 << 20
"""Size of the largest file of settings, in bytes."""

_MAX_DOTS = 500  # in a row: tomllib takes minutes for a key of 60,000 parts


def parse_toml(data: bytes) -> dict[str, Any]:
    """Return the values of a TOML document, with or without a byte-order mark.

    Raises:
        ValueError: the document is not UTF-8 or no TOML, is nested too deeply, or has an integer with too many digits.

    """
    text = data.decode("utf-8-sig")
    try:
        if any(part.count(".") > _MAX_DOTS for line in text.splitlines() for part in line.split("=")):
            raise RecursionError
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_at_most(path: Path | Traversable, max_bytes: int) -> bytes:
    """Return the bytes of a file.

    Raises:
        OSError: the file cannot be read, or has more than `max_bytes`.

    """
    with path.open("rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise too_large(max_bytes)
    return data


def too_large(max_bytes: int) -> OSError:
    """Return the error of a file with more than `max_bytes`."""
    return OSError(errno.EFBIG, f"more than {max_bytes:,} bytes")


__all__ = ["MAX_BYTES", "parse_toml", "read_at_most", "too_large"]
