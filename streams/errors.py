"""What a person can put right: an expected error, shown as one line without a traceback."""

STATUS = 2  # what a command ends with that somebody has to put something right for


class UserError(Exception):
    """Something to be put right outside the program. The message says rule, what came, where, and what to try."""

    @property
    def line(self) -> str:
        """The one line that a command shows."""
        return f"error: {self}"
