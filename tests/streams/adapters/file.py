"""A file in memory, as adapters read one."""

from collections.abc import Iterator

from schemas.event import Media
from streams.adapters.base import TruncatedError


class MemoryFile:
    """Bytes in pieces; optionally ends as a damaged archive does."""

    def __init__(self, data: bytes | str, *, piece: int = 64, damaged: bool = False) -> None:
        self.data = data.encode() if isinstance(data, str) else data
        self.piece = piece
        self.damaged = damaged
        self.name = "recording"

    def chunks(self) -> Iterator[bytes]:
        for start in range(0, len(self.data), self.piece):
            yield self.data[start : start + self.piece]
        if self.damaged:
            raise TruncatedError("the file ends too early")

    def media(self, path: str) -> Media | None:
        return None
