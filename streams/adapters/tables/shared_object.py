"""Decide what a column of shared objects holds: ids of messages, addresses, or texts.

Tools for coordination take any of them, and the file does not name the kind. An id is a forward of that message, an
address or a text is a post with it.
"""

import re
from collections.abc import Iterable

from streams.adapters.base import FormatError, ObjectKind

_is_url = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE).fullmatch
_is_id = re.compile(r"\d+|[0-9a-f]{32,64}").fullmatch  # a number, or the digest of one


def kind_of(value: str) -> ObjectKind | None:
    """Return the kind of an object if its form is certain; a text never is."""
    if _is_url(value):
        return ObjectKind.URL
    return ObjectKind.ID if _is_id(value) else None


def decide(values: Iterable[str], column: str) -> ObjectKind:
    """Return the kind of all objects of a table.

    Raises:
        FormatError: the objects are of several kinds, or may be texts.

    """
    kinds = {kind_of(value.strip()) for value in values if value.strip()}
    if not kinds:
        return ObjectKind.ID
    if len(kinds) == 1 and (found := next(iter(kinds))) is not None:
        return found
    raise FormatError(
        f'the column "{column[:60]}" holds neither ids alone nor addresses alone; give its content with --object id, '
        "--object url or --object text"
    )


__all__ = ["decide", "kind_of"]
