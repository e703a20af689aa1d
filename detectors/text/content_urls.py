"""Selects the addresses that can show a difference: two posts with equal words and disjoint such addresses differ.

An equal address is evidence in any form. A different address is evidence only if it names the content: every sender of
one article gets a short link of the own, and an invitation at the end of a text is the channel's signature.
"""

import re
from functools import lru_cache

from detectors.text.urls import identifying

_SHORTENERS = (
    "bit.ly", "lnkd.in", "pic.twitter.com", "rebrandly.com", "rebrand.ly", "short.gy", "shorturl.at", "tinyurl.com",
)  # fmt: skip
_SHORT_HOST = 10  # characters; shorteners have short names: t.co, goo.gl, nyti.ms
_TOKEN = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_-]{3,12}")
_INVITATIONS = (
    "t.me/+", "t.me/joinchat/", "chat.whatsapp.com/", "whatsapp.com/channel/", "wa.me/", "discord.gg/",
    "discord.com/invite/", "signal.group/", "line.me/", "max.ru/join/",
)  # fmt: skip


@lru_cache(maxsize=65_536)
def names_content(url: str) -> bool:
    """Return True if a canonical address names its content: an article, a post or a file.

    A short link, an invitation, a profile and a bare host name nothing: their copies differ, or are equal, by chance.

    >>> names_content("news.example.org/a/1001"), names_content("t.co/9AwTF3sRYK"), names_content("t.me/+AbCdEfGhIjK")
    (True, False, False)

    """
    return not url.startswith(_INVITATIONS) and not _is_short(url) and identifying(url)


def host(url: str) -> str:
    """Return the host of a canonical address."""
    return url.partition("/")[0]


def _is_short(url: str) -> bool:
    """Return True for the address of a shortener: a known host, or one token of letters behind a short host."""
    name, _, path = url.partition("/")
    return name in _SHORTENERS or (len(name) <= _SHORT_HOST and _TOKEN.fullmatch(path) is not None)
