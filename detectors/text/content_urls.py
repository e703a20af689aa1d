"""Selects the addresses that can show a difference: two posts with equal words and disjoint such addresses differ.

An equal address is evidence in any form. A different address is evidence only if it names the content: every sender of
one article may get a short link of the own, and an invitation at the end of a text is the channel's signature. On
PHEME, all 16 wordings with several addresses are one news under several short links.
"""

import re
from functools import lru_cache
from importlib.resources import files

import msgspec

from detectors.text.urls import identifying


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    short_links: tuple[str, ...]
    invitations: tuple[str, ...]
    sender_parameters: frozenset[str]


_RULES = msgspec.toml.decode(files(__package__).joinpath("content_urls.toml").read_bytes(), type=_Rules)
_NO_CONTENT = _RULES.short_links + _RULES.invitations
_SHORT_HOST = 10  # characters; the names of shorteners are short: t.co, ow.ly, nyti.ms
_TOKEN = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_-]{3,12}")


def identifying_address(url: str) -> str:
    """Return a canonical address without the parameters that name its sender; empty if the rest identifies nothing.

    >>> identifying_address("petition.example/p/save-the-pier?ref=anna77"), identifying_address("game.example?ref=anna")
    ('petition.example/p/save-the-pier', '')

    """
    base, mark, query = url.partition("?")
    if mark:
        pairs = (pair for pair in query.split("&") if pair.partition("=")[0].lower() not in _RULES.sender_parameters)
        query = "&".join(pairs)
        url = f"{base}?{query}" if query else base
    return url if identifying(url) else ""


@lru_cache(maxsize=65_536)
def names_content(url: str) -> bool:
    """Return True if an identifying address names its content: an article, a post or a file.

    >>> names_content("news.example.org/a/1001"), names_content("t.co/9AwTF3sRYK"), names_content("t.me/+AbCdEfGhIjK")
    (True, False, False)

    """
    return not url.startswith(_NO_CONTENT) and not _is_short(url) and identifying(url)


def host(url: str) -> str:
    """Return the host of a canonical address."""
    return url.partition("/")[0]


def _is_short(url: str) -> bool:
    """Return True for one token of letters behind a short host, the form of all shorteners."""
    name, _, path = url.partition("/")
    return len(name) <= _SHORT_HOST and _TOKEN.fullmatch(path) is not None
