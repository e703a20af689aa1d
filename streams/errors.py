"""What a person can put right: an expected error, shown as one line without a traceback."""

from pathlib import Path

STATUS = 2  # exit code for an error that the user can correct


class UserError(Exception):
    """Something to be put right outside the program. The message says rule, what came, where, and what to try."""

    @property
    def line(self) -> str:
        """The one line that a command shows."""
        return f"error: {self}"


def already_exists(path: Path, option: str = "--out") -> str:
    """Return the message for an output that exists and that the user did not ask to replace."""
    return f"{path} already exists; pass --overwrite to replace it, or choose another {option}"
