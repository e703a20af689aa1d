"""Lock the folder of a broker and read its log.

Kafka has a lock of its own, but a second Kafka that fails on the lock stops the first Kafka as well.
"""

import fcntl
import re
from pathlib import Path
from typing import BinaryIO

from streams.errors import UserError

_LOCK = "hearsay-broker.lock"  # also marks the folder of a broker, so a later broker may write to the folder
_LOG = "kafka.log"
_RELEVANT = re.compile(r"\bERROR\b|Caused by:|Exception|^Error")
_SHOWN_LINES, _SHOWN_CHARS = 8, 300


class Folder:
    """Folder with the data, the configuration and the log of one broker."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.log = self.path / _LOG
        self._lock_file: BinaryIO | None = None
        self._log_start = 0

    def lock(self) -> None:
        """Create the folder if absent, lock out other brokers, and begin a new part of the log.

        Raises:
            UserError: the folder cannot be written, has other files, or is in use by a running broker.

        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._check_files()
            self._lock_file = (self.path / _LOCK).open("wb")
            self.log.touch()
            self._log_start = self.log.stat().st_size
        except OSError as error:
            raise self.unusable(error) from None
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.unlock()
            raise UserError(f"another broker runs in {self.path}; stop that broker, or choose another folder") from None

    def unlock(self) -> None:
        """Release the folder for other brokers."""
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    def unusable(self, error: OSError) -> UserError:
        """Return the error for a file that cannot be written."""
        return UserError(
            f"cannot write to the folder of the broker {self.path}: {error.strerror}; choose another folder"
        )

    def log_contains(self, words: str) -> bool:
        """Return True if the log since `lock` contains the words."""
        return words in self._new_log()

    def log_excerpt(self) -> str:
        """Return the last errors in the log since `lock`; the last lines if there are no errors."""
        lines = self._new_log().splitlines()
        relevant = list(dict.fromkeys(line for line in lines if _RELEVANT.search(line))) or lines
        return "\n".join(line[:_SHOWN_CHARS] for line in relevant[-_SHOWN_LINES:])

    def _new_log(self) -> str:
        with self.log.open("rb") as file:
            file.seek(self._log_start)
            return file.read().decode(errors="replace")

    def _check_files(self) -> None:
        if any(self.path.iterdir()) and not (self.path / _LOCK).exists():
            raise UserError(
                f"{self.path} has files of another program; choose an empty folder, or that of an earlier broker"
            )
