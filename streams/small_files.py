"""Read a file that should be small: settings, keys, banks of claims.

The path may name anything, such as a device without an end, so a read has a bound.
"""

import errno
from pathlib import Path


def read_at_most(path: Path, max_bytes: int) -> bytes:
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


__all__ = ["read_at_most", "too_large"]
