"""A file in memory, as adapters read one."""

from collections.abc import Callable, Iterator, Sequence

from schemas.event import Media
from streams.adapters.base import TruncatedError
from streams.adapters.opening import OPENING_BYTES, Opening


class MemoryFile:
    """Bytes in pieces; optionally ends as a damaged archive does."""

    def __init__(
        self, data: bytes | str, *, piece: int = 64, damaged: bool = False, others: "Sequence[MemoryFile]" = ()
    ) -> None:
        self.data = data.encode() if isinstance(data, str) else data
        self.piece = piece
        self.damaged = damaged
        self.name = "recording"
        self.others = others

    def chunks(self) -> Iterator[bytes]:
        for start in range(0, len(self.data), self.piece):
            yield self.data[start : start + self.piece]
        if self.damaged:
            raise TruncatedError("the file ends too early")

    def media(self, path: str) -> Media | None:
        return None

    def companions(self, recognises: Callable[[Opening], bool]) -> "Iterator[MemoryFile]":
        return (one for one in self.others if recognises(Opening(one.data[:OPENING_BYTES], one.name)))
