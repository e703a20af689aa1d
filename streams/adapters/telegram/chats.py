"""Ids of Telegram's chats and messages, equal in every format.

Telegram numbers people, basic groups and channels apart, and its exports write the bare number. The Bot API, TDLib and
Telethon join the three series by marks: a person keeps the number, a basic group has it negated, and a channel or
supergroup has it subtracted from -10^12. Each adapter writes the marked number, so that a message has the same id,
whichever format it comes from.
"""

import re
from enum import Enum
from functools import lru_cache

from streams.adapters.values import integer

CHANNEL_BASE = -(10**12)
"""Marked id of a channel with the number 0."""

_MAX_BARE = 10**12 - 1  # a larger number would run into the next series
_LONGEST_WORD = 20
_word = re.compile(r"(user|chat|channel)(\d{1,13})").fullmatch


class Series(Enum):
    """Series of numbers that an id belongs to."""

    USER = "user"
    GROUP = "chat"  # Telegram's word for a basic group
    CHANNEL = "channel"  # a channel or a supergroup


def marked(series: Series, number: object) -> int | None:
    """Return the marked id of a bare number; None unless the number is one of its series."""
    bare = integer(number)
    if bare is None or not 0 < bare <= _MAX_BARE:
        return None
    if series is Series.USER:
        return bare
    return -bare if series is Series.GROUP else CHANNEL_BASE - bare


def marked_word(value: object) -> int | None:
    """Return the marked id of a word such as `channel1234`; None for anything else."""
    return _marked_word(value) if isinstance(value, str) and len(value) <= _LONGEST_WORD else None


@lru_cache(maxsize=1 << 14)  # the same people write again and again
def _marked_word(value: str) -> int | None:
    found = _word(value)
    return None if found is None else marked(Series(found.group(1)), found.group(2))


def message_ref(chat: int | str, number: int) -> str:
    """Return the id of a message, unique on the platform, from the marked id of its chat.

    An export without the id of its chat has the chat's name in its place.
    """
    return f"{chat}/{number}"


__all__ = ["CHANNEL_BASE", "Series", "marked", "marked_word", "message_ref"]
