"""Define the errors that a user can correct; commands show them on one line without a traceback."""

from pathlib import Path

STATUS = 2  # exit code for an error that the user can correct
UNUSABLE = 3  # exit code for a source of which hardly any record is an event; the results are written all the same


class UserError(Exception):
    """An error that a user can correct. The message states the problem, the value received, and the action to take."""

    @property
    def line(self) -> str:
        """Return the line that a command shows."""
        return f"error: {self}"


def already_exists(path: Path, option: str = "--out") -> str:
    """Return the message for an output that exists and that the user did not ask to replace."""
    return f"{path} already exists; pass --overwrite to replace it, or choose another {option}"
