"""A broker's folder: taken by one broker at a time, and the place of its log.

Kafka has a lock of its own, but a second Kafka that fails on it takes the first one down with it.
"""

import fcntl
import re
from pathlib import Path
from typing import BinaryIO

from streams.errors import UserError

_LOCK = "hearsay-broker.lock"  # a name of ours: it also marks the folder as one that we may write to
_LOG = "kafka.log"
_TELLING = re.compile(r"\bERROR\b|Caused by:|Exception|^Error")
_SHOWN_LINES, _SHOWN_CHARS = 8, 300


class Folder:
    """Where one broker keeps its data, its configuration and its log."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.log = self.path / _LOG
        self._lock: BinaryIO | None = None
        self._log_begins = 0

    def take(self) -> None:
        """Make it if it is absent, keep others out, and begin a new part of the log.

        Raises:
            UserError: it cannot be written, it is somebody else's, or a broker runs in it.

        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._refuse_strange_files()
            self._lock = (self.path / _LOCK).open("wb")
            self.log.touch()
            self._log_begins = self.log.stat().st_size
        except OSError as error:
            raise self.unusable(error) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.leave()
            raise UserError(
                f"a folder takes one broker at a time; got one that runs in {self.path}; stop it, or name another"
            ) from None

    def leave(self) -> None:
        """Let others in."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def unusable(self, error: OSError) -> UserError:
        """What to say where a file in it cannot be written."""
        return UserError(
            f"the broker needs a folder that can be written; got {error.strerror} for {self.path}; name another"
        )

    def log_says(self, words: str) -> bool:
        """Whether the log says so, since the folder was taken."""
        return words in self._new_log()

    def last_words(self) -> str:
        """The lines of the log, since the folder was taken, that tell most about an end."""
        lines = self._new_log().splitlines()
        telling = list(dict.fromkeys(line for line in lines if _TELLING.search(line))) or lines
        return "\n".join(line[:_SHOWN_CHARS] for line in telling[-_SHOWN_LINES:])

    def _new_log(self) -> str:
        with self.log.open("rb") as file:
            file.seek(self._log_begins)
            return file.read().decode(errors="replace")

    def _refuse_strange_files(self) -> None:
        if any(self.path.iterdir()) and not (self.path / _LOCK).exists():
            raise UserError(
                f"the broker's folder must be empty or an earlier broker's; got other files in {self.path}; "
                "name a new one"
            )
