"""Read the first bytes of a pipe twice, or copy a pipe to a temporary file.

Only the first line of a pipe shows whether it is a recording, and a recording has to be read twice.
"""

import tempfile
from typing import IO

from streams.recordings.base import SourceError
from streams.recordings.jsonl import Readable

_CHUNK = 1 << 20


class Pipe:
    """A pipe that keeps the bytes read so far, until `rewind`."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._kept: list[bytes] | None = []
        self._again = b""

    def read1(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""
        if self._again:
            data, self._again = self._again[:size], self._again[size:]
            return data
        data = self._source.read1(size)
        if self._kept is not None:
            self._kept.append(data)
        return data

    def rewind(self) -> None:
        """Begin anew with the bytes read so far, and keep no further bytes."""
        self._again, self._kept = b"".join(self._kept or ()), None

    def to_file(self) -> IO[bytes]:
        """Read the pipe to its end; return a temporary file of all its bytes, which is deleted when closed.

        Raises:
            SourceError: the pipe cannot be read, or the folder of temporary files has no room.

        """
        self.rewind()
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the reader closes it
        try:
            while data := self.read1(_CHUNK):
                file.write(data)
            file.seek(0)
        except OSError as error:
            file.close()
            raise SourceError(
                f"cannot copy the recording on standard input to a temporary file: {error.strerror}; save it to a file "
                "and name the file"
            ) from None
        return file

    def close(self) -> None:
        """Close the pipe."""
        self._source.close()
