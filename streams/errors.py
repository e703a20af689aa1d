"""What a person can put right: an expected error, shown as one line without a traceback."""


class UserError(Exception):
    """Something to be put right outside the program. The message says rule, what came, where, and what to try."""
