"""Read text and addresses of a post as its reader saw them.

The interfaces of X escape three characters as HTML does, cut the text of a repost, and repeat pictures and quoted posts
as links in the text.
"""

import re
from collections.abc import Iterable, Iterator

from streams.adapters.fields import Fields

_repost = re.compile(r"RT @\w{1,20}: ", re.ASCII).match
_cut = re.compile(r"…(?:\s*https?://t\.co/\w+)?\s*$").search
_no_words = re.compile(r"https?://\S+|(?<!\w)@\w+").sub
_status = re.compile(
    r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/(?:i/web|i|\w+)/status(?:es)?/(\d+)", re.IGNORECASE
).match
_NO_LANGUAGE = {"und", "zxx", "art"}
_OLD_CODES = {"in": "id", "iw": "he"}  # codes that ISO 639-1 replaced in 1989


def plain(text: str) -> str:
    """Return a text without the escapes of `<`, `>` and `&`.

    >>> plain("Smoke &amp; fire &lt;3")
    'Smoke & fire <3'
    """
    if "&" not in text:
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def is_repost(text: str) -> bool:
    """Return True for a text that opens as reposts do: `RT @name: `."""
    return _repost(text) is not None


def is_cut(text: str) -> bool:
    """Return True for a text that ends with an ellipsis, or with an ellipsis and a link to the rest."""
    return _cut(text) is not None


def reposted(text: str) -> str:
    """Return the text of the original within the text of a repost; "" if the text is cut.

    A cut copy is left out, because it would be a message of its own.

    >>> reposted("RT @harbour_news: The ferry at Ormsby sank")
    'The ferry at Ormsby sank'
    >>> reposted("RT @harbour_news: The ferry at Ormsby sa…")
    ''
    """
    found = _repost(text)
    text = text[found.end() :] if found else text
    return "" if is_cut(text) else text


def has_own_words(text: str) -> bool:
    """Return True for a text with more in it than links and names."""
    return bool(_no_words("", text).strip())


def language(code: str) -> str | None:
    """Return a BCP 47 tag; None for the codes of X that name no language: `und`, `zxx`, `qme` and others with q."""
    code = _OLD_CODES.get(code, code)
    is_private = len(code) == 3 and code.startswith("q")
    return code if 1 < len(code) <= 35 and not is_private and code not in _NO_LANGUAGE else None


def addresses(entities: Iterable[Fields], named: Iterable[str | None]) -> tuple[str, ...]:
    """Return the addresses behind the short links of a text, without repetitions.

    Args:
        entities: objects with `urls`.
        named: posts whose links are left out: the post itself, and the posts that its fields name already.

    """
    left_out = set(named)
    return tuple(dict.fromkeys(url for one in entities for url in _addresses(one, left_out)))


def _addresses(entities: Fields, left_out: set[str | None]) -> Iterator[str]:
    for entity in entities.objects("urls"):
        if "media_key" in entity:
            continue
        url = entity.word("unwound_url") or entity.within("unwound").word("url") or entity.word("expanded_url")
        status = _status(url)
        if url and not (status and status[1] in left_out):
            yield url


__all__ = ["addresses", "has_own_words", "is_cut", "is_repost", "language", "plain", "reposted"]
