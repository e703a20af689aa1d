"""Find the web addresses in a message, and cut the punctuation of the sentence off them."""

import re

import regex

# The characters of an address. Scripts written without spaces end an address, because the next word follows at once.
# Classes are spelled out: matching without regard to case costs ten times as much.
_BODY = (
    r"(?:[A-Za-z0-9_\-.~:/?#\[\]@!$&'()*+,;=%]++"
    r"|[[\w…⟨⟩]--[\x00-\x7f\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]]++)"
)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?"
_BARE_TLD = r"(?:com|org|net|info|edu|gov|app|news|(?:com?|org|gov|nic|ac|net)\.[a-z]{2})"
URL = regex.compile(
    rf"(?:[Hh][Tt][Tt][Pp][Ss]?|[Ff][Tt][Pp])://{_BODY}+"
    rf"|(?<![\w@.\-/⟩])(?:[Ww]{{3}}\.{_BODY}+"
    rf"|(?:{_LABEL}\.){{1,8}}[A-Za-z]{{2,24}}(?::[0-9]{{2,5}})?/{_BODY}*"
    rf"|(?:{_LABEL}\.){{1,8}}?(?i:{_BARE_TLD})(?![\w@\-]|\.\w))",
    regex.V1,
)
"""Addresses with a scheme, with `www.`, or bare ones with a path or a well-known ending."""

may_have_url = re.compile(r"\.(?:(?<=[A-Za-z0-9]\.)[A-Za-z]|(?<=[Ww]{3}\.))|://").search
"""Cheap test that every text with an address passes."""

STUCK = re.compile(r"(?<=[^/=?&#])(?=https?://)", re.I)
"""Boundary between two addresses without a space."""
_CLOSING = ".,;:!?'\"…*_~"


def find_urls(text: str) -> tuple[str, ...]:
    """Return every address in `text` as written, first occurrences in order, without closing punctuation.

    The result is raw: pass each address through `canonical` before display. Linear in the text's length.
    """
    found: dict[str, None] = {}
    for match in URL.finditer(text) if may_have_url(text) else ():
        for piece in STUCK.split(match[0]):
            if (url := trim(piece)) and not url.endswith("://"):
                found[url] = None
    return tuple(found)


def trim(url: str) -> str:
    """Cut the punctuation of the sentence off an address; a bracket goes unless the partner is inside the address."""
    end = len(url)
    spare = {")": url.count(")") - url.count("("), "]": url.count("]") - url.count("[")}
    while end:
        last = url[end - 1]
        if spare.get(last, 0) > 0:
            spare[last] -= 1
        elif last not in _CLOSING:
            break
        end -= 1
    return url[:end]
