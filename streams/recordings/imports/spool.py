"""Sort the events of an import by time, in bounded memory: 28 bytes an event, and the events in a temporary file.

Exports list the newest message first, the oldest first, or no order at all; a replay needs the order of time.
"""

import os
import tempfile
from array import array
from collections.abc import Iterator

import numpy as np

from streams.errors import UserError

_BUFFER = 1 << 20


class EventSpool:
    """Events on disk, returned in the order of their times; equal times keep the order of `add`."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=_BUFFER)  # noqa: SIM115 - `close` closes it
        self._times, self._starts, self._places = array("q"), array("q"), array("q")
        self._end = 0

    def __len__(self) -> int:
        return len(self._times)

    def add(self, time: int, place: int, raw: bytes) -> None:
        """Add an event: its time in ms, a number that the caller gets back, and its bytes.

        Raises:
            UserError: the disk for temporary files is full.

        """
        try:
            self._file.write(raw)
        except OSError as error:
            raise UserError(
                f"cannot sort the events in a temporary file in {tempfile.gettempdir()}: {error.strerror}; set TMPDIR "
                "to a folder with room for the whole import"
            ) from None
        self._times.append(time)
        self._starts.append(self._end)
        self._places.append(place)
        self._end += len(raw)

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Yield the number and the bytes of each event, in the order of time."""
        self._file.flush()
        number, starts = self._file.fileno(), self._starts
        order = np.argsort(np.frombuffer(self._times, dtype=np.int64), kind="stable") if self._times else ()
        for index in order:
            start = starts[index]
            end = starts[index + 1] if index + 1 < len(starts) else self._end
            yield self._places[index], os.pread(number, end - start, start)

    def close(self) -> None:
        """Delete the temporary file."""
        self._file.close()


__all__ = ["EventSpool"]
