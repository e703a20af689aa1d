"""Read the time of a post from its id.

Since 4 November 2010 the upper bits of an id are the milliseconds since then, stamped by the server that took the post
in. An object without `created_at` is dated by its id. Snowflake: https://github.com/twitter-archive/snowflake.
"""

from streams.adapters.fields import is_possible

_START_MS = 1_288_834_974_657
_TIME_SHIFT = 22
_FIRST = 29_700_859_247  # the first id of this kind; smaller ids are numbers in sequence
_MAX_DIGITS = 19


def time_of(post_id: str) -> int | None:
    """Return the time in ms since 1970 that an id contains; None for an id of another kind.

    >>> time_of("1893000000000000000")
    1740161344896
    """
    if not (post_id.isascii() and post_id.isdigit() and len(post_id) <= _MAX_DIGITS):
        return None
    number = int(post_id)
    at = (number >> _TIME_SHIFT) + _START_MS
    return at if number >= _FIRST and is_possible(at) else None


__all__ = ["time_of"]
