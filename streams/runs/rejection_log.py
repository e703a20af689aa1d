"""Write the rejections of a run within bounds: payloads to a number of bytes, rejections to a number of lines.

A foreign file has as many rejections as lines, each with a copy of its line. The first thousands explain the fault; the
rest would only multiply the file.
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from schemas.base import encode
from schemas.rejection import Rejection


class RejectionLog:
    """Writer of the rejections of one run.

    Args:
        path: of the file, in JSON Lines.
        max_rejections: rejections to write; further ones are only counted.
        max_sealed_bytes: sum of the sealed payloads to keep; later rejections keep position, reason and digest.

    """

    def __init__(self, path: Path, max_rejections: int, max_sealed_bytes: int) -> None:
        self._file = path.open("wb")
        self._left = max_rejections
        self._bytes_left = max_sealed_bytes
        self.reasons: dict[str, int] = {}
        self.unsealed = self.unwritten = 0
        self.first: Rejection | None = None

    def add(self, rejections: Iterable[Rejection]) -> None:
        """Count rejections, and write those within the bounds."""
        lines = []
        for rejection in rejections:
            self.first = self.first or rejection
            self.reasons[rejection.reason.value] = self.reasons.get(rejection.reason.value, 0) + 1
            if not self._left:
                self.unwritten += 1
                continue
            self._left -= 1
            lines.append(encode(self._bounded(rejection)))
        if lines:
            self._file.write(b"\n".join(lines) + b"\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._file.close()

    def _bounded(self, rejection: Rejection) -> Rejection:
        size = len(rejection.sealed)
        if size <= self._bytes_left:
            self._bytes_left -= size
            return rejection
        self._bytes_left = 0  # no later, smaller payload takes the place: the kept payloads are the first
        self.unsealed += 1
        return msgspec.structs.replace(rejection, sealed=b"", key_id="")


__all__ = ["RejectionLog"]
